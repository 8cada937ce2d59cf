"""The command that tries a topic on the stories at hand before it mails anybody."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console, RenderableType
from rich.markup import escape

from monitor.cli import shapes
from monitor.cli.common import (
    config_option,
    json_option,
    noticed,
    opened,
    progress,
    speaks_plainly,
    utc_now,
)
from monitor.cli.output import console, print_json, put
from monitor.cli.tables import BAR, expected, make_table, print_matches, threshold_words
from monitor.records import MatchState

if TYPE_CHECKING:
    from monitor.service.tally import Backtest, Bin, Day, Overlap, Volume

LONGEST = timedelta(weeks=5200)
NONE, LEVELS = "·", "▁▂▃▄▅▆▇█"
NONE_ASCII, LEVELS_ASCII = ".", ":-=+*%#@"
"""Signs of a day in the chart: no hit, few to many."""
_COUNTS = ("hits", "stories", "share")


def _duration(_context: click.Context, _option: click.Parameter, value: str) -> timedelta:
    from monitor.config.values import parse_duration

    try:
        found = parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    if found > LONGEST:
        raise click.BadParameter(f"{value} is too long; at most {LONGEST // timedelta(weeks=1)}w")
    return found


@click.command()
@click.argument("topic")
@config_option
@click.option(
    "--since",
    default="30d",
    show_default=True,
    callback=_duration,
    help="How far back: a number with s, m, h, d or w.",
)
@click.option(
    "--limit",
    default=20,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="At most so many hits, near misses and refused stories each.",
)
@json_option
@speaks_plainly
def backtest(topic: str, config_path: Path, since: timedelta, limit: int, as_json: bool) -> None:
    """Show what a topic, as its file says it now, would have matched on the stored stories.

    Hits, near misses, what was refused, and how many alerts a week other thresholds
    would let through. Nothing is stored: the topic may be new, or changed since.

    \b
    Examples:
      monitor backtest iraq-advisory-mission
      monitor backtest iraq-advisory-mission --since 1w --limit 100
    """
    from monitor.service.backtest import backtest as replay

    with opened(config_path, synced=False) as app, progress(app), noticed():
        found = replay(app, topic, utc_now(), since=since, limit=limit)
    if as_json:
        print_json(shape(found))
    else:
        print_backtest(found)


# ---------------------------------------------------------------- for programs


def shape(it: Backtest) -> shapes.Shape:
    """A backtest as programs read it: the lists hold the best of each state, ``counts`` all."""
    return {
        "topic": shapes.topic(it.topic.spec),
        "threshold": shapes.threshold(it.threshold),
        "background_version": it.background_version,
        "history": {
            "first": it.first,
            "last": it.last,
            "stories": it.stories,
            "backlog": it.backlog,
            "unwatched": it.unwatched,
            "stories_per_week": it.stories_per_week,
        },
        "counts": {state.value: it.counts.get(state, 0) for state in MatchState},
        "days": [_day(each) for each in it.days],
        "histogram": [_bin(each) for each in it.histogram],
        "volumes": [_volume(each) for each in it.volumes],
        "overlaps": [_overlap(each) for each in it.overlaps],
        **{state.value: [shapes.matched(each) for each in it.best[state]] for state in MatchState},
    }


def _day(it: Day) -> shapes.Shape:
    return {"day": it.day.isoformat(), "stories": it.stories, "hits": it.hits}


def _bin(it: Bin) -> shapes.Shape:
    return {"from": it.lower, "to": it.upper, "stories": it.stories}


def _volume(it: Volume) -> shapes.Shape:
    return {
        "threshold": it.threshold,
        "hits": it.hits,
        "per_week": it.per_week,
        "present": it.present,
    }


def _overlap(it: Overlap) -> shapes.Shape:
    return {"topic": it.topic, "hits": it.hits, "share": it.share}


# ---------------------------------------------------------------- for people


def print_backtest(it: Backtest) -> None:
    """What was looked at, how much of it would have matched, what, and what else could be."""
    out = console()
    put(out, *_facts(it), "", _chart(out, it.days), "")
    put(out, _histogram(out, it), "", _volumes(it), *_overlaps(it), "")
    for state, name in ((MatchState.HIT, "Hits"), (MatchState.NEAR, "Near misses")):
        click.echo(_heading(it, state, name))
        print_matches(it.best[state], if_none="none")
        click.echo()
    put(out, _heading(it, MatchState.VETOED, "Refused"), *_refused(it))


def _facts(it: Backtest) -> list[RenderableType]:
    spec = it.topic.spec
    hits, near, refused = (it.counts.get(state, 0) for state in MatchState)
    return [
        f"[bold]{escape(spec.name)}[/bold] as its file says it now",
        f"would have matched: {hits:,} (near misses {near:,}, refused {refused:,})",
        f"stories looked at: {it.stories:,}, which came from {it.first:%Y-%m-%d} to "
        f"{it.last:%Y-%m-%d}; {expected(it.stories_per_week)} come in a week",
        *_exceptions(it),
        f"threshold: {threshold_words(it.threshold, spec.alerts_per_week)}",
    ]


def _exceptions(it: Backtest) -> list[RenderableType]:
    """What of the history was not matched live, or is not for this topic."""
    backlog = f"of these backlog: {it.backlog:,}, never matched live; here it came when published"
    unwatched = f"of these in feeds that the topic does not watch: {it.unwatched:,}"
    told = ((it.backlog, backlog), (it.unwatched, unwatched))
    return [line for number, line in told if number]


def _chart(out: Console, days: Sequence[Day]) -> RenderableType:
    """A sign for each day, a row for each week in which stories came."""
    table = make_table("Hits by day (UTC)", "week of", "MTWTFSS", "hits", "stories", right=_COUNTS)
    most = max(day.hits for day in days)
    weeks: dict[date, dict[int, Day]] = {}
    for day in days:
        monday = day.day - timedelta(days=day.day.weekday())
        weeks.setdefault(monday, {})[day.day.weekday()] = day
    for monday, week in weeks.items():
        signs = "".join(_sign(out, week.get(at), most) for at in range(7))
        hits = sum(day.hits for day in week.values())
        stories = sum(day.stories for day in week.values())
        table.add_row(f"{monday}", signs, f"{hits:,}", f"{stories:,}")
    return table


def _sign(out: Console, day: Day | None, most: int) -> str:
    none, levels = (NONE_ASCII, LEVELS_ASCII) if out.options.ascii_only else (NONE, LEVELS)
    if day is None:
        return " "
    return levels[math.ceil(len(levels) * day.hits / most) - 1] if day.hits else none


def _histogram(out: Console, it: Backtest) -> RenderableType:
    """Bars by the logarithm of their number: a stream has thousands of low scores, and few high."""
    table = make_table("Scores (bars logarithmic)", "from", "stories", "", right=_COUNTS)
    mark = "#" if out.options.ascii_only else "█"
    longest = math.log1p(max(each.stories for each in it.histogram)) or 1.0
    limit = next(each.threshold for each in it.volumes if each.present)
    for each in it.histogram:
        if each.lower == limit:
            table.add_row("", "", f"-- threshold {limit:.4f} --")
        bar = mark * math.ceil(BAR * math.log1p(each.stories) / longest)
        table.add_row(f"{each.lower:.4f}", f"{each.stories:,}", bar)
    return table


def _volumes(it: Backtest) -> RenderableType:
    columns = ("threshold", "hits", "a week")
    table = make_table("Other thresholds", *columns, "", right=columns)
    for each in it.volumes:
        now = "now" if each.present else ""
        table.add_row(f"{each.threshold:.4f}", f"{each.hits:,}", f"{each.per_week:,.1f}", now)
    return table


def _overlaps(it: Backtest) -> list[RenderableType]:
    if not it.overlaps:
        return []
    table = make_table("Hits that other topics hit too", "topic", "hits", "share", right=_COUNTS)
    for each in it.overlaps:
        table.add_row(escape(each.topic), f"{each.hits:,}", f"{each.share:.0%}")
    return ["", table]


def _heading(it: Backtest, state: MatchState, name: str) -> str:
    shown, number = len(it.best[state]), it.counts.get(state, 0)
    return f"{name}, best first" + (f" ({shown} of {number:,}; --limit)" if shown < number else "")


def _refused(it: Backtest) -> list[RenderableType]:
    if not it.best[MatchState.VETOED]:
        return ["none"]
    table = make_table("", "story", "score", "refused by", "title", right=("story", "score"))
    for each in it.best[MatchState.VETOED]:
        score, veto = f"{each.match.score:.4f}", escape(each.match.veto or "")
        table.add_row(str(each.story.id), score, veto, escape(each.story.title))
    return [table]
