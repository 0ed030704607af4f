"""Exports: the tables and layers of a run as files that Excel, QGIS and scripts open.

Every file has the same bytes for the same result: dates inside are fixed, archive entries are
sorted, numbers are rounded once. Every file is read back before the writer returns.
"""

import csv
import datetime
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from numpy.typing import NDArray

from siteselect.base.errors import DataError, Fault
from siteselect.base.files import write_text
from siteselect.declared.answers import SETTLES, STATUS
from siteselect.present import chosen, columns, rasters, shapefile, styles, trust
from siteselect.present.tables import Table, csv_text, is_text, require_same, shown_column
from siteselect.study.result import Result
from siteselect.world.places import Surface, Window

FILES = (
    "ranking.csv", "ranking.xlsx", "fields.csv", "sites.gpkg", "sites_shapefile.zip",
    "sites.geojson", "suitability.tif", "excluded_by.csv",
)  # fmt: skip
# Besides, if the study asks how sure the ranking is.
TRUST_FILES = ("robustness.csv", "drivers.csv", "flips.csv", "levers.csv", "robustness.tif")
# Stands in files that insist on a date, so that the same result gives the same bytes.
FIXED_DATE = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
VERDICT_FA = {
    "eligible": "مجاز", "undetermined": "نامعین", "excluded": "کنارگذاشته", "open": "باز",
}  # fmt: skip
KIND_FA = {
    "estate": "شهرک یا ناحیهٔ صنعتی", "special_zone": "منطقهٔ ویژه یا آزاد",
    "extension": "توسعهٔ شهرک", "greenfield": "پهنهٔ تازه", "proposed": "پیشنهادی",
}  # fmt: skip
SOURCE_FA = {"found": "یافته", "recalled": "از حافظه"}
_ASKED_FA = {
    "answer": VERDICT_FA,
    "legal_status": columns.STATUS_FA,
    "settles": {name: titles.fa for name, titles in SETTLES.items()},
    "status": {name: titles.fa for name, titles in STATUS.items()},
}


def write(result: Result, folder: Path) -> None:
    """Write the tables and layers of a run, and read each of them back.

    Parameters
    ----------
    result : Result
        What the run found.
    folder : pathlib.Path
        An existing folder; files of these names are replaced.

    Raises
    ------
    DataError
        If a text does not fit a format, or a file does not read back as it was written; the
        faults name file, row and field.
    """
    sites, rules = columns.ranking(result), columns.excluded_by(result)
    layers = columns.layers(result, sites)
    fields = columns.fields(result, sites, layers)
    write_csv(sites, folder / "ranking.csv")
    write_csv(rules, folder / "excluded_by.csv")
    write_csv(fields, folder / "fields.csv")
    write_workbook(result, (sites, rules, fields), folder / "ranking.xlsx")
    write_geopackage(layers, fields, folder / "sites.gpkg")
    shapefile.write(result, sites, folder / "sites_shapefile.zip")
    write_geojson(result, sites, folder / "sites.geojson")
    write_surface(result, folder / "suitability.tif")
    for name, table in {**trust.tables(result), **chosen.tables(result)}.items():
        write_csv(table, folder / name)
    if result.surface.spread is not None:
        write_spread(result, result.surface.spread, folder / "robustness.tif")


def write_csv(table: Table, path: Path) -> None:
    """Write a table as CSV in UTF-8 with a byte order mark; no cell can run as a formula.

    Parameters
    ----------
    table : Table
    path : pathlib.Path

    Raises
    ------
    DataError
        If the file does not read back cell for cell.
    """
    content = csv_text(table)
    write_text(path, content)
    with path.open(encoding="utf-8-sig", newline="") as handle:
        back = list(csv.reader(handle))
    columns = [shown_column(table.frame.iloc[:, at]) for at in range(table.frame.shape[1])]
    if back[1:] != [list(row) for row in zip(*columns, strict=True)]:
        raise DataError(Fault("does not read back as it was written", file=path.name))


