"""Short ways to the values that the tests of this room are about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

from monitor.records import Entry, Feed, FeedSpec, ParsedFeed, Validators

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def rss(*items: str, head: str = "<title>A feed</title>") -> bytes:
    body = "".join(items)
    return f'<rss version="2.0"><channel>{head}{body}</channel></rss>'.encode()


def item(title: str = "A title", description: str = "Some text.", more: str = "") -> str:
    return (
        f"<item><title>{escape(title)}</title>"
        f"<description>{escape(description)}</description>{more}</item>"
    )


def entry(
    title: str = "A title",
    text: str = "Some text.",
    *,
    guid: str | None = None,
    url: str | None = None,
    published_at: datetime | None = NOW,
) -> Entry:
    return Entry(guid=guid, url=url, title=title, text=text, published_at=published_at)


def document(*entries: Entry) -> ParsedFeed:
    return ParsedFeed(title="A feed", language=None, entries=entries)


def feed(
    *,
    url: str = "https://news.example/feed.xml",
    interval: timedelta = timedelta(minutes=30),
    failures: int = 0,
    is_new: bool = False,
    language: str | None = None,
) -> Feed:
    return Feed(
        id=1,
        spec=FeedSpec(url=url, interval=interval, language=language),
        title="A feed",
        validators=Validators(),
        body_hash=None,
        next_check_at=NOW,
        last_checked_at=None,
        last_success_at=None if is_new else NOW - DAY,
        failing_since=None,
        failures=failures,
        last_error=None,
        last_status=None,
        skipped_entries=0,
    )
