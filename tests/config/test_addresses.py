"""Which addresses of people the files may name: all that mail can be sent to, and no others."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from monitor.config.addresses import check_address, check_mailbox, check_recipient
from tests.records.builders import legal_addresses


@settings(deadline=None)
@given(legal_addresses)
def test_every_legal_address_may_be_written_and_stays_as_it_is(address: str) -> None:
    written = check_recipient(address)

    assert check_address(written) == check_mailbox(written) == written
    assert check_mailbox(f'"News, daily" <{written}>') == f'"News, daily" <{written}>'


def test_an_address_typed_as_letters_and_accents_is_the_composed_one() -> None:
    """RFC 6532 wants it so, and the same reader would be two."""
    assert check_address("la\u0308ser@example.org") == "läser@example.org"
    assert check_mailbox("Gru\u0308ße <a@example.org>") == "Grüße <a@example.org>"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("two words@example.org", "is no mail address: what is before its @"),
        ("reader@straße.example", "is no mail address: what is behind its @ is no domain"),
        ("read\u200ber@example.org", r"'read\u200ber@example.org' is no mail address"),
        ("Reader <reader@example.org>", "is no mail address"),
        ("@", "both sides of an @"),
    ],
)
def test_what_is_no_address_is_refused_in_words(written: str, said: str) -> None:
    with pytest.raises(ValueError) as caught:
        check_recipient(written)

    assert said in str(caught.value)
