"""Commands of the value chain: chain, units, opportunities."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from siteselect.cli.door import answer, json_option, span, study_argument, table

if TYPE_CHECKING:
    from siteselect.declared.chain import Chain
    from siteselect.study.chain import Region

Answer = tuple[dict[str, Any], str]
NEAR_KM = 100.0

without_option = click.option(
    "--without",
    multiple=True,
    metavar="SOURCE",
    help="Leave out a source, by the beginning of its id; may be given again.",
)
language_option = click.option("--lang", type=click.Choice(["en", "fa"]), default="en",
                               help="Language of names.")  # fmt: skip


def _of(chain: "Chain", name: str, language: str) -> str:
    known = chain.materials.get(name)
    return str(getattr(known.titles, language)) if known else name


@click.command()
@study_argument
@click.option("--from", "material", help="What can be made of this material.")
@click.option("--at", metavar="LON,LAT", help="Of what is left of it near this point.")
@click.option("--within", "radius_km", type=click.FloatRange(0), default=NEAR_KM,
              help="How near, km.")  # fmt: skip
@click.option("--route", nargs=2, metavar="FROM TO", help="The shortest way between materials.")
@click.option("--by", type=click.Choice(["steps", "yield"]), default="steps",
              help="What the route is short in.")  # fmt: skip
@click.option("--missing", is_flag=True, help="What nobody in the region makes or supplies.")
@click.option("--value", is_flag=True, help="Value that each process adds, where prices exist.")
@click.option("--uses", is_flag=True, help="What running plants take of which feedstock.")
@without_option
@language_option
@json_option
def chain(study: Path | None, **options: Any) -> None:
    """The region's balance of materials; or what can be made of one, and how."""
    from siteselect.study.chain import region
    from siteselect.study.question import ask, refuse_outside

    as_json, language = options["as_json"], options["lang"]
    _one_question(options)
    at = _point(options["at"]) if options["at"] else None
    question = ask(study)
    if at is not None:
        refuse_outside(question, *at)
    there = region(question.catalog, question.crs, without=options["without"])
    if options["route"]:
        data, text = _route(there, options["route"], by=options["by"], language=options["lang"])
    elif options["material"]:
        data, text = _made(there, question.crs, at, options)
    elif options["missing"]:
        data, text = _missing(there, language)
    elif options["value"]:
        data, text = _value(there, language)
    elif options["uses"]:
        data, text = _uses(there, language)
    else:
        data, text = _balance(there, language)
    if options["without"]:
        data["without"] = list(options["without"])
        text = f"without {', '.join(options['without'])}:\n{text}"
    answer("chain", data, text, as_json=as_json)


def _one_question(options: dict[str, Any]) -> None:
    """Refuse two questions in one, and a place without a material to look for."""
    names = {"material": "--from"} | {n: f"--{n}" for n in ("route", "missing", "value", "uses")}
    asked = [said for name, said in names.items() if options[name]]
    if len(asked) > 1:
        raise click.UsageError(f"{' and '.join(asked)} are two questions; ask one")
    if options["at"] and not options["material"]:
        raise click.UsageError("--at needs --from: near it, what can be made of which material?")


def _point(text: str) -> tuple[float, float]:
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        lon = lat = float("nan")
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        words = "longitude and latitude in degrees, such as 52.6,27.5"
        raise click.BadParameter(words, param_hint="--at") from None
    return lon, lat


def _mark(recalled: bool) -> str:  # noqa: FBT001 - one flag, one word
    return "recalled" if recalled else "found"


def _balance(there: "Region", language: str) -> Answer:
    from siteselect.study.chain import balance_data

    data = balance_data(there)
    rows = []
    for name, b in data["balance"].items():
        figures = (b["available"], *b["range"], b["captive"], b["bought"], b["left"])
        rows.append([name, *(f"{x:.0f}" for x in figures), span(b["short_low"], b["short"]),
                     _mark(b["recalled"]), _of(there.chain, name, language)])  # fmt: skip
    headings = ["kt/y", "available", "from", "to", "own use", "bought", "left", "short", "figures",
                "name"]  # fmt: skip
    text = table(rows, headings)
    if data["no_figure"]:
        text += f"\n\nlisted without a figure, counted as nothing: {'; '.join(data['no_figure'])}"
    return data, text


