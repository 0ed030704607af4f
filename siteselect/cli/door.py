"""The door: the group of commands, loaded one by one, and what they share."""

import importlib
import json
import os
import shlex
import signal
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from siteselect import __version__
from siteselect.base import errors
from siteselect.base.errors import CheckFailed, SiteselectError

Function = TypeVar("Function", bound=Callable[..., Any])

COMMANDS: Mapping[str, tuple[str, str]] = {
    "init": ("projects", "Make a study to edit."),
    "doctor": ("projects", "Versions, data, and whether they agree."),
    "data": ("world", "What data there are; check a file of your own."),
    "criteria": ("projects", "The criteria of a park type; check a file of your own."),
    "weights": ("weighing", "Weights from judgements: one person's, or a committee's."),
    "check": ("projects", "Hold a study against the data: every fault at once."),
    "run": ("runs", "Everything in one go: rank candidates, write tables, layers, map."),
    "surface": ("grids", "One criterion, or the score, in every cell of a grid of any size."),
    "sites": ("runs", "The pool of candidates."),
    "score": ("runs", "Score your own sites."),
    "robustness": ("trust", "How sure the ranking is, and what would turn it."),
    "backtest": ("trust", "Whether the criteria find the plants that stand, without being told."),
    "methods": ("weighing", "Every method on the same sites, and how far they agree."),
    "explain": ("answers", "Why, why not here, and what would change it."),
    "portfolio": ("plans", "The best set of parks, proven, with the price of each rule."),
    "inquiries": ("inquiries", "Whom each site must ask, about what, within how many days."),
    "chain": ("chain", "The region's materials: balance, ways, what is missing."),
    "units": ("chain", "What ails downstream units, and what could be revived."),
    "opportunities": ("chain", "Openings: what the region lacks and could make, and where."),
    "map": ("runs", "Draw the map of a finished run again."),
    "export": ("runs", "Write the tables and layers of a finished run again."),
    "report": ("runs", "Write the committee's report of a finished run again."),
    "cache": ("grids", "What was measured and decided and is kept for the next run."),
    "diff": ("answers", "What changed between two runs, and why."),
    "verify": ("answers", "Check the hashes of a run's inputs and outputs."),
}

# For what asks the ranking alone: neither draws nor parks, which take their time.
RANKING: Mapping[str, Any] = {"trust": None, "programme": None}

# A command whose name is a word of Python stands under another.
FUNCTIONS: Mapping[str, str] = {"map": "draw"}


