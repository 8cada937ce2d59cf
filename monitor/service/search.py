"""From the address of a site, or of a page on it, to its feed.

the address itself -> what its page declares -> what its page links to -> where feeds often are

One request after the other, through the same guard and limits as every poll.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus

from monitor.errors import FetchError, ParseError
from monitor.ingest.discover import FeedLink, common_addresses
from monitor.ingest.kind import format_of
from monitor.ingest.urls import canonical_url
from monitor.records import FeedSpec, Fetched, Request
from monitor.service.app import App
from monitor.service.trial import Sample, sample
from monitor.service.views import NotFound

MAX_ASKED = 8
"""Addresses that are tried beside the given one."""

_FEEDS = ("RSS", "Atom", "JSON Feed", "CDF")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A feed that was found; ``sample`` None: its page declares it, it was not asked yet."""

    link: FeedLink
    sample: Sample | None = None


def find(app: App, spec: FeedSpec, now: datetime) -> tuple[Candidate, ...]:
    """Return the feeds of ``spec.url``, the likeliest first; only one has to be asked for each.

    Several come only from a page that declares several. Title and tags of ``spec`` count for what
    would match. :class:`NotFound` where there is none; ``FetchError`` where the address itself, or
    its host, refuses.
    """
    answer = app.fetcher.fetch(Request(feed_id=0, url=spec.url))
    try:
        itself = FeedLink(url=answer.moved_to or spec.url)
        return (Candidate(link=itself, sample=sample(app, spec, answer, now)),)
    except ParseError:
        if _format(answer).startswith(_FEEDS):
            raise
    links = _links(app, answer)
    declared = [link for link in links if link.declared]
    if len(declared) > 1:
        return tuple(Candidate(link=link) for link in declared)
    return (_first(app, spec, _likely(answer, links), now),)


def look(app: App, spec: FeedSpec, link: FeedLink, now: datetime) -> Candidate:
    """Ask for a feed that a page declares; raise ``FetchError`` or ``ParseError``."""
    answer = app.fetcher.fetch(Request(feed_id=0, url=link.url))
    found = replace(link, url=answer.moved_to or link.url)
    return Candidate(link=found, sample=sample(app, replace(spec, url=found.url), answer, now))


def _links(app: App, answer: Fetched) -> tuple[FeedLink, ...]:
    content_type = answer.headers.get("content-type", "")
    return app.parsers.read_links(answer.body or b"", content_type, answer.url)


def _likely(answer: Fetched, links: Sequence[FeedLink]) -> list[FeedLink]:
    """Return what is worth asking for, each address once: some room is kept for the usual ones."""
    usual = [FeedLink(url=url) for url in common_addresses(answer.url)]
    asked = {canonical_url(answer.url)}
    likely = []
    for link in (*links[: MAX_ASKED // 2], *usual):
        if canonical_url(link.url) not in asked:
            likely.append(link)
        asked.add(canonical_url(link.url))
    return likely[:MAX_ASKED]


def _first(app: App, spec: FeedSpec, likely: Sequence[FeedLink], now: datetime) -> Candidate:
    found = next(_readable(app, spec, likely, now), None)
    if found is None:
        raise NotFound(
            f"{spec.url}: no feed was found: it is none itself, its page names none that can be "
            f"read, and {len(likely)} likely addresses have none; give the feed's own address"
        )
    return found


def _readable(
    app: App, spec: FeedSpec, likely: Sequence[FeedLink], now: datetime
) -> Iterator[Candidate]:
    for number, link in enumerate(likely, start=1):
        app.progress("likely addresses asked", number)
        try:
            yield look(app, spec, link, now)
        except FetchError as error:
            if error.retry_after is not None or error.status == HTTPStatus.TOO_MANY_REQUESTS:
                raise  # its host wants to be left alone
        except ParseError:
            continue


def _format(answer: Fetched) -> str:
    return format_of(answer.body or b"", answer.headers.get("content-type", ""))
