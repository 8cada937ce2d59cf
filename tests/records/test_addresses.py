"""Which mail addresses are legal: one rule for the files that name them and the mails to them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.records import address_fault, split_mailbox, valid_address, wire_address
from tests.notify.builders import hostile_texts
from tests.records.builders import legal_addresses


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
        '"早 晚"@example.org',
        '"a@b"@example.org',
        '"<a>"@example.org',
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
        "reader\u200d@example.org",
        "reader\u202e@example.org",
        "reader\ud800@example.org",
        "reader@under_score.example",
        '"é\\é"@example.org',
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
            assert address.isprintable()
            assert ">" not in address or address.startswith('"')


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("reader", "both sides of an @"),
        ("reader\u200b@example.org", "cannot be seen"),
        ("a" * 65 + "@example.org", "longer than 64 bytes"),
        ("ä" * 33 + "@example.org", "longer than 64 bytes"),
        ("two words@example.org", "needs quotes"),
        ("Reader <reader@example.org>", "write the address alone"),
        ("reader@example.org ", "is no domain"),
        ("reader@straße.example", "xn--"),
        ("=?utf-8?q?a?=@example.org", "encoded text"),
    ],
)
def test_what_is_wrong_with_an_address_is_said_in_words(address: str, said: str) -> None:
    assert said in (address_fault(address) or "")


def test_an_international_domain_goes_out_in_ascii() -> None:
    assert wire_address("reader@bücher.example") == "reader@xn--bcher-kva.example"
    assert wire_address("læser@example.org") == "læser@example.org"


@settings(deadline=None)
@given(legal_addresses)
def test_the_address_on_the_wire_is_legal_too_and_stays_what_it_is(address: str) -> None:
    wired = wire_address(address)

    assert valid_address(wired)
    assert wire_address(wired) == wired
    assert wired.rpartition("@")[0] == address.rpartition("@")[0]
    assert wired.rpartition("@")[2].isascii()


@pytest.mark.parametrize(
    ("mailbox", "parts"),
    [
        ("monitor@example.org", ("", "monitor@example.org")),
        ("News <monitor@example.org>", ("News", "monitor@example.org")),
        ('"News, daily" <monitor@example.org>', ("News, daily", "monitor@example.org")),
        (r'"News \"daily\" \\" <monitor@example.org>', ('News "daily" \\', "monitor@example.org")),
        ('The "daily" news <monitor@example.org>', ('The "daily" news', "monitor@example.org")),
        ('"a < b" <monitor@example.org>', ("a < b", "monitor@example.org")),
        ("Grüße aus 東京 <monitor@example.org>", ("Grüße aus 東京", "monitor@example.org")),
        ('News <"odd <one>"@example.org>', ("News", '"odd <one>"@example.org')),
        ('"odd <one>"@example.org', ("", '"odd <one>"@example.org')),
        ("<monitor@example.org>", ("", "monitor@example.org")),
    ],
)
def test_a_mailbox_splits_into_name_and_address(mailbox: str, parts: tuple[str, str]) -> None:
    assert split_mailbox(mailbox) == parts


@settings(deadline=None)
@given(name=st.text(max_size=60), address=legal_addresses)
def test_a_name_in_quotes_comes_back_whatever_is_in_it(name: str, address: str) -> None:
    quoted = name.replace("\\", r"\\").replace('"', r"\"")

    assert split_mailbox(f'"{quoted}" <{address}>') == (name, address)


@pytest.mark.parametrize(
    "mailbox", ["News <monitor>", "News monitor", "a <a@b.c> <d@e.f>", "A <a@b"]
)
def test_a_mailbox_that_is_none_is_refused_in_words(mailbox: str) -> None:
    with pytest.raises(ValueError, match=r"is no (mail address: .*write|sender; write)"):
        split_mailbox(mailbox)
