"""Styles: well-formed, complete, and drawn by a real QGIS as they are meant."""

import json
import os
import subprocess
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st

from siteselect.present import export, styles
from tests.toy import toy_result

SYSTEM_PYTHON = "/usr/bin/python3"
LOOK = """
import json, os, sys
from qgis.core import (QgsApplication, QgsCoordinateReferenceSystem, QgsMapRendererSequentialJob,
                       QgsMapSettings, QgsVectorLayer)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

app = QgsApplication([], False)
app.initQgis()
folder, found = sys.argv[1], {}
gpkg = os.path.join(folder, "sites.gpkg")
names = ["site_areas", "provinces", "estates", "ports", "pipelines", "feedstock"]
paths = {"shapefile": os.path.join(folder, "sites.shp"), "sites": gpkg + "|layername=sites"}
paths.update({name: gpkg + "|layername=" + name for name in names})
for name, path in paths.items():
    layer = QgsVectorLayer(path, name, "ogr")
    rules = layer.renderer().rootRule().children()
    found[name] = {
        "renderer": layer.renderer().type(), "count": layer.featureCount(),
        "labels": layer.labelsEnabled(),
        "order": [[c.expression().expression(), c.ascending(), c.nullsFirst()]
                  for c in layer.renderer().orderBy().list()],
        "rules": [[r.label(), r.symbol().color().name(), r.symbol().symbolLayer(0).layerType(),
                   r.filter() is None or not r.filter().hasParserError()] for r in rules],
        "aliases": {f.name(): f.alias() for f in layer.fields()},
    }
    if layer.labeling() is not None:
        rule = layer.labeling().rootRule().children()[0]
        found[name]["labelled"] = [rule.filterExpression(), rule.settings().isExpression]
    if name == "shapefile":
        settings = QgsMapSettings()
        settings.setLayers([layer])
        settings.setOutputSize(QSize(900, 600))
        settings.setBackgroundColor(QColor("white"))
        settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
        extent = layer.extent()
        extent.grow(0.2)
        settings.setExtent(extent)
        job = QgsMapRendererSequentialJob(settings)
        job.start()
        job.waitForFinished()
        job.renderedImage().save(os.path.join(folder, "map.png"))
        found[name]["sld"] = layer.loadSldStyle(os.path.join(folder, "sites.sld"))[1]
print(json.dumps(found))
sys.stdout.flush()
os._exit(0)  # QGIS 3.22 may crash while it takes itself apart
"""


def parsed(document: str) -> ElementTree.Element:
    """The tree of a style that we wrote ourselves."""
    return ElementTree.fromstring(document)  # noqa: S314 - our own text


def has_qgis() -> bool:
    """Whether the system's Python can import QGIS."""
    if not Path(SYSTEM_PYTHON).exists():
        return False
    done = subprocess.run(
        [SYSTEM_PYTHON, "-c", "import qgis.core"], capture_output=True, check=False
    )
    return done.returncode == 0


@given(st.floats(0, 1))
def test_every_score_falls_into_one_class(score: float) -> None:
    held = []
    for index in range(len(styles.CLASSES)):
        condition = styles._score_filter(styles.SiteNames(), index)
        bounds = [part for part in condition.split(" AND ") if '"score"' in part]
        held.append(all(eval(part.replace('"score"', repr(score))) for part in bounds))  # noqa: S307
    assert sum(held) == 1


def test_a_hostile_heading_stays_inside_its_attribute() -> None:
    nasty = {'a"b<&': '"/><rule filter="1=1"/>', "c\x01": "متن\x0b"}
    root = parsed(styles.sites_qml(styles.SiteNames(), nasty))
    aliases = {alias.get("field"): alias.get("name") for alias in root.iter("alias")}
    assert aliases == {'a"b<&': '"/><rule filter="1=1"/>', "c": "متن"}
    assert len(list(root.find("renderer-v2").iter("rule"))) == 8


def test_rules_of_pipelines_and_ports_use_only_columns_that_exist() -> None:
    for layer in ("pipelines", "ports"):
        root = parsed(styles.layer_qml(layer, {"id": "شناسه"}))
        assert [rule.get("filter") for rule in root.iter("rule")] == [None]
    with pytest.raises(KeyError, match="towns"):
        styles.layer_qml("towns", {})


@pytest.mark.qgis
@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_qgis_draws_the_bundle_as_meant(tmp_path: Path) -> None:
    if not has_qgis():
        pytest.skip(f"{SYSTEM_PYTHON} cannot import qgis.core")
    export.write(toy_result(40), tmp_path)
    with zipfile.ZipFile(tmp_path / "sites_shapefile.zip") as archive:
        archive.extractall(tmp_path)
    (tmp_path / "look.py").write_text(LOOK, encoding="utf-8")
    done = subprocess.run(
        [SYSTEM_PYTHON, "look.py", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "syntax error" not in done.stderr
    found = json.loads(done.stdout.splitlines()[-1])

    for name, layer in found.items():
        assert layer["renderer"] == "RuleRenderer", name
        assert all(sound for *_, sound in layer["rules"]), name
    for name, rank, title in (("shapefile", "RANK", "SITE_ID"), ("sites", "rank", "id")):
        layer = found[name]
        assert layer["count"] == 40
        colours = [
            colour.upper() for _, colour, kind, _ in layer["rules"] if kind == "SimpleMarker"
        ]
        assert colours[-5:] == [colour for _, colour in styles.CLASSES]
        hatched = [label for label, _, kind, _ in layer["rules"] if kind == "FilledMarker"]
        assert hatched == ["کنارگذاشته | excluded", "نامعین | undetermined"]
        assert layer["order"] == [[f'"{rank}"', False, True]]
        assert layer["labels"]
        assert layer["labelled"] == [f'"{rank}" <= 20', True]
        assert layer["aliases"][title] == "شناسهٔ پهنه"
    assert found["shapefile"]["sld"]
    assert found["provinces"]["aliases"]["name_fa"] == "نام"

    with rasterio.open(tmp_path / "map.png") as picture:
        pixels = picture.read()[:3].reshape(3, -1).T
    drawn = {tuple(colour) for colour in np.unique(pixels, axis=0)}
    for _, colour in styles.CLASSES[2:]:
        assert tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5)) in drawn
