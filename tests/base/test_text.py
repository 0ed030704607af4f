"""Text folds, digits turn, formulas are led by an apostrophe."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteselect.base import text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("كنگان", "کنگان"),  # Arabic kaf
        ("عسلويه", "عسلویه"),  # Arabic ye
        ("بندر‌عباس", "بندر عباس"),  # zero-width non-joiner
        ("آبادان", "ابادان"),
        ("مـاهشهر", "ماهشهر"),  # tatweel
        ("مَهشَهر", "مهشهر"),  # vowel marks
        ("فاز ۲", "فاز 2"),
        ("Bandar  IMAM", "bandar imam"),
        ("Nūr", "Nur"),
        ("Bandar-e Emām Khomeynī", "bandar-e emam khomeyni"),
        ("ﻣﺎﻫﺸﻬﺮ", "ماهشهر"),  # presentation forms
    ],
)
def test_two_spellings_of_one_name_fold_alike(one: str, other: str) -> None:
    assert text.fold(one) == text.fold(other)


@given(st.text())
def test_folding_twice_is_folding_once(word: str) -> None:
    once = text.fold(word)
    # Case folding may bring forth letters that fold again (Turkish i, Greek sigma): one more turn.
    assert text.fold(text.fold(once)) == text.fold(once)
    assert not any(unicodedata.combining(c) for c in text.fold(once))


@given(st.from_regex(r"[0-9]{1,12}", fullmatch=True))
def test_digits_turn_both_ways(number: str) -> None:
    assert text.latin_digits(text.persian_digits(number)) == number


def test_arabic_digits_and_marks_are_read() -> None:
    assert text.latin_digits("١٬٢٣٤٫٥") == "1,234.5"


def test_a_near_word_is_hinted_and_a_far_one_is_not() -> None:
    assert text.nearest("potrs", ["ports", "towns"]) == " (did you mean 'ports'?)"
    assert text.nearest("xyz", ["ports", "towns"]) == ""
    assert text.nearest("ports", []) == ""


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\0"])
def test_no_cell_begins_as_a_formula(start: str) -> None:
    assert text.inert(start + "cmd") == "'" + start + "cmd"


@given(st.text(st.characters(exclude_characters="=+-@\t\r\n\0"), max_size=20))
def test_an_innocent_cell_is_left_alone(word: str) -> None:
    assert text.inert(word) == word
