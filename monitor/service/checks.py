"""What `monitor check` finds out: each finding says what was looked at and what was seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.config import Settings
from monitor.errors import DeliveryError, FetchError, ParseError
from monitor.records import Fetched, Request
from monitor.service.app import App
from monitor.service.matchers import fault_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    told: str


def configuration(settings: Settings) -> Iterator[Finding]:
    """What was understood, in numbers, and topics that could never match."""
    enabled = sum(spec.enabled for spec in settings.feed_specs())
    yield Finding(what="feeds", ok=enabled > 0, told=f"{enabled} enabled")
    yield from _topics(settings)
    recipients = sum(len(digest.recipients) for digest in settings.digests)
    yield Finding(
        what="digests",
        ok=recipients > 0,
        told=f"{len(settings.digests)} for {recipients} recipients",
    )


def _topics(settings: Settings) -> Iterator[Finding]:
    specs = settings.topic_specs({})
    for spec in specs:
        fault = fault_of(spec)
        told = fault or f"{len(spec.seeds)} seed text{'s' if len(spec.seeds) > 1 else ''}"
        yield Finding(what=f"topic {spec.name}", ok=fault is None, told=told)
    for name in sorted(settings.topic_names() - {spec.name for spec in specs}):
        told = "its seeds are pages, read at the first poll"
        yield Finding(what=f"topic {name}", ok=True, told=told)


def try_feeds(app: App) -> Iterator[Finding]:
    """Fetch and read every enabled feed once; nothing is stored."""
    urls = [spec.url for spec in app.settings.feed_specs() if spec.enabled]
    requests = [Request(feed_id=number, url=url) for number, url in enumerate(urls)]
    for done, (request, answer) in enumerate(app.fetcher.fetch_many(requests), start=1):
        app.progress("feeds tried", done)
        yield _feed(app, request, answer)


def _feed(app: App, request: Request, answer: Fetched | FetchError) -> Finding:
    try:
        if isinstance(answer, FetchError):
            raise answer
        content_type = answer.headers.get("content-type", "")
        parsed = app.parsers.parse(answer.body or b"", content_type, answer.url)
    except (FetchError, ParseError) as error:
        return Finding(what=f"feed {request.url}", ok=False, told=str(error))
    told = f"{len(parsed.entries)} stories, {parsed.title or 'no title'}"
    return Finding(what=f"feed {request.url}", ok=True, told=told)


def try_mail(app: App) -> Iterator[Finding]:
    """Reach the mail server or folder, log in, and send nothing."""
    try:
        app.transport.check()
    except DeliveryError as error:
        yield Finding(what="mail", ok=False, told=str(error))
    else:
        yield Finding(what="mail", ok=True, told="accepted the connection")
