"""The chosen parks as tables: who, at what price of each rule, and which sets are as good."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from siteselect.present import supply
from siteselect.present.tables import Column, Table, tidy
from siteselect.study.result import Result

# Held even where no parks were chosen, so that a ranking fed back in never passes for a choice.
APPENDED = ("in_portfolio", "prob_in_portfolio", "park_type")
_PROGRAMME = "criteria/programme.yaml"
_IN = Column("in_portfolio", "1: among the chosen parks, 0: not",
             "۱: در سبد پارک‌ها، ۰: نه", "", _PROGRAMME)  # fmt: skip
_TYPE = Column("park_type", "Park type it is chosen for", "نوع پارک برگزیده", "", _PROGRAMME)
_CHANCE = Column("prob_in_portfolio", "Share of draws in which the best set holds the site",
                 "سهم نمونه‌هایی که بهترین سبد این پهنه را دارد", "share",
                 "the portfolio solved again for each draw of the scores")  # fmt: skip
_PICKS = (
    Column("id", "Site", "شناسه"),
    Column("name_en", "English name", "نام انگلیسی"),
    Column("name_fa", "Persian name", "نام"),
    Column("park_type", "Park type", "نوع پارک"),
    Column("province", "Province (ISO code)", "استان (شناسهٔ ISO)"),
    Column("kind", "Kind of site", "گونهٔ پهنه"),
    Column("rung", "Rung of existing capacity first", "پلهٔ اولویت ظرفیت موجود", "", _PROGRAMME),
    Column("rank", "Rank in the ranking, by the study's own criteria; empty: not ranked",
           "رتبه در رتبه‌بندی؛ خالی: بی‌رتبه"),
    Column("score", "Score as a park of its type", "امتیاز با نوع خودش", "score"),
    Column("undetermined", "1: its verdict is undetermined", "۱: حکم آن نامعین است"),
    Column("prob_in_portfolio", _CHANCE.en, _CHANCE.fa, "share", _CHANCE.source),
    Column("loss_without", "Total score lost if the site is locked out; empty: no other set",
           "کاهش جمع امتیاز بدون آن؛ تهی: سبد دیگری نیست", "score"),
    Column("replaced_by", "Who then comes in", "جایگزین"),
    Column("inquiry", "Question the site must put first", "استعلام نخست"),
)  # fmt: skip
_CURVE = (
    Column("existing", "Parks on existing capacity", "پارک در ظرفیت موجود"),
    Column("extensions", "Parks on extensions", "پارک در توسعه"),
    Column("greenfield", "Parks on new land", "پارک در زمین نو"),
    Column("total", "Total score", "جمع امتیاز", "score"),
    Column("tolerance", "Tolerated loss from which the policy goes this far",
           "رواداری لازم", "share of the best total"),
    Column("joins", "Come in", "می‌آیند"),
    Column("leaves", "Go", "می‌روند"),
)  # fmt: skip
_RULES = (
    Column("rule", "Rule", "قاعده"),
    Column("title_en", "In words", "به انگلیسی"),
    Column("title_fa", "In Persian", "شرح"),
    Column("cost", "Total score gained without it; inf: no set keeps the others",
           "افزایش جمع امتیاز بی آن قاعده", "score"),
)  # fmt: skip
_OTHERS = (
    Column("set", "Number of the set", "شمارهٔ سبد"),
    Column("total", "Total score", "جمع امتیاز", "score"),
    Column("loss", "Less than the chosen set", "کاهش نسبت به سبد برگزیده", "score"),
    Column("joins", "Come in", "می‌آیند"),
    Column("leaves", "Go", "می‌روند"),
    Column("ids", "All sites", "همهٔ پهنه‌ها"),
)
_LEFT_OUT = (
    Column("id", "Site", "شناسه"),
    Column("name_en", "Name", "نام (انگلیسی)"),
    Column("name_fa", "Persian name", "نام"),
    Column("score", "Its best score, of whichever park type", "بیشترین امتیاز آن", "score"),
    Column("kept_out_by", "rules: no set can hold it; existing_first: that policy; empty: score",
           "قواعد، اولویت ظرفیت موجود، یا جمع امتیاز"),
    Column("loss_with", "Total score lost if the set must hold it", "کاهش جمع امتیاز با آن",
           "score"),
    Column("joins", "Come in", "می‌آیند"),
    Column("leaves", "Go", "می‌روند"),
)  # fmt: skip


def ranking_columns(result: Result) -> tuple[Column, ...]:
    """What the ranking adds if parks were chosen.

    Parameters
    ----------
    result : Result

    Returns
    -------
    tuple of Column
        ``in_portfolio``, ``prob_in_portfolio`` if draws were made, ``park_type``; empty if no
        parks were chosen.
    """
    if result.portfolio is None:
        return ()
    return (_IN, _CHANCE, _TYPE) if result.portfolio.robust is not None else (_IN, _TYPE)


def tables(result: Result) -> dict[str, Table]:
    """The tables of the chosen parks by file name.

    Parameters
    ----------
    result : Result

    Returns
    -------
    dict of str to Table
        ``portfolio.csv``, ``portfolio_curve.csv``, ``portfolio_rules.csv``,
        ``portfolio_alternatives.csv`` and ``portfolio_left_out.csv``, and with park types those of
        the value chain; empty if no parks were chosen.
    """
    found = result.portfolio
    if found is None:
        return supply.tables(result)
    curve = [
        (s.existing, s.extensions, s.greenfield, s.total, s.break_even, _ids(s.joins),
         _ids(s.leaves))
        for s in found.curve
    ]  # fmt: skip
    rules = [(p.rule, p.titles.en, p.titles.fa, p.cost) for p in found.prices]
    others = [
        (number, o.total, o.loss, _ids(o.joins), _ids(o.leaves), _ids(o.ids))
        for number, o in enumerate(found.alternatives, 1)
    ]
    return {
        "portfolio.csv": picks(result),
        "portfolio_curve.csv": _table(_CURVE, curve),
        "portfolio_rules.csv": _table(_RULES, rules),
        "portfolio_alternatives.csv": _table(_OTHERS, others),
        "portfolio_left_out.csv": left_out(result),
        **supply.tables(result),
    }


def picks(result: Result) -> Table:
    """One row a chosen park, best first.

    Parameters
    ----------
    result : Result
        With a portfolio.

    Returns
    -------
    Table
    """
    found = result.portfolio
    if found is None:
        return _table(_PICKS, [])
    sites = result.sites.set_index("id")
    chance = sites.get("prob_in_portfolio", pd.Series(np.nan, index=sites.index))
    asks: dict[str, list[str]] = {}
    for site, titles in found.inquiries:
        asks.setdefault(site, []).append(titles.en)
    rows = []
    for pick, weight in zip(found.picks, found.importance, strict=True):
        site = sites.loc[pick.id]
        loss = weight.loss if np.isfinite(weight.loss) else np.nan
        rows.append(
            (pick.id, site["name_en"], site["name_fa"], pick.park_type, pick.province,
             site["kind"], pick.rung, int(site["rank"]), pick.score, int(pick.undetermined),
             chance[pick.id], loss, _ids(weight.joins), _ids(asks.get(pick.id, ())))
        )  # fmt: skip
    table = _table(_PICKS, rows)
    # A park of another type may stand where the study's own criteria rank nothing.
    table.frame["rank"] = table.frame["rank"].replace(0, pd.NA)
    return table


def left_out(result: Result) -> Table:
    """One row a site that scores high and is not chosen, best first.

    Parameters
    ----------
    result : Result
        With a portfolio.

    Returns
    -------
    Table
    """
    if result.portfolio is None:
        return _table(_LEFT_OUT, [])
    sites = result.sites.set_index("id")
    rows = []
    for other in result.portfolio.left_out:
        site, held = sites.loc[other.id], bool(np.isfinite(other.loss))
        reason = "existing_first" if other.by_policy else "" if held else "rules"
        loss = other.loss if held else np.nan
        rows.append(
            (other.id, site["name_en"], site["name_fa"], other.score, reason, loss,
             _ids(other.joins), _ids(other.leaves))
        )  # fmt: skip
    return _table(_LEFT_OUT, rows)


def _ids(names: "tuple[str, ...] | list[str]") -> str:
    return "; ".join(names)


def _table(columns: tuple[Column, ...], rows: Sequence[tuple[object, ...]]) -> Table:
    frame = pd.DataFrame(rows, columns=[c.name for c in columns])
    return Table(columns, frame.apply(tidy) if rows else frame)
