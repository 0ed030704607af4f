"""Columns: the tables of a run, and what every column of every file means, in both languages."""

from collections.abc import Iterable, Iterator, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteselect.base.text import persian_digits
from siteselect.decide.score import ANSWERS, ELIGIBLE, EXCLUDED, NOT_ASKED, OPEN, UNDETERMINED
from siteselect.declared.criteria import Constraint
from siteselect.present import chosen, supply, trust
from siteselect.present.tables import Column, Table, text, tidy, twelve
from siteselect.study.result import Result

DRAWN = ("provinces", "estates", "ports", "pipelines", "feedstock")
STATUS_FA = {
    "in force": "جاری",
    "superseded": "منسوخ",
    "benchmark": "معیار مقایسه",
    "needs legal text": "نیازمند متن قانون",
    "definition": "تعریف",
    "engineering": "مهندسی",
}

_LAW = "the law of the run: values, weights and rules of the criteria set"
_POOL = "pool of candidates: catalogue, grown from the surface, or the user's table"
# What a table follows from, where a column does not say it of itself; by how its name begins.
_ORIGINS = {
    "sites.gpkg: portfolio": "the choice of parks, criteria/programme.yaml",
    "sites.gpkg: flows": "tables of feedstock and value chain, and the choice of parks",
    "suitability.tif": _LAW,
    "excluded_by": "criteria set",
    "portfolio": "the choice of parks, criteria/programme.yaml",
    "chain_": "tables of feedstock and value chain, and the choice of parks",
    "inquiries": "the choice of parks, and its criteria sets",
    "ranking.xlsx: weights": "criteria set",
    "fields": "this table itself",
    "": "ranking of the run, and the draws of its trust block",
}
_RANKING = (
    Column("rank", "Rank, 1 = best; empty: not ranked", "رتبه؛ خالی: بی‌رتبه", "", _LAW),
    Column("id", "Site", "شناسهٔ پهنه", "", _POOL),
    Column("name_en", "Name", "نام انگلیسی", "", _POOL),
    Column("name_fa", "Persian name", "نام", "", _POOL),
    Column("kind", "Kind of site", "گونهٔ پهنه", "", _POOL),
    Column("province", "Province", "استان (انگلیسی)", "", "layer provinces"),
    Column("lon", "Longitude, WGS84", "طول جغرافیایی", "deg", _POOL),
    Column("lat", "Latitude, WGS84", "عرض جغرافیایی", "deg", _POOL),
    Column("position_accuracy_km", "Position accuracy", "دقت موقعیت", "km", _POOL),
    Column("area_ha", "Area; empty: unknown", "مساحت؛ خالی: نامعلوم", "ha", _POOL),
    Column("score", "Score, 1 = best", "امتیاز", "score", _LAW),
    Column("score_low", "Least score, unknowns at their worst", "کمینهٔ امتیاز", "score", _LAW),
    Column("score_high", "Greatest score, unknowns at their best", "بیشینهٔ امتیاز", "score", _LAW),
    Column("known", "Data known, share of weight", "سهم داده", "share", _LAW),
    Column("verdict", "Verdict of the screens", "حکم قاعده‌ها", "", _LAW),
    Column("excluded_by", "Screens that exclude, what was refused, and who has refused the site",
           "قاعده‌های کنارگذارنده یا ردشده، و نهاد مخالف", "", _LAW),
    Column("undetermined_by", "Screens that cannot be decided", "قاعده‌های نامعین", "", _LAW),
    Column("open_rules", "Open: no answer at hand, or an inquiry that is not clear; never a pass",
           "قاعده‌های باز: بی‌پاسخ یا نیازمند استعلام؛ هرگز به معنای مجاز نیست", "", _LAW),
    Column("source_kind", "Whether the site was found in a source or recalled",
           "یافته در منبع یا از حافظه", "", _POOL),
)  # fmt: skip
_APPENDED = (
    Column("province_fa", "Province, Persian", "استان", "", "layer provinces"),
    Column("province_iso", "Province, ISO 3166-2", "کد استان", "", "layer provinces"),
    Column("unranked_reason", "Why a site has no rank", "سبب بی‌رتبه بودن", "", _LAW),
    Column("status", "Status", "وضعیت", "", _POOL),
    Column("source", "Source", "منبع", "", _POOL),
    Column("note", "Note", "یادداشت", "", _POOL),
)
# Columns that layers of the catalogue share, where the catalogue itself gives no heading.
_COMMON = {
    column.name: column
    for column in (
        *_RANKING[2:4],
        _RANKING[8],
        _RANKING[9],
        *_APPENDED[3:],
        Column("id", "Identifier", "شناسه"),
        Column("kind", "Kind", "گونه"),
        Column("iso", "ISO 3166-2 code", "کد استان"),
        Column("province", "Province", "استان"),
        Column("county", "County", "شهرستان"),
        Column("operator", "Operator", "بهره‌بردار"),
        Column("products", "Products", "فرآورده‌ها", "kt/y"),
        Column("capacity", "Capacity", "ظرفیت"),
        Column("capacity_kt_per_year", "Capacity by product", "ظرفیت به تفکیک فرآورده", "kt/y"),
        Column("year", "Year", "سال"),
        Column("fluid", "Fluid", "سیال"),
        Column("diameter_in", "Diameter", "قطر", "in"),
        Column("depth_m", "Depth", "عمق", "m"),
        Column("max_draft_m", "Greatest draught", "بیشینهٔ آبخور", "m"),
        Column("utilities", "Utilities", "زیربناها"),
        Column("unlocode", "UN/LOCODE", "کد بندر"),
        Column("length_km_traced", "Traced length", "طول مسیر", "km"),
        Column("geometry_source_kind", "How its line is known", "چگونگی شناخت مسیر"),
        Column("source_kind", "Found in a source or recalled", "یافته در منبع یا از حافظه"),
    )
}
_SURFACE = (
    Column("score", "Score of each cell; NaN outside the study area", "امتیاز هر یاخته", "score"),
    Column("known", "Data known, share of weight", "سهم داده", "share"),
    Column("verdict", "0 eligible, 1 undetermined, 2 excluded", "۰ مجاز، ۱ نامعین، ۲ کنارگذاشته"),
)
_EXCLUDED = (
    Column("part", "screen: enters the verdict; inquiry: asked of its authority; open: no answer "
           "can be had", "بخش: غربال، استعلام، باز"),
    Column("constraint", "Constraint", "شناسهٔ محدودیت"),
    Column("title_en", "Title", "عنوان انگلیسی"),
    Column("title_fa", "Persian title", "عنوان"),
    Column("rules", "Rows of the table of siting rules", "شمارهٔ قاعده‌ها"),
    Column("authority", "Authority", "نهاد (انگلیسی)"),
    Column("authority_fa", "Authority, Persian", "نهاد"),
    Column("legal_status", "Legal status", "وضعیت حقوقی (انگلیسی)"),
    Column("legal_status_fa", "Legal status, Persian", "وضعیت حقوقی"),
    Column("legal_basis", "Legal basis", "مستند قانونی", "", "table of siting rules"),
    Column("area_excluded_km2", "Area excluded", "مساحت کنارگذاشته", "km2", "surface"),
    Column("area_undetermined_km2", "Area undetermined", "مساحت نامعین", "km2", "surface"),
    Column("sites_excluded", "Sites excluded", "شمار پهنه‌های کنارگذاشته", "count", _LAW),
    Column("sites_undetermined", "Sites undetermined", "شمار پهنه‌های نامعین", "count", _LAW),
    Column("note", "Note", "یادداشت", "", "criteria set"),
)  # fmt: skip
_FIELDS = (
    Column("table", "File, or file and layer", "جدول"),
    Column("name", "Column", "ستون"),
    Column("en", "Meaning", "معنا (انگلیسی)"),
    Column("fa", "Meaning, Persian", "معنا"),
    Column("unit", "Unit of a number", "یکا"),
    Column("source", "Where it comes from", "منبع"),
)
_WEIGHTS = (
    Column("criterion", "Criterion", "شناسهٔ معیار"),
    Column("title_fa", "Persian title", "معیار"),
    Column("title_en", "Title", "معیار (انگلیسی)"),
    Column("group_fa", "Group, Persian", "گروه"),
    Column("group_en", "Group", "گروه (انگلیسی)"),
    Column("weight", "Share of the score", "وزن", "share", "criteria set"),
    Column("unit", "Unit of the performance", "یکا"),
    Column("knots", "Performance=value at each corner", "نقطه‌های تابع ارزش"),
    Column("evidence", "Evidence", "مستند"),
)


