"""Case: a result as the report looks at it: names, chosen parks, and by what each was judged."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from siteselect.decide.score import Scores
from siteselect.decide.table import PerformanceTable
from siteselect.declared.criteria import CriteriaSet
from siteselect.declared.sources import Titles
from siteselect.plan.inquiries import Inquiry
from siteselect.present import chosen, supply
from siteselect.present.report.words import Voice
from siteselect.present.tables import text
from siteselect.study.parks import asks_of, named
from siteselect.study.result import Result

#: How many of the ranking stand in a report without parks.
LISTED = 13


@dataclass(frozen=True, slots=True)
class Judged:
    """What one criteria set says of one site: `row` is that of the pool."""

    criteria: CriteriaSet
    table: PerformanceTable
    scores: Scores
    row: int


@dataclass(frozen=True, slots=True)
class Case:
    """A result in one language.

    Parameters
    ----------
    result : Result
    voice : Voice
    names : mapping of str to Titles
        Of sites and park types, by id.
    sites : pandas.DataFrame
        `Result.sites` by id.
    provinces : mapping of str to Titles
        By ISO code.
    parks : pandas.DataFrame
        The rows of ``portfolio.csv``; empty if no parks were chosen.
    chain : mapping of str to pandas.DataFrame
        The rows of the files of the value chain; empty if there is none.
    asks : mapping of str to tuple of Inquiry
        By id of a listed site: whom it must ask, and what.
    """

    result: Result
    voice: Voice
    names: Mapping[str, Titles]
    sites: pd.DataFrame
    provinces: Mapping[str, Titles]
    parks: pd.DataFrame
    chain: Mapping[str, pd.DataFrame]
    asks: Mapping[str, tuple[Inquiry, ...]]

    def name(self, site: str) -> str:
        """The name of a site or park type; its id where it has none."""
        said = self.voice.of(self.names[site]) if site in self.names else ""
        return self.voice.digits(said) if text(said) else site

    def site(self, site: str) -> dict[Hashable, Any]:
        """The row of a site."""
        return self.sites.loc[site].to_dict()

    def park(self, site: str) -> dict[Hashable, Any]:
        """The row of a site in ``portfolio.csv``; empty if it is none of the parks."""
        rows = self.parks[self.parks["id"] == site] if len(self.parks) else self.parks
        return dict(rows.iloc[0].to_dict()) if len(rows) else {}

    def named(self, sites: "tuple[str, ...] | list[str]") -> str:
        """The names of several."""
        return self.voice.listed([self.name(site) for site in sites])

    def province(self, iso: str) -> str:
        """The name of a province."""
        return self.voice.of(self.provinces[iso]) if iso in self.provinces else text(iso)

    def judged(self, site: str, park_type: str) -> Judged:
        """By what a site was judged as a park of a type.

        Parameters
        ----------
        site, park_type : str

        Returns
        -------
        Judged
        """
        result, plan = self.result, self.result.chain
        row = int(np.flatnonzero(result.scores.place_ids == site)[0])
        if plan is None or park_type not in plan.scores:
            return Judged(result.criteria, result.table, result.scores, row)
        return Judged(plan.criteria[park_type], plan.tables[park_type], plan.scores[park_type], row)

    def listed(self) -> list[tuple[str, str]]:
        """Site and park type of each park; without parks, of the best of the ranking."""
        if len(self.parks):
            return list(zip(self.parks["id"], self.parks["park_type"], strict=True))
        ranked = self.sites.index[self.sites["rank"] > 0][:LISTED]
        return [(str(site), self.result.criteria.id) for site in ranked]

    def asked(self) -> Mapping[str, Any]:
        """The programme as the manifest holds it; empty if none was asked for."""
        return self.result.manifest.get("programme") or {}


def case_of(result: Result, voice: Voice) -> Case:
    """A result as a report in one language looks at it.

    Parameters
    ----------
    result : Result
    voice : Voice

    Returns
    -------
    Case
    """
    rows = result.context["provinces"]
    provinces = {
        str(iso): Titles(en=text(en), fa=text(fa) or text(en))
        for iso, en, fa in zip(rows["iso"], rows["name_en"], rows["name_fa"], strict=True)
    }
    sites = pd.DataFrame(result.sites.drop(columns="geometry")).set_index("id")
    tables = {name: table.frame for name, table in supply.tables(result).items()}
    picks = chosen.picks(result).frame
    asks = asks_of(result)
    return Case(result, voice, named(result), sites, provinces, picks, tables, asks)
