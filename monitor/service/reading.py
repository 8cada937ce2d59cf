"""What one answer to a poll means: stories, a feed that is as it was, or a failure.

answer -> unchanged
       -> document -> admit -> hold -> hear
       -> put off | gone | failed
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b

from monitor.errors import FetchError, HostResting, MonitorError, ParseError
from monitor.ingest import document
from monitor.ingest.admit import Admitted, admit
from monitor.ingest.cadence import fresh_for, next_check
from monitor.ingest.ending import is_whole
from monitor.ingest.flood import hold
from monitor.ingest.language import hear
from monitor.ingest.marks import Mark, pack, unpack
from monitor.ingest.moves import move_after
from monitor.ingest.rhythm import first_rhythm, rhythm_after
from monitor.records import (
    Feed,
    Fetched,
    NewStory,
    ParsedFeed,
    PollOutcome,
    PollStatus,
    Rhythm,
    Validators,
    Wishes,
)
from monitor.service import setbacks
from monitor.service.app import App, bounds_of
from monitor.service.endings import Ending, tell_if_back
from monitor.store import stories
from monitor.store.identity import Known
from monitor.store.stories import Document

log = logging.getLogger(__name__)

TELLING = 2
"""Items of a document from which on it tells of a gap when it has none that is known."""

Answer = Fetched | FetchError


def is_unchanged(feed: Feed, answer: Fetched) -> bool:
    """Whether the server says so, or the body is the one that was read last."""
    return answer.body is None or body_hash(answer.body) == feed.body_hash


def body_hash(body: bytes) -> bytes:
    """Return the 16-byte blake2b by which a body is recognised."""
    return blake2b(body, digest_size=16).digest()


def settle_unchanged(app: App, feed: Feed, answer: Fetched, now: datetime) -> PollOutcome:
    """Return what an answer without news leaves behind; the caller writes many together."""
    tell_if_back(feed)
    rhythm = _rhythm_after(app, feed, now, new=0)
    return _succeeded(app, feed, answer, now, PollStatus.UNCHANGED, rhythm, feed.wishes)


def settle(
    app: App, feed: Feed, answer: Answer, now: datetime, marks: bytes | None
) -> Ending | None:
    """Return what a new body or a failure means for its feed; None: nothing, it stays due.

    Never raises for the feed's sake. ``marks``: what is remembered of the items of its last
    document.
    """
    try:
        if isinstance(answer, FetchError):
            return _failed(app, feed, answer, now)
        return _read(app, feed, answer, now, marks).ending()
    except ParseError as error:
        return _failed(app, feed, error, now, answer)
    except MonitorError:
        raise
    except Exception as error:
        log.exception("bug while reading a feed", extra={"feed": feed.id})
        return _failed(app, feed, error, now, answer)


def _read(app: App, feed: Feed, answer: Fetched, now: datetime, packed: bytes | None) -> _Reading:
    """Parse the document, but for the items that the one before had too; raise ``ParseError``."""
    body, marks = answer.body or b"", unpack(packed)
    parsed = document.read(
        body,
        answer.headers.get("content-type", ""),
        answer.url,
        frozenset(mark.raw for mark in marks),
        app.parsers.parse,
    )
    admitted = admit(
        parsed,
        feed,
        now,
        app.settings.polling.first_poll_keeps,
        language=app.settings.matching.language,
        marks=marks,
    )
    return _Reading(app, feed, answer, now, body, marks, parsed, admitted)


@dataclass(frozen=True)
class _Reading:
    """One document on its way into the database."""

    app: App
    feed: Feed
    answer: Fetched
    now: datetime
    body: bytes
    marks: tuple[Mark, ...]
    parsed: ParsedFeed
    admitted: Admitted

    def ending(self) -> Ending:
        """Return the document's stories with what the poll leaves on the feed."""
        found = self._looked_up()
        known = found.keys(self.admitted.stories)
        new = self._held_and_heard(known)
        outcome = self._outcome(new, known)
        return Ending(self.feed, outcome, Document(outcome, new, found))

    def _looked_up(self) -> Known:
        """What the feed has shown before: nothing, where none of its polls went well yet."""
        if self.feed.is_new:
            return Known()
        return stories.look_up(self.app.database, self.feed.id, self.admitted.stories)

    def _held_and_heard(self, known: frozenset[bytes]) -> tuple[NewStory, ...]:
        found = self.admitted.stories
        held = hold(found, known, self.feed, unread=len(self.parsed.known))
        return held if self.feed.spec.language is not None else hear(held, known)

    def _outcome(self, new: tuple[NewStory, ...], known: frozenset[bytes]) -> PollOutcome:
        gap = self._shows_gap(new, known)
        fresh = sum(known.isdisjoint(story.keys) for story in new if not story.held)
        outcome = _succeeded(
            self.app,
            self.feed,
            self.answer,
            self.now,
            PollStatus.READ,
            self._rhythm(fresh, gap=gap),
            self.parsed.wishes,
        )
        return replace(
            outcome,
            body_hash=body_hash(self.body),
            title=self.parsed.title,
            skipped=self.parsed.skipped,
            wishes=self.parsed.wishes,
            marks=pack(self.admitted.marks),
            gap=gap,
        )

    def _rhythm(self, fresh: int, *, gap: bool) -> Rhythm:
        if self.feed.is_new:
            return first_rhythm((entry.published_at for entry in self.parsed.entries), self.now)
        return _rhythm_after(self.app, self.feed, self.now, new=fresh, gap=gap)

    def _shows_gap(self, new: tuple[NewStory, ...], known: frozenset[bytes]) -> bool:
        """Whether nothing of this document is known of a feed that has shown items before."""
        showed_items = bool(self.marks) or self.feed.story_at is not None
        if self.feed.is_new or not showed_items or len(new) < TELLING:
            return False
        return not (known or self.parsed.known or any(story.held for story in new))


