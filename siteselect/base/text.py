"""Text: folding for comparison, digits, lists of figures, nearest words, cells that are inert."""

import difflib
import re
import unicodedata
from collections.abc import Iterable

from siteselect.base.errors import DataError, Fault

_PERSIAN_DIGITS = "۰۱۲۳۴۵۶۷۸۹"
_TO_LATIN = str.maketrans(_PERSIAN_DIGITS + "٠١٢٣٤٥٦٧٨٩" + "٫٬", "0123456789" + "0123456789" + ".,")
_PERSIAN_MARKS = {".": "٫", ",": "٬", "%": "٪"}
_MARK = re.compile(r"(?<=[0-9])(?:[.,](?=[0-9])|%)")
_TO_PERSIAN = str.maketrans("0123456789", _PERSIAN_DIGITS)
_FOLD = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "ة": "ه", "ۀ": "ه", "أ": "ا", "إ": "ا",
                       "آ": "ا", "ؤ": "و", "ئ": "ی", "\u200c": " ", "\u200f": "", "\u200e": "",
                       "ـ": ""})  # fmt: skip
# The byte of each letter in the Western code page; those that it leaves out stand for themselves.
_WESTERN = {bytes([i]).decode("cp1252", "ignore") or chr(i): i for i in range(256)}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00")


def latin_digits(text: str) -> str:
    """Persian and Arabic digits and decimal marks as Latin ones.

    Examples
    --------
    >>> latin_digits("۲۷٫۵")
    '27.5'
    """
    return text.translate(_TO_LATIN)


def persian_digits(text: str) -> str:
    """Latin digits as Persian ones.

    Examples
    --------
    >>> persian_digits("13")
    '۱۳'
    """
    return text.translate(_TO_PERSIAN)


def persian_figures(text: str) -> str:
    """Figures with Persian digits, decimal mark, thousands mark and per cent sign.

    Points and commas that stand in no figure stay as they are.

    Examples
    --------
    >>> persian_figures("1,234.5% of 2.")
    '۱٬۲۳۴٫۵٪ of ۲.'
    """
    return persian_digits(_MARK.sub(lambda found: _PERSIAN_MARKS[found[0]], text))


def fold(text: str) -> str:
    """The form in which two spellings of one name are equal; for comparing, never for showing.

    Arabic ye, kaf and their kin become Persian, digits Latin, marks and doubled spaces go,
    Latin letters lose their case and what stands above or below them.

    Examples
    --------
    >>> fold("كنگان") == fold("کنگان"), fold("Nūr") == fold("Nur")
    (True, True)
    """
    if text.isascii():
        # Most names of very long tables: nothing below would touch them.
        return " ".join(text.casefold().split())
    text = unicodedata.normalize("NFKC", text).translate(_FOLD)
    text = "".join(_plain(c) for c in text if not unicodedata.combining(c))
    return " ".join(latin_digits(text).casefold().split())


def _plain(letter: str) -> str:
    """A Latin letter without its marks; those of other scripts are letters of their own."""
    bare = unicodedata.normalize("NFD", letter)[0]
    return bare if bare.isascii() and bare.isalpha() else letter


def figures(text: str, *, file: str, row: str) -> dict[str, float]:
    """Figures by name from a list such as ``sulphur=0.328; air_oxygen=0.489``.

    Parameters
    ----------
    text : str
        The list; a name without a figure is left out, for unknown is not zero.
    file, row : str
        Where it stands, for messages.

    Returns
    -------
    dict of str to float

    Raises
    ------
    DataError
        If a figure is no number, is below zero or its name stands twice.

    Examples
    --------
    >>> figures("sulphur=0.328; air_oxygen=0.489", file="value_chain", row="S03")
    {'sulphur': 0.328, 'air_oxygen': 0.489}
    """
    result: dict[str, float] = {}
    faults = []
    for part in text.split(";"):
        name, _, figure = (word.strip() for word in part.partition("="))
        if not figure:
            continue
        try:
            number = float(figure)
        except ValueError:
            number = -1.0
        if name in result:
            faults.append(Fault("stands twice", file, row, name))
        elif not 0 <= number < float("inf"):
            faults.append(Fault(f"{figure[:40]!r} is no number from 0 up", file, row, name))
        else:
            result[name] = number
    if faults:
        raise DataError(faults)
    return result


def nearest(word: str, words: Iterable[str]) -> str:
    """A hint `` (did you mean 'x'?)`` if a known word stands near, else nothing.

    Examples
    --------
    >>> nearest("wieght", ["weight", "unit"])
    " (did you mean 'weight'?)"
    """
    known = {other.casefold(): other for other in words}
    close = difflib.get_close_matches(word.casefold(), list(known), n=1, cutoff=0.6)
    return f" (did you mean {known[close[0]]!r}?)" if close else ""


def misread(text: str) -> str:
    """The Persian text that was read in a Western code page, or nothing if none was.

    Examples
    --------
    >>> misread("Ø¹Ø³Ù„ÙˆÛŒÙ‡"), misread("Zürich"), misread("عسلویه")
    ('عسلویه', '', '')
    """
    codes = [_WESTERN.get(letter, -1) for letter in text]
    if text.isascii() or -1 in codes:
        return ""
    for encoding in ("utf-8", "cp1256"):
        found = bytes(codes).decode(encoding, "ignore")
        letters = [c for c in found if c.isalpha()]
        persian = sum("\u0600" <= c <= "\u06ff" for c in letters)
        if persian > 2 and persian > 0.9 * len(letters):
            return found
    return ""


def inert(text: str) -> str:
    """The text as a spreadsheet cell that is never run as a formula.

    A cell that begins with ``= + - @``, a tab or a line break is led by an apostrophe, as the
    OWASP verification standard asks (ASVS 1.2.10).

    Examples
    --------
    >>> inert("=1+1"), inert("Pars 2")
    ("'=1+1", 'Pars 2')
    """
    return "'" + text if text.startswith(_FORMULA) else text
