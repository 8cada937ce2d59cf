"""The owner's templates, tried on invented digests of every kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.config import Settings
from monitor.notify.compose import compose
from monitor.records import (
    Answers,
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

_SLOT = datetime(2025, 7, 28, 5, 0, tzinfo=UTC)
_CAP = 8
"""Long enough for a table of contents, and less than there is to tell: some is cut."""


def faults(settings: Settings) -> tuple[str, ...]:
    """Return what is wrong with the owner's templates, in sentences; none where there are none."""
    from monitor.notify.render import render
    from monitor.notify.templating import Templating

    folder = settings.mail.templates
    if folder is None:
        return ()
    found: dict[str, None] = {}
    for digest in _samples():
        templating = Templating.from_folder(folder)
        render(digest, sender=settings.mail.sender, templating=templating)
        found |= dict.fromkeys(templating.faults)
    return tuple(found)


def _samples() -> Iterator[Digest]:
    """One digest of every kind, and one that says that there is nothing to say."""
    everything = _digest([_hit(n) for n in range(3 * _CAP)])
    yield replace(
        everything,
        sections=tuple(
            replace(section, entries=tuple(replace(e, answers=_answers()) for e in section.entries))
            for section in everything.sections
        ),
        unsubscribe="https://news.example/u/sample",
        rest="https://news.example/r/sample",
        warnings=("This is a sample.",),
    )
    yield _digest([])
    yield _digest([_hit(1)], kind=DigestKind.URGENT)
    first = FirstTold(message_id="<sample@news.example>", subject="A sample", told_at=_SLOT)
    yield _digest([_hit(2)], kind=DigestKind.UPDATE, first=first)


def _digest(
    found: list[MatchedStory],
    *,
    kind: DigestKind = DigestKind.SCHEDULED,
    first: FirstTold | None = None,
) -> Digest:
    note = FeedNote(name="Example Weekly", since=_SLOT - timedelta(days=3), error="503", count=2)
    digest = compose(
        found,
        name="sample",
        recipient="reader@news.example",
        slot=_SLOT,
        since=_SLOT - timedelta(days=1),
        zone="Europe/Berlin",
        cap=_CAP,
        coverage=Coverage(
            stories_read=1482,
            feeds_read=112,
            failing=(note,),
            missed=(note,),
            held=(note,),
            gone=(note,),
            silent=(note,),
            nearest=_hit(0, state=MatchState.NEAR),
        ),
        kind=kind,
        topics=("harbours", "orchards"),
        weeks={"harbours": (0, 2, 1, 4), "orchards": (3, 0, 0, 1)},
        when_empty=WhenEmpty.NOTE,
        first=first,
    )
    assert digest is not None  # with a note there is always something to say
    return digest


def _hit(number: int, *, state: MatchState = MatchState.HIT) -> MatchedStory:
    """A story of one of two topics. Of each four, one is a later version, and one a copy by the
    other feed that matched the other topic.
    """
    event, version = divmod(number, 4)
    feed, topic = version % 2, (event + (version == 1)) % 2
    story = Story(
        id=number + 1,
        feed_id=1 + feed,
        feed_url="https://news.example/feed",
        feed_tags=("news",),
        source=("Example Wire", "Example Post")[feed],
        url=f"https://news.example/{event}",
        title=f"Ships wait {number} days for a berth",
        text="Pilots said the queue was the longest in years. " * 4,
        language="en",
        published_at=_SLOT - timedelta(hours=24 - number),
        seen_at=_SLOT - timedelta(hours=23 - number),
        link_key=event.to_bytes(16) if version < 3 else None,
        content_key=number.to_bytes(16),
    )
    match = Match(
        story_id=story.id,
        topic_id=1 + topic,
        score=0.9 - number / 50,
        threshold=0.3,
        state=state,
        veto=None,
        terms=(Term(text="berth", share=0.2), Term(text="ships", share=0.1)),
        rest=0.6 - number / 50,
        background_version=1,
        topic_version="sample",
        matched_at=_SLOT - timedelta(hours=1),
    )
    return MatchedStory(match=match, story=story, topic=("harbours", "orchards")[topic])


def _answers() -> Answers:
    return Answers(more="https://news.example/v/more", less="https://news.example/v/less")
