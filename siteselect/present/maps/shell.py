"""The shell: what folium renders, made to stand alone; data enter after all rendering is done.

folium and branca read text as Jinja templates, so no text of the study is given to them. They
render a map, its place in the page and marks; then links become the shipped files, and the marks
become our page, style, script and data.
"""

import base64
import hashlib
import html
import re
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from siteselect.base.errors import DataError, Fault

MAP_ID = "siteselect"
SHIPPED = {"leaflet": "@@LEAFLET@@", "leaflet_css": "@@LEAFLET_CSS@@"}
# What folium asks for and this page has no use of.
UNUSED = frozenset(
    {
        "jquery",
        "bootstrap",
        "awesome_markers",
        "bootstrap_css",
        "glyphicons_css",
        "awesome_markers_font_css",
        "awesome_markers_css",
        "awesome_rotate_css",
    }
)
# The only address that a page may call, and only while its reader has switched the base map on.
BASE_MAP = "https://gibs.earthdata.nasa.gov/wmts/epsg3857/best/"
FONTS = (("Vazirmatn-Regular.woff2", 400), ("Vazirmatn-Bold.woff2", 700))
# The order in which the modules stand in the page: each uses only those before it.
MODULES = (
    "base",
    "terms",
    "words",
    "lens",
    "data",
    "score",
    "geo",
    "text",
    "basemap",
    "state",
    "choice",
    "symbols",
    "place",
    "live",
    "ground",
    "context",
    "dots",
    "scene",
    "names",
    "flows",
    "marks",
    "legend",
    "list",
    "waterfall",
    "card",
    "dock",
    "compare",
    "curve",
    "parks",
    "chain",
    "inquiries",
    "sources",
    "ask",
    "rail",
    "measure",
    "tip",
    "tools",
    "download",
    "picture",
    "print",
    "keys",
    "main",
)
_MARK = re.compile(r"@@([A-Z_]+)@@")
# Comments, empty lines and indents: whoever reads the source finds them in its files.
_ASIDE = re.compile(r"^ *(?://.*|/\*\*.*\*/)?\n|^ +", re.MULTILINE)


def assemble(data_json: str, *, title: str, centre: tuple[float, float]) -> str:
    """The page around a block of data.

    Parameters
    ----------
    data_json : str
        Inert JSON, as `siteselect.present.maps.data.as_json` makes it.
    title : str
        Title of the page.
    centre : tuple of float
        Latitude and longitude that the map opens at.

    Returns
    -------
    str
        One HTML document that calls nobody unless its reader switches the base map on.

    Raises
    ------
    DataError
        If folium adds a link that is neither shipped nor known to be unused.
    """
    shell = _render(centre).replace("<html>", '<html lang="fa" dir="ltr">', 1)
    early = {
        "HEAD": asset("head.html"),
        "LEAFLET": _script(_without_map_file(asset("leaflet.js"))),
        "LEAFLET_CSS": _style(re.sub(r"url\([^)]*\)", "none", asset("leaflet.css"))),
        "STYLE": _style(style()),
        "BODY": asset("page.html"),
        "SCRIPT": script(),
    }
    shell = _MARK.sub(lambda mark: early.get(mark[1], mark[0]), shell)
    late = {"CSP": policy(shell), "TITLE": html.escape(title), "DATA": data_json}
    # One pass, so that a mark inside the data stays text.
    return re.sub("@@(CSP|TITLE|DATA)@@", lambda mark: late[mark[1]], shell)


def _script(source: str) -> str:
    closed = source.replace("</script", "<\\/script")
    return f"<script>{closed}</script>"


def _style(source: str) -> str:
    return f"<style>{source}</style>"


def _without_map_file(source: str) -> str:
    return re.sub(r"\n?//# sourceMappingURL=.*", "", source)


