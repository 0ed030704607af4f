"""The story of a portfolio in plain sentences, in both languages."""

from collections.abc import Iterator, Mapping
from typing import Literal

import numpy as np

from siteselect.base.text import persian_figures
from siteselect.declared.sources import Titles
from siteselect.plan.policy import said
from siteselect.plan.portfolio import LeftOut, Pick, Portfolio
from siteselect.plan.rules import needed

# Less than what is told of a total.
_NOTHING = 5e-4


def sentences(
    portfolio: Portfolio, names: Mapping[str, Titles], *, language: Literal["en", "fa"]
) -> tuple[str, ...]:
    """The story of a portfolio in plain sentences.

    Parameters
    ----------
    portfolio : Portfolio
        What was chosen.
    names : mapping of str to Titles
        Name of each site and park type by id; an id without a name stands for itself.
    language : {"en", "fa"}
        English, or Persian with Persian digits.

    Returns
    -------
    tuple of str
        Who is chosen, the proof, the price of existing capacity first, what each binding rule
        costs, the nearest contest, how sure it is, and what must be known.
    """
    story = [
        *_who(portfolio, names),
        *_cost(portfolio),
        *_contest(portfolio, names),
        *portfolio.notes,
    ]
    return tuple(getattr(line, language) for line in story)


def _listed(ids: tuple[str, ...], names: Mapping[str, Titles]) -> Titles:
    known = [names.get(name, Titles(en=name, fa=name)) for name in ids]
    return Titles(en=", ".join(n.en for n in known), fa="، ".join(n.fa for n in known))


def _who(portfolio: Portfolio, names: Mapping[str, Titles]) -> Iterator[Titles]:
    k = len(portfolio.picks)
    typed = len({pick.park_type for pick in portfolio.picks}) > 1
    parks = [
        _with_type(pick, names) if typed else _listed((pick.id,), names) for pick in portfolio.picks
    ]
    who = "، ".join(park.fa for park in parks)
    yield Titles(
        en=f"{k} parks are chosen: {', '.join(park.en for park in parks)}.",
        fa=f"{persian_figures(str(k))} پارک برگزیده شده است: {who}.",
    )
    yield proof(portfolio)


def proof(portfolio: Portfolio) -> Titles:
    """The total score of a portfolio, and how far it is proven.

    Parameters
    ----------
    portfolio : Portfolio

    Returns
    -------
    Titles
    """
    total, gap = f"{portfolio.total:.3f}", f"{portfolio.gap:.2%}"
    less, less_fa = "", ""
    if portfolio.burden > 0:
        less = f", {portfolio.burden:.3f} taken off for hauling feedstock"
        less_fa = f" (پس از کسر {portfolio.burden:.3f} برای حمل خوراک)"
    if portfolio.gap <= 1e-6:
        return said(
            f"Their total score is {total}{less}; no set under the same rules scores more"
            " (proven).",
            f"جمع امتیاز آن‌ها {total} است{less_fa}؛ با همین قواعد هیچ مجموعه‌ای بیشتر ندارد"
            " (اثبات‌شده).",
        )
    return said(
        f"Their total score is {total}{less}; no set under the same rules scores {gap} more.",
        f"جمع امتیاز آن‌ها {total} است{less_fa}؛ با همین قواعد هیچ مجموعه‌ای {gap} بیشتر ندارد.",
    )


def _with_type(pick: Pick, names: Mapping[str, Titles]) -> Titles:
    name, kind = _listed((pick.id,), names), _listed((pick.park_type,), names)
    return Titles(en=f"{name.en} ({kind.en})", fa=f"{name.fa} ({kind.fa})")


def priority(portfolio: Portfolio) -> Titles | None:
    """What existing capacity first costs and brings; None where it is not asked.

    Parameters
    ----------
    portfolio : Portfolio

    Returns
    -------
    Titles or None
    """
    if portfolio.tolerance <= 0:
        return None
    green, without = _greenfield(portfolio), portfolio.curve[0].greenfield
    price, best = f"{portfolio.price:.3f}", f"{portfolio.best_total:.3f}"
    share = f"{portfolio.price / max(abs(portfolio.best_total), 1e-12):.2%}"
    return said(
        f"Existing capacity first costs {price} of {best} ({share}; tolerated"
        f" {portfolio.tolerance:.1%}) and leaves {green} of {without} greenfield parks.",
        f"اولویت ظرفیت موجود {price} از {best} هزینه دارد ({share}؛ رواداری"
        f" {portfolio.tolerance:.1%}) و به‌جای {without} پارک در زمین نو، {green} می‌ماند.",
    )


