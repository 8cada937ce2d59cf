"""What the owner demands of a story beside resemblance: words, language, feeds. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.matching.text import Analyzer, analyzer_for, language_of
from monitor.records import Story, TopicSpec


def watches(spec: TopicSpec, story: Story) -> bool:
    """Whether a topic reads the story's feed at all."""
    if not spec.feeds and not spec.tags:
        return True
    return story.feed_url in spec.feeds or not set(spec.tags).isdisjoint(story.feed_tags)


class Rules:
    """The ``must``, ``any``, ``never``, language and feed rules of one topic.

    Terms and phrases are compared as sequences of stems, stop words included, within the title or
    within the text: ``peace talks`` finds "Peace Talk". A phrase without any word is a
    ``ValueError`` that names the topic.
    """

    def __init__(self, spec: TopicSpec) -> None:
        self._spec = spec
        self._language = language_of(spec.language)
        self._analyzer = analyzer_for(self._language)
        self._phrases = {
            phrase: _sequence(self._analyzer, phrase)
            for phrase in (*spec.must, *spec.any, *spec.never)
        }
        for phrase, sequence in self._phrases.items():
            if not sequence.strip():
                raise ValueError(
                    f"topic {spec.name!r}: {phrase!r} contains no word; "
                    "take it out of must, any or never"
                )

    def watches(self, story: Story) -> bool:
        """Whether the topic reads the story's feed at all."""
        return watches(self._spec, story)

    def veto(self, story: Story) -> str | None:
        """Return the first rule that refuses the story, or None; an unwatched feed comes first."""
        return next(self._refusals(story), None)

    def refusals(self, story: Story) -> tuple[str, ...]:
        """Return every rule that refuses the story, an unwatched feed and a language first."""
        return tuple(self._refusals(story))

    def _refusals(self, story: Story) -> Iterator[str]:
        if not self.watches(story):
            yield f"feeds: {story.feed_url} is not watched"
        if story.language and language_of(story.language) != self._language:
            yield f"language: {story.language!r}, the topic reads {self._language!r}"
        if not self._phrases:
            return
        spec = self._spec
        text = f"{_sequence(self._analyzer, story.title)}|{_sequence(self._analyzer, story.text)}"
        yield from (f"never: {p!r}" for p in spec.never if self._phrases[p] in text)
        yield from (f"must: {p!r}" for p in spec.must if self._phrases[p] not in text)
        if spec.any and not any(self._phrases[p] in text for p in spec.any):
            yield f"any: none of {', '.join(map(repr, spec.any))}"


def _sequence(analyzer: Analyzer, text: str) -> str:
    """Return the stems between blanks, so that ``in`` compares whole stems."""
    return f" {' '.join(analyzer.stems(text))} "
