"""What a document asks of those who poll it. Pure."""

from __future__ import annotations

import re
from datetime import timedelta

from monitor.records import Wishes

_MAX_HEAD = 64 * 1024
_LONGEST = timedelta(days=31)
_ITEM = re.compile(r"<(?:[\w.-]+:)?(?:item|entry)[\s/>]", re.IGNORECASE)
_TTL, _PERIOD, _FREQUENCY, _HOUR, _DAY = (
    re.compile(rf"<(?:[\w.-]+:)?{name}>\s*(\w{{1,9}})\s*</")
    for name in ("ttl", "updateperiod", "updatefrequency", "hour", "day")
)
_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def wishes_of(text: str) -> Wishes:
    """Return what RSS says by ``ttl``, ``skipHours``, ``skipDays``, and of updates (``sy:``).

    Only what stands before and behind the items counts. What makes no sense is ignored: no time at
    all, or nothing left to come in; more than a month is a month.
    https://www.rssboard.org/rss-specification,
    https://web.resource.org/rss/1.0/modules/syndication/
    """
    head = _head(text)
    hours = frozenset(
        int(each) % 24 for each in _listed(head, "skiphours", _HOUR) if _is_hour(each)
    )
    days = frozenset(_DAYS.index(each) for each in _listed(head, "skipdays", _DAY) if each in _DAYS)
    return Wishes(
        ttl=_minutes(head) or _period(head),
        skip_hours=hours if len(hours) < 24 else frozenset(),
        skip_days=days if len(days) < 7 else frozenset(),
    )


def _head(text: str) -> str:
    first = _ITEM.search(text)
    before = text[: first.start()] if first else text
    last = max(text.rfind("</item"), text.rfind("</entry"))
    after = text[last:] if last >= 0 else ""
    return _without_comments(before[:_MAX_HEAD] + after[-_MAX_HEAD:]).lower()


def _without_comments(text: str) -> str:
    outside, *commented = text.split("<!--")
    return outside + "".join(each.partition("-->")[2] for each in commented)


def _minutes(head: str) -> timedelta | None:
    return _bounded(timedelta(minutes=_number(_TTL.search(head))))


def _period(head: str) -> timedelta | None:
    named = _PERIOD.search(head)
    period = _PERIODS.get(named[1]) if named else None
    times = _number(_FREQUENCY.search(head))
    return _bounded(period / max(times, 1)) if period else None


def _bounded(wish: timedelta) -> timedelta | None:
    return min(wish, _LONGEST) or None


def _number(found: re.Match[str] | None) -> int:
    return int(found[1]) if found and found[1].isdecimal() else 0


def _listed(head: str, name: str, member: re.Pattern[str]) -> list[str]:
    section = head.partition(f"<{name}>")[2].partition(f"</{name}>")[0]
    return member.findall(section)


def _is_hour(text: str) -> bool:
    return text.isdecimal() and int(text) <= 24
