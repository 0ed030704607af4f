"""Commands that weigh: the group `weights`, and `methods`."""

import contextlib
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from siteselect.base.errors import DataError, Fault, SiteselectError
from siteselect.cli.door import RANKING, answer, json_option, progress, say, study_argument, table

if TYPE_CHECKING:
    from siteselect.study.panel import Panel
    from siteselect.study.result import Result
    from siteselect.study.weighting import Found, Group, Voice

Function = TypeVar("Function", bound=Callable[..., Any])
PATH = click.Path(path_type=Path, allow_dash=True)
FOLDER = click.Path(path_type=Path, file_okay=False)
INDICES = click.Choice(["saaty", "saaty-1980", "alonso-lamata"])


@click.group()
def weights() -> None:
    """Weights from judgements: one person's, or a committee's.

    One person's are direct, rank, swing, ahp or bwm; group takes members, each in their own way,
    and says which sites hang on whom; questionnaire writes a workbook to hand to them. entropy and
    critic say what the data alone would: a check, no default.

    FILE is CSV, XLSX or YAML, or - for standard input.
    """


def _sheet(function: Function) -> Function:
    return click.option("--sheet", help="Sheet of a workbook that holds several.")(function)


def _random_index(function: Function) -> Function:
    return click.option(
        "--random-index", type=INDICES, default="saaty", show_default=True,
        help="Table of random indices that the consistency is held against.",
    )(function)  # fmt: skip


@weights.command()
@click.argument("file", type=PATH)
@_sheet
@json_option
def direct(file: Path, sheet: str | None, *, as_json: bool) -> None:
    """Weights as given: columns criterion, weight."""
    _one(file, "direct", sheet=sheet, as_json=as_json)


@weights.command()
@click.argument("file", type=PATH)
@_sheet
@json_option
def rank(file: Path, sheet: str | None, *, as_json: bool) -> None:
    """Order alone: columns criterion, rank.

    1 is the most important, ties are allowed; the weights are the rank order centroid.
    """
    _one(file, "rank", sheet=sheet, as_json=as_json)


@weights.command()
@click.argument("file", type=PATH)
@_sheet
@json_option
def swing(file: Path, sheet: str | None, *, as_json: bool) -> None:
    """Swing weights: columns criterion, points.

    What going from worst to best is worth; the greatest swing usually has 100.
    """
    _one(file, "swing", sheet=sheet, as_json=as_json)


@weights.command()
@click.argument("file", type=PATH)
@_sheet
@_random_index
@json_option
def ahp(file: Path, sheet: str | None, *, random_index: str, as_json: bool) -> None:
    """Comparisons in pairs: a matrix.

    Names stand in the first row and column; 1/3 and 0.33 are read alike, an empty cell is not
    compared, and one side of the diagonal is enough. Or the columns first, second, judgement. Or a
    questionnaire that came back.
    """
    _one(file, "ahp", sheet=sheet, as_json=as_json, random_index=random_index)


@weights.command()
@click.argument("file", type=PATH)
@_sheet
@click.option("--non-linear", is_flag=True, help="The original model, with intervals of weights.")
@json_option
def bwm(file: Path, sheet: str | None, *, non_linear: bool, as_json: bool) -> None:
    """Best and worst: columns criterion, best_to, to_worst."""
    _one(file, "bwm", sheet=sheet, as_json=as_json, linear=not non_linear)


@weights.command()
@click.argument("file", type=PATH, required=False)
@click.option("--run", "run_folder", type=FOLDER, help="Values of the ranked sites of a run.")
@json_option
def entropy(file: Path | None, run_folder: Path | None, *, as_json: bool) -> None:
    """A check: what the spread of readings says.

    FILE has one row a place, ids in its first column; better is --run DIR, which takes values
    after value functions.
    """
    _from_data(file, run_folder, "entropy", less=(), as_json=as_json)


@weights.command()
@click.argument("file", type=PATH, required=False)
@click.option("--run", "run_folder", type=FOLDER, help="Values of the ranked sites of a run.")
@click.option("--less", multiple=True, help="A column of which less is better; may be repeated.")
@json_option
def critic(
    file: Path | None, run_folder: Path | None, *, less: tuple[str, ...], as_json: bool
) -> None:
    """A check: contrast and conflict of readings.

    FILE has one row a place, ids in its first column; better is --run DIR, which takes values
    after value functions.
    """
    _from_data(file, run_folder, "critic", less=less, as_json=as_json)


@weights.command()
@click.argument("source", metavar="FILE|FOLDER", type=PATH)
@click.option("--study", type=click.Path(path_type=Path),
              help="Study whose sites are asked; the bundled study if none is given.")  # fmt: skip
