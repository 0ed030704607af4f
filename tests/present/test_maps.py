"""The planner's map without a browser: data, pictures, shell, policy, bytes."""

import base64
import dataclasses
import hashlib
import html
import json
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from siteselect.base.errors import DataError
from siteselect.decide.values import value_range
from siteselect.declared.programme import Programme
from siteselect.declared.sources import Titles
from siteselect.plan.inquiries import bodies_of
from siteselect.plan.portfolio import candidates_of, choose
from siteselect.present.maps import judged, layers, raster, shell
from siteselect.present.maps.data import as_json, page_data
from siteselect.present.maps.judged import exact
from siteselect.present.maps.write import frame, page, write
from siteselect.study.cells import Lattice
from siteselect.study.result import Result
from tests import real
from tests.toy import toy_result

_MARKUP = (
    "<script>window.__pwned=1</script>",
    "</script><img src=x onerror=window.__pwned=1>",
    "<img src=x onerror=window.__pwned=1>",
    "<svg onload=window.__pwned=1>",
    "<svg><animate onbegin=window.__pwned=1 attributeName=x dur=1s>",
    "<iframe srcdoc='<script>parent.__pwned=1</script>'>",
    "<body onload=window.__pwned=1>",
    "<a href='javascript:window.__pwned=1'>x</a>",
    "<math><mtext></p><style><img src=x onerror=window.__pwned=1>",
    "<details open ontoggle=window.__pwned=1>",
    "<input autofocus onfocus=window.__pwned=1>",
    "<template><script>window.__pwned=1</script></template>",
    "<style>*{display:none}</style>",
    "<link rel=stylesheet href=//example.org/x.css>",
    "<base href=//example.org/>",
    "<meta http-equiv=refresh content='0;url=//example.org'>",
    "<object data=//example.org/x></object>",
    "<!-- ", " -->", "<![CDATA[", "]]>", "<?php echo 1 ?>", "<!DOCTYPE html>",
    "</title><script>window.__pwned=1</script>",
    "</style><script>window.__pwned=1</script>",
    "</textarea><script>window.__pwned=1</script>",
    "<script", "</script", "<", ">", "&", "&lt;script&gt;", "&#60;script&#62;", "&amp;amp;",
)  # fmt: skip
_QUOTES = (
    "'", '"', "`", "\\", "\\\\", "back\\slash `tick`", "';window.__pwned=1;//",
    '";window.__pwned=1;//', "`;window.__pwned=1;//", "\\u003cscript\\u003e", "\\x3cscript>",
    "*/window.__pwned=1/*", "//", "/*", "javascript:window.__pwned=1",
)  # fmt: skip
_TEMPLATES = (
    "${", "${window.__pwned=1}", "{{ 7*7 }}", "{% raw %}", "{% endraw %}", "{# note #}", "{{", "}}",
    "#{7*7}", "<%= 7*7 %>", "{0}", "%s", "@@DATA@@", "@@SCRIPT@@", "@@CSP@@",
)  # fmt: skip
_MARKS = (
    "\u202egnitirw desrever", "\u2066half an isolate", "\u2069", "\u200f", "\u200b", "\ufeff",
    "null\x00byte", "\x00", "\x1b[31mred", "line\u2028end", "line\u2029end", "tab\tnew\nline\r",
    "e" + "\u0301" * 40, "\ufdfd" * 8, "\U0001f3f4\u200d\u2620\ufe0f", "x" * 3000,
)  # fmt: skip
_CELLS = ("=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("//example.org")', "__proto__",
          "constructor", "toString", "hasOwnProperty", "null", "NaN", "-")  # fmt: skip
HOSTILE = (*_MARKUP, *_QUOTES, *_TEMPLATES, *_MARKS, *_CELLS)
ASSETS = Path(shell.__file__).parent / "assets"


def block_of(document: str) -> Any:
    """The data of a page, read as a browser would."""
    opening = '<script type="application/json" id="data">'
    return json.loads(document.partition(opening)[2].partition("</script>")[0])


