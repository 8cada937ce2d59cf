"""A feed that publishes its old stories again, all at once. Pure.

Sites that move renumber everything: ids and links are new, the stories are not. They wait for the
owner instead of being mailed.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import timedelta

from monitor.records import Feed, NewStory

LEAST = 5
"""New stories of one document from which on they may be a flood."""
OLD = timedelta(days=1)
"""How long before its feed last brought news a story was published that should have been in it.

Stories land late: a night's delay is no flood.
"""


def hold(
    stories: tuple[NewStory, ...], known: AbstractSet[bytes], feed: Feed, *, unread: int = 0
) -> tuple[NewStory, ...]:
    """Return a document's stories, those held that are old and came with too many others.

    ``known``: the keys of those that the feed has shown before, and the content keys of those that
    only their text tells; ``unread``: how many known items of the document are not among
    ``stories``. Of a feed that is not new, more than half of a document and at least ``LEAST`` have
    to have new keys, and more than half of these to be old: their text is known, or they were
    published more than ``OLD`` before the feed last brought news: what it has not shown since may
    be the work of a week, published at once. Then the old ones are held, and the others are news.
    Without a usable date a story counts as published when it was found.
    """
    if feed.last_success_at is None:
        return stories
    before = min(feed.last_success_at, feed.story_at or feed.last_success_at) - OLD
    new = [each for each in stories if known.isdisjoint(each.keys) or each.content_key in known]
    old = {each.keys for each in new if each.published_at < before or each.content_key in known}
    many = len(new) >= LEAST and 2 * len(new) > len(stories) + unread
    if not many or 2 * len(old) <= len(new):
        return stories
    return tuple(replace(each, held=True) if each.keys in old else each for each in stories)
