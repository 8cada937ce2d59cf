"""Who wants the pages of which stories, and whether they can be read here."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta

from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.ingest.article import EXTRA, is_available
from monitor.matching.rules import watches
from monitor.records import FullText, Story, Topic

PATIENCE = timedelta(hours=1)
"""No story waits longer for its page: then the feed's text has to do."""


def wants_page(
    story: Story, own: FullText | None, topics: Collection[Topic], reached: Collection[int]
) -> bool:
    """Whether a story's page is to be read before it is matched.

    ``own``: what its feed says by itself, which is the last word. Otherwise a topic that watches
    the feed may ask for all of its stories, or for those within its reach by the feed's text;
    ``reached``: the numbers of the topics within whose reach the story is, hit or near.
    """
    if own is not None:
        return own is FullText.ALWAYS or (own is FullText.NEAR and bool(reached))
    return any(
        topic.spec.full_text is FullText.ALWAYS or topic.id in reached
        for topic in topics
        if topic.spec.full_text is not FullText.NEVER and watches(topic.spec, story)
    )


def may_want_page(story: Story, own: FullText | None, topics: Collection[Topic]) -> bool:
    """Whether the page of a story is wanted, were it within the reach of every topic."""
    return wants_page(story, own, topics, {topic.id for topic in topics})


def missing_extra(settings: Settings) -> str | None:
    """Say who asks for full texts and what is to be installed for them; None: nothing is amiss."""
    asking = ", ".join(_asking(settings))
    if not asking or is_available():
        return None
    return (
        f"full_text is asked for by {asking}, and what reads pages is not installed; "
        f"install {EXTRA}, or write full_text: never"
    )


def require_extra(settings: Settings) -> None:
    """Raise ``ConfigError`` where full texts are asked for and cannot be read."""
    if problem := missing_extra(settings):
        raise ConfigError((problem,))


def _asking(settings: Settings) -> Iterator[str]:
    asked = (FullText.NEAR, FullText.ALWAYS)
    yield from (f"feed {feed.url}" for feed in settings.feeds if feed.full_text in asked)
    yield from (
        f"topic {topic.file.name}" for topic in settings.topics if topic.file.full_text in asked
    )