def with_lattice(result: Result) -> Result:
    """A result with values on the cells of its own grid, one in ten unknown."""
    grid, criteria = result.surface.grid, result.criteria.criteria
    cells = grid.cell_ids()
    rng = np.random.default_rng(3)
    values = rng.uniform(0, 1, (len(cells), len(criteria)))
    values[rng.uniform(size=values.shape) < 0.1] = np.nan
    verdict = result.surface.verdict.ravel()[cells]
    # The north answers otherwise than the south.
    south = cells // grid.shape[1] >= grid.shape[0] // 2
    answers = np.stack([(c + south) % 4 for c in range(len(result.criteria.constraints))])
    answers = answers.astype(np.int8)
    return dataclasses.replace(result, lattice=Lattice(grid, cells, values, verdict, answers))


def with_parks(result: Result, k: int = 4, notes: tuple[Titles, ...] = ()) -> Result:
    """A result with parks chosen from its pool by the law of the portfolio."""
    programme = Programme.model_validate(
        {
            "id": "few",
            "titles": {"en": "A few", "fa": "چند پارک"},
            "k": k,
            "existing_first": {"tolerance_loss": 0.02},
            "spacing": {"at_least_km": 10},
            "alternatives": {"gap": 0.05, "at_most": 5},
        }
    )
    pool = candidates_of(result.pool, {result.criteria.id: result.scores})
    rng = np.random.default_rng(4)
    draws = pool.score.ravel() + rng.normal(0, 0.05, (50, len(pool.ids)))
    chosen = choose(pool, programme, draws=draws)
    chosen = dataclasses.replace(chosen, notes=(*chosen.notes, *notes))
    return dataclasses.replace(result, portfolio=chosen)


def decoded(uri: str) -> tuple[int, int, int, bytes]:
    """Columns, rows, colour type and rows of a PNG data URI, each with its filter byte."""
    raw = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
    columns, rows = int.from_bytes(raw[16:20]), int.from_bytes(raw[20:24])
    body, at = b"", 8
    while at < len(raw):
        size, name = int.from_bytes(raw[at : at + 4]), raw[at + 4 : at + 8]
        data = raw[at + 8 : at + 8 + size]
        assert zlib.crc32(name + data) == int.from_bytes(raw[at + 8 + size : at + 12 + size])
        body += data if name == b"IDAT" else b""
        at += 12 + size
    return columns, rows, raw[25], zlib.decompress(body)


def test_same_result_same_bytes(tmp_path: Path) -> None:
    for name in ("one.html", "two.html"):
        write(with_parks(with_lattice(toy_result(20))), tmp_path / name)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_page_calls_nobody() -> None:
    document = page(toy_result())
    tags = re.findall(r"<(?:script|link|img|iframe|object)[^>]*>", document)
    assert not [tag for tag in tags if "src=" in tag or "href=" in tag]
    styles = "".join(re.findall(r"<style>(.*?)</style>", document, re.DOTALL))
    assert not re.search(r"url\((?!data:)|@import", styles)
    for word in ("jquery", "bootstrap", "awesome", "sourceMappingURL", "user-scalable"):
        assert word not in document.lower()


def test_head_is_for_people() -> None:
    document = page(toy_result())
    assert '<html lang="fa" dir="ltr">' in document
    assert "<title>مطالعهٔ آزمون</title>" in document
    assert 'name="viewport" content="width=device-width, initial-scale=1"' in document


def test_policy_names_every_inline_block_by_hash() -> None:
    document = page(toy_result())
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', document)
    assert found
    rules = dict(rule.split(" ", 1) for rule in html.unescape(found[1]).split("; "))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in found[1]
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        blocks = re.findall(rf"<{tag}>(.*?)</{tag}>", document, re.DOTALL)
        digests = [base64.b64encode(hashlib.sha256(b.encode()).digest()).decode() for b in blocks]
        assert rules[rule].split() == [f"'sha256-{digest}'" for digest in digests]
    # The policy binds what follows it only.
    assert found.start() < document.index("<script")
    assert found.start() < document.index("<style")


