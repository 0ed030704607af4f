"""Writing: the whole set of files of a result, staged, read back, then put in place at once."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from siteselect.base import files
from siteselect.base.errors import DataError, Fault
from siteselect.declared.criteria import CriteriaSet
from siteselect.declared.programme import Programme
from siteselect.declared.study import Study
from siteselect.present import export, figures
from siteselect.present.maps import write as page
from siteselect.study.compare import read_manifest
from siteselect.study.question import ask
from siteselect.study.result import Result
from siteselect.study.run import decide

Progress = Callable[[str], None]


def run(
    study: Study | Path | str | None = None,
    *,
    out: Path | str | None = None,
    force: bool = False,
    progress: Progress = lambda _: None,
) -> Result:
    """Everything in one go: from a study to ranked candidates, and files if `out` is given.

    Parameters
    ----------
    study : Study, path or None
        What is asked; the bundled study if not given.
    out : path, optional
        Folder for the outputs, replaced as a whole.
    force : bool
        Replace a folder that is not of a run.
    progress : callable
        Told in a few words what begins.

    Returns
    -------
    Result

    Raises
    ------
    DeclarationError, DataError
        Every fault of what was declared or of the data; nothing is written then.

    Examples
    --------
    >>> study = files.read(files.home() / "criteria" / "study.yaml", Study)
    >>> coarse = study.model_copy(update={"cell_m": 20000.0, "trust": None})
    >>> int(run(coarse).sites.iloc[0]["rank"])
    1
    """
    path = Path(study) if isinstance(study, str) else study
    if out is not None:
        files.writable(Path(out), force=force)
    result = decide(ask(path), progress=progress)
    if out is not None:
        write(result, Path(out), force=force, progress=progress)
    return result


def write(
    result: Result, out: Path, *, force: bool = False, progress: Progress = lambda _: None
) -> tuple[str, ...]:
    """The files of a result, as one set.

    Parameters
    ----------
    result : Result
    out : pathlib.Path
        Folder; one of an earlier run is replaced as a whole, at the very end.
    force : bool
        Replace a folder that is not of a run.
    progress : callable
        Told in a few words what begins.

    Returns
    -------
    tuple of str
        What could not be written, and why; the manifest says so too.

    Raises
    ------
    DataError
        If the folder cannot be written, or what was read back differs from what was written.
    """
    with files.staged(out, force=force) as folder:
        progress("writing tables and layers")
        export.write(result, folder)
        progress("drawing the map")
        page.write(result, folder / "map.html")
        progress("drawing the figures")
        missing = figures.write(result, folder)
        outputs = {
            path.name: files.sha256(path) for path in sorted(folder.iterdir()) if path.is_file()
        }
        manifest = {**result.manifest, "outputs": outputs}
        if missing:
            manifest["warnings"] = [*manifest.get("warnings", ()), *missing]
        # In the order it was made: that of the criteria's groups is that of the page.
        content = json.dumps(manifest, ensure_ascii=False, indent=1)
        files.write_text(folder / "manifest.json", content + "\n")
    return missing


def redraw(folder: Path, *, progress: Progress = lambda _: None) -> Path:
    """Write the files of a finished run again, from what its manifest says.

    The study and criteria of the manifest are run again on the data at hand; with the same data
    the same files come out.

    Parameters
    ----------
    folder : pathlib.Path
        Of a finished run.
    progress : callable
        Told in a few words what begins.

    Returns
    -------
    pathlib.Path
        The map.

    Raises
    ------
    DataError
        If the folder holds no run, its data have changed since, or it was of the user's own sites,
        whose file a manifest does not hold.
    """
    earlier = read_manifest(folder)
    study = files.validate(earlier["study"], Study, file="manifest.json")
    criteria = files.validate(earlier["criteria"], CriteriaSet, file="manifest.json")
    if study.own_sites or study.units or not (study.existing or study.greenfield):
        message = "was a run with sites or units of its own; run it again"
        raise DataError(Fault(message, file=str(folder)))
    asked = earlier["programme"]
    programme = files.validate(asked, Programme, file="manifest.json") if asked else None
    # What the members said stands in the manifest as the weights that follow from it.
    asked_again = ask(study, criteria=criteria, programme=programme, changes={"committee": None})
    question = replace(
        asked_again, without=tuple(earlier["without"]), committee=earlier["committee"]
    )
    # Criteria of park types stand in no manifest; by their hashes they must be those of the run.
    named = programme.park_types if programme else {}
    marks = {p.name: mark for p, mark in question.declarations.items() if p.stem in named}
    _refuse_changed({Path(n).name: mark for n, mark in earlier["declarations"].items()}, marks)
    result = decide(question, progress=progress)
    _refuse_changed(result.manifest["inputs"], earlier["inputs"])
    kept = {name: earlier[name] for name in ("declarations", "study")}
    write(replace(result, manifest={**result.manifest, **kept}), folder, progress=progress)
    return folder / "map.html"


def _refuse_changed(known: Mapping[str, str], asked: Mapping[str, str]) -> None:
    changed = [
        Fault("has changed since the run; run again instead", file=name)
        for name, mark in asked.items()
        if known.get(name) != mark
    ]
    if changed:
        raise DataError(changed)
