"""Comparisons: whether a run still is what it was, and what changed between two."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from pyproj import Geod

from siteselect.base import files
from siteselect.base.errors import DataError, Fault
from siteselect.decide.score import REFUSED_BY, criterion_weights
from siteselect.decide.values import value
from siteselect.declared.criteria import CriteriaSet, Criterion
from siteselect.study.manifest import SCHEMA, answers_changed, files_changed

TINY = 1e-12
# What every manifest holds, and what other parts of this page rely on.
_PARTS: Mapping[str, type | tuple[type, ...]] = MappingProxyType(
    {"study": dict, "criteria": dict, "inputs": dict, "declarations": dict, "cell_m": (int, float)}
)
# Columns of a ranking that a comparison reads, besides the reading of each criterion.
_TEXTS = ("id", "name_en", "verdict", "excluded_by", "undetermined_by")
_NUMBERS = ("rank", "score", "known", "lon", "lat", "area_ha", "position_accuracy_km")
_TOLD = 4
_KT_Y = 1e-3
_MOVED_KM = 0.002  # lon and lat are written to a metre


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run, as it stands in its folder.

    Parameters
    ----------
    folder : pathlib.Path
        Where.
    manifest : mapping
        What it was made from.
    criteria : CriteriaSet
        By which criteria.
    ranking : pandas.DataFrame
        ``ranking.csv``, by id.
    """

    folder: Path
    manifest: Mapping[str, Any]
    criteria: CriteriaSet
    ranking: pd.DataFrame

    @classmethod
    def read(cls, folder: Path) -> "Run":
        """Read a finished run.

        Raises
        ------
        DataError
            If the folder does not hold one, or its ranking lacks what a run writes.
        """
        manifest = read_manifest(folder)
        criteria = files.validate(
            manifest["criteria"], CriteriaSet, file=str(folder / "manifest.json")
        )
        try:
            ranking = pd.read_csv(
                folder / "ranking.csv",
                encoding="utf-8-sig",
                dtype={"id": str},
            )
        except (OSError, ValueError) as error:
            fault = Fault(f"cannot be read ({error})", file=str(folder / "ranking.csv"))
            raise DataError(fault) from error
        if faults := _lacking(ranking, criteria, str(folder / "ranking.csv")):
            raise DataError(faults)
        return cls(folder, manifest, criteria, ranking.set_index("id", drop=False))

    def row(self, name: str) -> dict[str, Any]:
        """What the ranking says of one site."""
        record = self.ranking.loc[[name]].to_dict("records")[0]
        return {str(column): cell for column, cell in record.items()}


