"""What is kept saves time and never an answer."""

from pathlib import Path

import pytest

from siteselect.base import files, kept
from siteselect.base.errors import DeclarationError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SITESELECT_CACHE", str(tmp_path / "cache"))
    files._read_before.cache_clear()
    return tmp_path


def again(path: Path) -> tuple[object, object]:
    files._read_before.cache_clear()
    return files.read_yaml(path)


def test_a_declaration_read_again_is_the_same_without_being_parsed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "a.yaml"
    path.write_text('a: {b: [1, 0.1, .inf, "ش", null]}\nc: 2026-11-28\n', encoding="utf-8")
    first = again(path)
    assert first[0] == {"a": {"b": [1, 0.1, float("inf"), "ش", None]}, "c": "2026-11-28"}
    assert first[1][("a", "b", 0)] == 1
    with monkeypatch.context() as patch:
        patch.delattr(files, "_parsed")
        assert again(path) == first
    monkeypatch.setenv("SITESELECT_CACHE", kept.OFF)
    assert again(path) == first


def test_a_damaged_entry_is_parsed_again(folder: Path) -> None:
    path = folder / "a.yaml"
    path.write_text("a: 1\n", encoding="utf-8")
    first = again(path)
    (entry,) = (folder / "cache").glob("??/*")
    whole = entry.read_bytes()
    for spoilt in (b"", whole[:-1], whole.replace(b"1", b"2", 1)):
        entry.write_bytes(spoilt)
        assert again(path) == first
        assert entry.read_bytes() == whole


def test_faults_are_told_each_time_and_never_kept(folder: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (folder / name).write_text("a: 1\na: 2\n", encoding="utf-8")
        with pytest.raises(DeclarationError, match=name):
            again(folder / name)
    assert not (folder / "cache").exists()


def test_where_nothing_can_be_kept_nothing_is_lost(folder: Path) -> None:
    (folder / "cache").write_text("a file stands in the way")
    path = folder / "a.yaml"
    path.write_text("a: 1\n", encoding="utf-8")
    assert again(path)[0] == again(path)[0] == {"a": 1}


@pytest.mark.usefixtures("folder")
def test_a_text_is_made_once_for_the_same_parts_and_anew_for_any_others() -> None:
    asked = [("ab", "c"), ("a", "bc"), ("abc",), ("ab", "c", ""), ("c", "ab"), (b"ab", b"d")]
    made = [kept.text(parts, lambda k=k: f"شرح {k}") for k, parts in enumerate(asked)]
    assert made == [f"شرح {k}" for k in range(len(asked))]

    def refuse() -> str:
        raise AssertionError("was made again")

    assert [kept.text(parts, refuse) for parts in asked] == made


def test_other_code_has_another_mark(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "base").mkdir()
    (folder / "room").mkdir()
    monkeypatch.setattr(kept, "__file__", str(folder / "base" / "kept.py"))
    marks = set()
    a, b, other = "room/a.py", "room/b.py", "other.py"
    for file, content in ((a, "1"), (a, "2"), (b, ""), (other, "")):
        (folder / file).write_text(content)
        kept.code.cache_clear()
        marks |= {kept.code("room"), kept.code("room/a.py")}
    kept.code.cache_clear()
    # Two contents of the file, and those with a second file beside it; what is asked alone is
    # also all that a room holds at first.
    assert len(marks) == 3


@pytest.mark.usefixtures("folder")
def test_a_value_is_made_once_for_its_parts() -> None:
    made = []

    def value(*parts: object) -> tuple[float, ...]:
        def make() -> tuple[float, ...]:
            made.append(parts)
            return (1.0, float("inf"))

        return kept.value(tuple[float, ...], parts, make)

    assert value("a", 1) == value("a", 1) == (1.0, float("inf"))
    assert value("a", 2) == value("a1", "") == (1.0, float("inf"))
    assert made == [("a", 1), ("a", 2), ("a1", "")]


@pytest.mark.usefixtures("folder")
def test_what_fails_is_tried_again() -> None:
    tries = []

    def make() -> tuple[int, ...]:
        tries.append(1)
        if len(tries) == 1:
            raise DeclarationError("no")
        return (7,)

    with pytest.raises(DeclarationError):
        kept.value(tuple[int, ...], ["a"], make)
    assert kept.value(tuple[int, ...], ["a"], make) == (7,)


def test_another_library_is_another_answer() -> None:
    assert kept.versions("numpy", "there-is-none").endswith(", there-is-none none")
    assert kept.versions("numpy").split()[1][0].isdigit()
