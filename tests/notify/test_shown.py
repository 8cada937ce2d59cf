"""What templates are given to show: each text is there where it says something, and only there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from monitor.notify.told import DETAILS, EntryView
from monitor.notify.view import DigestView, view
from monitor.records import Answers, Coverage, Digest, DigestKind
from tests.notify.builders import (
    MONDAY,
    a_digest,
    a_failing_feed,
    a_hit,
    a_note,
    a_story,
    first_told,
)


def shown(digest: Digest, *, in_mail: bool = True) -> DigestView:
    return view(digest, "A subject", DETAILS[0], in_mail=in_mail)


def first_entry(digest: Digest) -> EntryView:
    return shown(digest).sections[0].entries[0]


# ------------------------------------------------------------ one story


def test_the_other_topics_of_a_story_are_named_best_first_each_with_its_best_score() -> None:
    lead, copy = a_story(1, content_key=b"same"), a_story(2, content_key=b"same")
    others = [a_hit(lead, 0.3 + n / 100, topic=f"Topic {n}") for n in range(6)]
    better = a_hit(copy, 0.5, topic="Topic 0")
    entry = first_entry(a_digest(a_hit(lead, 0.9), *others, better))

    assert entry.also == (
        "Topic 0 (0.50), Topic 5 (0.35), Topic 4 (0.34), Topic 3 (0.33), Topic 2 (0.32)"
    )


def test_a_command_names_no_topic_where_only_a_copy_matched_several() -> None:
    lead, copy = a_story(1, content_key=b"same"), a_story(2, content_key=b"same")
    digest = a_digest(a_hit(lead, 0.9), a_hit(copy, 0.5), a_hit(copy, 0.4, topic="Shipping"))

    assert first_entry(digest).commands == ("monitor verdict 1 yes", "monitor verdict 1 no")


def test_updates_beyond_those_told_are_counted() -> None:
    versions = [
        a_story(n, link_key=b"a", published_at=MONDAY - timedelta(hours=9 - n)) for n in range(1, 7)
    ]
    entry = first_entry(a_digest(*(a_hit(each, 0.9 - each.id / 10) for each in versions)))

    assert (len(entry.updates), entry.more_updates) == (3, 2)


def test_a_story_whose_text_says_nothing_has_no_snippet() -> None:
    assert first_entry(a_digest(a_hit(a_story(text=" \u200b ")))).snippet is None
    assert first_entry(a_digest(a_hit(a_story(title="Rain", text="Rain")))).snippet is None


def test_answers_that_are_no_web_addresses_are_none() -> None:
    entry = a_digest().sections[0].entries[0]
    page = "https://news.example/1"
    for answers in (Answers(more=page, less="javascript:x"), Answers(more="", less=page)):
        (section,) = a_digest().sections
        asked = replace(section, entries=(replace(entry, answers=answers),))
        assert first_entry(replace(a_digest(), sections=(asked,))).answers is None


def test_a_subject_from_right_to_left_does_not_turn_the_quotation_mark_behind_it() -> None:
    digest = a_digest(kind=DigestKind.UPDATE, first=first_told("القوات"))

    assert first_entry(digest).first.endswith("“القوات\u200e”")


# ------------------------------------------------------------ the digest


def test_an_inbox_shows_of_a_single_story_its_text_and_of_several_the_next_titles() -> None:
    hits = [a_hit(a_story(n), 0.9 - n / 10) for n in range(1, 7)]

    assert shown(a_digest(hits[0])).preheader == "What happened in story 1."
    assert shown(a_digest(*hits)).preheader == "Story 2; Story 3; Story 4"
    assert shown(a_note("Iraq")).preheader == "Nothing new on Iraq"
    assert shown(a_digest(*hits), in_mail=False).preheader == ""


def test_what_was_watched_is_said_where_there_is_nothing_else_to_say() -> None:
    note = a_note(*(f"Topic {n}" for n in range(8)))

    assert shown(note).watched.endswith("Topic 5 and 2 more")
    assert shown(a_digest(topics=("Iraq", "Shipping"))).watched == ""


def test_of_ill_feeds_a_mail_between_the_hours_says_nothing_at_all() -> None:
    coverage = Coverage(failing=(a_failing_feed(),))
    urgent = shown(a_digest(kind=DigestKind.URGENT, coverage=coverage))

    assert (urgent.failing, urgent.failing_heading) == ((), "")


def test_a_mail_is_ended_by_its_page_or_else_by_an_answer() -> None:
    page = "https://news.example/stop"
    linked = shown(replace(a_digest(), unsubscribe=page))
    broken = shown(replace(a_digest(), unsubscribe="javascript:x"))

    assert (linked.unsubscribe, linked.stop) == (page, "")
    assert (broken.unsubscribe, bool(broken.stop)) == (None, True)
