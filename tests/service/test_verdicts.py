"""Verdicts: any stored story may be judged; what moves is told, decides at once, can be undone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.matching.asking import DOUBT
from monitor.records import MatchState, Story, ThresholdKind, Topic
from monitor.service.app import App
from monitor.service.asking import ask
from monitor.service.learn import learn
from monitor.service.matchers import current_matcher
from monitor.service.thresholds import choose_thresholds
from monitor.service.verdicts import Given, compare, give, history, undo
from monitor.service.views import NotFound
from monitor.store import matches, stories, topics
from tests.builders import ADVISORY, FOOTBALL, MORNING, ORCHARD, rss, write_config
from tests.servers import feed_server
from tests.service.test_backtest import TOPIC, shades, write_topic
from tests.service.test_learn import small_news
from tests.service.walking import opened, walk

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATER = MORNING + HOUR
WORDLESS = ("!!! ???", "of the and")
ONLY_TITLE = ("Kadhimi meets Biden", "")
ONE_WORD = ("Orchards", "Orchards, orchards.")


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where a feed was polled, learned from and matched against two topics."""
    folder = tmp_path_factory.mktemp("judged")
    with feed_server() as server:
        odd = [FOOTBALL, ORCHARD, WORDLESS, ONLY_TITLE, ONE_WORD]
        news = [*small_news(60), *shades(36), ADVISORY, *odd]
        server.pages["wire.rss"] = rss(news, at=MORNING - HOUR)
        config = write_config(folder, feeds=[server.url("wire.rss")], host=server.host)
        write_topic(config, "advisory", TOPIC)
        orchard = "\n".join(f"      {line}" for line in ORCHARD)
        write_topic(config, "orchard", f"name: orchard\nseeds:\n  - text: |\n{orchard}\n")
        walk(config, MORNING)
    return folder


@pytest.fixture
def config(walked: Path, tmp_path: Path) -> Path:
    """The configuration of a copy of that folder."""
    return Path(shutil.copytree(walked, tmp_path / "copy")) / "monitor.yaml"


@pytest.fixture
def app(config: Path) -> Iterator[App]:
    with opened(config, LATER) as app:
        yield app


def said(
    app: App, text: str, answer: str = "yes", *, topic: str | None = None, origin: str = "command"
) -> Given:
    return give(app, text, topic, wanted=answer == "yes", origin=origin, now=LATER)


def topic_of(app: App, name: str = "advisory") -> Topic:
    return next(each for each in topics.all_topics(app.database) if each.spec.name == name)


def story_in(app: App, state: MatchState) -> Story:
    """The best story of a state."""
    found = matches.listing(app.database, topic="advisory", states=[state], limit=1000)
    return max(found, key=lambda each: each.match.score).story


def number_of(app: App, words: tuple[str, str]) -> int:
    """The number of the story of this title and text."""
    every = stories.after(app.database, 0, 1000)
    return next(each.id for each in every if (each.title, each.text) == words)


def hits(app: App, name: str = "advisory") -> set[int]:
    """The stored stories that match as things stand."""
    topic, every = topic_of(app, name), stories.after(app.database, 0, 1000)
    found = current_matcher(app).match(every, LATER)
    return {m.story_id for m in found if m.topic_id == topic.id and m.state is MatchState.HIT}


# ---------------------------------------------------------------- which story, which topic


@pytest.mark.parametrize("state", list(MatchState))
@pytest.mark.parametrize("answer", ["yes", "no"])
def test_a_story_that_came_near_may_be_judged_without_naming_the_topic(
    app: App, state: MatchState, answer: str
) -> None:
    story = story_in(app, state)
    given = said(app, str(story.id), answer)
    assert (given.topic.spec.name, given.verdict.story_id) == ("advisory", story.id)
    assert given.topic.verdicts == (given.verdict,) == topic_of(app).verdicts


def test_a_story_that_was_missed_may_be_judged_for_a_topic_that_is_named(app: App) -> None:
    given = said(app, FOOTBALL[0], topic="advisory")
    assert given.verdict.title == FOOTBALL[0]
    assert given.moved is not None
    assert given.moved.scores is not None
    assert given.moved.scores[0] < 0.05 < given.moved.scores[1]


def test_where_no_topic_matched_the_story_the_topics_are_named(app: App) -> None:
    with pytest.raises(NotFound, match=r"no topic matched story \d+ .*: advisory, orchard"):
        said(app, FOOTBALL[0])


