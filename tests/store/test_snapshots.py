"""Digests as bytes: whatever a digest holds comes back, also over versions of the program."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from datetime import UTC, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import StoreError
from monitor.records import (
    Answers,
    ArticleState,
    Coverage,
    Digest,
    DigestEntry,
    DigestKind,
    DigestSection,
    FeedNote,
    FirstTold,
    Match,
    MatchedStory,
    MatchState,
    Story,
    Term,
)
from monitor.store.snapshots import pack, unpack
from tests.store.builders import NOW, digest_of

CLOCK = NOW.replace(tzinfo=None)

texts = st.text(st.characters(), max_size=12)  # lone surrogates, NUL and marks of direction too
numbers = st.integers(min_value=0, max_value=2**63 - 1)
floats = st.floats(allow_nan=False, allow_infinity=False)
zones = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))])
moments = st.datetimes(CLOCK.replace(year=1990), CLOCK.replace(year=9000), timezones=zones)
keys = st.binary(min_size=16, max_size=16)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(strategy, max_size=2).map(tuple)


matched = st.builds(
    MatchedStory,
    topic=texts,
    match=st.builds(
        Match,
        story_id=numbers,
        topic_id=numbers,
        score=floats,
        threshold=floats,
        state=st.sampled_from(MatchState),
        veto=maybe(texts),
        terms=some(st.builds(Term, text=texts, share=floats)),
        rest=floats,
        background_version=numbers,
        topic_version=texts,
        matched_at=moments,
    ),
    story=st.builds(
        Story,
        id=numbers,
        feed_id=numbers,
        feed_url=texts,
        feed_tags=some(texts),
        source=texts,
        url=maybe(texts),
        title=texts,
        text=texts,
        language=maybe(texts),
        published_at=moments,
        seen_at=moments,
        link_key=maybe(keys),
        content_key=keys,
        backlog=st.booleans(),
        edited_at=maybe(moments),
        held=st.booleans(),
        article=maybe(st.sampled_from(ArticleState)),
        article_note=maybe(texts),
    ),
)
first = st.builds(FirstTold, message_id=texts, subject=texts, told_at=moments)
notes = some(st.builds(FeedNote, name=texts, since=maybe(moments), error=texts, count=numbers))
entries = st.builds(
    DigestEntry,
    lead=matched,
    echoes=some(matched),
    also=some(matched),
    updates=some(matched),
    first=maybe(first),
    answers=maybe(st.builds(Answers, more=texts, less=texts)),
)
digests = st.builds(
    Digest,
    name=texts,
    recipient=texts,
    slot=moments,
    since=moments,
    zone=texts,
    sections=some(
        st.builds(DigestSection, topic=texts, entries=some(entries), weeks=some(numbers))
    ),
    cut=some(matched),
    coverage=st.builds(
        Coverage,
        stories_read=numbers,
        feeds_read=numbers,
        failing=notes,
        missed=notes,
        held=notes,
        gone=notes,
        silent=notes,
        nearest=maybe(matched),
    ),
    kind=st.sampled_from(DigestKind),
    topics=some(texts),
    first=maybe(first),
    unsubscribe=maybe(texts),
    rest=maybe(texts),
    warnings=some(texts),
)


@given(digests)
def test_any_digest_comes_back_as_it_was_and_gives_the_same_bytes_again(digest: Digest) -> None:
    back = unpack(pack(digest))

    assert back == digest
    assert pack(back) == pack(digest)


@given(matched)
def test_a_score_may_be_a_whole_number(found: MatchedStory) -> None:
    digest = digest_of(replace(found, match=replace(found.match, score=1)))

    assert unpack(pack(digest)) == digest


def rewritten(digest: Digest, **changes: Any) -> bytes:
    """The bytes of ``digest`` as another version wrote them; a change to None: without it."""
    plain = json.loads(zlib.decompress(pack(digest)))
    plain |= changes
    written = {name: value for name, value in plain.items() if name not in changes or value}
    return zlib.compress(json.dumps(written).encode())


def test_what_older_bytes_do_not_have_is_the_default() -> None:
    older = rewritten(digest_of(), kind=None, topics=None, warnings=None, first=None)

    assert unpack(older) == digest_of()


def test_what_is_not_known_any_more_is_passed_over() -> None:
    assert unpack(rewritten(digest_of(), weather="fine")) == digest_of()


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"not compressed",
        pack(digest_of())[:-1],
        zlib.compress(b"[]"),
        zlib.compress(b"{"),
        zlib.compress(b"[" * 100_000),
        rewritten(digest_of(), slot=None),
        rewritten(digest_of(), slot="yesterday"),
        rewritten(digest_of(), slot="9999-12-31T23:59:59-05:00"),
        rewritten(digest_of(), kind="unheard"),
        rewritten(digest_of(), name=7),
        rewritten(digest_of(), sections=7),
    ],
)
def test_damage_is_an_error_that_says_what_to_do(damaged: bytes) -> None:
    with pytest.raises(StoreError, match=r"damaged; restore .* backup"):
        unpack(damaged)
