"""Records as programs read them, in JSON: stable keys, no key of ours that nobody can use.

Times are ISO 8601 in UTC, durations seconds. What a topic's seeds say is left out but for its size.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from monitor.records import (
    Feed,
    Match,
    MatchedStory,
    OutboxItem,
    OutboxState,
    Rhythm,
    Seed,
    Story,
    Term,
    Threshold,
    TopicSpec,
    Verdict,
)

if TYPE_CHECKING:
    from monitor.service.advice import Advice
    from monitor.service.asking import Question
    from monitor.service.checks import Finding
    from monitor.service.difference import Difference
    from monitor.service.explain import Explanation
    from monitor.service.health import FeedHealth
    from monitor.service.profiles import Profile
    from monitor.service.verdicts import Given
    from monitor.service.views import LoggedFetch, RecipientStatus, Status, TopicStatus
    from monitor.store.topics import Chosen

Shape = dict[str, Any]


def pick(record: object, *names: str) -> Shape:
    """Those fields of a record, under their names."""
    return {name: getattr(record, name) for name in names}


def feed(it: FeedHealth) -> Shape:
    """A feed and how it fares. ``health`` is the first of ``conditions``, the most urgent one."""
    each = it.feed
    asked_at = each.last_checked_at
    pace = None if asked_at is None else (each.next_check_at - asked_at).total_seconds()
    return {
        **_feed(each, it.state),
        "conditions": [pick(one, "state", "told", "at", "remedy") for one in it.conditions],
        "asked_every_seconds": pace,
        "stories_per_day": _per_day(each.rhythm),
        **pick(each, "address", "story_at", "gone_at", "held", "held_at", "gaps", "gap_at"),
        "last_seconds": each.seconds,
    }


def _feed(it: Feed, health: str) -> Shape:
    return {
        **pick(it, "id", "title"),
        **pick(it.spec, "url", "tags", "enabled"),
        "interval_seconds": it.spec.interval.total_seconds(),
        "health": health,
        **pick(it, "last_checked_at", "last_success_at", "next_check_at", "failing_since"),
        **pick(it, "failures", "last_error", "last_status", "skipped_entries"),
    }


def _per_day(it: Rhythm) -> float | None:
    return round(86_400 * it.stories / it.seconds, 3) if it.seconds else None


def fetch(it: LoggedFetch) -> Shape:
    """One request for a feed, and what came of it."""
    names = ("at", "status", "http_status", "seconds", "size", "new", "error")
    asked = {"feed_id": it.feed.id, "feed": it.feed.title, "url": it.feed.spec.url}
    return {**asked, **pick(it.line, *names), "redirected_to": it.redirected_to}


def story(it: Story) -> Shape:
    """A stored story, without the hashes it is recognised by.

    ``article``: whether ``text`` is that of its page: ``read``, ``kept`` (``article_note`` says why
    it is the feed's), ``wanted`` (its page is still to be read), or None, where nobody asked.
    """
    names = ("id", "url", "title", "text", "article", "article_note", "source", "feed_url")
    moments = ("published_at", "seen_at", "edited_at")
    return pick(it, *names, "feed_tags", "language", *moments, "backlog")


def _terms(terms: Iterable[Term]) -> list[Shape]:
    return [pick(term, "text", "share") for term in terms]


def match(it: Match) -> Shape:
    """A score and its reasons: the shares of ``terms`` and ``rest`` sum to ``score``."""
    return {
        **pick(it, "score", "threshold", "state", "veto"),
        "terms": _terms(it.terms),
        **pick(it, "rest", "background_version", "matched_at"),
    }


def matched(it: MatchedStory) -> Shape:
    """A match with its story and topic."""
    return {"topic": it.topic, "match": match(it.match), "story": story(it.story)}


def _seed(it: Seed) -> Shape:
    return {"origin": it.origin, "title": it.title, "characters": len(it.text)}


def topic(it: TopicSpec) -> Shape:
    """What the owner wrote about a topic."""
    return {
        **pick(it, "name", "language"),
        "seeds": [_seed(seed) for seed in it.seeds],
        "not": [_seed(seed) for seed in it.not_seeds],
        **pick(it, "must", "any", "never", "feeds", "tags", "alerts_per_week"),
    }


def threshold(it: Threshold | None) -> Shape | None:
    """A threshold and where it comes from; None: it was not chosen yet."""
    names = ("value", "kind", "sample", "expected_per_week", "expected_low", "expected_high")
    return None if it is None else pick(it, *names, "since")


def topic_status(it: TopicStatus) -> Shape:
    """A topic with its threshold and what it found within seven days."""
    counts = {"hits_in_7_days": it.week, "near_in_7_days": it.near}
    return {**topic(it.topic.spec), "threshold": threshold(it.threshold), **counts}


def message(it: OutboxItem) -> Shape:
    """A message on its way, or given up; ``run`` is the number of its digest."""
    names = ("state", "attempts", "created_at", "next_attempt_at", "uncertain", "last_error")
    told = pick(it.message, "message_id", "recipient", "subject")
    return {**pick(it, "id", "run", "digest"), **told, **pick(it, *names)}


def _recipient(it: RecipientStatus) -> Shape:
    names = ("digest", "recipient", "last_at", "next_at", "stopped_at", "stopped_by")
    today = pick(it, "rests_until", "urgent_today", "urgent_at_most")
    return {**pick(it.subscription, *names), **today}


def status(it: Status) -> Shape:
    """Everything that ``monitor status`` knows."""
    return {
        "feeds": [feed(each) for each in it.feeds],
        "topics": [topic_status(each) for each in it.topics],
        "topics_without_seed": it.without_seed,
        "digests": [_recipient(each) for each in it.recipients],
        "outbox": {state: it.outbox.get(state, 0) for state in OutboxState},
        "messages": [message(each) for each in it.messages],
        "stories": it.stories,
        "background": {"version": it.background_version, "stories": it.background_stories},
        "service": pick(it, "beats", "late"),
    }


def profile(it: Profile) -> Shape:
    """What a topic looks for; the shares of all its terms sum to 1."""
    return {
        "topic": topic(it.topic.spec),
        "threshold": threshold(it.threshold),
        "background_version": it.background_version,
        "background_stories": it.learned,
        "moves": [_chosen(each) for each in it.moves],
        "verdicts": [verdict(each) for each in it.topic.verdicts],
        "terms": _terms(it.terms),
        "related": _terms(it.related),
    }


def _chosen(it: Chosen) -> Shape:
    return {**(threshold(it.threshold) or {}), "background_version": it.background_version}


def verdict(it: Verdict) -> Shape:
    """What was said of a story; the words that it taught are the story's."""
    names = ("id", "wanted", "origin", "given_at", "reverted_at", "story_id", "title", "url")
    return pick(it, *names)


def given(it: Given) -> Shape:
    """A verdict, and what it moved; ``moved`` is None where it stood already."""
    scores = it.moved.scores if it.moved else None
    return {
        "verdict": verdict(it.verdict),
        "topic": it.topic.spec.name,
        "scores": scores and {"before": scores[0], "after": scores[1]},
        "moved": it.moved and difference(it.moved),
    }


def difference(it: Difference) -> Shape:
    """What differs between two states of a topic: all words, largest change first."""
    return {
        "threshold": {
            "before": threshold(it.before.threshold),
            "after": threshold(it.after.threshold),
        },
        "terms": [pick(each, "text", "before", "after") for each in it.terms],
        "stories": it.stories,
        "gained": [pick(each, "id", "title", "url") for each in it.gained],
        "lost": [pick(each, "id", "title", "url") for each in it.lost],
    }


def question(it: Question) -> Shape:
    """The story to ask about, None where there is none, out of how many."""
    return {
        "topic": it.topic.spec.name,
        "threshold": threshold(it.threshold),
        "asked": it.asked and matched(it.asked),
        **pick(it, "open", "stories"),
    }


def explanation(it: Explanation) -> Shape:
    """Why a story scores what it scores; ``stored``: what was decided when it was matched."""
    return {
        "topic": it.topic.spec.name,
        "match": match(it.match),
        "stored": it.stored and match(it.stored),
        "now": it.now and match(it.now),
        **pick(it, "changes", "fate", "scored_at", "refusals"),
        "missing": _terms(it.missing),
        "story": story(it.story),
    }


def finding(it: Finding) -> Shape:
    """One thing that ``monitor check`` looked at."""
    return pick(it, "what", "ok", "told", "level")


def advice(it: Advice) -> Shape:
    """One thing that could be better about a topic."""
    return pick(it, "topic", "level", "place", "what", "remedy")