def test_where_several_topics_matched_the_story_they_are_named(config: Path) -> None:
    write_topic(config, "twin", TOPIC.replace("advisory", "twin"))
    with opened(config, LATER) as app:
        story = story_in(app, MatchState.HIT)
        twin = current_matcher(app).explain(story, topic_of(app, "twin").id, LATER)
        matches.save(app.database, [story.id], [twin], LATER)
        with pytest.raises(NotFound, match=r"several topics matched .*: advisory, twin$"):
            said(app, str(story.id))


def test_a_story_that_nobody_knows_is_told_as_everywhere(app: App) -> None:
    with pytest.raises(NotFound, match="no stored story has the number, address or title 'zzz'"):
        said(app, "zzz")


def test_a_story_without_a_word_is_refused(app: App) -> None:
    with pytest.raises(NotFound, match=r"story \d+ holds no word to learn from"):
        said(app, WORDLESS[0], topic="advisory")
    assert topic_of(app).verdicts == ()


def test_a_story_that_is_a_title_only_is_learned_from(app: App) -> None:
    given = said(app, ONLY_TITLE[0], topic="orchard")
    assert given.moved is not None
    assert "Kadhimi" in [each.text for each in given.moved.terms]


def test_one_story_may_be_judged_for_two_topics(app: App) -> None:
    story = story_in(app, MatchState.HIT)
    said(app, str(story.id), "yes", topic="advisory")
    said(app, str(story.id), "no", topic="orchard")
    given = [[each.wanted for each in topic.verdicts] for topic in topics.all_topics(app.database)]
    assert given == [[True], [False]]


def test_a_verdict_says_where_it_was_given(app: App) -> None:
    given = said(app, str(story_in(app, MatchState.HIT).id), origin="mail")
    assert (given.verdict.origin, given.verdict.given_at) == ("mail", LATER)


# ---------------------------------------------------------------- what moves


def test_the_threshold_of_the_new_version_is_chosen_at_once_as_learning_would(app: App) -> None:
    given = said(app, str(story_in(app, MatchState.NEAR).id))
    record = topics.latest_background(app.database)
    assert record is not None
    stored = topics.thresholds(app.database, record.version)[given.topic.id]
    assert stored == choose_thresholds(app, record, (given.topic,), LATER)[given.topic.id]
    assert stored.kind is ThresholdKind.CALIBRATED
    assert learn(app, LATER).counts["thresholds"] == 0


def test_what_would_match_now_and_what_no_more_is_told(app: App) -> None:
    before = hits(app)
    given = said(app, FOOTBALL[0], topic="advisory")
    after = hits(app)
    assert given.moved is not None
    assert {story.id for story in given.moved.gained} == after - before != set()
    assert {story.id for story in given.moved.lost} == before - after
    assert given.moved.stories == stories.count_after(app.database, 0)


def test_older_stories_than_thirty_days_are_not_looked_at(config: Path) -> None:
    later = MORNING + 31 * DAY
    with opened(config, later) as app:
        given = give(app, FOOTBALL[0], "advisory", wanted=True, origin="command", now=later)
    assert given.moved is not None
    assert (given.moved.stories, given.moved.gained) == (0, ())


def test_words_gain_and_lose(app: App) -> None:
    given = said(app, FOOTBALL[0], topic="advisory")
    assert given.moved is not None
    gains = {each.text: each.gain for each in given.moved.terms}
    assert gains["header"] > 0 > gains["Iraqi"]
    assert (given.moved.before.topic.verdicts, given.moved.after.topic) == ((), given.topic)


def test_the_same_answer_again_moves_nothing(app: App) -> None:
    first = said(app, FOOTBALL[0], topic="advisory")
    again = said(app, FOOTBALL[0], topic="advisory")
    assert (again.verdict, again.moved) == (first.verdict, None)


def test_another_answer_replaces_the_first(app: App) -> None:
    first = said(app, FOOTBALL[0], topic="advisory")
    second = said(app, FOOTBALL[0], "no", topic="advisory")
    _, every = history(app, "advisory")
    assert every == (replace(first.verdict, reverted_at=LATER), second.verdict)
    assert topic_of(app).verdicts == (second.verdict,)


def test_before_there_is_a_background_a_verdict_moves_the_words_alone(tmp_path: Path) -> None:
    with feed_server() as server:
        server.pages["wire.rss"] = rss([ADVISORY, FOOTBALL], at=MORNING - HOUR)
        config = write_config(tmp_path, feeds=[server.url("wire.rss")], host=server.host)
        walk(config, MORNING)
    with opened(config, LATER) as app:
        given = said(app, FOOTBALL[0], topic="advisory")
    assert given.moved is not None
    assert given.moved.after.threshold.kind is ThresholdKind.DEFAULT
    assert [story.title for story in given.moved.gained] == [FOOTBALL[0]]


