"""The notebooks run from beginning to end, as they stand."""

from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))

pytestmark = pytest.mark.slow


def test_there_are_notebooks() -> None:
    assert [path.stem[:2] for path in NOTEBOOKS] == [f"{i + 1:02d}" for i in range(len(NOTEBOOKS))]
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs(path: Path) -> None:
    notebook = jupytext.read(path)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(ROOT)}}).execute()
    ran = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert ran[-1].outputs


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_has_no_logic_of_its_own(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    assert not [line for line in lines if line.lstrip().startswith(("def ", "class ", "while "))]
