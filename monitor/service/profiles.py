"""What a topic looks for, what it promises, and how both came to be. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from monitor.records import Term, Threshold, Topic
from monitor.service.app import App
from monitor.service.matchers import matcher_of
from monitor.service.views import usable_topic
from monitor.store import stories, topics
from monitor.store.topics import Chosen

REMEMBERED = 100
"""The newest thresholds of a topic among which its moves are looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a topic looks for: its heaviest terms; the shares of all of them sum to 1.

    ``learned`` of ``read`` stories are in the background. ``moves``: each time the threshold came
    to another value, newest first, the first of all included. ``related``: all terms that no seed
    and no wanted story has.
    """

    topic: Topic
    threshold: Threshold
    background_version: int
    learned: int
    read: int
    moves: tuple[Chosen, ...]
    terms: tuple[Term, ...]
    related: tuple[Term, ...]


def profile(app: App, topic_name: str, terms: int) -> Profile:
    """The heaviest terms of a topic against the newest background, and its threshold."""
    topic = usable_topic(app, topic_name)
    matcher = matcher_of(app, topic)
    record = topics.latest_background(app.database)
    chosen = topics.threshold_history(app.database, topic.id, REMEMBERED)
    whole, added = matcher.heaviest(topic.id), set(matcher.related(topic.id))
    return Profile(
        topic=topic,
        threshold=matcher.threshold(topic.id),
        background_version=matcher.background_version,
        learned=record.stories if record else 0,
        read=stories.count_after(app.database, 0),
        moves=tuple(_moves(chosen)),
        terms=whole[:terms],
        related=tuple(term for term in whole if term.text in added),
    )


def _moves(chosen: Sequence[Chosen]) -> Iterator[Chosen]:
    """Those whose value is not that of the one before; ``chosen`` is newest first."""
    for later, earlier in pairwise(chosen):
        if later.threshold.value != earlier.threshold.value:
            yield later
    yield from chosen[-1:]
