"""Clean the tables that were compiled by hand into the tables of the pack.

Usage: ``python data/recipe/clean_tables.py COMPILED RAW DATA``

COMPILED holds the tables as compiled, RAW what ``extract.py`` wrote (for the earthquakes), DATA is
the folder of the pack, where ``layers.py`` has already put the provinces and towns. Every row that
is left out and every point that stands at odds with its province is printed.
"""

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import english
import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from persian import HAZARD_NAMES, MATERIAL_NAMES

WGS84 = "EPSG:4326"
EQUAL_AREA = (
    "+proj=aea +lat_1=26 +lat_2=32 +lat_0=29 +lon_0=55.5 +x_0=0 +y_0=0 +datum=WGS84 +units=m"
    " +no_defs +type=crs"
)
PROVINCES = {
    "Khuzestan": "IR-06", "Fars": "IR-07", "Kerman": "IR-08", "Sistan-Baluchestan": "IR-11",
    "Sistan and Baluchestan": "IR-11", "Chaharmahal-Bakhtiari": "IR-14", "Ilam": "IR-16",
    "Kohgiluyeh-Boyer-Ahmad": "IR-17", "Kohgiluyeh-Boyerahmad": "IR-17", "Kohgiluyeh": "IR-17",
    "Bushehr": "IR-18", "Hormozgan": "IR-22",
}  # fmt: skip
# The coast lies up to 0.3 km off; the inner province lines of Natural Earth up to 2 km.
PROVINCE_ACCURACY_KM = 2.0
STATUS = {"under_construction": "construction", "cancelled/dormant": "cancelled"}
KM_PER_DEGREE = 111.2
ONE_DAY = pd.Timedelta(days=1)
NUMBER = re.compile(r"\d+(?:\.\d+)?")


def note(*parts: str) -> str:
    """Remarks joined into one, empty ones left out."""
    return "; ".join(part for part in parts if part)


def first_number(text: str) -> str:
    """The first number in a text, as text; empty if there is none."""
    found = NUMBER.search(text)
    return found.group() if found else ""


def least_number(text: str) -> str:
    """The least number in a text, as text; empty if there is none."""
    return min(NUMBER.findall(text), key=float, default="")


def plain(value: str) -> str:
    """A number without needless zeros; any other text as it is."""
    return f"{float(value):.10g}" if re.fullmatch(r"-?\d+(\.\d+)?", value) else value


def persian(text: str) -> str:
    """Persian ye and kaf in place of the Arabic ones."""
    return text.translate(str.maketrans("يىك", "ییک")).strip()


def records(table: pd.DataFrame) -> list[dict[str, str]]:
    """Rows as mappings from column to cell."""
    return [{str(key): cell for key, cell in row.items()} for row in table.to_dict("records")]


def province_codes(text: str) -> list[str]:
    """ISO codes of the provinces that a text names, in its order."""
    text = re.sub(r"\(.*?\)", "", text)
    for name in sorted(PROVINCES, key=len, reverse=True):
        text = text.replace(name, PROVINCES[name])
    return list(dict.fromkeys(re.findall(r"IR-\d\d", text)))


