"""What the parts of a shapefile say of themselves: their lengths and the encoding of their text."""

import codecs
import re
import struct
from collections.abc import Mapping
from pathlib import Path

from siteselect.base.errors import DataError, Fault
from siteselect.world.admit import shown


def damage(parts: Mapping[str, Path], file: str) -> list[Fault]:
    """Parts that are cut short or do not belong together.

    Parameters
    ----------
    parts : mapping of str to pathlib.Path
        At least ``.shp, .shx, .dbf``.
    file : str
        What faults call the file.

    Returns
    -------
    list of Fault
    """
    heads, sizes = {}, {}
    for suffix in (".shp", ".shx", ".dbf"):
        with parts[suffix].open("rb") as handle:
            heads[suffix] = handle.read(100).ljust(100, b"\x00")
        sizes[suffix] = parts[suffix].stat().st_size
    rows, head, width = struct.unpack("<IHH", heads[".dbf"][4:12])
    wanted = {s: 2 * struct.unpack(">I", heads[s][24:28])[0] for s in (".shp", ".shx")}
    wanted[".dbf"] = head + rows * width
    faults = [
        Fault(f"its {suffix} is cut short: {sizes[suffix]:,} of {size:,} bytes", file=file)
        for suffix, size in wanted.items()
        if sizes[suffix] < max(size, 1)
    ]
    shapes = (sizes[".shx"] - 100) // 8
    if not faults and shapes != rows:
        faults = [Fault(f"its .shp holds {shapes} shapes but its .dbf {rows} rows", file=file)]
    return faults


def deleted(path: Path) -> int:
    """How many rows of a table are marked as deleted: readers leave them out without a word.

    Parameters
    ----------
    path : pathlib.Path
        A ``.dbf`` that is whole.

    Returns
    -------
    int
    """
    data = path.read_bytes()
    rows, head, width = struct.unpack("<IHH", data[4:12])
    return sum(data[head + at * width : head + at * width + 1] == b"*" for at in range(rows))


def encoding(parts: Mapping[str, Path], file: str, warnings: list[Fault]) -> str | None:
    """Encoding to read the attributes with; None where the table itself says it, or is ASCII.

    Parameters
    ----------
    parts : mapping of str to pathlib.Path
        At least ``.dbf``; ``.cpg`` if there is one.
    file : str
        What faults call the file.
    warnings : list of Fault
        Told here if nothing says the encoding and the text reads as UTF-8.

    Returns
    -------
    str or None

    Raises
    ------
    DataError
        If nothing says it, or what says it is no encoding or is contradicted by the text.
    """
    data = parts[".dbf"].read_bytes()
    silent = len(data) > 29 and data[29] in (0, 0x57)
    if data[32:].isascii() or (".cpg" not in parts and not silent):
        return None
    if ".cpg" in parts:
        return _named_encoding(parts[".cpg"], data[32:], file)
    try:
        data[32:].decode("utf-8")
    except UnicodeDecodeError as error:
        cure = "add a .cpg file that names it, for example CP1256"
        raise DataError(Fault(f"does not say the encoding of its text; {cure}", file)) from error
    warnings.append(Fault("does not say the encoding of its text; read as UTF-8", file=file))
    return "UTF-8"


def _named_encoding(path: Path, text: bytes, file: str) -> str:
    """The encoding that a .cpg names: `CP1256`, `1256`, `ANSI 1256`, `88596`, `UTF-8`."""
    told = path.read_bytes()[:80].decode("ascii", "replace").strip()
    number = re.fullmatch(r"(?:cp|windows-|ansi|oem)?[ -]?(\d{3,5})", told, re.IGNORECASE)
    name = told
    if number:
        code = number[1]
        name = f"iso-{code[:4]}-{code[4:]}" if code.startswith("8859") else f"cp{code}"
        name = "utf-8" if code == "65001" else name
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError) as error:
        message = f"its .cpg names {shown(told)}, which is no encoding; write UTF-8 or CP1256"
        raise DataError(Fault(message, file=file)) from error
    if found != "utf-8":
        try:
            text.decode("utf-8")
        except UnicodeDecodeError:
            return found
        message = f"its text reads as UTF-8, but its .cpg says {shown(told)}; correct one of them"
        raise DataError(Fault(message, file=file))
    return found
