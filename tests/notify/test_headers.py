"""Nothing a stranger wrote can end, start or encode a header."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from monitor.notify.headers import header_line, header_text
from monitor.notify.lines import clean_line, shorten
from tests.notify.builders import hostile_texts


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("A plain title", "A plain title"),
        ("two\r\nlines", "two lines"),
        ("two\x85lines\u2028and\u2029more", "two lines and more"),
        ("nul\x00 and bell\x07", "nul and bell"),
        ("\u202eright to left\u202c", "right to left"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("d=?utf-8?q?d=0D=0AX-Injected:_4?=", "d= ?utf-8?q?d=0D=0AX-Injected:_4?="),
        ("=\r\n?utf-8?q?split?=", "= ?utf-8?q?split?="),
        ("=\u200b?utf-8?q?hidden?=", "= ?utf-8?q?hidden?="),
        ("حرب 👩\u200d🚒", "حرب 👩\u200d🚒"),
    ],
)
def test_header_text_is_one_harmless_line(written: str, shown: str) -> None:
    assert header_text(written) == shown


@settings(deadline=None)
@given(hostile_texts)
def test_header_text_is_bounded_stable_and_free_of_encoded_words(text: str) -> None:
    safe = header_text(text, 60)

    assert len(safe) <= 60
    assert "=?" not in safe
    assert safe.isprintable() or all(
        c.isprintable() or c in "\u200c\u200d" or ord(c) > 0xA0 for c in safe
    )
    assert safe.splitlines() in ([], [safe])
    assert header_text(safe, 60) == safe


@settings(deadline=None)
@given(hostile_texts)
def test_a_clean_line_is_one_line_that_utf8_can_carry(text: str) -> None:
    line = clean_line(text)

    assert line.splitlines() in ([], [line])
    assert line.encode().decode() == line
    assert clean_line(line) == line


def test_a_long_text_is_cut_after_a_word() -> None:
    assert shorten("The troops leave the base", 16) == "The troops…"
    assert shorten("The troops leave", 16) == "The troops leave"
    assert shorten("The troops, they leave", 15) == "The troops…"


def test_a_text_without_spaces_is_cut_all_the_same() -> None:
    assert shorten("x" * 50, 10) == "x" * 9 + "…"


@pytest.mark.parametrize("broken", ["\r\n", "\n", "\r", "\r\n\t", "\n ", "\x85", "\u2028", "\x0b"])
def test_a_header_with_a_line_break_of_its_own_is_never_written(broken: str) -> None:
    with pytest.raises(ValueError, match="a line break in the header Subject"):
        header_line("Subject", f"one{broken}Bcc: other@example.org")


def test_a_header_may_be_folded() -> None:
    assert header_line("Subject", "one,\r\n two") == b"Subject: one,\r\n two\r\n"
