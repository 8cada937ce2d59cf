"""YAML: what is read, with which lines, and what is refused in words."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config.document import key_path, parse_document, read_document
from monitor.config.files import MAX_BYTES
from monitor.errors import ConfigError

HERE = Path("x.yaml")


def data(text: str) -> object:
    return parse_document(HERE, text).data


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_document(HERE, text)
    (found,) = caught.value.problems
    return found


def problems_of(text: str) -> tuple[str, ...]:
    try:
        parse_document(HERE, text)
    except ConfigError as error:
        return error.problems
    return ()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("19:30", "19:30"),
        ("7:00", "7:00"),
        ("2026-11-22", "2026-11-22"),
        ("0755", "0755"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("9" * 5000, "9" * 5000),
        ("<<", "<<"),
        ("true", True),
        ("'true'", "true"),
        ("30", 30),
        ("-1", -1),
        ("0.25", 0.25),
        ("1e5", "1e5"),
        ("~", None),
        ("", None),
    ],
)
def test_plain_words_are_what_they_look_like(written: str, read: object) -> None:
    assert data(f"key: {written}\n") == {"key": read}


def test_a_key_is_always_its_own_text() -> None:
    assert data("on: 1\nno: 2\n3: 3\nnull: 4\n") == {"on": 1, "no": 2, "3": 3, "null": 4}


def test_every_key_and_item_knows_its_line() -> None:
    document = parse_document(HERE, "a:\n  - b: 1\n    c: 2\n  - d\n# note\ne: {f: 3}\n")
    assert document.lines == {
        (): 1,
        ("a",): 1,
        ("a", 0): 2,
        ("a", 0, "b"): 2,
        ("a", 0, "c"): 3,
        ("a", 1): 4,
        ("e",): 6,
        ("e", "f"): 6,
    }


def test_a_problem_names_file_line_and_key_path() -> None:
    document = parse_document(HERE, "digests:\n  - name: x\n")
    assert document.problem(("digests", 0, "cap"), "missing") == "x.yaml:2: digests[0].cap: missing"
    assert document.problem((), "is wrong") == "x.yaml:1: is wrong"


def test_a_key_path_reads_as_one_would_say_it() -> None:
    assert key_path(("digests", 0, "recipients", 2)) == "digests[0].recipients[2]"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb:\n\tc: 1\n", "x.yaml:3: column 1: a tab character; indent with spaces"),
        ("a: b: c\n", "x.yaml:1: column 5: a second ': ' or a wrong indentation"),
        ("a: 1\nb\n", "x.yaml:3: column 1: a key without its ':'"),
        ("a: 1\n  b: 2\n", "x.yaml:2: column 4: a second ': ' or a wrong indentation"),
        ("a:\n  - 1\n - 2\n", "x.yaml:3: column 2: this line is indented differently"),
        ("a: 'open\n", "x.yaml:2: column 1: a quote that is opened and never closed"),
        ("a: [1, 2\nb: 3\n", "x.yaml:2: column 2: a list in [...]"),
        ("a: {b: 1\nc: 3\n", "x.yaml:2: column 2: a mapping in {...}"),
        ("a: @x\n", "x.yaml:1: column 4: a value that begins with a special character"),
        ("a: *x\n", "x.yaml:1: column 4: a value that begins with * is an alias"),
        ("a: 1\n---\nb: 2\n", "x.yaml:2: column 1: a second document (---)"),
        ("a: &n 1\nb: &n 2\n", "x.yaml:2: column 4: the same anchor (&) twice"),
        ("", "x.yaml:1: is empty"),
        ("# only a comment\n", "x.yaml:1: is empty"),
        ("a: 1\nb: \x00\n", "x.yaml:2: holds the control character U+0000"),
        ("a: 1\nb: \x1b[0m\n", "x.yaml:2: holds the control character U+001B"),
        ("? [a]\n: 1\n", "x.yaml:1: a key that is not a word"),
        ("a: {b: 1, c: 2,\n  b: 3}\n", "x.yaml:2: a.b: the same key as on line 1; remove one"),
        ("a: !!python/object/apply:os.system [ls]\n", "x.yaml:1: column 4: a tag (!)"),
        ("a: !!binary aGk=\n", "x.yaml:1: column 4: a tag (!)"),
        ("a: &a [1, *a]\n", "x.yaml:1: column 11: an alias (*) inside an anchored (&) value"),
        ("a: " + "[" * 100_000, "x.yaml:1: column 34: nested deeper than 30 levels"),
    ],
)
def test_what_is_not_understood_is_said_in_words_with_its_place(text: str, said: str) -> None:
    assert refused(text).startswith(said)


def test_what_is_never_closed_names_the_line_where_it_begins() -> None:
    assert refused("a: 1\nb: 'open\nc: 2\n").endswith("; it begins on line 2")
    assert refused("a: 1\nb: [1,\nc: 2\n").endswith("; it begins on line 2")


def test_all_doubled_keys_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_document(HERE, "a: 1\na: 2\nb: {c: 1, c: 2}\n")
    assert len(caught.value.problems) == 2


def test_a_few_aliases_are_fine() -> None:
    assert data("a: &t [x, y]\nb: *t\nc: *t\n") == {
        "a": ["x", "y"],
        "b": ["x", "y"],
        "c": ["x", "y"],
    }


def test_many_aliases_are_refused() -> None:
    assert "more than 20 aliases" in refused("a: &t 1\nb: [" + "*t, " * 21 + "]\n")


def test_a_bomb_of_aliases_is_refused_before_it_unfolds() -> None:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 10)]
    assert "alias" in refused("\n".join(["l0: &l0 [x]", *levels]))


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_data_or_a_config_error(text: str) -> None:
    assert all(each.startswith("x.yaml:") for each in problems_of(text))


class TestFiles:
    def refused(self, path: Path) -> str:
        with pytest.raises(ConfigError) as caught:
            read_document(path)
        return str(caught.value).removeprefix(str(path))

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        assert (
            self.refused(tmp_path / "no.yaml") == ": does not exist; create it or correct the path"
        )

    def test_a_folder_is_no_file(self, tmp_path: Path) -> None:
        assert self.refused(tmp_path) == ": is a folder; name a file"

    def test_a_pipe_is_refused_at_once(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        assert self.refused(tmp_path / "pipe") == ": is not a regular file; name one"

    def test_a_large_file_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "large.yaml"
        path.write_bytes(b"#" * (MAX_BYTES + 1))
        assert "is larger than 1,000,000 bytes" in self.refused(path)

    @pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
    def test_another_encoding_is_told(self, tmp_path: Path, encoding: str) -> None:
        path = tmp_path / "x.yaml"
        path.write_bytes("a: 1\nb: Möwe\n".encode(encoding))
        assert "is not UTF-8 (byte 0x" in self.refused(path)

    def test_a_byte_order_mark_and_windows_line_ends_are_fine(self, tmp_path: Path) -> None:
        path = tmp_path / "x.yaml"
        path.write_bytes("\ufeffa: 1\r\nb: 2\r\n".encode())
        assert read_document(path).lines[("b",)] == 2

    def test_a_file_of_somebody_else_says_so(self, tmp_path: Path) -> None:
        path = tmp_path / "x.yaml"
        path.write_text("a: 1")
        path.chmod(0)
        if os.geteuid() == 0:
            pytest.skip("root may read every file")
        assert "may not be read by this user" in self.refused(path)
