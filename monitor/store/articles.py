"""Pages that stories wait for: wanted once, claimed for an attempt, and settled once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    func,
    not_,
    select,
    true,
    update,
)

from monitor.records import Article, ArticleState, FullText, Story
from monitor.store import rows
from monitor.store.database import Database, insert, one_at_a_time
from monitor.store.leases import HORIZON, come
from monitor.store.tables import articles, feeds, hosts, stories

LONGEST_NOTE = 500
"""Characters of a note that are kept."""
NO_LINK = "it has no link"
"""The note of a story whose page nobody could ask for."""
_LONGEST_WAIT = timedelta(hours=1)
"""No attempt is planned further ahead: a time beyond comes from a clock that was wrong."""
_IN_VIEW = 2_000
"""Stories whose turn it may be: of one host only a few are taken at a time."""
_COMPARED = 200
"""Texts of a feed's newest pages that a page must not repeat."""

_WANTED = articles.c.state == ArticleState.WANTED


def own_words(db: Database) -> Mapping[int, FullText]:
    """What the owner wrote of feeds by themselves, by number; the others are left out."""
    query = select(feeds.c.id, feeds.c.full_text).where(feeds.c.full_text.is_not(None))
    with db.read() as connection:
        return {row.id: FullText(row.full_text) for row in connection.execute(query)}


def want(db: Database, wanted: Collection[Story], now: datetime) -> int:
    """Let stories wait for their pages; return how many do.

    One that was matched or settled before does not, and one without a link keeps its text at once.
    """
    with db.write() as connection:
        ids = [story.id for story in wanted]
        unmatched = select(stories.c.id).where(
            stories.c.id.in_(ids), stories.c.matched_at.is_(None)
        )
        there = set(connection.scalars(unmatched))
        values = [_row(story, now) for story in wanted if story.id in there]
        if values:
            added = insert(connection, articles).on_conflict_do_nothing(index_elements=["story_id"])
            connection.execute(added, values)
    return sum(each["state"] is ArticleState.WANTED for each in values)


def claim(
    db: Database, now: datetime, *, lease: timedelta, limit: int, per_host: int
) -> tuple[Article, ...]:
    """Claim pages whose time has come until ``now + lease``, the longest waiting first.

    At most ``per_host`` of each host, and none of a host that asked for a rest. Every claim counts
    an attempt; it is never given twice.
    """
    due = and_(_WANTED, come(articles.c.next_at, now, _LONGEST_WAIT))
    if not _any(db, due):
        return ()
    with db.write() as connection:
        one_at_a_time(connection, "articles")
        resting = _resting(connection, now)
        chosen = _of_many_hosts(connection.execute(_in_turn(due)), resting, limit, per_host)
        taken = update(articles).where(articles.c.story_id.in_(chosen), _WANTED)
        values = {"attempts": articles.c.attempts + 1, "next_at": now + lease}
        # of what another step settled meanwhile nothing comes back
        claimed = connection.scalars(taken.values(values).returning(articles.c.story_id)).all()
        found = connection.execute(_articles().where(articles.c.story_id.in_(claimed))).all()
    return tuple(sorted(map(_article, found), key=lambda each: each.story_id))


def read(db: Database, article: Article, text: str, now: datetime) -> bool:
    """Make ``text`` that of its story; False: the claim is not ours any more."""
    return _settle(db, article, {"state": ArticleState.READ, "text": text, "note": None}, now)


def keep(db: Database, article: Article, note: str, now: datetime) -> bool:
    """Leave its story the feed's text, and say why; False: the claim is not ours any more."""
    return _settle(db, article, {"state": ArticleState.KEPT, "note": note[:LONGEST_NOTE]}, now)


def wait(
    db: Database, article: Article, next_at: datetime, note: str | None, *, counted: bool = True
) -> bool:
    """End the claim and plan the next attempt; False: the claim is not ours any more.

    ``counted`` False: this one was none.
    """
    attempts = article.attempts + 1 if counted else article.attempts
    values: dict[str, Any] = {"next_at": next_at, "attempts": attempts}
    if note is not None:
        values["note"] = note[:LONGEST_NOTE]
    return _change(db, article, values)


def keep_overdue(db: Database, now: datetime, patience: timedelta) -> int:
    """Leave the feed's text to all that have waited for ``patience``; return how many.

    One that is to begin to wait later than that was planned by a clock that was wrong.
    """
    since = articles.c.wanted_at
    late = not_(and_(since > now - patience, since <= now + patience))
    return _keep_all(db, late, "its page could not be read in time", now)


