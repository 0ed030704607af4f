"""The value chain as declared: what is refused, and that mass closes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteselect.base import files
from siteselect.base.errors import DataError, DeclarationError
from siteselect.base.text import figures
from siteselect.declared.chain import CLOSES, LOSS, Chain, bundled_rules, chain_of
from siteselect.world.catalog import Catalog
from tests.plan.small_chain import MATERIALS, PROCESSES, chain, rules, tables


@pytest.fixture(scope="module")
def bundled() -> Chain:
    catalog = Catalog.open(files.home() / "data")
    tables = {
        name: catalog.table(name).to_dict("records")
        for name in ("value_chain", "materials", "prices")
    }
    return chain_of(bundled_rules(), **tables)  # type: ignore[arg-type]


def test_mass_of_every_bundled_process_closes(bundled: Chain) -> None:
    assert len(bundled.processes) == 161
    for process in bundled.processes.values():
        taken, given_out = sum(process.inputs.values()), sum(process.outputs.values())
        assert abs(process.given_closure) <= 1e-3
        assert given_out == pytest.approx(taken, abs=CLOSES)


def test_every_bundled_park_closes_and_holds_what_it_may(bundled: Chain) -> None:
    for park in bundled.rules.parks:
        net = bundled.park_net(park)
        assert sum(net.values()) == pytest.approx(0, abs=CLOSES)
        for name, kt_y in bundled.rules.parks[park].items():
            low, high = bundled.processes[name].scale_kt_y
            assert bundled.may_host(park, bundled.processes[name])
            assert (low or 0) <= kt_y <= (high or kt_y)


def test_no_bundled_park_gives_away_what_may_not_leave_its_fence(bundled: Chain) -> None:
    # At most a hundredth of what the park makes of it, which no plant is so exact as to avoid.
    kept = (*bundled.rules.on_site, "chlorine", "carbon_monoxide")
    for park, plants in bundled.rules.parks.items():
        net = bundled.park_net(park)
        for material in kept:
            made = sum(
                kt_y * bundled.processes[name].outputs.get(material, 0.0)
                for name, kt_y in plants.items()
            )
            assert -1e-9 <= net.get(material, 0.0) <= 0.01 * made + 1e-9, (park, material)


def test_a_sulphur_burner_needs_what_its_reaction_needs(bundled: Chain) -> None:
    # S + 1.5 O2 + H2O -> H2SO4: 32.06 t of sulphur for 98.08 t of acid, at 99.7 % of yield or so.
    assert bundled.processes["S03"].per_main("sulphur") == pytest.approx(32.06 / 98.08, rel=0.01)
    # 2 NH3 + CO2 -> urea + H2O: 34.06 t of ammonia for 60.06 t of urea.
    assert bundled.processes["F02"].per_main("ammonia") == pytest.approx(34.06 / 60.06, rel=0.02)


def test_totals_and_intakes_are_no_products(bundled: Chain) -> None:
    names = ("aromatics_total", "crude_intake", "total", "phase1", "total_pta_pet", "olefin_unit")
    assert all(bundled.rules.no_product(name) for name in names)
    assert not any(bundled.rules.no_product(name) for name in bundled.materials)


def test_the_entry_that_names_material_and_source_counts() -> None:
    found = bundled_rules()
    assert found.available("GR-SP0910", "sulphur").share == 0.42
    assert found.available("OR-BABBAS", "sulphur").source_prefix == ""
    assert found.available("GR-SP0910", "sulphur").source_kind == "found"


def test_losses_take_up_what_a_table_leaves_open() -> None:
    made = chain({"acid": ("sulphur=0.33; air=0.5; water=0.1709", "acid=1.0", "sulphur")},
                 parks={"sulphur": {"acid": 300}})  # fmt: skip
    process = made.processes["acid"]
    assert process.outputs[LOSS] == pytest.approx(0.0009)
    assert process.given_closure == pytest.approx(0.0009 / 1.0009)


@pytest.mark.parametrize("outputs", ["acid=1.01", "acid=0.9", "acid=1.0009"])
def test_mass_that_does_not_close_is_refused(outputs: str) -> None:
    with pytest.raises(DataError, match="value_chain: acid: mass does not close"):
        chain({"acid": ("sulphur=0.33; air=0.5; water=0.17", outputs, "sulphur")}, parks={})


@pytest.mark.parametrize(
    ("text", "words"),
    [("sulphur=x", "no number"), ("sulphur=-1", "no number"), ("a=1; a=2", "stands twice"),
     ("a=nan", "no number"), ("a=inf", "no number")],
)  # fmt: skip
def test_a_list_that_cannot_be_read_is_refused(text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        figures(text, file="value_chain", row="S03")


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.floats(0, 1e6)))
def test_a_list_reads_back(given_figures: dict[str, float]) -> None:
    text = "; ".join(f"{name}={value!r}" for name, value in given_figures.items())
    assert figures(text, file="f", row="r") == given_figures


@pytest.mark.parametrize(
    ("process", "words"),
    [
        (("sulphur=1.0", "acid=0; losses_and_byproducts=1.0"), "acid: outputs.acid: "),
        (("sulphur=1.0; water=0", "acid=1.0"), "acid: inputs.water: "),
        (("sulphur=1.0", "losses_and_byproducts=1.0"), "acid: mass does not close"),
        (("", "acid=1.0"), "acid: mass does not close"),
    ],
)
def test_a_yield_of_nothing_is_refused(process: tuple[str, str], words: str) -> None:
    with pytest.raises(DataError, match=f"value_chain: {words}"):
        chain({"acid": (*process, "sulphur")}, parks={})


@pytest.mark.parametrize(
    ("table", "change", "words"),
    [
        ("value_chain", {"source_kind": "guess"}, "value_chain: acid: source_kind: "),
        ("value_chain", {"source_kind": None}, "value_chain: acid: source_kind: "),
        ("value_chain", {"id": "as"}, "value_chain: as: this id stands twice"),
        ("materials", {"id": "ammonia"}, "materials: ammonia: this id stands twice"),
        ("materials", {"source_kind": ""}, "materials: sulphur: source_kind: "),
        ("prices", {"price_low_usd_t": 400.0}, "prices: sulphur: the low quote 400 is above 300"),
        ("prices", {"price_low_usd_t": float("nan")}, "prices: sulphur: low_usd_t: "),
        ("prices", {"id": "acid"}, "prices: acid: this id stands twice"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_its_table(
    table: str, change: dict[str, object], words: str
) -> None:
    rows = tables()
    rows[table][0] |= change
    with pytest.raises(DataError) as caught:
        chain_of(rules(), **rows)
    assert words in str(caught.value)


def test_every_unknown_name_is_told_at_once() -> None:
    with pytest.raises(DataError) as caught:
        chain({"a": ("sulfur=1.0", "acid=1.0", "x"), "b": ("acid=1.0", "acidd=1.0", "x")}, parks={})
    words = str(caught.value)
    assert "sulfur is not in the table (did you mean 'sulphur'?)" in words
    assert "acidd" in words


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"parks": {"sulphur": {"as": 100}}}, "may not hold as"),
        ({"parks": {"sulphur": {"acid": 5}}}, "not in 10.0 to 1000.0"),
        ({"parks": {"sulphur": {"acids": 5}}}, "process acids is not in the table"),
        ({"free": ["aer"]}, "free: material aer"),
        ({"not_running": ["M99"]}, "process M99"),
    ],
)
def test_rules_that_do_not_fit_the_tables_are_refused(
    change: dict[str, object], words: str
) -> None:
    with pytest.raises(DeclarationError, match=words):
        chain(**change)


def test_rules_that_do_not_fit_themselves_are_refused() -> None:
    with pytest.raises(ValueError, match="mode rail is not declared"):
        rules(other_modes=["rail"])
    with pytest.raises(ValueError, match="needs an entry"):
        rules(availability=[])
    bad = {"source_prefix": "", "material": "*", "share": 0.9, "range": [0.1, 0.5],
           "as_of": "", "source": "", "source_kind": "found"}  # fmt: skip
    with pytest.raises(ValueError, match="not in its range"):
        rules(availability=[bad])


def test_steps_inside_a_park_are_netted() -> None:
    both = {"acid": PROCESSES["acid"], "as": (*PROCESSES["as"][:2], "fertilizer; sulphur")}
    made = chain(both, parks={"sulphur": {"acid": 300, "as": 100}}, materials=MATERIALS)
    net = made.park_net("sulphur")
    assert net["acid"] == pytest.approx(300 - 74.5)
    assert net["sulphur"] == pytest.approx(-99)
    assert sum(net.values()) == pytest.approx(0, abs=CLOSES)
    with pytest.raises(DataError, match="no plants are declared for a sulfur park"):
        made.park_net("sulfur")