def _uses(there: "Region", language: str) -> Answer:
    from siteselect.study.chain import uses_data

    data = uses_data(there)
    rows = [
        [u["material"], u["source"], u["product"], span(u["low_kt_y"], u["high_kt_y"]),
         " ".join(u["processes"]) or "-", _mark(True), _of(there.chain, u["material"], language)]
        for u in data["uses"]
    ]  # fmt: skip
    text = table(rows, ["material", "taken by", "for", "kt/y", "by process", "figures", "name"])
    return data, text + (
        "\n\ncapacity x availability x coefficient; a range where it is not said by which process"
    )


def _made(
    there: "Region", crs: Any, at: tuple[float, float] | None, options: dict[str, Any]
) -> Answer:
    from siteselect.study.chain import made_data

    material, language, radius_km = options["material"], options["lang"], options["radius_km"]
    data = made_data(there, material, crs=crs, at=at, radius_km=radius_km)
    where = f"within {radius_km:g} km of {at[0]:g}, {at[1]:g}" if at else "in the region"
    name = _of(there.chain, material, language)
    lines = [f"{data['left_kt_y']:.0f} kt/y of {name} are left {where}"]
    lines += [
        f"  {s['left']:.0f} {s['source']} {s[f'name_{language}']} ({_mark(s['recalled'])}:"
        f" {s['nominal']:.0f} x {s['share']:g} of {s['as_of']})"
        for s in data["sources"]
    ]
    rows = [
        [m["product"], " ".join(m["steps"]), f"{m['yield_t']:.3g}", f"{m['kt_y']:.0f}",
         ", ".join(m["bought_in"]) or "-", _mark(m["recalled"]),
         _of(there.chain, m["product"], language)]
        for m in data["made"]
    ]  # fmt: skip
    headings = ["product", "processes", "t a tonne", "kt/y if all", "bought in", "factors", "name"]
    made = table(rows, headings) if rows else f"no process of the table starts from {name}"
    return data, "\n".join([*lines, "", made])


def _route(
    there: "Region", ends: tuple[str, str], *, by: Literal["steps", "yield"], language: str
) -> Answer:
    from siteselect.study.chain import route_data

    start, end = ends
    data = route_data(there, start, end, by=by)
    lines = [f"{p['id']}  {p[f'title_{language}']} -> {p['main']} ({_mark(p['recalled'])})"
             for p in data["processes"]]  # fmt: skip
    if start == end:
        return data, f"{start} is there already: no process is needed"
    return data, "\n".join(lines) or f"no process of the table leads from {start} to {end}"


def _missing(there: "Region", language: str) -> Answer:
    from siteselect.study.chain import missing_data

    data = missing_data(there)
    count = len(data["not_produced"])
    alone = "units of estates are known by a register alone"
    lines = [f"{count} products of the chain that no source of the tables makes ({alone}):"]
    lines += [f"  {name}  {_of(there.chain, name, language)}" for name in data["not_produced"]]
    count = len(data["bought_in"])
    lines += ["", f"{count} inputs that nothing in the region supplies, and who wants them:"]
    lines += [f"  {name}  {_of(there.chain, name, language)}: {', '.join(users)}"
              for name, users in data["bought_in"].items()]  # fmt: skip
    return data, "\n".join(lines)


def _value(there: "Region", language: str) -> Answer:
    from siteselect.study.chain import value_data

    data = value_data(there)
    known = [a for a in data["added_value"] if a["low"] is not None]
    rows = [
        [a["process"], a["product"], f"{a['low']:.0f}", f"{a['high']:.0f}",
         _of(there.chain, a["product"], language)]
        for a in known
    ]  # fmt: skip
    rest = len(data["added_value"]) - len(known)
    text = table(rows, ["process", "product", "USD/t from", "to", "name"])
    text += (
        "\n\nprices are of several years and bases: an order of size, no margin;"
        f" {rest} processes have an input or a product without a quote"
    )
    return data, text


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--layout", type=click.Path(path_type=Path, dir_okay=False),
              help="Write an empty register with the headings of the layout here.")  # fmt: skip
@click.option("--example", type=click.Path(path_type=Path, dir_okay=False),
              help="Write a synthetic register to try here.")  # fmt: skip
