"""A digest tells each story once, best first, and accounts for every match it was given."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.records import Digest, DigestEntry, MatchedStory
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


def test_a_cap_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="cap"):
        composed([a_hit(a_story())], cap=0)


hits = st.builds(
    lambda story_id, topic, score, link, text: a_hit(
        a_story(story_id, link_key=link, content_key=text), score, topic=topic
    ),
    story_id=st.integers(1, 12),
    topic=st.sampled_from(("Iraq", "Shipping", "Ports")),
    score=st.sampled_from((0.3, 0.4, 0.5)),
    link=st.sampled_from((None, b"a", b"b")),
    text=st.sampled_from((b"", b"t", b"u")),
)


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
    told = [m for e in entries(digest) for m in (e.lead, *e.echoes, *e.also)]

    assert Counter(map(id, (*told, *digest.cut))) == Counter(map(id, candidates))
    assert len(entries(digest)) <= cap
    assert len({m.story.id for m in told}) == sum(1 + len(e.echoes) for e in entries(digest))


@settings(deadline=None)
@given(candidates=st.lists(hits, min_size=1, max_size=12, unique_by=lambda h: h.story.id))
def test_the_order_of_the_candidates_does_not_matter(candidates: list[MatchedStory]) -> None:
    assert composed(candidates, cap=3) == composed(candidates[::-1], cap=3)
