"""Text of strangers on its way into a mail: what it says, which way it runs, where it leads."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.notify.lines import clean_line, shorten
from monitor.notify.wording import direction, has_rtl, language_tag, marked, safe_link
from monitor.records import MatchedStory

MAX_SOURCE = 80
MAX_TOPIC = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One line of foreign text.

    ``direction`` is ``ltr`` or ``rtl``. ``isolated``: it runs from right to left, if only in part,
    so that HTML has to keep it apart from its surroundings. ``link`` and ``language`` None: none
    that could be used.
    """

    text: str
    direction: str = "ltr"
    isolated: bool = False
    link: str | None = None
    language: str | None = None

    @property
    def plain(self) -> str:
        """The text for a place in a line of plain text, which it cannot turn around."""
        return marked(self.text)


def words(text: str, limit: int, *, link: str | None = None, language: str | None = None) -> Words:
    """Return ``text`` as one line of at most ``limit`` characters."""
    line = shorten(text, limit)
    return Words(
        text=line,
        direction=direction(line),
        isolated=has_rtl(line),
        link=safe_link(link),
        language=language_tag(language),
    )


def title_words(match: MatchedStory, limit: int) -> Words:
    """Return the story's title, or the start of its text where it has none."""
    story = match.story
    text = clean_line(story.title) or story.text
    said = text if clean_line(text) else "Untitled story"
    return words(said, limit, link=story.url, language=story.language)


def source_words(match: MatchedStory) -> Words:
    """Return who published the story, with its address there."""
    return words(match.story.source, MAX_SOURCE, link=match.story.url)


def topic_words(topic: str) -> Words:
    """Return the name of a topic."""
    return words(topic, MAX_TOPIC)
