"""What no file can tell alone: names that must exist elsewhere, and what stands there twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from monitor.config.digests import DigestSettings, rest_over_all
from monitor.config.document import Document, Loc
from monitor.config.feeds import FeedSettings
from monitor.config.models import MonitorFile, TopicFile, below_floor
from monitor.config.values import nearest
from monitor.records import ChannelKind, same_recipient


def check_digests(main: MonitorFile, topics: list[str], source: Document) -> Iterator[str]:
    """Names, recipients and topics stand once; what is named exists; rest leaves an hour."""
    named = {("digests", n): each for n, each in enumerate(main.digests)}
    yield from _doubles([((*loc, "name"), it.name.casefold()) for loc, it in named.items()], source)
    for loc, digest in named.items():
        recipients = enumerate(digest.recipients)
        yield from _doubles(
            [((*loc, "recipients", n), same_recipient(each.to)) for n, each in recipients], source
        )
        yield from _unknown_names(loc, digest, topics, main, source)
        yield from dict.fromkeys(_rests_for_ever(loc, digest, source))


def _unknown_names(
    loc: Loc, digest: DigestSettings, topics: list[str], main: MonitorFile, source: Document
) -> Iterator[str]:
    yield from _wrong_topics((*loc, "topics"), digest.topics, topics, source)
    for n, each in enumerate(digest.recipients):
        here = (*loc, "recipients", n)
        yield from _wrong_topics((*here, "topics"), each.topics, topics, source)
        if "@" not in each.to and each.to not in main.channels:
            known = sorted(main.channels)
            words = f"{_unknown('channel', each.to, known)}; a mail address has an @"
            yield source.problem(here, words)


def _wrong_topics(
    loc: Loc, named: tuple[str, ...] | None, topics: list[str], source: Document
) -> Iterator[str]:
    places = [((*loc, n), name) for n, name in enumerate(named or ())]
    yield from _doubles(places, source)
    for place, name in places:
        if name not in topics:
            yield source.problem(place, _unknown("topic", name, topics))


def _rests_for_ever(loc: Loc, digest: DigestSettings, source: Document) -> Iterator[str]:
    """Told where the rest stands: with the recipient, or with the digest for all."""
    for n, each in enumerate(digest.recipients):
        key = rest_over_all(digest.plan(each, ChannelKind.MAIL, ()).schedule)
        if key is not None:
            own = getattr(each, key) is not None
            place = (*loc, "recipients", n, key) if own else (*loc, key)
            words = "covers every hour of schedule: nothing would ever come; change one of the two"
            yield source.problem(place, words)


def check_feeds(
    feeds: tuple[FeedSettings, ...], floor: timedelta | None, source: Document
) -> Iterator[str]:
    """Addresses are unique; no interval is below the floor, where that is known."""
    yield from _doubles([(("feeds", n, "url"), each.url) for n, each in enumerate(feeds)], source)
    for n, feed in enumerate(feeds):
        if floor and feed.interval and feed.interval < floor:
            yield source.problem(("feeds", n, "interval"), below_floor(feed.interval, floor))


def check_topic(
    topic: TopicFile, feeds: tuple[FeedSettings, ...], source: Document
) -> Iterator[str]:
    """Every feed and tag that a topic watches exists."""
    titles = [feed.title for feed in feeds if feed.title]
    known = [*titles, *(feed.url for feed in feeds)]
    for n, name in enumerate(topic.feeds):
        if name not in known:
            yield source.problem(("feeds", n), _unknown("feed", name, known))
    tags = sorted({tag for feed in feeds for tag in feed.tags})
    for n, tag in enumerate(topic.tags):
        if tag not in tags:
            yield source.problem(("tags", n), _unknown("tag", tag, tags))


def check_names(named: Iterable[tuple[str, Document]]) -> Iterator[str]:
    """Every topic has a name of its own."""
    seen: dict[str, Document] = {}
    for name, source in named:
        if other := seen.get(name.casefold()):
            yield source.problem(("name",), f"the same as in {other.path}; rename one")
        seen.setdefault(name.casefold(), source)


def _unknown(what: str, name: str, known: list[str]) -> str:
    some = f"; known are {', '.join(known[:10])}" if known else ": there is none"
    return f"{name!r:.80} is no {what}{nearest(name, known) or some}"


def _doubles(values: Iterable[tuple[Loc, str]], source: Document) -> Iterator[str]:
    first: dict[str, Loc] = {}
    for loc, value in values:
        if value in first:
            line = source.line(first[value])
            yield source.problem(loc, f"the same as on line {line}; remove one")
        first.setdefault(value, loc)
