"""What differs between two states of a topic, and which story to ask about."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.matching.asking import DOUBT, most_telling
from monitor.matching.background import Background
from monitor.matching.changes import TermChange
from monitor.matching.score import Matcher
from monitor.records import TopicSpec, Verdict
from tests.matching.builders import NOW, STEADY, seeds, topic, verdicts

HOUR = timedelta(hours=1)
SPEC = TopicSpec(name="t", seeds=seeds("Harbour strike of dockers"))


def changes(after: tuple[Verdict, ...], before: tuple[Verdict, ...] = ()) -> dict[str, TermChange]:
    states = [replace(topic(SPEC, topic_id=n), verdicts=v) for n, v in ((1, before), (2, after))]
    found = Matcher(Background.prior(), states, {}).changes(1, 2)
    assert len({each.text for each in found}) == len(found)
    gains = [abs(each.gain) for each in found]
    assert gains == sorted(gains, reverse=True)
    return {each.text: each for each in found}


def test_a_wanted_story_gains_its_words_what_the_others_lose() -> None:
    found = changes(verdicts(yes=("The railways strike",)))
    assert found["railways"].before == 0 < found["railways"].after
    assert found["Harbour"].gain < 0
    assert round(sum(each.gain for each in found.values()), 4) == 0


def test_words_are_named_as_they_stand_in_the_texts_whichever_state_they_come_from() -> None:
    found = changes((), before=verdicts(yes=("The railways strike",)))
    assert found["railways"].after == 0 < found["railways"].before


def test_where_nothing_moved_nothing_is_told() -> None:
    same = verdicts(yes=("The railways strike",), no=("Air strike",))
    assert changes(same, before=same) == {}


def test_the_story_nearest_to_half_again_the_threshold_teaches_most() -> None:
    assert most_telling([(0.9, NOW), (0.31, NOW), (0.27, NOW), (0.1, NOW)], 0.2) == 1


def test_of_two_as_near_on_either_side_the_later_one_is_asked_about() -> None:
    assert most_telling([(0.4, NOW), (0.2, NOW + HOUR), (0.4, NOW)], 0.2) == 1
    assert most_telling([(0.4, NOW), (0.2, NOW), (0.4, NOW)], 0.2) == 0


def test_where_there_is_no_story_nothing_is_asked() -> None:
    assert most_telling([], 0.3) is None


@STEADY
@given(st.lists(st.floats(0, 1), min_size=1), st.floats(0, 1))
def test_no_other_story_is_nearer_than_the_one_that_is_asked_about(
    scores: list[float], threshold: float
) -> None:
    chosen = most_telling([(score, NOW) for score in scores], threshold)
    assert chosen is not None
    nearest = min(abs(score - DOUBT * threshold) for score in scores)
    assert abs(scores[chosen] - DOUBT * threshold) <= nearest + 1e-6
