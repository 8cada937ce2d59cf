"""Matches -> Digest: fold the copies, rank, cap, group by topic. Pure.

Every candidate ends up in the digest exactly once: as a lead, an echo, an ``also`` or a cut
match. So whoever keeps a ledger of what was told finds all of it in the digest.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime

from monitor.records import Coverage, Digest, DigestEntry, DigestSection, MatchedStory


def compose(
    candidates: Sequence[MatchedStory],
    *,
    name: str,
    recipient: str,
    slot: datetime,
    since: datetime,
    zone: str,
    cap: int,
    coverage: Coverage,
) -> Digest | None:
    """Return what to tell at ``slot``, or None when there is nothing to say.

    ``candidates`` are hits that this recipient was not told yet, in any order. ``cap`` is the
    number of entries in the whole digest; the best of each topic is kept before the second best
    of any, so that a loud topic does not silence a quiet one.
    """
    if cap < 1:
        raise ValueError(f"a digest's cap must be at least 1, not {cap}")
    if not candidates:
        return None
    entries = sorted((_entry(family) for family in _families(candidates)), key=_entry_rank)
    favoured = _best_of_each_topic_first(entries)
    kept = sorted(favoured[:cap], key=_entry_rank)
    cut = sorted(favoured[cap:], key=_entry_rank)
    return Digest(
        name=name,
        recipient=recipient,
        slot=slot,
        since=since,
        zone=zone,
        sections=_sections(kept),
        cut=tuple(match for entry in cut for match in (entry.lead, *entry.echoes, *entry.also)),
        coverage=coverage,
    )


def _families(candidates: Sequence[MatchedStory]) -> list[list[MatchedStory]]:
    """Matches that tell the same: of one story, or of stories with the same link or text."""
    parents: dict[Hashable, Hashable] = {}

    def root(key: Hashable) -> Hashable:
        parents.setdefault(key, key)
        while parents[key] != key:
            parents[key] = key = parents[parents[key]]
        return key

    for candidate in candidates:
        first, *others = _identities(candidate)
        for other in others:
            parents[root(other)] = root(first)
    families: dict[Hashable, list[MatchedStory]] = {}
    for candidate in candidates:
        families.setdefault(root(_identities(candidate)[0]), []).append(candidate)
    return list(families.values())


def _identities(match: MatchedStory) -> list[Hashable]:
    story = match.story
    keys: list[Hashable] = [("story", story.id), ("text", story.content_key)]
    if story.link_key is not None:
        keys.append(("link", story.link_key))
    return keys


def _entry(family: Iterable[MatchedStory]) -> DigestEntry:
    """The best match leads, at equal score the earliest story; each other story echoes once."""
    ranked = sorted(family, key=_lead_rank)
    told: dict[int, MatchedStory] = {}
    also: list[MatchedStory] = []
    for match in ranked:
        if told.setdefault(match.story.id, match) is not match:
            also.append(match)
    lead, *echoes = told.values()
    return DigestEntry(lead=lead, echoes=tuple(echoes), also=tuple(also))


def _lead_rank(match: MatchedStory) -> tuple[float, datetime, int, str]:
    return (-match.match.score, match.story.published_at, match.story.id, match.topic)


def _entry_rank(entry: DigestEntry) -> tuple[float, float, int]:
    """Best score first; at equal score the newest."""
    story = entry.lead.story
    return (-entry.lead.match.score, -story.published_at.timestamp(), story.id)


def _best_of_each_topic_first(ranked: Sequence[DigestEntry]) -> list[DigestEntry]:
    best: dict[str, DigestEntry] = {}
    others = [entry for entry in ranked if best.setdefault(entry.lead.topic, entry) is not entry]
    return [*best.values(), *others]


def _sections(ranked: Iterable[DigestEntry]) -> tuple[DigestSection, ...]:
    """Topics in the order of their best entry."""
    topics: dict[str, list[DigestEntry]] = {}
    for entry in ranked:
        topics.setdefault(entry.lead.topic, []).append(entry)
    return tuple(
        DigestSection(topic=topic, entries=tuple(entries)) for topic, entries in topics.items()
    )