@json_option
def units(file: Path | None, layout: Path | None, example: Path | None, *, as_json: bool) -> None:
    """What ails the downstream units of a register, and what could be revived."""
    from dataclasses import asdict

    from siteselect.study.chain import (
        region,
        register,
        write_example,
        write_layout,
    )
    from siteselect.study.gate import refuse_there
    from siteselect.study.question import ask

    refuse_there(*(path for path in (layout, example) if path is not None))
    question = ask()
    if layout is not None or example is not None:
        if layout is not None:
            write_layout(question.catalog, layout)
        if example is not None:
            write_example(example)
        written = {"layout": layout, "example": example}
        data = {name: str(path) for name, path in written.items() if path is not None}
        text = "\n".join(f"written to {path}" for path in data.values())
        answer("units", data, text, as_json=as_json)
        return
    if file is None:
        text = (
            "there is no register of downstream units; --layout FILE writes an empty one to fill,"
            " --example FILE a synthetic one to try"
        )
        answer("units", {"register": None}, text, as_json=as_json)
        return
    found = register(file, question.catalog, region(question.catalog, question.crs).chain)
    data = asdict(found)
    answer("units", data, _diagnosis(found), as_json=as_json, warnings=_synthetic(found))


def _synthetic(found: Any) -> tuple[str, ...]:
    from siteselect.study.chain import remarks

    return tuple(remark.en for remark in remarks(found))


def _diagnosis(found: Any) -> str:
    bands = ", ".join(f"{name} {count}" for name, count in found.bands.items())
    bands += f"; not built or no longer standing {found.unbuilt}" if found.unbuilt else ""
    causes = ", ".join(f"{name} {count}" for name, count in found.causes) or "none given"
    rows = [
        [entry.estate, entry.product, f"{entry.capacity:.0f}", f"{entry.output:.0f}",
         f"{entry.revivable:.0f}", ", ".join(entry.causes), " ".join(entry.units)]
        for entry in found.idle
    ]  # fmt: skip
    headings = ["estate", "product", "capacity t/y", "output", "revivable", "causes", "units"]
    mark = "SYNTHETIC EXAMPLE, NO FACT\n" if found.synthetic else ""
    return f"{mark}units by utilisation: {bands}\nmain causes: {causes}\n\n{table(rows, headings)}"


@click.command()
@study_argument
@click.option("--units", "file", type=click.Path(path_type=Path), help="Register of downstream"
              " units, whose idle capacity comes first.")  # fmt: skip
@click.option("--within", "radius_km", type=click.FloatRange(0), default=NEAR_KM,
              help="How far feedstock may be, km.")  # fmt: skip
@click.option("--top", type=click.IntRange(1), default=25, help="How many to list.")
@click.option("--why", is_flag=True, help="Every factor with its reading and source.")
@without_option
@language_option
@json_option
def opportunities(study: Path | None, **options: Any) -> None:
    """Products that the region lacks, where their feedstock is at hand: best first."""
    from dataclasses import asdict

    from siteselect.study.chain import openings_of, region, register
    from siteselect.study.question import ask

    question = ask(study)
    there = region(question.catalog, question.crs, without=options["without"])
    file = options["file"]
    diagnosis = register(file, question.catalog, there.chain) if file else None
    found, pool = openings_of(question, there, diagnosis=diagnosis, radius_km=options["radius_km"])
    listed = found[: options["top"]]
    column = f"name_{options['lang']}"
    names = dict(zip(pool.frame["id"], pool.frame[column], strict=True))
    lines: list[str] = []
    for item in listed:
        product = _of(there.chain, item.product, options["lang"])
        mark = " (recalled)" if item.recalled else ""
        lines.append(f"{item.rank}  {product} by {item.process} at {item.place}"
                     f" {names[item.place]}{mark}")  # fmt: skip
        if options["why"]:
            lines += _factors(item.factors)
    lines += ["", f"{len(found)} openings; --why gives every factor with its source"]
    data = {"openings": [{**asdict(item), "recalled": item.recalled} for item in listed],
            "found": len(found)}  # fmt: skip
    answer("opportunities", data, "\n".join(lines), as_json=options["as_json"],
           warnings=_synthetic(diagnosis))  # fmt: skip


def _factors(factors: Iterable[Any]) -> list[str]:
    return [
        f"     {f.name}: {f.reading}" + (f" [{_mark(f.recalled)}: {f.source}]" if f.source else "")
        for f in factors
    ]
