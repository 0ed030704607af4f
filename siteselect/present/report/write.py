"""Writing the report: both languages as PDF, and the Persian one as DOCX, which is edited."""

import importlib.util
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from siteselect.base.errors import DataError, Fault
from siteselect.present.drawn import region
from siteselect.present.drawn.paper import save, style
from siteselect.present.report import office, pdf
from siteselect.present.report.build import DRAWINGS, build
from siteselect.present.report.case import Case, case_of
from siteselect.present.report.content import Language
from siteselect.present.report.words import Voice
from siteselect.study.result import Result

LANGUAGES: tuple[Language, ...] = ("fa", "en")
#: The files of a report.
FILES = ("report_fa.pdf", "report_en.pdf", "report_fa.docx")
_LIBRARIES = (("report_{}.pdf", "typst", b"%PDF-"), ("report_{}.docx", "docx", b"PK\x03\x04"))


def write(result: Result, folder: Path) -> tuple[str, ...]:
    """Write the report of a result, with its map, beside the figures that it shows.

    Parameters
    ----------
    result : Result
    folder : pathlib.Path
        An existing folder in which the figures of the result stand.

    Returns
    -------
    tuple of str
        A warning for each library that is not installed.

    Raises
    ------
    DataError
        If a file does not read back as it was written.
    """
    # Only the voice is another in another language.
    first = case_of(result, Voice(LANGUAGES[0]))
    cases = [replace(first, voice=Voice(language)) for language in LANGUAGES]
    _map(cases, folder)
    missing = [
        f"no {name.format('*')} was written: the extra 'report' is not installed"
        for name, library, _ in _LIBRARIES
        if not _there(library)
    ]
    if len(missing) == len(_LIBRARIES):
        return tuple(missing)
    for case in cases:
        language = case.voice.language
        report = build(case, _drawn(folder, language))
        for name, library, head in _LIBRARIES:
            path = folder / name.format(language)
            if path.name in FILES and _there(library):
                render = pdf.render if library == "typst" else office.render
                _put(path, render(report, folder), head)
    return tuple(missing)


def _there(library: str) -> bool:
    return importlib.util.find_spec(library) is not None


def _map(cases: Sequence[Case], folder: Path) -> None:
    if not _there("matplotlib"):
        return  # which the figures have said
    ground = region.ground_of(cases[0].result)
    with style():
        for case in cases:
            save(region.draw(case, ground), folder / f"figure_map_{case.voice.language}")


def _drawn(folder: Path, language: Language) -> tuple[str, ...]:
    return tuple(n for n in DRAWINGS if (folder / f"figure_{n}_{language}.png").is_file())


def _put(path: Path, content: bytes, head: bytes) -> None:
    path.write_bytes(content)
    if not content.startswith(head) or path.read_bytes() != content:
        raise DataError(Fault("does not read back as it was written", file=path.name))
