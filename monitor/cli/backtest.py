"""The command that tries a topic on the stories at hand before it mails anybody."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import RenderableType
from rich.markup import escape

from monitor.cli import shapes
from monitor.cli.charts import by_day, histogram
from monitor.cli.common import (
    config_option,
    json_option,
    noticed,
    progress,
    span,
    speaks_plainly,
    trying,
    utc_now,
)
from monitor.cli.output import console, print_json, put
from monitor.cli.tables import expected, make_table, print_matches, threshold_words
from monitor.records import MatchState
from monitor.service.outcome import OVERLAPS_SHOWN

if TYPE_CHECKING:
    from monitor.service.app import App
    from monitor.service.outcome import Backtest, Bin, Day, Overlap, Volume

MONTH = timedelta(days=30)
_COUNTS = ("hits", "stories", "share")


@click.command()
@click.argument("topic")
@config_option
@click.option(
    "--since",
    callback=span,
    help="How far back: a number with s, m, h, d or w.  [default: 30d]",
)
@click.option(
    "--stories",
    "story_file",
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
    metavar="FILE",
    help="Score these instead: JSON Lines, plain or gzipped, with title, text and date.",
)
@click.option(
    "--html",
    "page",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write a page with plots, which needs nothing but a browser.",
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
def backtest(
    topic: str,
    config_path: Path,
    since: timedelta | None,
    story_file: Path | None,
    page: Path | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show what a topic, as its file says it now, would have matched on the stored stories.

    Hits, near misses, what was refused, and how many alerts a week other thresholds
    would let through. Nothing is stored: the topic may be new, or changed since.

    \b
    Examples:
      monitor backtest iraq-advisory-mission
      monitor backtest iraq-advisory-mission --since 1w --limit 100
      monitor backtest iraq-advisory-mission --stories archive.jsonl.gz --html page.html
    """
    if since and story_file:
        raise click.UsageError("--since and --stories exclude each other: a file is read whole.")
    if page is not None:
        _check_place(page)
    with trying(config_path) as app, progress(app), noticed():
        found = _replay(app, topic, story_file, since=since or MONTH, limit=limit)
    if page is not None:
        _save(page, found)
    if as_json:
        print_json(shape(found))
    else:
        print_backtest(found)


def _check_place(page: Path) -> None:
    from monitor.service.page import check_place

    check_place(page)


def _save(page: Path, found: Backtest) -> None:
    from monitor.service.page import render_page, save_page

    save_page(page, render_page(found))


def _replay(
    app: App, topic: str, story_file: Path | None, *, since: timedelta, limit: int
) -> Backtest:
    from monitor.service import backtest as replay

    now = utc_now()
    if story_file is not None:
        return replay.backtest_file(app, topic, now, path=story_file, limit=limit)
    return replay.backtest(app, topic, now, since=since, limit=limit)


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
            "undated": it.undated,
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
    put(out, *_facts(it), "", *by_day(out, it.days))
    put(out, histogram(out, it), "", _volumes(it), *_overlaps(it), "")
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
        f"stories looked at: {it.stories:,}{_span(it)}",
        *_exceptions(it),
        f"threshold: {threshold_words(it.threshold, spec.alerts_per_week)}",
    ]


def _span(it: Backtest) -> str:
    if it.first is None or it.last is None or it.stories_per_week is None:
        return ", none with a date"
    span = f"which came from {it.first:%Y-%m-%d} to {it.last:%Y-%m-%d}"
    return f", {span}; {expected(it.stories_per_week)} come in a week"


def _exceptions(it: Backtest) -> list[RenderableType]:
    """What of the history was not matched live, or is not for this topic."""
    backlog = f"of these backlog: {it.backlog:,}, never matched live; here it came when published"
    unwatched = f"of these in feeds that the topic does not watch: {it.unwatched:,}"
    undated = f"of these without a date: {it.undated:,}, in no day below"
    no_date = it.undated if it.first else 0
    told = ((it.backlog, backlog), (it.unwatched, unwatched), (no_date, undated))
    return [line for number, line in told if number]


def _volumes(it: Backtest) -> RenderableType:
    columns = ("threshold", "hits", "a week")
    table = make_table("Other thresholds", *columns, "", right=columns)
    for each in it.volumes:
        now = "now" if each.present else ""
        weekly = "" if each.per_week is None else f"{each.per_week:,.1f}"
        table.add_row(f"{each.threshold:.4f}", f"{each.hits:,}", weekly, now)
    return table


def _overlaps(it: Backtest) -> list[RenderableType]:
    if not it.overlaps:
        return []
    table = make_table("Hits that other topics hit too", "topic", "hits", "share", right=_COUNTS)
    for each in it.overlaps[:OVERLAPS_SHOWN]:
        table.add_row(escape(each.topic), f"{each.hits:,}", f"{each.share:.0%}")
    more = len(it.overlaps) - OVERLAPS_SHOWN
    return ["", table, *([f"and {more:,} more (--json lists all)"] if more > 0 else [])]


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
