"""Which stories of a document are new, which are known, and which were edited.

keys -> known ones -> decide (pure) -> insert, edit, attach keys
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from itertools import chain, islice
from typing import Any

from sqlalchemy import BindParameter, Connection, Insert, Select, bindparam, func, select, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.sql.dml import ReturningInsert

from monitor.records import Added, NewStory
from monitor.store.database import insert_of, one_at_a_time
from monitor.store.tables import feeds, stories, story_keys

_KEYS_AT_ONCE = 500


@dataclass(slots=True)
class Known:
    """What is stored of a document's keys: whose they are, and the content of those stories.

    A story that was pruned has an owner but no content. ``texts``: the stories of the feed that
    have the content of one whose keys are all unknown.
    """

    owners: dict[bytes, int] = field(default_factory=dict)
    contents: dict[int, bytes] = field(default_factory=dict)
    texts: dict[bytes, int] = field(default_factory=dict)

    def keys(self, new: Iterable[NewStory]) -> frozenset[bytes]:
        """The keys of those of ``new`` that the feed has shown before.

        The content key too of those that have new keys and are told by their text alone.
        """
        shown = (story.keys for story in new if self.owner(story) is not None)
        return frozenset(chain(self.texts, *shown))

    def owner(self, story: NewStory) -> int | None:
        """The stored story that this one is, by its keys or else by its content."""
        by_key = next((self.owners[key] for key in story.keys if key in self.owners), None)
        return self.texts.get(story.content_key) if by_key is None else by_key


@dataclass(slots=True)
class Decision:
    """What to write: ``keys`` belong to a story by number, or to ``fresh[-number - 1]``."""

    fresh: list[NewStory] = field(default_factory=list)
    edits: dict[int, NewStory] = field(default_factory=dict)
    keys: list[tuple[bytes, int]] = field(default_factory=list)


@dataclass(slots=True, frozen=True)
class Decided:
    """What was decided of the stories of one feed's document, seen at that time."""

    feed_id: int
    seen_at: datetime
    decision: Decision


def add(connection: Connection, documents: Sequence[Decided]) -> tuple[Added, ...]:
    """Write what was decided, as a part of the caller's transaction.

    The caller holds the rows of the feeds, so that nobody else adds to them.
    """
    numbers = _insert(connection, documents)
    _edit(connection, documents)
    _attach(connection, documents, numbers)
    return tuple(map(_added, documents, numbers))


def _added(document: Decided, numbers: Sequence[int]) -> Added:
    fresh = document.decision.fresh
    told = zip(numbers, fresh, strict=True)
    return Added(
        new=tuple(number for number, story in told if _is_news(story)),
        edited=len(document.decision.edits),
        backlog=sum(story.backlog and not story.held for story in fresh),
        held=sum(story.held for story in fresh),
    )


def told_of_feed(document: Decided) -> dict[str, Any]:
    """The columns of the feed's row that its new stories change."""
    fresh = document.decision.fresh
    held = sum(story.held for story in fresh)
    changes: dict[str, Any] = {}
    if any(map(_is_news, fresh)):
        changes["story_at"] = document.seen_at
    if held:
        changes["held"] = feeds.c.held + held
        changes["held_at"] = func.coalesce(feeds.c.held_at, document.seen_at)
    return changes


def _is_news(story: NewStory) -> bool:
    return not (story.backlog or story.held)


def decide(new: Sequence[NewStory], known: Known) -> Decision:
    """Sort a document's stories. Of two that share a key the first one tells the content.

    One whose id and link are new, but whose content the feed has shown, is that story moved.
    """
    decision = Decision()
    found = replace(known, owners=dict(known.owners))
    owners = found.owners
    told: set[int] = set()
    for story in new:
        owner = found.owner(story)
        if owner is None:
            decision.fresh.append(story)
            owner = -len(decision.fresh)
        elif owner not in told and _edited(story, owner, known.contents):
            decision.edits[owner] = story
        told.add(owner)
        unknown = [key for key in story.keys if key not in owners]
        owners.update(dict.fromkeys(unknown, owner))
        decision.keys += [(key, owner) for key in dict.fromkeys(unknown)]
    return decision


