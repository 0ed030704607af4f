"""Words: one language of the report, and how it says figures, names and what is not known."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from siteselect.base.text import persian_digits, persian_figures
from siteselect.decide import explain
from siteselect.declared.sources import Titles
from siteselect.present.columns import STATUS_FA
from siteselect.present.export import KIND_FA, SOURCE_FA, VERDICT_FA
from siteselect.present.report.content import Language

_KINDS = {
    "estate": "industrial estate", "special_zone": "special or free zone",
    "extension": "extension", "greenfield": "greenfield", "proposed": "proposed",
}  # fmt: skip
#: Words of the data in both languages.
TERMS: Mapping[str, tuple[str, str]] = MappingProxyType({
    **{word: (word, fa) for word, fa in (VERDICT_FA | SOURCE_FA | STATUS_FA).items()},
    **{word: (en, KIND_FA[word]) for word, en in _KINDS.items()},
    "open": ("open", "باز"),
    "mixed": ("found and recalled", "یافته و از حافظه"),
    "derived": ("derived", "محاسبه‌شده"),
    "complete": ("complete", "کامل"),
    "partial": ("partial", "ناقص"),
    "fill": ("existing land", "در زمین موجود"),
    "revive": ("idle capacity", "احیای ظرفیت راکد"),
    "extend": ("extension", "توسعه"),
    "pipeline": ("pipeline", "خط لوله"),
    "grid": ("gas grid", "شبکهٔ گاز"),
    "sea": ("sea", "دریا"),
    "rail": ("rail", "ریل"),
    "road": ("road", "جاده"),
    "outside": ("bought in", "خرید از بیرون"),
    "screen": ("screen", "غربال"),
    "inquiry": ("inquiry", "استعلام"),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Voice:
    """A language of the report."""

    language: Language

    @property
    def unknown(self) -> str:
        """What stands where nothing is known."""
        return self.say("unknown", "نامعلوم")

    def say(self, en: str, fa: str) -> str:
        """The words of this language, figures in its digits.

        Examples
        --------
        >>> Voice("fa").say("13 parks", "13 پارک")
        '۱۳ پارک'
        """
        return persian_figures(fa) if self.language == "fa" else en

    def of(self, titles: Titles) -> str:
        """A title; the English one where there is no Persian one."""
        return (titles.fa or titles.en) if self.language == "fa" else (titles.en or titles.fa)

    def digits(self, text: str) -> str:
        """Text whose digits are those of this language."""
        return persian_digits(text) if self.language == "fa" else text

    def term(self, word: str) -> str:
        """A word of the data; one that is not known stands for itself."""
        return self.say(*TERMS[word]) if word in TERMS else word

    def number(self, value: float, places: int = 0) -> str:
        """A figure; unknown is said in words.

        Parameters
        ----------
        value : float
        places : int
            Decimals.

        Returns
        -------
        str

        Examples
        --------
        >>> Voice("fa").number(1234.5, 1), Voice("en").number(float("nan"))
        ('۱٬۲۳۴٫۵', 'unknown')
        """
        if np.isnan(value):
            return self.unknown
        if np.isinf(value):
            return self.say("none within reach", "در دسترس نیست")
        # A zero has no sign for a reader.
        shown = f"{round(float(value), places) + 0.0:,.{places}f}"
        return self.say(shown, shown)

    def share(self, value: float, places: int = 0) -> str:
        """A percentage.

        Parameters
        ----------
        value : float
            1 is the whole.
        places : int
            Decimals.

        Returns
        -------
        str
        """
        if np.isnan(value):
            return self.unknown
        shown = f"{round(float(value), places + 2) + 0.0:.{places}%}"
        return self.say(shown, shown)

    def reading(self, value: float, unit: str) -> str:
        """A reading with its unit.

        Parameters
        ----------
        value : float
        unit : str

        Returns
        -------
        str
        """
        return explain.reading(value, unit, language=self.language)

    def figure(self, value: float, unit: str) -> str:
        """A reading without the word of its unit, which stands beside it already.

        Parameters
        ----------
        value : float
        unit : str

        Returns
        -------
        str
        """
        said = self.reading(value, unit)
        return said.split(" ", 1)[0] if np.isfinite(value) else said

    def span(self, low: float, high: float, places: int = 0) -> str:
        """A range; one figure where both ends are told the same.

        Parameters
        ----------
        low, high : float
        places : int
            Decimals.

        Returns
        -------
        str
        """
        one, other = self.number(low, places), self.number(high, places)
        return one if one == other else self.say(f"{one} to {other}", f"{one} تا {other}")

    def listed(self, items: "list[str] | tuple[str, ...]") -> str:
        """Items in a row."""
        return ("، " if self.language == "fa" else ", ").join(items)
