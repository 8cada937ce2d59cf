"""How matches and their reasons look in a terminal, and in CSV.

Feed text was cleaned of control characters when it was read.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import TextIO

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from monitor.cli.output import console, put
from monitor.records import MatchedStory, Term, Threshold, ThresholdKind

BAR = 24
"""Width of the longest bar in an explanation."""
NARROW = 100
"""Columns of a terminal below which a match takes two lines."""


def make_table(title: str, *columns: str, right: Sequence[str] = ()) -> Table:
    """A table without lines, its ``right`` columns aligned to the right."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def expected(per_week: float) -> str:
    """``about 5``, or ``below 1``."""
    return "below 1" if per_week < 1 else f"about {per_week:,.0f}"


def expected_range(threshold: Threshold) -> str:
    """``, 8 to 17 nine times in ten``; nothing where it is not known."""
    if threshold.expected_low is None or threshold.expected_high is None:
        return ""
    return f", {threshold.expected_low:,.0f} to {threshold.expected_high:,.0f} nine times in ten"


def threshold_words(threshold: Threshold, asked: float | None) -> str:
    """Where a threshold comes from and what it lets expect, in a sentence.

    ``asked``: the alerts a week that the topic's file asks for.
    """
    stories = f"chosen from {threshold.sample:,} stories of your feeds"
    reason = {
        ThresholdKind.ABSOLUTE: "as the topic's file says",
        ThresholdKind.DEFAULT: "the default until enough stories were read to choose one",
        ThresholdKind.CALIBRATED: f"{stories} {_aim(asked)}",
    }[threshold.kind]
    promise = threshold.expected_per_week
    told = "" if promise is None else f"; {expected(promise)} a week are expected"
    told += expected_range(threshold)
    return f"{threshold.value:.4f}, {reason}{told}"


def _aim(asked: float | None) -> str:
    if asked is None:
        return "so that few others match (alerts_per_week in the topic's file sets how many)"
    return f"for the alerts_per_week of {asked:g} that the topic's file asks for"


def terms_table(out: Console, title: str, terms: Sequence[Term]) -> Table:
    """Terms with their shares, and a bar for each."""
    table = make_table(title, "term", "share", "", right=("share",))
    longest = max((abs(term.share) for term in terms), default=1.0) or 1.0
    mark = "#" if out.options.ascii_only else "█"
    for term in terms:
        bar = mark * round(BAR * abs(term.share) / longest)
        table.add_row(escape(term.text), f"{term.share:.4f}", bar)
    return table


def print_matches(found: Sequence[MatchedStory], *, if_none: str) -> None:
    """One line a match, or two where lines are short."""
    out = console()
    if not found:
        put(out, if_none)
    elif out.width < NARROW:
        put(out, *(part for each in found for part in _two_lines(each)))
    else:
        put(out, _one_line_each(found))


def _two_lines(each: MatchedStory) -> tuple[RenderableType, RenderableType]:
    seen = f"{each.story.seen_at:%m-%d %H:%M}"
    facts = f"{each.story.id}  {each.match.score:.4f} {each.match.state}  {escape(each.topic)}"
    title = f"{escape(each.story.title)} ({escape(each.story.source)})"
    return f"{facts}  {seen}", Padding(title, (0, 0, 0, 4))


def _one_line_each(found: Sequence[MatchedStory]) -> Table:
    columns = ("story", "score", "state", "topic", "seen (UTC)", "source", "title")
    table = make_table("", *columns, right=("story", "score"))
    for each in found:
        table.add_row(
            str(each.story.id),
            f"{each.match.score:.4f}",
            each.match.state,
            escape(each.topic),
            f"{each.story.seen_at:%m-%d %H:%M}",
            escape(each.story.source),
            escape(each.story.title),
        )
    return table


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
                f"{each.match.score:.4f}",
                f"{each.match.threshold:.4f}",
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
