"""GeoJSON and KML, read without GDAL: their faults can then be named by offset and feature.

No entity is expanded, no link is followed, and nothing is dropped: a feature that cannot be read
is a fault.
"""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from siteselect.base.errors import DataError, Fault
from siteselect.world.admit import parse_xml, refuse, shown

Record = tuple[dict[str, Any], Any]
WGS84 = "EPSG:4326"
_CODE = re.compile(r"(urn:ogc:def:crs:)?[A-Za-z]+:[\d.]*:?[A-Za-z0-9]+")
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")  # a letter may be written in two halves
DEEPEST = 20  # groups of geometries within groups
_MULTI = {"Point": "MultiPoint", "LineString": "MultiLineString", "Polygon": "MultiPolygon"}


def feature_name(properties: Any, number: int) -> str:
    """What a fault calls a feature: by its id, else by its number.

    Examples
    --------
    >>> feature_name({"id": "P1"}, 1), feature_name({}, 2)
    ('feature P1', 'feature 2')
    """
    name = str(properties.get("id", "")).strip()
    return f"feature {number if name in ('', 'nan', 'None') else shown(name)[1:-1]}"


def read_geojson(path: Path, *, warnings: list[Fault]) -> gpd.GeoDataFrame:
    """The features of a GeoJSON file (RFC 7946), with the older ``crs`` member if it is there.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    warnings : list of Fault
        Rings that had to be closed.

    Returns
    -------
    geopandas.GeoDataFrame
        Index: number of the feature, from 1.

    Raises
    ------
    DataError
        If it is cut short or no GeoJSON, and for each feature that cannot be read.
    """
    data = _json(path)
    kind = data.get("type") if isinstance(data, dict) else None
    features = data.get("features") if kind == "FeatureCollection" else [data]
    if kind == "Topology" or not isinstance(kind, str) or not isinstance(features, list):
        raise DataError(Fault("is JSON but no GeoJSON", file=path.name))
    if kind not in ("FeatureCollection", "Feature"):
        features = [{"type": "Feature", "properties": {}, "geometry": data}]
    faults, records = [], []
    for number, feature in enumerate(features, start=1):
        properties = feature.get("properties") or {} if isinstance(feature, dict) else None
        if not isinstance(properties, dict):
            faults.append(Fault("is no feature", path.name, f"feature {number}"))
            continue
        own = {"id": feature["id"]} if "id" in feature else {}
        records.append((own | properties, feature.get("geometry")))
    refuse(faults)
    return _frame(records, _crs(data, path.name), path.name, warnings)


def _json(path: Path) -> Any:
    data = path.read_bytes()
    try:
        found = json.loads(
            data.decode("utf-8-sig"), parse_constant=_no_constant, object_pairs_hook=_once
        )
        return _whole(found) if _HALF.search(data) else found
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 at byte {error.start}; GeoJSON must be"
    except json.JSONDecodeError as error:
        at = len(error.doc[: error.pos].encode())
        whole = error.doc.rstrip().endswith(("}", "]"))
        message = f"is no JSON at byte {at} (line {error.lineno})"
        if error.msg == "Extra data":
            message = f"goes on at byte {at} (line {error.lineno}), after the end of its JSON"
        elif not whole:
            message = f"is cut short: it ends at byte {len(data)}, within a feature"
    except RecursionError:
        message = "is nested too deep"
    except ValueError as error:
        message = str(error) if str(error).startswith("holds") else "holds a number too long"
    raise DataError(Fault(message, file=path.name))


def _whole(found: Any) -> Any:
    """What was read, if no letter of it is a half that lost the other."""
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = ascii(error.object[error.start])[1:-1]
        raise ValueError(f"holds {half}, which is half of a letter") from error
    return found


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"holds {word}, which is no number in JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"holds the key {shown(twice)} twice in one object")
    return found


def _crs(data: Any, file: str) -> str:
    member = data.get("crs")
    try:
        name = member["properties"]["name"] if member else WGS84
        # A code only: text in the language of PROJ may name files to be opened.
        crs = CRS.from_user_input(str(name) if _CODE.fullmatch(str(name)) else "")
    except (CRSError, KeyError, TypeError) as error:
        raise DataError(Fault("names a CRS that is not known", file=file, field="crs")) from error
    return WGS84 if "CRS84" in str(name) else crs.to_string()


