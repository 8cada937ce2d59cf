"""How feeds, their health and the log of their fetches look in a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.console import RenderableType
from rich.markup import escape

from monitor.cli.output import console, put
from monitor.cli.tables import make_table
from monitor.records import FetchLine, PollStatus
from monitor.service.health import Condition, FeedHealth, State, rhythm_words, span_words
from monitor.service.views import LoggedFetch

ROWS = 30
"""Feeds shown unless all are asked for; those that need a person come first."""

_LABELS = {
    State.GONE: "[red]gone[/red]",
    State.FAILING: "[red]failing[/red]",
    State.HELD: "[yellow]stories held[/yellow]",
    State.MOVED: "[yellow]moved[/yellow]",
    State.MISSED: "[yellow]stories probably missed[/yellow]",
    State.SILENT: "[yellow]silent[/yellow]",
    State.SLOW: "slow",
    State.PUT_OFF: "put off",
    State.NEW: "not read yet",
    State.FINE: "[green]fine[/green]",
    State.DISABLED: "disabled",
}


def feeds_overview(
    feeds: Sequence[FeedHealth], now: datetime, *, every: bool
) -> list[RenderableType]:
    """The feeds with their health, the most urgent first; ``every``: disabled ones too."""
    table = make_table(f"Feeds: {counted(feeds)}", "feed", "last", "next", "health")
    watched = [each for each in feeds if every or each.feed.spec.enabled]
    shown = sorted(watched, key=_urgency)[: None if every else ROWS]
    for each in shown:
        last = when(each.feed.last_checked_at, now)
        table.add_row(escape(each.feed.title), last, _due(each, now), health_words(each, now))
    if len(shown) == len(feeds):
        return [table]
    return [table, f"... and {len(feeds) - len(shown)} more: monitor status --all"]


def print_feeds(feeds: Sequence[FeedHealth], now: datetime) -> None:
    """Each feed with its number, how often it is asked, and how often it brings news."""
    columns = ("no.", "feed", "asked every", "next", "brings", "health")
    table = make_table(f"Feeds: {counted(feeds)}", *columns, right=("no.",))
    for each in sorted(feeds, key=_urgency):
        brings = rhythm_words(each.feed.rhythm)
        facts = (_interval(each), _due(each, now), brings, health_words(each, now))
        table.add_row(str(each.feed.id), escape(each.feed.title), *facts)
    put(console(), table)


def counted(feeds: Sequence[FeedHealth]) -> str:
    """``2 failing, 14 fine``, or ``none``; each feed by what is most urgent."""
    found = Counter(each.state for each in feeds)
    return ", ".join(f"{found[state]:,} {state}" for state in State if found[state]) or "none"


def health_words(each: FeedHealth, now: datetime) -> str:
    """All that is to be said of a feed, in one line with its remedies."""
    return "; ".join(_condition(one, now) for one in each.conditions)


def _condition(one: Condition, now: datetime) -> str:
    label = _LABELS[one.state]
    begun = "" if one.at is None else f" {_moment(one, now)}"
    told = f": {escape(one.told)}" if one.told else ""
    remedy = f" ({escape(one.remedy)})" if one.remedy else ""
    return f"{label}{begun}{told}{remedy}"


def _moment(one: Condition, now: datetime) -> str:
    told = when(one.at, now)
    return {State.FAILING: f"since {told}", State.SILENT: f"since {told}"}.get(one.state, told)


def _urgency(each: FeedHealth) -> tuple[int, datetime]:
    """The most urgent feeds first, and of these the one that has been so for longest."""
    return list(State).index(each.state), each.conditions[0].at or each.feed.next_check_at


def _due(each: FeedHealth, now: datetime) -> str:
    if each.has(State.DISABLED) or each.has(State.GONE):
        return ""
    due = each.feed.next_check_at
    return "now" if due <= now else when(due, now)


def _interval(each: FeedHealth) -> str:
    """What was planned after the last poll: rhythm, wishes of the server and failures in one."""
    last = each.feed.last_checked_at
    if last is None or each.has(State.DISABLED) or each.has(State.GONE):
        return ""
    return span_words(max(each.feed.next_check_at - last, timedelta(0)))


def when(moment: datetime | None, now: datetime) -> str:
    """A time as people say it, relative to ``now``."""
    if moment is None:
        return "never"
    text = span_words(abs(moment - now))
    return f"in {text}" if moment > now else f"{text} ago"


def print_log(fetches: Sequence[LoggedFetch], *, if_none: str) -> None:
    """One line a fetch, the newest first."""
    if not fetches:
        put(console(), if_none)
        return
    numbers = ("HTTP", "seconds", "bytes", "new")
    columns = ("at (UTC)", "feed", "outcome", *numbers, "what happened")
    table = make_table("", *columns, right=numbers)
    for each in fetches:
        line = each.line
        at, feed = f"{line.at:%m-%d %H:%M:%S}", escape(each.feed.title)
        table.add_row(at, feed, _outcome(line), *_figures(line), escape(_happened(each)))
    put(console(), table)


def _outcome(line: FetchLine) -> str:
    wrong = line.status in (PollStatus.FAILED, PollStatus.GONE)
    return f"[red]{line.status}[/red]" if wrong else str(line.status)


def _figures(line: FetchLine) -> tuple[str, ...]:
    seconds = "" if line.seconds is None else f"{line.seconds:.2f}"
    size = "" if line.size is None else f"{line.size:,}"
    return _text(line.http_status), seconds, size, str(line.new or "")


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def _happened(each: LoggedFetch) -> str:
    facts = [each.line.error or "", f"from {each.redirected_to}" if each.redirected_to else ""]
    return "; ".join(filter(None, facts))