def write_workbook(result: Result, tables: tuple[Table, Table, Table], path: Path) -> None:
    """Write the workbook: ranking in Persian and English, weights, rules, value chain, fields.

    Parameters
    ----------
    result : Result
    tables : (Table, Table, Table)
        Sites, rules and fields.
    path : pathlib.Path

    Raises
    ------
    DataError
        If a text does not fit a cell (32,767 letters), or is not found in the file afterwards.
    """
    import xlsxwriter

    sites, rules, fields = tables
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": FIXED_DATE.replace(tzinfo=None)})
        notes = columns.notes(result)
        titles = (result.study.titles, result.criteria.titles)
        heading_fa = ["، ".join(title.fa for title in titles), *(fa for _, fa in notes)]
        heading_en = [", ".join(title.en for title in titles), *(en for en, _ in notes)]
        _sheet(book, "رتبه‌بندی", _persian(sites), heading=heading_fa, persian=True)
        _sheet(book, "Ranking", sites, heading=heading_en)
        _sheet(book, "وزن‌ها", columns.weights(result), heading=heading_fa[:1], persian=True)
        _sheet(book, "قاعده‌ها", rules, heading=heading_fa, persian=True)
        for name, table in chosen.tables(result).items():
            if title := chosen.SHEETS.get(name):
                asked = _ASKED_FA if name == "inquiries.csv" else {}
                told = _persian(table, asked)
                _sheet(book, title, told, heading=heading_fa[:1], persian=True)
        _sheet(book, "ستون‌ها", fields, heading=heading_fa[:1], persian=True)
    _check_workbook(sites, path)


def _persian(sites: Table, more: Mapping[str, Mapping[str, str]] = MappingProxyType({})) -> Table:
    words = {
        "verdict": VERDICT_FA, "kind": KIND_FA, "source_kind": SOURCE_FA, "figures": SOURCE_FA,
        **more,
    }  # fmt: skip
    frame = sites.frame.assign(
        **{
            name: sites.frame[name].map(lambda word, fa=fa: fa.get(word, word)).astype(object)
            for name, fa in words.items()
            if name in sites.frame
        }
    )
    return Table(sites.columns, frame)


def _sheet(
    book: Any, name: str, table: Table, *, heading: list[str], persian: bool = False
) -> None:
    sheet = book.add_worksheet(name)
    reading = {"reading_order": 2 if persian else 1}
    bold = book.add_format({"bold": True, **reading})
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1,
                            "bg_color": "#E6F0F8", **reading})  # fmt: skip
    if persian:
        sheet.right_to_left()
    sheet.set_landscape()
    for row, sentence in enumerate(heading):
        _put(sheet, row, 0, sentence, bold)
    top = len(heading) + 1
    sheet.set_row(top, 48)
    sheet.repeat_rows(top)
    for j, column in enumerate(table.columns):
        title = (column.fa if persian else column.en) or column.name
        unit = f" ({column.unit})" if column.unit else ""
        _put(sheet, top, j, f"{title}{unit}", head)
        sheet.set_column(j, j, 24 if is_text(table.frame[column.name]) else 11)
        cell_format = book.add_format(
            {"num_format": _number_format(column.name, column.unit), **reading}
        )
        for i, cell in enumerate(table.frame[column.name], start=top + 1):
            _put(sheet, i, j, cell, cell_format)
    sheet.freeze_panes(top + 1, 3)
    sheet.autofilter(top, 0, top + max(len(table.frame), 1), len(table.columns) - 1)
    names = [column.name for column in table.columns]
    if "score" in names and len(table.frame):
        j = names.index("score")
        sheet.conditional_format(
            top + 1, j, top + len(table.frame), j,
            {"type": "data_bar", "bar_solid": True, "bar_color": "#35A088", "min_type": "num",
             "max_type": "num", "min_value": 0, "max_value": 1,
             "bar_direction": "right" if persian else "left"},
        )  # fmt: skip


# Units whose figures are not known to more than a decimal.
_AMOUNTS = ("kt/y", "t/y", "km", "USD/t")


def _number_format(name: str, unit: str = "") -> str:
    if name in ("lon", "lat"):
        return "0.00000"
    if name in ("known", "weight", "prob_top_k"):
        return "0.0%"
    if name.startswith(("score", "c_")):
        return "0.000"
    if unit in _AMOUNTS:
        return "#,##0.0"
    return "0.##" if name.startswith("p_") else "General"