def _lacking(ranking: pd.DataFrame, criteria: CriteriaSet, file: str) -> list[Fault]:
    """What a ranking that went through another program no longer says."""
    numbers = [*_NUMBERS, *(f"p_{criterion.id}" for criterion in criteria.criteria)]
    lost = [name for name in (*_TEXTS, *numbers) if name not in ranking]
    if lost:
        told = ", ".join(lost[:_TOLD]) + (", ..." if len(lost) > _TOLD else "")
        message = f"lacks columns that a run writes: {told}; save it with commas, or run again"
        return [Fault(message, file)]
    return [
        Fault(
            "holds what is no number; save it with points for decimals, or run again", file, "", n
        )
        for n in numbers
        if pd.to_numeric(ranking[n], errors="coerce").count() < ranking[n].count()
    ]


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a finished run.

    Raises
    ------
    DataError
        If the folder does not hold one of ours, or one that is not whole or names files elsewhere.
    """
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(Fault("no manifest of a run is there", file=str(path))) from error
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        raise DataError(Fault("is no manifest of a siteselect run", file=str(path)))
    faults = [
        Fault("is missing, or is not what a run writes; run again", str(path), "", key)
        for key, kind in _PARTS.items()
        if not isinstance(manifest.get(key), kind)
    ]
    if not faults:
        faults = [
            Fault(f"{name[:80]!r} is no file of a run", str(path), "", key)
            for key in ("outputs", "inputs", "declarations")
            for name in manifest.get(key, {})
            if Path(name).is_absolute() or ".." in Path(name).parts or "\\" in name
        ]
    if faults:
        raise DataError(faults)
    return manifest


def verify(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Hash the outputs of a run again, and its inputs and declarations where they can be found.

    Parameters
    ----------
    folder : pathlib.Path
        Of a finished run.

    Returns
    -------
    held, broken, unchecked : tuple of str
        What is as it was, what is not, and what cannot be found again, in words.

    Raises
    ------
    DataError
        If the folder does not hold a run.
    """
    manifest = read_manifest(folder)
    if not isinstance(manifest.get("outputs"), dict) or not manifest["outputs"]:
        # Nothing to check would otherwise be nothing wrong.
        raise DataError(Fault("lists no outputs", str(folder / "manifest.json"), "", "outputs"))
    home = files.home()
    held: list[str] = []
    broken: list[str] = []
    unchecked: list[str] = []
    for what, names, place in (
        ("output", manifest.get("outputs", {}), folder),
        ("input", manifest.get("inputs", {}), home / "data"),
        ("declaration", manifest.get("declarations", {}), home),
    ):
        for name, known in names.items():
            path = place / name
            if what == "declaration" and "/" not in name:
                # The manifest keeps no folders; a file of one's own may stand anywhere.
                unchecked.append(f"{what} {name} is not bundled, not checked")
            elif not path.is_file():
                broken.append(f"{what} {name} is not there")
            elif files.sha256(path) == known:
                held.append(f"{what} {name}")
            else:
                broken.append(f"{what} {name} is not what it was")
    strangers = {p.name for p in folder.iterdir()} - {*manifest.get("outputs", {}), "manifest.json"}
    broken += [f"output {name} is not of this run" for name in sorted(strangers)]
    return tuple(held), tuple(broken), tuple(unchecked)


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason for a change of score.

    Parameters
    ----------
    criterion_id : str
        Criterion whose contribution changed.
    kind : str
        ``reading``, ``knots`` or ``weight``.
    share : float
        Its part of the change of score.
    words : str
        The same in words.
    """

    criterion_id: str
    kind: str
    share: float
    words: str


@dataclass(frozen=True, slots=True)
class Moved:
    """One site in two runs.

    Parameters
    ----------
    site_id, name : str
        The site.
    rank_before, rank_after : int
        0 = not ranked.
    score_change : float
        After less before.
    causes : tuple of Cause
        Largest first; they sum to the change.
    rules : tuple of str
        Verdict and rules that changed, in words.
    """

    site_id: str
    name: str
    rank_before: int
    rank_after: int
    score_change: float
    causes: tuple[Cause, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One site that came into the chosen parks, or left them.

    Parameters
    ----------
    site_id, name : str
        The site.
    came : bool
        Whether it came; else it left.
    causes : tuple of str
        What changed of the site itself: its verdict, the rules, its score and why. Where nothing
        did, it says so, and the cause lies in the programme or in the sites it competes with.
    """

    site_id: str
    name: str
    came: bool
    causes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed between two runs.

    Parameters
    ----------
    declared : tuple of str
        Declarations and inputs that differ, in words.
    came, went : tuple of str
        Ids in the second run only, and in the first only.
    onto_list, off_list : tuple of str
        Ids that came onto the list of the first `k`, and left it.
    moved : tuple of Moved
        Sites in both whose score, rank or verdict changed, or of which a body has answered:
        largest change of score first, then those whose rules changed.
    parks : tuple of Exchanged
        Sites that came into the chosen parks or left them, by id; empty unless both runs chose.
    chain : tuple of str
        What changed of the value chain, in words: sources, park types and flows.
    """

    declared: tuple[str, ...]
    came: tuple[str, ...]
    went: tuple[str, ...]
    onto_list: tuple[str, ...]
    off_list: tuple[str, ...]
    moved: tuple[Moved, ...]
    parks: tuple[Exchanged, ...] = ()
    chain: tuple[str, ...] = ()


def diff(one: Run, other: Run, *, k: int = 13) -> Difference:
    """What changed from one run to another, and why.

    Parameters
    ----------
    one, other : Run
        Before and after.
    k : int
        Length of the list.

    Returns
    -------
    Difference

    Notes
    -----
    A contribution is weight / known x value(reading). Its change is told in three steps that sum
    to it exactly: another reading under the old value function and weight, another value function
    at the new reading, another weight (or another share of known weight) at the new value.
    """
    before, after = one.ranking, other.ranking
    both = [name for name in after.index if name in before.index]
    heard = answers_changed(one.manifest, other.manifest)
    told = [_moved(one, other, name, heard=heard.get(name, ())) for name in both]
    moved = [item for item in told if item is not None]
    lists = [set(table.index[table["rank"].le(k)]) for table in (before, after)]
    return Difference(
        declared=_declared(one, other),
        came=tuple(name for name in after.index if name not in before.index),
        went=tuple(name for name in before.index if name not in after.index),
        onto_list=tuple(sorted(lists[1] - lists[0])),
        off_list=tuple(sorted(lists[0] - lists[1])),
        moved=tuple(sorted(moved, key=lambda m: (-abs(m.score_change), not m.rules, m.site_id))),
        parks=_exchanges(one, other, {item.site_id: item for item in moved}),
        chain=chain_changes(one.manifest.get("chain"), other.manifest.get("chain")),
    )


def chain_changes(one: Any, other: Any) -> tuple[str, ...]:
    """What changed of the value chain, in words.

    Parameters
    ----------
    one, other : mapping or None
        As `siteselect.study.chain.as_data` gives it, before and after.

    Returns
    -------
    tuple of str
        Sources whose figures changed, what is short of it, parks of another type, and flows; empty
        if a run has none.
    """
    if not one or not other:
        return ()
    words = []
    for key, was, now in _changed(_supplies(one), _supplies(other)):
        source, material = key
        words.append(f"{source} leaves {now:.1f} kt/y of {material} instead of {was:.1f}")
    for (material,), was, now in _changed(_shorts(one), _shorts(other)):
        words.append(f"running plants lack {now:.1f} kt/y of {material} instead of {was:.1f}")
    types = [{name: park["park_type"] for name, park in (run["parks"] or {}).items()}
             for run in (one, other)]  # fmt: skip
    words += [
        f"{name} is a {types[1][name]} park instead of {types[0][name]}"
        for name in sorted(types[0].keys() & types[1].keys())
        if types[0][name] != types[1][name]
    ]
    for key, was, now in _changed(_flows(one), _flows(other)):
        material, origin, destination = key
        words.append(f"{origin} gives {destination} {now:.1f} kt/y of {material}, was {was:.1f}")
    return tuple(words)


def _supplies(chain: Any) -> dict[tuple[str, ...], float]:
    supplies = chain["supplies"].items()
    return {(source, name): kt_y for source, left in supplies for name, kt_y in left.items()}


def _shorts(chain: Any) -> dict[tuple[str, ...], float]:
    return {(name,): balance["short"] for name, balance in chain.get("balance", {}).items()}


def _flows(chain: Any) -> dict[tuple[str, ...], float]:
    return {
        (flow["material"], flow["origin"], flow["destination"]): flow["kt_y"]
        for flow in chain.get("flows", ())
    }


def _changed(
    before: Mapping[tuple[str, ...], float], after: Mapping[tuple[str, ...], float]
) -> list[tuple[tuple[str, ...], float, float]]:
    both = sorted({*before, *after})
    pairs = [(key, before.get(key, 0.0), after.get(key, 0.0)) for key in both]
    return [(key, was, now) for key, was, now in pairs if abs(now - was) > _KT_Y]


def _chosen(run: Run) -> set[str]:
    if "in_portfolio" not in run.ranking:
        return set()
    return set(run.ranking.index[run.ranking["in_portfolio"] == 1])


def _exchanges(one: Run, other: Run, moved: Mapping[str, Moved]) -> tuple[Exchanged, ...]:
    before, after = _chosen(one), _chosen(other)
    if not before or not after:
        return ()
    found = []
    ladder = _ladder(one, other)
    for name in sorted(before ^ after):
        run = other if name in after else one
        causes = _why(one, other, name, moved=moved.get(name), ladder=ladder)
        found.append(Exchanged(name, str(run.row(name)["name_en"]), name in after, causes))
    return tuple(found)


def _ladder(one: Run, other: Run) -> list[str]:
    """Whether the tolerated loss lets existing capacity take another number of greenfield parks."""
    programme = other.manifest.get("programme") or {}
    first = programme.get("existing_first")
    curves = [dict(_columns(run, "portfolio_curve.csv", "greenfield", "tolerance"))
              for run in (one, other)]  # fmt: skip
    chosen = [sum(rung == "greenfield" for _, rung in _columns(run, "portfolio.csv", "id", "rung"))
              for run in (one, other)]  # fmt: skip
    fewest = min(chosen)
    if not first or chosen[0] == chosen[1] or any(fewest not in curve for curve in curves):
        return []
    was, now = (f"{curve[fewest]:.4%}" for curve in curves)
    policy = f"{fewest} cost {now} of the total, {was} before, of {first['tolerance_loss']:.1%}"
    parks = f"{chosen[1]} greenfield parks instead of {chosen[0]}"
    return [f"existing capacity first leaves {parks}: {policy} that are tolerated"]


def _columns(run: Run, file: str, *names: str) -> list[tuple[Any, ...]]:
    """Rows of some columns of a table of the run; none if it has no such table."""
    path = run.folder / file
    if not path.is_file():
        return []
    frame = pd.read_csv(path, encoding="utf-8-sig", usecols=list(names))
    return list(frame[list(names)].itertuples(index=False, name=None))


def _why(
    one: Run, other: Run, name: str, *, moved: Moved | None, ladder: list[str]
) -> tuple[str, ...]:
    if name not in one.ranking.index or name not in other.ranking.index:
        return ("is a candidate in one run only",)
    words = list(moved.rules) if moved else []
    if moved and abs(moved.score_change) > TINY:
        # A part that went the other way made none of the change, however large it is.
        along = [c.words for c in moved.causes if c.share * moved.score_change > 0]
        most = along[0] if along else "its verdict"
        words.append(f"its score changed by {moved.score_change:+.4f}, most of it by this: {most}")
    rules = _between(one.manifest.get("programme"), other.manifest.get("programme"), "programme")
    # A park of another type than the ranking's is chosen by criteria of its own.
    types = {run.row(name).get("park_type") for run in (one, other)} - {one.criteria.id}
    declared = files_changed(one.manifest, other.manifest, "declarations").items()
    words += [f"declaration {file} {how}" for file, how in declared if Path(file).stem in types]
    words += [*rules, *ladder]
    return tuple(words or ["nothing of its own changed; others changed that compete with it"])


def _between(before: Any, after: Any, where: str) -> list[str]:
    """What differs between two pieces of plain data, each with its path of keys."""
    if isinstance(before, dict) and isinstance(after, dict):
        keys = sorted({*before, *after})
        return [w for k in keys for w in _between(before.get(k), after.get(k), f"{where}.{k}")]
    return [] if before == after else [f"{where} was {before}, is {after}"]


def _declared(one: Run, other: Run) -> tuple[str, ...]:
    words = [f"{key[:-1]} {name} {how}" for key in ("inputs", "declarations")
             for name, how in files_changed(one.manifest, other.manifest, key).items()]  # fmt: skip
    pairs = {key: (one.manifest.get(key), other.manifest.get(key))
             for key in ("version", "cell_m", "seed", "crs", "without")}  # fmt: skip
    words += [f"{key} was {a}, is {b}" for key, (a, b) in pairs.items() if a != b]
    provinces = [run.manifest["study"]["provinces"] for run in (one, other)]
    words += _between(one.manifest.get("programme"), other.manifest.get("programme"), "programme")
    if provinces[0] != provinces[1]:
        words.append(f"provinces were {', '.join(provinces[0])}, are {', '.join(provinces[1])}")
    return tuple(words)


def _moved(one: Run, other: Run, name: str, *, heard: Sequence[str]) -> Moved | None:
    before, after = one.row(name), other.row(name)
    ranks = [0 if pd.isna(row["rank"]) else int(row["rank"]) for row in (before, after)]
    scores = [0.0 if pd.isna(row["score"]) else float(row["score"]) for row in (before, after)]
    rules = (*heard, *_rules(before, after))
    change: float = scores[1] - scores[0]
    if ranks[0] == ranks[1] and abs(change) <= TINY and not rules:
        return None
    causes = _causes(one, other, name)
    return Moved(name, str(after["name_en"]), ranks[0], ranks[1], change, causes, rules)


def _rules(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    words = []
    if before["verdict"] != after["verdict"]:
        words.append(f"verdict was {before['verdict']}, is {after['verdict']}")
    for column, what in (("excluded_by", "excluded by"), ("undetermined_by", "in doubt by")):
        # Who has refused a site as a whole is told with the answer itself.
        sets = [{rule for rule in str(row[column]).split("; ") if not rule.startswith(REFUSED_BY)}
                - {"nan", ""} for row in (before, after)]  # fmt: skip
        words += [f"now {what} {rule}" for rule in sorted(sets[1] - sets[0])]
        words += [f"no longer {what} {rule}" for rule in sorted(sets[0] - sets[1])]
    return tuple(words)


def _causes(one: Run, other: Run, name: str) -> tuple[Cause, ...]:
    steps = [_terms(run, name) for run in (one, other)]
    moved = _shift(one.row(name), other.row(name))
    causes: list[Cause] = []
    for criterion_id in dict.fromkeys([*steps[0], *steps[1]]):
        terms = [step.get(criterion_id) for step in steps]
        causes += _steps(one, other, criterion_id, terms, moved=moved)
    found = [cause for cause in causes if abs(cause.share) > TINY]
    return tuple(sorted(found, key=lambda cause: -abs(cause.share)))


_Term = tuple[Criterion, float, float]


def _terms(run: Run, name: str) -> dict[str, _Term]:
    """Criterion, reading, and weight over the known weight, of each criterion of one site."""
    row = run.row(name)
    known = float(row["known"]) or np.nan
    return {
        criterion.id: (criterion, float(row[f"p_{criterion.id}"]), share / known)
        for criterion, share in zip(
            run.criteria.criteria, criterion_weights(run.criteria), strict=True
        )
    }


def _worth(term: _Term | None, reading: float) -> float:
    if term is None or np.isnan(reading):
        return 0.0
    return float(value(reading, term[0].knots))


def _shift(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What changed of a site itself, in words."""
    spots = [(float(row["lon"]), float(row["lat"])) for row in (before, after)]
    away_km = Geod(ellps="WGS84").inv(*spots[0], *spots[1])[2] / 1e3
    words = [f"its position moved by {away_km:.2g} km"] if away_km > _MOVED_KM else []
    for column, what in (("area_ha", "area"), ("position_accuracy_km", "accuracy")):
        was, now = (float(row[column]) for row in (before, after))
        if was != now and not (np.isnan(was) and np.isnan(now)):
            words.append(f"its {what} was {was:g}, is {now:g}")
    return words


