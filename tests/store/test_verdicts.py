"""Verdicts: each a step that is kept, moves its topic's version, and can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from monitor.errors import StoreError
from monitor.records import Seed, Story, Threshold, ThresholdKind, Topic, TopicSpec, Verdict
from monitor.store import stories, topics, verdicts
from monitor.store.database import Database
from monitor.store.tables import topics as topics_table
from monitor.store.tables import verdicts as table
from monitor.store.topics import Chosen
from tests.store.builders import DAY, HOUR, MINUTE, NOW, add_stories, add_topics, new_story
from tests.store.test_concurrency import everywhere

LATER = NOW + HOUR
THRESHOLD = Threshold(value=0.25, kind=ThresholdKind.CALIBRATED, sample=300, expected_per_week=1.5)


def add_story(db: Database, name: str = "x", **changes: Any) -> Story:
    (number,) = add_stories(db, new_story(name, **changes))
    found = stories.get(db, number)
    assert found is not None
    return found


def give(db: Database, topic: Topic, story: Story, answer: str = "yes", **changes: Any) -> Verdict:
    values = {"wanted": answer == "yes", "origin": "command", "now": NOW, **changes}
    return verdicts.give(db, topic.id, story, **values)


def only_topic(db: Database) -> Topic:
    (topic,) = topics.all_topics(db)
    return topic


# ---------------------------------------------------------------- giving


def test_a_verdict_holds_the_words_it_teaches_and_where_it_was_given(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    story = add_story(db, language="de")

    given = give(db, topic, story, "no", origin="mail")

    unstored = verdicts.unstored(topic.id, story, wanted=False, origin="mail", now=NOW)
    assert given == replace(unstored, id=given.id)
    assert (given.title, given.text, given.language) == (story.title, story.text, "de")
    assert only_topic(db).verdicts == (given,)


def test_verdicts_stand_in_the_order_in_which_they_were_given(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    given = [give(db, topic, add_story(db, name)) for name in "bca"]

    assert only_topic(db).verdicts == tuple(given)


def test_every_verdict_moves_its_topic_to_a_new_version_and_no_other(db: Database) -> None:
    iraq, other = add_topics(db, "iraq", "other")
    versions = {iraq.version}
    for name in "abc":
        give(db, iraq, add_story(db, name))
        moved, still = topics.all_topics(db)
        versions.add(moved.version)
        assert still == other

    assert len(versions) == 4


def test_the_same_answer_again_changes_nothing(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    story = add_story(db)
    first = give(db, topic, story)
    before = only_topic(db)

    assert give(db, topic, story, now=LATER) == first
    assert only_topic(db) == before
    assert verdicts.history(db, topic.id) == (first,)


def test_another_answer_takes_the_first_one_back(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    story = add_story(db)
    first, second = give(db, topic, story), give(db, topic, story, "no", now=LATER)

    assert only_topic(db).verdicts == (second,)
    assert verdicts.history(db, topic.id) == (replace(first, reverted_at=LATER), second)


def test_one_story_may_be_wanted_for_one_topic_and_unwanted_for_another(db: Database) -> None:
    iraq, sport = add_topics(db, "iraq", "sport")
    story = add_story(db)
    give(db, iraq, story)
    give(db, sport, story, "no")

    assert [[each.wanted for each in t.verdicts] for t in topics.all_topics(db)] == [
        [True],
        [False],
    ]


def test_a_verdict_for_a_topic_that_is_not_there_is_refused(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    with pytest.raises(StoreError, match="there is no topic of the number 99"):
        give(db, replace(topic, id=99), add_story(db))


# ---------------------------------------------------------------- taking back


def test_what_is_taken_back_teaches_no_more_and_is_still_listed(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    given = give(db, topic, add_story(db))

    undone = verdicts.revert(db, given.id, LATER)

    assert undone == replace(given, reverted_at=LATER)
    assert only_topic(db) == topic
    assert verdicts.history(db, topic.id) == (undone,)


def test_what_was_taken_back_can_be_said_again(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    story = add_story(db)
    first = give(db, topic, story)
    verdicts.revert(db, first.id, NOW + MINUTE)
    again = give(db, topic, story, now=LATER)

    assert again.id != first.id
    assert only_topic(db).verdicts == (again,)


def test_what_does_not_stand_cannot_be_taken_back(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    given = give(db, topic, add_story(db))
    first = verdicts.revert(db, given.id, NOW)

    assert verdicts.revert(db, given.id, LATER) is None
    assert verdicts.revert(db, given.id + 1, LATER) is None
    assert verdicts.history(db, topic.id) == (first,)


# ---------------------------------------------------------------- how often


def test_answers_are_counted_by_topic_story_time_and_where_they_come_from(db: Database) -> None:
    iraq, other = add_topics(db, "iraq", "other")
    story, another = add_story(db, "x"), add_story(db, "y")
    give(db, iraq, story, "yes", origin="mail:a@example.org", now=NOW)
    give(db, iraq, story, "no", origin="mail:b@example.org", now=NOW + MINUTE)
    verdicts.revert(db, 2, NOW + MINUTE)
    give(db, iraq, story, "yes", origin="command", now=NOW + HOUR)
    give(db, iraq, another, origin="mail:a@example.org", now=NOW + HOUR)
    give(db, other, story, origin="mail:a@example.org", now=NOW + HOUR)

    def count(since: int) -> int:
        after = NOW + since * MINUTE
        return verdicts.count_given(db, iraq.id, story.id, since=after, origin="mail:")

    assert [count(since) for since in (-1, 0, 1)] == [2, 1, 0]
    assert verdicts.count_given(db, iraq.id, story.id, since=NOW - DAY, origin="m%") == 0


# ---------------------------------------------------------------- what they outlive


def sync_spec(db: Database, **changes: Any) -> Topic:
    spec = TopicSpec(name="iraq", seeds=(Seed(text="iraq"),))
    (topic,) = topics.sync(db, [replace(spec, **changes)])
    return topic


@pytest.mark.parametrize("changes", [{}, {"never": ("sport",)}, {"name": "Iraq mission"}])
def test_verdicts_stay_when_the_owners_files_are_read_again(
    db: Database, changes: dict[str, Any]
) -> None:
    before = sync_spec(db)
    given = give(db, before, add_story(db))
    taught = only_topic(db)

    after = sync_spec(db, **changes)

    assert (after.id, after.verdicts) == (before.id, (given,))
    assert (after.version == taught.version) == (changes == {})


def test_a_topic_that_returns_has_its_verdicts_again(db: Database) -> None:
    topic = sync_spec(db)
    give(db, topic, add_story(db))
    taught = only_topic(db)
    topics.sync(db, [])

    assert sync_spec(db) == taught


def test_a_verdict_that_is_taken_back_while_its_topic_is_gone_is_gone_when_that_returns(
    db: Database,
) -> None:
    topic = sync_spec(db)
    given = give(db, topic, add_story(db))
    topics.sync(db, [])
    verdicts.revert(db, given.id, NOW)

    assert sync_spec(db) == topic


def test_a_verdict_outlives_its_story(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    story = add_story(db)
    given = give(db, topic, story)
    with db.write() as connection:
        connection.exec_driver_sql("UPDATE stories SET matched_at = seen_at")
    assert stories.prune(db, NOW + DAY) == 1

    assert only_topic(db).verdicts == (given,)
    assert verdicts.revert(db, given.id, LATER) is not None


def test_a_topic_without_verdicts_keeps_the_version_of_its_spec(db: Database) -> None:
    topic = sync_spec(db)
    assert topic.version == topics.version_of(topic.spec)


def test_the_threshold_of_a_version_is_had_again_when_that_version_returns(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    topics.save_thresholds(db, 1, [topic], {topic.id: THRESHOLD}, NOW)
    given = give(db, topic, add_story(db))
    assert topics.thresholds(db, 1) == {}

    verdicts.revert(db, given.id, LATER)

    assert topics.thresholds(db, 1) == {topic.id: THRESHOLD}


# ---------------------------------------------------------------- what sync would do


@pytest.mark.parametrize("changes", [{}, {"never": ("sport",)}, {"name": "Iraq mission"}])
def test_what_a_sync_would_make_of_topics_can_be_had_without_writing(
    db: Database, changes: dict[str, Any]
) -> None:
    topic = sync_spec(db)
    give(db, topic, add_story(db))
    stored = only_topic(db)

    (planned,) = topics.planned(db, [replace(topic.spec, **changes)])

    assert only_topic(db) == stored
    assert (planned == stored) == (changes == {})
    assert sync_spec(db, **changes) == replace(planned, id=stored.id)


def test_a_topic_that_is_not_stored_so_is_planned_with_a_number_below_0(db: Database) -> None:
    topic = sync_spec(db)
    (planned,) = topics.planned(db, [replace(topic.spec, never=("sport",))])
    assert planned.id < 0


def test_topics_that_are_not_stored_are_planned_with_numbers_of_their_own(db: Database) -> None:
    specs = [TopicSpec(name=name, seeds=(Seed(text=name),)) for name in ("one", "two")]
    planned = topics.planned(db, specs)

    assert [each.spec for each in planned] == specs
    assert len({each.id for each in planned}) == 2
    assert max(each.id for each in planned) < 0


# ---------------------------------------------------------------- several at once


def give_by_turns(db: Database, topic: Topic, story: Story, times: int) -> None:
    """Change one's mind many times."""
    for number in range(times):
        give(db, topic, story, "yes" if number % 2 else "no")


