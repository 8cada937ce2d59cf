"""What could be better about topics: by their files, by each other, and by what was seen of them.

files -> advice on each topic -> pairs that overlap
store -> rules that let nothing pass, topics that flood or fell silent
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from monitor.config import Settings
from monitor.service.advice import LEVELS, Advice, advice_on
from monitor.service.app import App, seed_pages
from monitor.service.record import on_record
from monitor.service.views import NotFound, slug, told_names
from monitor.store import topics


def lint(app: App, name: str | None, now: datetime) -> tuple[Advice, ...]:
    """Return what could be better about the topic of that name, or about all; errors first.

    :class:`NotFound` where there is no topic of that name.
    """
    if name is not None:
        _check_known(app.settings, name)
    found = [*_written(app), *_without_seed(app), *on_record(app, now)]
    wanted = [each for each in found if name is None or slug(each.topic) == slug(name)]
    return tuple(sorted(wanted, key=lambda each: LEVELS.index(each.level)))


def _check_known(settings: Settings, name: str) -> None:
    names = sorted(settings.topic_names())
    if slug(name) not in map(slug, names):
        raise NotFound(f"no topic named {name!r}; {told_names(names)}")


def _written(app: App) -> Iterator[Advice]:
    """Yield what the files alone tell."""
    from monitor.matching.background import Background
    from monitor.matching.lint import overlaps
    from monitor.matching.vectors import Vectorizer

    record = topics.latest_background(app.database)
    vectorizer = Vectorizer(Background.from_record(record) if record else Background.prior())
    pages = seed_pages(app)
    specs = app.settings.topic_specs(pages)
    for spec in specs:
        yield from advice_on(app.settings, spec, pages, vectorizer)
    for one, other, cosine in overlaps(specs, vectorizer):
        for spec, twin in ((one, other), (other, one)):
            yield Advice(
                topic=spec.name,
                level="warning",
                place=app.settings.place(spec.name, ("seeds",), pages),
                what=f"looks for the same stories as {twin.name!r} (similarity {cosine:.2f})",
                remedy="make one topic of both, or tell them apart with must, never or not",
            )


def _without_seed(app: App) -> Iterator[Advice]:
    at_hand = {spec.name for spec in app.settings.topic_specs(seed_pages(app))}
    for name in sorted(app.settings.topic_names() - at_hand):
        yield Advice(
            topic=name,
            level="warning",
            place=app.settings.place(name, ("seeds",), {}),
            what="no page that it names was read yet, so that it matches nothing",
            remedy="`monitor poll` reads them, `monitor check --feeds` says what is wrong",
        )