class Pack:
    """The compiled tables, the pack's provinces, and what was said while cleaning."""

    def __init__(self, compiled: Path, raw: Path, out: Path) -> None:
        self.compiled, self.raw, self.out = compiled, raw, out
        coast = out / "coast_osm_odbl.gpkg"
        self.provinces = pyogrio.read_dataframe(coast, layer="provinces").to_crs(EQUAL_AREA)
        self.towns = pd.read_csv(out / "towns.csv", keep_default_na=False)

    def read(self, name: str) -> pd.DataFrame:
        """A compiled table, every cell as text."""
        table = pd.read_csv(self.compiled / f"{name}.csv", dtype=str, keep_default_na=False)
        return table.map(str.strip)

    def write(self, table: pd.DataFrame, name: str, columns: str) -> None:
        """A table of the pack: the columns named, rows by id."""
        chosen = table[columns.split()].copy()
        for column in chosen.select_dtypes(exclude="number"):
            chosen[column] = chosen[column].map(plain)
        for column in ("name_fa", "label_fa"):
            if column in chosen:
                chosen[column] = chosen[column].map(persian)
        if chosen["id"].duplicated().any():
            raise SystemExit(f"{name}: an id stands twice")
        chosen = chosen.sort_values("id", kind="stable")
        chosen.to_csv(self.out / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")
        print(f"{name}.csv: {len(chosen)} rows")

    def points(self, table: pd.DataFrame) -> gpd.GeoSeries:
        """The positions of a table in the plane."""
        places = gpd.points_from_xy(table["lon"].astype(float), table["lat"].astype(float))
        return gpd.GeoSeries(places, index=table.index, crs=WGS84).to_crs(EQUAL_AREA)

    def nearest_province(self, table: pd.DataFrame) -> pd.Series:
        """The province that each position stands in or is nearest to."""
        shapes = self.provinces.geometry
        nearest = [
            self.provinces["iso"].iloc[int(shapes.distance(point).argmin())]
            for point in self.points(table)
        ]
        return pd.Series(nearest, index=table.index)

    def check_provinces(self, table: pd.DataFrame, name: str, extra_km: str = "") -> None:
        """Say in the note which rows lie farther from their province than can be explained."""
        shapes = self.provinces.set_index("iso").geometry
        for index, point in self.points(table).items():
            row = table.loc[index]
            if not row["province"]:
                continue
            away = point.distance(shapes[row["province"]]) / 1000
            allowed = float(row["position_accuracy_km"] or 0) + PROVINCE_ACCURACY_KM
            allowed += float(row[extra_km] or 0) if extra_km else 0
            if away > allowed:
                said = f"point lies {away:.0f} km outside {row['province']}: to be settled"
                table.loc[index, "note"] = note(row["note"], said)
                print(f"{name} {row['id']}: {said}")


def estates(pack: Pack) -> None:
    """Industrial estates, zones and special zones."""
    table = pack.read("industrial_estates")
    table["province"] = [province_codes(text)[0] for text in table["province"]]
    limited = table["note"].str.contains("only industries of code A, B, C")
    table["allowed_classes"] = np.where(limited, "A; B; C", "")
    shared = table.duplicated(["lon", "lat"], keep=False)
    table["shared_point"] = np.where(shared, "yes", "no")
    pack.check_provinces(table, "estates")
    pack.write(
        table,
        "estates",
        "id name_en name_fa kind status province county lon lat position_accuracy_km"
        " shared_point area_ha allowed_classes utilities source source_kind note",
    )


def feedstock(pack: Pack) -> None:
    """Refineries, gas plants, complexes, terminals and utilities."""
    table = pack.read("feedstock_sources")
    table["province"] = [province_codes(text)[0] for text in table["province"]]
    dormant = np.where(table["status"] == "cancelled/dormant", "cancelled or dormant", "")
    table["note"] = [note(*pair) for pair in zip(table["note"], dormant, strict=True)]
    table["status"] = table["status"].replace(STATUS)
    pack.check_provinces(table, "feedstock")
    pack.write(
        table,
        "feedstock",
        "id name_en name_fa kind status province lon lat position_accuracy_km operator products"
        " capacity_kt_per_year found_capacity_products year position_source position_source_kind"
        " source source_kind note",
    )


def pipelines(pack: Pack) -> None:
    """Transmission lines."""
    table = pack.read("pipelines")
    table["kind"] = table["fluid"]
    table["province"] = ["; ".join(province_codes(text)) for text in table["provinces_crossed"]]
    table["diameter_note"] = np.where(
        table["diameter_in"].str.fullmatch(r"[\d.]*"), "", table["diameter_in"] + " in published"
    )
    table["diameter_in"] = table["diameter_in"].map(least_number)
    table["wkt"] = table["waypoints"]
    pack.write(
        table,
        "pipelines",
        "id name_en name_fa kind status province position_accuracy_km diameter_in diameter_note"
        " capacity length_km_traced geometry_source_kind source source_kind note wkt",
    )


# kind, status, open to sea-going cargo or product ships, dry bulk; read off the compiled words.
PORTS = {
    "deep-water general/bulk": ("cargo", "operating", "yes", "yes"),
    "oil product / petrochemical": ("product_terminal", "operating", "yes", "no"),
    "river port": ("river_port", "operating", "yes", "unknown"),
    "river oil terminal": ("oil_terminal", "operating", "no", "no"),
    "offshore oil terminal": ("oil_terminal", "operating", "no", "no"),
    "oil terminal": ("oil_terminal", "operating", "no", "no"),
    "offshore oil/LNG terminal": ("oil_terminal", "operating", "no", "no"),
    "general cargo": ("cargo", "operating", "yes", "unknown"),
    "petrochemical/condensate port": ("product_terminal", "operating", "yes", "yes"),
    "general/sulphur port": ("cargo", "operating", "yes", "yes"),
    "planned deep-water": ("cargo", "planned", "yes", "unknown"),
    "container/general/oil": ("cargo", "operating", "yes", "unknown"),
    "general": ("cargo", "operating", "yes", "unknown"),
    "small": ("small", "operating", "no", "unknown"),
    "general / oil export area": ("cargo", "operating", "yes", "unknown"),
    "deep-water general/container": ("cargo", "operating", "yes", "unknown"),
    "services/petrochemical (planned)": ("cargo", "planned", "yes", "unknown"),
    "oil/bunkering": ("oil_terminal", "operating", "no", "no"),
    "passenger/trade": ("cargo", "operating", "yes", "unknown"),
}
# Handled there by general knowledge, in no source at hand.
RECALLED_BULK = ("PT-16", "PT-20")
SHIPS = re.compile(r"ships (?:up to )?([\d,]+) ?(?:t|DWT)")
BERTH = re.compile(r"(?:cargo pier|(?<!oil )terminal|oil terminal|pier) ([\d.]+) m")


def port_depth(row: Mapping[str, str]) -> tuple[str, str]:
    """Depth alongside in m and its basis; channel and anchorage figures never count."""
    if row["max_draft_m"]:
        return row["max_draft_m"], row["draft_basis"]
    text = row["throughput_capacity"].replace(
        "channel, anchorage and cargo pier", "cargo pier"
    ).replace("anchorage, pier and oil terminal", "pier")  # fmt: skip
    depths = BERTH.findall(text)
    return (min(depths, key=float), "least berth depth in capacity") if depths else ("", "")


def ports(pack: Pack) -> None:
    """Ports and terminals."""
    table = pack.read("ports")
    table["kind_as_compiled"] = table["kind"]
    read = pd.DataFrame([PORTS[kind] for kind in table["kind"]], index=table.index)
    table[["kind", "status", "cargo", "dry_bulk"]] = read
    recalled = table["id"].isin(RECALLED_BULK)
    table.loc[recalled, "dry_bulk"] = "yes"
    table["note"] = [
        note(text, "dry bulk is recalled" if bulk else "")
        for text, bulk in zip(table["note"], recalled, strict=True)
    ]
    depths = [port_depth(row) for row in records(table)]
    table["depth_m"], table["depth_basis"] = zip(*depths, strict=True)
    ships = table["throughput_capacity"].str.extract(SHIPS)[0].fillna("")
    table["ship_dwt_t"] = ships.str.replace(",", "")
    table["position_accuracy_km"] = np.where(
        table["source"].str.contains("World Port Index"), "2", "5"
    )
    table.loc[table["source"].str.contains("position.*approximate"), "position_accuracy_km"] = "8"
    table["province"] = pack.nearest_province(table)
    pack.write(
        table,
        "ports",
        "id name_en name_fa kind status province unlocode lon lat position_accuracy_km depth_m"
        " depth_basis ship_dwt_t cargo dry_bulk kind_as_compiled throughput_capacity"
        " petrochemical_berths source source_kind note",
    )


def rail(pack: Pack) -> None:
    """Stations and the links between them."""
    nodes = pack.read("rail_nodes")
    nodes["kind_as_compiled"] = nodes["kind"]
    nodes["kind"] = nodes["kind"].replace(
        {
            "port terminal": "port_terminal",
            "industrial siding": "siding",
            "junction (gauge change)": "junction",
            "planned": "station",
        }
    )
    section = nodes["status"].str.extract(r"\((.*)\)")[0].fillna("")
    gauge = np.where(nodes["kind_as_compiled"] == "junction (gauge change)", "gauge change", "")
    nodes["note"] = [note(*three) for three in zip(nodes["note"], section, gauge, strict=True)]
    nodes["status"] = nodes["status"].str.replace(r" \(.*", "", regex=True).replace(STATUS)
    recalled = nodes["source"].str.contains("position recalled|approximate")
    nodes["position_accuracy_km"] = np.where(recalled, "10", "5")
    nodes["province"] = pack.nearest_province(nodes)
    pack.write(
        nodes,
        "rail_nodes",
        "id name_en name_fa kind status province lon lat position_accuracy_km source source_kind"
        " note",
    )
    links = pack.read("rail_links")
    persian_of = dict(zip(nodes["id"], nodes["name_fa"], strict=True))
    links["name_en"] = links["name"]
    links["name_fa"] = [
        f"{persian_of[start]} - {persian_of[end]}"
        for start, end in zip(links["from_id"], links["to_id"], strict=True)
    ]
    links["kind"], links["position_accuracy_km"] = "railway", "15"
    links["status"] = links["status"].replace(STATUS)
    pack.write(
        links,
        "rail_links",
        "id name_en name_fa kind status from_id to_id position_accuracy_km gauge_mm chord_km"
        " published_km source source_kind note wkt",
    )


def power_plants(pack: Pack) -> None:
    """Power plants."""
    table = pack.read("power_plants")
    table["kind"] = table["fuel"].str.lower()
    table["status"] = table["status"].replace(STATUS)
    table["province"] = [
        (province_codes(text) or [near])[0]
        for text, near in zip(table["province"], pack.nearest_province(table), strict=True)
    ]
    pack.check_provinces(table, "power_plants")
    pack.write(
        table,
        "power_plants",
        "id name_en name_fa kind status province lon lat position_accuracy_km capacity_mw source"
        " source_kind note",
    )


def water(pack: Pack) -> None:
    """Dams and desalination plants as points, rivers as lines."""
    table = pack.read("water")
    table["province"] = [province_codes(text)[0] for text in table["province"]]
    table["status"] = "operating_assumed"
    lines, placed = table["wkt"] != "", table["lon"] != ""
    for row in records(table[~lines & ~placed]):
        print(f"water {row['id']} dropped: {row['name_en']}, {row['value']} {row['unit']}, a total"
              " without a position that counts single plants twice")  # fmt: skip
    points = table[~lines & placed].copy()
    pack.check_provinces(points, "water_points")
    common = "id name_en name_fa kind status province"
    pack.write(
        points,
        "water_points",
        f"{common} lon lat position_accuracy_km value unit source source_kind note",
    )
    pack.write(
        table[lines],
        "water_lines",
        f"{common} position_accuracy_km source source_kind note wkt",
    )


def airports(pack: Pack) -> None:
    """Civil airports."""
    table = pack.read("airports")
    table["id"], table["kind"], table["position_accuracy_km"] = table["icao"], "airport", "1"
    table["elevation_m"] = (table["elevation_ft"].astype(float) * 0.3048).round(1)
    table["province"] = [
        (province_codes(text) or [near])[0]
        for text, near in zip(table["province"], pack.nearest_province(table), strict=True)
    ]
    pack.check_provinces(table, "airports")
    pack.write(
        table,
        "airports",
        "id name_en name_fa kind province iata lon lat position_accuracy_km elevation_m source"
        " source_kind note",
    )


def protected(pack: Pack) -> None:
    """Protected areas and wetlands as discs of their published area."""
    table = pack.read("protected_areas")
    table["kind"] = table["category"]
    codes = [province_codes(text) for text in table["province"]]
    table["province"] = [found[0] for found in codes]
    table["note"] = [
        note(text, f"also in {', '.join(found[1:])}" if found[1:] else "")
        for text, found in zip(table["note"], codes, strict=True)
    ]
    area = pd.to_numeric(table["area_km2"])
    disc = np.sqrt(area / np.pi).round(2)
    given = pd.to_numeric(table["approx_radius_km"])
    table["radius_km"] = given.fillna(disc).map(lambda km: "" if pd.isna(km) else f"{km:.10g}")
    pack.check_provinces(table, "protected", "radius_km")
    pack.write(
        table,
        "protected",
        "id name_en name_fa kind province lon lat position_accuracy_km area_km2 radius_km"
        " source source_kind note extent_wkt",
    )


def seismic_classes(pack: Pack, hazards: pd.DataFrame) -> None:
    """Hazard class of towns."""
    table = hazards[hazards["kind"] == "seismic_class"].copy()
    table["name_en"] = table["name_en"].str.replace(r": .*", "", regex=True)
    towns = pack.towns
    where = zip(towns["lon"].round(4), towns["lat"].round(4), strict=True)
    names = dict(zip(where, towns["name_fa"], strict=True))
    places = zip(table["lon"].astype(float), table["lat"].astype(float), strict=True)
    table["name_fa"] = [names.get((round(lon, 4), round(lat, 4)), "") for lon, lat in places]
    table["province"] = [province_codes(text)[0] for text in table["province"]]
    table["class"], table["position_accuracy_km"] = table["value"], "2"
    pack.check_provinces(table, "seismic_classes")
    pack.write(
        table,
        "seismic_classes",
        "id name_en name_fa kind province lon lat position_accuracy_km class source source_kind"
        " note",
    )


def hazard_notes(pack: Pack, hazards: pd.DataFrame) -> None:
    """What is known of a hazard in words only."""
    kinds = ("flood", "tsunami", "dust", "subsidence", "wind", "ground", "active_fault_named")
    table = hazards[hazards["kind"].isin(kinds)].copy()
    table["kind"] = table["kind"].replace({"active_fault_named": "named_fault"})
    table["name_fa"] = [
        name or HAZARD_NAMES[key] for name, key in zip(table["name_fa"], table["id"], strict=True)
    ]
    table["provinces"] = ["; ".join(province_codes(text)) for text in table["province"]]
    pack.write(
        table,
        "hazard_notes",
        "id name_en name_fa kind provinces lon lat value unit source source_kind note",
    )
    boxes = hazards["kind"] == "active_fault"
    print(f"hazards: {boxes.sum()} bounding boxes of fault segments dropped (no traces; CC BY-SA)")


def moment_tensors(pack: Pack) -> pd.DataFrame:
    """Centroids of the Global CMT catalogue, without repeated rows."""
    table = pyogrio.read_dataframe(
        pack.raw / "earthquakes_gcmt.gpkg", layer="gcmt_1976_2017", read_geometry=False
    ).sort_values(["time", "lat", "lon"])
    once = table.drop_duplicates(["time", "lat", "lon", "mag"])
    print(f"earthquakes: {len(table) - len(once)} repeated GCMT rows dropped")
    time = pd.to_datetime(once["time"], format="ISO8601")
    return pd.DataFrame(
        {
            "id": "GCMT-" + time.dt.strftime("%Y%m%dT%H%M%S"),
            "date": time.dt.strftime("%Y-%m-%d"),
            "magnitude": once["mag"].round(2),
            "depth_km": once["depth"].round(1),
            "lon": once["lon"],
            "lat": once["lat"],
            "position_accuracy_km": 25,
            "source": "Global CMT catalogue, in usgs-strec",
            "source_kind": "found",
            "name_en": "",
            "note": "centroid",
        }
    ).reset_index(drop=True)


def earthquakes(pack: Pack, hazards: pd.DataFrame) -> None:
    """Instrumental earthquakes of two catalogues; an event of both is kept once, as located."""
    located = hazards[hazards["kind"] == "earthquake"].copy()
    for column in ("magnitude", "depth_km", "lon", "lat"):
        located[column] = pd.to_numeric(located[column])
    located["position_accuracy_km"] = 15
    centroids = moment_tensors(pack)
    days = pd.to_datetime(centroids["date"])
    twin: list[int] = []
    for index, row in located.iterrows():
        east = (centroids["lon"] - row["lon"]) * np.cos(np.radians(row["lat"])) * KM_PER_DEGREE
        apart = np.hypot(east, (centroids["lat"] - row["lat"]) * KM_PER_DEGREE)
        alike = ((days - pd.Timestamp(row["date"])).abs() <= ONE_DAY) & (apart < 100)
        alike &= (centroids["magnitude"] - row["magnitude"]).abs() < 0.6
        alike &= ~centroids.index.isin(twin)
        if alike.any():
            twin.append(int(apart[alike].idxmin()))
            said = f"also {centroids['id'][twin[-1]]}"
            located.loc[index, "note"] = note(row["note"], said)
    print(f"earthquakes: {len(twin)} GCMT rows dropped, the same event stands as located by USGS")
    table = pd.concat([located, centroids.drop(index=twin)], ignore_index=True)
    table["kind"] = "earthquake"
    size = table["magnitude"].map("{:.1f}".format)
    digits = str.maketrans("0123456789.", "۰۱۲۳۴۵۶۷۸۹٫")
    table["name_en"] = table["name_en"].where(
        table["name_en"] != "", "Earthquake of " + table["date"] + ", M " + size
    )
    table["name_fa"] = [
        f"زمین‌لرزهٔ {date.translate(digits)}، بزرگی {value.translate(digits)}"
        for date, value in zip(table["date"], size, strict=True)
    ]
    table["note"] = table["note"].fillna("")
    pack.write(
        table,
        "earthquakes",
        "id name_en name_fa kind date lon lat position_accuracy_km magnitude depth_km source"
        " source_kind note",
    )


def hazards(pack: Pack) -> None:
    """The table of hazards, taken apart by kind."""
    table = pack.read("hazards")
    seismic_classes(pack, table)
    hazard_notes(pack, table)
    earthquakes(pack, table)


def rule_status(row: Mapping[str, str]) -> str:
    """Legal standing of a rule, in one word; our reading where the table does not say."""
    basis = row["legal_basis"]
    if "1378" in basis or "of 1347" in basis or "superseded" in row["note"]:
        return "superseded"
    if int(row["rule_id"].removeprefix("SR-")) >= 81:
        return "benchmark"
    if row["source_kind"] == "recalled" or row["confidence"] in ("low", "needs legal text"):
        return "needs_legal_text"
    return "in_force"


def rules(pack: Pack) -> None:
    """Siting regulation and benchmarks."""
    table = pack.read("siting_rules")
    table["status"] = [rule_status(row) for row in records(table)]
    table["id"], table["threshold"] = table["rule_id"], table["min_distance_or_threshold"]
    table["subject"] = table["subject_layer"]
    full = table["confidence"].str.extract(r"\((.*)\)")[0].fillna("")
    table["note"] = [note(*pair) for pair in zip(table["note"], full, strict=True)]
    table["confidence"] = (
        table["confidence"].str.replace(r" \(.*", "", regex=True).str.replace(" ", "_")
    )
    pack.write(
        table,
        "rules",
        "id authority subject category threshold unit status legal_basis confidence source"
        " source_kind note",
    )


AUTHORITY_WORDS = (
    "subject_fa", "days_note_fa", "legal_basis_fa", "asked_as", "asked_at", "licenses_at",
    "days_at",
)  # fmt: skip


def authorities(pack: Pack) -> None:
    """Who is asked, about what."""
    table = pack.read("inquiry_authorities")
    table["checked"] = table["what_is_checked_spatially"]
    table["days_note"] = table["typical_statutory_days"]
    table["days"] = table["days_note"].map(first_number)
    # Who is asked where, and the Persian words, were added to the pack by hand: they are kept.
    held = pd.read_csv(pack.out / "authorities.csv", dtype=str, keep_default_na=False)
    table = table.merge(held[["id", *AUTHORITY_WORDS]], on="id", how="left").fillna("")
    table = pd.concat([table, held[~held["id"].isin(table["id"])]], ignore_index=True)
    pack.write(
        table,
        "authorities",
        "id name_en name_fa subject checked days days_note legal_basis source source_kind "
        + " ".join(AUTHORITY_WORDS),
    )


PARK_TYPES = {
    "methanol/gas-conversion": "gas_conversion",
    "chlor-alkali": "chlor_alkali",
    "olefin": "petrochemical",
}


def value_chain(pack: Pack) -> None:
    """Processes with inputs and outputs."""
    table = pack.read("value_chain")
    table["name_en"] = table["process"]
    table["park_types"] = [
        "; ".join(PARK_TYPES.get(word, word) for word in text.split(";"))
        for text in table["park_type"]
    ]
    scale = table["typical_scale_kt_y"].str.extract(r"^([\d.]+)-([\d.]+)$").fillna("")
    table["scale_low_kt_y"], table["scale_high_kt_y"] = scale[0], scale[1]
    captive = np.where(table["typical_scale_kt_y"] == "captive", "scale: captive use", "")
    table["note"] = [note(*pair) for pair in zip(table["note"], captive, strict=True)]
    table["atoms_balanced"] = table["atoms_balanced"].replace({"n/a": "not_a_reaction"})
    table["basis"] = table["basis"].str.replace(" ", "_")
    table["closure_error_pct"] = table["closure_error_pct"].str.removeprefix("-")
    pack.write(
        table,
        "value_chain",
        "id name_en inputs outputs park_types scale_low_kt_y scale_high_kt_y utilities basis"
        " reaction stoichiometric_inputs atoms_balanced mass_in mass_out closure_error_pct"
        " market_note source source_kind note",
    )


def materials(pack: Pack) -> None:
    """Materials of the value chain."""
    table = pack.read("materials")
    table["id"] = table["material"]
    table["name_en"] = [
        english.MATERIAL_NAMES.get(key, key.replace("_", " ")) for key in table["id"]
    ]
    table["role"] = table["role"].replace(
        {
            "final product/by-product": "final_product",
            "regional feedstock": "regional_feedstock",
            "bought-in input": "bought_in_input",
            "regional product": "regional_product",
        }
    )
    given = table["name_fa"] != ""
    table["name_fa"] = table["name_fa"].where(
        given, [MATERIAL_NAMES.get(key, "") for key in table["id"]]
    )
    table["note"] = np.where(given, "", "Persian name recalled")
    table["source"], table["source_kind"] = "counted in value_chain and feedstock", "derived"
    pack.write(
        table,
        "materials",
        "id name_en name_fa role n_feedstock_sources n_processes_using n_processes_making source"
        " source_kind note",
    )


def prices(pack: Pack) -> None:
    """Price quotes."""
    table = pack.read("markets_prices")
    table["id"] = table["product"]
    table["volatility_class"] = table["volatility_class"].str.replace(" ", "_")
    pack.write(
        table,
        "prices",
        "id price_low_usd_t price_high_usd_t years quotes range_ratio volatility_class source"
        " source_kind note",
    )


def unit_register_layout(pack: Pack) -> None:
    """Fields of the register of downstream units that the user brings."""
    table = pack.read("downstream_units_template")
    table["id"] = table["field"]
    table["order"] = np.arange(1, len(table) + 1)
    table["type"] = table["type"].str.replace(" ", "_")
    condition = table["requirement"].str.extract(r"required if (.*)")[0].fillna("")
    table["required_if"] = condition
    table["requirement"] = table["requirement"].where(condition == "", "conditional")
    recalled = table["basis"].str.contains("recalled")
    table["source"] = table["basis"]
    table["source_kind"] = np.where(recalled, "recalled", "found")
    pack.write(
        table,
        "unit_register_layout",
        "id order label_fa type unit requirement required_if allowed_values meaning source"
        " source_kind",
    )


STEPS: tuple[Callable[[Pack], None], ...] = (
    estates, feedstock, pipelines, ports, rail, power_plants, water, airports, protected, hazards,
    rules, authorities, value_chain, materials, prices, unit_register_layout,
)  # fmt: skip


if __name__ == "__main__":
    packed = Pack(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
    for step in STEPS:
        step(packed)
