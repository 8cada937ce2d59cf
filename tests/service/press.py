"""A newspaper on loopback: its feed, its pages, and who asked for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from tests.builders import ADVISORY, MORNING, rss, write_config
from tests.ingest.servers import Server, Visit, serve
from tests.servers import FeedServer

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SEED = "\n".join(f"      {line}" for line in ADVISORY)

BODY = " ".join(
    f"{ADVISORY[1]} On day {n} the talks on trainers, bases and supplies went on in Baghdad."
    for n in range(6)
)
"""What the page of a story about the topic says."""
WEATHER = " ".join(
    f"Day {n} brought drizzle to the valleys and a mild wind along the coast, forecasters said."
    for n in range(12)
)
"""What the page of a story about nothing of interest says."""


def html(text: str, *, title: str = "A page") -> bytes:
    """A web page with menus and teasers around its article."""
    menu = "".join(f"<a href='/{n}'>Section {n}</a>" for n in range(20))
    paragraphs = "".join(f"<p>{each}.</p>" for each in text.split(". "))
    return (
        f"<html><head><title>{title}</title></head><body><nav>{menu}</nav>"
        f"<article><h1>{title}</h1>{paragraphs}</article><footer>All rights</footer></body></html>"
    ).encode()


Answer = Callable[[Visit], None]


def page(text: str, *, kind: str = "text/html; charset=utf-8") -> Answer:
    """Answer with a page that says ``text``."""
    return lambda visit: visit.answer(body=html(text), Content_Type=kind)


def status(code: int, *, after: str = "", location: str = "") -> Answer:
    """Answer with nothing but a status, and when to come again or where to go."""
    given = {"Retry_After": after, "Location": location}
    headers = {name: value for name, value in given.items() if value}
    return lambda visit: visit.answer(code, b"", **headers)


@dataclass
class Press:
    """The pages by path, and the server that serves them and keeps its log."""

    server: Server
    pages: dict[str, Answer] = field(default_factory=dict)

    @property
    def asked(self) -> list[str]:
        """The paths that were asked for, in order of their number."""
        return sorted(self.server.paths, key=lambda path: int(path[1:]))


@contextmanager
def press() -> Iterator[Press]:
    """A :class:`Press` on a free port."""
    pages: dict[str, Answer] = {}

    def answer(visit: Visit) -> None:
        pages.get(visit.path, status(404))(visit)

    with serve(answer) as server:
        yield Press(server, pages)


def configured(
    folder: Path,
    feeds: FeedServer,
    printed: Press,
    items: Sequence[tuple[str, str]],
    *,
    topic: str = "",
    feed: str = "",
    polling: str = "",
    at: datetime = MORNING - HOUR,
) -> Path:
    """A configuration whose feed links to ``printed``; ``topic`` and ``feed``: lines of theirs."""
    publish(feeds, printed, items, at=at)
    hosts = f"{feeds.host}', '127.0.0.1:{printed.server.port}"
    config = write_config(folder, feeds=[feeds.url("wire.rss")], host=hosts)
    if polling:
        config.write_text(config.read_text().replace("polling:\n", f"polling:\n  {polling}\n"))
    rewrite(config, topic=topic)
    listed = config.with_name("feeds.yaml")
    listed.write_text(listed.read_text() + f"    {feed}\n" * bool(feed))
    return config


def publish(
    feeds: FeedServer, printed: Press, items: Sequence[tuple[str, str]], *, at: datetime
) -> None:
    """Put ``items`` into the feed; the n-th one links to the page ``/n``."""
    document = rss(items, at=at)
    here = printed.server.url("/").encode()
    feeds.pages["wire.rss"] = document.replace(b"https://news.example/", here)


def rewrite(config: Path, *, topic: str) -> None:
    """Write the topic's file anew, with the lines ``topic`` at its end."""
    text = f"name: advisory\nseeds:\n  - text: |\n{SEED}\n{topic}\n"
    (config.parent / "topics" / "advisory.yaml").write_text(text)
