"""The hosts of the long run of `test_manners.py`, each with its own way over two months."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b

from tests.manners import (
    DAY,
    HANG_UP,
    HOUR,
    START,
    Answer,
    Entry,
    Headers,
    Script,
    Visit,
    World,
    http_date,
    rss,
    stories,
)

EVERY = tuple(f"127.0.0.{n}" for n in range(11, 18))
WIRE, OLD, NEW, PRIVATE, LIMITED, BROKEN, LOCKED = EVERY
DAILY = stories(DAY)
PAGE = b"<!doctype html><html><body>Under construction</body></html>"

SKIPPED_HOURS = frozenset({0, 1, 2, 3, 4, 5, 13, 14, 22, 23})
SKIPPED_DAYS = frozenset({5, 6})
TTL = 5 * HOUR
FRESH = 12 * HOUR
RESTS = (
    (10 * DAY, 20 * HOUR, 429, "seconds"),
    (20 * DAY, 15 * HOUR, 429, "date"),
    (30 * DAY, 18 * HOUR, 503, "seconds"),
    (40 * DAY, 23 * HOUR, 503, "date"),
)
"""When a host has had enough, for how long, and how it says so."""
LOGIN = ("user: reader", "password_file: password", "headers: {X-Key: k1}")
GONE = 10 * DAY
DEATH = 30 * DAY
FAILING, HEALED = 2 * DAY, 64 * DAY
ODD_VALIDATORS: tuple[tuple[bytes | None, bytes | None], ...] = (
    (b'W/"weak"', None),
    (b'"\xe9\xff\x80 and  blanks"', b"Mon, 02 Mar 2026 06:00:00 GMT"),
    (b"no quotes, but a comma", b"not a date at all"),
    (None, b"Thu, 01 Jan 1970 00:00:00 +0000"),
    (None, None),
    (b'""', b"0"),
)


def serving(document: Callable[[datetime], bytes], *headers: tuple[bytes, bytes]) -> Script:
    """A feed with an ETag, and ``headers`` on every answer, 304 too."""

    def script(visit: Visit) -> Answer:
        body = document(visit.at)
        tag = b'"' + blake2b(body, digest_size=8).hexdigest().encode() + b'"'
        said = (*headers, (b"ETag", tag))
        return Answer(304, said) if visit.get(b"if-none-match") == tag else Answer(200, said, body)

    return script


def saying(status: int, *headers: tuple[bytes, bytes], body: bytes = b"") -> Script:
    """The same answer each time."""
    return lambda _visit: Answer(status, headers, body)


def during(begin: timedelta, end: timedelta, script: Script, otherwise: Script) -> Script:
    """``script`` from ``begin`` until ``end``."""
    return lambda it: script(it) if begin <= it.at - START < end else otherwise(it)


def after(begin: timedelta, script: Script, before: Script) -> Script:
    """``script`` from ``begin`` on."""
    return during(begin, 1000 * DAY, script, before)


def hosting(feeds: Mapping[str, Script]) -> Script:
    """A host of several feeds, by name."""
    return lambda visit: feeds[visit.feed](visit)


def to(world: World, status: int, host: str, path: str) -> Script:
    """A redirect."""
    return lambda _visit: Answer(status, ((b"Location", world.url(host, path).encode()),))


def odd_validators(visit: Visit) -> Answer:
    """Others with each version of the document, and a newer tag on every second day's 304."""
    days = (visit.at - START) // DAY
    version = days // 4
    tag, modified = ODD_VALIDATORS[version % len(ODD_VALIDATORS)]
    newer = tag and tag[:-1] + b"%d" % (days % 4 // 2) + tag[-1:]
    given = (visit.get(b"if-none-match"), visit.get(b"if-modified-since"))
    tags = {tag, newer, tag and tag[:-1] + b"0" + tag[-1:]}
    known = given[0] in tags and given[1] == modified and given != (None, None)
    said = ((b"ETag", newer if known else tag), (b"Last-Modified", modified))
    headers = tuple((name, value) for name, value in said if value is not None)
    if known:
        return Answer(304, headers)
    return Answer(200, headers, rss([(n, START) for n in range(version, version + 5)]))


def caching(visit: Visit) -> Answer:
    """First max-age less Age, then Expires by a clock that is a year behind: ``FRESH`` both."""
    if visit.at < START + 30 * DAY:
        said: Headers = ((b"Cache-Control", b"public, max-age=50400"), (b"Age", b"7200"))
    else:
        theirs = visit.at - 365 * DAY
        said = ((b"Date", http_date(theirs)), (b"Expires", http_date(theirs + FRESH)))
    return serving(DAILY, *said)(visit)


def wishful() -> Script:
    """A document with all that RSS lets it wish for."""
    hours = "".join(f"<hour>{hour}</hour>" for hour in sorted(SKIPPED_HOURS))
    days = "<day>Saturday</day><day>Sunday</day>"
    ttl = f"<ttl>{TTL // (HOUR / 60)}</ttl>"
    wishes = f"{ttl}<skipHours>{hours}</skipHours><skipDays>{days}</skipDays>"
    return serving(stories(DAY, head=wishes))


def limiting() -> Script:
    """A host that has had enough at times, whichever of its feeds is asked first then."""
    left = list(RESTS)

    def script(visit: Visit) -> Answer:
        if not left or visit.at < START + left[0][0]:
            return serving(DAILY)(visit)
        _, span, status, form = left.pop(0)
        theirs = visit.at - 1000 * DAY
        seconds = b"%d" % span.total_seconds()
        value = seconds if form == "seconds" else http_date(theirs + span)
        return Answer(status, ((b"Date", http_date(theirs)), (b"Retry-After", value)))

    return script


FAILURES: Mapping[str, Script] = {
    "error": saying(500),
    "missing": saying(404),
    "page": saying(200, (b"ETag", b'"page"'), (b"Content-Type", b"text/html"), body=PAGE),
    "mute": lambda _visit: HANG_UP,
}


def old_host(world: World) -> Script:
    """Where feeds have moved away from, for ever or for a while, and one comes back to."""
    return hosting(
        {
            "moved": after(DEATH, serving(DAILY), to(world, 301, NEW, "/moved/new")),
            "lent": to(world, 302, NEW, "/lent/new"),
            "chained": _chain(world),
            "lured": to(world, 301, PRIVATE, "/lured/inside"),
            "ended": after(GONE, saying(410), serving(DAILY)),
            "revived": serving(DAILY),
        }
    )


def new_host() -> Script:
    """Where they went."""
    here = serving(DAILY)
    return hosting(
        {
            "moved": after(DEATH, saying(410), here),
            "lent": here,
            "chained": here,
            "login": here,
        }
    )


def _chain(world: World) -> Script:
    hops = {
        "/chained/feed": (301, OLD, "/chained/second"),
        "/chained/second": (307, OLD, "/chained/third"),
        "/chained/third": (308, NEW, "/chained/last"),
    }
    return lambda visit: to(world, *hops[visit.path])(visit)


def settle(world: World) -> tuple[Entry, ...]:
    """Give ``world`` its hosts; return the feeds on them."""
    healthy = serving(DAILY)
    wire = {"odd": odd_validators, "caching": caching, "wishful": wishful()}
    broken = {name: during(FAILING, HEALED, it, healthy) for name, it in FAILURES.items()}
    world.scripts |= {
        WIRE: hosting(wire),
        OLD: old_host(world),
        NEW: new_host(),
        PRIVATE: healthy,
        LIMITED: limiting(),
        BROKEN: hosting(broken),
        LOCKED: to(world, 302, NEW, "/login/elsewhere"),
    }
    return (
        Entry(world.url(WIRE, "/odd/feed"), "12h"),
        Entry(world.url(WIRE, "/caching/feed"), "3h"),
        Entry(world.url(WIRE, "/wishful/feed"), "3h"),
        *(Entry(world.url(LIMITED, f"/limited-{each}/feed"), "12h") for each in "abc"),
        *(Entry(world.url(BROKEN, f"/{name}/feed")) for name in FAILURES),
        *(Entry(world.url(OLD, f"/{name}/feed"), "12h") for name in ("moved", "ended")),
        *(Entry(world.url(OLD, f"/{name}/feed"), "1d") for name in ("lent", "chained", "lured")),
        Entry(world.url(LOCKED, "/login/feed"), "1d", LOGIN),
    )