def test_hostile_text_is_only_data() -> None:
    names = list(HOSTILE)
    document = page(toy_result(len(names), names))
    block = block_of(document)
    assert len(names) >= 60
    assert block["sites"]["name_en"] == names
    assert "__pwned" not in re.sub(
        r'<script type="application/json".*?</script>', "", document, flags=re.DOTALL
    )
    for tag in ("script", "style"):
        assert document.count(f"<{tag}") == document.count(f"</{tag}>")


def test_title_of_a_study_is_escaped() -> None:
    document = shell.assemble("{}", title="</title><script>@@DATA@@{{ 7*7 }}", centre=(28.0, 51.0))
    assert "<title>&lt;/title&gt;&lt;script&gt;@@DATA@@{{ 7*7 }}</title>" in document


@given(st.text())
def test_json_is_inert_and_whole(text: str) -> None:
    inert = as_json([text])
    assert json.loads(inert) == [text]
    assert not re.search(r"[<>&\u2028\u2029]|\{[{%#]", inert)
    inert.encode("utf-8")


def test_half_a_character_is_still_json() -> None:
    assert as_json(["\udc80"]) == '["\\udc80"]'


def test_comments_and_indents_stay_in_the_files() -> None:
    for name in shell.MODULES:
        # A text over several lines would lose its indents.
        for line in shell.asset(f"js/{name}.js").splitlines():
            assert line.count("`") % 2 == 0, (name, line)
    lines = shell.script().splitlines()
    assert not [line for line in lines if not line or line.startswith((" ", "//", "/*"))]


def test_unknown_link_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import folium

    links = [*folium.Map.default_js, ("cluster", "https://example.org/cluster.js")]
    monkeypatch.setattr(folium.Map, "default_js", links)
    with pytest.raises(DataError, match=r"cluster \(https://example.org/cluster.js\)"):
        page(toy_result(3))


def test_shipped_files_are_those_on_the_list() -> None:
    listed = json.loads((ASSETS / "assets.json").read_text("utf-8"))
    for entry in listed:
        digest = hashlib.sha256((ASSETS / entry["file"]).read_bytes()).hexdigest()
        assert digest == entry["sha256"], entry["file"]
        assert entry["version"]
        assert entry["licence"]
        assert (ASSETS / entry["licence_file"]).is_file()
    own = {"head.html", "page.html", "page.css", "assets.json", "README.md"}
    shipped = {e["file"] for e in listed} | {e["licence_file"] for e in listed} | own
    assert {path.name for path in ASSETS.iterdir() if path.is_file()} == shipped


def test_every_module_is_in_the_page_and_uses_earlier_ones_only() -> None:
    files = {path.stem for path in (ASSETS / "js").glob("*.js")}
    assert files == set(shell.MODULES)
    for place, name in enumerate(shell.MODULES):
        source = shell.asset(f"js/{name}.js")
        used = re.findall(r"^import .* from '\./(\w+)\.js';$", source, re.MULTILINE)
        assert set(used) <= set(shell.MODULES[:place]), name
        assert len(source.splitlines()) <= 300, name
        assert "innerHTML" not in source
        assert "insertAdjacentHTML" not in source


def test_every_word_stands_in_both_languages() -> None:
    words = shell.asset("js/terms.js") + shell.asset("js/words.js")
    keys = set(re.findall(r"^  (\w+): \[", words, re.MULTILINE))
    assert len(keys) > 150
    scripts = "".join(
        shell.asset(f"js/{name}.js") for name in shell.MODULES if name not in ("terms", "words")
    )
    asked = set(re.findall(r"\bt\('(\w+)'", scripts))
    assert asked <= keys


