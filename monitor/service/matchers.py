"""Matchers made from what is stored, for the steps and for those who ask why."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from monitor.records import BackgroundRecord, Threshold, Topic, TopicSpec, Verdict
from monitor.service.app import App
from monitor.store import topics

if TYPE_CHECKING:
    from monitor.matching.background import Background
    from monitor.matching.score import Matcher

log = logging.getLogger(__name__)


def current_matcher(app: App) -> Matcher:
    """The matcher for the newest background and the topics as stored; built anew when they move."""
    record = topics.latest_background(app.database)
    version = record.version if record else 0
    watched = topics.all_topics(app.database)
    thresholds = topics.thresholds(app.database, version)
    state = (version, watched, tuple(sorted(thresholds.items())))
    if app.matcher is None or app.matcher[0] != state:
        app.matcher = (state, matcher_for(record, watched, thresholds))
    return app.matcher[1]


def matcher_of(app: App, topic: Topic) -> Matcher:
    """A matcher of one topic, which decides as the current one does; others cost nothing."""
    record = topics.latest_background(app.database)
    thresholds = topics.thresholds(app.database, record.version if record else 0)
    return matcher_for(record, (topic,), thresholds)


def matcher_for(
    record: BackgroundRecord | None, watched: Sequence[Topic], thresholds: Mapping[int, Threshold]
) -> Matcher:
    """A matcher against one background version; None: the shipped prior alone.

    A topic without a usable seed, such as a page that turned out to be empty, is left out and
    logged: it must not cost the other topics their matches.
    """
    from monitor.matching.background import Background
    from monitor.matching.score import Matcher

    background = Background.from_record(record) if record else Background.prior()
    matcher = Matcher(background, watched, thresholds)
    for name, fault in matcher.left_out.items():
        log.error("topic left out", extra={"topic": name, "error": fault})
    return matcher


def fault_of(
    spec: TopicSpec, background: Background | None = None, verdicts: Sequence[Verdict] = ()
) -> str | None:
    """What keeps a topic from matching anything; None: nothing does."""
    from monitor.matching.background import Background
    from monitor.matching.profile import build_profile
    from monitor.matching.vectors import Vectorizer

    try:
        build_profile(spec, Vectorizer(background or Background.prior()), verdicts)
    except ValueError as error:
        return str(error)
    return None