def _edited(story: NewStory, owner: int, contents: Mapping[int, bytes]) -> bool:
    return contents.get(owner, story.content_key) != story.content_key


def look_up(connection: Connection, feed_id: int, new: Sequence[NewStory]) -> Known:
    """Return what is stored of the keys of a document's stories."""
    known = Known()
    for keys in _chunks(list({key for story in new for key in story.keys})):
        found = connection.execute(_by_key(), {"feed": feed_id, "keys": keys})
        for key, story_id, content_key in found:
            known.owners[key] = story_id
            if content_key is not None:
                known.contents[story_id] = content_key
    moved = {story.content_key for story in new if known.owners.keys().isdisjoint(story.keys)}
    for contents in _chunks(list(moved)):
        found = connection.execute(_by_content(), {"feed": feed_id, "contents": contents})
        known.texts.update((row[0], row[1]) for row in found)
    return known


# To build a statement costs as much as to run it: each of these is built once.


@cache
def _by_key() -> Select[Any]:
    keys: BindParameter[Any] = bindparam("keys", expanding=True)
    return (
        select(story_keys.c.key, story_keys.c.story_id, stories.c.content_key)
        .outerjoin(stories, stories.c.id == story_keys.c.story_id)
        .where(story_keys.c.feed_id == bindparam("feed"), story_keys.c.key.in_(keys))
    )


@cache
def _by_content() -> Select[Any]:
    """The oldest story of a feed for each content."""
    contents: BindParameter[Any] = bindparam("contents", expanding=True)
    return (
        select(stories.c.content_key, func.min(stories.c.id))
        .where(stories.c.feed_id == bindparam("feed"), stories.c.content_key.in_(contents))
        .group_by(stories.c.content_key)
    )


@cache
def _inserted() -> ReturningInsert[Any]:
    return plain_insert(stories).returning(stories.c.id, sort_by_parameter_order=True)


def _chunks(keys: list[bytes]) -> Iterator[list[bytes]]:
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        yield keys[start : start + _KEYS_AT_ONCE]


def _insert(connection: Connection, documents: Sequence[Decided]) -> list[list[int]]:
    """Insert in document order and return the numbers of each document in that order."""
    rows = [
        _row(story, document.feed_id, document.seen_at)
        for document in documents
        for story in document.decision.fresh
    ]
    if not rows:
        return [[] for _ in documents]
    # numbers have to become visible in their order: learning goes on after the last one it read
    one_at_a_time(connection, "stories")
    numbers = iter(connection.scalars(_inserted(), rows))
    return [list(islice(numbers, len(document.decision.fresh))) for document in documents]


def _row(story: NewStory, feed_id: int, seen_at: datetime) -> dict[str, Any]:
    return {
        **_content(story),
        "feed_id": feed_id,
        "language": story.language,
        "published_at": story.published_at,
        "seen_at": seen_at,
        "backlog": story.backlog or story.held,
        "matched_at": seen_at if story.backlog or story.held else None,
        "held": story.held,
    }


def _content(story: NewStory) -> dict[str, Any]:
    return {
        "url": story.url,
        "title": story.title,
        "text": story.text,
        "link_key": story.link_key,
        "content_key": story.content_key,
    }


def _edit(connection: Connection, documents: Iterable[Decided]) -> None:
    edits = [
        {**_content(story), "edited_at": document.seen_at, "number": number}
        for document in documents
        for number, story in document.decision.edits.items()
    ]
    if edits:
        connection.execute(update(stories).where(stories.c.id == bindparam("number")), edits)


def _attach(
    connection: Connection, documents: Iterable[Decided], numbers: Iterable[Sequence[int]]
) -> None:
    rows = [
        {
            "feed_id": document.feed_id,
            "key": key,
            "story_id": owner if owner > 0 else own[-owner - 1],
        }
        for document, own in zip(documents, numbers, strict=True)
        for key, owner in document.decision.keys
    ]
    if rows:
        connection.execute(_attached(connection.dialect.name), rows)


@cache
def _attached(dialect: str) -> Insert:
    added = insert_of(dialect, story_keys)
    return added.on_conflict_do_nothing(index_elements=["feed_id", "key"])
