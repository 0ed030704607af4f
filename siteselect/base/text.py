"""Text: folding for comparison, digits, nearest words, and cells that no spreadsheet may run."""

import difflib
import unicodedata
from collections.abc import Iterable

_PERSIAN_DIGITS = "۰۱۲۳۴۵۶۷۸۹"
_TO_LATIN = str.maketrans(_PERSIAN_DIGITS + "٠١٢٣٤٥٦٧٨٩" + "٫٬", "0123456789" + "0123456789" + ".,")
_TO_PERSIAN_MARKS = str.maketrans({".": "٫", ",": "٬", "%": "٪"})
_TO_PERSIAN = str.maketrans("0123456789", _PERSIAN_DIGITS)
_FOLD = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "ة": "ه", "ۀ": "ه", "أ": "ا", "إ": "ا",
                       "آ": "ا", "ؤ": "و", "ئ": "ی", "\u200c": " ", "\u200f": "", "\u200e": "",
                       "ـ": ""})  # fmt: skip
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
    """A figure with Persian digits, decimal mark, thousands mark and per cent sign.

    Examples
    --------
    >>> persian_figures("1,234.5%")
    '۱٬۲۳۴٫۵٪'
    """
    return persian_digits(text.translate(_TO_PERSIAN_MARKS))


def fold(text: str) -> str:
    """The form in which two spellings of one name are equal; for comparing, never for showing.

    Arabic ye, kaf and their kin become Persian, digits Latin, marks and doubled spaces go,
    letters lose their case.

    Examples
    --------
    >>> fold("كنگان") == fold("کنگان")
    True
    """
    text = unicodedata.normalize("NFKC", text).translate(_FOLD)
    text = "".join(c for c in text if not unicodedata.combining(c))
    return " ".join(latin_digits(text).casefold().split())


def nearest(word: str, words: Iterable[str]) -> str:
    """A hint `` (did you mean 'x'?)`` if a known word stands near, else nothing.

    Examples
    --------
    >>> nearest("wieght", ["weight", "unit"])
    " (did you mean 'weight'?)"
    """
    close = difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""


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
