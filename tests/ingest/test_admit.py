"""What is a story, which one it is, when it was, and whether it is news."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ingest.admit import admit
from monitor.ingest.marks import pack, unpack
from monitor.ingest.urls import digest
from monitor.records import Entry, NewStory, ParsedFeed
from tests.ingest import reference
from tests.ingest.builders import DAY, NOW, document, entry, feed

LINK = "https://news.example/story"


def stories(*entries: Entry, first_poll: bool = False) -> tuple[NewStory, ...]:
    return admit(document(*entries), feed(is_new=first_poll), NOW, DAY).stories


def known_again(before: Entry, after: Entry, *others: Entry) -> bool:
    """Whether ``after`` is taken for the story that ``before`` was at an earlier poll."""
    (first,) = stories(before)
    second = stories(after, *others)[0]
    return not set(first.keys).isdisjoint(second.keys)


def test_keys_are_sixteen_bytes_and_the_same_for_the_same_entry() -> None:
    one = entry(guid="1", url=LINK)
    assert stories(one) == stories(one)
    assert {len(key) for key in stories(one)[0].keys} == {16}


def test_an_edited_entry_is_known_by_its_id() -> None:
    assert known_again(
        entry("Old title", "old", guid="1", url=LINK), entry("New", "new", guid="1", url=LINK + "2")
    )


def test_an_id_that_moved_is_known_by_link_and_title() -> None:
    before = entry("The title", guid="http://news.example/?p=1", url=LINK)
    assert known_again(before, entry("The  title!", guid="https://news.example/?p=1", url=LINK))
    assert not known_again(before, entry("Another", guid="https://news.example/?p=2", url=LINK))
    assert not known_again(before, entry("The title", guid="2", url=LINK + "-2"))


def test_without_an_id_the_link_is_the_identity() -> None:
    before = entry("Old title", url=LINK)
    assert known_again(before, entry("New title", "new", url="http://www.news.example/story/"))
    assert not known_again(before, entry("Old title", url=LINK + "-2"))


def test_without_id_and_link_the_content_is() -> None:
    assert known_again(entry("A title", "Text."), entry("a title", "text"))
    assert not known_again(entry("A title", "Text."), entry("A title", "Other text."))


@pytest.mark.parametrize(
    "link",
    ["https://news.example/feed.xml", "https://news.example/", "https://news.example"],
    ids=["the feed's own address", "front page", "front page without slash"],
)
def test_a_link_that_names_no_story_is_no_identity(link: str) -> None:
    first, second = stories(entry("One", "a", url=link)), stories(entry("Two", "b", url=link))
    assert set(first[0].keys).isdisjoint(second[0].keys)
    assert first[0].link_key is None
    assert not known_again(
        entry("Daily", "a", guid="1", url=link), entry("Daily", guid="2", url=link)
    )


def test_a_link_that_several_entries_share_is_no_identity() -> None:
    changes = "https://news.example/changes#"
    found = stories(entry("1.0", "a", url=changes + "1"), entry("1.1", "b", url=changes + "2"))
    assert [story.title for story in found] == ["1.0", "1.1"]
    assert [story.link_key for story in found] == [None, None]


def test_an_id_that_different_entries_share_is_no_identity() -> None:
    found = stories(
        entry("One", "a", guid="same", url=LINK + "1"),
        entry("Two", "b", guid="same", url=LINK + "2"),
    )
    assert [story.title for story in found] == ["One", "Two"]


def test_copies_within_a_document_are_folded_into_the_first() -> None:
    one = entry("One", guid="1", url=LINK)
    assert len(stories(one, one)) == 1
    assert len(stories(entry("One", url=LINK), entry("One", url=LINK))) == 1
    assert len(stories(entry("One"), entry("One"))) == 1
    assert len(stories(one, entry("One, corrected", guid="1", url=LINK))) == 1


def test_an_entry_that_says_nothing_is_no_story() -> None:
    assert stories(entry("", "", guid="1", url=LINK)) == ()


def test_a_text_without_a_title_is_given_its_beginning() -> None:
    (short,) = stories(entry("", "A short note.\nMore."))
    assert short.title == "A short note."
    (long,) = stories(entry("", "word " * 100))
    assert long.title.startswith("word word")
    assert long.title.endswith("word…")
    assert len(long.title) <= 101


@pytest.mark.parametrize(
    "unusable",
    [None, datetime(1989, 12, 31, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC), NOW + DAY * 1.01,
     datetime(9999, 12, 31, tzinfo=UTC)],
)  # fmt: skip
def test_an_unusable_date_becomes_the_time_of_discovery(unusable: datetime | None) -> None:
    assert stories(entry(published_at=unusable))[0].published_at == NOW


@pytest.mark.parametrize("usable", [datetime(1990, 1, 1, tzinfo=UTC), NOW, NOW + DAY / 2])
def test_other_dates_are_kept(usable: datetime) -> None:
    assert stories(entry(published_at=usable))[0].published_at == usable


@pytest.mark.parametrize(
    ("owner", "item", "document_says", "default", "spoken"),
    [
        ("de", "fr", "en", "es", "de"),
        (None, "fr", "en", "es", "fr"),
        (None, None, "en", "es", "en"),
        (None, None, None, "es", "es"),
        (None, None, None, None, None),
    ],
)
def test_the_language_is_the_owners_then_the_items_then_the_documents_then_the_default(
    owner: str | None,
    item: str | None,
    document_says: str | None,
    default: str | None,
    spoken: str | None,
) -> None:
    parsed = replace(document(replace(entry(), language=item)), language=document_says)
    (found,) = admit(parsed, feed(language=owner), NOW, DAY, language=default).stories
    assert found.language == spoken


def test_at_the_first_poll_what_is_older_than_a_day_is_backlog() -> None:
    found = stories(
        entry("fresh", published_at=NOW - DAY / 2),
        entry("just", published_at=NOW - DAY),
        entry("old", published_at=NOW - DAY - timedelta(seconds=1)),
        first_poll=True,
    )
    assert [story.backlog for story in found] == [False, False, True]


def test_at_the_first_poll_only_twenty_undated_stories_are_news() -> None:
    undated = [entry(f"Title {n}", published_at=None) for n in range(30)]
    found = stories(*undated, entry("dated", published_at=NOW - DAY / 2), first_poll=True)
    assert [story.backlog for story in found] == [False] * 20 + [True] * 10 + [False]


def test_later_nothing_is_backlog_however_old_its_date() -> None:
    late = [entry(f"Title {n}", published_at=NOW - 30 * DAY) for n in range(3)]
    undated = [entry(f"Undated {n}", published_at=None) for n in range(30)]
    assert not any(story.backlog for story in stories(*late, *undated))


ENTRIES = st.builds(
    Entry,
    guid=st.none() | st.sampled_from("ab"),
    url=st.none() | st.sampled_from([LINK, LINK + "2", "https://news.example/", "http://[x"]),
    title=st.sampled_from(["", "One", "Two"]),
    text=st.sampled_from(["", "Text", "Other"]),
    published_at=st.none() | st.datetimes(timezones=st.just(UTC)),
)


def marked(*entries: Entry) -> list[Entry]:
    """The entries with the hash that items have that say what they say."""
    return [replace(each, raw=digest("raw", repr(each))) for each in entries]


MARKED = ENTRIES.map(lambda each: marked(each)[0])


@given(st.lists(ENTRIES, max_size=8))
def test_the_keys_are_those_of_the_plain_way(entries: list[Entry]) -> None:
    plain = reference.Document(entries, feed().spec.url)
    told = {
        (plain.keys(each), plain.link(each), reference.copy_key(each), each.text)
        for each in entries
    }
    for found in stories(*entries):
        assert (found.keys, found.link_key, found.content_key, found.text) in told


@given(st.lists(MARKED, max_size=8), st.data())
def test_known_items_left_out_change_nothing_for_the_others(
    before: list[Entry], data: st.DataObject
) -> None:
    kept = st.sampled_from(before) if before else st.nothing()
    after = data.draw(st.lists(kept | MARKED, max_size=10))
    remembered = unpack(pack(admit(document(*before), feed(), NOW, DAY).marks))
    known = {mark.raw for mark in remembered}
    wholly = admit(document(*after), feed(), NOW, DAY)
    partly = admit(without(known, after), feed(), NOW, DAY, marks=remembered)
    theirs = identities_of(known, after)
    assert others(wholly.stories, theirs) == others(partly.stories, theirs)
    assert set(wholly.marks) == set(partly.marks)


def without(known: set[bytes], entries: list[Entry]) -> ParsedFeed:
    left_out = tuple(each.raw for each in entries if each.raw in known and each.raw)
    unread = (each for each in entries if each.raw not in known)
    return replace(document(*unread), known=left_out)


def identities_of(known: set[bytes], entries: list[Entry]) -> set[bytes]:
    """The first keys under which a known item stands in a document before all others."""
    plain = reference.Document(entries, feed().spec.url)
    first: dict[bytes, Entry] = {}
    for each in entries:
        if each.title or each.text:
            first.setdefault(plain.keys(each)[0], each)
    return {key for key, each in first.items() if each.raw in known}


def others(found: tuple[NewStory, ...], identities: set[bytes]) -> list[NewStory]:
    return [each for each in found if each.keys[0] not in identities]


def test_an_id_that_a_known_item_bears_elsewhere_is_no_identity() -> None:
    old, new = marked(entry("One", guid="1", url=LINK), entry("Two", guid="1", url=LINK + "2"))
    marks = admit(document(old), feed(), NOW, DAY).marks
    (found,) = admit(without({marks[0].raw}, [old, new]), feed(), NOW, DAY, marks=marks).stories
    assert found.keys == stories(old, new)[1].keys != stories(new)[0].keys


def test_a_link_that_a_known_item_bears_too_is_no_identity() -> None:
    old, new = marked(entry("One", "a", url=LINK), entry("Two", "b", url=LINK))
    marks = admit(document(old), feed(), NOW, DAY).marks
    (found,) = admit(without({marks[0].raw}, [old, new]), feed(), NOW, DAY, marks=marks).stories
    assert found.link_key is None
    assert found.keys == stories(old, new)[1].keys


def test_an_edit_beside_its_known_original_is_a_story_that_the_store_knows() -> None:
    old, new = marked(entry("One", guid="1", url=LINK), entry("Mended", guid="1", url=LINK))
    first = admit(document(old), feed(), NOW, DAY)
    parsed = without({first.marks[0].raw}, [old, new])
    (found,) = admit(parsed, feed(), NOW, DAY, marks=first.marks).stories
    assert found.keys[0] in first.stories[0].keys


def test_an_item_that_cannot_be_told_by_its_bytes_gets_no_mark() -> None:
    one, other = entry("One", guid="1"), entry("Two", guid="2")
    marks = admit(document(one, *marked(other)), feed(), NOW, DAY).marks
    assert [mark.raw for mark in marks] == [each.raw for each in marked(other)]


def test_what_left_the_document_is_forgotten() -> None:
    gone, stays = marked(entry("One", guid="1"), entry("Two", guid="2"))
    marks = admit(document(gone, stays), feed(), NOW, DAY).marks
    again = admit(replace(document(), known=(stays.raw or b"",)), feed(), NOW, DAY, marks=marks)
    assert [mark.raw for mark in again.marks] == [stays.raw]


@given(st.lists(ENTRIES, max_size=8), st.booleans())
def test_no_two_stories_of_a_document_share_a_key(entries: list[Entry], first_poll: bool) -> None:
    found = stories(*entries, first_poll=first_poll)
    keys = [key for story in found for key in story.keys]
    assert len(keys) == len(set(keys))
    assert all(story.title and story.keys for story in found)


def test_a_story_dated_this_very_moment_is_dated() -> None:
    found = stories(*(entry(f"Title {n}", published_at=NOW) for n in range(30)), first_poll=True)
    assert not any(story.backlog for story in found)


def test_a_long_text_is_a_copy_wherever_it_stands() -> None:
    here = replace(entry("Title", text="word " * 20), url="https://a.example/1", guid="1")
    there = replace(here, url="https://b.example/2", guid="2")
    assert stories(here)[0].content_key == stories(there)[0].content_key


def test_a_short_text_that_recurs_elsewhere_is_another_story() -> None:
    monday = replace(entry("Situation report", text=""), url="https://a.example/1", guid="1")
    tuesday = replace(monday, url="https://a.example/2", guid="2")
    assert stories(monday)[0].content_key != stories(tuesday)[0].content_key
