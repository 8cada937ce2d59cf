"""Digest -> JSON for a webhook, in the form that docs/howto/send-elsewhere.md documents. Pure."""

from __future__ import annotations

import json
from datetime import datetime

from monitor.notify.channel import cut_stories, delivery_id, entries_of, message_of, other_topics
from monitor.notify.lines import MAX_SNIPPET, MAX_TITLE, clean_line, shorten
from monitor.notify.wording import safe_link
from monitor.notify.words import title_words
from monitor.records import (
    ContentType,
    Coverage,
    Digest,
    DigestEntry,
    MatchedStory,
    Rendered,
    Term,
)

MAX_COPIES = 20
"""Copies named of one story; ``copies_in_all`` counts them all."""
_MAX_NAME = 200
_MAX_TERM = 40
_DIGITS = 4

Fields = dict[str, object]


def as_json(digest: Digest) -> Rendered:
    """Return ``digest`` as JSON in UTF-8: the same digest gives the same bytes."""
    payload = {
        "type": f"digest.{digest.kind}",
        "timestamp": _time(digest.slot),
        "data": _digest(digest),
    }
    raw = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    return Rendered(message=message_of(digest, raw, ContentType.JSON), digest=digest)


def _digest(digest: Digest) -> Fields:
    return {
        "id": delivery_id(digest),
        "digest": _line(digest.name),
        "kind": digest.kind,
        "channel": _line(digest.recipient),
        "slot": _time(digest.slot),
        "since": _time(digest.since),
        "in_reply_to": digest.first.message_id if digest.first else None,
        "topics": [_line(topic) for topic in digest.topics],
        "stories": [_entry(entry) for entry in entries_of(digest)],
        "cut": cut_stories(digest),
        "coverage": _coverage(digest.coverage),
        "warnings": [_line(warning) for warning in digest.warnings],
        "unsubscribe": digest.unsubscribe,
        "rest": digest.rest,
    }


def _entry(entry: DigestEntry) -> Fields:
    answers = entry.answers
    return {
        **_match(entry.lead),
        "text": shorten(entry.lead.story.text, MAX_SNIPPET),
        "terms": [_term(term) for term in entry.lead.match.terms],
        "also": [_topic(match) for match in other_topics(entry)],
        "copies": [_story(copy) for copy in entry.echoes[:MAX_COPIES]],
        "copies_in_all": len(entry.echoes),
        "updates": [_story(update) for update in entry.updates],
        "answers": {"more": answers.more, "less": answers.less} if answers else None,
    }


def _match(matched: MatchedStory) -> Fields:
    return {**_story(matched), **_topic(matched)}


def _story(matched: MatchedStory) -> Fields:
    story = matched.story
    return {
        "title": title_words(matched, MAX_TITLE).text,
        "url": safe_link(story.url),
        "source": _line(story.source),
        "published_at": _time(story.published_at),
    }


def _topic(matched: MatchedStory) -> Fields:
    return {
        "topic": _line(matched.topic),
        "score": round(matched.match.score, _DIGITS),
        "threshold": round(matched.match.threshold, _DIGITS),
    }


def _term(term: Term) -> Fields:
    return {"text": clean_line(term.text)[:_MAX_TERM], "share": round(term.share, _DIGITS)}


def _coverage(coverage: Coverage) -> Fields:
    nearest = coverage.nearest
    return {
        "stories_read": coverage.stories_read,
        "feeds_read": coverage.feeds_read,
        "failing": len(coverage.failing),
        "missed": len(coverage.missed),
        "held": len(coverage.held),
        "gone": len(coverage.gone),
        "silent": len(coverage.silent),
        "nearest": _match(nearest) if nearest else None,
    }


def _line(text: str) -> str:
    return shorten(text, _MAX_NAME)


def _time(moment: datetime) -> str:
    """``2025-07-28T05:00:00Z``."""
    return moment.isoformat().replace("+00:00", "Z")
