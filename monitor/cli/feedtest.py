"""The command that tells what is right and wrong with one feed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from monitor.cli import shapes
from monitor.cli.common import (
    FAILED,
    config_option,
    json_option,
    noticed,
    progress,
    speaks_plainly,
    trying,
    utc_now,
)
from monitor.cli.output import console, print_json, put
from monitor.cli.tables import make_table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from monitor.service.feedtest import Answer, FeedTest
    from monitor.service.trial import Sample, Yield

TITLES = 3


@click.command("test")
@click.argument("feed")
@config_option
@json_option
@speaks_plainly
def feeds_test(feed: str, config_path: Path, as_json: bool) -> None:
    """Ask for one feed, and tell how it answers, what it holds and what would match.

    FEED is an address, or the title or number of a feed there is, which is asked with its headers,
    login and proxy. It is asked twice, the second time with its validators. Nothing is stored.
    Exits with 1 if the feed cannot be read.

    \b
    Examples:
      monitor feeds test https://example.org/feed.xml
      monitor feeds test "BBC World" --json
    """
    from monitor.service.feedtest import try_feed
    from monitor.service.subscribe import asked_for

    with trying(config_path) as app, progress(app), noticed():
        spec = asked_for(app, feed)
        found = try_feed(app, spec, app.settings.access(spec.url), utc_now())
    if as_json:
        print_json(shape(found))
    else:
        print_test(found)
    if found.error:
        sys.exit(FAILED)


# ---------------------------------------------------------------- for programs


def shape(it: FeedTest) -> shapes.Shape:
    """A test as programs read it; ``answer`` and ``sample`` are null where there is none."""
    return {
        "url": it.url,
        "error": it.error,
        "answer": _answer_shape(it.answer) if it.answer else None,
        "sample": sample_shape(it.sample) if it.sample else None,
        "topics": [yield_shape(each) for each in it.yields],
        "remarks": it.remarks,
    }


def _answer_shape(it: Answer) -> shapes.Shape:
    return {
        "status": it.status,
        "url": it.url,
        "permanent": it.permanent,
        "headers": dict(it.headers),
        "size": it.size,
        "unpacked": it.unpacked,
        "seconds": it.seconds,
        "conditional": it.conditional,
    }


def sample_shape(it: Sample) -> shapes.Shape:
    """What a document holds, as programs read it."""
    dates = it.dates
    return {
        "title": it.title,
        "format": it.format,
        "items": it.items,
        "skipped": it.skipped,
        "backlog": it.backlog,
        "newest": dates.newest,
        "oldest": dates.oldest,
        "undated": dates.undated,
        "future": dates.future,
        "ancient": dates.ancient,
        "languages": {language or "unknown": number for language, number in it.languages},
        "titles": [story.title for story in it.stories[:TITLES]],
    }


def yield_shape(it: Yield) -> shapes.Shape:
    """What a topic would make of a feed, as programs read it."""
    return {
        "topic": it.topic,
        "watched": it.watched,
        "threshold": it.threshold.value,
        "hits": it.hits,
        "near": it.near,
        "best": [
            {
                "score": each.match.score,
                "state": each.match.state if each.match.score >= each.match.threshold else None,
                "veto": each.match.veto,
                "title": each.story.title,
                "url": each.story.url,
            }
            for each in it.best
        ],
    }


# ---------------------------------------------------------------- for people


def print_test(it: FeedTest) -> None:
    """How it answered, what it holds, what would match, and what to know."""
    out = console()
    parts: list[RenderableType] = [f"[bold]{escape(it.url)}[/bold]"]
    parts += _answer_lines(it.answer) if it.answer else []
    parts += sample_lines(it.sample) if it.sample else []
    put(out, *parts)
    if it.sample:
        print_yields(it.yields)
    for remark in it.remarks:
        click.echo(f"note: {remark}")
    if it.error:
        click.echo(f"FAIL: {it.error}")


def _answer_lines(it: Answer) -> list[RenderableType]:
    where = f" from {it.url}{' (moved for good)' if it.permanent else ''}" if it.url else ""
    packed = f", {it.size:,} over the wire" if it.size != it.unpacked else ""
    again = {None: "not possible: no validators", 304: "work (304)", 0: "fail"}
    lines = [
        f"answer: {it.status}{where} in {it.seconds:.1f} s, {it.unpacked:,} bytes{packed}",
        *(f"  {name}: {value}" for name, value in it.headers.items()),
        f"conditional requests: {again.get(it.conditional, f'do not work ({it.conditional})')}",
    ]
    return [escape(line) for line in lines]


def sample_lines(it: Sample) -> list[RenderableType]:
    """What a document holds, in a few lines."""
    languages = ", ".join(f"{name or 'unknown'} {number:,}" for name, number in it.languages)
    skipped = f", {it.skipped:,} unreadable" if it.skipped else ""
    backlog = f"; {it.backlog:,} are old and would only be learned from" if it.backlog else ""
    lines = [
        f"feed: {it.title or 'without a title'} ({it.format})",
        f"items: {it.items:,}{skipped}{_span(it)}{backlog}",
        f"languages: {languages or 'none'}",
        *(f"  - {story.title}" for story in it.stories[:TITLES]),
    ]
    return [escape(line) for line in lines]


def _span(it: Sample) -> str:
    dates = it.dates
    if dates.newest is None or dates.oldest is None:
        return ", none with a date"
    return f", from {dates.oldest:%Y-%m-%d %H:%M} to {dates.newest:%Y-%m-%d %H:%M} UTC"


def print_yields(yields: tuple[Yield, ...]) -> None:
    """What each topic would make of a feed, with the best few stories."""
    table = make_table(
        "Topics", "topic", "threshold", "hits", "score", "best stories", right=("hits", "score")
    )
    for each in yields:
        name, threshold = escape(each.topic), f"{each.threshold.value:.4f}"
        if not each.watched or not each.best:
            told = "no story comes near" if each.watched else "does not watch this feed"
            table.add_row(name, threshold, "0", "", told)
            continue
        for n, best in enumerate(each.best):
            veto = f" (refused, {best.match.veto})" if best.match.veto else ""
            first = ("", "", "") if n else (name, threshold, f"{each.hits:,}")
            table.add_row(*first, f"{best.match.score:.4f}", escape(f"{best.story.title}{veto}"))
    put(console(), *([table] if yields else []))