def ranking(result: Result) -> Table:
    """One row a site: ranked by rank, then those with too little data, then the excluded ones.

    Parameters
    ----------
    result : Result

    Returns
    -------
    Table
        Columns ``rank`` to ``source_kind``, one ``c_<criterion>`` and one ``p_<criterion>`` a
        criterion, then province names and reasons, ``prob_top_k, rank_low, rank_high`` if the
        robustness is known, and whatever else the pool carries.
    """
    frame = result.sites
    place = {name: i for i, name in enumerate(result.scores.place_ids)}
    order = np.array([place[name] for name in frame["id"]], dtype=np.int64)
    reasons = _reasons(result, order)
    provinces = result.context["provinces"].set_index("iso")
    names, persian = (provinces[name].map(text).to_dict() for name in ("name_en", "name_fa"))
    iso = tidy(frame["province"])
    given = {name: frame[name] for name in frame.columns}
    given |= {
        "rank": frame["rank"].astype("Int64").replace(0, pd.NA),
        "province": iso.map(lambda code: names.get(code, "")),
        "province_fa": iso.map(lambda code: persian.get(code, "")),
        "province_iso": iso,
        "verdict": frame["verdict"].map(lambda answer: ANSWERS[answer]),
        "unranked_reason": pd.Series(_unranked(result, order), dtype=object),
    }
    given |= {name: pd.Series(cells, dtype=object) for name, cells in reasons.items()}
    for name in ("lon", "lat"):
        given[name] = frame[name].astype(float).round(5)
    criteria = (*_contributions(result), *_performances(result))
    readings = [result.table.column_ids.index(name) for name in result.scores.criteria_ids]
    numbers = np.hstack(
        [result.scores.contributions[order], result.table.values[order][:, readings]]
    )
    given |= {c.name: pd.Series(cells) for c, cells in zip(criteria, numbers.T, strict=True)}
    added = trust.ranking_columns(result)
    for column in added[1:]:
        given[column.name] = frame[column.name].astype("Int64")
    parks = chosen.ranking_columns(result)
    given |= chosen.ranking_cells(result, frame)
    ours = (*_RANKING, *criteria, *_APPENDED, *added, *parks)
    fresh = [*trust.APPENDED, *chosen.APPENDED]
    own = _own(frame.columns.drop(fresh, errors="ignore"), ours)
    given |= {column.name: tidy(frame[name]) for name, column in own.items()}
    columns = (*ours, *own.values())
    cells = {c.name: tidy(given[c.name]) for c in columns}
    return Table(columns, pd.DataFrame(cells))