def test_of_many_verdicts_at_once_on_a_story_one_stands_and_the_version_is_its(
    db: Database, url: str
) -> None:
    (topic,) = add_topics(db, "iraq")

    everywhere(db, url, give_by_turns, topic, add_story(db), 6)

    after = only_topic(db)
    assert len(after.verdicts) == 1
    assert after.version == topics.version_of(after.spec, [after.verdicts[0].id])


def test_the_version_fits_the_verdicts_however_files_are_read_and_verdicts_given_at_once(
    db: Database,
) -> None:
    topic = sync_spec(db)
    tales = [add_story(db, str(number)) for number in range(12)]
    work: list[Callable[[Story], object]] = [
        lambda story: give(db, topic, story),
        lambda story: sync_spec(db),
        lambda story: verdicts.revert(db, story.id, NOW),
    ]

    with ThreadPoolExecutor(len(work)) as threads:
        done = [threads.submit(each, story) for story in tales for each in work]
    assert all(each.exception() is None for each in done)

    after = only_topic(db)
    assert after.version == topics.version_of(after.spec, [each.id for each in after.verdicts])


def test_who_reads_the_files_waits_for_a_verdict_that_is_being_given(db: Database) -> None:
    topic = sync_spec(db)
    said = verdicts.unstored(topic.id, add_story(db), wanted=True, origin="command", now=NOW)
    values = {name: value for name, value in asdict(said).items() if name != "id"}
    version = topics.version_of(topic.spec, [1])

    with ThreadPoolExecutor(1) as other:
        with db.write() as connection:
            connection.execute(insert(table).values(values))
            connection.execute(update(topics_table).values(version=version))
            synced = other.submit(sync_spec, db)
            with pytest.raises(TimeoutError):
                synced.result(timeout=0.3)
        assert synced.result(timeout=10).version == version


