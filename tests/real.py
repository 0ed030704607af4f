"""The bundled study at a coarse cell: real data, quick enough for tests."""

from functools import cache

from siteselect.study.question import Question, ask
from siteselect.study.result import Result
from siteselect.study.run import decide

COARSE_M = 4000.0


@cache
def question(provinces: tuple[str, ...] = ()) -> Question:
    """The bundled study on coarse cells, without draws; some provinces only if named."""
    changes: dict[str, object] = {"cell_m": COARSE_M, "trust": None}
    if provinces:
        changes["provinces"] = list(provinces)
    return ask(changes=changes)


@cache
def result(provinces: tuple[str, ...] = ()) -> Result:
    """What the coarse study finds."""
    return decide(question(provinces))
