"""A toy world with known answers: two square provinces, a port, a park nobody may touch."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS
from shapely.geometry import LineString, Point, box

from siteselect.decide.score import score
from siteselect.decide.table import PerformanceTable
from siteselect.declared.criteria import CriteriaSet
from siteselect.declared.sources import Source
from siteselect.declared.study import ALBERS, Study, Trust
from siteselect.study.result import Result
from siteselect.study.robustness import robustness
from siteselect.world.places import Grid, Places, Sites, Surface

ANALYSIS = CRS.from_user_input(ALBERS)
PROVINCES = gpd.GeoDataFrame(
    {
        "iso": ["IR-18", "IR-22"],
        "name_en": ["Bushehr", "Hormozgan"],
        "name_fa": ["بوشهر", "هرمزگان"],
    },
    geometry=[box(50.0, 28.0, 51.0, 29.0), box(51.0, 28.0, 52.0, 29.0)],
    crs="EPSG:4326",
)


def titles(en: str, fa: str) -> dict[str, str]:
    """A title as it stands in YAML."""
    return {"en": en, "fa": fa}


def criteria_data() -> dict[str, Any]:
    """A small complete criteria set, as plain data."""

    def criterion(name: str, group: str, weight: float, unit: str, knots: Any) -> dict[str, Any]:
        return {
            "id": name,
            "group": group,
            "weight": weight,
            "unit": unit,
            "knots": knots,
            "titles": titles(f"Distance to {name}", f"فاصله تا {name}"),
            "measure": {"kind": "distance", "target": {"layer": name}},
            "evidence": "Engineering judgement.",
        }

    return {
        "id": "toy",
        "titles": titles("Toy park", "پارک آزمون"),
        "version": "1",
        "needs": {"land_ha": [50, 100], "water_m3_d": [100, 200], "power_mw": [1, 2]},
        "groups": {
            "transport": {"weight": 0.6, "titles": titles("Transport", "حمل‌ونقل")},
            "nature": {"weight": 0.4, "titles": titles("Nature", "طبیعت")},
        },
        "criteria": [
            criterion("ports", "transport", 0.7, "km", [[0, 1.0], [100, 0.0]]),
            criterion("railways", "transport", 0.3, "km", [[0, 1.0], [50, 0.0]]),
            criterion("protected", "nature", 1.0, "km", [[0, 0.0], [30, 1.0]]),
        ],
        "constraints": [
            {
                "id": "national_park",
                "role": "screen",
                "titles": titles("National park", "پارک ملی"),
                "rules": ["SR-010"],
                "measure": {"kind": "distance", "target": {"layer": "protected"}},
                "at_least": 1.0,
                "authority": "Department of Environment",
                "authority_fa": "سازمان حفاظت محیط زیست",
                "status": "superseded",
            },
            {
                "id": "regulation_1390",
                "role": "inquiry",
                "titles": titles("Regulation of 1390", "ضوابط ۱۳۹۰"),
                "rules": ["SR-035"],
                "authority": "Department of Environment",
                "authority_fa": "سازمان حفاظت محیط زیست",
                "status": "needs legal text",
            },
        ],
    }


def criteria_set() -> CriteriaSet:
    """The toy criteria."""
    import json

    return CriteriaSet.model_validate_json(json.dumps(criteria_data()))


def source(name: str = "ports", **changes: Any) -> Source:
    """A catalogue entry."""
    data = {
        "id": name,
        "titles": {"en": name.title(), "fa": "بندرها"},
        "file": f"{name}.csv",
        "kind": "points",
        "sha256": "0" * 64,
        "licence": "CC BY 4.0",
        "attribution": "Nobody",
        "date": "2026",
        "quality": "Invented.",
        "position_accuracy_km": 2.0,
        "accuracy_basis": "invented",
        "coverage": "complete",
        "coverage_scope": "all of the toy world",
        "source_kind": "found",
    } | changes
    return Source.model_validate(data)


def site_frame(n: int = 12, seed: int = 0, names: list[str] | None = None) -> gpd.GeoDataFrame:
    """Sites strewn over the two provinces; every fourth is a polygon."""
    rng = np.random.default_rng(seed)
    lon, lat = rng.uniform(50.05, 51.95, n), rng.uniform(28.05, 28.95, n)
    kinds = np.array(["estate", "special_zone", "greenfield", "proposed"])[np.arange(n) % 4]
    frame = gpd.GeoDataFrame(
        {
            "id": [f"T-{i:02d}" for i in range(n)],
            "name_en": names or [f"Site {i}" for i in range(n)],
            "name_fa": [f"پهنهٔ {i}" for i in range(n)],
            "kind": kinds,
            "province": np.where(lon < 51, "IR-18", "IR-22"),
            "lon": lon,
            "lat": lat,
            "position_accuracy_km": np.where(kinds == "greenfield", 0.0, 5.0),
            "area_ha": np.where(np.arange(n) % 3 == 0, np.nan, 400.0),
            "status": "operating",
            "source": "invented",
            "source_kind": np.where(np.arange(n) % 5 == 0, "recalled", "found"),
            "note": "",
        },
        geometry=[Point(a, b) for a, b in zip(lon, lat, strict=True)],
        crs="EPSG:4326",
    ).to_crs(ANALYSIS)
    polygon = frame["kind"].to_numpy() == "greenfield"
    frame.loc[polygon, "geometry"] = frame.loc[polygon].buffer(1000, cap_style="square")
    return frame


def table_of(frame: gpd.GeoDataFrame, criteria: CriteriaSet, seed: int = 0) -> PerformanceTable:
    """Invented readings of sites: one in ten unknown, bounds as wide as the accuracy."""
    rng = np.random.default_rng(seed)
    columns = [c.id for c in criteria.criteria] + [
        c.id for c in criteria.constraints if c.measure is not None
    ]
    values = rng.uniform(0, 60, (len(frame), len(columns)))
    weighed = (len(frame), len(criteria.criteria))
    values[:, : weighed[1]][rng.uniform(size=weighed) < 0.1] = np.nan
    slack = frame["position_accuracy_km"].to_numpy()[:, None]
    return PerformanceTable(
        place_ids=frame["id"].to_numpy(),
        column_ids=tuple(columns),
        units=("km",) * len(columns),
        values=values,
        lower=np.maximum(values - slack, 0),
        upper=values + slack,
        source_ids=tuple((c,) for c in columns),
    )


def toy_result(
    n: int = 12, names: list[str] | None = None, seed: int = 0, trust: Trust | None = None
) -> Result:
    """A whole result of the toy world, as a run would give it; how sure it is if `trust` asks."""
    criteria, frame = criteria_set(), site_frame(n, seed, names)
    centre = frame.geometry.representative_point()
    places = Places(
        ids=frame["id"].to_numpy(),
        kinds=frame["kind"].to_numpy().astype(str),
        accuracy_km=frame["position_accuracy_km"].to_numpy(),
        easting=centre.x.to_numpy(),
        northing=centre.y.to_numpy(),
        owner=np.arange(n),
        landmass=np.zeros(n, dtype=np.int64),
        crs=ANALYSIS,
        columns=pd.DataFrame(frame.drop(columns="geometry")),
    )
    table = table_of(frame, criteria, seed)
    local = PROVINCES.to_crs(ANALYSIS)
    islands = gpd.GeoDataFrame({"landmass": []}, geometry=[], crs=ANALYSIS)
    grid = Grid.over(local, 5000.0, islands=islands)
    rng = np.random.default_rng(seed)
    inside = grid.inside
    surface = Surface(
        grid,
        np.where(inside, rng.uniform(0.3, 0.9, grid.shape), np.nan).astype(np.float32),
        np.where(inside, 1.0, np.nan).astype(np.float32),
        np.where(inside, rng.integers(0, 3, grid.shape), -1).astype(np.int8),
        {"national_park": 123.0},
        {"national_park": 456.0},
        None if trust is None else np.where(inside, 0.02, np.nan).astype(np.float32),
    )
    points = gpd.GeoDataFrame(
        {"id": ["PT-1"], "name_en": ["Toy port"], "name_fa": ["بندر آزمون"], "depth_m": [12.0],
         "kind": ["general"], "status": ["operating"], "source": ["invented"],
         "source_kind": ["found"], "position_accuracy_km": [2.0]},
        geometry=[Point(50.5, 28.0)], crs="EPSG:4326",
    )  # fmt: skip
    lines = gpd.GeoDataFrame(
        {"id": ["PL-1"], "name_en": ["Toy line"], "name_fa": ["خط آزمون"], "fluid": ["gas"],
         "status": ["operating"], "geometry_source_kind": ["found"], "source": ["invented"],
         "source_kind": ["found"], "position_accuracy_km": [10.0]},
        geometry=[LineString([(50, 28.2), (52, 28.6)])], crs="EPSG:4326",
    )  # fmt: skip
    discs = points.assign(id="PA-1", category="national_park", radius_km=8.0)
    context = {
        "provinces": PROVINCES,
        "land": gpd.GeoDataFrame(geometry=[box(49, 28, 53, 30)], crs="EPSG:4326"),
        "islands": gpd.GeoDataFrame({"landmass": []}, geometry=[], crs="EPSG:4326"),
        "estates": points.assign(id="IE-1", kind="estate"),
        "ports": points,
        "pipelines": lines,
        "feedstock": points.assign(id="GR-1", kind="gas_refinery"),
        "railways": lines.assign(id="RL-1"),
        "protected": discs,
        "towns": points.assign(id="TW-1", population=50000),
    }
    study = Study.model_validate_json(
        '{"id": "toy", "titles": {"en": "Toy study", "fa": "مطالعهٔ آزمون"},'
        ' "provinces": ["IR-18", "IR-22"], "cell_m": 5000, "criteria": "toy.yaml"}'
    ).model_copy(update={"trust": trust})
    kinds = list(frame["kind"])
    scores = score(table, criteria, kinds=kinds)
    rules = {
        "SR-010": {"legal_basis": "Cabinet regulation of 1378", "source": "invented"},
        "SR-035": {"legal_basis": "Cabinet regulation of 1390", "source": "invented"},
    }
    return Result(
        study=study,
        criteria=criteria,
        pool=Sites(frame, places),
        table=table,
        scores=scores,
        surface=surface,
        context=context,
        sources=tuple(source(name) for name in ("ports", "railways", "protected")),
        rules=rules,
        warnings=("the toy world is invented",),
        manifest={"schema": "siteselect/1", "version": "0.0.0", "command": "toy", "seed": 0},
        robustness=robustness(study, criteria, table, scores=scores, kinds=kinds),
    )
