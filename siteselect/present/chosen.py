"""The chosen parks as tables: who, at what price of each rule, and which sets are as good."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteselect.plan.answers import words_of
from siteselect.plan.inquiries import Inquiry
from siteselect.present import supply
from siteselect.present.tables import Column, Table, tidy
from siteselect.study.parks import asks_of
from siteselect.study.result import Result

# Held even where no parks were chosen, so that a ranking fed back in never passes for a choice.
APPENDED = ("in_portfolio", "prob_in_portfolio", "park_type")
_ANSWERS = Column("answers", "What bodies that were asked have answered", "پاسخ نهادها", "",
                  "register of answers")  # fmt: skip
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
_BODIES = "data/authorities.csv"
_LAW = "data/rules.csv, criteria set"
_GIVEN = "register of answers that the study names"
_INQUIRIES = (
    Column("id", "Site", "شناسه"),
    Column("name_en", "English name", "نام انگلیسی"),
    Column("name_fa", "Persian name", "نام"),
    Column("park_type", "Park type whose rules are asked", "نوع پارک"),
    Column("kind", "Kind of site", "گونهٔ پهنه"),
    Column("authority_id", "Row of the table of authorities; empty: not in the table",
           "شناسهٔ نهاد؛ خالی: در جدول نیست", "", _BODIES),
    Column("authority_en", "Who is asked; nobody: a survey settles it",
           "نهاد (انگلیسی)؛ nobody: با نقشه‌برداری روشن می‌شود", "", _BODIES),
    Column("authority", "Who is asked, Persian", "نهاد", "", _BODIES),
    Column("licensor", "1: the body that licenses this kind of site",
           "۱: نهادی که مجوز این گونه پهنه با اوست", "", _BODIES),
    Column("rule", "Rule that is asked about; empty: the site as a whole",
           "قاعده؛ خالی: کل پهنه", "", _LAW),
    Column("subject_en", "What is asked", "موضوع (انگلیسی)"),
    Column("subject", "What is asked, Persian", "موضوع استعلام"),
    Column("siting_rules", "Rows of the table of siting rules", "شمارهٔ قاعده‌ها", "", _LAW),
    Column("answer", "What the law of the run says of the rule so far", "پاسخ قاعده تا کنون", "",
           _LAW),
    Column("settles", "What an answer settles: the verdict, an open rule, consent to the site; "
           "survey: nobody is asked", "پاسخ چه را روشن می‌کند: حکم، قاعدهٔ باز، موافقت با پهنه"),
    Column("at_least", "The reading must not be below", "کمینهٔ مجاز", "unit", _LAW),
    Column("at_most", "The reading must not be above", "بیشینهٔ مجاز", "unit", _LAW),
    Column("reading", "Reading; empty: nothing is read", "خوانده؛ خالی: خوانده نشده", "unit"),
    Column("lower", "Reading at the near end of the accuracy; -inf: the layer is partial",
           "کمینهٔ خوانده؛ inf- : لایه کامل نیست", "unit"),
    Column("upper", "Reading at the far end of the accuracy", "بیشینهٔ خوانده", "unit"),
    Column("unit", "Unit of limits and reading", "یکا"),
    Column("legal_status", "Standing of the rule in law", "وضعیت حقوقی", "", _LAW),
    Column("legal_basis", "Legal basis of the rule, or of the body", "مستند قانونی", "",
           "data/rules.csv, data/authorities.csv"),
    Column("source_kind", "Whether rule or body was found in a source or recalled",
           "یافته در منبع یا از حافظه"),
    Column("days", "Statutory days to reply at this kind of site; empty: unknown",
           "مهلت قانونی پاسخ؛ خالی: نامعلوم", "days", _BODIES),
    Column("days_note", "Time limits as published", "مهلت به متن منبع (انگلیسی)", "", _BODIES),
    Column("days_note_fa", "Time limits as published, Persian", "مهلت به متن منبع", "", _BODIES),
    Column("status", "granted, refused, conditional or pending",
           "موافقت، مخالفت، مشروط یا در انتظار", "", _GIVEN),
    Column("date", "Date of the answer", "تاریخ پاسخ", "", _GIVEN),
    Column("reference", "Number of the answer", "شمارهٔ نامه", "", _GIVEN),
    Column("note", "Note on the answer", "یادداشت پاسخ", "", _GIVEN),
)  # fmt: skip
SHEETS = {"inquiries.csv": "استعلام‌ها", **supply.SHEETS}


def ranking_columns(result: Result) -> tuple[Column, ...]:
    """What the ranking adds if parks were chosen.

    Parameters
    ----------
    result : Result

    Returns
    -------
    tuple of Column
        ``in_portfolio``, ``prob_in_portfolio`` if draws were made, and ``park_type``, if parks were
        chosen; ``answers`` if there is a register of them.
    """
    heard = (_ANSWERS,) if result.answers else ()
    if result.portfolio is None:
        return heard
    drawn = (_CHANCE,) if result.portfolio.robust is not None else ()
    return (_IN, *drawn, _TYPE, *heard)


def ranking_cells(result: Result, frame: pd.DataFrame) -> dict[str, pd.Series]:
    """The cells of those columns that the sites do not hold as they are written.

    Parameters
    ----------
    result : Result
    frame : pandas.DataFrame
        `Result.sites`.

    Returns
    -------
    dict of str to pandas.Series
    """
    cells: dict[str, pd.Series] = {}
    if result.portfolio is not None:
        cells["in_portfolio"] = frame["in_portfolio"].astype("Int64")
    if result.answers:
        told: dict[str, list[str]] = {}
        for item in result.answers:
            told.setdefault(item.site, []).append(words_of(item, result.authorities))
        lines = ["; ".join(told.get(str(name), ())) for name in frame["id"]]
        cells["answers"] = pd.Series(lines, dtype=object)
    return cells


def refusals(result: Result, order: NDArray[np.int64]) -> dict[str, NDArray[np.bool_]]:
    """The sites that each reason of a refusal hits.

    Parameters
    ----------
    result : Result
    order : numpy.ndarray of int64, shape (n,)
        Rows of the pool.

    Returns
    -------
    dict of str to numpy.ndarray of bool, shape (n,)
        By rule, or ``refused by`` and who has refused the site as a whole.
    """
    ids = result.scores.place_ids[order].astype(str)
    found: dict[str, NDArray[np.bool_]] = {}
    for place, reason in result.scores.refusals:
        found[reason] = found.get(reason, np.zeros(len(ids), dtype=bool)) | (ids == place)
    return found


def tables(result: Result) -> dict[str, Table]:
    """The tables of the chosen parks by file name.

    Parameters
    ----------
    result : Result

    Returns
    -------
    dict of str to Table
        ``portfolio.csv``, ``portfolio_curve.csv``, ``portfolio_rules.csv``,
        ``portfolio_alternatives.csv``, ``portfolio_left_out.csv`` and ``inquiries.csv``, and with
        park types those of the value chain; empty if no parks were chosen.
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
        "inquiries.csv": inquiries(result),
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