def keep_waiting(db: Database, note: str, now: datetime) -> int:
    """Leave the feed's text to all that wait, since pages are not read any more."""
    return _keep_all(db, true(), note, now)


def is_repeated(db: Database, article: Article, text: str) -> bool:
    """Whether another page of the same feed had this very text: it is no story's, then."""
    link_key = select(stories.c.link_key).where(stories.c.id == article.story_id).scalar_subquery()
    newest = (
        select(articles.c.text)
        .join(stories, stories.c.id == articles.c.story_id)
        .where(
            stories.c.feed_id == article.feed_id,
            articles.c.state == ArticleState.READ,
            stories.c.link_key != link_key,
        )
        .order_by(articles.c.story_id.desc())
        .limit(_COMPARED)
        .subquery()
    )
    with db.read() as connection:
        found = select(func.count()).select_from(newest).where(newest.c.text == text)
        return bool(connection.scalar(found))


def _row(story: Story, now: datetime) -> dict[str, Any]:
    linked = bool(story.url)
    return {
        "story_id": story.id,
        "state": ArticleState.WANTED if linked else ArticleState.KEPT,
        "note": None if linked else NO_LINK,
        "attempts": 0,
        "wanted_at": now,
        "next_at": now if linked else None,
        "settled_at": None if linked else now,
    }


def _resting(connection: Connection, now: datetime) -> frozenset[str]:
    until = hosts.c.rest_until
    resting = select(hosts.c.host).where(until > now, until <= now + HORIZON)
    return frozenset(connection.scalars(resting))


def _in_turn(due: ColumnElement[bool]) -> Select[Any]:
    waiting = select(articles.c.story_id, stories.c.url).where(due)
    ordered = waiting.join(stories, stories.c.id == articles.c.story_id).order_by(
        articles.c.next_at, articles.c.story_id
    )
    return ordered.limit(_IN_VIEW)


def _of_many_hosts(
    waiting: Iterable[Row[Any]], left_out: Collection[str], limit: int, per_host: int
) -> Sequence[int]:
    """Choose the first ``limit``, at most ``per_host`` of each host."""
    chosen: list[int] = []
    taken = Counter(dict.fromkeys(left_out, per_host))
    for row in waiting:
        host = rows.host_of(row.url or "")
        if taken[host] < per_host:
            taken[host] += 1
            chosen.append(row.story_id)
        if len(chosen) == limit:
            break
    return chosen


def _articles() -> Select[Any]:
    columns = (articles.c.story_id, stories.c.feed_id, stories.c.url, articles.c.attempts)
    return select(*columns, articles.c.wanted_at).join(stories, stories.c.id == articles.c.story_id)


def _article(row: Row[Any]) -> Article:
    return Article(
        story_id=row.story_id,
        feed_id=row.feed_id,
        url=row.url or "",
        attempts=row.attempts - 1,  # its own claim is none that was made before
        wanted_at=row.wanted_at,
    )


def _settle(db: Database, article: Article, values: dict[str, Any], now: datetime) -> bool:
    return _change(db, article, {**values, "next_at": None, "settled_at": now})


def _change(db: Database, article: Article, values: dict[str, Any]) -> bool:
    """Every claim counts an attempt more, so the number tells one claim from the next."""
    ours = and_(
        articles.c.story_id == article.story_id,
        _WANTED,
        articles.c.attempts == article.attempts + 1,
    )
    with db.write() as connection:
        return connection.execute(update(articles).where(ours).values(values)).rowcount == 1


def _keep_all(db: Database, which: ColumnElement[bool], note: str, now: datetime) -> int:
    """Keep the feed's text of all wanted ones that are ``which``; a failure says more than note."""
    if not _any(db, and_(_WANTED, which)):
        return 0
    values = {
        "state": ArticleState.KEPT,
        "note": func.coalesce(articles.c.note, note),
        "next_at": None,
        "settled_at": now,
    }
    with db.write() as connection:
        kept = update(articles).where(_WANTED, which).values(values)
        return connection.execute(kept).rowcount


def _any(db: Database, which: ColumnElement[bool]) -> bool:
    """Whether there is anything to write: a look keeps nobody from writing."""
    with db.read() as connection:
        return connection.scalar(select(articles.c.story_id).where(which).limit(1)) is not None
