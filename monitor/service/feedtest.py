"""What is right and wrong with one feed: asked twice, read once, and nothing written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.errors import FetchError, ParseError
from monitor.ingest.clean import clean_line
from monitor.ingest.ending import is_whole
from monitor.records import Access, FeedSpec, Fetched, Request, Validators
from monitor.service.app import App
from monitor.service.trial import Sample, Yield, sample, yields

TOLD = (
    "content-type",
    "content-encoding",
    "etag",
    "last-modified",
    "cache-control",
    "expires",
    "age",
    "retry-after",
    "server",
)
"""Headers that say how a feed can be polled."""

SLOW = timedelta(seconds=5)
LARGE = 2**20
UNPACKED = 100_000
"""Bytes from which it is worth a word that a server does not compress."""
SILENT = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The first answer. ``size``: bytes as they came; ``unpacked``: of the document.

    ``url``: where it came from; ``permanent``: each redirect there was.
    ``conditional``: what the second request brought, with the validators of the first; None: the
    server gave none.
    """

    status: int
    url: str
    permanent: bool
    headers: Mapping[str, str]
    size: int
    unpacked: int
    seconds: float
    conditional: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedTest:
    """What a test found; ``error``: why the feed cannot be read; ``remarks``: what to know."""

    url: str
    error: str | None
    answer: Answer | None = None
    sample: Sample | None = None
    yields: tuple[Yield, ...] = ()
    remarks: tuple[str, ...] = ()


def try_feed(app: App, spec: FeedSpec, access: Access, now: datetime) -> FeedTest:
    """Ask for a feed as a poll does, once more with its validators, and score what it brings."""
    try:
        fetched = app.fetcher.fetch(Request(feed_id=0, url=spec.url, access=access))
    except FetchError as error:
        return FeedTest(url=spec.url, error=str(error), remarks=tuple(_of_failure(error)))
    answer = _answer(app, spec, access, fetched)
    try:
        found = sample(app, spec, fetched, now)
    except ParseError as error:
        remarks = tuple(_of_answer(spec, answer))
        return FeedTest(url=spec.url, error=str(error), answer=answer, remarks=remarks)
    told = (*_of_answer(spec, answer), *_of_sample(found, now), *_of_body(fetched.body or b""))
    return FeedTest(
        url=spec.url,
        error=None,
        answer=answer,
        sample=found,
        yields=yields(app, found.stories, now),
        remarks=told,
    )


def _answer(app: App, spec: FeedSpec, access: Access, fetched: Fetched) -> Answer:
    told = {name: clean_line(fetched.headers[name]) for name in TOLD if name in fetched.headers}
    return Answer(
        status=fetched.status,
        url=fetched.url,
        permanent=fetched.moved_to is not None,
        headers=told,
        size=fetched.size,
        unpacked=len(fetched.body or b""),
        seconds=fetched.seconds,
        conditional=_ask_again(app, spec, access, fetched.validators),
    )


def _ask_again(app: App, spec: FeedSpec, access: Access, sent: Validators) -> int | None:
    """Return the status of a conditional request, 0 where it failed; None without validators."""
    if sent == Validators():
        return None
    request = Request(feed_id=0, url=spec.url, validators=sent, access=access)
    try:
        return app.fetcher.fetch(request).status
    except FetchError as error:
        return error.status or 0


# ---------------------------------------------------------------- what to know, in words


def _of_failure(error: FetchError) -> Iterator[str]:
    if error.retry_after:
        yield f"its server asks to be left alone for {error.retry_after.total_seconds():,.0f} s"


def _of_answer(spec: FeedSpec, answer: Answer) -> Iterator[str]:
    if answer.permanent:
        yield f"it moved for good to {answer.url}; write that in feeds.yaml"
    yield from _of_conditional(answer.conditional)
    if answer.seconds > SLOW.total_seconds():
        yield f"its server took {answer.seconds:.0f} s"
    if answer.unpacked > LARGE:
        yield f"it is large: {_bytes(answer.unpacked)} at every poll that brings something"
    elif answer.unpacked > UNPACKED and "content-encoding" not in answer.headers:
        yield f"its server does not compress: {_bytes(answer.unpacked)} come over the wire"
    if "html" in answer.headers.get("content-type", ""):
        yield "its server calls it a web page (Content-Type); it is read by what it is"


def _of_conditional(status: int | None) -> Iterator[str]:
    if status is None:
        yield "no validators (ETag, Last-Modified): every poll fetches the whole document"
    elif status == 200:
        yield (
            "its validators do not work: asked with them, the server sent everything again, so "
            "every poll fetches the whole document"
        )
    elif status != 304:
        told = f"answered {status}" if status else "did not answer"
        yield f"asked again with its validators, the server {told}; polls may fail"


def _of_sample(found: Sample, now: datetime) -> Iterator[str]:
    dates = found.dates
    if not found.items:
        yield "it holds no item; it may fill later"
    if found.skipped:
        yield f"{found.skipped:,} of its items cannot be read and are skipped"
    for number, what in (
        (dates.undated, "have no date"),
        (dates.future, "are dated over a day ahead"),
        (dates.ancient, "are dated before 1990"),
    ):
        if number:
            yield f"{number:,} of {found.items:,} items {what}; they count from when they are found"
    if dates.newest and now - dates.newest > SILENT:
        yield f"its newest item is of {dates.newest:%Y-%m-%d}; is it still written?"


def _of_body(body: bytes) -> Iterator[str]:
    if not is_whole(body):
        yield "it is cut off at its end; what is whole was read"


def _bytes(size: int) -> str:
    return f"{size / 2**20:.1f} MiB" if size >= 2**20 else f"{size // 2**10} KiB"