def _own(names: Iterable[str], ours: tuple[Column, ...]) -> dict[str, Column]:
    """Columns that the user's table carries along; a name that clashes is marked as theirs.

    A column of exactly one of our names is a result fed back in: the new one takes its place.
    """
    taken = {column.name.casefold() for column in ours} | {"geometry", "geom", "fid", "ogc_fid"}
    held = {column.name for column in ours} | {"geometry"}
    own = {}
    for name in names:
        if name in held:
            continue
        free = name or "unnamed"
        while free.casefold() in taken:
            free = f"own_{free}"
        taken.add(free.casefold())
        own[name] = Column(free, name, name, "", "the user's table")
    return own


def _contributions(result: Result) -> tuple[Column, ...]:
    return tuple(
        Column(f"c_{c.id}", f"Contribution: {c.titles.en}", f"سهم: {c.titles.fa}", "score",
               f"weight {weight:.6g} x value, over the known weight")
        for c, weight in zip(result.criteria.criteria, result.scores.weights, strict=True)
    )  # fmt: skip


def _performances(result: Result) -> tuple[Column, ...]:
    table = result.table
    sources = dict(zip(table.column_ids, table.source_ids, strict=True))
    return tuple(
        Column(f"p_{c.id}", f"{c.titles.en}; inf: nothing within reach",
               f"{c.titles.fa}؛ inf: چیزی در دسترس نیست", c.unit, "; ".join(sources[c.id]))
        for c in result.criteria.criteria
    )  # fmt: skip


