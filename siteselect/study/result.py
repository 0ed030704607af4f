"""The result of a run: everything that was decided, with what it was decided from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np

from siteselect.decide.score import Scores
from siteselect.decide.table import PerformanceTable
from siteselect.declared.answers import Answer
from siteselect.declared.chain import Chain
from siteselect.declared.criteria import CriteriaSet
from siteselect.declared.sources import Source, Titles
from siteselect.declared.study import Study
from siteselect.plan.allocation import Allocation
from siteselect.plan.chain_flows import Market
from siteselect.plan.inquiries import Authority
from siteselect.plan.openings import Opening
from siteselect.plan.portfolio import Portfolio
from siteselect.plan.units import Diagnosis
from siteselect.study.cells import Lattice
from siteselect.study.robustness import Robustness
from siteselect.world.places import Sites, Surface


@dataclass(frozen=True, slots=True)
class ChainPlan:
    """Place and park type together: what each type makes of the pool, and the parks that are fed.

    Parameters
    ----------
    criteria : mapping of str to CriteriaSet
        By park type.
    tables : mapping of str to PerformanceTable
        What was read of the candidates by the criteria of each park type.
    scores : mapping of str to Scores
        What they say of the candidates, in the order of the pool.
    chain : Chain
        Materials, processes, prices, and what a park of each type takes and gives.
    market : Market
        Sources of feedstock and what is left of them, positions in metres of the analysis CRS.
    allocation : Allocation or None
        The parks with their types and feedstock flows; None if no choice can be fed.
    diagnosis : Diagnosis or None
        What ails the downstream units of a register; None if the study has none.
    openings : tuple of Opening
        Products that the region lacks, at the existing sites where they could be made.
    """

    criteria: Mapping[str, CriteriaSet]
    tables: Mapping[str, PerformanceTable]
    scores: Mapping[str, Scores]
    chain: Chain
    market: Market
    allocation: Allocation | None
    diagnosis: Diagnosis | None = None
    openings: tuple[Opening, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What a run found; `siteselect.present` writes it.

    Parameters
    ----------
    study : Study
        What was asked.
    criteria : CriteriaSet
        By which criteria and rules.
    pool : Sites
        The candidates.
    table : PerformanceTable
        Readings of the candidates.
    scores : Scores
        What the law says of them, in the order of the pool.
    surface : Surface
        What the law says of each cell.
    context : mapping of str to geopandas.GeoDataFrame
        Layers to draw, in EPSG:4326: ``provinces, land, islands, estates, ports, pipelines,
        feedstock, railways, protected, towns``, with the columns of the catalogue.
    sources : tuple of Source
        Catalogue entries that were used.
    rules : mapping of str to mapping
        Rows of the table of siting rules by rule id.
    warnings : tuple of str
        What must be known of the run.
    manifest : mapping
        Provenance: versions, command, seed, CRS, hashes of inputs and declarations.
    robustness : Robustness or None
        How sure the ranking is, if it was asked.
    portfolio : Portfolio or None
        The chosen parks, if the study names a programme that can be met.
    lattice : Lattice or None
        What each criterion is worth on coarse cells.
    chain : ChainPlan or None
        The value chain with typed parks, if the programme names park types.
    trouble : tuple of Titles
        What must be known of the parks, or why none can be chosen; `warnings` say it too.
    authorities : tuple of Authority
        The bodies that a site asks.
    answers : tuple of Answer
        What bodies have answered so far.
    """

    study: Study
    criteria: CriteriaSet
    pool: Sites
    table: PerformanceTable
    scores: Scores
    surface: Surface
    context: Mapping[str, gpd.GeoDataFrame]
    sources: tuple[Source, ...]
    rules: Mapping[str, Mapping[str, str]]
    warnings: tuple[str, ...]
    manifest: Mapping[str, Any]
    robustness: Robustness | None = None
    portfolio: Portfolio | None = None
    lattice: Lattice | None = None
    chain: ChainPlan | None = None
    trouble: tuple[Titles, ...] = ()
    authorities: tuple[Authority, ...] = ()
    answers: tuple[Answer, ...] = ()

    @property
    def sites(self) -> gpd.GeoDataFrame:
        """The candidates with rank, score, bounds, known share and verdict, best first."""
        frame = self.pool.frame.copy()
        frame["rank"] = self.scores.rank
        frame["score"] = self.scores.score
        frame["score_low"] = self.scores.score_low
        frame["score_high"] = self.scores.score_high
        frame["known"] = self.scores.known
        frame["verdict"] = self.scores.verdict
        if self.robustness is not None:
            ranks, there = self.robustness.ranks, self.scores.rank > 0
            frame["prob_top_k"] = np.where(there, ranks.prob_top_k, np.nan)
            frame["rank_low"] = np.where(there, ranks.rank_low, np.nan)
            frame["rank_high"] = np.where(there, ranks.rank_high, np.nan)
        if self.portfolio is not None:
            chosen = {pick.id: pick.park_type for pick in self.portfolio.picks}
            frame["in_portfolio"] = frame["id"].isin(list(chosen))
            frame["park_type"] = frame["id"].map(chosen).fillna("")
            if self.portfolio.robust is not None:
                frame["prob_in_portfolio"] = self.portfolio.robust.probability
        listed = frame["rank"].where(frame["rank"] > 0, len(frame) + 1)
        order = frame.assign(_listed=listed).sort_values(["_listed", "verdict", "id"]).index
        return frame.loc[order].reset_index(drop=True)
