"""The language of a story by its own words, where they leave no doubt. Pure.

Declarations are often a template's, so words that are sure beat them. But a story that is given a
wrong language is lost to its topic: what is short, mixed or hardly text keeps what it declares.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace

import gcld3

from monitor.records import NewStory, language_code

MAX_CHARS = 500
"""What is read of a story: more makes it no surer."""

SURE = 0.99
HALF = 50
"""The least probability, and the least letters of a half in bytes of UTF-8: a headline has too few
in an alphabet, and enough in Chinese. Measured in docs/quality.md."""


def hear(new: Iterable[NewStory], known: AbstractSet[bytes]) -> tuple[NewStory, ...]:
    """Return the stories, each in the language its words are surely in, else as it was.

    Those with one of the ``known`` keys are stored already, and are not listened to again.
    """
    return tuple(_heard(story) if known.isdisjoint(story.keys) else story for story in new)


def _heard(story: NewStory) -> NewStory:
    language = detect(f"{story.title}\n{story.text}")
    return replace(story, language=language) if language else story


def detect(text: str) -> str | None:
    """Return the code of the language that a text begins in, None where that is in doubt.

    The whole has to be sure and both halves have to agree: a name, a quotation or a table of
    figures can mislead once, but not twice.
    """
    head = text[:MAX_CHARS]
    middle = len(head) // 2
    # one for each text: it costs 14 microseconds, and nobody promises that threads may share one
    find = gcld3.NNetLanguageIdentifier(HALF, 4 * MAX_CHARS).FindLanguage
    whole, first, second = (
        find(part.encode(errors="replace")) for part in (head, head[:middle], head[middle:])
    )
    agreed = whole.language == first.language == second.language
    # "ru-Latn" is Russian in a script that no stemmer and no prior of Russian knows
    if not agreed or whole.probability < SURE or "-" in whole.language:
        return None
    return language_code(whole.language)