def test_cells_that_are_not_eligible_carry_no_score_class() -> None:
    surface = toy_result().surface
    classes = raster.classes(surface)
    assert set(np.unique(classes[surface.verdict == 1])) == {raster.UNDETERMINED_CLASS}
    assert set(np.unique(classes[surface.verdict == 2])) == {raster.EXCLUDED_CLASS}
    assert not classes[~surface.grid.inside].any()
    eligible = surface.verdict == 0
    assert classes[eligible].min() >= 1
    assert classes[eligible].max() <= 5


@pytest.mark.parametrize(
    ("score", "expected"), [(0.499, 1), (0.5, 2), (0.6, 3), (0.7, 4), (0.8, 5)]
)
def test_class_limits_belong_to_the_class_above(score: float, expected: int) -> None:
    surface = toy_result().surface
    even = np.full_like(surface.score, score)
    flat = dataclasses.replace(surface, score=even, verdict=np.where(surface.grid.inside, 0, -1))
    assert set(np.unique(raster.classes(flat)[surface.grid.inside])) == {expected}


def test_class_picture_lies_where_the_cells_lie() -> None:
    surface = toy_result().surface
    picture = raster.class_picture(surface)
    columns, rows, colour, body = decoded(picture["png"])
    assert (columns, rows, colour) == (picture["columns"], picture["rows"], 3)
    pixels = np.frombuffer(body, np.uint8).reshape(rows, columns + 1)[:, 1:]
    west, south, east, north = picture["bounds"]
    to_map = Transformer.from_crs(surface.grid.crs, "EPSG:3857", always_xy=True)
    cells = surface.grid.places()
    x, y = to_map.transform(cells.easting, cells.northing)
    column = ((np.asarray(x) - west) / (east - west) * columns).astype(int)
    row = ((north - np.asarray(y)) / (north - south) * rows).astype(int)
    truth = raster.classes(surface).ravel()[cells.ids.astype(int)]
    # Pixels are as large as cells, so a centre near a pixel's edge may read its neighbour.
    assert (pixels[row, column] == truth).mean() > 0.9


def values_of(picture: dict[str, Any], criteria: int) -> np.ndarray[Any, Any]:
    """The lattice of a page as values, shape (criteria, rows, columns); unknown is NaN."""
    columns, height, colour, body = decoded(picture["png"])
    assert (columns, height, colour) == (picture["columns"], picture["rows"] * criteria, 0)
    rows = np.frombuffer(body, np.uint8).reshape(height, columns + 1)
    assert (rows[0, 0], set(rows[1:, 0].tolist())) == (0, {2})
    steps = np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8).astype(float)
    steps[steps == picture["unknown"]] = np.nan
    values: np.ndarray[Any, Any] = steps.reshape(criteria, -1, columns) / picture["steps"]
    return values


def test_lattice_says_what_each_criterion_is_worth_where_it_lies() -> None:
    result = with_lattice(toy_result())
    assert result.lattice is not None
    picture = raster.lattice_picture(result.lattice)
    values = values_of(picture, len(result.criteria.criteria))
    west, south, east, north = picture["bounds"]
    assert (east - west) / picture["columns"] * np.cos(np.radians(28.0)) <= 5000 * 1.01
    cells = result.surface.grid.places()
    to_map = Transformer.from_crs(result.surface.grid.crs, "EPSG:3857", always_xy=True)
    x, y = to_map.transform(cells.easting, cells.northing)
    column = ((np.asarray(x) - west) / (east - west) * picture["columns"]).astype(int)
    row = ((north - np.asarray(y)) / (north - south) * picture["rows"]).astype(int)
    found, truth = values[:, row, column].T, result.lattice.values
    same = np.isclose(found, truth, atol=0.5 / picture["steps"] + 1e-9, equal_nan=True).all(axis=1)
    # A pixel is as wide as a cell, so a centre near its edge may read the neighbour.
    assert same.mean() > 0.8


def test_without_a_lattice_the_page_says_so() -> None:
    data = page_data(toy_result())
    assert data["lattice"] is None
    assert data["portfolio"] is None


