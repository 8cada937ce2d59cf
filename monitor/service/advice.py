"""What could be better about one topic by what its owner wrote: for `check` and `topics lint`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from monitor.config import Settings
from monitor.records import Seed, TopicSpec

if TYPE_CHECKING:
    from monitor.matching.lint import Advice as Written
    from monitor.matching.vectors import Vectorizer

LEVELS = ("error", "warning", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One thing that could be better: where (``file:line: key``), what, and what to do.

    ``level``: one of ``LEVELS``; an ``error`` keeps the topic from ever matching.
    """

    topic: str
    level: str
    place: str
    what: str
    remedy: str

    @property
    def told(self) -> str:
        """Place, what and remedy in one line."""
        return f"{self.place}: {self.what}; {self.remedy}"


def advice_on(
    settings: Settings,
    spec: TopicSpec,
    pages: Mapping[str, Seed] | None = None,
    vectorizer: Vectorizer | None = None,
) -> tuple[Advice, ...]:
    """Return what is wrong with a topic by itself, errors first.

    ``pages``: the seed pages that are in ``spec``. Without a ``vectorizer`` the shipped word
    frequencies tell what is common.
    """
    from monitor.matching.lint import lint

    found = [*lint(spec, vectorizer or shipped_vectorizer()), *_foreign(spec)]
    return tuple(
        Advice(
            topic=spec.name,
            level=each.level.value,
            place=settings.place(spec.name, each.place, pages or {}),
            what=each.what,
            remedy=each.remedy,
        )
        for each in found
    )


@cache
def shipped_vectorizer() -> Vectorizer:
    """Return the weights of words before anything was learned; they are the same for all topics."""
    from monitor.matching.background import Background
    from monitor.matching.vectors import Vectorizer

    return Vectorizer(Background.prior())


def advice_on_page(seed: Seed) -> tuple[Written, ...]:
    """Return what is wrong with the text of a page that is to be a seed."""
    from monitor.matching.lint import lint_seed

    return tuple(lint_seed(seed, ("seeds",)))


def _foreign(spec: TopicSpec) -> Iterator[Written]:
    """Yield the seeds that are surely in another language than their topic."""
    from monitor.ingest.language import detect
    from monitor.matching.lint import Advice as Written
    from monitor.matching.lint import Level
    from monitor.matching.text import language_of

    reads = language_of(spec.language)
    for key, seeds in (("seeds", spec.seeds), ("not", spec.not_seeds)):
        for n, seed in enumerate(seeds):
            language = detect(f"{seed.title}\n{seed.text}")
            if language not in (None, reads):
                yield Written(
                    level=Level.WARNING,
                    place=(key, n),
                    what=f"is in the language {language!r}, the topic reads {reads!r}",
                    remedy=f"write language: {language}, or give a seed in {reads!r}",
                )