def inquiries(result: Result) -> Table:
    """One row a chosen park, body that it asks, and rule that is asked about.

    Parameters
    ----------
    result : Result
        With a portfolio.

    Returns
    -------
    Table
    """
    if result.portfolio is None:
        return _table(_INQUIRIES, [])
    sites = result.pool.frame.set_index("id")
    rows = [
        (name, sites.loc[name, "name_en"], sites.loc[name, "name_fa"], item.park_type, item.kind,
         *_asked(item))
        for name, items in asks_of(result).items()
        for item in items
    ]  # fmt: skip
    table = _table(_INQUIRIES, rows)
    table.frame["days"] = table.frame["days"].astype("Int64")
    return table


def _asked(item: Inquiry) -> tuple[object, ...]:
    rule, body, given = item.rule, item.authority, item.given
    subject = rule.titles if rule else body.subject if body else item.name
    limits = (np.nan, np.nan) if rule is None else (
        np.nan if rule.at_least is None else rule.at_least,
        np.nan if rule.at_most is None else rule.at_most,
    )  # fmt: skip
    return (
        body.id if body else "", item.name.en, item.name.fa, int(item.licensor),
        rule.id if rule else "", subject.en, subject.fa, _ids(rule.rules) if rule else "",
        item.answer, item.settles, *limits, item.reading, item.lower, item.upper,
        rule.unit if rule and rule.measure else "", rule.status if rule else "",
        _ids(item.legal_basis), item.source_kind, np.nan if item.days is None else item.days,
        item.days_note.en, item.days_note.fa, item.status,
        *((given.date, given.reference, given.note) if given else ("", "", "")),
    )  # fmt: skip


def _ids(names: "tuple[str, ...] | list[str]") -> str:
    return "; ".join(names)


def _table(columns: tuple[Column, ...], rows: Sequence[tuple[object, ...]]) -> Table:
    frame = pd.DataFrame(rows, columns=[c.name for c in columns])
    return Table(columns, frame.apply(tidy) if rows else frame)
