"""YAML is read strictly; a folder of results changes as a whole."""

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from siteselect.base import files
from siteselect.base.errors import DataError, DeclarationError
from siteselect.declared.study import Study

STUDY = """\
id: mine
titles: {en: Mine, fa: من}
provinces: [IR-18]
criteria: toy.yaml
"""


def yaml(folder: Path, text: str | bytes) -> Path:
    path = folder / "study.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refused(folder: Path, text: str | bytes) -> str:
    with pytest.raises(DeclarationError) as error:
        files.read(yaml(folder, text), Study)
    return str(error.value).replace(str(folder), "")


# --- YAML --------------------------------------------------------------------------------------


def test_a_study_is_read(tmp_path: Path) -> None:
    study = files.read(yaml(tmp_path, STUDY + "cell_m: 250\n"), Study)
    assert (study.id, study.cell_m, study.provinces) == ("mine", 250.0, ("IR-18",))


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    assert files.read(yaml(tmp_path, b"\xef\xbb\xbf" + STUDY.encode()), Study).id == "mine"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: !!python/object/apply:os.system [id]\n", "/study.yaml: line 1: tag "),
        ("a: !secret x\n", "line 1: tag !secret is refused"),
        ("a: 1\nb: 2\na: 3\n", 'line 3: found duplicate key "a"'),
        ("a: [1\n", "line 2: expected ',' or ']'"),
        ("a: 1\n---\nb: 2\n", "but found another document"),
        ("[" * 60 + "]" * 60, "line 1: is nested too deep"),
        (b"a: \xff\n", "is not UTF-8 at byte 3; save it as UTF-8"),
        ("# " + "x" * files.YAML_LIMIT_BYTES, "is larger than 300,000 bytes"),
        ("", "Input should be an object"),
        ('id: "\\ud800"\n', "Invalid JSON"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_what_is_no_plain_yaml_is_refused(tmp_path: Path, text: str | bytes, told: str) -> None:
    assert told in refused(tmp_path, text)


def test_a_file_that_is_something_else_is_not_poured_out(tmp_path: Path) -> None:
    table = "id,lon,lat\n" + "".join(f"S{n},52.1,28.1\n" for n in range(5000))
    assert len(refused(tmp_path, table)) < 200
    assert len(refused(tmp_path, STUDY + f'seed: "{"x" * 5000}"\n')) < 200
    assert len(refused(tmp_path, STUDY + r'crs: "\ud800"')) < 200


def test_what_has_no_size_and_no_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").symlink_to("/dev/zero")
    with pytest.raises(DeclarationError, match="is larger than 300,000 bytes"):
        files.read(tmp_path / "study.yaml", Study)


def test_line_ends_of_other_systems_count_as_one(tmp_path: Path) -> None:
    for end in ("\n", "\r\n", "\r"):
        told = refused(tmp_path, (STUDY + "seed: x\n").replace("\n", end).encode())
        assert "line 5: seed" in told


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"none\.yaml: cannot be read"):
        files.read(tmp_path / "none.yaml", Study)


def test_few_aliases_cannot_stand_for_more_than_memory_holds(tmp_path: Path) -> None:
    names = "abcdefghij"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"] + [
        f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]" for old, new in itertools.pairwise(names)
    ]
    assert "stands for more than 50,000 keys" in refused(tmp_path, "\n".join(lines))


def test_an_alias_within_itself_ends(tmp_path: Path) -> None:
    assert refused(tmp_path, "a: &a {b: *a}\n")


def test_aliases_and_merges_say_the_same_as_writing_it_out(tmp_path: Path) -> None:
    data, lines = files.read_yaml(yaml(tmp_path, "a: &a {p: 1}\nb:\n  <<: *a\n  q: 2\nc: *a\n"))
    assert data == {"a": {"p": 1}, "b": {"q": 2, "p": 1}, "c": {"p": 1}}
    assert lines["b", "q"] == 4


def test_plain_values_are_those_of_yaml_1_2(tmp_path: Path) -> None:
    text = "a: yes\nb: 010\nc: 2020-01-02\nd: 0x10\ne: 1e3\nf: ~\ng: true\nh: [1, x]\ni: =\n"
    data, lines = files.read_yaml(yaml(tmp_path, text))
    assert data == {"a": "yes", "b": 10, "c": "2020-01-02", "d": 16, "e": 1000.0, "f": None,
                    "g": True, "h": [1, "x"], "i": "="}  # fmt: skip
    assert lines["h", 1] == 8


def test_what_is_read_may_be_changed_without_changing_the_next_reading(tmp_path: Path) -> None:
    path = yaml(tmp_path, "a: {b: [1]}\n")
    data, lines = files.read_yaml(path)
    data["a"]["b"].append(2)
    lines.clear()
    assert files.read_yaml(path)[0] == {"a": {"b": [1]}}
    assert files.read_yaml(path)[1][("a", "b")] == 1


