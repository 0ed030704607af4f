"""The writer of the planner's map."""

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
