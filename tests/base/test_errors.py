"""Errors carry all faults, each where it stands."""

import pytest

from siteselect.base import errors
from siteselect.base.errors import Fault, SiteselectError

EXITS = {
    "SiteselectError": 1, "DeclarationError": 3, "DataError": 4, "CrsMismatch": 4,
    "UnitMismatch": 4, "NoSolution": 5, "CheckFailed": 6,
}  # fmt: skip


def test_every_error_is_of_the_one_tree_and_has_its_exit() -> None:
    found = {
        name: kind.exit_code
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, SiteselectError)
    }
    assert found == EXITS
    assert all(name in (errors.__doc__ or "") for name in EXITS)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault("is wrong"), "is wrong"),
        (Fault("is wrong", "a.csv"), "a.csv: is wrong"),
        (Fault("is wrong", "a.csv", "", "lat"), "a.csv: lat: is wrong"),
    ],
)
def test_a_fault_names_what_it_knows_of_its_place(fault: Fault, told: str) -> None:
    assert str(fault) == told


def test_an_error_keeps_every_fault_and_shows_one_a_line() -> None:
    error = errors.DataError([Fault("is empty", "a.csv"), "is too large"])
    assert [fault.message for fault in error.faults] == ["is empty", "is too large"]
    assert str(error) == "a.csv: is empty\nis too large"
    assert errors.DataError(Fault("once")).faults == (Fault("once"),)
