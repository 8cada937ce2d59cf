"""Topics and what was learned for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.records import BackgroundRecord, Seed, Threshold, ThresholdKind, TopicSpec
from monitor.store import matches, topics
from monitor.store.database import Database
from monitor.store.topics import version_of
from tests.store.builders import HOUR, NOW, add_stories, add_topics, match, new_story

SPEC = TopicSpec(
    name="iraq",
    seeds=(Seed(text="Troops leave.", title="Mission", origin="seed.txt"), Seed(text="Advisers.")),
    not_seeds=(Seed(text="Football."),),
    must=("mission",),
    any=("iraq", "baghdad"),
    never=("sport",),
    feeds=("https://example.org/feed",),
    tags=("defence",),
    language="en",
    alerts_per_week=2.5,
)
CALIBRATED = Threshold(
    value=0.123456789012345, kind=ThresholdKind.CALIBRATED, sample=300, expected_per_week=1.5
)


def record(version: int, **changes: Any) -> BackgroundRecord:
    values: dict[str, Any] = {
        "version": version,
        "created_at": NOW,
        "stories": 30,
        "last_story_id": 31,
        "counts": bytes(range(256)),
    }
    return BackgroundRecord(**{**values, **changes})


# ---------------------------------------------------------------- the owner's topics


def test_a_topic_comes_back_as_the_owner_wrote_it(db: Database) -> None:
    (topic,) = topics.sync(db, [SPEC])

    assert topic.spec == SPEC
    assert topics.all_topics(db) == (topic,)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
SEEDS = st.lists(st.builds(Seed, text=TEXT, title=TEXT, origin=TEXT), max_size=3).map(tuple)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    spec=st.builds(
        TopicSpec,
        name=TEXT,
        seeds=SEEDS,
        not_seeds=SEEDS,
        must=TEXTS,
        any=TEXTS,
        never=TEXTS,
        feeds=TEXTS,
        tags=TEXTS,
        language=TEXT,
        alerts_per_week=st.none() | st.floats(0, 1e6),
        threshold=st.none() | st.floats(0, 1),
    )
)
def test_any_topic_comes_back_as_the_owner_wrote_it(db: Database, spec: TopicSpec) -> None:
    (topic,) = topics.sync(db, [spec])

    assert topic.spec == spec


def test_topics_keep_the_owners_order(db: Database) -> None:
    add_topics(db, "b", "a", "c")

    assert [topic.spec.name for topic in add_topics(db, "c", "b")] == ["c", "b"]


def test_a_topic_that_is_gone_is_disabled_and_is_the_same_one_when_it_returns(
    db: Database,
) -> None:
    (before,) = add_topics(db, "iraq")
    topics.sync(db, [])
    assert topics.all_topics(db) == ()

    assert add_topics(db, "iraq") == (before,)


@pytest.mark.parametrize(
    "changes",
    [
        {"seeds": (Seed(text="Other."),)},
        {"never": ()},
        {"language": "de"},
        {"threshold": 0.3, "alerts_per_week": None},
    ],
)
def test_any_change_of_a_topic_changes_its_version(changes: dict[str, Any]) -> None:
    assert version_of(replace(SPEC, **changes)) != version_of(SPEC)


def test_the_version_of_a_topic_is_the_same_on_every_machine() -> None:
    assert version_of(TopicSpec(name="iraq", seeds=(Seed(text="Mission"),))) == "94723e1ed4e6e4d2"


def test_a_changed_topic_keeps_its_number_and_gets_a_new_version(db: Database) -> None:
    (before,) = topics.sync(db, [SPEC])
    (after,) = topics.sync(db, [replace(SPEC, never=())])

    assert after.id == before.id
    assert after.version != before.version


# ---------------------------------------------------------------- backgrounds


def test_before_anything_was_learned_there_is_no_background(db: Database) -> None:
    assert topics.latest_background(db) is None
    assert topics.background(db, 0) is None


def test_backgrounds_come_back_by_version_and_the_newest_by_itself(db: Database) -> None:
    for version in (1, 2):
        assert topics.save_background(db, record(version))

    assert topics.latest_background(db) == record(2)
    assert topics.background(db, 1) == record(1)


def test_a_version_that_exists_is_never_written_over(db: Database) -> None:
    topics.save_background(db, record(1))

    assert not topics.save_background(db, record(1, counts=b"other"))
    assert topics.background(db, 1) == record(1)


def test_backgrounds_that_no_match_names_are_forgotten_but_for_the_newest(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    (number,) = add_stories(db, new_story("x"))
    for version in (1, 2, 3):
        topics.save_background(db, record(version))
    matches.save(db, [number], [match(number, topic, background_version=1)], NOW)

    assert topics.prune_backgrounds(db) == 1

    assert topics.background(db, 1) is not None
    assert topics.background(db, 2) is None
    assert topics.background(db, 3) is not None


# ---------------------------------------------------------------- thresholds


def test_thresholds_belong_to_a_topic_and_a_background(db: Database) -> None:
    iraq, sport = add_topics(db, "iraq", "sport")
    default = Threshold(value=0.2, kind=ThresholdKind.DEFAULT)
    topics.save_thresholds(db, 0, [iraq], {iraq.id: default}, NOW)
    topics.save_thresholds(db, 1, [iraq, sport], {iraq.id: CALIBRATED, sport.id: default}, NOW)

    assert topics.thresholds(db, 0) == {iraq.id: default}
    assert topics.thresholds(db, 1) == {iraq.id: CALIBRATED, sport.id: default}
    assert topics.thresholds(db, 2) == {}


def test_a_changed_topic_has_no_threshold_until_it_gets_one(db: Database) -> None:
    (topic,) = topics.sync(db, [SPEC])
    topics.save_thresholds(db, 1, [topic], {topic.id: CALIBRATED}, NOW)

    topics.sync(db, [replace(SPEC, never=())])
    assert topics.thresholds(db, 1) == {}

    topics.sync(db, [SPEC])
    assert topics.thresholds(db, 1) == {topic.id: CALIBRATED}


def test_a_threshold_chosen_again_replaces_the_one_before(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    topics.save_thresholds(db, 1, [topic], {topic.id: CALIBRATED}, NOW)
    again = replace(CALIBRATED, value=0.5, expected_per_week=None)

    topics.save_thresholds(db, 1, [topic], {topic.id: again}, NOW + HOUR)

    assert topics.thresholds(db, 1) == {topic.id: again}


def test_a_disabled_topic_has_no_threshold(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    topics.save_thresholds(db, 1, [topic], {topic.id: CALIBRATED}, NOW)

    topics.sync(db, [])

    assert topics.thresholds(db, 1) == {}


# ---------------------------------------------------------------- pages given as seeds


def test_a_page_is_kept_as_it_was_last_read(db: Database) -> None:
    url = "https://example.org/article"
    assert topics.seed_page(db, url) is None

    topics.save_seed_page(db, url, Seed(text="Old."), NOW)
    newer = Seed(text="New.", title="Title", origin=url)
    topics.save_seed_page(db, url, newer, NOW + HOUR)

    assert topics.seed_page(db, url) == newer


def test_a_topic_that_only_got_another_name_keeps_its_matches_under_it(db: Database) -> None:
    (before,) = topics.sync(db, [SPEC])
    (after,) = topics.sync(db, [replace(SPEC, name="Iraq mission")])

    assert after.id == before.id
    assert after.spec.name == "Iraq mission"


def test_a_topic_that_is_new_beside_another_is_no_renamed_one(db: Database) -> None:
    (before,) = topics.sync(db, [SPEC])
    twin = replace(SPEC, name="twin")
    kept, added = topics.sync(db, [SPEC, twin])
    (other,) = topics.sync(db, [replace(SPEC, name="other", must=())])

    assert kept.id == before.id
    assert len({kept.id, added.id, other.id}) == 3
