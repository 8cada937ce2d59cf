"""How counts, times and reasons are said, and what fits into a subject."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.notify.subject import MAX_SUBJECT, subject_of
from monitor.notify.wording import count, local_time, reason_words
from monitor.records import DigestKind, Term
from tests.notify.builders import a_digest, a_hit, a_note, a_story

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "no stories"), (1, "1 story"), (2, "2 stories"), (1482, "1,482 stories")],
)
def test_none_one_and_many_are_counted_each_in_its_way(number: int, said: str) -> None:
    assert count(number, "story", "stories") == said


def test_the_year_goes_without_saying_by_the_calendar_of_the_reader() -> None:
    today = datetime(2024, 12, 31, 23, 30, tzinfo=UTC)  # half past midnight in Berlin

    assert local_time(today, BERLIN, today=today) == "Wed 1 Jan, 00:30 CET"
    before = today - timedelta(hours=1)
    assert local_time(before, BERLIN, today=today) == "Tue 31 Dec 2024, 23:30 CET"


def test_of_a_score_of_nothing_no_word_has_a_share() -> None:
    match = replace(a_hit(a_story()).match, score=0.0)

    assert reason_words(match, 6) == ""


def test_a_term_is_one_line_that_keeps_its_percentage_behind_it() -> None:
    terms = (Term(text="القوات", share=0.3), Term(text="two\nlines", share=0.2))
    match = a_hit(a_story(), 0.5, terms=terms).match

    assert reason_words(match, 6) == "القوات\u200e 60%, two lines 40%"


# ------------------------------------------------------------ subjects


def test_an_urgent_subject_is_as_short_as_any_other_however_long_its_topic() -> None:
    hits = [a_hit(a_story(n, title="word " * 60), topic="topic " * 60) for n in (1, 2)]
    subject = subject_of(a_digest(*hits, kind=DigestKind.URGENT))

    assert len(subject) <= MAX_SUBJECT
    assert len(subject.partition(": ")[0]) <= 30
    assert subject.endswith("word… (+1 more)")


def test_where_no_topic_was_watched_nothing_is_new_on_any() -> None:
    assert subject_of(a_note()) == "Nothing new on any topic"
