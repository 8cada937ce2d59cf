"""Which stories of a document are new, which are known, and which were edited.

keys -> known ones -> decide (pure) -> insert, edit, attach keys
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from itertools import chain
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


def add(connection: Connection, feed_id: int, decision: Decision, seen_at: datetime) -> Added:
    """Write what was decided of a document's stories as a part of the caller's transaction.

    The caller has updated the feed's row before, so that nobody else adds to this feed.
    """
    numbers = _insert(connection, feed_id, decision.fresh, seen_at)
    _edit(connection, decision.edits, seen_at)
    _attach(connection, feed_id, decision.keys, numbers)
    told = zip(numbers, decision.fresh, strict=True)
    return Added(
        new=tuple(number for number, story in told if _is_news(story)),
        edited=len(decision.edits),
        backlog=sum(story.backlog and not story.held for story in decision.fresh),
        held=sum(story.held for story in decision.fresh),
    )


def told_of_feed(decision: Decision, seen_at: datetime) -> dict[str, Any]:
    """The columns of the feed's row that its new stories change."""
    held = sum(story.held for story in decision.fresh)
    changes: dict[str, Any] = {}
    if any(map(_is_news, decision.fresh)):
        changes["story_at"] = seen_at
    if held:
        changes["held"] = feeds.c.held + held
        changes["held_at"] = func.coalesce(feeds.c.held_at, seen_at)
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


def _insert(
    connection: Connection, feed_id: int, fresh: Sequence[NewStory], seen_at: datetime
) -> list[int]:
    """Insert in document order and return the numbers in that order."""
    if not fresh:
        return []
    # numbers have to become visible in their order: learning goes on after the last one it read
    one_at_a_time(connection, "stories")
    rows = [_row(story, feed_id, seen_at) for story in fresh]
    return list(connection.scalars(_inserted(), rows))


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


def _edit(connection: Connection, edits: Mapping[int, NewStory], seen_at: datetime) -> None:
    if not edits:
        return
    edit = update(stories).where(stories.c.id == bindparam("number"))
    connection.execute(
        edit,
        [
            {**_content(story), "edited_at": seen_at, "number": number}
            for number, story in edits.items()
        ],
    )


def _attach(
    connection: Connection, feed_id: int, keys: Sequence[tuple[bytes, int]], numbers: Sequence[int]
) -> None:
    if not keys:
        return
    rows = [
        {"feed_id": feed_id, "key": key, "story_id": owner if owner > 0 else numbers[-owner - 1]}
        for key, owner in keys
    ]
    connection.execute(_attached(connection.dialect.name), rows)


@cache
def _attached(dialect: str) -> Insert:
    added = insert_of(dialect, story_keys)
    return added.on_conflict_do_nothing(index_elements=["feed_id", "key"])
