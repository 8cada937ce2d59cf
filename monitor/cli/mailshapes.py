"""Digests and their readers as programs read them, in JSON.

Links on which a reader answers are left out: whoever has one can answer for its reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from monitor.cli.shapes import Shape, matched, pick
from monitor.records import Archived, ArchivedLine, Digest, DigestEntry, FeedNote

if TYPE_CHECKING:
    from monitor.service.archive import Rebuilt
    from monitor.service.recipients import Reader


def digest(it: Digest) -> Shape:
    """What one message says."""
    return {
        **pick(it, "name", "recipient", "kind", "slot", "since", "zone", "topics"),
        "sections": [
            {"topic": each.topic, "stories": _entries(each.entries), "weeks": each.weeks}
            for each in it.sections
        ],
        "cut": [matched(each) for each in it.cut],
        "first": it.first and pick(it.first, "message_id", "subject", "told_at"),
        "warnings": it.warnings,
        **pick(it.coverage, "stories_read", "feeds_read"),
        "feeds_failing": _notes(it.coverage.failing),
        "feeds_missed": _notes(it.coverage.missed),
        "feeds_held": _notes(it.coverage.held),
        "feeds_gone": _notes(it.coverage.gone),
        "feeds_silent": _notes(it.coverage.silent),
        "nearest": it.coverage.nearest and matched(it.coverage.nearest),
    }


def _entries(those: Sequence[DigestEntry]) -> list[Shape]:
    return [
        {
            **matched(it.lead),
            "copies": [matched(each) for each in it.echoes],
            "also": [matched(each) for each in it.also],
            "updates": [matched(each) for each in it.updates],
        }
        for it in those
    ]


def _notes(those: Sequence[FeedNote]) -> list[Shape]:
    return [pick(it, "name", "since", "error", "count") for it in those]


def archived_line(it: ArchivedLine) -> Shape:
    """A digest in the list of the archive; ``state`` null: its message was forgotten since."""
    names = ("digest", "recipient", "kind", "slot", "created_at", "subject", "state")
    return {"id": it.run, **pick(it, *names)}


def archived(it: Archived) -> Shape:
    """A digest of the archive: the message that brought it, and what it said."""
    return {
        **archived_line(it.line),
        **pick(it, "message_id", "sender", "content_type", "version"),
        "sha256": it.sha256.hex(),
        "templates": [each.name for each in it.templates],
        "told": digest(it.digest),
    }


def rebuilt(it: Rebuilt) -> Shape:
    """A digest made again; ``size`` in bytes, null where it could not be made."""
    size = None if it.raw is None else len(it.raw)
    return {**pick(it, "identical", "differences"), "size": size}


def reader(it: Reader) -> Shape:
    """A recipient of a digest; ``way`` null: the configuration does not name them any more."""
    names = ("digest", "recipient", "last_at", "next_at", "stopped_at", "stopped_by")
    return {**pick(it.subscription, *names), "way": it.plan and it.plan.channel}
