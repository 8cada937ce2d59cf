"""What the templates show of a digest: every text final, safe and of bounded length. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.notify.bars import Sparkline, sparkline
from monitor.notify.footer import Note, failing, failing_heading, notes, warnings
from monitor.notify.lines import shorten
from monitor.notify.slots import time_zone
from monitor.notify.subject import nothing_new
from monitor.notify.told import DETAILS, Clock, Detail, EntryView, entry_view
from monitor.notify.wording import count, listed, local_time, safe_link
from monitor.notify.words import MAX_TOPIC, Words, title_words, topic_words, words
from monitor.records import Digest, DigestKind, DigestSection

CONTENTS_FROM = 8
"""Entries from which on a table of contents stands before them: some seven are three screens of a
phone, and are sooner leafed through than looked up."""

_MAX_PREHEADER = 120
_MAX_NAMED_TOPICS = 6
_WHAT = {
    DigestKind.SCHEDULED: "",
    DigestKind.URGENT: "Urgent: told at once, since it matched strongly.",
    DigestKind.UPDATE: "Update of a story that you were told.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionView:
    """One topic with its stories. ``number`` counts topics from 1, ``first`` and ``last`` stories.

    ``spark`` None: nothing is known of its last weeks. ``contents``: the titles, short, for the
    table of contents; empty where only topics stand there.
    """

    number: int
    topic: Words
    size: str
    first: int
    last: int
    spark: Sparkline | None
    entries: tuple[EntryView, ...]
    contents: tuple[Words, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestView:
    """One digest.

    ``what`` says what kind of message it is, if not a digest at its hour; of such a one ``since``
    says from when on it tells. ``preheader``: what an inbox
    shows after the subject; empty on a page. ``has_contents``: it is long. ``watched``: the topics
    of which there is nothing, where there is nothing at all. ``notes``, ``failing``, ``warnings``,
    ``reason``, ``unsubscribe`` (None: no such page) and ``stop`` are its footer.
    """

    name: Words
    subject: str
    what: str
    summary: str
    preheader: str
    when: str
    since: str
    watched: str
    has_contents: bool
    sections: tuple[SectionView, ...]
    notes: tuple[Note, ...]
    failing: tuple[Note, ...]
    failing_heading: str
    warnings: tuple[str, ...]
    reason: str
    unsubscribe: str | None
    stop: str


def view(digest: Digest, subject: str, detail: Detail, *, in_mail: bool) -> DigestView:
    """Return what is shown of ``digest``, in a mail or on a page.

    Raises ``ValueError`` where its zone is unknown.
    """
    clock = Clock(zone=time_zone(digest.zone), today=digest.slot)
    sections = _sections(digest, clock, detail)
    at_its_hour = digest.kind is DigestKind.SCHEDULED
    link = safe_link(digest.unsubscribe)
    name = words(digest.name, MAX_TOPIC)
    return DigestView(
        name=name,
        subject=subject,
        what=_WHAT[digest.kind],
        summary=_summary(digest, sections),
        preheader=_preheader(digest, sections) if in_mail else "",
        when=local_time(digest.slot, clock.zone),
        since=clock.tell(digest.since) if at_its_hour else "",
        watched=listed([topic_words(each).plain for each in digest.topics], _MAX_NAMED_TOPICS)
        if not sections
        else "",
        has_contents=_size(sections) >= CONTENTS_FROM,
        sections=sections,
        notes=notes(digest, terse=detail is not DETAILS[0]),
        failing=failing(digest.coverage, clock) if at_its_hour else (),
        failing_heading=failing_heading(digest.coverage) if at_its_hour else "",
        warnings=warnings(digest),
        reason=f"You get this as a recipient of the digest “{name.plain}”.",
        unsubscribe=link,
        stop="To stop it, answer this mail and say so." if in_mail and link is None else "",
    )


def _sections(digest: Digest, clock: Clock, detail: Detail) -> tuple[SectionView, ...]:
    found: list[SectionView] = []
    told = 0
    for number, section in enumerate(digest.sections, start=1):
        found.append(_section(section, number, told + 1, clock, detail))
        told += len(section.entries)
    return tuple(found)


def _section(
    section: DigestSection, number: int, first: int, clock: Clock, detail: Detail
) -> SectionView:
    titles = section.entries if detail.contents else ()
    return SectionView(
        number=number,
        topic=topic_words(section.topic),
        size=count(len(section.entries), "story", "stories"),
        first=first,
        last=first + len(section.entries) - 1,
        spark=sparkline(section.weeks),
        entries=tuple(
            entry_view(entry, each, clock, detail)
            for each, entry in enumerate(section.entries, start=first)
        ),
        contents=tuple(title_words(entry.lead, detail.contents) for entry in titles),
    )


def _size(sections: tuple[SectionView, ...]) -> int:
    return sections[-1].last if sections else 0


def _summary(digest: Digest, sections: tuple[SectionView, ...]) -> str:
    """``3 stories on 2 topics``, or that there are none."""
    if not sections:
        return nothing_new(digest)
    stories = count(_size(sections), "story", "stories")
    return f"{stories} on {count(len(sections), 'topic')}"


def _preheader(digest: Digest, sections: tuple[SectionView, ...]) -> str:
    """What the subject left out: the next titles, or the start of the only story's text."""
    leads = [entry.lead for section in digest.sections for entry in section.entries]
    if len(leads) == 1:
        return shorten(leads[0].story.text, _MAX_PREHEADER)
    titles = [title_words(each, _MAX_PREHEADER).text for each in leads[1:4]]
    return shorten("; ".join(titles), _MAX_PREHEADER) or _summary(digest, sections)
