"""Feeds, configurations and times for tests: small, spelt out, our own words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from pathlib import Path

MORNING = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)

ADVISORY = (
    "Combat mission in Iraq to end as U.S. troops become advisers",
    "American and Iraqi officials said the U.S. combat mission in Iraq ends this year. The troops "
    "that remain, about 2,500, will train and advise Iraqi forces fighting the Islamic State, "
    "Prime Minister Kadhimi said after meeting President Biden at the White House.",
)
FOOTBALL = (
    "Late goal lifts visitors in the cup",
    "A header in the last minute sent the home crowd into silence on a rainy evening.",
)
ORCHARD = (
    "Frost costs orchards half their apples",
    "Growers lit fires between the rows, yet the blossom froze two nights in a row.",
)


def rss(items: Sequence[tuple[str, str]], *, at: datetime, first_id: int = 1) -> bytes:
    """An RSS 2.0 document of (title, text) pairs, all dated ``at``."""
    entries = "".join(
        f"<item><title>{escape(title)}</title><link>https://news.example/{number}</link>"
        f"<guid isPermaLink='false'>id-{number}</guid><pubDate>{format_datetime(at)}</pubDate>"
        f"<description>{escape(text)}</description></item>"
        for number, (title, text) in enumerate(items, start=first_id)
    )
    return (
        "<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel>"
        f"<title>Example Wire</title><link>https://news.example/</link>{entries}</channel></rss>"
    ).encode()


def write_config(
    folder: Path,
    *,
    feeds: Sequence[str],
    host: str,
    mail: str = "folder: outbox",
    schedule: str = '{daily: "07:00"}',
    recipients: Sequence[str] = ("reader@example.org",),
    database: str = "sqlite:///monitor.db",
    interval: str = "15m",
    floor: str = "1s",
    ceiling: str | None = None,
) -> Path:
    """A configuration with one topic (its seed is :data:`ADVISORY`); returns monitor.yaml.

    Its feeds are due each ``interval``, or follow their rhythm up to ``ceiling``.
    """
    (folder / "topics").mkdir(parents=True, exist_ok=True)
    (folder / "topics" / "advisory.yaml").write_text(
        f"name: advisory\nseeds:\n  - text: |\n      {ADVISORY[0]}\n      {ADVISORY[1]}\n"
    )
    (folder / "feeds.yaml").write_text("feeds:\n" + "".join(f"  - url: {url}\n" for url in feeds))
    path = folder / "monitor.yaml"
    path.write_text(
        f"database: {database}\nfeeds: feeds.yaml\ntopics: topics\n"
        f"polling:\n  interval: {interval}\n  floor: {floor}\n  ceiling: {ceiling or interval}\n"
        f"  allow_addresses: ['{host}']\n"
        f"digests:\n  - name: daily\n    recipients: [{', '.join(recipients)}]\n"
        f"    schedule: {schedule}\n    timezone: UTC\n"
        f"mail:\n  from: News monitor <monitor@example.org>\n  {mail}\n"
    )
    return path