def read_kml(path: Path, *, warnings: list[Fault]) -> gpd.GeoDataFrame:
    """The placemarks of a KML file: name, description, extended data and geometry.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    warnings : list of Fault
        Rings that had to be closed.

    Returns
    -------
    geopandas.GeoDataFrame
        In EPSG:4326; index: number of the placemark, from 1.

    Raises
    ------
    DataError
        If it declares a document type, is no KML, or links to another file.
    """
    root = parse_xml(path.read_bytes(), "the KML", path.name)
    if _tag(root) != "kml":
        raise DataError(Fault("is XML but no KML", file=path.name))
    if next(root.iterfind(".//{*}NetworkLink"), None) is not None:
        raise DataError(Fault("links to another file; export it without links", file=path.name))
    marks = root.iterfind(".//{*}Placemark")
    records = [(_properties(mark), _geometry(mark)) for mark in marks]
    return _frame(records, WGS84, path.name, warnings)


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def _properties(mark: ElementTree.Element) -> dict[str, Any]:
    found: dict[str, Any] = {"id": mark.get("id")} if mark.get("id") else {}
    for name in ("name", "description"):
        text = mark.findtext(f"{{*}}{name}")
        if text is not None:
            found[name] = text.strip()
    for item in mark.iterfind("{*}ExtendedData//*"):
        if _tag(item) in ("Data", "SimpleData") and item.get("name"):
            text = item.findtext("{*}value") if _tag(item) == "Data" else item.text
            found[item.get("name", "")] = (text or "").strip()
    return found


def _geometry(holder: ElementTree.Element, depth: int = 0) -> dict[str, Any] | None:
    """The geometry of a placemark, as GeoJSON has it; None if there is none."""
    if depth > DEEPEST:
        return {"type": "nested too deep"}
    parts = [part for part in (_shape(one, depth) for one in holder) if part]
    if len(parts) < 2:
        return parts[0] if parts else None
    kinds = {part["type"] for part in parts}
    kind = _MULTI.get(kinds.pop()) if len(kinds) == 1 else None
    if kind:
        return {"type": kind, "coordinates": [part["coordinates"] for part in parts]}
    return {"type": "GeometryCollection", "geometries": parts}


def _shape(element: ElementTree.Element, depth: int) -> dict[str, Any] | None:
    kind = _tag(element)
    if kind == "MultiGeometry":
        return _geometry(element, depth + 1)
    if kind == "Polygon":
        rings = element.findall("{*}outerBoundaryIs") + element.findall("{*}innerBoundaryIs")
        texts = [ring.findtext("{*}LinearRing/{*}coordinates") for ring in rings]
        return {"type": kind, "coordinates": [_positions(text) for text in texts]}
    if kind in ("Point", "LineString", "LinearRing"):
        line = _positions(element.findtext("{*}coordinates"))
        kind = "LineString" if kind == "LinearRing" else kind
        # A point of several positions, or of none, is left as it stands and cannot be read then.
        alone = kind == "Point" and len(line) == 1 and bool(line[0])
        return {"type": kind, "coordinates": line[0] if alone else line}
    return None


def _positions(text: str | None) -> list[list[float]]:
    try:
        return [[float(n) for n in one.split(",")[:2]] for one in (text or "").split()]
    except ValueError:
        return [[]]  # no position


def _frame(records: list[Record], crs: str, file: str, warnings: list[Fault]) -> gpd.GeoDataFrame:
    texts = []
    for number, (properties, geometry) in enumerate(records, start=1):
        if _close(geometry):
            name = feature_name(properties, number)
            warnings.append(Fault("its ring was not closed; closed it", file, name))
        texts.append(json.dumps(geometry) if geometry is not None else None)
    shapes = shapely.from_geojson(np.array(texts, dtype=object), on_invalid="ignore")
    refuse([
        Fault("its geometry cannot be read", file, feature_name(properties, number))
        for number, ((properties, geometry), shape) in enumerate(
            zip(records, shapes, strict=True), start=1
        )
        if geometry is not None and shape is None
    ])  # fmt: skip
    rows = [{_column(key): _plain(value) for key, value in row.items()} for row, _ in records]
    # As they stand: beside a blank, whole numbers would become others of 16 digits.
    frame = pd.DataFrame(rows, index=range(1, len(rows) + 1), dtype=object)
    return gpd.GeoDataFrame(frame, geometry=list(shapes), crs=crs)


def _column(key: str) -> str:
    return "geometry_" if key == "geometry" else key


def _plain(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value


def _close(geometry: Any) -> bool:
    """Close the rings of a polygon where its last position is not its first."""
    if not isinstance(geometry, dict) or not isinstance(geometry.get("coordinates"), list):
        return False
    outlines = geometry["coordinates"]
    if geometry.get("type") == "MultiPolygon":
        outlines = [ring for part in outlines if isinstance(part, list) for ring in part]
    elif geometry.get("type") != "Polygon":
        return False
    open_rings = [
        ring
        for ring in outlines
        if isinstance(ring, list) and len(ring) > 2 and ring[0] != ring[-1]
    ]
    for ring in open_rings:
        ring.append(ring[0])
    return bool(open_rings)