def test_a_topic_that_can_match_nothing_takes_no_verdict(config: Path) -> None:
    write_topic(config, "void", "name: void\nseeds: [{text: it is what it is}]\n")
    with opened(config, LATER) as app:
        with pytest.raises(NotFound, match="was not stored: topic 'void': the seeds contain no"):
            said(app, FOOTBALL[0], topic="void")
        assert topic_of(app, "void").verdicts == ()


def test_a_threshold_is_chosen_once_and_stored_with_its_verdict(app: App) -> None:
    seen = []
    app.progress = lambda what, _done: seen.append(what)
    said(app, FOOTBALL[0], topic="advisory")
    assert seen == ["stories to choose a threshold from", "stories compared"]


# ---------------------------------------------------------------- taking back


def test_a_verdict_that_is_taken_back_leaves_no_trace_in_the_matching(app: App) -> None:
    topic, before = topic_of(app), hits(app)
    given = said(app, FOOTBALL[0], topic="advisory")
    undone = undo(app, given.verdict.id, LATER)
    assert topic_of(app) == topic == undone.topic
    assert hits(app) == before
    assert given.moved is not None
    assert undone.moved is not None
    assert (undone.moved.gained, undone.moved.lost) == (given.moved.lost, given.moved.gained)
    assert (undone.moved.before.threshold, undone.moved.after.threshold) == (
        given.moved.after.threshold,
        given.moved.before.threshold,
    )


def test_what_was_taken_back_may_be_said_again(app: App) -> None:
    first = said(app, FOOTBALL[0], topic="advisory")
    undo(app, first.verdict.id, LATER)
    again = said(app, FOOTBALL[0], topic="advisory")
    assert again.moved is not None
    assert first.moved is not None
    assert again.moved.terms == first.moved.terms


def test_what_cannot_be_taken_back_says_why(app: App) -> None:
    given = said(app, FOOTBALL[0], topic="advisory")
    undo(app, given.verdict.id, LATER)
    with pytest.raises(NotFound, match="verdict 1 was taken back at 2026-03-02 07:00 UTC"):
        undo(app, given.verdict.id, LATER)
    with pytest.raises(NotFound, match="there is no verdict 99"):
        undo(app, 99, LATER)


def test_a_verdict_of_a_topic_that_is_gone_waits_for_its_return(config: Path) -> None:
    with opened(config, LATER) as app:
        given = said(app, FOOTBALL[0], topic="advisory")
    file = config.parent / "topics" / "advisory.yaml"
    text = file.read_text()
    file.unlink()
    with (
        opened(config, LATER) as app,
        pytest.raises(NotFound, match="a topic that is not in the configuration any more"),
    ):
        undo(app, given.verdict.id, LATER)
    file.write_text(text)
    with opened(config, LATER) as app:
        assert topic_of(app) == given.topic


def test_a_verdict_teaches_on_when_its_story_is_forgotten(config: Path) -> None:
    with opened(config, LATER) as app:
        given = said(app, FOOTBALL[0], topic="advisory")
        shares = current_matcher(app).heaviest(given.topic.id, 1000)
        with app.database.write() as connection:
            connection.exec_driver_sql(
                "DELETE FROM stories WHERE id = ?", (given.verdict.story_id,)
            )
    with opened(config, LATER) as app:
        assert current_matcher(app).heaviest(given.topic.id, 1000) == shares
        undone = undo(app, given.verdict.id, LATER)
    assert undone.moved is not None
    assert undone.moved.scores is None
    assert undone.topic.verdicts == ()


# ---------------------------------------------------------------- beside a running service


def test_a_running_service_takes_a_verdict_up_by_itself(config: Path) -> None:
    with opened(config, LATER, owner="service") as service:
        old = current_matcher(service)
        with opened(config, LATER) as other:
            given = said(other, FOOTBALL[0], topic="advisory")
        new = current_matcher(service)
        assert new is not old
        assert given.topic in new.topics
        assert given.moved is not None
        assert new.threshold(given.topic.id) == given.moved.after.threshold
        assert current_matcher(service) is new


