"""Tokens: what was signed is read back, and nothing else is."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.notify.tokens import BadToken, Claim, Purpose, Signer, mark
from tests.builders import MORNING

SIGNER = Signer(b"k" * 32)
NUMBERS = st.integers(0, 2**40)
CLAIMS = st.builds(
    Claim,
    purpose=st.sampled_from(Purpose),
    subscription=NUMBERS,
    topic=NUMBERS,
    story=NUMBERS,
    reader_mark=st.integers(0, 2**28 - 1),
    story_mark=st.integers(0, 2**28 - 1),
    expires_at=st.integers(1, 100_000).map(lambda hours: MORNING + timedelta(hours=hours)),
)
CLAIM = Claim(
    purpose=Purpose.MORE,
    subscription=3,
    topic=4,
    story=123_456,
    reader_mark=mark("reader@example.org"),
    story_mark=mark("2026-03-02T07:00:00+00:00"),
    expires_at=MORNING + timedelta(days=60),
)


def refused(token: str, signer: Signer = SIGNER) -> BadToken:
    with pytest.raises(BadToken) as caught:
        signer.read(token, MORNING)
    return caught.value


@given(CLAIMS)
def test_what_was_signed_is_read_back(claim: Claim) -> None:
    assert SIGNER.read(SIGNER.sign(claim), MORNING) == claim


def test_the_same_claim_has_the_same_token_in_every_process() -> None:
    assert SIGNER.sign(CLAIM) == "AQMEwMQH2riqGbqEzVLWkR4jmIZ5HaZuAE1Ep2nWS_Ag"


def test_a_token_is_short_and_needs_no_escape_in_an_address() -> None:
    token = SIGNER.sign(CLAIM)
    assert len(token) <= 48
    assert set(token) <= set(urlsafe_b64encode(bytes(range(256))).decode()) - {"="}


@given(CLAIMS, CLAIMS)
def test_two_claims_never_share_a_token(one: Claim, other: Claim) -> None:
    assert (SIGNER.sign(one) == SIGNER.sign(other)) == (one == other)


@given(CLAIMS, st.data())
def test_no_bit_of_a_token_can_be_changed(claim: Claim, data: st.DataObject) -> None:
    token = SIGNER.sign(claim)
    raw = bytearray(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    bit = data.draw(st.integers(0, 8 * len(raw) - 1))
    raw[bit // 8] ^= 1 << bit % 8
    refused(urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode())


@given(CLAIMS, CLAIMS)
def test_the_code_of_one_claim_is_none_for_another(one: Claim, other: Claim) -> None:
    """Neither a purpose nor a number can be exchanged for that of a link one has."""
    mine, wanted = SIGNER.sign(one), SIGNER.sign(other)
    if one != other:
        raw, foreign = (urlsafe_b64decode(each + "==") for each in (mine, wanted))
        refused(urlsafe_b64encode(foreign[:-16] + raw[-16:]).rstrip(b"=").decode())


@given(st.text())
def test_garbage_is_no_token(garbage: str) -> None:
    refused(garbage)


@given(st.binary(max_size=60))
def test_bytes_of_any_kind_are_no_token(raw: bytes) -> None:
    refused(urlsafe_b64encode(raw).decode())
    refused(urlsafe_b64encode(raw).rstrip(b"=").decode())


@pytest.mark.parametrize("changed", ["{}=", " {}", "{}\n", "{}!", "{}A", "{}é", "%41{}", "{}" * 4])
def test_a_token_has_one_spelling(changed: str) -> None:
    refused(changed.replace("{}", SIGNER.sign(CLAIM)))


def test_the_unused_last_bits_are_part_of_the_spelling() -> None:
    token = SIGNER.sign(replace(CLAIM, story=1))
    assert len(token) % 4
    others = [token[:-1] + last for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZ_" if last != token[-1]]
    for other in others:
        refused(other)


def test_another_key_makes_other_tokens() -> None:
    refused(SIGNER.sign(CLAIM), Signer(b"K" * 32))


def test_a_token_ends_when_its_time_is_over_and_says_so() -> None:
    token = SIGNER.sign(CLAIM)
    last = CLAIM.expires_at - timedelta(seconds=1)
    assert SIGNER.read(token, last) == CLAIM
    with pytest.raises(BadToken, match=r"the link ended on 2026-05-01") as caught:
        SIGNER.read(token, CLAIM.expires_at)
    assert caught.value.expired
    assert not refused("x").expired


def test_a_time_between_two_hours_lasts_until_the_next_one() -> None:
    claim = replace(CLAIM, expires_at=CLAIM.expires_at + timedelta(seconds=1))
    read = SIGNER.read(SIGNER.sign(claim), MORNING)
    assert read.expires_at == CLAIM.expires_at + timedelta(hours=1)


def test_the_key_is_not_told() -> None:
    assert "k" * 8 not in repr(SIGNER)


@pytest.mark.parametrize("number", [-1, 2**63])
def test_what_is_no_number_of_a_row_is_not_signed(number: int) -> None:
    with pytest.raises(ValueError, match="cannot stand in a token"):
        SIGNER.sign(replace(CLAIM, story=number))
