"""The shapefile bundle: what a committee opens in QGIS or ArcGIS, styled, in Persian.

The format holds names of 10 letters and texts of 254 bytes, and no infinity. So names are short by
construction, a name of a site that is too long is cut and listed in the README, a list of rules
that is too long ends in the count of the rest, and any other text that is too long is refused.
The GeoPackage holds everything whole.
"""

import struct
import tempfile
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from siteselect.base.errors import DataError, Fault
from siteselect.base.text import persian_digits
from siteselect.present import styles
from siteselect.present.columns import notes
from siteselect.present.tables import Column, Table, csv_text, is_text, require_same
from siteselect.study.result import Result

LIMIT_BYTES = 254
# Stands for an infinite reading, which the format cannot hold: beyond any distance or amount.
OUT_OF_REACH = 999_999_999.0
SHORT = {
    "id": "SITE_ID", "rank": "RANK", "score": "SCORE", "score_low": "SCORE_LOW",
    "score_high": "SCORE_HIGH", "known": "KNOWN", "verdict": "VERDICT", "name_fa": "NAME_FA",
    "name_en": "NAME_EN", "kind": "KIND", "province": "PROV_EN", "province_fa": "PROV_FA",
    "province_iso": "PROV_ISO", "lon": "LON", "lat": "LAT", "area_ha": "AREA_HA",
    "position_accuracy_km": "ACC_KM", "excluded_by": "EXCL_BY", "undetermined_by": "UNDET_BY",
    "source_kind": "SRC_KIND", "prob_top_k": "PROB_TOP_K", "rank_low": "RANK_LOW",
    "rank_high": "RANK_HIGH", "in_portfolio": "CHOSEN", "prob_in_portfolio": "PROB_CHO",
    "park_type": "PARK_TYPE",
}  # fmt: skip
_COUNTS = (
    ("EXCL_N", "excluded_by", "Number of screens that exclude", "شمار قاعده‌های کنارگذارنده"),
    ("UNDET_N", "undetermined_by", "Number of undecided screens", "شمار قاعده‌های نامعین"),
    ("OPEN_N", "open_rules", "Number of open rules; listed in sites.gpkg",
     "شمار قاعده‌های باز؛ فهرست در sites.gpkg"),
)  # fmt: skip
NAMES = styles.SiteNames(
    id="SITE_ID", rank="RANK", score="SCORE", verdict="VERDICT", kind="KIND",
    name_en="NAME_EN", name_fa="NAME_FA",
)  # fmt: skip
_ARABIC = str.maketrans("يىك", "ییک")
_FIXED_ENTRY = (1980, 1, 1, 0, 0, 0)


def short_table(sites: Table, criteria_ids: tuple[str, ...]) -> tuple[Table, dict[str, str]]:
    """The table of sites in the bounds of the format, and the full name behind each short one.

    Parameters
    ----------
    sites : Table
        As `siteselect.present.columns.ranking` gives it.
    criteria_ids : tuple of str, length m
        Criteria; their contributions become ``C01, C02 ..``, their performances ``P01 ..``.

    Returns
    -------
    table : Table
        Columns of at most 10 letters; texts of at most 254 bytes; no infinity.
    full : dict of str to str
        Name in ``ranking.csv`` of each column.

    Raises
    ------
    DataError
        Naming each site and field with a text that does not fit.
    """
    held = {column.name: column for column in sites.columns}
    full = {short: name for name, short in SHORT.items() if name in held}
    width = max(2, len(str(len(criteria_ids))))
    for mark in ("c", "p"):
        full |= {
            f"{mark.upper()}{i:0{width}d}": f"{mark}_{name}"
            for i, name in enumerate(criteria_ids, start=1)
        }
    cells = {short: _fitted(sites.frame[name], name) for short, name in full.items()}
    short_columns = [_renamed(held[name], short) for short, name in full.items()]
    for short, name, en, fa in _COUNTS:
        counts = [len(rules.split("; ")) if rules else 0 for rules in sites.frame[name]]
        cells[short] = pd.Series(counts, dtype="Int64")
        short_columns.append(Column(short, en, fa, "count", held[name].source))
        full[short] = name
    table = Table(tuple(short_columns), pd.DataFrame(cells))
    _refuse_long(table.frame)
    return table, full


def _renamed(column: Column, short: str) -> Column:
    en, fa = (part.replace("inf:", f"{OUT_OF_REACH:.0f}:") for part in (column.en, column.fa))
    return Column(short, en, fa, column.unit, column.source)


def _fitted(series: pd.Series, name: str) -> pd.Series:
    if pd.api.types.is_float_dtype(series):
        return series.replace([np.inf, -np.inf], [OUT_OF_REACH, -OUT_OF_REACH])
    if not is_text(series):
        return series
    plain = series.map(lambda cell: cell.translate(_ARABIC).strip())
    if name in ("name_en", "name_fa"):
        plain = plain.map(cut)
    elif name in ("excluded_by", "undetermined_by"):
        plain = plain.map(cut_list)
    return plain.astype(object)


def cut(text: str) -> str:
    """A text cut between two letters to what the format holds, with an ellipsis.

    Examples
    --------
    >>> len(cut("ی" * 300).encode()), cut("Pars")
    (253, 'Pars')
    """
    if len(text.encode()) <= LIMIT_BYTES:
        return text
    room = LIMIT_BYTES - len("…".encode())
    return text.encode()[:room].decode("utf-8", errors="ignore") + "…"


