"""Answers: what bodies that were asked have said of a site, and the words for it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from siteselect.declared.sources import Declared, Titles

STATUS: Mapping[str, Titles] = MappingProxyType(
    {
        "granted": Titles(en="granted", fa="موافقت"),
        "refused": Titles(en="refused", fa="مخالفت"),
        "conditional": Titles(en="conditional", fa="مشروط"),
        "pending": Titles(en="pending", fa="در انتظار"),
    }
)
# What an answer would settle.
SETTLES: Mapping[str, Titles] = MappingProxyType(
    {
        "verdict": Titles(en="settles the verdict", fa="حکم را روشن می‌کند"),
        "open rule": Titles(en="closes an open rule", fa="قاعدهٔ باز را می‌بندد"),
        "site": Titles(en="consent to the site", fa="موافقت با پهنه"),
        "survey": Titles(en="a survey settles it", fa="با نقشه‌برداری روشن می‌شود"),
    }
)


class Answer(Declared):
    """What a body has said of a site."""

    site: str
    """Id of the site."""
    rule: str = ""
    """Rule that it speaks of; empty if it speaks of the site as a whole."""
    authority: str = ""
    """Row of the table of authorities; empty if the table has none for the rule."""
    answer: Literal["granted", "refused", "conditional", "pending"] = "pending"
    """What it said."""
    date: str = ""
    """When, as 2025-03-20."""
    reference: str = ""
    """Under which number."""
    note: str = ""
    """What else is to be known."""