def _greenfield(portfolio: Portfolio) -> int:
    return sum(pick.rung == "greenfield" for pick in portfolio.picks)


def _cost(portfolio: Portfolio) -> Iterator[Titles]:
    green, first = _greenfield(portfolio), priority(portfolio)
    if first is not None:
        yield first
    later = [s for s in portfolio.curve if s.greenfield < green]
    if later:
        at, left = f"{later[0].break_even:.2%}", later[0].greenfield
        yield said(
            f"The next greenfield park gives way at a tolerated loss of {at} ({left} left).",
            f"پارک بعدی در زمین نو با رواداری {at} جایگزین می‌شود (باقی‌مانده {left}).",
        )
    for rule in portfolio.binding:
        cost = f"{rule.cost:.3f}"
        yield Titles(
            en=f"The rule «{rule.titles.en}» costs {cost}.",
            fa=f"قاعدهٔ «{rule.titles.fa}» {persian_figures(cost)} هزینه دارد.",
        )


def why_left_out(other: LeftOut) -> Titles:
    """Why a site that scores high is not chosen.

    Parameters
    ----------
    other : LeftOut

    Returns
    -------
    Titles
        No whole sentence: a part of one.

    Examples
    --------
    >>> why_left_out(LeftOut("A", 0.9, float("inf"), False, (), ())).en
    'no set can hold it and keep the rules'
    """
    loss = f"{other.loss:.3f}"
    en, fa = f"a set with it would lose {loss}", f"مجموعه‌ای با آن {persian_figures(loss)} کمتر دارد"
    if np.isinf(other.loss):
        en, fa = "no set can hold it and keep the rules", "هیچ مجموعه‌ای با این قواعد آن را ندارد"
    elif other.loss < _NOTHING:
        en, fa = "a set with it is as good as the best", "مجموعه‌ای با آن به خوبی بهترین است"
    if other.by_policy:
        en = f"existing capacity first keeps it out; without that {en}"
        fa = f"اولویت ظرفیت موجود آن را کنار می‌گذارد؛ بی آن، {fa}"
    return Titles(en=en, fa=fa)


def _best_left_out(other: LeftOut, names: Mapping[str, Titles]) -> Titles:
    who, score, why = _listed((other.id,), names), f"{other.score:.3f}", why_left_out(other)
    return Titles(
        en=f"Of the sites left out {who.en} scores best ({score}): {why.en}.",
        fa=f"از پهنه‌های بیرون سبد، {who.fa} بیشترین امتیاز را دارد"
        f" ({persian_figures(score)}): {why.fa}.",
    )


def _contest(portfolio: Portfolio, names: Mapping[str, Titles]) -> Iterator[Titles]:
    nearest_swap = portfolio.swaps[0]
    if np.isfinite(nearest_swap.loss):
        out, back = _listed(nearest_swap.leaves, names), _listed(nearest_swap.joins, names)
        loss = f"{nearest_swap.loss:.4f}"
        yield Titles(
            en=f"The nearest contest: {back.en} for {out.en} would lose {loss}.",
            fa=f"نزدیک‌ترین رقابت: {back.fa} به‌جای {out.fa} با افت {persian_figures(loss)}.",
        )
    for other in portfolio.left_out[:1]:
        yield _best_left_out(other, names)
    for by_policy in (False, True):
        held = (i for i in portfolio.importance if np.isinf(i.loss) and i.by_policy == by_policy)
        if who := tuple(item.id for item in held):
            yield needed(_listed(who, names), by_policy=by_policy)
    if portfolio.robust is not None:
        regret = f"{portfolio.robust.regret_mean:.3f}"
        yield said(
            f"Over the draws the set falls short of the best by {regret} on average.",
            f"در نمونه‌ها این مجموعه به‌طور میانگین {regret} از بهترین کمتر است.",
        )