def test_parks_are_told_as_they_were_chosen() -> None:
    result = with_parks(toy_result(30))
    chosen, told = result.portfolio, page_data(result)["portfolio"]
    assert chosen is not None
    ids = list(result.pool.frame["id"])
    assert [ids[p["site"]] for p in told["picks"]] == [p.id for p in chosen.picks]
    assert told["total"] == pytest.approx(chosen.total, abs=1e-6)
    assert told["proven"] is True
    assert told["existing"] + told["extensions"] + told["greenfield"] <= len(chosen.picks)
    for told_set, other in zip(told["sets"], chosen.alternatives, strict=True):
        assert {ids[i] for i in told_set["sites"]} == set(other.ids)
        members = {p.id for p in chosen.picks}
        joins, leaves = ({ids[i] for i in told_set[key]} for key in ("joins", "leaves"))
        assert (members - leaves) | joins == set(other.ids)
    assert [s[3] for s in told["curve"]] == pytest.approx([s.total for s in chosen.curve], abs=1e-6)


def test_a_site_without_which_nothing_stands_has_no_loss() -> None:
    # As many parks as there are candidates: none can be left out.
    result = toy_result(6)
    fit = int(((result.scores.rank > 0) & (result.scores.verdict < 2)).sum())
    assert result.portfolio is None
    chosen = with_parks(result, k=fit) if fit else None
    assert chosen is not None
    swaps = page_data(chosen)["portfolio"]["swaps"]
    assert [swap["loss"] for swap in swaps] == [None] * fit
    assert [swap["policy"] for swap in swaps] == [False] * fit


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=20))
def test_numbers_travel_bit_by_bit(numbers: list[float]) -> None:
    back = np.frombuffer(base64.b64decode(exact(np.array(numbers))), "<f8")
    np.testing.assert_array_equal(back, numbers)


def test_a_notebook_gets_the_same_page_in_a_frame() -> None:
    shown = frame(toy_result(4), height=500)._repr_html_()
    inner = re.fullmatch(r'<iframe srcdoc="([^"]*)"[^>]* height="500"[^>]*></iframe>', shown)
    assert inner
    assert html.unescape(inner[1]) == page(toy_result(4))
    assert "allow-same-origin" not in shown


@given(
    st.lists(
        st.tuples(st.floats(44, 66, allow_nan=False), st.floats(22, 36, allow_nan=False)),
        min_size=1, max_size=30,
    )
)  # fmt: skip
def test_flat_positions_come_back(points: list[tuple[float, float]]) -> None:
    flat = np.array(layers.flat(points)).reshape(-1, 2)
    back = np.cumsum(flat, axis=0) / layers.STEPS_PER_DEGREE
    assert np.abs(back[0] - points[0]).max() <= 0.5 / layers.STEPS_PER_DEGREE + 1e-9
    assert np.abs(back[-1] - points[-1]).max() <= 0.5 / layers.STEPS_PER_DEGREE + 1e-9


def test_neighbouring_provinces_keep_one_border() -> None:
    found = page_data(toy_result())["context"]["provinces"]
    rings = [
        shapely.Polygon(np.cumsum(np.array(p["rings"][0]).reshape(-1, 2), axis=0)) for p in found
    ]
    assert rings[0].intersection(rings[1]).length == pytest.approx(1.0 * layers.STEPS_PER_DEGREE)
    assert rings[0].intersection(rings[1]).area == 0