def _put(sheet: Any, row: int, column: int, cell: Any, cell_format: Any) -> None:
    """One cell with its type said aloud: a text is never taken for a formula, link or number."""
    if not isinstance(cell, str) and pd.isna(cell):
        return
    if isinstance(cell, str) or np.isinf(cell):
        outcome = sheet.write_string(row, column, str(cell), cell_format)
    else:
        outcome = sheet.write_number(row, column, cell, cell_format)
    if outcome:
        raise DataError(
            Fault("does not fit a cell of a workbook", file="ranking.xlsx",
                  row=f"sheet {sheet.get_name()}, row {row + 1}", field=f"column {column + 1}")
        )  # fmt: skip


def _check_workbook(sites: Table, path: Path) -> None:
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(path) as archive:
        strings = ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))  # noqa: S314 - ours
        rows = archive.read("xl/worksheets/sheet1.xml").count(b"<row ")
    held = {
        re.sub("_x([0-9A-F]{4})_", lambda code: chr(int(code[1], 16)), "".join(item.itertext()))
        for item in strings.iter(f"{space}si")
    }
    faults = [
        Fault("is not in the file", file=path.name, row=site, field=name)
        for name in ("id", "name_fa", "name_en")
        for site, cell in zip(sites.frame["id"], sites.frame[name], strict=True)
        if cell and cell not in held
    ]
    if rows < len(sites.frame):
        faults.append(Fault(f"holds {rows} rows for {len(sites.frame)} sites", file=path.name))
    if faults:
        raise DataError(faults)


def write_geopackage(layers: Mapping[str, gpd.GeoDataFrame], fields: Table, path: Path) -> None:
    """Write the layers with their QGIS styles, in GeoPackage 1.2, which older QGIS reads too.

    Parameters
    ----------
    layers : mapping of str to geopandas.GeoDataFrame
        As `siteselect.present.columns.layers` gives them.
    fields : Table
        As `siteselect.present.columns.fields` gives it; its Persian headings become aliases.
    path : pathlib.Path

    Raises
    ------
    DataError
        If a layer does not read back as it was written.
    """
    path.unlink(missing_ok=True)
    stamp = FIXED_DATE.strftime("%Y-%m-%dT%H:%M:%SZ")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": stamp})
    try:
        for name, layer in layers.items():
            _write_layer(layer, name, path)
        pyogrio.write_dataframe(_layer_styles(layers, fields, stamp), path, layer="layer_styles",
                                driver="GPKG")  # fmt: skip
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
    for name, layer in layers.items():
        back = pyogrio.read_dataframe(path, layer=name, read_geometry=False)
        plain = pd.DataFrame(layer.drop(columns="geometry"))
        key = "id" if "id" in plain else plain.columns[0]
        require_same(plain, back, file=f"{path.name}: {name}", key=key)


def _write_layer(layer: gpd.GeoDataFrame, name: str, path: Path) -> None:
    kinds = {kind.removeprefix("Multi") for kind in layer.geom_type.dropna()}
    common = kinds.pop() if len(kinds) == 1 else "Unknown"
    if name in ("site_areas", "provinces"):
        common = "Polygon"
    many = common in ("Polygon", "LineString")
    pyogrio.write_dataframe(
        layer,
        path,
        layer=name,
        driver="GPKG",
        geometry_type=f"Multi{common}" if many else common,
        promote_to_multi=many,
        dataset_options={"VERSION": "1.2"},
        layer_options={"FID": "fid", "GEOMETRY_NAME": "geom"},
    )


def _layer_styles(
    layers: Mapping[str, gpd.GeoDataFrame], fields: Table, stamp: str
) -> pd.DataFrame:
    """The table in which QGIS looks for the style of a layer."""
    meanings = {
        (table.split("sites.gpkg: ")[-1], name): fa
        for table, name, fa in zip(*(fields.frame[c] for c in ("table", "name", "fa")), strict=True)
    }
    rows = []
    for name, layer in layers.items():
        aliases = {c: meanings[name, c] for c in layer.columns.drop("geometry")}
        ours = name == "sites"
        qml = (
            styles.sites_qml(styles.SiteNames(), aliases)
            if ours
            else styles.layer_qml(name, aliases)
        )
        sld = styles.sites_sld(styles.SiteNames()) if ours else ""
        rows.append(("", "", name, "geom", name, qml, sld, 1, "siteselect", "", "", stamp))
    heads = ("f_table_catalog", "f_table_schema", "f_table_name", "f_geometry_column", "styleName",
             "styleQML", "styleSLD", "useAsDefault", "description", "owner", "ui",
             "update_time")  # fmt: skip
    return pd.DataFrame(rows, columns=list(heads))


