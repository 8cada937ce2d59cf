"""What the subject of a message says: what is inside. Pure."""

from __future__ import annotations

from monitor.notify.headers import header_text
from monitor.notify.wording import count
from monitor.notify.words import title_words, topic_words
from monitor.records import Digest, DigestKind

MAX_SUBJECT = 90
_MAX_TOPIC = 30
_ANSWER = "Re: "


def subject_of(digest: Digest) -> str:
    """Return the best story's title and how many more there are on how many topics.

    An urgent one begins with its topic. One without stories says so; an update answers the first
    message by its subject. At most 90 characters, but for that.
    """
    if digest.first is not None:
        return header_text(_ANSWER + digest.first.subject.removeprefix(_ANSWER))
    if not digest.sections:
        return nothing_new(digest)
    best = digest.sections[0].entries[0].lead
    begin = ""
    if digest.kind is DigestKind.URGENT:
        begin = f"{header_text(topic_words(best.topic).text, _MAX_TOPIC)}: "
    end = _more(digest)
    title = title_words(best, MAX_SUBJECT).text
    return f"{begin}{header_text(title, MAX_SUBJECT - len(begin) - len(end))}{end}"


def nothing_new(digest: Digest) -> str:
    """Return ``Nothing new on 3 topics``; a single topic is named."""
    if len(digest.topics) == 1:
        return f"Nothing new on {header_text(digest.topics[0], MAX_SUBJECT // 2)}"
    return f"Nothing new on {count(len(digest.topics), 'topic') if digest.topics else 'any topic'}"


def _more(digest: Digest) -> str:
    more = sum(len(section.entries) for section in digest.sections) - 1
    topics = len(digest.sections)
    on = f" on {count(topics, 'topic')}" if topics > 1 else ""
    return f" (+{more:,} more{on})" if more else ""