def opened(constraint: Constraint, answers: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Whether a rule is open at each place: no answer can be had, or an inquiry is not clear.

    An inquiry is never a pass: with a reading that breaks or may break its limit it is open too.

    Parameters
    ----------
    constraint : Constraint
    answers : numpy.ndarray of int8, shape (n,)
        Its row of `siteselect.decide.score.Scores.answers`.

    Returns
    -------
    numpy.ndarray of bool, shape (n,)
    """
    if constraint.role == "screen":
        return np.asarray(answers == OPEN)
    return np.asarray((answers != NOT_ASKED) & (answers != ELIGIBLE))


def _reasons(result: Result, order: NDArray[np.int64]) -> dict[str, list[str]]:
    rows = [
        (c, answers[order])
        for c, answers in zip(result.criteria.constraints, result.scores.answers, strict=True)
    ]
    screens = [(c, answers) for c, answers in rows if c.role == "screen"]
    refused = chosen.refusals(result, order)
    names, never = {c.id for c, _ in screens}, np.zeros(len(order), dtype=bool)
    beside = [(name, hit) for name, hit in refused.items() if name not in names]
    hits = {
        "excluded_by": [*((c.id, answers == EXCLUDED) for c, answers in screens), *beside],
        "undetermined_by": [(c.id, answers == UNDETERMINED) for c, answers in screens],
        "open_rules": [(c.id, opened(c, a) & ~refused.get(c.id, never)) for c, a in rows],
    }
    return {name: _named_hits(found, len(order)) for name, found in hits.items()}


def _named_hits(found: list[tuple[str, NDArray[np.bool_]]], count: int) -> list[str]:
    """The rules that hit each place; places are many, the sets that hit them few."""
    if not found:
        return [""] * count
    packed = np.packbits(np.stack([hit for _, hit in found], axis=1), axis=1)
    _, first, which = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    told = ["; ".join(rule for rule, hit in found if hit[at]) for at in first]
    return [told[k] for k in which.ravel()]


def _unranked(result: Result, order: NDArray[np.int64]) -> list[str]:
    scores, least = result.scores, result.criteria.min_known
    reasons = [""] * len(order)
    for place in np.flatnonzero(scores.rank[order] == 0):
        i = order[place]
        poor = f"known {scores.known[i]:.6g} is below min_known {least:.6g}"
        reasons[place] = "excluded" if scores.verdict[i] == EXCLUDED else poor
    return reasons


def excluded_by(result: Result) -> Table:
    """What each rule does to the map and to the sites; rules without an answer at the end.

    Parameters
    ----------
    result : Result

    Returns
    -------
    Table
        One row a constraint: screens, inquiries with a measure, then rules that are open
        everywhere.
    """
    rows = []
    for c, answers in zip(result.criteria.constraints, result.scores.answers, strict=True):
        part = "open" if c.measure is None or c.limit is None else c.role
        bases = [result.rules.get(rule, {}).get("legal_basis", "") for rule in c.rules]
        counts = [int((answers == answer).sum()) for answer in (EXCLUDED, UNDETERMINED)]
        areas = [
            area.get(c.id, np.nan)
            for area in (result.surface.excluded_km2, result.surface.undetermined_km2)
        ]
        rows.append(
            (part, c.id, c.titles.en, c.titles.fa, "; ".join(c.rules), c.authority,
             c.authority_fa, c.status, STATUS_FA[c.status],
             "; ".join(dict.fromkeys(filter(None, bases))), *twelve(areas), *counts, c.note)
        )  # fmt: skip
    rows.sort(key=lambda row: ("screen", "inquiry", "open").index(str(row[0])))
    frame = pd.DataFrame(rows, columns=[c.name for c in _EXCLUDED])
    return Table(_EXCLUDED, frame.apply(tidy) if rows else frame)


def weights(result: Result) -> Table:
    """One row a criterion: what it weighs and how its value is read."""
    groups = result.criteria.groups
    rows = [
        (c.id, c.titles.fa, c.titles.en, groups[c.group].titles.fa, groups[c.group].titles.en,
         weight, c.unit, "; ".join(f"{at:g}={height:g}" for at, height in c.knots), c.evidence)
        for c, weight in zip(result.criteria.criteria, result.scores.weights, strict=True)
    ]  # fmt: skip
    return Table(_WEIGHTS, pd.DataFrame(rows, columns=[c.name for c in _WEIGHTS]).apply(tidy))


def layers(result: Result, sites: Table) -> dict[str, gpd.GeoDataFrame]:
    """The layers of the GeoPackage, all in EPSG:4326, with plain columns.

    Parameters
    ----------
    result : Result
    sites : Table
        As `ranking` gives it.

    Returns
    -------
    dict of str to geopandas.GeoDataFrame
        ``sites`` as representative points; ``site_areas``, those of known extent; the chosen
        parks and who feeds them; the layers drawn around them.
    """
    points = gpd.points_from_xy(sites.frame["lon"], sites.frame["lat"], crs="EPSG:4326")
    found = {"sites": gpd.GeoDataFrame(sites.frame, geometry=points)}
    pool = result.pool.frame
    extent = pool.loc[pool.geom_type.isin(["Polygon", "MultiPolygon"]), ["id", "geometry"]]
    known = sites.frame[["rank", "id", "name_en", "name_fa", "kind", "area_ha", "score", "verdict"]]
    found["site_areas"] = extent.to_crs("EPSG:4326").merge(known, on="id", validate="1:1")
    if result.portfolio is not None:
        parks = chosen.picks(result).frame
        at = found["sites"].set_index("id").geometry.loc[parks["id"]]
        found["portfolio"] = gpd.GeoDataFrame(parks, geometry=at.to_numpy(), crs="EPSG:4326")
    fed = supply.lines(result)
    if fed is not None and len(fed):
        found["flows"] = fed
    for name in (name for name in DRAWN if name in result.context):
        layer = result.context[name]
        # GeoPackage keeps the name fid for itself.
        plain = layer.drop(columns="geometry").rename(columns={"fid": "fid_"}).apply(tidy)
        found[name] = gpd.GeoDataFrame(plain, geometry=layer.geometry, crs=layer.crs)
    return found


def fields(result: Result, sites: Table, drawn: Mapping[str, gpd.GeoDataFrame]) -> Table:
    """Every column of every table: its name, meaning in both languages, unit and source.

    Parameters
    ----------
    result : Result
    sites : Table
        As `ranking` gives it.
    drawn : mapping of str to geopandas.GeoDataFrame
        As `layers` gives it.

    Returns
    -------
    Table
    """
    ours = {column.name: column for column in sites.columns}
    tables: list[tuple[str, Iterable[Column]]] = [
        ("ranking.csv, ranking.xlsx, sites.geojson, sites.gpkg: sites", sites.columns)
    ]
    for name, layer in drawn.items():
        if name == "portfolio":
            tables.append((f"sites.gpkg: {name}", chosen.picks(result).columns))
        elif name == "flows":
            tables.append((f"sites.gpkg: {name}", supply.FLOWS))
        elif name == "site_areas":
            held = [ours[column] for column in layer.columns.drop("geometry")]
            tables.append((f"sites.gpkg: {name}", held))
        elif name != "sites":
            tables.append((f"sites.gpkg: {name}", _layer_columns(result, name, layer)))
    tables += [
        ("suitability.tif", _SURFACE),
        *([("robustness.tif", trust.SURFACE)] if result.surface.spread is not None else []),
        ("excluded_by.csv", _EXCLUDED),
        *((name, table.columns) for name, table in trust.tables(result).items()),
        *((name, table.columns) for name, table in chosen.tables(result).items()),
        ("ranking.xlsx: weights", _WEIGHTS),
        ("fields.csv", _FIELDS),
    ]
    rows = [
        (table, c.name, c.en, c.fa, c.unit, c.source or _origin(table))
        for table, cs in tables
        for c in cs
    ]
    return Table(_FIELDS, pd.DataFrame(rows, columns=[c.name for c in _FIELDS]))


def _origin(table: str) -> str:
    return next(origin for start, origin in _ORIGINS.items() if table.startswith(start))


def _layer_columns(result: Result, name: str, layer: gpd.GeoDataFrame) -> Iterator[Column]:
    entry = next((source for source in result.sources if source.id == name), None)
    origin = f"{entry.attribution} ({entry.licence})" if entry else f"layer {name}"
    for column in layer.columns.drop("geometry"):
        declared = entry.columns.get(column) if entry else None
        common = _COMMON.get(column, Column(column, column.replace("_", " "), column))
        titles = declared.titles if declared and declared.titles else common
        unit = (declared.unit if declared else "") or common.unit
        yield Column(column, titles.en, titles.fa, unit, origin)


def notes(result: Result) -> tuple[tuple[str, str], ...]:
    """What the heading of every output must say, in English and Persian.

    Parameters
    ----------
    result : Result

    Returns
    -------
    tuple of (str, str)
        Rules of superseded law, rules that are open everywhere, sites that are only recalled;
        each if there are any.
    """
    rules = result.criteria.constraints
    old = [c for c in rules if c.status == "superseded" and c.measure is not None]
    lost = [c for c in rules if c.measure is None or c.limit is None]
    recalled = int((result.pool.frame["source_kind"] == "recalled").sum())
    bases = [result.rules.get(rule, {}).get("legal_basis", "") for c in old for rule in c.rules]
    said = []
    if old:
        basis = "; ".join(dict.fromkeys(filter(None, bases))) or "-"
        en = "Superseded law, no longer in force: a documented floor, not a permit"
        fa = "قانون منسوخ که دیگر جاری نیست: کف مستند تاریخی است، نه مجوز"
        said.append(
            (f"{en} ({basis}): {_titles(old, 'en')}.", f"{fa} ({basis}): {_titles(old, 'fa')}.")
        )
    if lost:
        en = "Open rules, no answer can be had here: no part of the verdict, never a pass"
        fa = "قاعده‌های باز که در اینجا پاسخ ندارد: در حکم نیامده و هرگز به معنای مجاز نیست"
        said.append((f"{en}: {_titles(lost, 'en')}.", f"{fa}: {_titles(lost, 'fa')}."))
    if recalled:
        en = "Recalled, not found in a source (column source_kind)"
        fa = "از حافظه، نه یافته در منبع (ستون source_kind)"
        total = len(result.pool)
        counts = f"{recalled} پهنه از {total}"
        said.append((f"{en}: {recalled} of {total} sites.", f"{fa}: {persian_digits(counts)}."))
    return tuple(said)


def _titles(constraints: list[Constraint], language: str) -> str:
    separator = "; " if language == "en" else "؛ "
    return separator.join(getattr(c.titles, language) for c in constraints)
