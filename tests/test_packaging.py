"""What is shipped: the wheel holds all of it, and works away from the checkout."""

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LEFTOVERS = shutil.ignore_patterns(
    ".git", ".venv", "out", "build", "dist", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info"
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, so that building leaves nothing behind in ours."""
    folder = tmp_path_factory.mktemp("build") / "siteselect"
    shutil.copytree(ROOT, folder, ignore=LEFTOVERS)
    return folder


def built(checkout: Path, kind: str, folder: Path) -> Path:
    """Build with what is installed: no isolation, so no network."""
    command = [sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir"]
    subprocess.run([*command, str(folder), str(checkout)], check=True, capture_output=True)
    (found,) = folder.iterdir()
    return found


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(checkout, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(checkout, "sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel in a folder of its own; its dependencies come from this environment."""
    folder = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*command, "--target", str(folder), str(wheel)], check=True)
    return folder


def files_below(folder: Path, *names: str) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for name in names
        for path in (folder / name).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def run_away(installed: Path, code: str, cwd: Path) -> str:
    """Output of Python code that sees the installed wheel and not the checkout."""
    # -P keeps the current folder off the path; PYTHONPATH precedes an editable install.
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(installed)},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_the_wheel_adds_one_name(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    version = wheel.name.split("-")[1]
    assert tops == {"siteselect", f"siteselect-{version}.dist-info"}


def test_the_wheel_holds_code_data_and_criteria(wheel: Path, checkout: Path) -> None:
    resources = "siteselect/_resources/"
    wanted = files_below(checkout, "siteselect") | {
        resources + name for name in files_below(checkout, "data", "criteria")
    }
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == wanted
    assert resources + "data/catalog.yaml" in held
    assert "siteselect/py.typed" in held


def test_the_wheel_says_what_the_project_says(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        info = next(name.split("/")[0] for name in archive.namelist() if ".dist-info/" in name)
        told = message_from_bytes(archive.read(f"{info}/METADATA"))
        entry = archive.read(f"{info}/entry_points.txt").decode()
        assert archive.read(f"{info}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert told["Requires-Python"] == ">=3.11"
    assert set(told.get_all("Provides-Extra", [])) == set(
        PROJECT["project"]["optional-dependencies"]
    )
    assert "siteselect = siteselect.cli:main" in entry


def test_the_sdist_is_complete(sdist: Path, checkout: Path) -> None:
    listed = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["only-include"]
    wanted = files_below(checkout, *listed) | {
        name for name in listed if (checkout / name).is_file()
    }
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert not [name for name in listed if not (checkout / name).exists()]
    assert held - wanted == {"pyproject.toml", "PKG-INFO", ".gitignore"}
    assert wanted <= held, sorted(wanted - held)


def test_no_part_of_the_project_is_left_out_of_the_sdist(checkout: Path) -> None:
    parts = {path.name for path in checkout.iterdir()}
    if (ROOT / ".git").exists():  # without what else lies about in somebody's checkout
        command = ["git", "-c", "safe.directory=*", "ls-files"]
        told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        parts = {name.partition("/")[0] for name in told.stdout.splitlines()}
    included = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["only-include"]
    assert parts
    assert parts <= {*included, "pyproject.toml", ".gitignore"}


def test_the_installed_wheel_finds_its_data(installed: Path, tmp_path: Path) -> None:
    home = run_away(installed, "from siteselect.base.files import home; print(home())", tmp_path)
    assert Path(home) == installed / "siteselect" / "_resources"


def test_the_installed_wheel_reads_its_study(installed: Path, tmp_path: Path) -> None:
    code = (
        "from siteselect.base.files import home, read\n"
        "from siteselect.declared.study import Study\n"
        "print(read(home() / 'criteria' / 'study.yaml', Study).id)"
    )
    assert run_away(installed, code, tmp_path)


def test_the_installed_version_is_the_declared_one(
    installed: Path, wheel: Path, tmp_path: Path
) -> None:
    code = "import siteselect; print(siteselect.__file__, siteselect.__version__)"
    place, version = run_away(installed, code, tmp_path).split()
    assert Path(place).is_relative_to(installed)
    assert wheel.name.startswith(f"siteselect-{version}-")


def test_only_folium_is_capped() -> None:
    listed = [
        *PROJECT["project"]["dependencies"],
        *(item for extra in PROJECT["project"]["optional-dependencies"].values() for item in extra),
    ]
    capped = [item for item in listed if any(mark in item for mark in ("<", "==", "~="))]
    assert [item.partition(">")[0] for item in capped] == ["folium"]


def test_the_lock_pins_every_dependency_and_names_no_host() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = {line.partition("==")[0].lower().replace("_", "-") for line in lines}
    listed = [
        *PROJECT["project"]["dependencies"],
        *(item for extra in PROJECT["project"]["optional-dependencies"].values() for item in extra),
    ]
    assert all(line.count("==") == 1 and "/" not in line for line in lines)
    assert {item.partition(">")[0].lower() for item in listed} <= pins
    assert not {"pip", "setuptools", "wheel", "siteselect"} & pins
