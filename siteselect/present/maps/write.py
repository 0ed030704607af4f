"""The writer of the planner's map."""

import html
from dataclasses import dataclass
from pathlib import Path

from siteselect.base.files import write_text
from siteselect.present.maps.data import as_json, page_data
from siteselect.present.maps.shell import assemble
from siteselect.study.result import Result


def write(result: Result, path: Path) -> None:
    """Write a result as one page that opens without a network.

    Parameters
    ----------
    result : Result
        What a run found.
    path : pathlib.Path
        The HTML file to write; the same result gives the same bytes.

    Raises
    ------
    DataError
        If the map library asks for something that is not shipped with the page.
    """
    write_text(path, page(result))


def page(result: Result) -> str:
    """The page of a result, as `write` writes it.

    Parameters
    ----------
    result : Result

    Returns
    -------
    str
        HTML with everything inside it.
    """
    data = page_data(result)
    west, south, east, north = data["study_bounds"]
    return assemble(
        as_json(data), title=result.study.titles.fa, centre=((south + north) / 2, (west + east) / 2)
    )


@dataclass(frozen=True, slots=True)
class Frame:
    """A page within a page: what a notebook shows of a map.

    Parameters
    ----------
    document : str
        The page, as `page` gives it.
    height : int
        Height of the frame, pixels.
    """

    document: str
    height: int = 720

    def _repr_html_(self) -> str:
        """The frame as a notebook asks for it; the page keeps its own policy inside."""
        return (
            f'<iframe srcdoc="{html.escape(self.document)}" width="100%" height="{self.height}"'
            ' sandbox="allow-scripts allow-downloads allow-modals" style="border:0"></iframe>'
        )


def frame(result: Result, *, height: int = 720) -> Frame:
    """The page of a result for a notebook, the same as in the file.

    Parameters
    ----------
    result : Result
    height : int
        Height of the frame, pixels.

    Returns
    -------
    Frame
        Shown as a map by anything that asks for ``_repr_html_``.
    """
    return Frame(page(result), height)
