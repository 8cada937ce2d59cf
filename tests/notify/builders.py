"""Builders of the nouns that the tests of this room speak of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from hypothesis import strategies as st

from monitor.notify.compose import compose
from monitor.records import (
    Coverage,
    Digest,
    DigestKind,
    FeedNote,
    FirstTold,
    Match,
    MatchedStory,
    MatchState,
    Story,
    Term,
    WhenEmpty,
)

MONDAY = datetime(2025, 7, 28, 5, 0, tzinfo=UTC)
"""Seven in the morning in Berlin."""

NO_WEEKS: Mapping[str, tuple[int, ...]] = MappingProxyType({})

TERMS = (Term(text="combat mission", share=0.2), Term(text="troops", share=0.15))

hostile_texts = st.one_of(
    st.text(max_size=300),
    st.lists(
        st.one_of(
            st.sampled_from(
                (
                    "=?utf-8?q?d=0D=0AX-Injected:_4?=",
                    "=?utf-8?b?DQpCY2M6IHhAeC5leGFtcGxl?=",
                    "\r\nBcc: other@example.org\r\n\r\n",
                    "\r\n.\r\nMAIL FROM:<>\r\n",
                    "=",
                    "?",
                    "\x85",
                    "\u2028",
                    "\u202e",
                    "\u200b",
                    "\ud800",
                    " ",
                    "é",
                    "ش",
                    "漢字",
                    "👩\u200d🚒",
                    "<script>",
                    '"',
                    ",",
                    "long" * 40,
                )
            ),
            st.text(max_size=20),
        ),
        max_size=12,
    ).map("".join),
)
"""What a feed's author may write: anything, and what breaks mail in particular."""


def a_story(
    story_id: int = 1,
    *,
    title: str = "",
    text: str = "",
    source: str = "Example Wire",
    url: str | None = "",
    published_at: datetime = MONDAY - timedelta(hours=9),
    link_key: bytes | None = None,
    content_key: bytes = b"",
    language: str | None = "en",
) -> Story:
    """A story of its own: no other id gives the same title, address or text."""
    return Story(
        id=story_id,
        feed_id=1,
        feed_url="https://wire.example/feed.xml",
        feed_tags=(),
        source=source,
        url=f"https://wire.example/{story_id}" if url == "" else url,
        title=title or f"Story {story_id}",
        text=text or f"What happened in story {story_id}.",
        language=language,
        published_at=published_at,
        seen_at=published_at + timedelta(minutes=10),
        link_key=link_key,
        content_key=content_key or b"text %d" % story_id,
    )


def a_hit(
    story: Story,
    score: float = 0.5,
    *,
    topic: str = "Iraq",
    topic_id: int = 1,
    terms: tuple[Term, ...] = TERMS,
    threshold: float = 0.27,
) -> MatchedStory:
    """A story that matched a topic."""
    return MatchedStory(
        match=Match(
            story_id=story.id,
            topic_id=topic_id,
            score=score,
            threshold=threshold,
            state=MatchState.HIT,
            veto=None,
            terms=terms,
            rest=score - sum(term.share for term in terms),
            background_version=1,
            topic_version="1",
            matched_at=story.seen_at,
        ),
        story=story,
        topic=topic,
    )


def a_failing_feed(
    name: str = "Example Gazette",
    *,
    error: str = "HTTP 503 from gazette.example/rss",
    since: datetime | None = MONDAY - timedelta(days=3),
) -> FeedNote:
    """A feed whose last polls failed."""
    return FeedNote(name=name, since=since, error=error)


def a_feed(name: str = "Example Gazette", *, held: int = 0) -> FeedNote:
    """A feed that is well, but for what it holds back."""
    return FeedNote(name=name, count=held)


def a_digest(
    *hits: MatchedStory,
    name: str = "Morning",
    recipient: str = "reader@example.org",
    slot: datetime = MONDAY,
    zone: str = "Europe/Berlin",
    cap: int = 30,
    coverage: Coverage | None = None,
    kind: DigestKind = DigestKind.SCHEDULED,
    topics: Sequence[str] = (),
    weeks: Mapping[str, tuple[int, ...]] = NO_WEEKS,
    first: FirstTold | None = None,
) -> Digest:
    """A composed digest; without hits, of one story."""
    made = composed(
        hits or (a_hit(a_story()),),
        name=name,
        recipient=recipient,
        slot=slot,
        zone=zone,
        cap=cap,
        coverage=coverage,
        kind=kind,
        topics=topics,
        weeks=weeks,
        first=first,
    )
    assert made is not None
    return made


def composed(
    hits: Sequence[MatchedStory],
    *,
    name: str = "Morning",
    recipient: str = "reader@example.org",
    slot: datetime = MONDAY,
    zone: str = "Europe/Berlin",
    cap: int = 30,
    coverage: Coverage | None = None,
    kind: DigestKind = DigestKind.SCHEDULED,
    topics: Sequence[str] = (),
    weeks: Mapping[str, tuple[int, ...]] = NO_WEEKS,
    when_empty: WhenEmpty = WhenEmpty.SILENT,
    first: FirstTold | None = None,
    stale: Sequence[MatchedStory] = (),
) -> Digest | None:
    """What ``compose`` makes of the hits, with everything else given."""
    return compose(
        hits,
        name=name,
        recipient=recipient,
        slot=slot,
        since=slot - timedelta(days=1),
        zone=zone,
        cap=cap,
        coverage=coverage or Coverage(stories_read=1482, feeds_read=112),
        kind=kind,
        topics=topics,
        weeks=weeks,
        when_empty=when_empty,
        first=first,
        stale=stale,
    )


def a_note(*topics: str) -> Digest:
    """A digest of an hour without news."""
    note = composed([], when_empty=WhenEmpty.NOTE, topics=topics)
    assert note is not None
    return note


def first_told(subject: str) -> FirstTold:
    """The message that told a story first, two days before."""
    told_at = MONDAY - timedelta(days=2)
    return FirstTold(message_id="<1@example.org>", subject=subject, told_at=told_at)