def _rhythm_after(app: App, feed: Feed, now: datetime, *, new: int, gap: bool = False) -> Rhythm:
    elapsed = now - (feed.last_success_at or now)
    return rhythm_after(feed.rhythm, elapsed=elapsed, new=new, gap=gap, bounds=bounds_of(app))


def _succeeded(
    app: App,
    feed: Feed,
    answer: Fetched,
    now: datetime,
    status: PollStatus,
    rhythm: Rhythm,
    wishes: Wishes,
) -> PollOutcome:
    fresh = fresh_for(answer.headers, now)
    return PollOutcome(
        feed_id=feed.id,
        status=status,
        checked_at=now,
        follows=feed.last_checked_at,
        next_check_at=next_check(
            feed, now, app.rng, bounds_of(app), rhythm=rhythm, wishes=wishes, fresh=fresh
        ),
        http_status=answer.status,
        validators=_worth_keeping(answer),
        rhythm=rhythm,
        move=move_after(feed.move, answer.moved_to, feed.address),
        url=_elsewhere(feed, answer),
        seconds=answer.seconds,
        size=answer.size,
    )


def _elsewhere(feed: Feed, answer: Fetched) -> str | None:
    """Where the answer came from, if not from where it was asked: the log has a line a poll.

    Without what stands behind the path: redirects hand out tickets there.
    """
    return None if answer.url == feed.address else re.split("[?#]", answer.url)[0]


def _worth_keeping(answer: Fetched) -> Validators:
    """Return the validators; none for a body that was cut off: a 304 would hide its rest."""
    whole = answer.body is None or is_whole(answer.body)
    return answer.validators if whole else Validators()


def _failed(
    app: App, feed: Feed, error: Exception, now: datetime, answer: Answer | None = None
) -> Ending | None:
    if app.stopping.is_set():  # we hung up, not the server: the feed stays due
        return None
    if isinstance(error, HostResting):
        return Ending(feed, setbacks.put_off(feed, error, now, app.rng))
    outcome = setbacks.failed(feed, error, now, app.rng, bounds_of(app))
    if isinstance(answer, Fetched):
        outcome = replace(
            outcome,
            http_status=answer.status,
            url=_elsewhere(feed, answer),
            seconds=answer.seconds,
            size=answer.size,
        )
    return Ending(feed, outcome)