def cut_list(text: str) -> str:
    """A list of rules cut between two of them, with the count of the rest.

    Examples
    --------
    >>> cut_list("; ".join(f"rule_{i:02d}" for i in range(40)))[-21:]
    'rule_25; rule_26; +13'
    """
    rules = text.split("; ")
    kept = len(rules)
    while len(text.encode()) > LIMIT_BYTES:
        kept -= 1
        text = "; ".join([*rules[:kept], f"+{len(rules) - kept}"])
    return text


def _refuse_long(frame: pd.DataFrame) -> None:
    faults = [
        Fault(f"{len(cell.encode())} bytes do not fit a shapefile, which holds {LIMIT_BYTES}",
              file="sites_shapefile.zip", row=str(site), field=name)
        for name in (c for c in frame.columns if is_text(frame[c]))
        for site, cell in zip(frame["SITE_ID"], frame[name], strict=True)
        if len(cell.encode()) > LIMIT_BYTES
    ]  # fmt: skip
    if faults:
        raise DataError(faults)


def write(result: Result, sites: Table, path: Path) -> None:
    """Write the bundle: shapefile, styles, list of fields and a Persian README, in one archive.

    Parameters
    ----------
    result : Result
    sites : Table
        As `siteselect.present.columns.ranking` gives it.
    path : pathlib.Path
        The archive; the same bytes for the same result.

    Raises
    ------
    DataError
        If a text does not fit, or the shapefile does not read back as it was written.
    """
    table, full = short_table(sites, result.scores.criteria_ids)
    aliases = {column.name: column.fa for column in table.columns}
    texts = {
        "README_fa.txt": readme(result, sites),
        "fields.csv": csv_text(_dictionary(table, full)),
        "sites.qml": styles.sites_qml(NAMES, aliases),
        "sites.sld": styles.sites_sld(NAMES),
    }
    entries = {name: text.encode() for name, text in texts.items()} | _shapefile(table)
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(entries):
            entry = zipfile.ZipInfo(name, _FIXED_ENTRY)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, entries[name], zipfile.ZIP_DEFLATED, 9)


def _shapefile(table: Table) -> dict[str, bytes]:
    points = gpd.points_from_xy(table.frame["LON"], table.frame["LAT"], crs="EPSG:4326")
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "sites.shp"
        pyogrio.write_dataframe(
            gpd.GeoDataFrame(table.frame, geometry=points),
            path,
            driver="ESRI Shapefile",
            encoding="UTF-8",
            geometry_type="Point",
        )
        back = pyogrio.read_dataframe(path)
        require_same(table.frame, back, file="sites_shapefile.zip", key="SITE_ID")
        files = {part.name: part.read_bytes() for part in sorted(Path(scratch).iterdir())}
    dbf = files["sites.dbf"]
    # Bytes 1 to 3 of a DBF hold the day of writing (years since 1900, month, day).
    files["sites.dbf"] = dbf[:1] + struct.pack("3B", 100, 1, 1) + dbf[4:]
    return files


def _dictionary(table: Table, full: dict[str, str]) -> Table:
    heads = (
        Column("short_name", "", ""), Column("full_name", "", ""), Column("en", "", ""),
        Column("fa", "", ""), Column("unit", "", ""), Column("source", "", ""),
    )  # fmt: skip
    rows = [(c.name, full[c.name], c.en, c.fa, c.unit, c.source) for c in table.columns]
    return Table(heads, pd.DataFrame(rows, columns=[head.name for head in heads]))


def readme(result: Result, sites: Table) -> str:
    """What the reader of the bundle must know, in Persian.

    Parameters
    ----------
    result : Result
    sites : Table
        As `siteselect.present.columns.ranking` gives it.

    Returns
    -------
    str
        Text with line feeds.
    """
    frame = sites.frame
    long = [
        site
        for site, *names in zip(frame["id"], frame["name_fa"], frame["name_en"], strict=True)
        if any(len(name.encode()) > LIMIT_BYTES for name in names)
    ]
    ranked, total = int(frame["rank"].notna().sum()), len(frame)
    lines = [
        f"{result.study.titles.fa}، {result.criteria.titles.fa}",
        "",
        persian_digits(f"{total} پهنهٔ نامزد، {ranked} پهنه با رتبه."),
        "پهنه‌های نامعین رتبه دارند و سبب آن در ستون UNDET_BY است.",
        "پهنه‌های با دادهٔ ناکافی و سپس کنارگذاشته‌ها بی‌رتبه در پایان می‌آیند.",
        "",
        *(f"* {fa}" for _, fa in notes(result)),
        "",
        "دستگاه مختصات: WGS84، EPSG:4326. نویسه‌ها: UTF-8.",
        "هر پهنه یک نقطهٔ نماینده است؛ گسترهٔ پهنه‌ها در لایهٔ site_areas از sites.gpkg است.",
        "معنای ستون‌ها در fields.csv: نام کوتاه، نام کامل، انگلیسی، فارسی، یکا، منبع.",
        f"خانهٔ خالی یعنی نامعلوم؛ {OUT_OF_REACH:.0f} یعنی چیزی در دسترس نیست.",
        "متن در این قالب بیش از ۲۵۴ بایت نمی‌گیرد؛ متن کامل در sites.gpkg و ranking.csv است.",
        "QGIS شیوهٔ sites.qml را خودکار به کار می‌برد؛ sites.sld برای کارسازهای نقشه است.",
    ]
    if long:
        lines.append(f"نام این پهنه‌ها کوتاه شده است: {'، '.join(long)}")
    lines += ["", "منبع داده‌ها و پروانهٔ هر یک:"]
    lines += [f"* {s.titles.fa}: {s.attribution} ({s.licence})" for s in result.sources]
    if result.warnings:
        lines += ["", "هشدارها:", *(f"* {warning}" for warning in result.warnings)]
    return "\n".join(lines) + "\n"
