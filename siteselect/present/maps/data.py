"""A result as plain data for the page, in an order that does not depend on chance."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import shapely

from siteselect.base import kept
from siteselect.plan import answers
from siteselect.present.maps import judged, layers, raster
from siteselect.present.maps.flows import flows
from siteselect.present.maps.parks import parks
from siteselect.study.chain import remarks
from siteselect.study.result import Result
from siteselect.study.run import caveats

# Columns that a result may carry beside the score.
TRUST_COLUMNS = ("rank_low", "rank_high", "prob_top_k", "prob_in_portfolio")
_NAMES = ("id", "name_en", "name_fa")
_CODED = ("kind", "province", "status", "source", "source_kind", "county", "note")
_MANIFEST_KEYS = ("date", "version", "command", "seed")
_POINT_LAYERS = ("estates", "ports", "feedstock", "protected")
_LINE_LAYERS = ("pipelines", "railways")


def page_data(result: Result) -> dict[str, Any]:
    """Everything that the page shows.

    Parameters
    ----------
    result : Result

    Returns
    -------
    dict
        Of dictionaries, lists, text, numbers and None only.
    """
    mine = result.context["provinces"]["iso"].isin(result.study.provinces)
    box = layers.study_box(result.context["provinces"][mine])
    return {
        "study": layers.titles(result.study.titles) | {"id": result.study.id},
        "type": layers.titles(result.criteria.titles)
        | {"id": result.criteria.id, "version": result.criteria.version},
        "run": _run(result),
        "warnings": warnings(result),
        "minKnown": result.criteria.min_known,
        "box": [round(edge, 4) for edge in box],
        "study_bounds": [
            round(float(e), 4) for e in result.context["provinces"][mine].total_bounds
        ],
        "stepsPerDegree": layers.STEPS_PER_DEGREE,
        "groups": judged.groups(result.criteria),
        "criteria": judged.criteria(result.criteria, result.table),
        "rules": judged.rules(result.criteria, result),
        "sites": _sites(result),
        "context": _context(result, box),
        "ground": raster.class_picture(result.surface),
        "lattice": None if result.lattice is None else raster.lattice_picture(result.lattice),
        "lenses": judged.lenses(result),
        "members": [
            {"name": name, "weights": [weights.get(c.id, 0.0) for c in result.criteria.criteria]}
            for name, weights in result.manifest.get("committee", {}).items()
        ],
        "portfolio": parks(result),
        "chain": flows(result),
        "sources": _sources(result),
        **({"heard": _heard(result)} if result.answers else {}),
    }


def as_json(data: object) -> str:
    r"""JSON that is inert in a page: no character of it can end a block or open a template.

    Parameters
    ----------
    data : object
        As `json.dumps` takes it.

    Returns
    -------
    str
        JSON in which ``< > &``, the two Unicode line ends and the openings of template tags stand
        as ``\u`` escapes.

    Examples
    --------
    >>> as_json(["</script>", "{{ 7*7 }}"])
    '["\\u003c/script\\u003e","\\u007b{ 7*7 }}"]'
    """
    plain = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # A lone surrogate has no UTF-8 form; as an escape it is still JSON.
    plain = plain.encode("utf-8", "backslashreplace").decode("utf-8")
    return re.sub(r"[<>&\u2028\u2029]|\{(?=[{%#])", lambda m: f"\\u{ord(m[0]):04x}", plain)


def _run(result: Result) -> dict[str, str]:
    manifest = result.manifest
    whole = json.dumps(manifest, sort_keys=True, default=str).encode("utf-8")
    told = {key: layers.text(manifest[key]) for key in _MANIFEST_KEYS if key in manifest}
    return {"id": hashlib.sha256(whole).hexdigest()[:8], **told}


def warnings(result: Result) -> list[dict[str, str]]:
    """Warnings as they were told, with the Persian of those that have one."""
    scores, portfolio = result.scores, result.portfolio
    frame = result.pool.frame
    surveyed = int(((frame["kind"] == "proposed") & (frame["position_accuracy_km"] == 0)).sum())
    notes = caveats(result.criteria, scores.rank, scores.verdict, surveyed=surveyed)
    notes += () if result.chain is None else remarks(result.chain.diagnosis)
    notes += () if portfolio is None else portfolio.notes
    notes += (*result.trouble, *answers.remarks(result.answers, result.table, result.criteria))
    persian = {note.en: note.fa for note in notes}
    return [{"en": said, "fa": persian.get(said, "")} for said in result.warnings]


def _heard(result: Result) -> dict[str, list[dict[str, Any]]]:
    """What bodies have answered, by the place of the site in the pool."""
    place = {str(name): i for i, name in enumerate(result.pool.frame["id"])}
    told: dict[str, list[dict[str, Any]]] = {}
    for item in result.answers:
        if item.site in place:
            words = {
                "en": answers.words_of(item, result.authorities),
                "fa": answers.words_of(item, result.authorities, language="fa"),
            }
            entry = {**words, "refused": item.answer == "refused"}
            told.setdefault(str(place[item.site]), []).append(entry)
    return told


def _sites(result: Result) -> dict[str, Any]:
    """Column by column, in the order of the pool: half the size of one object a site."""
    frame = result.pool.frame
    return {
        **{name: [layers.text(cell) for cell in frame[name]] for name in _NAMES},
        **{name: _coded(frame[name]) for name in _CODED if name in frame},
        "lon": _column(frame["lon"], 5),
        "lat": _column(frame["lat"], 5),
        "accuracy": _column(frame["position_accuracy_km"], 2),
        "area": _column(frame["area_ha"], 1),
        "outline": layers.outlines(frame),
        **judged.sites(result.criteria, result.table, result.scores),
        "trust": _trust(result),
    }


def _coded(cells: Iterable[object]) -> dict[str, list[Any]]:
    """A column of few different texts: each text once, and which one stands at each site."""
    texts = [layers.text(cell) for cell in cells]
    of = {word: k for k, word in enumerate(dict.fromkeys(texts))}
    return {"of": list(of), "at": [of[word] for word in texts]}


def _trust(result: Result) -> dict[str, list[Any]]:
    sites = result.sites
    columns = [name for name in TRUST_COLUMNS if name in sites]
    by_id = sites.set_index("id").loc[result.pool.frame["id"]]
    return {name: _column(by_id[name], 4) for name in columns}


def _column(values: Any, digits: int) -> list[Any]:
    return [layers.number(value, digits) for value in values]


def _context(result: Result, box: layers.Box) -> dict[str, Any]:
    """What is drawn around the sites: it hangs on no weight, so that it is kept."""
    context, provinces = result.context, result.study.provinces
    parts: list[str | bytes] = [kept.code("present/maps/data.py", "present/maps/layers.py")]
    parts += [shapely.__version__, json.dumps([*context, provinces, box])]
    parts += map(_content, context.values())
    drawn: dict[str, Any] = json.loads(
        kept.text(parts, lambda: json.dumps(_drawn(context, provinces, box)))
    )
    return drawn


def _content(frame: gpd.GeoDataFrame) -> bytes:
    """A mark of all that a layer holds."""
    words = frame.drop(columns=frame.geometry.name).to_csv().encode("utf-8", "surrogatepass")
    shapes = shapely.to_wkb(frame.geometry.to_numpy()).tolist()
    return hashlib.sha256(b"".join([words, *shapes])).digest()


def _drawn(
    context: Mapping[str, gpd.GeoDataFrame], provinces: tuple[str, ...], box: layers.Box
) -> dict[str, Any]:
    mine = context["provinces"]["iso"].isin(provinces)
    study = context["provinces"][mine].union_all()
    return {
        "land": layers.land(context["land"], box),
        "provinces": layers.areas(context["provinces"], provinces, box),
        "neighbours": layers.areas(context["neighbours"], (), box)
        if "neighbours" in context
        else [],
        "towns": layers.towns(context["towns"], box),
        **{name: layers.points(context[name], box) for name in _POINT_LAYERS},
        **{name: layers.lines(context[name], study, box) for name in _LINE_LAYERS},
    }


def _sources(result: Result) -> list[dict[str, Any]]:
    return [
        {
            "id": source.id,
            **layers.titles(source.titles),
            "licence": source.licence,
            "attribution": source.attribution,
            "date": source.date,
            "accuracy": source.position_accuracy_km,
            "quality": source.quality,
            "coverage": source.coverage,
            "origin": source.source_kind,
        }
        for source in result.sources
    ]
