"""What the documents say is so: commands, files, links, names."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import siteselect
from siteselect.cli import door
from siteselect.cli.door import COMMANDS
from siteselect.present import supply, write
from siteselect.study.question import ask
from siteselect.study.run import decide
from tests.toy import toy_result

ROOT = Path(__file__).parents[1]
PAGES = sorted((*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")))
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


def transcripts() -> list[tuple[str, str]]:
    found = [block for page in PAGES for block in blocks(page.read_text("utf-8"), "console")]
    return [(block[2:].split("\n", 1)[0], block.split("\n", 1)[1]) for block in found]


@pytest.mark.parametrize(("command", "shown"), transcripts(), ids=lambda text: text.split("\n")[0])
def test_what_a_page_shows_of_a_command_is_what_it_prints(command: str, shown: str) -> None:
    """Line by line; ``...`` stands for any lines that are left out."""
    program, *arguments = command.split()
    assert program == "siteselect"
    outcome = CliRunner().invoke(door.siteselect, arguments, catch_exceptions=False)
    printed = [line.rstrip() for line in outcome.stdout.splitlines()]
    at, gap = 0, False
    for line in shown.splitlines():
        if line == "...":
            gap = True
            continue
        here = printed.index(line, at) if gap else at
        assert printed[here] == line
        at, gap = here + 1, False
    assert gap or at == len(printed)


@pytest.mark.slow
def test_the_flows_of_the_sulphur_study_are_those_of_the_run() -> None:
    page = (ROOT / "docs" / "sulphur.md").read_text("utf-8")
    result = decide(ask(changes={"trust": None}))
    flows = supply.tables(result)["chain_flows.csv"].frame
    ours = flows[flows["material"].isin(["sulphur", "sulphuric_acid"])]
    rows = [
        f"| `{flow.origin}` | `{flow.destination}` | {flow.material} | {flow.kt_y:.0f} |"
        f" {flow.km:.0f} | {flow.mode} |"
        for flow in ours.itertuples()
    ]
    told = [line for line in page.splitlines() if line.startswith(("| `GR", "| `OR", "| `GF"))]
    assert sorted(told) == sorted(rows)
    plan = result.chain
    assert plan is not None
    assert plan.allocation is not None
    b = plan.allocation.balances["sulphur"]
    drawn = f"Still sold raw: {b.raw:.0f} instead of {b.left:.0f}."
    assert f"Sulphur drawn by parks: {b.used:.0f}. {drawn}" in page
    park = next(park for park in plan.allocation.parks if park.park_type == "sulphur")
    assert 1 / 7 < park.takes["sulphur"] / b.left < 1 / 6  # "a sixth of what is left over"
