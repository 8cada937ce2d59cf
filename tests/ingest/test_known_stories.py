"""Stories are stored the same, whether known items are left out or every document is read whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.polling.documents import make_feed
from monitor.errors import ParseError
from monitor.ingest.admit import admit
from monitor.ingest.document import read
from monitor.ingest.marks import Mark
from monitor.ingest.parse import parse_feed
from monitor.ingest.slices import cut
from monitor.records import Feed, Story
from monitor.store import stories
from monitor.store.database import Database, open_database
from tests.ingest.test_corpus import CORPUS, content_type, documents
from tests.store.builders import DAY, HOUR, NOW, add_feeds, outcome

Polls = list[tuple[bytes, str | None]]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path_factory.mktemp('known')}/news.db")
    yield opened
    opened.close()


def poll(database: Database, feed: Feed, polls: Polls, *, leaving_out: bool) -> int:
    """Poll a feed once for each of ``polls``; return how many items were left out."""
    marks: tuple[Mark, ...] = ()
    left_out = 0
    for number, (body, kind) in enumerate(polls):
        now = NOW + number * HOUR
        feed = replace(feed, last_success_at=now - HOUR if number else None)
        known = frozenset(mark.raw for mark in marks) if leaving_out else frozenset()
        parsed = read(body, kind, feed.spec.url, known, parse_feed)
        admitted = admit(parsed, feed, now, DAY, marks=marks if leaving_out else ())
        done = outcome(feed.id, checked_at=now, title=parsed.title)
        stories.add_new(database, done, admitted.stories)
        marks = admitted.marks
        left_out += len(parsed.known)
    return left_out


def stored(database: Database, feed: Feed) -> list[Story]:
    found = reversed(stories.latest(database, 200))
    return [
        replace(each, id=0, feed_id=0, feed_url="") for each in found if each.feed_id == feed.id
    ]


def left_out_of(database: Database, name: str, polls: Polls) -> int:
    """Poll two feeds alike, one by either way, and compare what is stored of them."""
    urls = (f"https://news.example/{way}/{name}" for way in ("known", "whole"))
    ours, theirs = add_feeds(database, *urls)
    left_out = poll(database, ours, polls, leaving_out=True)
    poll(
        database,
        replace(theirs, spec=replace(theirs.spec, url=ours.spec.url)),
        polls,
        leaving_out=False,
    )
    assert stored(database, ours) == stored(database, theirs), name
    return left_out


def test_of_an_everyday_document_only_the_new_item_is_read(database: Database) -> None:
    for number in range(3):
        first, second = make_feed(2, number).editions
        polls: Polls = [(first, None), (second, None), (first, None)]
        assert left_out_of(database, str(number), polls) == 29 + 29


def test_documents_of_other_projects_give_the_same_stories_by_both_ways(
    database: Database,
) -> None:
    """The first poll lacks the first two items, as an older document would."""
    compared = 0
    for row in documents():
        body, kind = (CORPUS / row["file"]).read_bytes(), content_type(row)
        slices = cut(body, kind)
        if slices is None or not 2 < len(slices.hashes) < 50:
            continue
        before = slices.without(set(slices.hashes[:2]))
        try:
            left_out = left_out_of(
                database,
                Path(row["file"]).name,
                [(before, "text/xml; charset=utf-8"), (body, kind)],
            )
        except ParseError:
            continue
        compared += left_out > 0
    if not CORPUS.exists():
        pytest.skip("the feed corpus does not lie beside this checkout")
    assert compared > 40
