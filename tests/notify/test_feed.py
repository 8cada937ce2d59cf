"""A folder of feeds: each topic has one, of its newest matches, that any reader takes."""

from __future__ import annotations

import fcntl
import logging
import os
import re
import stat
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import DeliveryError
from monitor.notify.atom import as_entries, read, topic_feed
from monitor.notify.feed import MAX_ENTRIES, FeedTransport, file_name
from monitor.records import Digest, MatchedStory, Message, Term
from tests.notify.builders import MONDAY, a_digest, a_hit, a_story, hostile_texts

DAY = timedelta(days=1)


def a_message(*hits: MatchedStory, day: int = 0) -> Message:
    digest = a_digest(*hits, recipient="feeds", slot=MONDAY + day * DAY, cap=500)
    return as_entries(digest).message


def a_numbered_message(number: int, *, day: int = 0) -> Message:
    return a_message(a_hit(a_story(number)), day=day)


def parsed(file: Path) -> Any:
    found = feedparser.parse(file.read_bytes())
    assert not found.bozo, found.get("bozo_exception")
    return found


def titles(file: Path) -> list[str]:
    return [entry.title for entry in parsed(file).entries]


def test_a_feed_says_of_each_story_what_where_and_why(tmp_path: Path) -> None:
    hit = a_hit(a_story(1, title="Troops leave & go <home>"), 0.46)
    copy = a_hit(a_story(2, source="Example Gazette", content_key=b"text 1"), 0.4)
    FeedTransport(tmp_path).send(a_message(hit, copy))

    found = parsed(tmp_path / "iraq.atom")
    (entry,) = found.entries
    assert (found.version, found.feed.title) == ("atom10", "Iraq")
    assert found.feed.updated == MONDAY.isoformat()
    assert (entry.title, entry.link) == ("Troops leave & go <home>", "https://wire.example/1")
    assert (entry.author, entry.tags[0].term) == ("Example Wire", "Iraq")
    assert entry.published == hit.story.published_at.isoformat()
    assert entry.content[0].value == (
        "<p>What happened in story 1.</p>"
        "<p>Matched with score 0.46, threshold 0.27. Why: combat mission 43%, troops 33%, other"
        " words 24%. Also in: Example Gazette.</p>"
    )


def test_the_message_is_an_atom_document_itself() -> None:
    message = a_numbered_message(1)
    found = feedparser.parse(message.raw)
    assert message.content_type == "application/atom+xml"
    assert not found.bozo
    assert found.feed.id != found.entries[0].id


def test_a_repeat_changes_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        FeedTransport(tmp_path).send(a_numbered_message(1))
        seen = (tmp_path / "iraq.atom").read_bytes()
    FeedTransport(tmp_path).send(a_numbered_message(1))
    assert (tmp_path / "iraq.atom").read_bytes() == seen


def test_a_story_keeps_its_id_and_is_told_as_it_was_last(tmp_path: Path) -> None:
    old = a_story(1, title="Troops to leave", link_key=b"a" * 16)
    new = replace(a_story(2, title="Troops have left", link_key=b"a" * 16), content_key=b"new")
    FeedTransport(tmp_path).send(a_message(a_hit(old)))
    before = parsed(tmp_path / "iraq.atom").entries[0].id
    FeedTransport(tmp_path).send(a_message(a_hit(new), day=1))
    (entry,) = parsed(tmp_path / "iraq.atom").entries
    assert (entry.id, entry.title) == (before, "Troops have left")


def test_the_latest_version_of_a_story_takes_the_place_of_the_earlier(tmp_path: Path) -> None:
    first = a_story(1, title="Troops to leave", link_key=b"a" * 16)
    later = a_story(
        2, title="Troops have left", link_key=b"a" * 16, published_at=first.published_at + DAY / 9
    )
    FeedTransport(tmp_path).send(a_message(a_hit(first, 0.6), a_hit(later, 0.5)))
    assert titles(tmp_path / "iraq.atom") == ["Troops have left"]


@given(order=st.permutations(range(5)), days=st.lists(st.integers(0, 2), min_size=5, max_size=5))
@settings(max_examples=25)
def test_in_whatever_order_messages_arrive_the_feed_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, order: Sequence[int], days: list[int]
) -> None:
    messages = [a_numbered_message(n % 3 + 1, day=day) for n, day in enumerate(days)]
    feeds = []
    for numbers in (range(5), [*order, order[0]]):
        folder = tmp_path_factory.mktemp("feeds")
        for number in numbers:
            FeedTransport(folder).send(messages[number])
        feeds.append((folder / "iraq.atom").read_bytes())
    assert feeds[0] == feeds[1]


