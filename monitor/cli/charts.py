"""The charts of a backtest in a terminal: hits over time, and the scores around the threshold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby

from rich.console import Console, RenderableType
from rich.table import Table

from monitor.cli.tables import BAR, make_table
from monitor.service.outcome import Backtest, Day, together

NONE, LEVELS = "·", "▁▂▃▄▅▆▇█"
NONE_ASCII, LEVELS_ASCII = ".", ":-=+*%#@"
"""Signs of a day in the chart: no hit, few to many."""
MOST_DAYS = timedelta(weeks=26)
"""A history to be shown by day; a longer one is shown by month."""
_COUNTS = ("hits", "stories")


def by_day(out: Console, days: Sequence[Day]) -> list[RenderableType]:
    """A sign for each day, a row for each week; of years, a sign for each month."""
    if not days:
        return []
    long = days[-1].day - days[0].day > MOST_DAYS
    table = _years(out, days) if long else _weeks(out, days)
    return [table, ""]


def _weeks(out: Console, days: Sequence[Day]) -> Table:
    table = make_table("Hits by day (UTC)", "week of", "MTWTFSS", "hits", "stories", right=_COUNTS)
    weeks: dict[date, dict[int, Day]] = {}
    for day in days:
        monday = day.day - timedelta(days=day.day.weekday())
        weeks.setdefault(monday, {})[day.day.weekday()] = day
    _rows(out, table, {f"{monday}": week for monday, week in weeks.items()}, 7)
    return table


def _years(out: Console, days: Sequence[Day]) -> Table:
    columns = ("year", "JFMAMJJASOND", "hits", "stories")
    table = make_table("Hits by month (UTC)", *columns, right=_COUNTS)
    years: dict[str, dict[int, Day]] = {}
    for month, inside in groupby(days, lambda each: each.day.replace(day=1)):
        years.setdefault(f"{month:%Y}", {})[month.month - 1] = together(month, inside)
    _rows(out, table, years, 12)
    return table


def _rows(out: Console, table: Table, rows: Mapping[str, Mapping[int, Day]], signs: int) -> None:
    most = max(each.hits for row in rows.values() for each in row.values())
    for name, row in rows.items():
        line = "".join(_sign(out, row.get(at), most) for at in range(signs))
        hits = sum(each.hits for each in row.values())
        stories = sum(each.stories for each in row.values())
        table.add_row(name, line, f"{hits:,}", f"{stories:,}")


def _sign(out: Console, day: Day | None, most: int) -> str:
    none, levels = (NONE_ASCII, LEVELS_ASCII) if out.options.ascii_only else (NONE, LEVELS)
    if day is None:
        return " "
    return levels[math.ceil(len(levels) * day.hits / most) - 1] if day.hits else none


def histogram(out: Console, it: Backtest) -> RenderableType:
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
