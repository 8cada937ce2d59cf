"""What the templates show of a digest: every text final, safe and of bounded length. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from monitor.notify.footer import Note, failing, failing_heading, notes
from monitor.notify.lines import clean_line, shorten
from monitor.notify.slots import time_zone
from monitor.notify.wording import (
    count,
    direction,
    language_tag,
    local_time,
    reason_words,
    safe_link,
    score_words,
)
from monitor.records import Digest, DigestEntry, DigestSection, MatchedStory

MAX_TITLE = 200
_MAX_SOURCE = 80
_MAX_TOPIC = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """How much is said of each story: characters of snippet, numbers of terms and of echoes."""

    snippet: int
    terms: int
    echoes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedText:
    """A text that leads somewhere, when it has a usable address."""

    text: str
    link: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """One story as told. ``number`` counts through the whole digest, from 1."""

    number: int
    title: str
    link: str | None
    direction: str
    language: str | None
    source: str
    when: str
    snippet: str
    score: str
    reason: str
    echoes: tuple[LinkedText, ...]
    more_echoes: int
    also: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionView:
    """One topic with its stories."""

    topic: str
    direction: str
    size: str
    entries: tuple[EntryView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestView:
    """One digest; ``notes`` and ``failing`` are its footer."""

    name: str
    subject: str
    summary: str
    preheader: str
    when: str
    since: str
    sections: tuple[SectionView, ...]
    notes: tuple[Note, ...]
    failing: tuple[Note, ...]
    failing_heading: str


def view(digest: Digest, subject: str, detail: Detail) -> DigestView:
    """Return what is shown of ``digest``; ``ValueError`` where its zone is unknown."""
    zone = time_zone(digest.zone)
    total = sum(len(section.entries) for section in digest.sections)
    sections: list[SectionView] = []
    told = 0
    for section in digest.sections:
        sections.append(_section(section, told + 1, zone, digest.slot, detail))
        told += len(section.entries)
    stories = count(total, "story", "stories")
    topics = ", ".join(each.topic for each in sections)
    return DigestView(
        name=shorten(digest.name, _MAX_TOPIC),
        subject=subject,
        summary=f"{stories} on {count(len(sections), 'topic')}",
        preheader=f"{stories}: {topics}",
        when=local_time(digest.slot, zone),
        since=local_time(digest.since, zone, today=digest.slot),
        sections=tuple(sections),
        notes=notes(digest, total),
        failing=failing(digest.coverage, zone, digest.slot),
        failing_heading=failing_heading(digest.coverage),
    )


def title_of(match: MatchedStory, limit: int = MAX_TITLE) -> str:
    """Return the story's title, or the start of its text where it has none."""
    story = match.story
    return shorten(clean_line(story.title) or story.text, limit) or "Untitled story"


def _section(
    section: DigestSection, number: int, zone: ZoneInfo, today: datetime, detail: Detail
) -> SectionView:
    return SectionView(
        topic=shorten(section.topic, _MAX_TOPIC),
        direction=direction(section.topic),
        size=count(len(section.entries), "story", "stories"),
        entries=tuple(
            _entry(entry, each, zone, today, detail)
            for each, entry in enumerate(section.entries, start=number)
        ),
    )


def _entry(
    entry: DigestEntry, number: int, zone: ZoneInfo, today: datetime, detail: Detail
) -> EntryView:
    story, match = entry.lead.story, entry.lead.match
    title = title_of(entry.lead)
    return EntryView(
        number=number,
        title=title,
        link=safe_link(story.url),
        direction=direction(title),
        language=language_tag(story.language),
        source=shorten(story.source, _MAX_SOURCE),
        when=local_time(story.published_at, zone, today=today),
        snippet=_snippet(story.text, title, detail.snippet),
        score=score_words(match),
        reason=reason_words(match, detail.terms),
        echoes=tuple(_source(echo) for echo in entry.echoes[: detail.echoes]),
        more_echoes=max(0, len(entry.echoes) - detail.echoes),
        also=_also(entry),
    )


def _snippet(text: str, title: str, limit: int) -> str:
    """The start of the text, unless it only says the title again."""
    snippet = shorten(text, limit) if limit else ""
    return "" if snippet == title else snippet


def _source(echo: MatchedStory) -> LinkedText:
    return LinkedText(text=shorten(echo.story.source, _MAX_SOURCE), link=safe_link(echo.story.url))


def _also(entry: DigestEntry) -> str:
    """The other topics, each with its best score."""
    best: dict[str, float] = {}
    for match in (*entry.echoes, *entry.also):
        if match.topic != entry.lead.topic:
            best[match.topic] = max(best.get(match.topic, 0.0), match.match.score)
    ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{shorten(topic, _MAX_TOPIC)} ({score:.2f})" for topic, score in ranked)
