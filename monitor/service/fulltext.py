"""Who wants the pages of which stories."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

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
