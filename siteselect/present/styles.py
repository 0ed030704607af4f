"""Styles: how QGIS and map servers draw the layers of a run, as QML and SLD.

The colours are those of the map page: fixed classes of score, darker is better, and what is not
eligible is hatched, never coloured. Trees of XML are built, never pasted, so that no name can
break out of its attribute.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from siteselect.base.text import persian_digits, persian_figures

INK, CASING, WHITE = "#1B2430", "#3A3F47", "#FFFFFF"
# Lower limit, colour. Fixed numbers, never quantiles: a new weighing may darken the whole map.
CLASSES = (
    (0.0, "#EDE9A3"),
    (0.5, "#8FD07A"),
    (0.6, "#35A088"),
    (0.7, "#31688E"),
    (0.8, "#3B1F64"),
)
UNDETERMINED_INK, UNDETERMINED_GROUND = "#A79C86", "#FBFAF5"
EXCLUDED_INK, EXCLUDED_GROUND = "#8F887D", "#C9C5BE"
LABELLED = 20
# Letters that XML cannot hold; a heading of a user's column may carry one.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_SHAPES = {"special_zone": "diamond", "estate": "square", "extension": "pentagon",
           "proposed": "triangle"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SiteNames:
    """Names that a file gives to the columns that a style reads.

    Parameters
    ----------
    id, rank, score, verdict, kind, name_en, name_fa : str
        Column names.
    """

    id: str = "id"
    rank: str = "rank"
    score: str = "score"
    verdict: str = "verdict"
    kind: str = "kind"
    name_en: str = "name_en"
    name_fa: str = "name_fa"


@dataclass(frozen=True, slots=True)
class _Rule:
    label: str
    filter: str
    symbol: Element


def _rgba(colour: str, alpha: int = 255) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"{red},{green},{blue},{alpha}"


def _options(parent: Element, values: Mapping[str, str]) -> Element:
    box = SubElement(parent, "Option", type="Map")
    for name, value in values.items():
        SubElement(box, "Option", name=name, type="QString", value=value)
    return box


def _symbol(kind: str, *layers: Element) -> Element:
    symbol = Element("symbol", type=kind, alpha="1", clip_to_extent="1", force_rhr="0")
    symbol.extend(layers)
    return symbol


def _layer(name: str, values: Mapping[str, str]) -> Element:
    layer = Element("layer", {"class": name, "enabled": "1", "locked": "0", "pass": "0"})
    _options(layer, values)
    return layer


def _marker(
    fill: str, *, shape: str = "circle", size: float = 3.0, line: str = INK, style: str = "solid"
) -> Element:
    return _layer(
        "SimpleMarker",
        {"name": shape, "color": _rgba(fill), "outline_color": _rgba(line),
         "outline_width": "0.3", "outline_style": style, "size": f"{size:g}", "size_unit": "MM"},
    )  # fmt: skip


def _hatched(ground: str, ink: str, angles: tuple[int, ...]) -> Element:
    """A marker filled with lines, as a legal doubt is drawn on the map page."""
    fill = _symbol("fill", _layer("SimpleFill", {
        "color": _rgba(ground), "outline_color": _rgba(ink), "outline_width": "0.3"}))  # fmt: skip
    for angle in angles:
        pattern = _layer("LinePatternFill", {"angle": str(angle), "distance": "0.8"})
        line = _symbol("line", _line(ink, 0.25))
        line.set("name", f"@{len(fill)}@hatch")
        pattern.append(line)
        fill.append(pattern)
    marker = _layer("FilledMarker", {"name": "circle", "size": "3", "size_unit": "MM"})
    fill.set("name", "@0@fill")
    marker.append(fill)
    return marker


def _line(colour: str, width: float, *, dashed: bool = False) -> Element:
    return _layer(
        "SimpleLine",
        {"line_color": _rgba(colour), "line_width": f"{width:g}", "line_width_unit": "MM",
         "line_style": "dash" if dashed else "solid"},
    )  # fmt: skip


def _area(fill: str, alpha: int, line: str, width: float) -> Element:
    return _layer(
        "SimpleFill",
        {"color": _rgba(fill, alpha), "outline_color": _rgba(line), "outline_width": f"{width:g}"},
    )


def _computed(layer: Element, expressions: Mapping[str, str]) -> Element:
    """The same symbol layer with properties that QGIS computes for each feature."""
    box = SubElement(SubElement(layer, "data_defined_properties"), "Option", type="Map")
    SubElement(box, "Option", name="name", type="QString", value="")
    properties = SubElement(box, "Option", name="properties", type="Map")
    for name, expression in expressions.items():
        one = SubElement(properties, "Option", name=name, type="Map")
        SubElement(one, "Option", name="active", type="bool", value="true")
        SubElement(one, "Option", name="expression", type="QString", value=expression)
        SubElement(one, "Option", name="type", type="int", value="3")
    SubElement(box, "Option", name="type", type="QString", value="collection")
    return layer


def class_title(index: int) -> str:
    """A class of score in words, Persian first.

    Examples
    --------
    >>> class_title(1)
    '۰٫۵ تا ۰٫۶ | 0.5 to 0.6'
    """
    low = CLASSES[index][0]
    if index == 0:
        fa, en = f"کمتر از {CLASSES[1][0]}", f"below {CLASSES[1][0]}"
    elif index + 1 == len(CLASSES):
        fa, en = f"{low} و بیشتر", f"{low} and more"
    else:
        fa, en = f"{low} تا {CLASSES[index + 1][0]}", f"{low} to {CLASSES[index + 1][0]}"
    return f"{persian_figures(fa)} | {en}"


def _score_filter(names: SiteNames, index: int) -> str:
    parts = [f"\"{names.verdict}\" = 'eligible'", f'"{names.rank}" IS NOT NULL']
    if index:
        parts.append(f'"{names.score}" >= {CLASSES[index][0]}')
    if index + 1 < len(CLASSES):
        parts.append(f'"{names.score}" < {CLASSES[index + 1][0]}')
    return " AND ".join(parts)


def _site_rules(names: SiteNames) -> list[_Rule]:
    words = " ".join(
        f"WHEN \"{names.kind}\" = '{kind}' THEN '{shape}'" for kind, shape in _SHAPES.items()
    )
    computed = {
        "name": f"CASE {words} ELSE 'circle' END",
        "size": f'CASE WHEN "{names.rank}" <= {LABELLED} THEN 4.4 ELSE 2.8 END',
    }
    no_rank = f'"{names.rank}" IS NULL AND "{names.verdict}" <> \'excluded\''
    in_doubt = f'"{names.rank}" IS NOT NULL AND "{names.verdict}" = \'undetermined\''
    marks = [
        ("کنارگذاشته | excluded", f"\"{names.verdict}\" = 'excluded'",
         _hatched(EXCLUDED_GROUND, EXCLUDED_INK, (45, 135))),
        ("دادهٔ ناکافی، بی‌رتبه | too little data, not ranked", no_rank,
         _marker(WHITE, line=CASING, style="dot")),
        ("نامعین | undetermined", in_doubt,
         _hatched(UNDETERMINED_GROUND, UNDETERMINED_INK, (45,))),
    ]  # fmt: skip
    marks += [
        (class_title(i), _score_filter(names, i), _marker(colour))
        for i, (_, colour) in enumerate(CLASSES)
    ]
    return [
        _Rule(label, condition, _symbol("marker", _computed(mark, computed)))
        for label, condition, mark in marks
    ]


def _renderer(rules: list[_Rule], last: str = "") -> Element:
    """Rules in order; features with the least `last` are drawn last, on top of the others."""
    renderer = Element("renderer-v2", type="RuleRenderer", symbollevels="0", forceraster="0",
                       enableorderby="1" if last else "0")  # fmt: skip
    if last:
        clause = SubElement(SubElement(renderer, "orderby"), "orderByClause", asc="0")
        clause.set("nullsFirst", "1")
        clause.text = f'"{last}"'
    tree = SubElement(renderer, "rules", key="{rules}")
    symbols = SubElement(renderer, "symbols")
    for index, rule in enumerate(rules):
        leaf = SubElement(tree, "rule", key=f"{{rule-{index}}}", symbol=str(index))
        leaf.set("label", rule.label)
        if rule.filter:
            leaf.set("filter", rule.filter)
        rule.symbol.set("name", str(index))
        symbols.append(rule.symbol)
    return renderer


def _labeling(expression: str, condition: str) -> Element:
    labeling = Element("labeling", type="rule-based")
    rules = SubElement(labeling, "rules", key="{labels}")
    rule = SubElement(rules, "rule", key="{label-0}", filter=condition, active="1")
    settings = SubElement(rule, "settings", calloutType="simple")
    style = SubElement(settings, "text-style", {
        "fieldName": expression, "isExpression": "1", "fontFamily": "Tahoma", "fontSize": "9",
        "fontSizeUnit": "Point", "namedStyle": "Bold", "fontWeight": "75",
        "textColor": _rgba(INK), "textOpacity": "1"})  # fmt: skip
    SubElement(style, "text-buffer", {
        "bufferDraw": "1", "bufferSize": "0.9", "bufferSizeUnits": "MM",
        "bufferColor": _rgba(WHITE), "bufferOpacity": "1"})  # fmt: skip
    # Positions round the mark in order of liking, counted from its rim (offsetType 1).
    SubElement(settings, "placement", {
        "placement": "6", "predefinedPositionOrder": "TR,TL,BR,BL,R,L,TSR,BSR", "offsetType": "1",
        "dist": "0.5", "distUnits": "MM", "priority": "8"})  # fmt: skip
    SubElement(settings, "rendering", {"obstacle": "1", "displayAll": "0", "drawLabels": "1"})
    return labeling


def site_label(names: SiteNames) -> str:
    """The QGIS expression of a site's label: rank, then name, with Persian digits.

    A right-to-left mark leads, so that a rank never changes sides with a name that ends in a
    number.
    """
    digits = ",".join(f"'{d}','{persian_digits(str(d))}'" for d in range(10))
    named = ",".join(f"nullif(\"{name}\",'')" for name in (names.name_fa, names.name_en))
    line = f'"{names.rank}" || \' - \' || coalesce({named},"{names.id}")'
    return f"'\u200f' || replace({line}, map({digits}))"


def _document(
    renderer: Element, aliases: Mapping[str, str], labeling: Element | None = None
) -> str:
    root = Element("qgis", version="3.22.0", styleCategories="Symbology|Labeling|Fields",
                   labelsEnabled="0" if labeling is None else "1")  # fmt: skip
    root.append(renderer)
    if labeling is not None:
        root.append(labeling)
    box = SubElement(root, "aliases")
    for index, (field, title) in enumerate(aliases.items()):
        plain = [_CONTROL.sub("", word) for word in (field, title)]
        SubElement(box, "alias", index=str(index), field=plain[0], name=plain[1])
    indent(root, " ")
    return tostring(root, encoding="unicode") + "\n"


def sites_qml(names: SiteNames, aliases: Mapping[str, str]) -> str:
    """The QGIS style of the sites: classes of score, hatches, labels, headings in Persian.

    Parameters
    ----------
    names : SiteNames
        Columns of the file that the style stands beside.
    aliases : mapping of str to str
        Persian heading of each column, in the order of the file.

    Returns
    -------
    str
        A QML document.

    Examples
    --------
    >>> sites_qml(SiteNames(), {"id": "شناسه"}).count("<rule ")
    9
    """
    labels = _labeling(site_label(names), f'"{names.rank}" <= {LABELLED}')
    return _document(_renderer(_site_rules(names), last=names.rank), aliases, labels)


def layer_qml(layer: str, aliases: Mapping[str, str]) -> str:
    """The QGIS style of a layer around the sites.

    Parameters
    ----------
    layer : str
        ``site_areas, portfolio, flows, provinces, estates, ports, pipelines`` or
        ``feedstock``.
    aliases : mapping of str to str
        Persian heading of each column of the layer; the rules use only columns that it holds.

    Returns
    -------
    str
        A QML document.

    Raises
    ------
    KeyError
        If the layer has no style.
    """
    rules = {
        "site_areas": [_Rule("گسترهٔ پهنه | extent", "",
                             _symbol("fill", _area("#0B5FA5", 50, "#0B5FA5", 0.3)))],
        "portfolio": [_Rule("پارک برگزیده | chosen park", "",
                            _symbol("marker", _marker("#0B5FA5", shape="star", size=5.0)))],
        "flows": _flow_rules(),
        "provinces": [_Rule("استان | province", "",
                            _symbol("fill", _area("#F8F6F0", 0, CASING, 0.45)))],
        "estates": [_Rule("شهرک و ناحیه | estate or zone", "",
                          _symbol("marker", _marker("#E69F00", shape="square", size=1.8)))],
        "ports": _port_rules(aliases),
        "pipelines": _pipeline_rules(aliases),
        "feedstock": [_Rule("خوراک | feedstock", "",
                            _symbol("marker", _marker("#0072B2", shape="star", size=2.8)))],
    }  # fmt: skip
    return _document(_renderer(rules[layer]), aliases)


def _port_rules(columns: Collection[str]) -> list[_Rule]:
    def mark(shape: str, fill: str, style: str = "solid") -> Element:
        return _symbol("marker", _marker(fill, shape=shape, size=3.2, line="#355F7C", style=style))

    depth = next((name for name in ("max_draft_m", "depth_m") if name in columns), None)
    if depth is None:
        return [_Rule("بندر | port", "", mark("circle", "#355F7C"))]
    return [
        _Rule("بندر، ۱۴ متر و بیشتر | port, 14 m and more", f'"{depth}" >= 14',
              mark("circle", "#355F7C")),
        _Rule("بندر، ۱۰ تا ۱۴ متر | port, 10 to 14 m", f'"{depth}" >= 10 AND "{depth}" < 14',
              mark("circle", "#9DB8C9")),
        _Rule("بندر، کمتر از ۱۰ متر | port, below 10 m", f'"{depth}" < 10',
              mark("circle", WHITE)),
        _Rule("بندر، ژرفای نامعلوم | port, depth unknown", f'"{depth}" IS NULL',
              mark("circle", WHITE, "dash")),
    ]  # fmt: skip


def _flow_rules() -> list[_Rule]:
    ways = (
        ("لوله | pipeline", "pipeline", "#009E73", False), ("شبکه | grid", "grid", "#56B4E9", True),
        ("دریا | sea", "sea", "#0072B2", True), ("ریل | rail", "rail", "#5B6675", True),
        ("جاده | road", "road", "#D55E00", False),
    )  # fmt: skip
    return [
        _Rule(label, f"\"mode\" = '{mode}'", _symbol("line", _line(colour, 0.7, dashed=dashed)))
        for label, mode, colour, dashed in ways
    ]


def _pipeline_rules(columns: Collection[str]) -> list[_Rule]:
    fluids = (
        ("گاز | gas", "\"fluid\" = 'gas'", "#B3261E"),
        ("اتیلن | ethylene", "\"fluid\" = 'ethylene'", "#6A1B9A"),
        ("دیگر | other", "coalesce(\"fluid\",'') NOT IN ('gas', 'ethylene')", "#5B6675"),
    )
    if not {"fluid", "geometry_source_kind"} <= set(columns):
        return [_Rule("خط لوله | pipeline", "", _symbol("line", _line("#5B6675", 0.4)))]
    traced = "\"geometry_source_kind\" = 'found'"
    rules = []
    for label, fluid, colour in fluids:
        fa, en = label.split(" | ")
        rules += [
            _Rule(label, f"{fluid} AND {traced}", _symbol("line", _line(colour, 0.5))),
            _Rule(f"{fa}، مسیر تقریبی | {en}, approximate trace", f"{fluid} AND NOT {traced}",
                  _symbol("line", _line(colour, 0.4, dashed=True))),
        ]  # fmt: skip
    return rules


_SLD = {
    "xmlns": "http://www.opengis.net/sld",
    "xmlns:ogc": "http://www.opengis.net/ogc",
    "version": "1.0.0",
}


def sites_sld(names: SiteNames) -> str:
    """The same classes as a Styled Layer Descriptor 1.0, for map servers.

    Parameters
    ----------
    names : SiteNames

    Returns
    -------
    str
        An SLD document; OGC 02-070.
    """
    root = Element("StyledLayerDescriptor", _SLD)
    named = SubElement(root, "NamedLayer")
    SubElement(named, "Name").text = "sites"
    style = SubElement(SubElement(named, "UserStyle"), "FeatureTypeStyle")
    for index, (_, colour) in enumerate(CLASSES):
        ranked = _bounds(names.rank, 1.0, None)
        low = CLASSES[index][0]
        high = CLASSES[index + 1][0] if index + 1 < len(CLASSES) else None
        bounds = _bounds(names.score, low, high)
        condition = _all(_is(names.verdict, "eligible"), *ranked, *bounds)
        _sld_rule(style, class_title(index), condition, (colour, INK, "circle"))
    for label, verdict, look in (
        ("نامعین | undetermined", "undetermined",
         (UNDETERMINED_GROUND, UNDETERMINED_INK, "circle")),
        ("کنارگذاشته | excluded", "excluded", (EXCLUDED_GROUND, EXCLUDED_INK, "x")),
    ):  # fmt: skip
        _sld_rule(style, label, _is(names.verdict, verdict), look)
    indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _compare(operator: str, column: str, value: str) -> Element:
    comparison = Element(f"ogc:{operator}")
    SubElement(comparison, "ogc:PropertyName").text = column
    SubElement(comparison, "ogc:Literal").text = value
    return comparison


def _is(column: str, word: str) -> Element:
    return _compare("PropertyIsEqualTo", column, word)


def _bounds(column: str, low: float, high: float | None) -> list[Element]:
    at_least = [_compare("PropertyIsGreaterThanOrEqualTo", column, str(low))]
    if high is None:
        return at_least
    return [*at_least, _compare("PropertyIsLessThan", column, str(high))]


def _all(*conditions: Element) -> Element:
    together = Element("ogc:And")
    together.extend(conditions)
    return together


def _sld_rule(
    style: Element,
    title: str,
    condition: Element,
    look: tuple[str, str, str],
) -> None:
    fill, line, shape = look
    rule = SubElement(style, "Rule")
    SubElement(rule, "Title").text = title
    SubElement(rule, "ogc:Filter").append(condition)
    graphic = SubElement(SubElement(rule, "PointSymbolizer"), "Graphic")
    mark = SubElement(graphic, "Mark")
    SubElement(mark, "WellKnownName").text = shape
    parameter = SubElement(SubElement(mark, "Fill"), "CssParameter", name="fill")
    parameter.text = fill
    parameter = SubElement(SubElement(mark, "Stroke"), "CssParameter", name="stroke")
    parameter.text = line
    SubElement(graphic, "Size").text = "9"
