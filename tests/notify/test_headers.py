"""Nothing a stranger wrote can end, start or encode a header, or add to an envelope."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from monitor.notify.headers import header_text, split_mailbox, valid_address, wire_address
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


@pytest.mark.parametrize(
    "address",
    [
        "reader@example.org",
        "first.last+news@mail.example.org",
        "o'brien!#$%&*/=^`{|}~@example.org",
        '"odd, (local) part"@example.org',
        r'"with \" quote"@example.org',
        "root@localhost",
        "reader@[192.0.2.1]",
        "reader@[IPv6:2001:db8::1]",
        "læser@example.org",
        "reader@bücher.example",
        "reader@xn--bcher-kva.example",
        "a" * 64 + "@example.org",
    ],
)
def test_strange_but_legal_addresses_are_valid(address: str) -> None:
    assert valid_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "reader",
        "@example.org",
        "reader@",
        "reader@example.org\r\nBcc: other@example.org",
        "reader@example.org>\r\nRCPT TO:<other@example.org",
        "reader@example.org, other@example.org",
        "Reader <reader@example.org>",
        "<reader@example.org>",
        "@relay.example:reader@example.org",
        "two words@example.org",
        ".reader@example.org",
        "re..ader@example.org",
        '"open@example.org',
        '"line\nbreak"@example.org',
        "reader@-example.org",
        "reader@example..org",
        "reader@example.org.",
        "reader@exa mple.org",
        "reader@[300.0.0.1]",
        "reader@[IPv6:fe80::1%x> NOTIFY]",
        "reader@straße.example",  # would be mailed to strasse.example
        "reader\u2028@example.org",
        "=?utf-8?q?a?=@example.org",
        "a" * 65 + "@example.org",
        "reader@" + "a" * 64 + ".example",
        "reader@" + "a." * 130 + "example",
    ],
)
def test_what_is_not_one_mailbox_is_invalid(address: str) -> None:
    assert not valid_address(address)


@settings(deadline=None)
@given(hostile_texts)
def test_an_address_never_carries_what_could_end_a_command(text: str) -> None:
    for address in (f"{text}@example.org", f"reader@{text}", text):
        if valid_address(address):
            assert clean_line(address) == address
            assert ">" not in address or address.startswith('"')


def test_an_international_domain_goes_out_in_ascii() -> None:
    assert wire_address("reader@bücher.example") == "reader@xn--bcher-kva.example"
    assert wire_address("læser@example.org") == "læser@example.org"


@pytest.mark.parametrize(
    ("mailbox", "parts"),
    [
        ("monitor@example.org", ("", "monitor@example.org")),
        ("News <monitor@example.org>", ("News", "monitor@example.org")),
        ('"News, daily" <monitor@example.org>', ("News, daily", "monitor@example.org")),
    ],
)
def test_a_mailbox_splits_into_name_and_address(mailbox: str, parts: tuple[str, str]) -> None:
    assert split_mailbox(mailbox) == parts


def test_a_mailbox_that_is_none_says_how_to_write_one() -> None:
    with pytest.raises(ValueError, match=r"name@example\.org"):
        split_mailbox("News <monitor>")
