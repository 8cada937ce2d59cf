"""A digest as a message that is no mail: its id, and what any such message tells. Pure."""

from __future__ import annotations

import re
from hashlib import sha256

from monitor.notify.fold import entry_rank, match_rank
from monitor.notify.subject import subject_of
from monitor.records import Digest, DigestEntry, MatchedStory, Message

_MAX_NAME = 24


def message_of(digest: Digest, raw: bytes, content_type: str) -> Message:
    """Return the message that brings ``raw`` to the channel of ``digest``."""
    return Message(
        message_id=delivery_id(digest),
        sender="",
        recipient=digest.recipient,
        subject=subject_of(digest),
        raw=raw,
        content_type=content_type,
    )


def delivery_id(digest: Digest) -> str:
    """Return ``<slot>-<digest>-<hash>``: the same for the same digest, without a full stop.

    The hash is of the names of digest and recipient, of slot and kind, and of what is answered.
    """
    thread = digest.first.message_id if digest.first else ""
    facts = (digest.name, digest.recipient, digest.slot.isoformat(), digest.kind, thread)
    unique = sha256("\0".join(facts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{digest.slot:%Y%m%dT%H%M%SZ}-{slug(digest.name, _MAX_NAME) or 'digest'}-{unique}"


def slug(name: str, limit: int) -> str:
    """Return the ASCII letters and digits of ``name``, small, with hyphens between words."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:limit].strip("-")


def entries_of(digest: Digest) -> tuple[DigestEntry, ...]:
    """Return all entries, best first."""
    entries = [entry for section in digest.sections for entry in section.entries]
    return tuple(sorted(entries, key=entry_rank))


def other_topics(entry: DigestEntry) -> tuple[MatchedStory, ...]:
    """Return the best match with each topic but the lead's, best first."""
    best: dict[str, MatchedStory] = {}
    for match in sorted((*entry.updates, *entry.echoes, *entry.also), key=match_rank):
        if match.topic != entry.lead.topic:
            best.setdefault(match.topic, match)
    return tuple(best.values())


def cut_stories(digest: Digest) -> int:
    """Return how many stories matched and found no room."""
    return len({match.story.id for match in digest.cut})