class Commands(click.Group):
    """A group that loads a command only when it is called, so that ``--help`` stays quick."""

    # click gives each of these the context, which none of them needs.
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Names in the order of the work."""
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"siteselect.cli.{COMMANDS[cmd_name][0]}")
        command = getattr(module, FUNCTIONS.get(cmd_name, cmd_name))
        assert isinstance(command, click.Command)  # noqa: S101 - the table above says so
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="siteselect")
def siteselect() -> None:
    """Where specialist petrochemical parks should stand, and why.

    \b
    siteselect run --out out/            rank the candidates of the bundled study
    siteselect explain 52.6,27.5         why, or why not, at a point
    siteselect score --sites my.csv --out mine/

    Results go to stdout, talk to stderr. Exit codes: 2 usage, 3 a declaration is wrong, 4 data are
    wrong, 5 no solution, 6 a check failed, 130 interrupted.
    """  # noqa: D301 - click must see the character that keeps these lines apart


def asked_as(*, but: Collection[str]) -> str:
    """How the running command was asked, files without their folders.

    Parameters
    ----------
    but : collection of str
        Parameters that change no answer, and so are not told.

    Returns
    -------
    str
        Of the same answer, whoever asks and wherever.
    """
    context = click.get_current_context()
    words = ["siteselect", context.info_name or ""]
    for param in context.command.params:
        name = str(param.name)
        if name in but or context.get_parameter_source(name) is ParameterSource.DEFAULT:
            continue
        values = context.params[name] if param.multiple else [context.params[name]]
        for value in values:
            words += [] if isinstance(param, click.Argument) else [max(param.opts, key=len)]
            words += [] if value is True else [getattr(value, "name", str(value))]
    return shlex.join(words)


def enter() -> None:
    """Run the group; a known error becomes its faults on stderr and its exit code."""
    _listen()
    try:
        siteselect(standalone_mode=False)
    except click.exceptions.Abort:
        _leave("interrupted", 130)
    except click.ClickException as error:
        _refuse([error.format_message()])
        error.show()
        sys.exit(error.exit_code)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _leave("interrupted", 130)
    except SystemExit as error:
        sys.exit(error.code)
    except SiteselectError as error:
        # A check that failed has told all that it found.
        if not isinstance(error, CheckFailed):
            _refuse([str(fault) for fault in error.faults])
        for fault in error.faults:
            click.echo(f"error: {fault}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _refuse(faults: list[str]) -> None:
    """Tell a program that asked for JSON what is wrong."""
    if "--json" not in sys.argv:
        return
    words = sys.argv[1:3]
    chosen = siteselect.get_command(click.Context(siteselect), words[0])
    name = " ".join(words if isinstance(chosen, click.Group) else words[:1])
    click.echo(_envelope(name, {"faults": faults}, (), ok=False))


def _listen() -> None:
    """Hear who asks this process to leave."""
    errors.forget()
    signal.signal(signal.SIGTERM, _terminated)
    # A shell starts what it leaves in the background deaf to the keyboard; that is kept.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)


def _terminated(number: int, _: object) -> None:
    # Raised where the work stands, so that staging folders and locks are cleared on the way out.
    errors.leave(SystemExit(128 + number))


def _interrupted(_: int, __: object) -> None:
    errors.leave(KeyboardInterrupt())


def _leave(word: str, code: int) -> None:
    click.echo(word, err=True)
    sys.exit(code)


def say(message: str) -> None:
    """Talk, on stderr."""
    click.echo(message, err=True)


def progress() -> Callable[[str], None]:
    """A line on stderr that is written over on a terminal, and left out elsewhere."""
    shown = sys.stderr.isatty()

    def tell(message: str) -> None:
        errors.heed()
        if shown:
            click.echo(f"\r\x1b[2K{message}", err=True, nl=False)

    return tell


def _envelope(command: str, data: Any, warnings: tuple[str, ...], *, ok: bool) -> str:
    whole = {"schema": "siteselect/1", "command": command, "ok": ok, "data": data,
             "warnings": list(warnings)}  # fmt: skip
    return json.dumps(whole, ensure_ascii=False, indent=1, allow_nan=False)


def answer(
    command: str,
    data: Any,
    text: str,
    *,
    as_json: bool,
    warnings: tuple[str, ...] = (),
    ok: bool = True,
) -> None:
    """Put an answer on stdout, as text or as one JSON object; warnings go to stderr as well.

    Parameters
    ----------
    command : str
        Name of the command.
    data : plain data
        The answer; NaN is not allowed, None stands for unknown.
    text : str
        The answer for a reader.
    as_json : bool
        Which of the two.
    warnings : tuple of str
        What must be known.
    ok : bool
        False if what was asked does not hold; the caller then raises `CheckFailed`.
    """
    if sys.stderr.isatty():
        click.echo("\r\x1b[2K", err=True, nl=False)
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(_envelope(command, data, warnings, ok=ok) if as_json else text)


def json_option(function: Function) -> Function:
    """The ``--json`` switch."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")(
        function
    )


def answers_option(function: Function) -> Function:
    """The ``--answers`` register, instead of any that the study names."""
    return click.option("--answers", "heard", type=click.Path(path_type=Path), help="Register of"
                        " what authorities have answered.")(function)  # fmt: skip


def unheard(heard: Path | None) -> dict[str, Any]:
    """What changes of a study whose own register of answers gives way to another.

    Examples
    --------
    >>> unheard(None), unheard(Path("answers.csv"))
    ({}, {'answers': None})
    """
    return {} if heard is None else {"answers": None}


def study_argument(function: Function) -> Function:
    """The STUDY file; the bundled study if none is given."""
    return click.argument("study", required=False, type=click.Path(path_type=Path))(function)


def span(low: float, high: float) -> str:
    """A whole figure, or two where it is a range.

    Examples
    --------
    >>> span(0.2, 18.4), span(5.1, 5.2)
    ('0-18', '5')
    """
    ends = (f"{low:.0f}", f"{high:.0f}")
    return ends[1] if ends[0] == ends[1] else "-".join(ends)


def table(rows: list[list[str]], headings: list[str]) -> str:
    """Rows as aligned plain text.

    Parameters
    ----------
    rows : list of list of str
    headings : list of str
        As many as each row has cells.

    Returns
    -------
    str
    """
    lines = [headings, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(headings))]
    return "\n".join(
        "  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
