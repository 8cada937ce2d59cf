"""The page of a backtest: it stands alone, holds nothing foreign unescaped, and says it all."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from monitor.errors import MonitorError
from monitor.records import MatchState
from monitor.service import plots
from monitor.service.outcome import Backtest, Bin, Day, Volume
from monitor.service.page import check_place, render_page, save_page
from tests.builders import MORNING
from tests.cli.test_backtest import made
from tests.notify.builders import a_hit, a_story

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=y>"
DAY = timedelta(days=1)


class _Links(HTMLParser):
    """What a page would load or lead to."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "href":
                self.links.append(value or "")
            elif name in ("src", "srcset", "data", "action") or name.startswith("on"):
                self.loads.append(value or "")


def parsed(page: str) -> _Links:
    reader = _Links()
    reader.feed(page)
    return reader


def told(**changes: object) -> Backtest:
    return made(**changes)


def one(title: str, url: str | None) -> dict[MatchState, object]:
    """The lists of a backtest with one hit."""
    matched = a_hit(a_story(title=title, url=url))
    return {**dict.fromkeys(MatchState, ()), MatchState.HIT: (matched,)}


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    page = render_page(told(best=one("A title", "https://news.example/1")))
    reader = parsed(page)
    assert reader.loads == []
    assert {"script", "link", "iframe", "object", "img"}.isdisjoint(reader.tags)
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page
    assert reader.links == ["https://news.example/1"]


def test_what_feeds_say_is_text_and_never_markup() -> None:
    page = render_page(told(best=one(HOSTILE, "https://news.example/1")))
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "file:///etc", None])
def test_only_web_addresses_become_links(url: str | None) -> None:
    assert parsed(render_page(told(best=one("A title", url)))).links == []


def test_every_part_of_a_backtest_is_on_the_page() -> None:
    page = render_page(told(best=one("A title", None)))
    for part in ("a [b]", "4,000", "Hits by day", "threshold 0.2000", "14.7", "33%", "A title"):
        assert part in page
    assert "the best 1 of 21" in page


def test_the_same_backtest_gives_the_same_page() -> None:
    assert render_page(told()) == render_page(told())


def test_without_dates_there_is_no_plot_of_days() -> None:
    flat = (Volume(threshold=0.2, hits=21, per_week=None, present=True),)
    changes = {"days": (), "first": None, "last": None, "stories_per_week": None}
    page = render_page(told(**changes, volumes=flat, curve=flat))
    assert "no story has a date" in page
    assert "Hits by" not in page
    assert "alerts in all" in page


def test_every_drawing_is_well_formed_and_inside_its_frame() -> None:
    page = render_page(told())
    drawings = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(drawings) == 3
    for each in drawings:
        for rect in ET.fromstring(each).iter("rect"):
            x, y, width, height = (float(rect.attrib[it]) for it in ("x", "y", "width", "height"))
            assert 0 <= x <= x + width <= plots.WIDTH
            assert 0 <= y <= y + height <= plots.HEIGHT


@pytest.mark.parametrize(
    ("days", "unit"), [(1, "day"), (90, "day"), (300, "week"), (3000, "month")]
)
def test_a_long_history_is_drawn_in_longer_steps_that_hold_every_hit(days: int, unit: str) -> None:
    history = tuple(Day(day=(MORNING + n * DAY).date(), stories=2, hits=n % 3) for n in range(days))
    plot = plots.hits_by_day(told(days=history))
    assert plot is not None
    assert plot.title == f"Hits by {unit}"
    assert len(plot.bars) <= plots.MOST_BARS + 1
    noted = (re.search(r": ([\d,]+) of", bar.note) for bar in plot.bars)
    assert sum(int(each[1]) for each in noted if each) == sum(each.hits for each in history)


def test_the_bars_from_the_threshold_on_are_strong() -> None:
    bins = tuple(
        Bin(lower=n / 20, upper=(n + 1) / 20, stories=1000 // (n + 1) ** 3) for n in range(7)
    )
    plot = plots.scores(told(histogram=bins))
    assert [bar.strong for bar in plot.bars] == [False] * 4 + [True] * 3
    assert plot.threshold is not None
    assert plot.threshold.at == pytest.approx(plot.bars[4].x, abs=2)


def test_a_page_is_written_whole_over_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    save_page(path, "one")
    save_page(path, "two")
    assert path.read_text() == "two"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "said"),
    [("gone/page.html", "the folder .* does not exist; create it"), (".", "is a folder; name")],
)
def test_a_place_where_no_file_can_be_is_told_before_the_work(
    tmp_path: Path, name: str, said: str
) -> None:
    with pytest.raises(MonitorError, match=said):
        check_place(tmp_path / name)


def test_a_name_without_a_folder_is_in_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    check_place(Path("page.html"))
    save_page(Path("page.html"), "x")
    assert (tmp_path / "page.html").read_text() == "x"


def test_a_place_that_cannot_be_written_is_an_error_in_words() -> None:
    with pytest.raises(MonitorError, match=r"/proc/page\.html: .*; make room or name another"):
        save_page(Path("/proc/page.html"), "x")
