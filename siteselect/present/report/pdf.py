"""The report as PDF: a template of typst, which takes every word as data and none as markup."""

import json
from pathlib import Path

from siteselect.present.drawn import paper
from siteselect.present.report.content import Report, plain

TEMPLATE = Path(__file__).parent / "assets" / "report.typ"


def render(report: Report, folder: Path) -> bytes:
    """A report as PDF, the same bytes for the same report.

    Parameters
    ----------
    report : Report
    folder : pathlib.Path
        Where its pictures stand, as SVG.

    Returns
    -------
    bytes
    """
    import typst

    # The words go in as one string of JSON; the template sets them as text. Template and root are
    # of two kinds, which the types of the library do not foresee.
    told = json.dumps(plain(report), ensure_ascii=False)
    made = typst.compile(  # type: ignore[call-overload]
        TEMPLATE.read_bytes(),
        root=folder,
        font_paths=[paper.ASSETS],
        ignore_system_fonts=True,
        sys_inputs={"report": told},
        format="pdf",
    )
    assert isinstance(made, bytes)  # noqa: S101 - one document, no output path
    return made