@click.option("--aggregation", type=click.Choice(["priorities", "judgements"]),
              help="Mean of weights, or of judgements; instead of what the file says.")  # fmt: skip
@_random_index
@click.option("-k", "--list-length", "k", type=click.IntRange(1), default=13, show_default=True,
              help="Length of the list that dissent is about.")  # fmt: skip
@click.option("--no-sites", is_flag=True, help="Weights only; do not score the sites.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False),
              help="Write the group's weights as a criteria file.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace the file of --out.")
@json_option
def group(source: Path, study: Path | None, aggregation: str | None, **options: Any) -> None:
    """A committee, and which sites hang on whom.

    A YAML file of members, or a folder of questionnaires that came back.
    """
    from siteselect.study import judgements, weighting
    from siteselect.study.question import ask
    from siteselect.study.run import decide

    question = ask(study, changes=RANKING)
    index, k = options["random_index"], options["k"]
    with _given(source) as path:
        declared, speakers = judgements.read_members(path)
        found = weighting.weigh(
            speakers, question.criteria, aggregation=aggregation or declared, random_index=index
        )
    data, text = weighting.group_data(found), _group_text(found)
    if not options["no_sites"]:
        result = decide(question, progress=progress())
        kept = weighting.hang_on(
            found, result, k=options["k"], random_index=options["random_index"]
        )
        data["sites"] = weighting.dissent_data(found, kept, result)
        text += "\n\n" + _dissent_text(data["sites"], k)
    if options["out"] is not None:
        base = next(
            p for p in question.declarations if p.name == Path(question.study.criteria).name
        )
        weighting.write_criteria(found, base, options["out"], force=options["force"])
        say(f"written: {options['out']}; name it as criteria: in a study.yaml")
    answer("weights group", data, text, as_json=options["as_json"])


@weights.command()
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True,
              help="Workbook to write (.xlsx).")  # fmt: skip
@click.option("--lang", type=click.Choice(["fa", "en"]), default="fa", show_default=True)
@click.option("--method", type=click.Choice(["ahp", "swing"]), default="ahp", show_default=True,
              help="Comparisons in pairs, or points.")  # fmt: skip
@click.option("--study", type=click.Path(path_type=Path),
              help="Study whose criteria are asked; the bundled one if none is given.")  # fmt: skip
@json_option
def questionnaire(out: Path, study: Path | None, **options: Any) -> None:
    """A workbook to hand to the members.

    `weights group FOLDER` reads what comes back.
    """
    from siteselect.present import questionnaire as paper
    from siteselect.study.question import ask

    criteria = ask(study, changes=RANKING).criteria
    paper.write(criteria, out, language=options["lang"], method=options["method"])
    answer("weights questionnaire", {"file": str(out)}, str(out), as_json=options["as_json"])


@contextlib.contextmanager
def _given(file: Path) -> Iterator[Path]:
    """The file, or what stands on standard input as a file."""
    if str(file) != "-":
        yield file
        return
    data = sys.stdin.buffer.read()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"stdin{_kind(data)}"
        path.write_bytes(data)
        try:
            yield path
        except SiteselectError as error:
            raise type(error)(
                replace(fault, file=Path(fault.file).name) for fault in error.faults
            ) from error


def _kind(data: bytes) -> str:
    """Extension of what came without a name: a workbook, YAML (a key comes first), or CSV."""
    if data.startswith(b"PK"):
        return ".xlsx"
    lines = [line for line in data.splitlines() if line.strip() and not line.startswith(b"#")]
    return ".yaml" if lines and re.match(rb"[ {\"']*\w+[\"']?:", lines[0]) else ".csv"


def _one(file: Path, method: str, *, sheet: str | None, as_json: bool,
         random_index: str = "saaty", linear: bool = True) -> None:  # fmt: skip
    from siteselect.study import judgements, weighting

    with _given(file) as path:
        lists = judgements.read_lists(path, method, sheet=sheet)
        found = {
            node: weighting.judge(one, random_index=random_index, linear=linear)
            for node, one in lists.items()
        }
    data: Any = {node: weighting.found_data(one) for node, one in found.items()}
    text = "\n\n".join(_found_text(one, node) for node, one in found.items())
    answer(f"weights {method}", data.get("", data), text, as_json=as_json)


def _from_data(
    file: Path | None, run: Path | None, method: str, *, less: tuple[str, ...], as_json: bool
) -> None:
    from siteselect.study import weighting

    if (file is None) == (run is None):
        raise click.UsageError("give a FILE of readings, or --run DIR")
    warnings: list[str] = []
    with _given(run or file or Path("-")) as path:
        found = weighting.from_data(path, method, less=less, warnings=warnings)
    note = "a check on judged weights, no substitute: it says how the data spread, not what matters"
    answer(f"weights {method}", {**weighting.found_data(found), "note": note},
           f"{_found_text(found)}\n{note}", as_json=as_json, warnings=tuple(warnings))  # fmt: skip