def test_every_fault_is_told_at_once_with_its_line_and_key(tmp_path: Path) -> None:
    text = """\
id: mine
titles: {en: no, fa: 010}
provinces: [IR-18]
cell: 500
greenfield:
  min_ha: 5
  max_ha: 1
  per_province: yes
  spacing_km: 1
"""
    told = refused(tmp_path, text).splitlines()
    assert sorted(told) == [
        "/study.yaml: line 1: criteria is missing",
        "/study.yaml: line 2: titles.fa: Input should be a valid string, not 10",
        "/study.yaml: line 4: cell: unknown key 'cell' (did you mean 'cell_m'?)",
        "/study.yaml: line 8: greenfield.per_province: Input should be a valid integer, not 'yes'",
    ]


def test_a_key_that_belongs_elsewhere_is_not_offered_for_itself(tmp_path: Path) -> None:
    told = refused(tmp_path, STUDY + "min_ha: 5\n")
    assert told == "/study.yaml: line 5: min_ha: unknown key 'min_ha' here"


def test_plain_data_without_lines_is_judged_too() -> None:
    with pytest.raises(DeclarationError, match=r"^given: id is missing"):
        files.validate({}, Study, file="given")


# --- where things are --------------------------------------------------------------------------


def test_home_is_the_checkout_or_what_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (files.home() / "data" / "catalog.yaml").is_file()
    monkeypatch.setenv("SITESELECT_HOME", str(tmp_path))
    with pytest.raises(DataError, match="set SITESELECT_HOME"):
        files.home()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "catalog.yaml").touch()
    assert files.home() == tmp_path


def test_home_of_an_installed_package_is_within_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "siteselect" / "_resources" / "data").mkdir(parents=True)
    (tmp_path / "siteselect" / "_resources" / "data" / "catalog.yaml").touch()
    monkeypatch.delenv("SITESELECT_HOME", raising=False)
    monkeypatch.setattr(files, "__file__", str(tmp_path / "siteselect" / "base" / "files.py"))
    assert files.home() == (tmp_path / "siteselect" / "_resources").resolve()


def test_the_hash_is_sha256(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")  # the example of FIPS 180-2
    assert files.sha256(tmp_path / "abc").startswith("ba7816bf8f01cfea414140de5dae2223")


def test_text_is_written_with_line_feeds(tmp_path: Path) -> None:
    files.write_text(tmp_path / "t", "یک\nدو\n")
    assert (tmp_path / "t").read_bytes() == "یک\nدو\n".encode()


# --- a folder changes as a whole ---------------------------------------------------------------


def ours(folder: Path, word: str) -> None:
    folder.mkdir(exist_ok=True)
    told = {"schema": "siteselect/1", "outputs": {"word.txt": "", "only_first": ""}}
    (folder / "manifest.json").write_text(json.dumps(told))
    (folder / "word.txt").write_text(word)


def word(folder: Path) -> str:
    return (folder / "word.txt").read_text()


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "two renames"])
def test_a_set_is_replaced_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, exchange: bool
) -> None:
    if not exchange:
        monkeypatch.setattr(files, "_swap", lambda *_: False)
    out = tmp_path / "out"
    for text in ("first", "second"):
        with files.staged(out) as staging:
            ours(staging, text)
            if text == "first":
                (staging / "only_first").touch()
        assert word(out) == text
    assert left(tmp_path) == ["out"]
    assert left(out) == ["manifest.json", "word.txt"]


def test_a_failure_leaves_the_old_set_and_no_trace(tmp_path: Path) -> None:
    out = tmp_path / "out"
    ours(out, "old")
    failing = contextlib.ExitStack()
    ours(failing.enter_context(files.staged(out)), "new")
    with pytest.raises(ZeroDivisionError), failing:
        raise ZeroDivisionError
    assert word(out) == "old"
    assert left(tmp_path) == ["out"]


def entered(door: Callable[[Path], Any], folder: Path) -> None:
    """Go through either door of a folder: look whether it is free, or begin to write."""
    begun = door(folder)
    if begun is not None:
        with begun:
            pass


@pytest.mark.parametrize("content", ["{", "[]", '{"schema": "other/1"}', None])
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path, content: str | None) -> None:
    (tmp_path / "thesis.docx").touch()
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    for door in (files.staged, files.writable):
        with pytest.raises(DataError, match="give --force"):
            entered(door, tmp_path)
    assert (tmp_path / "thesis.docx").exists()


