"""What the templates show of one story: why it is there, who else has it, what is new. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from shlex import quote
from zoneinfo import ZoneInfo

from monitor.notify.bars import ScoreBar, score_bar
from monitor.notify.lines import MAX_SNIPPET, MAX_TITLE
from monitor.notify.wording import local_time, reason_words, safe_link, score_words
from monitor.notify.words import Words, source_words, title_words, topic_words, words
from monitor.records import DigestEntry, MatchedStory

_MAX_OTHER_TOPICS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """How much is said of each story: characters of title and snippet, numbers of the others.

    ``contents``: characters of each title in the table of contents, 0: only topics stand there.
    """

    title: int = MAX_TITLE
    snippet: int
    terms: int
    sources: int
    updates: int
    contents: int
    bars: bool = True


DETAILS = (
    Detail(snippet=MAX_SNIPPET, terms=6, sources=6, updates=3, contents=64),
    Detail(snippet=200, terms=4, sources=4, updates=2, contents=0),
    Detail(snippet=100, terms=3, sources=2, updates=1, contents=0),
    Detail(title=120, snippet=0, terms=2, sources=0, updates=1, contents=0, bars=False),
)
"""From full to terse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The reader's clock: ``today`` is the slot, whose year goes without saying."""

    zone: ZoneInfo
    today: datetime

    def tell(self, moment: datetime) -> str:
        """Return ``moment`` as the reader's clock shows it."""
        return local_time(moment, self.zone, today=self.today)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateView:
    """A later version of the story: when it came, and what it says now."""

    when: str
    said: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """One story as told. ``number`` counts through the whole digest, from 1.

    ``snippet`` None: there is none. ``first``: of what this is an update, a sentence or empty.
    ``sources`` have the story too, each once, and ``more_sources`` are not named; ``same_text``:
    all of them print the same. ``answers``: the pages on which a reader asks for more like this,
    and for none of it; None: there is none, and the two ``commands`` say it.
    """

    number: int
    title: Words
    source: Words
    when: str
    snippet: Words | None
    first: str
    updates: tuple[UpdateView, ...]
    more_updates: int
    score: str
    bar: ScoreBar | None
    reason: str
    also: str
    sources: tuple[Words, ...]
    more_sources: int
    same_text: bool
    answers: tuple[str, str] | None
    commands: tuple[str, str]

    @property
    def size(self) -> int:
        """Bytes of its longest parts: whatever the template, it hardly tells them in fewer."""
        foreign = (self.title, self.source, *self.sources, *(each.said for each in self.updates))
        parts = [part for words in foreign for part in (words.text, words.link or "")]
        parts += [self.snippet.text if self.snippet else "", *(self.answers or ())]
        return sum(len(part.encode()) for part in parts)


def entry_view(entry: DigestEntry, number: int, clock: Clock, detail: Detail) -> EntryView:
    """Return what is shown of ``entry``."""
    story, match = entry.lead.story, entry.lead.match
    title = title_words(entry.lead, detail.title)
    sources = _sources(entry)
    return EntryView(
        number=number,
        title=title,
        source=source_words(entry.lead),
        when=clock.tell(story.published_at),
        snippet=_snippet(entry.lead, title, detail.snippet),
        first=_first(entry, clock),
        updates=tuple(_update(each, entry.lead, clock) for each in entry.updates[: detail.updates]),
        more_updates=max(0, len(entry.updates) - detail.updates),
        score=score_words(match),
        bar=score_bar(match.score, match.threshold) if detail.bars else None,
        reason=reason_words(match, detail.terms),
        also=_also(entry),
        sources=sources[: detail.sources],
        more_sources=max(0, len(sources) - detail.sources),
        same_text=all(each.story.content_key == story.content_key for each in entry.echoes),
        answers=_answers(entry),
        commands=_commands(entry),
    )


def _snippet(match: MatchedStory, title: Words, limit: int) -> Words | None:
    """The start of the text, unless it only says the title again."""
    said = words(match.story.text, limit, language=match.story.language) if limit else None
    return said if said and said.text not in ("", title.text) else None


def _first(entry: DigestEntry, clock: Clock) -> str:
    if entry.first is None:
        return ""
    subject = words(entry.first.subject, MAX_TITLE).plain
    return f"Update of what you were told on {clock.tell(entry.first.told_at)}: “{subject}”"


def _update(match: MatchedStory, lead: MatchedStory, clock: Clock) -> UpdateView:
    """Its title where that is new, else its text."""
    story = match.story
    title = title_words(match, MAX_TITLE)
    if title.text == title_words(lead, MAX_TITLE).text:
        title = words(story.text, MAX_TITLE, link=story.url, language=story.language)
    return UpdateView(when=clock.tell(story.published_at), said=title)


def _sources(entry: DigestEntry) -> tuple[Words, ...]:
    """Each other source once, however many copies of the story it has."""
    named = {source_words(entry.lead).text}
    found = []
    for source in map(source_words, entry.echoes):
        if source.text not in named:
            named.add(source.text)
            found.append(source)
    return tuple(found)


def _also(entry: DigestEntry) -> str:
    """The other topics, each with its best score."""
    best: dict[str, float] = {}
    for match in (*entry.updates, *entry.echoes, *entry.also):
        if match.topic != entry.lead.topic:
            best[match.topic] = max(best.get(match.topic, 0.0), match.match.score)
    ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{topic_words(topic).plain} ({score:.2f})" for topic, score in ranked]
    return ", ".join(named[:_MAX_OTHER_TOPICS])


def _answers(entry: DigestEntry) -> tuple[str, str] | None:
    if entry.answers is None:
        return None
    more, less = safe_link(entry.answers.more), safe_link(entry.answers.less)
    return (more, less) if more and less else None


def _commands(entry: DigestEntry) -> tuple[str, str]:
    """They have to name the topic where the story has several."""
    lead = entry.lead
    several = any(each.story.id == lead.story.id for each in entry.also)
    topic = f" --topic {quote(lead.topic)}" if several else ""
    more, less = (f"monitor verdict {lead.story.id} {answer}{topic}" for answer in ("yes", "no"))
    return more, less