def policy(document: str) -> str:
    """The content security policy of a page: its own scripts and styles by hash, and `BASE_MAP`.

    Parameters
    ----------
    document : str
        HTML whose inline scripts and styles are final.

    Returns
    -------
    str
    """
    scripts = re.findall(r"<script>(.*?)</script>", document, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", document, re.DOTALL)
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hashes(scripts)}",
            f"style-src {_hashes(styles)}",
            f"img-src data: {BASE_MAP}",
            "font-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hashes(blocks: list[str]) -> str:
    digests = (hashlib.sha256(block.encode("utf-8")).digest() for block in blocks)
    return " ".join(f"'sha256-{base64.b64encode(d).decode('ascii')}'" for d in digests)


def asset(name: str) -> str:
    """Text of a shipped file.

    Examples
    --------
    >>> asset("head.html").startswith('<meta charset="utf-8">')
    True
    """
    return _folder().joinpath(name).read_text("utf-8")


def _folder() -> Traversable:
    return resources.files("siteselect.present.maps") / "assets"


def style() -> str:
    """Fonts and the page's own style.

    Examples
    --------
    >>> style().startswith("@font-face{font-family:Vazirmatn;font-weight:400")
    True
    """
    faces = []
    for name, weight in FONTS:
        font = base64.b64encode(_folder().joinpath(name).read_bytes()).decode("ascii")
        faces.append(
            f"@font-face{{font-family:Vazirmatn;font-weight:{weight};"
            f"src:url(data:font/woff2;base64,{font}) format('woff2')}}"
        )
    return "\n".join([*faces, asset("page.css")])


def script() -> str:
    """The page's modules as one script; nothing of it is seen from outside but ``siteselect``.

    Each file is a standard module that runs as it stands; here every one becomes a function that
    gives back its exports, so that no name of one can meet a name of another.

    Examples
    --------
    >>> "import " in script()
    False
    """
    bodies = "\n".join(_as_function(name, asset(f"js/{name}.js")) for name in MODULES)
    return f"(() => {{\n'use strict';\nconst modules = {{}};\n{bodies}\n}})();"


def _as_function(name: str, source: str) -> str:
    exports = re.findall(r"^export (?:async )?(?:function|const) (\w+)", source, re.MULTILINE)
    body = re.sub(r"^import (\{.*\}) from '\./(\w+)\.js';$", r"const \1 = modules.\2;", source,
                  flags=re.MULTILINE)  # fmt: skip
    body = _ASIDE.sub("", re.sub(r"^export ", "", body, flags=re.MULTILINE))
    return f"modules.{name} = (() => {{\n{body}return {{ {', '.join(exports)} }};\n}})();"


def _render(centre: tuple[float, float]) -> str:
    """What folium makes of a bare map, with the links replaced and marks where ours goes."""
    import folium
    from branca.element import Element

    chart = folium.Map(
        location=list(centre),
        tiles=None,
        zoom_start=6,
        zoom_control=False,
        attribution_control=False,
    )
    figure: Any = chart.get_root()
    # branca names elements by chance; the same study must give the same bytes.
    figure._id, chart._id = "figure", MAP_ID  # noqa: SLF001 - branca has no other way
    for child in list(_children(figure).values()):
        child.render()
    figure.html.add_child(Element("@@BODY@@"), name="page")
    figure.script.add_child(Element("@@SCRIPT@@"), name="page")
    _stand_alone(_children(figure.header), chart.get_name())
    # Not figure.render(): that would render the map again and put the links back.
    return str(figure._template.render(this=figure, kwargs={}))  # noqa: SLF001 - see above


def _children(element: Any) -> dict[str, Any]:
    children: dict[str, Any] = element._children  # noqa: SLF001 - branca has no other way
    return children


def _stand_alone(header: dict[str, Any], chart_name: str) -> None:
    from branca.element import CssLink, Element, JavascriptLink

    for name, child in list(header.items()):
        if name in SHIPPED:
            header[name] = Element(SHIPPED[name])
        elif isinstance(child, (CssLink, JavascriptLink)):
            if name not in UNUSED:
                raise DataError(
                    Fault(f"{name} ({child.url}) is not shipped with the page", file="folium")
                )
            del header[name]
    # The policy binds only what follows it, so it stands in the place of the first meta element.
    header["meta_http"] = Element("@@HEAD@@")
    header[chart_name] = Element("@@STYLE@@")
