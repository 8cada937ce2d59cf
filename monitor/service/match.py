"""The step that scores new stories against the topics. Every story is marked, hit or not.

unmatched -> score -> those that want their page first | save
"""

from __future__ import annotations

from collections import defaultdict
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
    counts = {"stories": 0, "hits": 0, "near": 0, "vetoed": 0, "put_off": 0}
    articles.keep_overdue(app.database, now, PATIENCE)
    while batch := stories.unmatched(app.database, BATCH):
        matcher = current_matcher(app)
        found = matcher.match(batch, now)
        later = _wanting_their_page(app, batch, found, matcher.topics)
        if later:
            counts["put_off"] += articles.want(app.database, later, now)
            put_off = {story.id for story in later}
            batch = tuple(story for story in batch if story.id not in put_off)
            found = tuple(each for each in found if each.story_id not in put_off)
        matches.save(app.database, tuple(story.id for story in batch), found, now)
        counts["stories"] += len(batch)
        counts["hits"] += sum(each.state is MatchState.HIT for each in found)
        counts["near"] += sum(each.state is MatchState.NEAR for each in found)
        counts["vetoed"] += sum(each.state is MatchState.VETOED for each in found)
        app.progress("stories scored", counts["stories"])
        if app.stopping.is_set():
            break
    return StepReport(step="match", counts=counts)


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