def _plain(text: str) -> str:
    """Somebody's text without what steers a terminal."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text)


def _found_text(found: "Found", node: str = "") -> str:
    spread = bool((found.low < found.high).any())
    rows = [
        [_plain(name), f"{weight:.4f}"] + ([f"{low:.4f}", f"{high:.4f}"] if spread else [])
        for name, weight, low, high in zip(
            found.names, found.weights, found.low, found.high, strict=True
        )
    ]
    heads = ["criterion", "weight", *(("low", "high") if spread else ())]
    lines = [node] * bool(node) + [table(rows, heads)]
    if found.ratio is not None:
        words = {True: ", acceptable", False: ", above 0.1: judge again", None: ""}
        verdict = words[found.acceptable]
        lines.append(f"consistency ratio {found.ratio:.4f} ({found.basis}){verdict}")
    if found.hint:
        lines.append(f"hint: {_plain(found.hint)}")
    return "\n".join(lines)


def _group_text(found: "Group") -> str:
    pooled = found.committee
    members = [
        [_plain(voice.speaker.name), _plain(voice.speaker.organisation), f"{share:.3f}",
         voice.speaker.method,
         f"{distance:.3f}", _worst(voice), f"{len(voice.declared)} lists"]
        for voice, share, distance in zip(
            found.voices, pooled.importance, pooled.distance, strict=True
        )
    ]  # fmt: skip
    rows = [
        [c.id, f"{weight:.4f}", f"{low:.4f}", f"{high:.4f}"]
        for c, weight, low, high in zip(
            found.criteria.criteria, pooled.weights, pooled.members.min(axis=0),
            pooled.members.max(axis=0), strict=True,
        )
    ]  # fmt: skip
    hints = [_plain(f"hint: {voice.speaker.name}: {node}: {one.hint}") for voice in found.voices
             for node, one in voice.found.items() if one.hint]  # fmt: skip
    ratios = [f"{node}: group's consistency ratio {one.ratio:.4f} ({one.basis})"
              for node, one in found.found.items()]  # fmt: skip
    heads = ["member", "organisation", "share", "method", "distance", "worst ratio", "as declared"]
    return "\n".join(
        [table(members, heads), *hints, "",
         table(rows, ["criterion", "weight", "least", "greatest"]), "", *ratios,
         f"aggregation of {found.aggregation}",
         f"disagreement {pooled.disagreement:.3f} (0 of one mind, 1 nothing in common)"]
    )  # fmt: skip


def _worst(voice: "Voice") -> str:
    if voice.worst is None:
        return "-"
    node, found = voice.worst
    return f"{found.ratio:.3f} {node}"


def _dissent_text(data: dict[str, Any], k: int) -> str:
    rows = [
        [one["id"], "yes" if one["in_group"] else "no", _plain(", ".join(one["for"])),
         _plain(", ".join(one["decided_by"])) or "-"]
        for one in data["contested"]
    ]  # fmt: skip
    power = [
        [_plain(name), ", ".join(part["brings_in"]) or "-", ", ".join(part["keeps_out"]) or "-"]
        for name, part in data["decides"].items()
    ]
    return "\n".join(
        [f"list of {k} under the group's weights: {', '.join(data['group'])}",
         f"on the list under every member: {', '.join(data['under_every_member']) or 'none'}",
         f"on the list under no member: {data['under_none']} sites", "",
         table(rows, ["contested", "group", "listed by", "decided by"]), "",
         table(power, ["without this member", "would leave", "would enter"])]
    )  # fmt: skip


@click.command()
@study_argument
@click.option("-k", "--list-length", "k", type=click.IntRange(1), default=13, show_default=True,
              help="Length of the list.")  # fmt: skip
@click.option("--indifference", type=click.FloatRange(0, 1), default=0.05, show_default=True,
              help="PROMETHEE, ELECTRE: difference of value up to which nobody cares.")  # fmt: skip
@click.option("--preference", type=click.FloatRange(0, 1), default=0.2, show_default=True,
              help="PROMETHEE, ELECTRE: from here on preference is full.")  # fmt: skip
@click.option("--veto", type=click.FloatRange(0, 1), default=0.8, show_default=True,
              help="ELECTRE: who lags so far on one criterion cannot outrank.")  # fmt: skip
@click.option("--out", type=FOLDER, help="Folder for methods.csv: ranks of every site.")
@click.option("--force", is_flag=True, help="Replace a methods.csv that is there.")
@json_option
def methods(study: Path | None, k: int, out: Path | None, **options: Any) -> None:
    """Every method on the same sites: how much of the ranking hangs on the method."""
    from siteselect.study import panel as panels
    from siteselect.study.question import ask
    from siteselect.study.run import decide

    path = None if out is None else _free(out, force=options["force"])
    result = decide(ask(study, changes=RANKING), progress=progress())
    thresholds = panels.Thresholds(options["indifference"], options["preference"], options["veto"])
    found = panels.panel(result.scores, k=k, thresholds=thresholds)
    if path is not None:
        _write(found, result, path)
        say(f"written: {path}")
    data, text, as_json = panels.as_data(found), _panel_text(found, result), options["as_json"]
    answer("methods", data, text, as_json=as_json, warnings=result.warnings)


def _panel_text(found: "Panel", result: "Result") -> str:
    from siteselect.study.panel import METHODS, OFFICIAL, as_data

    data = as_data(found)
    first = [
        [one["method"], _figure(one["kendall"]), _figure(one["spearman"]),
         f"{one['kept']}/{found.k}", one["top"][0], one["title"]]
        for one in data["methods"]
    ]  # fmt: skip
    names = dict(zip(result.pool.frame["id"], result.pool.frame["name_en"], strict=True))
    listed = [i for i in range(len(found.site_ids)) if found.agreement.best[i] <= found.k]
    ranks = [
        [found.site_ids[i], *(str(found.ranks[name][i]) for name in METHODS),
         f"{found.triangle.share[i]:.0%}", str(names[found.site_ids[i]])[:40]]
        for i in listed
    ]  # fmt: skip
    short = ["mean", "geo", "owa.5", "owa2", "t.vec", "t.mm", "t.fix", "vikor", "prom", "elec"]
    moved = [
        f"{m['site']}: {m['official_rank']} by {OFFICIAL}, {m['rank']} by {m['method']}"
        + (f"; {m['criterion']} (value {m['value']:.2f}, contribution {m['contribution']:.3f})"
           f" explains it: at the site's own score {m['official_without']} and {m['rank_without']}"
           if m["criterion"] else "; no single criterion explains it")
        for m in data["movers"]
    ]  # fmt: skip
    steps = [
        [f"{s['orness']:.2f}", f"{s['tradeoff']:.2f}", _figure(s["kendall"]),
         f"{s['kept']} of {s['listed']}"]
        for s in data["strategies"]
    ]  # fmt: skip
    pairs = data["promethee_i"]
    told = (
        f"PROMETHEE I: pairs told apart {pairs['better']}, equal {pairs['equal']}, incomparable"
        f" {pairs['incomparable']}, of those {pairs['in_list']} on the list"
    )
    return "\n".join(
        [*data["rules"], "",
         table(first, ["method", "kendall", "spearman", "shared", "first", ""]), "",
         f"on the list of {found.k} by some method; ranks by each, share of OWA strategies",
         table(ranks, ["site", *short, "owa", "name"]), "",
         f"under every method: {', '.join(data['under_every_method']) or 'none'}",
         f"VIKOR's compromise set: {', '.join(data['vikor']['compromise'])}",
         told, "",
         "who moves most", *moved, "",
         "OWA strategies between risk (orness) and trade-off",
         table(steps, ["orness", "trade-off", "kendall", "of the list"])]
    )  # fmt: skip


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _free(folder: Path, *, force: bool) -> Path:
    """Where the table goes, found out before the work begins."""
    path = folder / "methods.csv"
    if (folder / "manifest.json").exists():
        raise DataError(Fault("is the folder of a run; name another", file=str(folder)))
    if path.exists() and not force:
        message = "is there already; name another folder, or replace it with --force"
        raise DataError(Fault(message, file=str(path)))
    return path


def _write(found: "Panel", result: "Result", path: Path) -> None:
    import pandas as pd

    from siteselect.present.export import write_csv
    from siteselect.present.tables import Column, Table, tidy
    from siteselect.study.panel import METHODS

    frame = result.pool.frame.set_index("id").loc[list(found.site_ids)]
    data = pd.DataFrame(
        {"id": list(found.site_ids), "name_en": frame["name_en"].tolist(),
         "name_fa": frame["name_fa"].tolist()}
        | {f"rank_{name}": found.ranks[name] for name in METHODS}
        | {"best": found.agreement.best.astype(int), "worst": found.agreement.worst.astype(int),
           "share_of_strategies": found.triangle.share}
    )  # fmt: skip
    columns = tuple(Column(str(name), str(name), str(name)) for name in data)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_csv(Table(columns, data.apply(tidy)), path)
    except OSError as error:
        raise DataError(Fault(f"cannot be written ({error.strerror})", file=str(path))) from error
