"""A result as plain data for the page, in an order that does not depend on chance."""

import base64
import hashlib
import json
import re
from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from siteselect.base.text import fold
from siteselect.decide.score import criterion_weights
from siteselect.decide.values import value_range
from siteselect.present.maps import layers, raster
from siteselect.present.maps.flows import flows
from siteselect.present.maps.parks import parks
from siteselect.study.result import Result

READING_DIGITS = 4
# Columns that a result may carry beside the score.
TRUST_COLUMNS = ("rank_low", "rank_high", "prob_top_k", "prob_in_portfolio")
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
        "study": _titles(result.study.titles) | {"id": result.study.id},
        "type": _titles(result.criteria.titles)
        | {"id": result.criteria.id, "version": result.criteria.version},
        "run": _run(result),
        "warnings": list(result.warnings),
        "minKnown": result.criteria.min_known,
        "box": [round(edge, 4) for edge in box],
        "study_bounds": [
            round(float(e), 4) for e in result.context["provinces"][mine].total_bounds
        ],
        "stepsPerDegree": layers.STEPS_PER_DEGREE,
        "groups": _groups(result),
        "criteria": _criteria(result),
        "rules": _rules(result),
        "sites": _sites(result),
        "context": _context(result, box),
        "ground": raster.class_picture(result.surface),
        "lattice": None if result.lattice is None else raster.lattice_picture(result.lattice),
        "portfolio": parks(result),
        "chain": flows(result),
        "sources": _sources(result),
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


def exact(numbers: NDArray[np.float64]) -> str:
    """Numbers bit by bit: little-endian doubles in base64, row by row; unknown is NaN.

    Parameters
    ----------
    numbers : numpy.ndarray

    Returns
    -------
    str

    Examples
    --------
    >>> exact(np.array([1.0]))
    'AAAAAAAA8D8='
    """
    return base64.b64encode(np.ascontiguousarray(numbers, dtype="<f8").tobytes()).decode("ascii")


def _run(result: Result) -> dict[str, str]:
    manifest = result.manifest
    whole = json.dumps(manifest, sort_keys=True, default=str).encode("utf-8")
    told = {key: layers.text(manifest[key]) for key in _MANIFEST_KEYS if key in manifest}
    return {"id": hashlib.sha256(whole).hexdigest()[:8], **told}


def _titles(titles: Any) -> dict[str, str]:
    return {"en": titles.en, "fa": titles.fa}


def _groups(result: Result) -> list[dict[str, Any]]:
    return [{"id": name, **_titles(group.titles)} for name, group in result.criteria.groups.items()]


def _criteria(result: Result) -> list[dict[str, Any]]:
    order = list(result.criteria.groups)
    weights = criterion_weights(result.criteria)
    return [
        {
            "id": c.id,
            **_titles(c.titles),
            "group": order.index(c.group),
            "weight": float(weight),
            "unit": c.unit,
            "evidence": c.evidence,
            "quality": c.quality,
            "sources": list(result.table.source_ids[result.table.column_ids.index(c.id)]),
        }
        for c, weight in zip(result.criteria.criteria, weights, strict=True)
    ]


def _rules(result: Result) -> list[dict[str, Any]]:
    found = []
    for c in result.criteria.constraints:
        rows = [result.rules[name] for name in c.rules if name in result.rules]
        bases = dict.fromkeys(layers.text(row.get("legal_basis")) for row in rows)
        kinds = dict.fromkeys(layers.text(row.get("source_kind")) for row in rows)
        found.append(
            {
                "id": c.id,
                **_titles(c.titles),
                "role": c.role,
                "authority": {"en": c.authority, "fa": c.authority_fa},
                "status": c.status,
                "rules": list(c.rules),
                "basis": [basis for basis in bases if basis],
                "origin": [kind for kind in kinds if kind],
                "limit": c.limit,
                "least": c.at_least is not None,
                "unit": c.unit,
                "note": c.note,
            }
        )
    return found


def _sites(result: Result) -> dict[str, Any]:
    """Column by column, in the order of the pool: half the size of one object a site."""
    frame, scores = result.pool.frame, result.scores
    worst, best = _value_bounds(result)
    return {
        **{name: [layers.text(cell) for cell in frame[name]] for name in _text_columns(frame)},
        "fold": [
            fold(" ".join(layers.text(row[c]) for c in ("id", "name_en", "name_fa")))
            for row in frame[["id", "name_en", "name_fa"]].to_dict("records")
        ],
        "lon": _column(frame["lon"], 5),
        "lat": _column(frame["lat"], 5),
        "accuracy": _column(frame["position_accuracy_km"], 2),
        "area": _column(frame["area_ha"], 1),
        "outline": layers.outlines(frame),
        "verdict": [int(verdict) for verdict in scores.verdict],
        "values": exact(scores.values),
        "worst": exact(worst),
        "best": exact(best),
        "readings": _matrix(_readings(result, scores.criteria_ids), READING_DIGITS),
        "answers": ["".join(str(int(a)) for a in row) for row in scores.answers],
        "distances": _matrix(_readings(result, scores.constraint_ids), READING_DIGITS),
        "trust": _trust(result),
    }


def _text_columns(frame: gpd.GeoDataFrame) -> list[str]:
    known = ("id", "name_en", "name_fa", "kind", "province", "status", "source", "source_kind")
    return [name for name in (*known, "county", "note") if name in frame]


def _trust(result: Result) -> dict[str, list[Any]]:
    sites = result.sites
    columns = [name for name in TRUST_COLUMNS if name in sites]
    by_id = sites.set_index("id").loc[result.pool.frame["id"]]
    return {name: _column(by_id[name], 4) for name in columns}


def _value_bounds(result: Result) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    table = result.table
    pairs = []
    for criterion in result.criteria.criteria:
        j = table.column_ids.index(criterion.id)
        pairs.append(value_range(table.lower[:, j], table.upper[:, j], criterion.knots))
    return np.stack([low for low, _ in pairs], axis=1), np.stack(
        [high for _, high in pairs], axis=1
    )


def _readings(result: Result, ids: tuple[str, ...]) -> NDArray[np.float64]:
    table = result.table
    unread = np.full(len(table.place_ids), np.nan)
    places = [table.index(name) for name in ids]
    columns = [unread if place is None else table.values[:, place] for place in places]
    return np.stack(columns, axis=1) if columns else np.empty((len(unread), 0))


def _column(values: Any, digits: int) -> list[Any]:
    return [layers.number(value, digits) for value in values]


def _matrix(values: NDArray[np.float64], digits: int) -> list[list[Any]]:
    return [_column(row, digits) for row in values]


def _context(result: Result, box: layers.Box) -> dict[str, Any]:
    context = result.context
    mine = context["provinces"]["iso"].isin(result.study.provinces)
    study = context["provinces"][mine].union_all()
    return {
        "land": layers.land(context["land"], box),
        "provinces": layers.areas(context["provinces"], result.study.provinces, box),
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
            **_titles(source.titles),
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
