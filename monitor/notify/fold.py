"""Matches -> entries: copies and later versions of a story folded under it, best first. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from datetime import datetime

from monitor.records import DigestEntry, FirstTold, MatchedStory


def fold(matches: Sequence[MatchedStory], first: FirstTold | None = None) -> list[DigestEntry]:
    """Return the entries that tell ``matches``, best first; each match is in one of them, once.

    Matches of one story, or of stories with the same link or text, are one entry. The best match
    leads, at equal score the earliest story. What its feed published later at the same address,
    with another text, is an update; every other story is an echo.
    """
    return sorted((_entry(family, first) for family in families(matches)), key=entry_rank)


def matches_of(entry: DigestEntry) -> Iterator[MatchedStory]:
    """Every match that an entry tells, the lead first."""
    yield entry.lead
    yield from (*entry.updates, *entry.echoes, *entry.also)


def entry_rank(entry: DigestEntry) -> tuple[float, float, int]:
    """The key by which entries are sorted: best score first; at equal score the newest."""
    return match_rank(entry.lead)[:3]


def match_rank(match: MatchedStory) -> tuple[float, float, int, str]:
    """The key by which matches are sorted: as entries, then by topic."""
    story = match.story
    return (-match.match.score, -story.published_at.timestamp(), story.id, match.topic)


def families(matches: Sequence[MatchedStory]) -> list[list[MatchedStory]]:
    """Return the matches that tell the same together: of one story, or of the same link or text.

    The families and what is in them keep the order in which the matches came.
    """
    parents: dict[Hashable, Hashable] = {}

    def root(key: Hashable) -> Hashable:
        parents.setdefault(key, key)
        while parents[key] != key:
            parents[key] = key = parents[parents[key]]
        return key

    for match in matches:
        first, *others = _identities(match)
        for other in others:
            parents[root(other)] = root(first)
    found: dict[Hashable, list[MatchedStory]] = {}
    for match in matches:
        found.setdefault(root(_identities(match)[0]), []).append(match)
    return list(found.values())


def _identities(match: MatchedStory) -> list[Hashable]:
    story = match.story
    keys: list[Hashable] = [("story", story.id), ("text", story.content_key)]
    if story.link_key is not None:
        keys.append(("link", story.link_key))
    return keys


def _entry(family: Iterable[MatchedStory], first: FirstTold | None) -> DigestEntry:
    """Each story but the lead is told once, as an update or an echo, by its best match."""
    told: dict[int, MatchedStory] = {}
    also: list[MatchedStory] = []
    for match in sorted(family, key=_lead_rank):
        if told.setdefault(match.story.id, match) is not match:
            also.append(match)
    lead, *others = told.values()
    updates = [each for each in others if _is_update(each, lead)]
    echoes = [each for each in others if not _is_update(each, lead)]
    updates.sort(key=lambda each: (each.story.published_at, each.story.id), reverse=True)
    return DigestEntry(
        lead=lead, echoes=tuple(echoes), also=tuple(also), updates=tuple(updates), first=first
    )


def _lead_rank(match: MatchedStory) -> tuple[float, datetime, int, str]:
    return (-match.match.score, match.story.published_at, match.story.id, match.topic)


def _is_update(match: MatchedStory, lead: MatchedStory) -> bool:
    """Another feed that lists the address in its own words only copies it."""
    one, other = match.story, lead.story
    return (
        one.feed_id == other.feed_id
        and one.link_key is not None
        and one.link_key == other.link_key
        and one.content_key != other.content_key
        and one.published_at > other.published_at
    )
