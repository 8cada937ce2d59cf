"""The page after an answer: what it moved, as much of it as can be read at a glance."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from monitor.matching.changes import TermChange
from monitor.records import Threshold, ThresholdKind
from monitor.service.difference import Difference, State
from monitor.service.verdicts import Given
from monitor.store import verdicts
from monitor.web.show import TITLES, WORDS, outcome_page
from tests.notify.builders import a_story
from tests.web.site import LATER, Site


def page(site: Site, *, threshold: float = 0.3, **moved: Any) -> str:
    """What is shown of an answer that moved the threshold from 0.3, and so much else."""
    topic = replace(site.topic(), spec=replace(site.topic().spec, name="Two words"))
    before, after = (
        State(topic=topic, threshold=Threshold(value=value, kind=ThresholdKind.CALIBRATED))
        for value in (0.3, threshold)
    )
    values = {"terms": (), "stories": 100, "gained": (), "lost": (), **moved}
    said = verdicts.unstored(topic.id, a_story(), wanted=True, origin="mail", now=LATER)
    difference = Difference(before=before, after=after, **values)
    return outcome_page(Given(verdict=said, topic=topic, moved=difference), wanted=True)


def test_of_many_words_those_that_moved_most_are_named_and_none_that_stayed(still: Site) -> None:
    many = range(WORDS + 2)
    told = page(
        still,
        terms=(
            *(TermChange(text=f"up {n}", before=0.1, after=0.5 - n / 100) for n in many),
            TermChange(text="the same", before=0.1, after=0.1),
            *(TermChange(text=f"down {n}", before=0.5 - n / 100, after=0.1) for n in many),
        ),
    )
    more, _, less = told.partition("More weight")[2].partition("Less weight")

    assert re.findall("up [0-9]+", more) == [f"up {n}" for n in range(WORDS)]
    assert re.findall("down [0-9]+", less) == [f"down {n}" for n in range(WORDS)]
    assert "the same" not in told


@pytest.mark.parametrize(
    ("number", "more"), [(TITLES, ""), (TITLES + 1, "and 1 more"), (TITLES + 9, "and 9 more")]
)
def test_of_many_stories_the_first_are_named_and_the_others_counted(
    still: Site, number: int, more: str
) -> None:
    gained = tuple(a_story(n, title=f"Gained {n}") for n in range(number))
    lost = tuple(a_story(n, title=f"Lost {n}") for n in range(number))
    told = page(still, gained=gained, lost=lost)

    assert len(re.findall("Gained [0-9]+", told)) == len(re.findall("Lost [0-9]+", told)) == TITLES
    assert re.findall("and [0-9]+ more", told) == [more, more] * bool(more)
    assert told.index("They match only now") < told.index("Gained 0")
    assert told.index("They match no more") < told.index("Lost 0")


@pytest.mark.parametrize(
    ("after", "told"), [(0.35, "0.3000 → 0.3500"), (0.3, "<dd>0.3000,"), (0.300001, "<dd>0.3000,")]
)
def test_a_threshold_that_moved_too_little_to_be_seen_has_not_moved(
    still: Site, after: float, told: str
) -> None:
    assert told in page(still, threshold=after)


def test_its_command_can_be_pasted_whatever_the_topic_is_called(still: Site) -> None:
    assert "monitor topics verdicts 'Two words'<" in unescape(page(still))