def test_of_two_versions_told_at_one_time_the_same_stays_in_whatever_order_they_arrive(
    tmp_path: Path,
) -> None:
    messages = [
        a_message(a_hit(a_story(1, title=title, link_key=b"a" * 16))) for title in ("One", "Two")
    ]
    feeds = []
    for name, order in (("one", messages), ("other", messages[::-1])):
        for message in order:
            FeedTransport(tmp_path / name).send(message)
        feeds.append((tmp_path / name / "iraq.atom").read_bytes())

    assert feeds[0] == feeds[1]


def test_the_newest_hundred_stay(tmp_path: Path) -> None:
    first = [a_hit(a_story(number)) for number in range(1, MAX_ENTRIES + 1)]
    FeedTransport(tmp_path).send(a_message(*first))
    FeedTransport(tmp_path).send(a_numbered_message(500, day=1))
    found = titles(tmp_path / "iraq.atom")
    assert len(found) == MAX_ENTRIES == 100
    assert found[0] == "Story 500"


def test_a_story_of_two_topics_stands_in_both_feeds(tmp_path: Path) -> None:
    story = a_story(1)
    FeedTransport(tmp_path).send(
        a_message(a_hit(story, 0.5), a_hit(story, 0.3, topic="Defence", topic_id=2))
    )
    (iraq,), (defence,) = (parsed(tmp_path / f"{n}.atom").entries for n in ("iraq", "defence"))
    assert iraq.link == defence.link
    assert iraq.id != defence.id
    assert "score 0.30" in defence.content[0].value


def test_a_digest_without_stories_leaves_the_feeds_as_they_are(tmp_path: Path) -> None:
    empty = replace(a_digest(recipient="feeds"), sections=())
    FeedTransport(tmp_path).send(as_entries(empty).message)
    assert list(tmp_path.iterdir()) == []


def test_the_file_of_a_topic_is_called_by_its_name() -> None:
    assert file_name("Iraq advisory mission") == "iraq-advisory-mission.atom"


def test_topics_whose_names_look_alike_have_files_of_their_own() -> None:
    names = ["a b", "a-b", "a  b", "a_b", "a b!", "ä b", "العراق", "إيران", "", "x" * 61, "x" * 62]
    files = {file_name(name) for name in names}
    assert len(files) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]{1,69}\.atom", file) for file in files)


def test_a_topic_in_arabic_of_300_characters_has_a_feed(tmp_path: Path) -> None:
    topic = "العراق " * 43
    FeedTransport(tmp_path).send(a_message(a_hit(a_story(1), topic=topic)))
    (file,) = tmp_path.iterdir()
    assert parsed(file).feed.title == topic.strip()


@given(title=hostile_texts, source=hostile_texts, term=hostile_texts)
@settings(max_examples=60)
def test_any_text_makes_a_feed_that_reads_back_the_same(title: str, source: str, term: str) -> None:
    digest = a_digest(
        a_hit(a_story(1, title=title, text=title, source=source), topic=term), recipient="feeds"
    )
    (entry,) = read(as_entries(digest).message.raw)
    found = feedparser.parse(as_entries(digest).message.raw)
    assert not found.bozo
    assert found.entries[0].id == entry.id
    assert found.entries[0].link == entry.link == "https://wire.example/1"


def test_a_title_with_controls_marks_and_emoji_is_read_as_it_is_meant(tmp_path: Path) -> None:
    title = "A\x00\x0b\ufffe\u202e\ud800 line\r\nbreak 👩\u200d🚒 العراق ]]> &amp;"
    FeedTransport(tmp_path).send(a_message(a_hit(a_story(title=title))))
    assert titles(tmp_path / "iraq.atom") == ["A line break 👩\u200d🚒 العراق ]]> &amp;"]


@pytest.mark.parametrize(
    "damage",
    [b"", b"<feed", b"<html/>", b'<feed xmlns="http://www.w3.org/2005/Atom"><entry/></feed>'],
)
def test_a_damaged_feed_is_moved_aside_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: bytes
) -> None:
    (tmp_path / "iraq.atom").write_bytes(damage)
    with caplog.at_level(logging.WARNING):
        FeedTransport(tmp_path).send(a_numbered_message(1))
    assert titles(tmp_path / "iraq.atom") == ["Story 1"]
    (aside,) = tmp_path.glob("iraq.atom.damaged-*")
    assert aside.read_bytes() == damage
    assert "moved aside" in caplog.text


def test_a_web_server_may_read_a_feed(tmp_path: Path) -> None:
    FeedTransport(tmp_path).send(a_numbered_message(1))
    assert stat.S_IMODE((tmp_path / "iraq.atom").stat().st_mode) == 0o644


