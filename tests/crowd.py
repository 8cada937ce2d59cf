"""A crowd of feeds: what each of them publishes as time goes on, healthy or not.

Time is counted in ticks. Everything follows from a feed's number and the tick, so that the servers
and the test agree on it without a word.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from tests.builders import MORNING, rss

TICK = timedelta(minutes=5)
ITEMS = 10
"""Items that a healthy feed shows."""
PERIOD = 6
"""Ticks between two items of a feed that publishes."""
IN_TURN = "in turn"
SLOWEST = "poison without end"
"""Keeps a parser busy until it may have no more CPU, which is ten seconds."""
MIB = 1024 * 1024

_WORDS = (
    *("harbour", "council", "bridge", "winter", "market"),
    *("signal", "garden", "engine", "letter", "mountain"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is sent: ``head`` and ``body`` at once, then ``drip`` each ``pause`` seconds for ever.

    ``reset``: the connection is broken off instead of closed. Without ``drip`` it ends.
    """

    head: bytes
    body: bytes = b""
    drip: bytes = b""
    pause: float = 1.0
    reset: bool = False


def published(number: int, tick: int) -> int:
    """How many items feed ``number`` has published by ``tick``; one feed in three rests."""
    return ITEMS + (0 if number % 3 == 0 else (tick + number % PERIOD) // PERIOD)


def titles(number: int, tick: int, lost: int = 0) -> set[str]:
    """The titles of all items that feed ``number`` has published by ``tick``, but the first."""
    return {_title(number, item) for item in range(lost, published(number, tick))}


def moment(tick: int) -> datetime:
    """The time of a tick."""
    return MORNING + tick * TICK


def healthy(number: int, tick: int, asked: bytes) -> Reply:
    """A well-behaved server; one feed in three knows no validators."""
    count = published(number, tick)
    tag = b'"%d-%d"' % (number, count)
    if number % 3 != 1 and tag in asked:
        return Reply(head=_head(304, (b"ETag", tag)))
    body = document(number, count)
    fields = () if number % 3 == 1 else ((b"ETag", tag),)
    return Reply(head=_head(200, *fields, _length(body)), body=body)


def in_turn(number: int, tick: int, asked: bytes) -> Reply:
    """By the tick: a new item, 304, the same body without validators, a failure."""
    turn = tick % 4
    if turn == 3:
        return Reply(head=_head(500, (b"Content-Length", b"0")))
    tag = b'"%d"' % (tick // 4)
    if turn == 1 and tag in asked:
        return Reply(head=_head(304, (b"ETag", tag)))
    body = document(number, ITEMS + tick // 4)
    fields = ((b"ETag", tag),) if turn < 2 else ()
    return Reply(head=_head(200, *fields, _length(body)), body=body)


def document(number: int, count: int) -> bytes:
    """The last items of ``count``, the newest first, with ids of their own."""
    shown = range(max(0, count - ITEMS), count)
    pages = [
        rss([(_title(number, item), _text(number, item))], at=MORNING, first_id=item)
        for item in reversed(shown)
    ]
    start, end = pages[0].index(b"<item>"), pages[0].rindex(b"</item>") + len(b"</item>")
    items = b"".join(page[page.index(b"<item>") : page.rindex(b"</item>") + 7] for page in pages)
    return pages[0][:start] + items + pages[0][end:]


def reply_of(kind: str, number: int, tick: int, asked: bytes) -> Reply:
    """What the server of feed ``number`` sends, which is of that kind ("": healthy)."""
    if not kind:
        return healthy(number, tick, asked)
    if kind == IN_TURN:
        return in_turn(number, tick, asked)
    known = FAILING[kind] if kind in FAILING else ODD[kind]
    return known.reply(number, tick, asked)


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """A reply, and the words that the feed's row must then have (a pattern); "": no words.

    ``lost``: how many of its first items can never be read.
    """

    reply: Callable[[int, int, bytes], Reply]
    words: str = ""
    lost: int = 0


def _title(number: int, item: int) -> str:
    return f"{_WORDS[item % 10].title()} {_WORDS[number % 10]} {number}-{item}"


def _text(number: int, item: int) -> str:
    words = (_WORDS[(number * 7 + item * 3 + n * n) % 10] for n in range(40))
    return f"Report {number}-{item}: {' '.join(words)}."


def _head(status: int, *fields: tuple[bytes, bytes]) -> bytes:
    lines = [b"HTTP/1.1 %d Anything" % status, *(b": ".join(each) for each in fields)]
    if status == 200:
        lines.append(b"Content-Type: application/rss+xml")
    return b"\r\n".join([*lines, b"Connection: close", b"", b""])


def _length(body: bytes) -> tuple[bytes, bytes]:
    return (b"Content-Length", b"%d" % len(body))


def _says(status: int, *fields: tuple[bytes, bytes]) -> Callable[[int, int, bytes], Reply]:
    reply = Reply(head=_head(status, *fields, (b"Content-Length", b"0")))
    return lambda _number, _tick, _asked: reply


def _sends(
    change: Callable[[bytes], bytes], *fields: tuple[bytes, bytes]
) -> Callable[[int, int, bytes], Reply]:
    """A reply with the healthy document after ``change`` and its length, or that of ``fields``."""

    def reply(number: int, tick: int, _asked: bytes) -> Reply:
        body = change(document(number, published(number, tick)))
        told = (
            fields
            if any(name == b"Content-Length" for name, _ in fields)
            else (*fields, _length(body))
        )
        return Reply(head=_head(200, *told), body=body)

    return reply


def _always(reply: Reply) -> Callable[[int, int, bytes], Reply]:
    return lambda _number, _tick, _asked: reply


def _in_first_item(more: bytes) -> Callable[[bytes], bytes]:
    """A change that puts ``more`` behind the titles of the document and of its first item."""
    return lambda body: body.replace(b"</title>", more + b"</title>", 2)


@cache
def _zeros(mebibytes: int, layers: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    packed = b"".join([*(packer.compress(bytes(MIB)) for _ in range(mebibytes)), packer.flush()])
    return packed if layers == 1 else gzip.compress(packed, mtime=0)


@cache
def _attributes() -> bytes:
    return b"<rss><channel><item " + b" ".join(b"a%d='1'" % n for n in range(100_000)) + b">"


def _declared_entities(body: bytes) -> bytes:
    heap = b"".join(b'<!ENTITY e%d "&e%d;&e%d;">' % (n, n - 1, n - 1) for n in range(1, 1_000))
    return b"<!DOCTYPE rss [<!ENTITY e0 'ha'>" + heap + b"]>" + body.partition(b"?>")[2]


_GZIP = (b"Content-Encoding", b"gzip")
_TWICE = (b"Content-Encoding", b"gzip, gzip")
_TOO_LONG = (b"Content-Length", b"9999999")
_ITEM = b"<item>"

FAILING: Mapping[str, Misbehaviour] = {
    "slow headers": Misbehaviour(
        _always(Reply(head=b"HTTP/1.1 200 OK\r\nX-Slow: ", drip=b"x")), "no complete answer within"
    ),
    "slow body": Misbehaviour(
        _always(Reply(head=_head(200), body=b"<rss><channel>", drip=b" ")),
        "no complete answer within",
    ),
    "endless body": Misbehaviour(
        _always(Reply(head=_head(200), body=b"<rss>", drip=bytes(256 * 1024), pause=0)),
        "larger than|no complete answer within",
    ),
    "endless headers": Misbehaviour(
        _always(Reply(head=b"HTTP/1.1 200 OK\r\n", drip=b"X-More: and more\r\n" * 500, pause=0)),
        "headers are larger",
    ),
    "gzip bomb": Misbehaviour(_sends(lambda _: _zeros(64, 1), _GZIP), "larger than"),
    "double gzip bomb": Misbehaviour(_sends(lambda _: _zeros(64, 2), _TWICE), "larger than"),
    "truncated gzip": Misbehaviour(
        _sends(lambda body: gzip.compress(body, mtime=0)[:-20], _GZIP), "cut off"
    ),
    "no gzip": Misbehaviour(_sends(lambda body: body, _GZIP), "not valid gzip"),
    "wrong length": Misbehaviour(_sends(lambda body: body, _TOO_LONG), "connection failed"),
    "reset": Misbehaviour(_always(Reply(head=b"HTTP/1.1 2", reset=True)), "connection failed"),
    "no http": Misbehaviour(_always(Reply(head=b"SSH-2.0-server\r\n")), "connection failed"),
    "redirect loop": Misbehaviour(_says(302, (b"Location", b"/feed")), "more than 10 redirects"),
    "redirect to private": Misbehaviour(
        _says(302, (b"Location", b"http://10.0.0.1/feed")), "not a public address"
    ),
    "redirect to a file": Misbehaviour(
        _says(301, (b"Location", b"file:///etc/hostname")), "only http and https"
    ),
    "429": Misbehaviour(_says(429, (b"Retry-After", b"7200")), "answered 429"),
    "500": Misbehaviour(_says(500), "answered 500"),
    "404": Misbehaviour(_says(404), "answered 404"),
    "410": Misbehaviour(_says(410), "answered 410"),
    "web page": Misbehaviour(
        _sends(lambda _: b"<!DOCTYPE html><html><title>Hi</title></html>"), "but a web page"
    ),
    "heap of entities": Misbehaviour(_sends(_declared_entities), "entities"),
    "attributes": Misbehaviour(_sends(lambda _: _attributes()), "2,000 attributes"),
    SLOWEST: Misbehaviour(
        _sends(lambda _: b"<rss><channel>" + b"<item><gml:pos>1 2</gml:pos>" * 100_000),
        "parsing took more",
    ),
    "empty": Misbehaviour(_sends(lambda _: b""), "empty"),
}
"""Nothing of these can be read: they fail, in these words, and are asked ever more rarely."""

ODD: Mapping[str, Misbehaviour] = {
    "poisoned item": Misbehaviour(
        _sends(
            lambda body: body.replace(
                _ITEM, b"<item><title>Poison</title><gml:pos>1 2</gml:pos></item><item>", 1
            )
        )
    ),
    "charset undefined": Misbehaviour(
        _sends(lambda body: body.replace(b"'utf-8'", b"'undefined'", 1))
    ),
    "surrogate": Misbehaviour(_sends(_in_first_item(b"&#xD800;"))),
    "nul bytes": Misbehaviour(_sends(_in_first_item(b"\0\0"))),
    "turned writing": Misbehaviour(_sends(_in_first_item("\u202e\x1b".encode()))),
    "huge etag": Misbehaviour(_sends(lambda body: body, (b"ETag", b'"' + b"e" * 20_000 + b'"'))),
    "cut off": Misbehaviour(_sends(lambda body: body[: body.rindex(b"</item>")]), lost=1),
    "invalid dates": Misbehaviour(
        _sends(lambda body: body.replace(b"<pubDate>Mon, 02", b"<pubDate>Mon, 99"))
    ),
    "deep nesting": Misbehaviour(
        _sends(lambda body: body.replace(b"</channel>", b"<a>" * 2_000 + b"</channel>"))
    ),
}
"""These are odd, and yet every whole item of theirs is read."""
