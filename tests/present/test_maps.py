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
from siteselect.present.maps import layers, raster, shell
from siteselect.present.maps.data import as_json, page_data
from siteselect.present.maps.write import page, write
from tests.toy import toy_result

HOSTILE = (
    "<script>window.__pwned=1</script>",
    "{{ 7*7 }}",
    "${window.__pwned=1}",
    "</script><img src=x onerror=window.__pwned=1>",
    "back\\slash `tick`",
    "\u202egnitirw desrever",
    "null\x00byte",
    "{% raw %}",
    "{# note #}",
    "=1+1",
    "@@DATA@@",
)
ASSETS = Path(shell.__file__).parent / "assets"


def block_of(document: str) -> Any:
    """The data of a page, read as a browser would."""
    opening = '<script type="application/json" id="data">'
    return json.loads(document.partition(opening)[2].partition("</script>")[0])


def decoded(uri: str) -> tuple[int, int, int, bytes]:
    """Columns, rows, colour type and unfiltered rows of a PNG data URI."""
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
    write(toy_result(9), tmp_path / "one.html")
    write(toy_result(9), tmp_path / "two.html")
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
    words = shell.asset("js/words.js")
    keys = set(re.findall(r"^  (\w+): \[", words, re.MULTILINE))
    assert len(keys) > 150
    scripts = "".join(shell.asset(f"js/{name}.js") for name in shell.MODULES if name != "words")
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


def test_lattice_is_at_most_five_kilometres_wide() -> None:
    picture = raster.lattice_picture(toy_result().surface)
    west, _, east, _ = picture["bounds"]
    width_on_ground = (east - west) / picture["columns"] * np.cos(np.radians(28.0))
    assert width_on_ground <= raster.LATTICE_M
    columns, rows, colour, body = decoded(picture["png"])
    assert colour == 2
    red = np.frombuffer(body, np.uint8).reshape(rows, 1 + 3 * columns)[:, 1::3]
    scores = red[red != 255] / raster.SCORE_STEPS
    assert 0.3 - 0.01 <= scores.min() <= scores.max() <= 0.9 + 0.01


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
    told = np.array([np.nan if s is None else s for s in sites["official"]["score"]])
    np.testing.assert_allclose(told, scores.score, atol=1e-12)
    assert sites["official"]["rank"] == scores.rank.tolist()
    assert [[v is None for v in row] for row in sites["values"]] == np.isnan(scores.values).tolist()
    assert sites["answers"] == ["".join(map(str, row)) for row in scores.answers.tolist()]
    assert sum(c["weight"] for c in data["criteria"]) == pytest.approx(1, abs=1e-12)


def test_rules_carry_law_and_standing() -> None:
    rule = page_data(toy_result())["rules"][0]
    assert rule["status"] == "superseded"
    assert rule["basis"] == ["Cabinet regulation of 1378"]
    assert rule["authority"]["fa"] == "سازمان حفاظت محیط زیست"
    assert (rule["limit"], rule["least"], rule["unit"]) == (1.0, True, "km")


def test_nothing_within_reach_is_told_as_such() -> None:
    result = toy_result()
    values = result.table.values.copy()
    values[0, 0], values[1, 0] = np.inf, np.nan
    table = dataclasses.replace(result.table, values=values)
    readings = page_data(dataclasses.replace(result, table=table))["sites"]["readings"]
    assert readings[0][0] == "inf"
    assert readings[1][0] is None


def test_page_of_many_sites_is_small() -> None:
    assert len(page(toy_result(260)).encode("utf-8")) < 1_500_000
