"""The step that scores new stories against the topics. Every story is marked, hit or not.

unmatched -> score -> those that want their page first | save
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from monitor.records import Match, MatchState, StepReport, Story, Topic
from monitor.service.app import App
from monitor.service.fulltext import PATIENCE, wants_page
from monitor.service.matchers import current_matcher
from monitor.store import articles, matches, stories

BATCH = 200
"""Stories scored at once: a batch is one sparse product, and one transaction."""


def match(app: App, now: datetime) -> StepReport:
    """Score every story that waits, in batches.

    One that wants its page first is put off, and scored when that is settled. The hour after which
    it is settled in any case is held here too, whatever hinders the step that reads pages.
    """
    counts = Counter(stories=0, hits=0, near=0, vetoed=0, put_off=0)
    articles.keep_overdue(app.database, now, PATIENCE)
    while batch := stories.unmatched(app.database, BATCH):
        counts.update(_match(app, batch, now))
        app.progress("stories scored", counts["stories"])
        if app.stopping.is_set():
            break
    return StepReport(step="match", counts=dict(counts))


def _match(app: App, batch: Sequence[Story], now: datetime) -> Counter[str]:
    matcher = current_matcher(app)
    found = matcher.match(batch, now)
    later = _wanting_their_page(app, batch, found, matcher.topics)
    put_off = articles.want(app.database, later, now) if later else 0
    waiting = {story.id for story in later}
    decided = tuple(story.id for story in batch if story.id not in waiting)
    kept = tuple(each for each in found if each.story_id not in waiting)
    matches.save(app.database, decided, kept, now)
    states = Counter(each.state for each in kept)
    return Counter(
        stories=len(decided),
        hits=states[MatchState.HIT],
        near=states[MatchState.NEAR],
        vetoed=states[MatchState.VETOED],
        put_off=put_off,
    )


def _wanting_their_page(
    app: App, batch: Sequence[Story], found: Iterable[Match], topics: Sequence[Topic]
) -> tuple[Story, ...]:
    """The stories whose page was neither read nor given up, and is to be read first."""
    if not app.reads_pages:
        return ()
    own = articles.own_words(app.database)
    reached: dict[int, set[int]] = defaultdict(set)
    for each in found:
        reached[each.story_id].add(each.topic_id)
    return tuple(
        story
        for story in batch
        if story.article is None
        and wants_page(story, own.get(story.feed_id), topics, reached[story.id])
    )