def test_force_replaces_and_an_empty_folder_needs_none(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with files.staged(out) as staging:
        (staging / "foreign").touch()
    files.writable(out, force=True)
    with files.staged(out, force=True) as staging:
        ours(staging, "new")
    assert left(out) == ["manifest.json", "word.txt"]


@pytest.mark.parametrize("door", [files.staged, files.writable])
def test_what_somebody_put_into_the_folder_of_a_run_is_not_deleted(
    tmp_path: Path, door: Callable[..., Any]
) -> None:
    out = tmp_path / "out"
    ours(out, "old")
    (out / "photos").mkdir()
    for name in ("notes.txt", "photos/1.jpg", "word.txt.bak", "z.qml"):
        (out / name).write_text("mine")
    with pytest.raises(DataError) as caught:
        entered(door, out)
    assert str(caught.value) == (
        f"{out}: holds what is not of the run in it: notes.txt, photos/, word.txt.bak and 1 more;"
        " move it elsewhere, or let run or score delete it with --force"
    )
    assert (out / "photos" / "1.jpg").read_text() == "mine"
    assert word(out) == "old"
    assert left(tmp_path) == ["out"]
    files.writable(out, force=True)
    with files.staged(out, force=True) as staging:
        ours(staging, "new")
    assert left(out) == ["manifest.json", "word.txt"]


def test_a_manifest_that_lists_nothing_makes_nothing_ours(tmp_path: Path) -> None:
    for listed in ("", ', "outputs": {}', ', "outputs": 3'):
        (tmp_path / "manifest.json").write_text('{"schema": "siteselect/1"' + listed + "}")
        (tmp_path / "notes.txt").touch()
        with pytest.raises(DataError, match="--force"):
            files.writable(tmp_path)
    (tmp_path / "notes.txt").unlink()
    (tmp_path / "manifest.json").write_text('{"schema": "siteselect/1", "outputs": {"a": ""}}')
    assert files.outputs_of(tmp_path) == {"a"}
    (tmp_path / "a").mkdir()  # a folder is no file of a run, whatever its name
    with pytest.raises(DataError, match="a/; move it"):
        files.writable(tmp_path)


def test_what_programs_put_beside_a_file_of_a_run_goes_with_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    ours(out, "old")
    for name in ("word.txt.aux.xml", "word.qmd", ".~lock.word.txt#", ".DS_Store"):
        (out / name).touch()
    files.writable(out)
    with files.staged(out) as staging:
        ours(staging, "new")
    assert left(out) == ["manifest.json", "word.txt"]
    (out / "other.txt.aux.xml").touch()
    with pytest.raises(DataError, match=r"other\.txt\.aux\.xml"):
        files.writable(out)


def test_what_comes_while_a_set_is_made_is_not_deleted(tmp_path: Path) -> None:
    out = tmp_path / "out"
    ours(out, "old")

    def made() -> None:
        with files.staged(out) as staging:
            ours(staging, "new")
            (out / "notes.txt").write_text("mine")

    with pytest.raises(DataError, match=r"notes\.txt"):
        made()
    assert word(out) == "old"
    assert left(out) == ["manifest.json", "notes.txt", "word.txt"]
    assert left(tmp_path) == ["out"]


def test_a_link_stays_and_what_it_points_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    link, far = tmp_path / "out", tmp_path / "disk" / "far"
    link.symlink_to(far)  # it dangles at first
    for text in ("first", "second"):
        files.writable(link)
        with files.staged(link) as staging:
            assert staging.parent == far.parent
            ours(staging, text)
        assert link.is_symlink()
        assert word(far) == text
        assert (left(tmp_path), left(far.parent)) == (["disk", "out"], ["far"])


def test_what_can_never_be_replaced_is_refused_first(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "round").symlink_to(tmp_path / "round")
    (tmp_path / "to_file").symlink_to(tmp_path / "file")
    (tmp_path / ".taken.staging").write_text("mine")
    for place, told in (
        (tmp_path / "round", "leads back to itself"),
        (tmp_path / "to_file", "is a file; name a folder"),
        (Path("/"), "a disk is mounted"),
    ):
        for door in (files.staged, files.writable):
            with pytest.raises(DataError, match=told):
                entered(lambda folder, door=door: door(folder, force=True), place)
    with pytest.raises(DataError, match="remove what stands there"):
        entered(files.staged, tmp_path / "taken")
    assert (tmp_path / ".taken.staging").read_text() == "mine"


def test_a_link_that_an_earlier_version_left_is_no_hindrance(tmp_path: Path) -> None:
    ours(tmp_path / "far", "old")
    (tmp_path / ".out.staging").symlink_to(tmp_path / "far")
    with files.staged(tmp_path / "out") as staging:
        ours(staging, "new")
    assert (word(tmp_path / "out"), word(tmp_path / "far")) == ("new", "old")
    assert left(tmp_path) == ["far", "out"]


@pytest.mark.parametrize("broken", [OSError(16, "Device or resource busy"), KeyboardInterrupt()])
def test_a_set_that_cannot_take_the_place_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: BaseException
) -> None:
    out = tmp_path / "out"
    ours(out, "old")
    rename = Path.rename

    def stopped(self: Path, target: Path) -> Path:
        if self.name == ".out.staging":
            raise broken
        return rename(self, target)

    def replaced() -> None:
        with files.staged(out) as staging:
            ours(staging, "new")

    monkeypatch.setattr(files, "_swap", lambda *_: False)
    monkeypatch.setattr(Path, "rename", stopped)
    with pytest.raises((DataError, KeyboardInterrupt), match=r"resource busy|^$"):
        replaced()
    assert word(out) == "old"
    assert left(tmp_path) == ["out"]