def test_a_second_standing_verdict_on_a_story_is_impossible(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    given = give(db, topic, add_story(db))
    names = [name for name in table.c.keys() if name != "id"]  # noqa: SIM118  # columns, not a dict
    again = {name: getattr(given, name) for name in names}

    with pytest.raises(StoreError) as refused, db.write() as connection:
        connection.execute(insert(table).values(again))
    assert isinstance(refused.value.__cause__, IntegrityError)


def test_topics_and_their_verdicts_are_of_one_moment(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    story = add_story(db)

    with db.read() as connection, ThreadPoolExecutor(1) as other:
        count = "SELECT count(*) FROM verdicts"
        before = connection.exec_driver_sql(count).scalar()
        other.submit(give, db, topic, story).result(10)
        after = connection.exec_driver_sql(count).scalar()

    assert (before, after) == (0, 0)


# ---------------------------------------------------------------- thresholds that go with them


def chosen_for(topic: Topic, value: float = 0.3) -> Chosen:
    return Chosen(replace(THRESHOLD, value=value), topic.version, background_version=1)


def threshold_of(db: Database) -> float | None:
    found = topics.thresholds(db, 1).get(only_topic(db).id)
    return None if found is None else found.value


def test_a_verdict_and_the_threshold_that_goes_with_it_count_from_one_moment(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    story = add_story(db)
    give(db, topic, story, chosen=chosen_for(topic))
    assert threshold_of(db) == 0.3

    other = give(db, only_topic(db), story, "no", chosen=chosen_for(only_topic(db), 0.4))
    assert threshold_of(db) == 0.4

    verdicts.revert(db, other.id, NOW, chosen=chosen_for(only_topic(db), 0.5))
    assert threshold_of(db) == 0.5


def test_a_threshold_chosen_for_what_the_topic_is_no_more_is_not_stored(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    give(db, topic, add_story(db, "meanwhile"))

    give(db, topic, add_story(db), chosen=chosen_for(topic))

    assert threshold_of(db) is None


def test_a_version_that_returns_keeps_the_threshold_that_it_had(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    topics.save_thresholds(db, 1, [topic], {topic.id: THRESHOLD}, NOW)
    given = give(db, topic, add_story(db), chosen=chosen_for(topic))

    verdicts.revert(db, given.id, LATER, chosen=chosen_for(only_topic(db), 0.9))

    assert threshold_of(db) == THRESHOLD.value
    assert topics.thresholds(db, 1)[topic.id].since == LATER


def test_a_threshold_never_counts_for_a_topic_that_moved_while_it_was_chosen(db: Database) -> None:
    (before,) = add_topics(db, "iraq")
    give(db, before, add_story(db))

    topics.save_thresholds(db, 1, [before], {before.id: THRESHOLD}, NOW)

    assert threshold_of(db) is None


def test_the_thresholds_of_a_topic_are_remembered_newest_first(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    for version in (1, 2, 3):
        at = {topic.id: replace(THRESHOLD, value=version / 10)}
        topics.save_thresholds(db, version, [topic], at, NOW + version * HOUR)

    told = topics.threshold_history(db, topic.id, 2)

    assert [(each.background_version, each.threshold.value) for each in told] == [
        (3, 0.3),
        (2, 0.2),
    ]
    assert told[0].threshold.since == NOW + 3 * HOUR


def test_a_verdict_is_found_by_its_number_whether_it_stands_or_not(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    given = give(db, topic, add_story(db))
    assert verdicts.get(db, given.id) == given

    undone = verdicts.revert(db, given.id, NOW)
    assert verdicts.get(db, given.id) == undone
    assert verdicts.get(db, given.id + 1) is None
