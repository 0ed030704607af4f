"""Weights from judgements: one person's, a committee's, and which sites hang on whom."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from siteselect.base import files
from siteselect.base.errors import DataError, DeclarationError, Fault
from siteselect.base.text import nearest
from siteselect.decide import weights as methods
from siteselect.decide.committee import Committee, Dissent, dissent, pool
from siteselect.decide.score import criterion_weights, score
from siteselect.decide.table import Floats
from siteselect.declared.criteria import CriteriaSet, read_criteria
from siteselect.declared.judgements import GROUPS
from siteselect.declared.sources import Column
from siteselect.study.compare import Run
from siteselect.study.judgements import Answer, Speaker
from siteselect.study.result import Result
from siteselect.world.tables import read_table, typed

METHODS = ("direct", "rank", "swing", "ahp", "bwm")


@dataclass(frozen=True, slots=True)
class Found:
    """Weights of one list, and how far its judgements hold together.

    Parameters
    ----------
    names : tuple of str, length m
        What is weighed.
    weights : numpy.ndarray, shape (m,)
        Sum to 1.
    method : str
        By which they were found.
    ratio : float or None
        Consistency ratio, of the methods that have one.
    basis : str
        What the ratio is held against: the random-index table, or the model.
    hint : str
        What to judge again; empty if nothing.
    low, high : numpy.ndarray, shape (m,)
        Least and greatest weight among all optimal answers (non-linear bwm); else the weights.
    """

    names: tuple[str, ...]
    weights: Floats
    method: str
    ratio: float | None
    basis: str
    hint: str
    low: Floats
    high: Floats

    @property
    def acceptable(self) -> bool | None:
        """Whether the ratio is at most 0.1, as Saaty asks; None beside ahp, which alone has one."""
        if self.method != "ahp" or self.ratio is None:
            return None
        return self.ratio <= methods.ACCEPTABLE_RATIO


@dataclass(frozen=True, slots=True)
class Voice:
    """A member with the weights that follow from what was said.

    Parameters
    ----------
    speaker : Speaker
        Who said what.
    found : mapping of str to Found
        By ``groups`` and the ids of the groups.
    weights : numpy.ndarray, shape (m,)
        Of all criteria; sums to 1.
    declared : tuple of str
        Lists that were left out, and so stand as declared.
    """

    speaker: Speaker
    found: Mapping[str, Found]
    weights: Floats
    declared: tuple[str, ...]

    @property
    def worst(self) -> tuple[str, Found] | None:
        """The list whose judgements hold together least; None if no list has a ratio."""
        rated = [(node, one) for node, one in self.found.items() if one.ratio is not None]
        return max(rated, key=lambda pair: pair[1].ratio or 0.0, default=None)


@dataclass(frozen=True, slots=True)
class Group:
    """Weights of a committee.

    Parameters
    ----------
    criteria : CriteriaSet
        What is weighed.
    aggregation : str
        "priorities": importance-weighted mean of the members' weights. "judgements": weights of
        the importance-weighted geometric mean of their judgements.
    voices : tuple of Voice
        The members.
    committee : Committee
        Their weights, the group's, and how far they agree.
    found : mapping of str to Found
        What follows from the aggregated judgements; empty for priorities.
    """

    criteria: CriteriaSet
    aggregation: str
    voices: tuple[Voice, ...]
    committee: Committee
    found: Mapping[str, Found]


def judge(
    answer: Answer, *, random_index: methods.RandomIndex = "saaty", linear: bool = True
) -> Found:
    """Weights of one list of judgements.

    Parameters
    ----------
    answer : Answer
    random_index : str or mapping of int to float
        Table of random indices, for ahp.
    linear : bool
        The linear model of bwm, else the non-linear one.

    Returns
    -------
    Found

    Raises
    ------
    DeclarationError
        Every faulty cell, with file, row and names.

    Examples
    --------
    >>> judge(Answer("swing", ("port", "slope"), np.array([[100.0, 25.0]]), "a.csv")).weights
    array([0.8, 0.2])
    """
    try:
        return _judged(answer, random_index, linear=linear)
    except DeclarationError as error:
        raise DeclarationError(answer.placed(fault) for fault in error.faults) from error


def _judged(answer: Answer, random_index: methods.RandomIndex, *, linear: bool) -> Found:
    names, figures = answer.names, answer.figures
    if answer.method == "ahp":
        pairs = methods.ahp(figures, random_index=random_index, names=names)
        words = str(pairs.hint) if pairs.hint and not pairs.acceptable else ""
        basis = f"random index {pairs.random_index}"
        return Found(names, pairs.weights, "ahp", pairs.consistency_ratio, basis, words,
                     pairs.weights, pairs.weights)  # fmt: skip
    if answer.method == "bwm":
        best = methods.bwm(figures[0], figures[1], linear=linear, names=names)
        words = f"judge {names[best.worst_judged]} again" if best.input_ratio > 0 else ""
        basis = f"{'linear' if linear else 'non-linear'} model, 0 is full consistency"
        return Found(names, best.weights, "bwm", best.consistency_ratio, basis, words, best.low,
                     best.high)  # fmt: skip
    if answer.method == "rank":
        weights = methods.ranking(figures[0], names=names)
    elif answer.method == "swing":
        weights = methods.swing(figures[0], names=names)
    else:
        weights = methods.normalised(figures[0], names=names)
    return Found(names, weights, answer.method, None, "", "", weights, weights)


def weigh(
    speakers: Sequence[Speaker],
    criteria: CriteriaSet,
    *,
    aggregation: str = "priorities",
    random_index: methods.RandomIndex = "saaty",
) -> Group:
    """Weights of a committee.

    Parameters
    ----------
    speakers : sequence of Speaker
        What the members said.
    criteria : CriteriaSet
        What is weighed; a list that a member leaves out stands as declared here.
    aggregation : str
        As in `Group`; of judgements only if all members compare in pairs.
    random_index : str or mapping of int to float
        Table of random indices, for ahp.

    Returns
    -------
    Group

    Raises
    ------
    DeclarationError
        Every fault of every member.

    References
    ----------
    Forman and Peniwati (1998), EJOR 108, 165-169: judgements where the group acts as one, else
    priorities.
    """
    faults: list[Fault] = []
    voices: list[Voice] = []
    for speaker in speakers:
        try:
            voices.append(_voice(speaker, criteria, random_index))
        except DeclarationError as error:
            faults += error.faults
    if aggregation == "judgements":
        faults += [
            Fault(f"judgements are aggregated over comparisons in pairs, {s.name!r} uses"
                  f" {s.method}; aggregate priorities", s.file)
            for s in speakers if s.method != "ahp"
        ]  # fmt: skip
    if faults:
        raise DeclarationError(faults)
    committee = pool(
        {voice.speaker.name: voice.weights for voice in voices},
        importance=[voice.speaker.importance for voice in voices],
    )
    group = Group(criteria, aggregation, tuple(voices), committee, {})
    if aggregation == "priorities":
        return group
    found, weights = _as_one(group, committee.importance, random_index)
    distance = np.abs(committee.members - weights).sum(axis=1) / 2.0
    return replace(
        group, committee=replace(committee, weights=weights, distance=distance), found=found
    )


def lists_of(criteria: CriteriaSet) -> dict[str, tuple[str, ...]]:
    """What is judged: the groups, then the criteria of each group.

    Examples
    --------
    >>> from siteselect.declared.criteria import named
    >>> lists_of(named("petrochemical"))["land"]
    ('room', 'land_cover', 'slope', 'elevation')
    """
    used = tuple(g for g in criteria.groups if any(c.group == g for c in criteria.criteria))
    return {GROUPS: used} | {
        group: tuple(c.id for c in criteria.criteria if c.group == group) for group in used
    }


def _voice(speaker: Speaker, criteria: CriteriaSet, random_index: methods.RandomIndex) -> Voice:
    lists = lists_of(criteria)
    found: dict[str, Found] = {}
    faults: list[Fault] = []
    for node, answer in speaker.answers.items():
        if node not in lists:
            faults.append(Fault(f"there is no group {node}{nearest(node, lists)}", answer.file,
                                next(iter(answer.rows.values()), ""), answer.place))  # fmt: skip
            continue
        try:
            found[node] = judge(answer.aligned(lists[node]), random_index=random_index)
        except DeclarationError as error:
            faults += [
                replace(fault, field=f"{speaker.name}: {fault.field}") for fault in error.faults
            ]
    if faults:
        raise DeclarationError(faults)
    left = tuple(node for node, names in lists.items() if node not in found and len(names) > 1)
    return Voice(speaker, found, _composed(found, criteria), left)


def _composed(found: Mapping[str, Found], criteria: CriteriaSet) -> Floats:
    """Share of a group times the share within it; what was not judged stands as declared."""
    lists = lists_of(criteria)
    groups = dict(zip(lists[GROUPS], _shares(GROUPS, found, criteria), strict=True))
    within = {
        name: groups[node] * share
        for node, names in lists.items()
        if node != GROUPS
        for name, share in zip(names, _shares(node, found, criteria), strict=True)
    }
    return np.array([within[c.id] for c in criteria.criteria])


def _shares(node: str, found: Mapping[str, Found], criteria: CriteriaSet) -> Floats:
    if node in found:
        return found[node].weights
    if node == GROUPS:
        return methods.normalised([criteria.groups[g].weight for g in lists_of(criteria)[GROUPS]])
    inner = [c.weight for c in criteria.criteria if c.group == node]
    return methods.normalised(inner if sum(inner) > 0 else np.ones(len(inner)))


def _as_one(
    group: Group, importance: Floats, random_index: methods.RandomIndex
) -> tuple[dict[str, Found], Floats]:
    """Aggregated judgements list by list, over the members who judged it."""
    found: dict[str, Found] = {}
    for node, names in lists_of(group.criteria).items():
        said = [
            (voice.speaker.answers[node].aligned(names).figures, share)
            for voice, share in zip(group.voices, importance, strict=True)
            if node in voice.found and share > 0
        ]
        if said:
            pooled = methods.ahp_group([a for a, _ in said], importance=[s for _, s in said],
                                       random_index=random_index, names=names)  # fmt: skip
            found[node] = judge(
                Answer("ahp", names, np.asarray(pooled.matrix), "", node),
                random_index=random_index,
            )
    return found, _composed(found, group.criteria)


def hang_on(
    group: Group, result: Result, *, k: int, random_index: methods.RandomIndex = "saaty"
) -> Dissent:
    """Which sites stay on the list under every member, under none, and whose weights decide.

    Parameters
    ----------
    group : Group
    result : Result
        Of a run by the same criteria.
    k : int
        Length of the list.
    random_index : str or mapping of int to float
        As the group's.

    Returns
    -------
    Dissent
        Rows are those of ``result.pool``.
    """
    kinds = result.pool.places.kinds.tolist()

    def scores(weights: Floats) -> Floats:
        found = score(result.table, result.criteria, kinds=kinds, weights=weights, bounds=False)
        return np.where(found.rank > 0, found.score, np.nan)

    kept = dissent(scores, group.committee, k=k)
    if group.aggregation == "priorities":
        return kept
    # The mean that would be left without a member is one of judgements here, not of weights.
    decides = kept.decides.copy()
    for i, share in enumerate(group.committee.importance):
        others = np.where(np.arange(len(decides)) == i, 0.0, group.committee.importance)
        alone = share >= 1.0 - 1e-12
        rest = group.committee.weights if alone else _as_one(group, others, random_index)[1]
        decides[i] = kept.pooled.astype(np.int8) - _top(scores, rest, k).astype(np.int8)
    return replace(kept, decides=decides, power=np.abs(decides).sum(axis=1, dtype=np.int64))


def _top(scores: Callable[[Floats], Floats], weights: Floats, k: int) -> Any:
    alone = pool({"the others": weights})
    return dissent(scores, alone, k=k).pooled


def found_data(found: Found) -> dict[str, Any]:
    """Weights of one list as plain data."""
    data: dict[str, Any] = {
        "method": found.method,
        "weights": dict(zip(found.names, found.weights.tolist(), strict=True)),
    }
    if found.ratio is not None:
        data |= {"consistency_ratio": found.ratio, "held_against": found.basis,
                 "acceptable": found.acceptable, "hint": found.hint or None}  # fmt: skip
    if (found.low < found.high).any():
        data["low"] = dict(zip(found.names, found.low.tolist(), strict=True))
        data["high"] = dict(zip(found.names, found.high.tolist(), strict=True))
    return data


def group_data(found: Group) -> dict[str, Any]:
    """Weights of a committee as plain data."""
    ids = [c.id for c in found.criteria.criteria]
    pooled = found.committee
    return {
        "aggregation": found.aggregation,
        "weights": dict(zip(ids, pooled.weights.tolist(), strict=True)),
        "disagreement": pooled.disagreement,
        "spread": dict(zip(ids, pooled.spread.tolist(), strict=True)),
        "members": [
            {
                "name": voice.speaker.name,
                "organisation": voice.speaker.organisation,
                "importance": float(share),
                "method": voice.speaker.method,
                "distance": float(distance),
                "weights": dict(zip(ids, voice.weights.tolist(), strict=True)),
                "lists": {node: found_data(one) for node, one in voice.found.items()},
                "as_declared": list(voice.declared),
            }
            for voice, share, distance in zip(
                found.voices, pooled.importance, pooled.distance, strict=True
            )
        ],
        "lists": {node: found_data(one) for node, one in found.found.items()},
    }


def dissent_data(found: Group, kept: Dissent, result: Result) -> dict[str, Any]:
    """What `hang_on` found as plain data: ids of sites, best first by the official score.

    Parameters
    ----------
    found, kept, result
        As given to `hang_on`, and by it.

    Returns
    -------
    dict
        ``group`` (its list), ``under_every_member``, ``under_none`` (how many), ``contested`` and
        ``decides`` (by member, what the list would lose and gain without).
    """
    ids = result.pool.frame["id"].tolist()
    names = found.committee.names
    order = result.scores.score.argsort(kind="stable")[::-1].tolist()
    return {
        "group": [ids[i] for i in order if kept.pooled[i]],
        "under_every_member": [ids[i] for i in order if i in set(kept.always.tolist())],
        "under_none": len(kept.never),
        "contested": [
            {
                "id": ids[i],
                "in_group": bool(kept.pooled[i]),
                "for": [name for name, row in zip(names, kept.in_top, strict=True) if row[i]],
                "decided_by": [n for n, row in zip(names, kept.decides, strict=True) if row[i]],
            }
            for i in order if i in set(kept.contested.tolist())
        ],
        "decides": {
            name: {"brings_in": [ids[i] for i in order if row[i] > 0],
                   "keeps_out": [ids[i] for i in order if row[i] < 0]}
            for name, row in zip(names, kept.decides, strict=True)
        },
    }  # fmt: skip


def from_data(path: Path, method: str, *, less: Sequence[str] = (), warnings: list[str]) -> Found:
    """Weights that a table of readings alone would give: a check on judged ones.

    Parameters
    ----------
    path : pathlib.Path
        A CSV or XLSX of readings, ids in its first column; or the folder of a finished run, whose
        values (after value functions) are taken for its ranked sites, an unknown one at the score
        of its site.
    method : str
        entropy or critic.
    less : sequence of str
        Columns of which less is better; values of a run are already turned.
    warnings : list of str
        What was taken for granted is appended here.

    Returns
    -------
    Found

    Raises
    ------
    DataError
        Every cell that is no number, or missing.
    """
    names, table = _run_values(path, warnings) if path.is_dir() else _readings(path, warnings)
    lost = [name for name in less if name not in names]
    if lost:
        raise DataError(
            Fault(f"no column {name}{nearest(name, names)}", str(path), "row 1") for name in lost
        )
    signs = [-1 if name in less else 1 for name in names]
    if method == "critic":
        weights = methods.critic(table, objectives=signs)
    else:
        negative = np.argwhere(table < 0)
        if len(negative):
            i, j = negative[0]
            raise DataError(
                Fault(f"{table[i, j]:g} is negative; entropy takes readings of 0 or more",
                      path.name, f"row {i + 2}", names[j])
            )  # fmt: skip
        weights = methods.entropy(table)
    return Found(names, weights, method, None, "", "", weights, weights)


def _readings(path: Path, warnings: list[str]) -> tuple[tuple[str, ...], Floats]:
    table = read_table(path)
    names = table.columns[1:]
    notes: list[Fault] = []
    schema = {name: Column(type="number", required=True) for name in names}
    frame = typed(table, schema, warnings=notes)
    warnings += [str(note) for note in notes]
    if not names:
        raise DataError(Fault("holds no column of readings beside the ids", file=path.name))
    return names, frame[list(names)].to_numpy(dtype=np.float64)


def _run_values(path: Path, warnings: list[str]) -> tuple[tuple[str, ...], Floats]:
    run = Run.read(path)
    names = tuple(c.id for c in run.criteria.criteria)
    ranked = run.ranking[run.ranking["rank"].notna()]
    readings = ranked[[f"p_{name}" for name in names]].to_numpy(dtype=np.float64)
    found = score(readings, run.criteria, bounds=False)
    unknown = np.isnan(found.values)
    if unknown.any():
        warnings.append(f"{int(unknown.sum())} unknown values stand at the score of their site")
    return names, np.where(unknown, found.score[:, None], found.values)


def criteria_data(group: Group, base: Path) -> dict[str, Any]:
    """The group's weights as a criteria file that extends another, as plain data.

    Parameters
    ----------
    group : Group
    base : pathlib.Path
        File of the criteria that were weighed; where it extends another, so does this one.

    Returns
    -------
    dict
        As it stands in YAML; the file must stand beside the one that it extends.
    """
    data, _ = files.read_yaml(base)
    if "extends" not in data:
        data = {"extends": base.stem}
    version = f"{group.criteria.version}, weights of {len(group.voices)} members"
    data = {**data, "version": version, "weights": "relative"}
    ids = [c.id for c in group.criteria.criteria]
    shares = dict(zip(ids, group.committee.weights.tolist(), strict=True))
    groups = dict(data.get("groups", {}))
    changed = dict(data.get("criteria", {}))
    own = {item["id"]: item for item in data.get("add", ())}
    for node, names in lists_of(group.criteria).items():
        total = sum(shares[name] for name in names) if node != GROUPS else 0.0
        if node != GROUPS:
            groups[node] = {**groups.get(node, {}), "weight": float(f"{total:.12g}")}
        for name in names if total > 0 else ():
            weight = {"weight": float(f"{shares[name] / total:.12g}")}
            if name in own:
                own[name] = {**own[name], **weight}
            else:
                changed[name] = {**changed.get(name, {}), **weight}
    data |= {"groups": groups, "criteria": changed}
    if own:
        data["add"] = list(own.values())
    return data


def write_criteria(group: Group, base: Path, path: Path, *, force: bool = False) -> None:
    """Write the group's weights as a criteria file that `siteselect run` can use.

    Parameters
    ----------
    group : Group
    base : pathlib.Path
        File of the criteria that were weighed.
    path : pathlib.Path
        The file that it extends is put beside it, if none of that name is there.
    force : bool
        Replace a file that is there.

    Raises
    ------
    DataError
        If the file is there already, cannot be written, or does not give the weights when it is
        read.
    """
    if path.exists() and not force:
        raise DataError(Fault("is there already; give --force to replace it", file=str(path)))
    from ruamel.yaml import YAML

    data, text = criteria_data(group, base), io.StringIO()
    YAML().dump(data, text)
    root = base.with_name(f"{data['extends']}.yaml")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.with_name(root.name).exists():
            files.write_text(path.with_name(root.name), root.read_text("utf-8"))
        files.write_text(path, text.getvalue())
    except OSError as error:
        raise DataError(Fault(f"cannot be written ({error.strerror})", file=str(path))) from error
    back = read_criteria(path)
    ids = [c.id for c in group.criteria.criteria]
    if [c.id for c in back.criteria] != ids or not np.allclose(
        criterion_weights(back), group.committee.weights, rtol=0, atol=1e-9
    ):
        raise DataError(Fault("does not give the weights that were written", file=str(path)))
