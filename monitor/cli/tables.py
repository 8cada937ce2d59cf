"""How records look in a terminal. Feed text was cleaned of control characters when it was read."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TextIO

from rich.markup import escape
from rich.table import Table

from monitor.cli.common import console
from monitor.records import Feed, MatchedStory, MatchState, Term, Threshold

if TYPE_CHECKING:
    from monitor.service.views import Explanation, Profile, Status

BAR = 24
"""Width of the longest bar in an explanation."""


def _table(title: str, *columns: str, right: Sequence[str] = ()) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def _when(moment: datetime | None, now: datetime) -> str:
    """A time as people say it, relative to ``now``."""
    if moment is None:
        return "never"
    gap = abs(moment - now)
    if gap < timedelta(minutes=1):
        text = f"{int(gap.total_seconds())} s"
    elif gap < timedelta(hours=1):
        text = f"{int(gap.total_seconds() // 60)} min"
    elif gap < timedelta(days=2):
        text = f"{int(gap.total_seconds() // 3600)} h"
    else:
        text = f"{gap.days} days"
    return f"in {text}" if moment > now else f"{text} ago"


def _health(feed: Feed, now: datetime) -> str:
    if not feed.spec.enabled:
        return "disabled"
    if feed.failures:
        since = _when(feed.failing_since, now)
        return f"[red]failing, first {since}[/red]: {escape(feed.last_error or 'unknown')}"
    return "not polled yet" if feed.is_new else "[green]fine[/green]"


def print_status(state: Status, now: datetime) -> None:
    """Feeds, topics, digests, outbox, and whether the service lives."""
    out = console()
    table = _table("Feeds", "feed", "last", "next", "health")
    for feed in state.feeds:
        name = escape(feed.spec.title or feed.title or feed.spec.url)
        due = _when(feed.next_check_at, now) if feed.spec.enabled else ""
        table.add_row(name, _when(feed.last_checked_at, now), due, _health(feed, now))
    out.print(table)
    out.print()
    print_topics(state)
    out.print()
    digests = _table("Digests", "digest", "recipient", "last", "next")
    for each in state.subscriptions:
        digests.add_row(
            escape(each.digest),
            escape(each.recipient),
            _when(each.last_at, now),
            _when(each.next_at, now),
        )
    out.print(digests)
    out.print()
    waiting = ", ".join(f"{count} {name}" for name, count in state.outbox.items()) or "empty"
    out.print(f"Outbox: {waiting}")
    out.print(f"Stories: {state.stories} stored, background version {state.background_version}")
    out.print(f"Service: {_service(state)}")


def _service(state: Status) -> str:
    if not state.beats:
        return "has never run here (monitor run)"
    return f"no sign of life from {', '.join(state.late)}" if state.late else "running"


def print_topics(state: Status) -> None:
    """Each topic with its threshold and what it matched this week."""
    table = _table(
        "Topics",
        "topic",
        "threshold",
        "matches in 7 days",
        "near misses",
        right=("matches in 7 days", "near misses"),
    )
    for each in state.topics:
        limit = threshold_text(each.threshold) if each.threshold else "not yet calibrated"
        table.add_row(escape(each.topic.spec.name), limit, str(each.week), str(each.near))
    console().print(table)


def threshold_text(threshold: Threshold) -> str:
    """``0.143 (calibrated on 812 stories, about 4.2 alerts a week)``."""
    facts = [str(threshold.kind)]
    if threshold.sample:
        facts[0] += f" on {threshold.sample} stories"
    if threshold.expected_per_week is not None:
        facts.append(f"about {threshold.expected_per_week:.1f} alerts a week")
    return f"{threshold.value:.3f} ({', '.join(facts)})"


def print_profile(profile: Profile) -> None:
    """The heaviest terms of a topic."""
    spec = profile.topic.spec
    out = console()
    out.print(f"{escape(spec.name)}: threshold {threshold_text(profile.threshold)}")
    out.print(f"background version {profile.background_version}, language {spec.language}")
    for name, words in (("must", spec.must), ("any", spec.any), ("never", spec.never)):
        if words:
            out.print(f"{name}: {escape(', '.join(words))}")
    for seed in spec.seeds:
        out.print(f"seed: {escape(seed.origin)}, {len(seed.text)} characters")
    out.print(_terms("Heaviest terms", "weight", profile.terms))


def _terms(title: str, measure: str, terms: Sequence[Term], rest: float = 0.0) -> Table:
    table = _table(title, "term", measure, "", right=(measure,))
    longest = max((abs(term.share) for term in terms), default=1.0) or 1.0
    for term in terms:
        bar = "█" * round(BAR * abs(term.share) / longest)
        table.add_row(escape(term.text), f"{term.share:.4f}", bar)
    if rest:
        table.add_row("(further terms)", f"{rest:.4f}", "")
    return table


def print_explanation(told: Explanation) -> None:
    """Title, verdict, and the shares that add up to the score."""
    out, match = console(), told.match
    out.print(f"[bold]{escape(told.story.title)}[/bold]")
    out.print(f"{escape(told.story.source)}, {told.story.published_at:%Y-%m-%d %H:%M} UTC")
    out.print(f"{told.topic.spec.name}: {_verdict(told)}")
    if told.stored is not None and told.story.edited_at is not None:
        out.print(f"The story was edited since it scored {told.stored.score:.4f}.")
    out.print(_terms("Shares of the score", "share", match.terms, match.rest))
    out.print(f"sum {sum(t.share for t in match.terms) + match.rest:.4f}")


def _verdict(told: Explanation) -> str:
    match = told.match
    numbers = f"score {match.score:.4f}, threshold {match.threshold:.4f}"
    if match.veto:
        return f"refused ({match.veto}), {numbers}"
    if match.state is MatchState.HIT:
        return f"match, {numbers}"
    return f"no match, {match.threshold - match.score:.4f} short: {numbers}"


def print_matches(found: Sequence[MatchedStory]) -> None:
    """One line a match."""
    table = _table(
        "",
        "story",
        "score",
        "state",
        "topic",
        "seen (UTC)",
        "source",
        "title",
        right=("story", "score"),
    )
    for each in found:
        table.add_row(
            str(each.story.id),
            f"{each.match.score:.3f}",
            each.match.state,
            escape(each.topic),
            f"{each.story.seen_at:%m-%d %H:%M}",
            escape(each.story.source),
            escape(each.story.title),
        )
    console().print(table)


CSV_COLUMNS = (
    "story",
    "topic",
    "state",
    "score",
    "threshold",
    "title",
    "source",
    "url",
    "published_at",
    "seen_at",
    "terms",
)


def write_csv(found: Sequence[MatchedStory], stream: TextIO) -> None:
    """One row a match, with a header row; a text that a spreadsheet would run gets a quote."""
    writer = csv.writer(stream)
    writer.writerow(CSV_COLUMNS)
    for each in found:
        terms = "; ".join(f"{term.text} {term.share:.4f}" for term in each.match.terms)
        texts = (each.story.title, each.story.source, each.story.url or "")
        title, source, url = (_cell(text) for text in texts)
        writer.writerow(
            (
                each.story.id,
                _cell(each.topic),
                each.match.state,
                f"{each.match.score:.6f}",
                f"{each.match.threshold:.6f}",
                title,
                source,
                url,
                each.story.published_at.isoformat(),
                each.story.seen_at.isoformat(),
                _cell(terms),
            )
        )


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
