"""Everything that can go wrong, as one tree.

::

    SiteselectError                exit 1
    |-- DeclarationError           exit 3   what was written is wrong (file, line, key)
    |-- DataError                  exit 4   what the world says is wrong (source, row, field)
    |   |-- CrsMismatch                     two coordinate reference systems met
    |   `-- UnitMismatch                    a unit is not the one that the measure gives
    |-- NoSolution                 exit 5   nothing satisfies the limits; the binding ones are named
    `-- CheckFailed                exit 6   a check that was asked for did not hold

An error carries all the faults that were found, not the first one only. Errors neither log nor
know the command line.
"""

from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, where it stands, and the cure.

    Parameters
    ----------
    message : str
        What is wrong, with the offending text and the cure.
    file : str
        The file or source, as the user named it; empty if there is none.
    row : str
        Row number, feature id or line number, as text; empty if there is none.
    field : str
        Column, key or property; empty if there is none.

    Examples
    --------
    >>> print(Fault("97.5 is not in [-90, 90]", file="sites.csv", row="row 2", field="lat"))
    sites.csv: row 2: lat: 97.5 is not in [-90, 90]
    """

    message: str
    file: str = ""
    row: str = ""
    field: str = ""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.row, self.field, self.message) if part)


class SiteselectError(Exception):
    """Root of the tree; carries every fault found.

    Parameters
    ----------
    faults : Fault, str or an iterable of them
        What is wrong.

    Examples
    --------
    >>> str(SiteselectError("nothing to score"))
    'nothing to score'
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, faults: "Fault | str | Iterable[Fault | str]") -> None:
        if isinstance(faults, (Fault, str)):
            faults = [faults]
        self.faults: tuple[Fault, ...] = tuple(
            fault if isinstance(fault, Fault) else Fault(fault) for fault in faults
        )
        super().__init__("\n".join(str(fault) for fault in self.faults))


class DeclarationError(SiteselectError):
    """What was written down is wrong; its faults name file, line and key."""

    exit_code = 3


class DataError(SiteselectError):
    """What the world says is wrong or missing; its faults name source, row and field."""

    exit_code = 4


class CrsMismatch(DataError):
    """Two coordinate reference systems met; the message names both."""


class UnitMismatch(DataError):
    """A unit is not the one that the measure gives; the message names both."""


class NoSolution(SiteselectError):
    """Nothing satisfies the limits; the faults name those that bind.

    Parameters
    ----------
    faults : as for every error of ours
    persian : iterable of str
        The same in Persian, fault by fault, where it is known.
    """

    exit_code = 5

    def __init__(
        self, faults: "Fault | str | Iterable[Fault | str]", persian: Iterable[str] = ()
    ) -> None:
        super().__init__(faults)
        self.persian = tuple(persian)


class CheckFailed(SiteselectError):
    """A check that was asked for did not hold."""

    exit_code = 6


# What this process was asked to leave with.
_ASKED: ContextVar[BaseException | None] = ContextVar("asked", default=None)


def leave(reason: BaseException) -> None:
    """Leave, as somebody outside has asked for; `heed` says it again if it is lost on its way.

    Parameters
    ----------
    reason : BaseException
        What is raised.

    Raises
    ------
    BaseException
        The reason.

    Examples
    --------
    >>> try:
    ...     leave(KeyboardInterrupt())
    ... except KeyboardInterrupt:
    ...     forget()
    """
    _ASKED.set(reason)
    raise reason


def heed() -> None:
    """Leave if that was asked and not heard, before something is done that cannot be taken back.

    What is raised between two lines may be lost: libraries drop, now and then, whatever is raised
    while they compare or look something up.

    Raises
    ------
    BaseException
        What `leave` was called with.

    Examples
    --------
    >>> heed()
    """
    reason = _ASKED.get()
    if reason is not None:
        raise reason


def forget() -> None:
    """Take it that nobody has asked this process to leave."""
    _ASKED.set(None)