def test_of_two_verdicts_at_once_both_count_and_the_threshold_is_that_of_both(
    app: App, config: Path
) -> None:
    def meanwhile(_what: str, _done: int) -> None:
        app.progress = lambda _what, _done: None
        with opened(config, LATER) as other:
            said(other, ORCHARD[0], "no", topic="advisory")

    app.progress = meanwhile
    given = said(app, FOOTBALL[0], topic="advisory")
    record = topics.latest_background(app.database)
    assert record is not None
    assert [each.wanted for each in given.topic.verdicts] == [False, True]
    assert given.moved is not None
    chosen = choose_thresholds(app, record, (given.topic,), LATER)[given.topic.id]
    assert given.moved.after.threshold == chosen
    assert topics.thresholds(app.database, record.version)[given.topic.id] == chosen


def test_nothing_but_spec_and_verdicts_moves_a_profile(config: Path) -> None:
    with opened(config, LATER) as app:
        given = said(app, FOOTBALL[0], topic="advisory")
    walk(config, LATER + DAY)
    with opened(config, LATER + DAY) as app:
        assert topic_of(app) == given.topic


# ---------------------------------------------------------------- with and without


def test_a_topic_is_compared_with_itself_without_its_verdicts_or_without_one(app: App) -> None:
    first = said(app, FOOTBALL[0], topic="advisory")
    second = said(app, ORCHARD[0], "no", topic="advisory")
    whole = compare(app, "advisory", None, LATER)
    assert (whole.before.topic.verdicts, whole.after.topic) == ((), second.topic)
    last = compare(app, "advisory", second.verdict.id, LATER)
    assert last.before.topic.verdicts == (first.verdict,)
    assert second.moved is not None
    assert last.terms == second.moved.terms
    with pytest.raises(NotFound, match="no verdict 99 stands for topic 'advisory'"):
        compare(app, "advisory", 99, LATER)


# ---------------------------------------------------------------- asking


def open_scores(app: App) -> dict[int, float]:
    every, topic = stories.after(app.database, 0, 1000), topic_of(app)
    found = (m for m in current_matcher(app).match(every, LATER) if m.topic_id == topic.id)
    return {match.story_id: match.score for match in found if match.veto is None}


def test_the_most_telling_story_is_asked_about(app: App) -> None:
    told, scores = ask(app, "advisory", LATER), open_scores(app)
    assert told.asked is not None
    aim = DOUBT * told.threshold.value
    distance = abs(told.asked.match.score - aim)
    assert distance == min(abs(score - aim) for score in scores.values())
    assert told.open == len(scores)
    shares = sum(term.share for term in told.asked.match.terms)
    assert round(shares, 4) == told.asked.match.score == scores[told.asked.story.id]


def test_a_story_that_was_judged_is_not_asked_about_again(app: App) -> None:
    asked = []
    for _ in range(4):
        told = ask(app, "advisory", LATER)
        assert told.asked is not None
        asked.append(told.asked.story.id)
        said(app, str(told.asked.story.id), topic="advisory")
    assert len(set(asked)) == 4


ALIKE = (
    "feed_id, url, title, text, language, published_at, seen_at, link_key, content_key, backlog, "
    "edited_at, matched_at"
)
COPIED = f"INSERT INTO stories (id, {ALIKE}) SELECT id + 1000, {ALIKE} FROM stories WHERE id = ?"


def test_a_copy_is_asked_about_once_and_not_at_all_if_its_story_was_judged(app: App) -> None:
    judged = story_in(app, MatchState.HIT).id
    said(app, str(judged))
    other = next(number for number in open_scores(app) if number != judged)
    with app.database.write() as connection:
        for number in (judged, other):
            connection.exec_driver_sql(COPIED, (number,))
    within_reach = open_scores(app)
    assert {judged, judged + 1000, other, other + 1000} <= within_reach.keys()
    assert ask(app, "advisory", LATER).open == len(within_reach) - 3


def test_a_story_that_was_edited_since_it_was_judged_is_not_asked_about(app: App) -> None:
    judged = story_in(app, MatchState.HIT)
    said(app, str(judged.id))
    before = ask(app, "advisory", LATER).open
    with app.database.write() as connection:
        edit = "UPDATE stories SET text = text || ' Updated.' WHERE id = ?"
        connection.exec_driver_sql(edit, (judged.id,))
    assert ask(app, "advisory", LATER).open == before


def test_where_nothing_is_open_nothing_is_asked(app: App) -> None:
    told = ask(app, "orchard", LATER)
    assert told.asked is not None
    said(app, str(told.asked.story.id), topic="orchard")
    assert ask(app, "orchard", LATER).asked is None