def write_geojson(result: Result, sites: Table, path: Path) -> None:
    """Write the sites as GeoJSON (RFC 7946): WGS84, 6 decimals, null for unknown.

    Parameters
    ----------
    result : Result
    sites : Table
        As `siteselect.present.columns.ranking` gives it.
    path : pathlib.Path

    Raises
    ------
    DataError
        If the file does not read back as it was written.

    References
    ----------
    RFC 7946, The GeoJSON Format; foreign members (section 6.1) carry the notes of the run.
    """
    notes = columns.notes(result)
    head = {"type": "FeatureCollection", "name": "sites",
            "notes_en": [en for en, _ in notes], "notes_fa": [fa for _, fa in notes]}  # fmt: skip
    features = [
        {"type": "Feature", "id": row["id"],
         "geometry": {"type": "Point", "coordinates": [row["lon"], row["lat"]]},
         "properties": {name: _json_value(cell) for name, cell in row.items()}}
        for row in sites.frame.to_dict("records")
    ]  # fmt: skip
    lines = ",\n".join(json.dumps(f, ensure_ascii=False, allow_nan=False) for f in features)
    opening = json.dumps(head, ensure_ascii=False)[:-1]
    write_text(path, f'{opening}, "features": [\n{lines}\n]}}\n')
    if json.loads(path.read_text("utf-8")) != head | {"features": features}:
        raise DataError(Fault("does not read back as it was written", file=path.name))


def _json_value(cell: Any) -> Any:
    if isinstance(cell, str):
        return cell
    if pd.isna(cell):
        return None
    return "inf" if np.isinf(cell) else cell


def write_surface(result: Result, path: Path) -> None:
    """Write score, known share and verdict of each cell as a cloud-optimised GeoTIFF.

    Parameters
    ----------
    result : Result
    path : pathlib.Path
        Overviews take the nearest cell, so that a verdict is never averaged and the three bands
        of an overview speak of the same cell.

    Raises
    ------
    DataError
        If the bands do not read back as they were written.
    """
    names, units = rasters.SCORE_BANDS
    _write_raster(result, _bands(result.surface), path, bands=names, units=units)


def write_spread(result: Result, spread: NDArray[np.float32], path: Path) -> None:
    """Write how far the score of each cell moves, as a cloud-optimised GeoTIFF.

    Parameters
    ----------
    result : Result
    spread : numpy.ndarray of float32, shape (rows, columns)
        Standard deviation of the score.
    path : pathlib.Path

    Raises
    ------
    DataError
        If the band does not read back as it was written.
    """
    _write_raster(result, spread[None], path, bands=("score_sd",), units=("score",))


def _write_raster(
    result: Result,
    cells: NDArray[np.float32],
    path: Path,
    *,
    bands: tuple[str, ...],
    units: tuple[str, ...],
) -> None:
    grid = result.surface.grid
    tags = {
        "software": rasters.SOFTWARE,
        "name": result.study.id,
        "title": result.study.titles.en,
        "title_fa": result.study.titles.fa,
        "version": str(result.manifest.get("version", "")),
        **rasters.criteria_tags(result.criteria, grid.crs),
        "notes": "\n".join(en for en, _ in columns.notes(result)),
    }
    whole = Window(0, 0, *grid.shape)
    rasters.cog(path, grid, rasters.Bands(bands, units, tags), windows=[(whole, cells)])


def _bands(surface: Surface) -> NDArray[np.float32]:
    inside = surface.verdict >= 0
    bands = np.full((3, *inside.shape), np.nan, dtype=np.float32)
    np.copyto(bands[0], surface.score, where=inside)
    np.copyto(bands[1], surface.known, where=inside)
    np.copyto(bands[2], surface.verdict, where=inside)
    return bands
