"""What the documents say is so: commands, files, links, names."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import siteselect
from siteselect.cli.door import COMMANDS
from siteselect.present import write
from tests.toy import toy_result

ROOT = Path(__file__).parents[1]
PAGES = sorted(ROOT.glob("*.md"))
README = (ROOT / "README.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")
TEXTS = {".py", ".md", ".yaml", ".toml", ".txt", ".sh", ".js", ".css", ".html", ".json", ".csv"}
# A folder of somebody's machine; the groups keep this line from finding itself.
MACHINE = re.compile(r"(?<![\w.:/<>*-])/(?:home|root|work|tmp|Users)/\w")
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def shipped() -> Iterator[Path]:
    """Text files of the project itself, not of its environment or its runs."""
    folders = ("siteselect", "tests", "criteria", "data", "notebooks", ".ci")
    for path in (*ROOT.iterdir(), *(p for name in folders for p in (ROOT / name).rglob("*"))):
        if path.is_file() and (path.suffix in TEXTS or path.name in ("Makefile", "run")):
            yield path


def test_the_readme_begins_with_the_two_commands() -> None:
    first = blocks(README, "sh")[0].splitlines()
    assert [line.split("#")[0].strip() for line in first] == ["make run", "make test"]
    assert README.index("```sh") < 60


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_targets_of_make_exist(page: Path) -> None:
    told = set(re.findall(r"(?:^|`)make ([a-z]+)\b", page.read_text("utf-8"), re.MULTILINE))
    assert told <= set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8"))
    lost = [link for link in links if "://" not in link and not (ROOT / link).exists()]
    assert not lost


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_files_that_are_named_exist(page: Path) -> None:
    named = re.findall(
        r"`((?:siteselect|tests|criteria|data|notebooks)/[\w./-]+)`", page.read_text("utf-8")
    )
    assert not [name for name in named if not (ROOT / name).exists()]


def test_commands_of_the_readme_are_those_of_the_program() -> None:
    told = re.findall(r"^\| `siteselect ([a-z]+)", README, re.MULTILINE)
    assert told == list(COMMANDS)


def test_files_of_the_readme_are_those_of_a_run(tmp_path: Path) -> None:
    table = README.partition("| file in `out/`")[2].partition("\n\n")[0]
    first = [line.split("|")[1] for line in table.splitlines()[2:]]
    write.write(toy_result(), tmp_path / "out")
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert set(re.findall(r"`([\w.]+)`", " ".join(first))) == written


def test_python_of_the_readme_uses_public_names() -> None:
    (block,) = blocks(README, "python")
    names = [
        node.attr
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "ss"
    ]
    assert names
    assert all(hasattr(siteselect, name) for name in names)


def test_the_changelog_knows_this_version() -> None:
    versions = re.findall(r"^## \[([^]]+)\]", CHANGELOG, re.MULTILINE)
    assert versions[:2] == ["Unreleased", siteselect.__version__]


def test_the_citation_names_this_version() -> None:
    assert f"siteselect, version {siteselect.__version__}" in README


def test_the_front_door_is_the_program() -> None:
    commands = (["cli.py", "--help"], ["-m", "siteselect", "--help"])
    helps = {
        subprocess.run(
            [sys.executable, *command], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout.partition("\n")[2]
        for command in commands
    }
    assert len(helps) == 1


def test_nothing_names_a_machine_or_is_left_undone() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path in shipped()
        for pattern in (MACHINE, UNFINISHED)
        for found in pattern.finditer(path.read_text("utf-8", errors="replace"))
    ]
    assert not wrong, "\n".join(wrong)