def _why_read(one: Run, other: Run, criterion_id: str, terms: list[_Term | None]) -> list[str]:
    """What changed of the files and the declaration that a reading comes from, in words."""
    files_of = other.manifest.get("files_of", {}).get(criterion_id, [])
    inputs = [run.manifest["inputs"] for run in (one, other)]
    changed = [file for file in files_of if inputs[0].get(file) != inputs[1].get(file)]
    words = [f"{', '.join(changed)} changed"] if changed else []
    before, after = terms
    if before and after and before[0].measure != after[0].measure:
        words.append("its measure is declared otherwise")
    if before is None or after is None:
        words.append("the criterion is in one run only")
    return words


def _steps(
    one: Run, other: Run, criterion_id: str, terms: list[_Term | None], *, moved: list[str]
) -> list[Cause]:
    before, after = terms
    p0, w0 = (before[1], before[2]) if before else (np.nan, 0.0)
    p1, w1 = (after[1], after[2]) if after else (np.nan, 0.0)
    w0, w1 = np.nan_to_num(w0), np.nan_to_num(w1)
    old_at_new = _worth(before or after, p1)
    unit = (after or before or (None,))[0]
    unit_text = unit.unit if unit else ""
    named = [*_why_read(one, other, criterion_id, terms), *moved]
    if not named and one.manifest["cell_m"] != other.manifest["cell_m"]:
        named = ["it is read on cells of another size"]
    why = f" ({'; '.join(named)})" if named else ""
    return [
        Cause(criterion_id, "reading", w0 * (old_at_new - _worth(before, p0)),
              f"{criterion_id} reads {p1:.6g} {unit_text}, was {p0:.6g}{why}"),
        Cause(criterion_id, "knots", w0 * (_worth(after, p1) - old_at_new),
              f"value function of {criterion_id} changed"),
        Cause(criterion_id, "weight", (w1 - w0) * _worth(after, p1),
              f"weight of {criterion_id} over the known weight is {w1:.4f}, was {w0:.4f}"),
    ]  # fmt: skip
