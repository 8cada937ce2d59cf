"""Matches -> Digest: fold the copies, rank, cap, group by topic. Pure.

Every candidate ends up in the digest exactly once: as a lead, an echo, an update, an ``also`` or a
cut match. So whoever keeps a ledger of what was told finds all of it in the digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from monitor.notify.fold import entry_rank, fold, match_rank, matches_of
from monitor.notify.lines import MAX_SNIPPET, MAX_TITLE, shorten
from monitor.records import (
    Coverage,
    Digest,
    DigestEntry,
    DigestKind,
    DigestSection,
    FirstTold,
    MatchedStory,
    WhenEmpty,
)

_NO_WEEKS: Mapping[str, tuple[int, ...]] = MappingProxyType({})


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
    kind: DigestKind = DigestKind.SCHEDULED,
    topics: Sequence[str] = (),
    weeks: Mapping[str, tuple[int, ...]] = _NO_WEEKS,
    when_empty: WhenEmpty = WhenEmpty.SILENT,
    first: FirstTold | None = None,
    stale: Sequence[MatchedStory] = (),
) -> Digest | None:
    """Return what to tell at ``slot``, or None when there is nothing to say.

    ``candidates`` are hits that this recipient was not told yet, in any order. ``cap`` is the
    number of entries in the whole digest. ``topics`` are all that are watched; ``weeks`` holds the
    matches a week of each, the oldest first. ``when_empty`` NOTE: without candidates, a digest
    without sections. ``first``: the message of which all candidates are updates. ``stale`` are too
    old to be told as news: they are among the cut. Texts are cut to what can be shown, so that what
    is kept of the digest is small and renders the same.
    """
    if cap < 1:
        raise ValueError(f"a digest's cap must be at least 1, not {cap}")
    if not candidates and when_empty is WhenEmpty.SILENT:
        return None
    entries = fold([_trimmed(each) for each in candidates], first)
    everything = Digest(
        name=name,
        recipient=recipient,
        slot=slot,
        since=since,
        zone=zone,
        sections=_sections(entries, weeks),
        cut=tuple(sorted((_without_text(_trimmed(each)) for each in stale), key=match_rank)),
        coverage=coverage,
        kind=kind,
        topics=tuple(topics),
        first=first,
    )
    return keep_best(everything, cap)


def keep_best(digest: Digest, limit: int) -> Digest:
    """Return ``digest`` with its ``limit`` best entries; what the others tell is among the cut.

    The best entry of each topic is kept before the second best of any, so that a loud topic does
    not silence a quiet one.
    """
    entries = sorted((e for section in digest.sections for e in section.entries), key=entry_rank)
    if len(entries) <= limit:
        return digest
    favoured = _best_of_each_topic_first(entries)
    cut = (_without_text(match) for entry in favoured[limit:] for match in matches_of(entry))
    return replace(
        digest,
        sections=_sections(
            favoured[:limit], {section.topic: section.weeks for section in digest.sections}
        ),
        cut=tuple(sorted((*digest.cut, *cut), key=match_rank)),
    )


def _best_of_each_topic_first(ranked: Sequence[DigestEntry]) -> list[DigestEntry]:
    best: dict[str, DigestEntry] = {}
    others = [entry for entry in ranked if best.setdefault(entry.lead.topic, entry) is not entry]
    return [*best.values(), *others]


def _sections(
    found: Iterable[DigestEntry], weeks: Mapping[str, tuple[int, ...]]
) -> tuple[DigestSection, ...]:
    """Topics in the order of their first entry, which is the best of each."""
    topics: dict[str, list[DigestEntry]] = {}
    for entry in found:
        topics.setdefault(entry.lead.topic, []).append(entry)
    return tuple(
        DigestSection(topic=topic, entries=tuple(entries), weeks=weeks.get(topic, ()))
        for topic, entries in topics.items()
    )


def _trimmed(match: MatchedStory) -> MatchedStory:
    story = match.story
    title, text = shorten(story.title, MAX_TITLE), shorten(story.text, MAX_SNIPPET)
    return replace(match, story=replace(story, title=title, text=text))


def _without_text(match: MatchedStory) -> MatchedStory:
    """Of a cut story only its title is ever shown, or its text where it has none."""
    story = match.story
    return replace(match, story=replace(story, text="")) if story.title else match