def test_what_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    occupied = tmp_path / "feeds"
    occupied.write_text("a file where the folder should be")
    transport = FeedTransport(occupied)
    for attempt in (transport.check, lambda: transport.send(a_numbered_message(1))):
        with pytest.raises(DeliveryError, match="make the folder writable") as caught:
            attempt()
        assert (caught.value.permanent, caught.value.ambiguous) == (False, False)


def test_a_message_that_was_made_for_another_way_is_given_up(tmp_path: Path) -> None:
    message = replace(a_numbered_message(1), raw=b'{"type": "digest.scheduled"}')
    with pytest.raises(DeliveryError, match="another kind of channel") as caught:
        FeedTransport(tmp_path).send(message)
    assert caught.value.permanent


def test_a_check_leaves_nothing_behind(tmp_path: Path) -> None:
    FeedTransport(tmp_path / "feeds").check()
    assert list((tmp_path / "feeds").iterdir()) == []


def test_who_folds_waits_for_another_process_that_does(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as other:
        handle = os.open(tmp_path, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
        sending = other.submit(FeedTransport(tmp_path).send, a_numbered_message(1))
        with pytest.raises(TimeoutError):
            sending.result(timeout=0.1)
        os.close(handle)
        sending.result(timeout=30)
        assert titles(tmp_path / "iraq.atom") == ["Story 1"]


def test_what_is_told_is_the_digest_as_it_was() -> None:
    digest: Digest = a_digest(recipient="feeds")
    assert as_entries(digest).digest == digest


def test_text_of_strangers_is_no_markup_in_an_entry() -> None:
    markup = "<script>alert(1)</script>"
    lead = a_story(1, text=markup, content_key=b"same")
    copy = a_story(2, source=markup, content_key=b"same")
    terms = (Term(text=markup, share=0.3),)
    digest = a_digest(a_hit(lead, 0.5, terms=terms), a_hit(copy, 0.4))

    (entry,) = read(as_entries(digest).message.raw)
    assert "<script" not in entry.content
    assert entry.content.count("&lt;script&gt;") == 3


def test_each_other_source_is_named_once_and_six_at_most() -> None:
    sources = ["Example Wire", "Post", "Post", *(f"Paper {n}" for n in range(7))]
    copies = [
        a_hit(a_story(n, source=source, content_key=b"same"), 0.9 - n / 100)
        for n, source in enumerate(sources)
    ]

    (entry,) = read(as_entries(a_digest(*copies)).message.raw)
    assert entry.content.endswith(
        "Also in: Post, Paper 0, Paper 1, Paper 2, Paper 3, Paper 4 and 2 more.</p>"
    )


@pytest.mark.parametrize("url", ["javascript:alert(1)", None])
def test_what_is_no_web_address_is_no_link(url: str | None) -> None:
    raw = as_entries(a_digest(a_hit(a_story(url=url)))).message.raw

    assert b"<link" not in raw
    (entry,) = read(raw)
    assert entry.link == ""


def test_a_term_with_signs_that_xml_cannot_hold_is_told_without_them() -> None:
    terms = (Term(text="troops\uffff", share=0.3),)

    (entry,) = read(as_entries(a_digest(a_hit(a_story(), terms=terms))).message.raw)
    assert "Why: troops 60%, other words 40%." in entry.content


@pytest.mark.parametrize("tag", ["category", "id", "title", "author", "published", "content"])
def test_a_document_with_an_entry_that_lacks_something_is_none_of_ours(tag: str) -> None:
    whole = as_entries(a_digest()).message.raw.decode()
    head, _, entry = whole.partition("<entry>")
    without = re.sub(rf"<{tag}[ >/].*?(</{tag}>|/>)", "", entry, count=1, flags=re.DOTALL)

    with pytest.raises(ValueError, match=f"has an entry without {tag}"):
        read(f"{head}<entry>{without}".encode())


def test_a_feed_was_updated_when_its_newest_entry_was(tmp_path: Path) -> None:
    for day in (1, 0):
        FeedTransport(tmp_path).send(a_numbered_message(day, day=day))

    assert parsed(tmp_path / "iraq.atom").feed.updated == (MONDAY + DAY).isoformat()


def test_feeds_of_one_topic_in_two_channels_are_two() -> None:
    (entry,) = read(as_entries(a_digest()).message.raw)
    one, other = (feedparser.parse(topic_feed(name, "Iraq", [entry])) for name in ("one", "other"))

    assert one.feed.id != other.feed.id
    assert one.feed.title == other.feed.title == "Iraq"


def test_the_file_of_a_topic_in_another_script_begins_with_a_word() -> None:
    assert re.fullmatch(r"topic-[0-9a-f]{8}\.atom", file_name("العراق"))
