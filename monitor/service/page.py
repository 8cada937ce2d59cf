"""A backtest as one self-contained page: no script, nothing from elsewhere. The jinja2 of service.

backtest -> plots and rows -> template -> a file, whole or not at all
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from monitor.errors import MonitorError
from monitor.notify.files import replace_file
from monitor.notify.palette import DARK, LIGHT
from monitor.notify.wording import count, safe_link
from monitor.records import MatchedStory, MatchState, ThresholdKind
from monitor.service import plots
from monitor.service.outcome import OVERLAPS_SHOWN, Backtest

_STATES = {
    MatchState.HIT: "Hits",
    MatchState.NEAR: "Near misses",
    MatchState.VETOED: "Refused",
}
_KINDS = {
    ThresholdKind.ABSOLUTE: "as the topic's file says",
    ThresholdKind.DEFAULT: "the default until enough stories were read",
    ThresholdKind.CALIBRATED: "chosen from your own stories",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A story of a list; ``terms`` are words with their share and the length of their bar in %.

    ``rest`` is the share of all further words.
    """

    title: str
    link: str | None
    source: str
    date: str
    score: str
    veto: str | None
    terms: tuple[tuple[str, str, int], ...]
    rest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """The best stories of a state, and how many there are in all."""

    name: str
    total: int
    rows: tuple[_Row, ...]


def render_page(it: Backtest) -> str:
    """Return the page as HTML; the same backtest gives the same page."""
    every = (plots.hits_by_day(it), plots.scores(it), plots.volume(it))
    return (
        _templates()
        .get_template("backtest.html")
        .render(
            it=it,
            overlaps_shown=OVERLAPS_SHOWN,
            facts=_facts(it),
            plots=[plot for plot in every if plot is not None],
            size=(plots.WIDTH, plots.HEIGHT),
            area=(plots.LEFT, plots.TOP, plots.WIDTH - plots.RIGHT, plots.HEIGHT - plots.BOTTOM),
            sections=[_section(it, state) for state in _STATES],
            light=LIGHT,
            dark=DARK,
        )
    )


def check_place(path: Path) -> None:
    """Raise :class:`MonitorError` where no file can be; said before the work, not after it."""
    if not path.absolute().parent.is_dir():
        raise MonitorError(f"{path}: the folder {path.parent} does not exist; create it")
    if path.is_dir():
        raise MonitorError(f"{path}: is a folder; name a file in it")


def save_page(path: Path, html: str) -> None:
    """Write a page, whole or not at all; :class:`MonitorError` where it cannot be written."""
    try:
        replace_file(path, html.encode())
    except OSError as error:
        told = f"{path}: {error.strerror or error}; make room or name another place"
        raise MonitorError(told) from error


def _facts(it: Backtest) -> list[tuple[str, str]]:
    told = [
        ("Stories", f"{it.stories:,}"),
        ("Time", _time(it)),
        ("Threshold", f"{it.threshold.value:.4f}, {_KINDS[it.threshold.kind]}"),
        ("Background", f"version {it.background_version}"),
    ]
    exceptions = {"Backlog": it.backlog, "Not watched": it.unwatched, "Without date": it.undated}
    return told + [
        (name, count(number, "story", "stories")) for name, number in exceptions.items() if number
    ]


def _time(it: Backtest) -> str:
    if it.first is None or it.last is None or it.stories_per_week is None:
        return "no story has a date"
    return f"{it.first:%Y-%m-%d} to {it.last:%Y-%m-%d}, {it.stories_per_week:,.0f} a week"


def _section(it: Backtest, state: MatchState) -> _Section:
    rows = tuple(map(_row, it.best[state]))
    return _Section(name=_STATES[state], total=it.counts.get(state, 0), rows=rows)


def _row(it: MatchedStory) -> _Row:
    story, match = it.story, it.match
    longest = max((term.share for term in match.terms), default=1.0) or 1.0
    return _Row(
        title=story.title or story.text[:80],
        link=safe_link(story.url),
        source=story.source,
        date=f"{story.published_at:%Y-%m-%d}",
        score=f"{match.score:.4f}",
        veto=match.veto,
        terms=tuple(
            (term.text, f"{term.share:.4f}", round(100 * term.share / longest))
            for term in match.terms
        ),
        rest=f"{match.rest:.4f}" if match.rest else None,
    )


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("monitor.service"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
