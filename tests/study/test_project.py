"""Projects: what is put beside a study, and into it, stands there whole or not at all."""

from pathlib import Path

import pytest

from siteselect.base import files
from siteselect.base.errors import DataError, DeclarationError
from siteselect.declared.study import Study
from siteselect.study import project

HEAD = "id: x\ntitles: {en: X, fa: X}\nprovinces: [IR-18]\ncell_m: 8000\n"
TAIL = "criteria: petrochemical.yaml\n"
NAMED = "own_sites: own_sites.csv\n"


def made(folder: Path, text: str) -> Path:
    """A study, and sites to take into it."""
    (folder / "my.csv").write_text("id,lon,lat,area_ha\nA,51.95,27.87,unknown\n")
    path = folder / "study.yaml"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (HEAD + TAIL, HEAD + TAIL + NAMED),
        (HEAD + TAIL.strip(), HEAD + TAIL + NAMED),
        (f"---\n{HEAD}{TAIL}...\n", f"---\n{HEAD}{TAIL}{NAMED}...\n"),
        (
            HEAD + "own_sites:  # mine\n  my.csv  # as surveyed\n\n# why\n" + TAIL,
            HEAD + "own_sites:  # mine\n  own_sites.csv  # as surveyed\n\n# why\n" + TAIL,
        ),
        (HEAD + "own_sites: >-\n  my.csv\n" + TAIL, HEAD + NAMED + TAIL),
        (HEAD + "own_sites: 'my\n  .csv'\n" + TAIL, HEAD + NAMED + TAIL),
        (HEAD + "own_sites:\n" + TAIL, HEAD + NAMED + TAIL),
        (HEAD + "own_sites: null\n" + TAIL, HEAD + NAMED + TAIL),
        ("\ufeff" + (HEAD + TAIL).replace("\n", "\r\n"),
         "\ufeff" + (HEAD + TAIL + NAMED).replace("\n", "\r\n")),
        (
            "{id: x, titles: {en: X, fa: X}, provinces: [IR-18], criteria: petrochemical.yaml}",
            (
                "{own_sites: own_sites.csv, id: x, titles: {en: X, fa: X}, provinces: [IR-18],"
                " criteria: petrochemical.yaml}"
            ),
        ),
    ],
    ids=["none", "no last line feed", "document", "next line", "block", "quoted", "empty", "null",
         "Windows", "flow"],
)  # fmt: skip
def test_a_study_names_its_sites_and_keeps_all_else(tmp_path: Path, text: str, after: str) -> None:
    study = made(tmp_path, text)
    copy = project.import_sites(tmp_path / "my.csv", study)
    assert study.read_bytes().decode() == after
    assert copy.read_text().splitlines()[1].split(",")[0] == "A"
    assert files.read(study, Study).own_sites == copy.name
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "my.csv", "own_sites.csv", "study.yaml",
    ]  # fmt: skip


def test_a_study_that_would_become_another_is_left_alone(tmp_path: Path) -> None:
    text = HEAD + "own_sites: &site my.csv\nunits: *site\n" + TAIL
    study = made(tmp_path, text)
    with pytest.raises(DeclarationError) as caught:
        project.import_sites(tmp_path / "my.csv", study)
    assert str(caught.value) == (
        f"{study}: own_sites: has no place for it that can be found; write own_sites:"
        " own_sites.csv there first"
    )
    assert study.read_text() == text
    assert not (tmp_path / "own_sites.csv").exists()


@pytest.mark.parametrize("kind", ["binary", "folder", "link"])
def test_whatever_stands_where_the_copy_goes_stays(tmp_path: Path, kind: str) -> None:
    study, copy = made(tmp_path, HEAD + TAIL), tmp_path / "own_sites.csv"
    if kind == "binary":
        copy.write_bytes(b"\xff\xfe")
    elif kind == "folder":
        copy.mkdir()
    else:
        copy.symlink_to(tmp_path / "nowhere")
    with pytest.raises(DataError, match="is there already; move it first"):
        project.import_sites(tmp_path / "my.csv", study)
    assert study.read_text() == HEAD + TAIL


def test_a_study_that_cannot_be_replaced_gets_no_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = made(tmp_path, HEAD + TAIL)
    (tmp_path / "own_sites.csv").write_text(project.OWN_SITES, "utf-8")
    replace = Path.replace

    def stopped(self: Path, target: Path) -> Path:
        if target.name == "study.yaml":
            raise OSError(13, "Permission denied", str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", stopped)
    with pytest.raises(DataError, match=r"Permission denied\); nothing was changed"):
        project.import_sites(tmp_path / "my.csv", study)
    assert study.read_text() == HEAD + TAIL
    assert (tmp_path / "own_sites.csv").read_text("utf-8") == project.OWN_SITES
    assert len(list(tmp_path.iterdir())) == 3


def test_init_says_what_stands_in_its_way_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "criteria").write_text("mine")
    with pytest.raises(DataError) as caught:
        project.init(tmp_path)
    told = "is a file where a folder is wanted; move it, or name another folder"
    assert str(caught.value) == f"{tmp_path / 'criteria'}: {told}"
    with pytest.raises(DataError, match="is a file where a folder is wanted"):
        project.init(tmp_path / "criteria" / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["criteria"]


def test_init_that_breaks_off_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = files.write_text

    def full(path: Path, content: str) -> None:
        if "README" in path.name:
            raise OSError(28, "No space left on device", str(path))
        write(path, content)

    monkeypatch.setattr(files, "write_text", full)
    with pytest.raises(DataError, match="No space left on device"):
        project.init(tmp_path / "a" / "new")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    assert "study.yaml" in project.init(tmp_path / "a" / "new")


def test_texts_are_written_all_or_none(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "real").chmod(0o640)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "taken").mkdir()
    contents = {tmp_path / "link": "new", tmp_path / "a" / "b" / "c": "new"}
    with pytest.raises(DataError, match="nothing was changed"):
        project._write_all({**contents, tmp_path / "taken": "new"})
    assert (tmp_path / "real").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real", "taken"]
    project._write_all(contents)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == (tmp_path / "a" / "b" / "c").read_text() == "new"
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "link", "real", "taken"]


def test_a_text_that_may_not_be_changed_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_text("old")
    monkeypatch.setattr(project.os, "access", lambda *_: False)
    with pytest.raises(DataError, match="Permission denied"):
        project._write_all({tmp_path / "a": "new"})
    assert (tmp_path / "a").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a"]