def test_a_file_and_a_place_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    with pytest.raises(DataError, match="is a file; name a folder"):
        files.writable(tmp_path / "f")
    with pytest.raises(DataError, match="cannot be written"):
        files.writable(tmp_path / "f" / "out")


def test_two_runs_cannot_hold_one_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with files.staged(out) as staging:
        ours(staging, "mine")
        for door in (files.staged, files.writable):
            with pytest.raises(DataError, match=f"another run holds this folder .*{os.getpid()}"):
                entered(door, out)
    assert word(out) == "mine"


def test_what_a_dead_run_left_is_taken_over_and_cleaned(tmp_path: Path) -> None:
    out = tmp_path / "out"
    ours(out, "old")
    (tmp_path / ".out.lock").write_text("pid 4194000 on nowhere")
    ours(tmp_path / ".out.staging", "half")
    ours(tmp_path / ".out.retired", "older")
    files.writable(out)
    with files.staged(out) as staging:
        assert left(staging) == []
        ours(staging, "new")
    assert word(out) == "new"
    assert left(tmp_path) == ["out"]


def test_a_set_that_was_put_aside_comes_back(tmp_path: Path) -> None:
    """Killed between two renames, where the system cannot exchange folders in one step."""
    ours(tmp_path / ".out.retired", "old")
    with pytest.raises(ZeroDivisionError), files.staged(tmp_path / "out"):
        raise ZeroDivisionError
    assert word(tmp_path / "out") == "old"


def test_where_folders_cannot_be_exchanged_it_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not files._swap(tmp_path / "none", tmp_path / "nor")
    monkeypatch.setattr(files.sys, "platform", "darwin")
    assert not files._swap(tmp_path, tmp_path)
    monkeypatch.setattr(files.sys, "platform", "linux")
    monkeypatch.setattr(files.ctypes, "CDLL", lambda *_, **__: object())
    assert not files._swap(tmp_path, tmp_path)


WRITER = """
import sys
from pathlib import Path
from siteselect.base import files
out = Path(sys.argv[1])
for turn in range(10**6):
    with files.staged(out) as staging:
        for name in ("a", "b", "c"):
            (staging / name).write_text(str(turn))
        listed = '{"schema": "siteselect/1", "outputs": {"a": "", "b": "", "c": ""}}'
        (staging / "manifest.json").write_text(listed)
    print(turn, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_run_leaves_the_old_set_or_the_new(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for n in range(6):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(out)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        for _ in range(3):
            assert writer.stdout.readline()
        time.sleep(0.0007 * n)
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        assert left(out) == ["a", "b", "c", "manifest.json"]
        assert len({(out / name).read_text() for name in "abc"}) == 1
    with files.staged(out):
        pass
    assert left(tmp_path) == ["out"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[" * 60 + "]" * 60, "line 1: is nested too deep"),
        ("a: [" + "1," * 30_000 + "1]\n", "line 1: holds more than 20,000 keys and values"),
    ],
)
def test_yaml_without_measure_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(DeclarationError, match=told):
        files.read_yaml(yaml(tmp_path, text))


def test_very_many_faults_are_counted(tmp_path: Path) -> None:
    text = STUDY + "\n".join(f"unknown_{i}: 1" for i in range(230)) + "\n"
    with pytest.raises(DeclarationError) as refused:
        files.read(yaml(tmp_path, text), Study)
    assert len(refused.value.faults) == 201
    assert str(refused.value.faults[-1]).endswith("and 30 more faults")


def test_a_folder_is_told_with_the_study_in_it(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"is a folder; name a file in it$"):
        files.read_yaml(tmp_path)
    (tmp_path / "study.yaml").write_text("id: a\n", encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"is a folder; name .*study\.yaml$"):
        files.read_yaml(tmp_path)