def test_what_is_around_the_sites_is_drawn_once_and_never_stale(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def drawn(result: Result) -> Any:
        return page_data(result)["context"]

    def alone(result: Result) -> Any:
        with monkeypatch.context() as patch:
            patch.setenv("SITESELECT_CACHE", "off")
            return drawn(result)

    monkeypatch.setenv("SITESELECT_CACHE", str(tmp_path))
    result = toy_result()
    first = alone(result)
    assert drawn(result) == first
    with monkeypatch.context() as patch:
        patch.delattr("siteselect.present.maps.data._drawn")
        assert drawn(toy_result()) == first
    other = toy_result()
    other.context["pipelines"].loc[0, "geometry"] = shapely.LineString([(50.5, 28), (50.5, 28.2)])
    assert first != drawn(other) == alone(other)
    other.context["ports"].loc[0, "name_en"] = "Another port"
    assert "Another port" in str(drawn(other))


def test_lines_beyond_the_study_are_told_apart() -> None:
    result = toy_result()
    far = shapely.LineString([(50.5, 28.5), (50.5, 29.5)])
    result.context["pipelines"].loc[0, "geometry"] = far
    line = page_data(result)["context"]["pipelines"][0]
    assert len(line["paths"]) == len(line["far"]) == 1
    assert line["far"][0][:2] == [505000, 290000] or line["far"][0][1] > 290000


def test_data_tell_what_the_law_said() -> None:
    result = toy_result(20)
    data = page_data(result)
    scores, sites = result.scores, data["sites"]

    def told(name: str, form: str) -> np.ndarray[Any, Any]:
        flat: np.ndarray[Any, Any] = np.frombuffer(base64.b64decode(sites[name]), form)
        return flat.reshape(scores.values.shape)

    np.testing.assert_array_equal(told("values", "<f8"), scores.values)
    worst, best = (told(name, "<u2") / judged.BOUND_STEPS for name in ("worst", "best"))
    assert sites["verdict"] == scores.verdict.tolist()
    table = result.table
    for j, criterion in enumerate(result.criteria.criteria):
        low, high = value_range(table.lower[:, j], table.upper[:, j], criterion.knots)
        known = ~np.isnan(low)
        np.testing.assert_array_equal(worst[~known, j], judged.BOUND_UNKNOWN / judged.BOUND_STEPS)
        # Never narrower than it is, and never wider by more than a step.
        assert (worst[known, j] <= low[known] + 1e-15).all()
        assert (best[known, j] >= high[known] - 1e-15).all()
        step = 1 / judged.BOUND_STEPS
        np.testing.assert_allclose(worst[known, j], low[known], rtol=0, atol=step)
        np.testing.assert_allclose(best[known, j], high[known], rtol=0, atol=step)
    assert sites["answers"] == ["".join(map(str, row)) for row in scores.answers.tolist()]
    assert sum(c["weight"] for c in data["criteria"]) == pytest.approx(1, abs=1e-12)


def test_rules_carry_law_and_standing() -> None:
    rule = page_data(toy_result())["rules"][0]
    assert rule["status"] == "superseded"
    assert rule["basis"] == ["Cabinet regulation of 1378"]
    assert rule["authority"]["fa"] == "سازمان حفاظت محیط زیست"
    assert (rule["limit"], rule["least"], rule["unit"]) == (1.0, True, "km")


def test_rules_tell_the_time_limits_that_are_known_of_their_bodies() -> None:
    found = real.result()
    told = {rule["id"]: rule["days"] for rule in page_data(found)["rules"]}
    for rule in found.criteria.constraints:
        bodies = [body for body, _ in bodies_of(rule, found.authorities) if body]
        notes = {body.days_note.en for body in bodies if body.days is not None}
        assert {note["en"] for note in told[rule.id]} == notes
    assert told["gas_safety"] == [
        {"en": "60 (right-of-way bodies)", "fa": "۶۰ (دستگاه‌های دارای حریم)"}
    ]
    assert told["railway"] == []


def test_nothing_within_reach_is_told_as_such() -> None:
    result = toy_result()
    values = result.table.values.copy()
    values[0, 0], values[1, 0] = np.inf, np.nan
    table = dataclasses.replace(result.table, values=values)
    readings = page_data(dataclasses.replace(result, table=table))["sites"]["readings"]
    assert readings[0][0] == "inf"
    assert readings[1][0] is None


def test_page_of_many_sites_is_small() -> None:
    whole = with_parks(with_lattice(toy_result(260)))
    assert len(page(whole).encode("utf-8")) < 1_500_000
