from __future__ import annotations

from monitor.matching.background import Background
from monitor.matching.score import Matcher
from monitor.records import MatchState, TopicSpec
from tests.matching.builders import NOW, seeds, story, topic


def test_a_story_like_the_seed_is_a_hit_and_another_is_none() -> None:
    spec = TopicSpec(name="harbour", seeds=seeds("Dockers strike at the harbour of Rotterdam"))
    matcher = Matcher(Background.prior(), [topic(spec)], {})
    like = story("Rotterdam harbour: dockers go on strike", story_id=1)
    other = story("A recipe for lemon cake", story_id=2)
    matches = matcher.match([like, other], NOW)
    assert [(match.story_id, match.state) for match in matches] == [(1, MatchState.HIT)]
