"""Verdicts: what a reader says of a story, what that moves, and how it is taken back.

story, topic, answer -> the topic as it would be -> its threshold -> one transaction
-> what moved: threshold, words, and what of the stories at hand would match now
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from shlex import quote

from monitor.records import BackgroundRecord, Story, Topic, Verdict
from monitor.service.app import App
from monitor.service.difference import Difference, chosen_state, difference, stored_state
from monitor.service.matchers import fault_of
from monitor.service.thresholds import choose_thresholds
from monitor.service.views import LISTED, NotFound, find_story, find_topic, told_names
from monitor.store import matches, stories, topics, verdicts
from monitor.store.topics import Chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A verdict that was given or taken back, and what it moved; None: it stood already."""

    verdict: Verdict
    topic: Topic
    moved: Difference | None


def give(
    app: App, story_text: str, topic_name: str | None, *, wanted: bool, origin: str, now: datetime
) -> Given:
    """Store what a reader says of a story, hit or miss, and tell what it moved.

    ``story_text`` is a number, an address or a piece of the title. ``topic_name`` None: the one
    topic that has a match with the story. ``origin`` says where the verdict was given.
    :class:`NotFound` where story or topic is not clear, or where there is nothing to learn from.
    """
    story = _words_of(find_story(app, story_text))
    topic = _topic_of(app, story) if topic_name is None else find_topic(app, topic_name)
    before = next((each for each in topic.verdicts if each.story_id == story.id), None)
    if before is not None and before.wanted == wanted:
        return Given(verdict=before, topic=topic, moved=None)
    record = topics.latest_background(app.database)
    store = partial(
        verdicts.give, app.database, topic.id, story, wanted=wanted, origin=origin, now=now
    )
    others = (each for each in topic.verdicts if each.story_id != story.id)
    said = verdicts.unstored(topic.id, story, wanted=wanted, origin=origin, now=now)
    proposed = replace(topic, verdicts=(*others, said))
    _check_usable(proposed, record)
    return _moved(app, record, topic, proposed, now, lambda chosen: store(chosen=chosen))


def undo(app: App, number: int, now: datetime) -> Given:
    """Take a verdict back and tell what that moved; :class:`NotFound` where none stands."""
    topic = _topic_with(app, number)
    record = topics.latest_background(app.database)
    proposed = replace(topic, verdicts=without(topic, number))

    def take_back(chosen: Chosen | None) -> Verdict:
        undone = verdicts.revert(app.database, number, now, chosen=chosen)
        if undone is None:
            raise NotFound(f"verdict {number} was taken back by somebody else just now")
        return undone

    return _moved(app, record, topic, proposed, now, take_back)


def history(app: App, topic_name: str) -> tuple[Topic, tuple[Verdict, ...]]:
    """A topic and every verdict that was given for it, those taken back too; oldest first."""
    topic = find_topic(app, topic_name)
    return topic, verdicts.history(app.database, topic.id)


def compare(app: App, topic_name: str, number: int | None, now: datetime) -> Difference:
    """What differs between a topic without a verdict (None: without any) and as it is."""
    topic = find_topic(app, topic_name)
    if number is not None and all(each.id != number for each in topic.verdicts):
        raise NotFound(
            f"no verdict {number} stands for topic {topic.spec.name!r}; "
            f"`monitor topics verdicts {quote(topic.spec.name)}` lists them"
        )
    earlier = replace(topic, verdicts=() if number is None else without(topic, number))
    record = topics.latest_background(app.database)
    before = chosen_state(app, record, earlier, now)
    return difference(app, record, before, stored_state(app, record, topic), now)


def without(topic: Topic, number: int) -> tuple[Verdict, ...]:
    """The standing verdicts of a topic but for one."""
    return tuple(each for each in topic.verdicts if each.id != number)


def _moved(
    app: App,
    record: BackgroundRecord | None,
    topic: Topic,
    proposed: Topic,
    now: datetime,
    store: Callable[[Chosen | None], Verdict],
) -> Given:
    """Choose the threshold of what is proposed, store both at once, and tell what moved."""
    before = stored_state(app, record, topic)
    chosen = chosen_state(app, record, proposed, now).threshold
    verdict = store(Chosen(chosen, topic.version, record.version) if record else None)
    known = {each.id: each for each in topics.all_topics(app.database)}
    now_is = known.get(topic.id, proposed)
    _choose_missing(app, record, now_is, now)
    after = stored_state(app, record, now_is)
    story = stories.get(app.database, verdict.story_id)
    moved = difference(app, record, before, after, now, story)
    return Given(verdict=verdict, topic=after.topic, moved=moved)


def _choose_missing(app: App, record: BackgroundRecord | None, topic: Topic, now: datetime) -> None:
    """Choose again where another verdict came between: what was chosen was not for this topic."""
    if record is None or topic.id in topics.thresholds(app.database, record.version):
        return
    chosen = choose_thresholds(app, record, (topic,), now)
    topics.save_thresholds(app.database, record.version, (topic,), chosen, now)


# ---------------------------------------------------------------- what is meant


def _topic_of(app: App, story: Story) -> Topic:
    """The one topic that has a match with a story."""
    ids = {match.topic_id for match in matches.of_story(app.database, story.id)}
    known = topics.all_topics(app.database)
    found = [topic for topic in known if topic.id in ids]
    if len(found) == 1:
        return found[0]
    names = [topic.spec.name for topic in found[:LISTED] or known]
    raise NotFound(
        f"{'several topics' if found else 'no topic'} matched story {story.id} ({story.title}); "
        f"say with --topic which one is meant; {told_names(names)}"
    )


def _topic_with(app: App, number: int) -> Topic:
    """The topic for which a verdict stands."""
    for topic in topics.all_topics(app.database):
        if any(each.id == number for each in topic.verdicts):
            return topic
    found = verdicts.get(app.database, number)
    if found is None:
        raise NotFound(f"there is no verdict {number}; `monitor topics verdicts` lists a topic's")
    if found.reverted_at is not None:
        raise NotFound(f"verdict {number} was taken back at {found.reverted_at:%Y-%m-%d %H:%M} UTC")
    raise NotFound(
        f"verdict {number} is of a topic that is not in the configuration any more; "
        "it teaches nothing until that topic returns"
    )


def _words_of(story: Story) -> Story:
    """The story with as much of it as is read; :class:`NotFound` where that holds no word."""
    from monitor.matching.text import MAX_CHARS, analyzer_for, language_of

    words = replace(story, title=story.title[:MAX_CHARS], text=story.text[:MAX_CHARS])
    if not analyzer_for(language_of(story.language)).terms(words.title, words.text):
        raise NotFound(f"story {story.id} holds no word to learn from")
    return words


def _check_usable(proposed: Topic, record: BackgroundRecord | None) -> None:
    """Refuse a verdict on a topic that can match nothing: there is nothing it could move."""
    from monitor.matching.background import Background

    background = Background.from_record(record) if record else None
    fault = fault_of(proposed.spec, background, proposed.verdicts)
    if fault is not None:
        raise NotFound(f"the verdict was not stored: {fault}")
