"""The page of what the messages of a digest left out: by message, folded as the mail folds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.notify.fold import fold
from monitor.notify.lines import clean_line
from monitor.notify.wording import count, local_time, reason_words, score_words
from monitor.records import Answers, DigestEntry, LeftOut
from monitor.service.answers import Rest
from monitor.service.links import Links
from monitor.web.show import Item, item_of, rendered, source_and_time

STORIES = 200
"""On one page, copies among them; how many there are beyond is said."""
_WORDS = 4
_COMMAND = "monitor matches --cut"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A story with its copies: why it matched, and where to answer on it."""

    item: Item
    topic: str
    reason: str
    score: str
    answers: Answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one message left out, best first."""

    when: str
    size: str
    entries: tuple[Entry, ...]


def rest_page(it: Rest, links: Links) -> str:
    """What was left out, the newest message first; ``links`` lead to the pages for answers."""
    return rendered(
        "rest.html",
        title="What found no room",
        digest=clean_line(it.reader.digest),
        messages=tuple(_message(it, each, links) for each in it.messages),
        more=count(it.more, "more story", "more stories") if it.more else "",
        command=_COMMAND,
    )


def _message(it: Rest, message: LeftOut, links: Links) -> Message:
    entries = tuple(_entry(it, each, links) for each in fold(message.stories))
    return Message(
        when=local_time(message.slot, it.zone),
        size=count(len(entries), "story", "stories"),
        entries=entries,
    )


def _entry(it: Rest, entry: DigestEntry, links: Links) -> Entry:
    story, match = entry.lead.story, entry.lead.match
    told = " · ".join((source_and_time(story, it.zone), *_others(entry)))
    return Entry(
        item=item_of(story.title, story.url, story.language, story.text, told),
        topic=clean_line(entry.lead.topic),
        reason=reason_words(match, _WORDS),
        score=score_words(match),
        answers=links.answers(entry.lead),
    )


def _others(entry: DigestEntry) -> Iterator[str]:
    if entry.echoes:
        yield count(len(entry.echoes), "copy", "copies")
    if entry.updates:
        yield count(len(entry.updates), "later version")
