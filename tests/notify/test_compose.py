"""A digest tells each story once, best first, and accounts for every match it was given."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.notify.compose import keep_best
from monitor.records import (
    Digest,
    DigestEntry,
    DigestKind,
    FirstTold,
    MatchedStory,
    WhenEmpty,
)
from tests.notify.builders import MONDAY, a_digest, a_hit, a_story, composed


def entries(digest: Digest) -> list[DigestEntry]:
    return [entry for section in digest.sections for entry in section.entries]


def lead_ids(digest: Digest) -> list[int]:
    return [entry.lead.story.id for entry in entries(digest)]


def test_nothing_to_say_is_no_digest() -> None:
    assert composed([]) is None


def test_stories_are_ranked_by_score_and_then_newest_first() -> None:
    old, new = MONDAY - timedelta(hours=8), MONDAY - timedelta(hours=2)
    digest = a_digest(
        a_hit(a_story(1, published_at=old), 0.4),
        a_hit(a_story(2, published_at=new), 0.4),
        a_hit(a_story(3), 0.6),
    )

    assert lead_ids(digest) == [3, 2, 1]


def test_topics_stand_in_the_order_of_their_best_story() -> None:
    digest = a_digest(
        a_hit(a_story(1), 0.5, topic="Shipping"),
        a_hit(a_story(2), 0.3, topic="Iraq"),
        a_hit(a_story(3), 0.9, topic="Iraq"),
    )

    assert [section.topic for section in digest.sections] == ["Iraq", "Shipping"]


@pytest.mark.parametrize("shared", ["link_key", "content_key"])
def test_copies_are_one_entry_led_by_the_best(shared: str) -> None:
    digest = a_digest(
        a_hit(a_story(1, **{shared: b"same"}), 0.5),  # type: ignore[arg-type]
        a_hit(a_story(2, **{shared: b"same"}), 0.6),  # type: ignore[arg-type]
    )

    (entry,) = entries(digest)
    assert entry.lead.story.id == 2
    assert [echo.story.id for echo in entry.echoes] == [1]


def test_of_copies_with_equal_score_the_earliest_leads() -> None:
    digest = a_digest(
        a_hit(a_story(1, content_key=b"same", published_at=MONDAY - timedelta(hours=1))),
        a_hit(a_story(2, content_key=b"same", published_at=MONDAY - timedelta(hours=5))),
    )

    assert lead_ids(digest) == [2]


def test_a_copy_of_a_copy_belongs_to_the_same_entry() -> None:
    digest = a_digest(
        a_hit(a_story(1, link_key=b"a")),
        a_hit(a_story(3, content_key=b"t")),
        a_hit(a_story(2, link_key=b"a", content_key=b"t")),
    )

    assert len(entries(digest)) == 1


def test_stories_without_a_link_are_not_copies_of_each_other() -> None:
    digest = a_digest(a_hit(a_story(1, link_key=None)), a_hit(a_story(2, link_key=None)))

    assert len(entries(digest)) == 2


def test_a_story_of_several_topics_is_told_once_under_its_best() -> None:
    story = a_story(1)
    digest = a_digest(a_hit(story, 0.3, topic="Shipping"), a_hit(story, 0.6, topic="Iraq"))

    (section,) = digest.sections
    (entry,) = section.entries
    assert section.topic == "Iraq"
    assert entry.echoes == ()
    assert [match.topic for match in entry.also] == ["Shipping"]


def test_what_exceeds_the_cap_is_cut_best_first() -> None:
    digest = a_digest(*(a_hit(a_story(n), n / 10) for n in range(1, 6)), cap=2)

    assert lead_ids(digest) == [5, 4]
    assert [match.story.id for match in digest.cut] == [3, 2, 1]


def test_a_loud_topic_does_not_push_out_the_best_of_a_quiet_one() -> None:
    loud = [a_hit(a_story(n), 0.8, topic="Loud") for n in range(1, 6)]
    digest = a_digest(*loud, a_hit(a_story(9), 0.3, topic="Quiet"), cap=3)

    assert [(s.topic, len(s.entries)) for s in digest.sections] == [("Loud", 2), ("Quiet", 1)]


def test_what_a_feed_publishes_later_at_the_same_address_is_an_update_newest_first() -> None:
    hours = [MONDAY - timedelta(hours=each) for each in (6, 3, 1)]
    digest = a_digest(
        *(
            a_hit(a_story(n, link_key=b"a", published_at=at), 0.9 - n / 10)
            for n, at in enumerate(hours, 1)
        )
    )

    (entry,) = entries(digest)
    assert [update.story.id for update in entry.updates] == [3, 2]
    assert entry.echoes == ()


def test_another_feed_that_lists_the_address_in_its_own_words_is_a_copy() -> None:
    later = a_story(2, link_key=b"a", published_at=MONDAY)
    digest = a_digest(a_hit(a_story(1, link_key=b"a"), 0.6), a_hit(replace(later, feed_id=2), 0.5))

    (entry,) = entries(digest)
    assert entry.updates == ()
    assert [echo.story.id for echo in entry.echoes] == [2]


def test_what_a_feed_brings_again_with_the_same_text_is_a_copy() -> None:
    again = a_story(2, link_key=b"a", content_key=b"same", published_at=MONDAY)
    first = a_story(1, link_key=b"a", content_key=b"same")

    (entry,) = entries(a_digest(a_hit(first, 0.6), a_hit(again, 0.5)))
    assert entry.updates == ()
    assert [echo.story.id for echo in entry.echoes] == [2]


def test_of_what_has_no_address_nothing_is_an_update() -> None:
    """Two copies of a third story, which have their texts from it and no address."""
    linked = [a_story(n, link_key=b"a", content_key=b"%d" % n) for n in (1, 2)]
    bare = [
        a_story(n + 2, content_key=b"%d" % n, published_at=MONDAY + timedelta(hours=n))
        for n in (1, 2)
    ]

    (entry,) = entries(a_digest(a_hit(bare[0], 0.9), *(a_hit(each) for each in (*linked, bare[1]))))
    assert entry.lead.story.id == 3
    assert entry.updates == ()


def test_what_is_too_old_for_news_is_among_the_cut_best_first_without_its_text() -> None:
    stale = [a_hit(a_story(n, title="title " * 99), n / 10) for n in (1, 3, 2)]
    digest = composed([a_hit(a_story(9), 0.25)], stale=stale)

    assert digest is not None
    assert lead_ids(digest) == [9]
    assert [match.story.id for match in digest.cut] == [3, 2, 1]
    assert {match.story.text for match in digest.cut} == {""}
    assert all(len(match.story.title) <= 200 for match in digest.cut)


def test_an_hour_without_news_is_silent_or_a_digest_without_sections() -> None:
    assert composed([], when_empty=WhenEmpty.SILENT) is None
    note = composed([], when_empty=WhenEmpty.NOTE, topics=("Iraq", "Shipping"))

    assert note is not None
    assert (note.sections, note.cut) == ((), ())
    assert note.topics == ("Iraq", "Shipping")


def test_the_weeks_of_a_topic_stand_with_its_section() -> None:
    digest = a_digest(a_hit(a_story()), weeks={"Iraq": (0, 4, 2), "Shipping": (1, 1, 1)})

    assert [section.weeks for section in digest.sections] == [(0, 4, 2)]


def test_every_entry_of_an_update_knows_the_message_that_told_its_story_first() -> None:
    first = FirstTold(message_id="<1@example.org>", subject="Title", told_at=MONDAY)
    digest = composed([a_hit(a_story())], kind=DigestKind.UPDATE, first=first)

    assert digest is not None
    assert (digest.kind, digest.first) == (DigestKind.UPDATE, first)
    assert [entry.first for entry in entries(digest)] == [first]


def test_no_more_of_a_text_is_kept_than_can_be_shown() -> None:
    long = a_story(1, title="title " * 9000, text="text " * 9000)
    cut = a_story(2, text="text " * 9000)
    untitled = a_story(3, title="\u202e ", text="words " * 9000)
    digest = a_digest(a_hit(long, 0.9), a_hit(cut, 0.5), a_hit(untitled, 0.4), cap=1)

    (told,) = (entry.lead.story for entry in entries(digest))
    assert len(told.title) <= 200
    assert len(told.text) <= 300
    assert [match.story.text for match in digest.cut][:1] == [""]
    assert digest.cut[1].story.text.startswith("words")


def test_a_cap_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="cap"):
        composed([a_hit(a_story())], cap=0)


hits = st.builds(
    lambda story_id, topic, score, link, text: a_hit(
        a_story(
            story_id,
            link_key=link,
            content_key=text,
            published_at=MONDAY - timedelta(hours=story_id % 4),
        ),
        score,
        topic=topic,
    ),
    story_id=st.integers(1, 12),
    topic=st.sampled_from(("Iraq", "Shipping", "Ports")),
    score=st.sampled_from((0.3, 0.4, 0.5)),
    link=st.sampled_from((None, b"a", b"b")),
    text=st.sampled_from((b"", b"t", b"u")),
)


def test_what_is_cut_later_takes_its_place_among_what_was_cut_before() -> None:
    hits = [a_hit(a_story(n), 1 - n / 10) for n in range(1, 5)]
    quiet = a_hit(a_story(9), 0.55, topic="Quiet")
    digest = keep_best(a_digest(*hits, quiet, cap=3), 1)

    assert lead_ids(digest) == [1]
    assert [match.story.id for match in digest.cut] == [2, 3, 4, 9]


def key(match: MatchedStory) -> tuple[int, str]:
    return (match.story.id, match.topic)


@settings(deadline=None)
@given(
    candidates=st.lists(hits, max_size=25, unique_by=lambda hit: (hit.story.id, hit.topic)),
    cap=st.integers(1, 6),
)
def test_every_match_is_accounted_for_once(candidates: list[MatchedStory], cap: int) -> None:
    digest = composed(candidates, cap=cap)
    if digest is None:
        assert not candidates
        return
    told = [m for e in entries(digest) for m in (e.lead, *e.echoes, *e.updates, *e.also)]

    assert Counter(map(key, (*told, *digest.cut))) == Counter(map(key, candidates))
    assert len(entries(digest)) <= cap
    assert len({m.story.id for m in told}) == sum(
        1 + len(e.echoes) + len(e.updates) for e in entries(digest)
    )


@settings(deadline=None)
@given(
    candidates=st.lists(hits, max_size=25, unique_by=lambda hit: (hit.story.id, hit.topic)),
    cap=st.integers(3, 6),
    room=st.integers(0, 6),
)
def test_keeping_fewer_is_as_if_fewer_had_been_asked_for(
    candidates: list[MatchedStory], cap: int, room: int
) -> None:
    digest = composed(candidates, cap=cap, when_empty=WhenEmpty.NOTE)
    assert digest is not None
    fewer = keep_best(digest, room)

    told = [m for e in entries(fewer) for m in (e.lead, *e.echoes, *e.updates, *e.also)]
    assert Counter(map(key, (*told, *fewer.cut))) == Counter(map(key, candidates))
    if 0 < room <= cap:
        assert fewer == composed(candidates, cap=room, when_empty=WhenEmpty.NOTE)


@settings(deadline=None)
@given(candidates=st.lists(hits, min_size=1, max_size=12, unique_by=lambda h: h.story.id))
def test_the_order_of_the_candidates_does_not_matter(candidates: list[MatchedStory]) -> None:
    assert composed(candidates, cap=3) == composed(candidates[::-1], cap=3)
