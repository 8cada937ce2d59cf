"""What the store has seen of topics: rules that let nothing pass, overlaps, floods, silence."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import combinations

from monitor.records import MatchedStory, MatchState, Story, Threshold, Topic
from monitor.service.advice import Advice
from monitor.service.app import App, topic_specs
from monitor.store import matches, stories, topics, traces

LOOK_BACK = timedelta(days=30)
WEEK = timedelta(weeks=1)
AT_MOST = 1000
"""Matches of a topic that are looked at."""
FLOOD, LEAST_FLOOD = 3.0, 10
"""A topic floods that brings so many times what it promises, and so many stories at least."""
SILENT = 0.01
"""The chance below which silence is no chance, were stories to come independently (Poisson)."""
RHYTHM = 5
"""Hits that make a rhythm; with fewer, what the threshold lets expect is the rhythm."""
REFUSED = 3
"""Refused stories from which a rule that refused them all is told."""
SHARED, LEAST_SHARED = 0.5, 5
"""Two topics overlap that have this part of the hits of one in common, of so many at least."""
TRIED, LEAST_TRIED = 500, 100
"""The newest stories that must have a word of ``must``; with fewer nothing is concluded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A stored topic, its threshold, since when it is as it is now, and its late matches."""

    topic: Topic
    threshold: Threshold | None
    since: datetime | None
    hits: Sequence[MatchedStory]
    refused: Sequence[MatchedStory]


def on_record(app: App, now: datetime) -> Iterator[Advice]:
    """Yield what the stored stories and matches tell of the topics that are stored."""
    seen = _seen(app, now)
    for each in seen:
        yield from _refused_all(app, each)
        yield from _floods(app, each, now)
        yield from _silent(app, each, now)
    yield from _shared(app, seen)
    yield from _nowhere(app, [each.topic for each in seen])


def _seen(app: App, now: datetime) -> list[_Seen]:
    record = topics.latest_background(app.database)
    thresholds = topics.thresholds(app.database, record.version) if record else {}
    known = traces.first_thresholds(app.database)
    stored = [each for each in topics.planned(app.database, topic_specs(app)) if each.id > 0]
    return [
        _Seen(
            topic=topic,
            threshold=thresholds.get(topic.id),
            since=known.get((topic.id, topic.version)),
            hits=_late(app, topic, MatchState.HIT, now),
            refused=_late(app, topic, MatchState.VETOED, now),
        )
        for topic in stored
    ]


def _late(app: App, topic: Topic, state: MatchState, now: datetime) -> Sequence[MatchedStory]:
    """The matches of the last time, newest first."""
    return matches.listing(
        app.database,
        topic=topic.spec.name,
        states=(state,),
        since=now - LOOK_BACK,
        limit=AT_MOST,
    )


def _advice(app: App, topic: Topic, key: str, what: str, remedy: str) -> Advice:
    return Advice(
        topic=topic.spec.name,
        level="warning",
        place=app.settings.place(topic.spec.name, (key,), {}),
        what=what,
        remedy=remedy,
    )


def _refused_all(app: App, seen: _Seen) -> Iterator[Advice]:
    if not seen.hits and len(seen.refused) >= REFUSED:
        rules = Counter(each.match.veto or "" for each in seen.refused)
        (rule, times), *_ = rules.most_common(1)
        what = f"refused all {len(seen.refused)} stories of {LOOK_BACK.days} days that resembled it"
        told = f"{what}, {times} by {rule}"
        key = rule.partition(":")[0]
        yield _advice(app, seen.topic, key, told, "see with `monitor matches --state vetoed`")


def _floods(app: App, seen: _Seen, now: datetime) -> Iterator[Advice]:
    if seen.threshold is None or seen.since is None:
        return
    promise = seen.topic.spec.alerts_per_week or seen.threshold.expected_per_week
    start = max(seen.since, now - LOOK_BACK)
    found = sum(each.match.matched_at >= start for each in seen.hits)
    weekly = found * (WEEK / max(now - start, timedelta(days=1)))
    if promise and found >= LEAST_FLOOD and weekly > FLOOD * promise:
        what = f"floods: {found:,} hits since {start:%Y-%m-%d}, about {weekly:,.0f} a week, where "
        what += f"{promise:,.0f} are promised" if promise >= 1 else "fewer than 1 is promised"
        remedy = (
            "write a higher threshold, which `monitor backtest` shows, or take out what it finds"
        )
        yield _advice(app, seen.topic, "alerts_per_week", what, remedy)


def _silent(app: App, seen: _Seen, now: datetime) -> Iterator[Advice]:
    """Yield a silence that is no chance; time is told by stories, which may come or not."""
    last = seen.hits[0].match.matched_at if seen.hits else seen.since
    per_story = _rhythm(app, seen, now)
    if last is None or per_story is None:
        return
    since_then = stories.seen_between(app.database, last, now)
    expected = per_story * since_then
    if math.exp(-expected) < SILENT:
        what = f"silent since {last:%Y-%m-%d}: none of {since_then:,} stories matched, where about "
        what += f"{expected:,.0f} were to be expected"
        remedy = "see with `monitor backtest` if its words are out of date or its feeds gone"
        yield _advice(app, seen.topic, "seeds", what, remedy)


def _rhythm(app: App, seen: _Seen, now: datetime) -> float | None:
    """How many hits there are for each story: by the hits so far, else by what is expected."""
    if len(seen.hits) >= RHYTHM:
        first, last = seen.hits[-1].match.matched_at, seen.hits[0].match.matched_at
        between = stories.seen_between(app.database, first, last)
        return (len(seen.hits) - 1) / between if between else None
    expected = seen.threshold.expected_per_week if seen.threshold else None
    pace = stories.per_week(app.database, now)
    return expected / pace if expected is not None and pace else None


def _shared(app: App, seen: Sequence[_Seen]) -> Iterator[Advice]:
    found = [(each.topic, {it.story.id for it in each.hits}) for each in seen]
    for pair in combinations(found, 2):
        for (topic, hits), (other, its) in (pair, pair[::-1]):
            both = len(hits & its)
            if len(hits) >= LEAST_SHARED and both >= SHARED * len(hits):
                name = other.spec.name
                what = (
                    f"{both} of its {len(hits)} hits of {LOOK_BACK.days} days are of {name!r} too"
                )
                remedy = "make one topic of both, or tell them apart with must, never or not"
                yield _advice(app, topic, "seeds", what, remedy)


def _nowhere(app: App, watched: Sequence[Topic]) -> Iterator[Advice]:
    """Yield the words of ``must`` that none of the newest stories has."""
    asking = [each for each in watched if each.spec.must]
    newest = stories.latest(app.database, TRIED) if asking else ()
    for topic in asking:
        missing, read = _missing(topic, newest)
        if read >= LEAST_TRIED:
            for n in missing:
                what = f"none of the newest {read:,} stories has {topic.spec.must[n]!r}"
                remedy = "write it as stories do, or use any"
                place = app.settings.place(topic.spec.name, ("must", n), {})
                made = _advice(app, topic, "must", what, remedy)
                yield replace(made, level="note", place=place)


def _missing(topic: Topic, newest: Sequence[Story]) -> tuple[list[int], int]:
    """Which words of ``must`` no story has, and how many stories of its language there are."""
    from monitor.matching.rules import Rules

    spec = replace(topic.spec, any=(), never=(), feeds=(), tags=())
    rules, refused = Rules(spec), Counter[str]()
    read = 0
    for story in newest:
        refusals = rules.refusals(story)
        if not any(each.startswith("language:") for each in refusals):
            read += 1
            refused.update(refusals)
    return [n for n, phrase in enumerate(spec.must) if refused[f"must: {phrase!r}"] == read], read
