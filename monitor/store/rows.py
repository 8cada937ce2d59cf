"""From rows to records: every table that comes back as a noun does so here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Row, func

from monitor.records import (
    ArticleState,
    Feed,
    FeedSpec,
    FetchLine,
    FullText,
    Match,
    MatchedStory,
    MatchState,
    Message,
    Move,
    OutboxItem,
    OutboxState,
    PollStatus,
    Rhythm,
    Story,
    Subscription,
    Term,
    Validators,
    Wishes,
)
from monitor.store import tables

STORY = (
    *(column for column in tables.stories.c if column.name not in ("matched_at", "text")),
    func.coalesce(tables.articles.c.text, tables.stories.c.text).label("text"),
    tables.articles.c.state.label("article"),
    tables.articles.c.note.label("article_note"),
    tables.feeds.c.url.label("feed_url"),
    tables.feeds.c.tags.label("feed_tags"),
    tables.feeds.c.title.label("feed_title"),
    tables.feeds.c.own_title.label("feed_own_title"),
)
"""The columns of a story with those of its feed; its text is that of its page where it was read."""
MATCHED = (*STORY, *tables.matches.c, tables.topics.c.name.label("topic"))
"""The columns of a match with its story and topic."""


def host_of(url: str) -> str:
    """The host that a feed's address names, in small letters; the address itself if none."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def place_of(url: str) -> str:
    """Host, port and path of an address: a name for what has none, without what may be secret."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return url
    return f"{host_of(url)}{port}{parts.path}".rstrip("/")


def feed(row: Row[Any]) -> Feed:
    """A row of ``feeds``; its title is the owner's, else the feed's own, else where it is."""
    return Feed(
        id=row.id,
        spec=FeedSpec(
            url=row.url,
            title=row.title,
            tags=tuple(row.tags),
            interval=timedelta(seconds=row.interval_seconds),
            enabled=row.enabled,
            language=row.language,
            paced=row.paced,
            full_text=FullText(row.full_text) if row.full_text else None,
        ),
        title=row.title or row.own_title or place_of(row.url),
        validators=Validators(etag=row.etag, last_modified=row.last_modified),
        body_hash=row.body_hash,
        next_check_at=row.next_check_at,
        last_checked_at=row.last_checked_at,
        last_success_at=row.last_success_at,
        failing_since=row.failing_since,
        failures=row.failures,
        last_error=row.last_error,
        last_status=row.last_status,
        skipped_entries=row.skipped_entries,
        rhythm=_rhythm(row),
        wishes=_wishes(row.wishes or {}),
        move=Move(url=row.moved_to, times=row.moved_times),
        gone_at=row.gone_at,
        gaps=row.gaps,
        gap_at=row.gap_at,
        held=row.held,
        held_at=row.held_at,
        story_at=row.story_at,
        seconds=row.last_seconds,
    )


def _rhythm(row: Row[Any]) -> Rhythm:
    return Rhythm(
        stories=row.rhythm_stories,
        seconds=row.rhythm_seconds,
        limit=None if row.limit_seconds is None else timedelta(seconds=row.limit_seconds),
    )


def rhythm_values(rhythm: Rhythm) -> dict[str, float | None]:
    """The columns that hold a rhythm."""
    return {
        "rhythm_stories": rhythm.stories,
        "rhythm_seconds": rhythm.seconds,
        "limit_seconds": None if rhythm.limit is None else rhythm.limit.total_seconds(),
    }


def _wishes(stored: Mapping[str, Any]) -> Wishes:
    ttl = stored.get("ttl")
    return Wishes(
        ttl=None if ttl is None else timedelta(seconds=ttl),
        skip_hours=frozenset(stored.get("skip_hours", ())),
        skip_days=frozenset(stored.get("skip_days", ())),
    )


def wishes_value(wishes: Wishes) -> dict[str, Any] | None:
    """What the column of wishes holds; None: there are none."""
    if wishes == Wishes():
        return None
    return {
        "ttl": None if wishes.ttl is None else wishes.ttl.total_seconds(),
        "skip_hours": sorted(wishes.skip_hours),
        "skip_days": sorted(wishes.skip_days),
    }


def fetch_line(row: Row[Any]) -> FetchLine:
    """A line of the log of fetches."""
    return FetchLine(
        feed_id=row.feed_id,
        at=row.at,
        status=PollStatus(row.status),
        http_status=row.http_status,
        seconds=row.seconds,
        size=row.size,
        new=row.new,
        error=row.error,
        url=row.url,
    )


def story(row: Row[Any]) -> Story:
    """A row of the columns ``STORY``."""
    return Story(
        id=row.id,
        feed_id=row.feed_id,
        feed_url=row.feed_url,
        feed_tags=tuple(row.feed_tags),
        source=row.feed_title or row.feed_own_title or host_of(row.feed_url),
        url=row.url,
        title=row.title,
        text=row.text,
        language=row.language,
        published_at=row.published_at,
        seen_at=row.seen_at,
        link_key=row.link_key,
        content_key=row.content_key,
        backlog=row.backlog,
        edited_at=row.edited_at,
        held=row.held,
        article=ArticleState(row.article) if row.article else None,
        article_note=row.article_note,
    )


def match(row: Row[Any]) -> Match:
    """A row of ``matches``."""
    return Match(
        story_id=row.story_id,
        topic_id=row.topic_id,
        score=row.score,
        threshold=row.threshold,
        state=MatchState(row.state),
        veto=row.veto,
        terms=tuple(Term(text=text, share=float(share)) for text, share in row.terms),
        rest=row.rest,
        background_version=row.background_version,
        topic_version=row.topic_version,
        matched_at=row.matched_at,
    )


def matched(row: Row[Any]) -> MatchedStory:
    """A row of the columns ``MATCHED``."""
    return MatchedStory(match=match(row), story=story(row), topic=row.topic)


def subscription(row: Row[Any]) -> Subscription:
    """A row of ``subscriptions``."""
    return Subscription(
        digest=row.digest,
        recipient=row.recipient,
        started_at=row.started_at,
        next_at=row.next_at,
        last_at=row.last_at,
        schedule_key=row.schedule_key,
        id=row.id,
        stopped_at=row.stopped_at,
        stopped_by=row.stopped_by,
    )


def outbox_item(row: Row[Any]) -> OutboxItem:
    """A row of ``outbox`` with the name of its digest."""
    state = OutboxState(row.state)
    return OutboxItem(
        id=row.id,
        message=Message(
            message_id=row.message_id,
            sender=row.sender,
            recipient=row.recipient,
            subject=row.subject,
            raw=row.raw,
            content_type=row.content_type,
        ),
        state=state,
        attempts=row.attempts,
        created_at=row.created_at,
        next_attempt_at=row.next_attempt_at,
        uncertain=row.uncertain,
        last_error=row.last_error,
        sent_at=row.settled_at if state is OutboxState.SENT else None,
        run=row.run_id,
        digest=row.digest,
    )
