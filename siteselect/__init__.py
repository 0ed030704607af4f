"""siteselect: where specialist petrochemical parks should stand, and why.

>>> import siteselect as ss
>>> callable(ss.run), callable(ss.score)
(True, True)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from siteselect.decide.score import Scores as Scores
    from siteselect.decide.score import score as score
    from siteselect.declared.criteria import CriteriaSet as CriteriaSet
    from siteselect.declared.study import Study as Study
    from siteselect.present.write import run as run
    from siteselect.study.result import Result as Result

__version__ = "0.1.0"

_HOMES = {
    "CriteriaSet": "siteselect.declared.criteria",
    "Result": "siteselect.study.result",
    "Scores": "siteselect.decide.score",
    "Study": "siteselect.declared.study",
    "run": "siteselect.present.write",
    "score": "siteselect.decide.score",
}

__all__ = ["CriteriaSet", "Result", "Scores", "Study", "__version__", "run", "score"]


def __getattr__(name: str) -> Any:
    # Public names are loaded on first use (PEP 562), so that `--help` stays quick.
    if name not in _HOMES:
        raise AttributeError(f"module 'siteselect' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
