"""A small chain with known answers: sulphur to acid to fertilizer, beside running plants."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from siteselect.declared.chain import Chain, ChainRules, chain_of

RULES: dict[str, Any] = {
    "id": "small",
    "titles": {"en": "Small chain", "fa": "زنجیرهٔ کوچک"},
    "kinds": ["gas_refinery", "petrochemical_complex"],
    "statuses": ["operating"],
    "no_products": ["*_intake", "total"],
    "free": ["air", "water"],
    "waste": ["losses_and_byproducts"],
    "availability": [
        {"source_prefix": "", "material": "*", "share": 0.8, "range": [0.6, 1.0],
         "as_of": "2024", "source": "judgement", "source_kind": "recalled"},
        {"source_prefix": "G", "material": "sulphur", "share": 0.5, "range": [0.4, 0.5],
         "as_of": "2025", "source": "report", "source_kind": "found"},
    ],
    "parks": {"sulphur": {"acid": 300}, "fertilizer": {"as": 100}},
    "modes": {
        "road": {"usd_t_km": 0.05, "handling_usd_t": 2, "detour": 1.0, "reach_km": 500},
        "sea": {"usd_t_km": 0.01, "handling_usd_t": 5, "detour": 1.0, "reach_km": 900,
                "access": "ports", "access_km": 10},
    },
    "modes_source": "test",
    "bought_in_usd_t": 40,
    "carriers": [],
    "other_modes": ["road", "sea"],
    "score_per_musd": 0.01,
}  # fmt: skip
MATERIALS = {
    "sulphur": "regional_feedstock",
    "ammonia": "regional_feedstock",
    "acid": "intermediate",
    "ammonium_sulphate": "final_product",
    "air": "bought_in_input",
    "water": "bought_in_input",
    "losses_and_byproducts": "final_product",
}
PROCESSES = {
    "acid": ("sulphur=0.33; air=0.5; water=0.17", "acid=1.0", "sulphur"),
    "as": ("ammonia=0.26; acid=0.745", "ammonium_sulphate=1.0; losses_and_byproducts=0.005",
           "fertilizer"),
}  # fmt: skip
PRICES = {"sulphur": (70, 300, "high"), "acid": (60, 60, "not_classed")}


def rules(**changes: Any) -> ChainRules:
    """The rules with some of their keys changed."""
    return ChainRules.model_validate_json(json.dumps(RULES | changes))


def process_rows(
    processes: Mapping[str, Sequence[str]], scale: tuple[float, float] = (10.0, 1000.0)
) -> list[dict[str, Any]]:
    """Rows of the table of processes."""
    return [
        {"id": name, "name_en": name, "inputs": inputs, "outputs": outputs, "park_types": types,
         "scale_low_kt_y": scale[0], "scale_high_kt_y": scale[1], "utilities": "", "source": "test",
         "source_kind": "recalled"}
        for name, (inputs, outputs, types) in processes.items()
    ]  # fmt: skip


def chain(
    processes: Mapping[str, Sequence[str]] = PROCESSES,
    *,
    materials: Mapping[str, str] = MATERIALS,
    scale: tuple[float, float] = (10.0, 1000.0),
    **changes: Any,
) -> Chain:
    """The chain, with other processes or rules if they are given."""
    return chain_of(rules(**changes), **tables(processes, materials, scale))


def tables(
    processes: Mapping[str, Sequence[str]] = PROCESSES,
    materials: Mapping[str, str] = MATERIALS,
    scale: tuple[float, float] = (10.0, 1000.0),
) -> dict[str, list[dict[str, Any]]]:
    """Rows of the three tables of the chain."""
    return {
        "value_chain": process_rows(processes, scale),
        "materials": [
            {"id": name, "name_en": name, "name_fa": "ماده", "role": role, "source_kind": "found"}
            for name, role in materials.items()
        ],
        "prices": [
            {"id": name, "price_low_usd_t": low, "price_high_usd_t": high, "years": "2024",
             "volatility_class": word, "source": "test", "source_kind": "found"}
            for name, (low, high, word) in PRICES.items()
        ],
    }  # fmt: skip


def source(name: str, capacity: str, east_km: float = 0.0, **changes: Any) -> dict[str, Any]:
    """A row of the table of feedstock sources."""
    products = "; ".join(part.split("=")[0].strip() for part in capacity.split(";"))
    return {
        "id": name, "name_en": name, "name_fa": "منبع", "kind": "gas_refinery",
        "status": "operating", "products": products, "capacity_kt_per_year": capacity,
        "found_capacity_products": products, "source": "test", "easting": east_km * 1e3,
        "northing": 0.0,
    } | changes  # fmt: skip
