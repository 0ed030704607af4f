"""The gate: what a file from outside must show before anything reads it.

Plain local files only, within limits; archives are inspected before a byte is unpacked; XML with a
document type is refused. The words in which faults show the user's text live here too.
"""

import os
import re
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from xml.etree import ElementTree

from siteselect.base.errors import DataError, DeclarationError, Fault
from siteselect.base.text import nearest

MANY_FAULTS = 200
TOLD = 12  # rows that are named in one fault, and warnings of one kind
LIMIT_PREFIX = "SITESELECT_LIMIT_"
_ARCHIVES = (".zip", ".gz", ".tar", ".tgz", ".7z", ".rar", ".xz", ".bz2", ".kmz", ".zst")

_DEGREES = re.compile(
    r"""([+-]?\d{1,3})\s*[°º]\s*(?:(\d{1,2})\s*['′’]\s*(?:(\d{1,2}(?:\.\d+)?)\s*(?:["″”]|''))?)?"""
    r"\s*([NSEW]?)",
    re.ASCII,
)
_WITH_UNIT = re.compile(r"[+-]?\d+(?:\.\d+)?\s*(?:[^\W\d_][\w/²%]*|[%٪])")
_PARTED = re.compile(r"[+-]?\d[\d.,،' ]*", re.ASCII)
_SLASHED = re.compile(r"[+-]?\d+/\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a file may hold; a limit that is hit is named, and each may be set.

    The environment sets them, ``SITESELECT_LIMIT_ROWS`` and so on, because they guard the machine:
    a study that somebody sends may not lift them.

    Parameters
    ----------
    file_bytes : int
        Size of a file.
    document_bytes : int
        Size of what is read as one document: GeoJSON, KML, a sheet of a workbook unpacked.
    rows, columns : int
        Rows of a table or features of a layer, and columns.
    text_chars : int
        Characters of a text cell; a longer one is shortened with a warning.
    vertices : int
        Corners of all features of a layer.
    raster_cells : int
        Cells of a raster, over all bands.
    grid_cells : int
        Cells of the box of a study grid that is held as a whole.
    cache_bytes : int
        How much of what was measured is kept for the next run.
    drawn_sites : int
        Sites of the user's own that are drawn and put into layers and a workbook; more of them are
        written as a table alone.
    archive_entries, archive_bytes, archive_ratio : int
        Entries of an archive, their size unpacked, and how far one entry may have been packed.

    Examples
    --------
    >>> Limits(rows=10).rows
    10
    """

    file_bytes: int = 500_000_000
    document_bytes: int = 60_000_000
    rows: int = 1_000_000
    columns: int = 1_000
    text_chars: int = 2_000
    vertices: int = 20_000_000
    raster_cells: int = 500_000_000
    grid_cells: int = 50_000_000
    cache_bytes: int = 2_000_000_000
    drawn_sites: int = 10_000
    archive_entries: int = 1_000
    archive_bytes: int = 1_000_000_000
    archive_ratio: int = 100


def limits_of(environment: Mapping[str, str]) -> Limits:
    """The limits that an environment sets; those that it does not set are the usual ones.

    Parameters
    ----------
    environment : mapping of str to str
        Such as `os.environ`.

    Returns
    -------
    Limits

    Raises
    ------
    DeclarationError
        For each variable that is unknown or no whole number above 0.

    Examples
    --------
    >>> limits_of({"SITESELECT_LIMIT_ROWS": "5_000_000"}).rows
    5000000
    """
    names = {f"{LIMIT_PREFIX}{field.name.upper()}": field.name for field in fields(Limits)}
    faults, chosen = [], {}
    for variable, text in environment.items():
        if not variable.startswith(LIMIT_PREFIX):
            continue
        if variable not in names:
            hint = nearest(variable, names)
            faults.append(Fault(f"is no limit{hint}; there are {', '.join(names)}", field=variable))
        elif re.fullmatch(r"[1-9][\d_]{0,17}", text, re.ASCII):
            chosen[names[variable]] = int(text.replace("_", ""))
        else:
            faults.append(Fault(f"{shown(text)} is no whole number above 0", field=variable))
    if faults:
        raise DeclarationError(faults)
    return replace(Limits(), **chosen)


def shown(value: str) -> str:
    """A piece of the user's text as a message may carry it: quoted, at most 40 characters.

    Examples
    --------
    >>> shown("x" * 50)
    "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'"
    """
    short = value if len(value) <= 40 else value[:39] + "…"
    return "'" + "".join(c if c.isprintable() else repr(c)[1:-1] for c in short) + "'"


def no_number(text: str, *, written: str, required: bool) -> str:
    """What is wrong with the cell of a number that holds none, and the cure.

    Parameters
    ----------
    text : str
        The cell with Latin digits.
    written : str
        As it stands in the file, so that it can be found there.
    required : bool
        Whether a number must stand there.

    Returns
    -------
    str

    Examples
    --------
    >>> no_number("52/5", written="۵۲/۵", required=True)
    "'۵۲/۵': the slash may be a decimal mark; write a point"
    """
    way_out = "" if required else ", or 'unknown' if it is not known"
    if not text:
        return f"is empty; write a number{way_out}"
    degrees = _DEGREES.fullmatch(text)
    if degrees:
        whole, minutes, seconds, side = degrees.groups()
        value = abs(float(whole)) + float(minutes or 0) / 60 + float(seconds or 0) / 3600
        value = -value if side in ("S", "W") or whole.startswith("-") else value
        return f"{shown(written)} is not decimal degrees; write {value:.6f}".rstrip("0")
    if _SLASHED.fullmatch(text):
        return f"{shown(written)}: the slash may be a decimal mark; write a point"
    if _PARTED.fullmatch(text):
        comma = "the comma may be a decimal mark or part thousands; write a point"
        other = "spaces, points and marks may part thousands; leave them out"
        return f"{shown(written)}: {comma if re.search('[,،]', text) else other}"
    if _WITH_UNIT.fullmatch(text):
        return f"{shown(written)} carries a unit; write the number alone"
    return f"{shown(written)} is no number; write one{way_out}"


def row_list(numbers: Iterable[int], word: str = "row") -> str:
    """Row numbers in words, runs drawn together.

    Examples
    --------
    >>> row_list([2, 3, 4, 7]), row_list([6, 3]), row_list([5])
    ('rows 2-4 and 7', 'rows 3 and 6', 'row 5')
    """
    ordered = sorted(set(numbers))
    parts: list[str] = []
    start = 0
    for end in range(1, len(ordered) + 1):
        if end == len(ordered) or ordered[end] != ordered[end - 1] + 1:
            run = ordered[start:end]
            parts += [f"{run[0]}-{run[-1]}"] if len(run) > 2 else [str(n) for n in run]
            start = end
    if len(parts) > TOLD:
        parts = [*parts[: TOLD - 1], f"{len(parts) - TOLD + 1} more"]
    text = " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)
    return f"{word}{'s' if len(ordered) > 1 else ''} {text}"


def first_of(found: Iterable[Fault]) -> list[Fault]:
    """The first warnings of a kind, and how many there are of it beyond them.

    Examples
    --------
    >>> told = first_of(Fault("stands twice", row=f"row {n}") for n in range(40))
    >>> len(told), str(told[0]), str(told[-1])
    (12, 'row 0: stands twice', 'stands twice (29 more)')
    """
    every = list(found)
    if len(every) <= TOLD:
        return every
    last = every[TOLD - 1]
    more = f"{last.message} ({len(every) - TOLD + 1:,} more)"
    return [*every[: TOLD - 1], replace(last, row="", message=more)]


LIMITS = limits_of(os.environ)


def refuse(faults: Sequence[Fault]) -> None:
    """Raise the faults, if there are any; beyond 200 the rest is counted.

    Raises
    ------
    DataError
        With every fault.
    """
    if len(faults) > MANY_FAULTS:
        more = Fault(f"and {len(faults) - MANY_FAULTS:,} more faults", file=faults[0].file)
        faults = [*faults[:MANY_FAULTS], more]
    if faults:
        raise DataError(faults)


def admit(path: Path, limits: Limits = LIMITS) -> None:
    """Refuse what is no plain file on this machine, is empty or too large.

    Parameters
    ----------
    path : pathlib.Path
        As the user named it.
    limits : Limits
        How large it may be.

    Raises
    ------
    DataError
        Naming the file and the reason.
    """
    text, name = path.as_posix(), path.name or str(path)
    if text.startswith("/vsi") or re.match(r"\w{2,}:/", text):
        raise DataError(Fault("is no local file; fetch it first", file=text[:80]))
    try:
        found = path.stat()
        if stat.S_ISREG(found.st_mode):
            with path.open("rb") as handle:
                handle.read(1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no valid name"
        raise DataError(Fault(f"cannot be read ({reason})", file=name)) from error
    if not stat.S_ISREG(found.st_mode):
        raise DataError(Fault("is no file", file=name))
    if found.st_size == 0:
        raise DataError(Fault("is empty (0 bytes)", file=name))
    if found.st_size > limits.file_bytes:
        raise DataError(
            over("bytes", found.st_size, limits.file_bytes, name="file_bytes", file=name)
        )


def over(what: str, found: int, limit: int, *, name: str, file: str) -> Fault:
    """The fault of a limit that was hit, naming it.

    Parameters
    ----------
    what : str
        What is counted.
    found, limit : int
        How much there is, and may be.
    name, file : str
        Name of the limit in `Limits`, and of the file.

    Returns
    -------
    Fault

    Examples
    --------
    >>> print(over("rows", 2000, 1000, name="rows", file="sites.csv"))
    sites.csv: holds 2,000 rows, more than the limit rows = 1,000 (SITESELECT_LIMIT_ROWS sets it)
    """
    way = f"({LIMIT_PREFIX}{name.upper()} sets it)"
    return Fault(f"holds {found:,} {what}, more than the limit {name} = {limit:,} {way}", file)


def large(found: int, limits: Limits, file: str) -> list[Fault]:
    """The fault of a document that is too large to be held as one.

    Parameters
    ----------
    found : int
        Its size in bytes.
    limits : Limits
    file : str
        Name of the file, for the fault.

    Returns
    -------
    list of Fault
        Of one, or none.

    Examples
    --------
    >>> large(10, Limits(), "a.kml")
    []
    """
    limit = limits.document_bytes
    if found <= limit:
        return []
    return [over("bytes in one document", found, limit, name="document_bytes", file=file)]


@contextmanager
def archive(path: Path, limits: Limits = LIMITS) -> Iterator[zipfile.ZipFile]:
    """A zip archive, opened after all of its entries were inspected; nothing is unpacked.

    Parameters
    ----------
    path : pathlib.Path
        The archive.
    limits : Limits
        How many entries it may hold, and how large they may be unpacked.

    Yields
    ------
    zipfile.ZipFile

    Raises
    ------
    DataError
        If it is damaged, locked, or holds an entry that leaves its folder, is a link, is another
        archive, or unpacks beyond the limits.
    """
    admit(path, limits)
    try:
        with zipfile.ZipFile(path) as opened:
            refuse(_archive_faults(opened.infolist(), limits, path.name))
            yield opened
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, OSError, RuntimeError) as error:
        raise DataError(Fault(f"is a damaged archive ({error})"[:120], file=path.name)) from error
    except (NotImplementedError, ValueError, zlib.error) as error:
        raise DataError(Fault("is packed in a way that cannot be read", file=path.name)) from error


def _archive_faults(entries: list[zipfile.ZipInfo], limits: Limits, file: str) -> list[Fault]:
    if len(entries) > limits.archive_entries:
        return [
            over("entries", len(entries), limits.archive_entries, name="archive_entries", file=file)
        ]
    names = Counter(entry.filename.casefold() for entry in entries)
    faults = [
        Fault(f"archive refused: entry {shown(name)} stands there {count} times", file=file)
        for name, count in names.items()
        if count > 1
    ]
    total = sum(entry.file_size for entry in entries)
    if total > limits.archive_bytes:
        faults.append(
            over("bytes unpacked", total, limits.archive_bytes, name="archive_bytes", file=file)
        )
    for entry in entries:
        name = entry.filename
        ratio = entry.file_size / max(entry.compress_size, 1)
        reason = ""
        if _leads_out(name):
            reason = "leads out of the archive's folder"
        elif stat.S_ISLNK(entry.external_attr >> 16):
            reason = "is a link"
        elif entry.flag_bits & 1:
            reason = "is locked with a password"
        elif name.lower().endswith(_ARCHIVES):
            reason = "is an archive within the archive"
        elif entry.file_size > 1_000_000 and ratio > limits.archive_ratio:
            reason = (
                f"unpacks to {entry.file_size:,} bytes, {ratio:,.0f} times its packed size"
                f" (limit archive_ratio = {limits.archive_ratio})"
            )
        if reason:
            faults.append(Fault(f"archive refused: entry {shown(name)} {reason}", file=file))
    return faults


def _leads_out(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or parts[0] == "" or ":" in parts[0]


def parse_xml(data: bytes, what: str, file: str) -> ElementTree.Element:
    """The root of an XML document that declares no entity and no document type.

    Parameters
    ----------
    data : bytes
        UTF-8.
    what : str
        What a fault calls the document.
    file : str
        Name of the file that it stands in.

    Returns
    -------
    xml.etree.ElementTree.Element

    Raises
    ------
    DataError
        If it does, is not UTF-8, or is not well-formed; its text is not repeated.
    """
    if b"\x00" in data or re.search(rb"<!(doctype|entity)", data, re.IGNORECASE):
        raise DataError(Fault(f"{what} declares a DOCTYPE or is not UTF-8; refused", file=file))
    try:
        return ElementTree.fromstring(data)  # noqa: S314 - entities were refused above
    except (ElementTree.ParseError, LookupError, ValueError, RecursionError) as error:
        line = getattr(error, "position", (0, 0))[0]
        at = f" at line {line}" if line else ""
        raise DataError(Fault(f"{what} is not well-formed XML{at}", file=file)) from error
