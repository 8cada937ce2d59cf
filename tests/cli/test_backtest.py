"""`monitor backtest` as a person and a program read it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.cli.backtest import print_backtest
from monitor.matching.calibrate import DEFAULT_THRESHOLD
from monitor.records import MatchState, Seed, Threshold, ThresholdKind, Topic, TopicSpec
from monitor.service.outcome import Backtest, Bin, Day, Overlap, Volume
from monitor.service.page import render_page
from tests.builders import ADVISORY, FOOTBALL, ORCHARD, rss, write_config
from tests.cli.test_commands import call, told
from tests.cli.test_shapes import MATCH, STORY, TOPIC, flattened, keys
from tests.servers import feed_server

NOW = datetime(2026, 3, 4, 6, 0, tzinfo=UTC)
REFUSED = (f"{ADVISORY[0]}, a box office hit", ADVISORY[1])


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hit, a refused story and another were polled, and one of a week ago as backlog."""
    with feed_server() as server:
        recent = datetime.now(UTC) - timedelta(hours=1)
        server.pages["wire.rss"] = rss([ADVISORY, REFUSED, FOOTBALL], at=recent)
        server.pages["old.rss"] = rss([ORCHARD], at=recent - timedelta(days=7))
        urls = [server.url("wire.rss"), server.url("old.rss")]
        path = write_config(tmp_path_factory.mktemp("backtest"), feeds=urls, host=server.host)
        topic = path.parent / "topics" / "advisory.yaml"
        topic.write_text(topic.read_text() + "never: [box office]\n")
        call("poll", "-c", path)
    return path


def test_a_topic_is_shown_with_what_it_would_match_and_what_it_would_refuse(config: Path) -> None:
    result = call("backtest", "advisory", "-c", config)
    assert (result.exit_code, result.stderr) == (0, "")
    page = result.stdout
    for part in (
        "would have matched: 1 (near misses 0, refused 1)",
        "stories looked at: 4,",
        "of these backlog: 1, never matched live",
        f"threshold: {DEFAULT_THRESHOLD:.4f}, the default until enough stories were read",
        f"-- threshold {DEFAULT_THRESHOLD:.4f} --",
        "never: 'box office'",
    ):
        assert part in page
    hits, refused = page[page.index("Hits, best first") :].split("Refused, best first")
    assert hits.count(ADVISORY[0]) == 1
    assert REFUSED[0] in refused


def test_a_week_is_looked_at_where_a_week_is_asked_for(config: Path) -> None:
    assert told("backtest", "advisory", "-c", config)["history"]["stories"] == 4
    assert told("backtest", "advisory", "-c", config, "--since", "1w")["history"]["stories"] == 3


def test_programs_get_the_same_keys_whatever_there_is_to_tell(config: Path) -> None:
    found = told("backtest", "advisory", "-c", config)
    assert set(found) == keys(
        "topic threshold background_version history counts days histogram volumes overlaps "
        "hit near vetoed"
    )
    assert set(found["topic"]) == keys(TOPIC)
    assert set(found["threshold"]) == keys(
        "value kind sample expected_per_week expected_low expected_high since"
    )
    assert set(found["history"]) == keys(
        "first last stories backlog unwatched undated stories_per_week"
    )
    assert found["counts"] == {"hit": 1, "near": 0, "vetoed": 1}
    assert set(found["days"][0]) == keys("day stories hits")
    assert set(found["histogram"][0]) == keys("from to stories")
    assert set(found["volumes"][0]) == keys("threshold hits per_week present")
    (hit,) = found["hit"]
    assert set(hit) == keys("topic match story")
    assert (set(hit["match"]), set(hit["story"])) == (keys(MATCH), keys(STORY))


def test_an_overlap_names_the_other_topic_and_its_share(config: Path) -> None:
    twin = config.parent / "topics" / "twin.yaml"
    twin.write_text((config.parent / "topics" / "advisory.yaml").read_text())
    twin.write_text(twin.read_text().replace("name: advisory", "name: twin"))
    found = told("backtest", "advisory", "-c", config)
    twin.unlink()
    assert found["overlaps"] == [{"topic": "twin", "hits": 1, "share": 1.0}]


def test_nothing_in_the_json_is_ours_alone(config: Path) -> None:
    names = [name for name, _ in flattened(told("backtest", "advisory", "-c", config))]
    assert not [name for name in names if name.endswith(("_key", "_hash", "topic_version"))]
    assert not [name for name in names if "seeds" in name and name.endswith(".text")]


def test_a_topic_written_a_moment_ago_is_tried_and_not_watched_for_that(config: Path) -> None:
    before = [each["name"] for each in told("topics", "list", "-c", config)]
    topic = config.parent / "topics" / "orchards.yaml"
    topic.write_text(f"name: orchards\nseeds: [{{text: {ORCHARD[0]}}}]\n")
    assert told("backtest", "orchards", "-c", config)["counts"]["hit"] == 1
    topic.unlink()
    assert [each["name"] for each in told("topics", "list", "-c", config)] == before


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("x",), 1, "no topic named 'x'; the topics are: advisory"),
        (("advisory", "--since", "soon"), 2, "'soon' is no duration"),
        (("advisory", "--since", "9000w"), 2, "at most 5200w"),
        (("advisory", "--limit", "0"), 2, "--limit"),
    ],
)
def test_what_cannot_be_tried_is_said_with_the_reason(
    config: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    result = call("backtest", *words, "-c", config)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr


def test_before_the_first_poll_it_says_that_nothing_is_stored(tmp_path: Path) -> None:
    config = write_config(tmp_path, feeds=["https://example.org/feed"], host="127.0.0.1:9")
    result = call("backtest", "advisory", "-c", config)
    assert result.exit_code == 1
    assert result.stderr == "monitor: no story is stored yet; `monitor poll` reads the feeds\n"
    assert not config.with_name("monitor.db").exists()


def lines(path: Path, *records: object) -> Path:
    """A file of stories, one JSON object a line."""
    path.write_text("".join(f"{json.dumps(each)}\n" for each in records), encoding="utf-8")
    return path


@pytest.fixture
def untouched(tmp_path: Path) -> Path:
    """A configuration beside which there is no database yet."""
    return write_config(tmp_path, feeds=["https://example.org/feed"], host="127.0.0.1:9")


def test_a_file_of_stories_is_tried_where_nothing_was_ever_stored(untouched: Path) -> None:
    stories = lines(
        untouched.with_name("archive.jsonl"),
        {"title": ADVISORY[0], "text": ADVISORY[1], "published": "2026-02-01"},
        {"title": FOOTBALL[0], "text": FOOTBALL[1], "date": "2026-02-08T10:00:00+02:00"},
    )
    before = sorted(untouched.parent.iterdir())
    found = told("backtest", "advisory", "-c", untouched, "--stories", stories)
    assert sorted(untouched.parent.iterdir()) == before
    assert (found["history"]["stories"], found["counts"]["hit"]) == (2, 1)
    assert found["history"]["first"] == "2026-02-01T00:00:00+00:00"
    assert [each["day"] for each in found["days"]] == ["2026-02-01", "2026-02-08"]
    page = call("backtest", "advisory", "-c", untouched, "--stories", stories).stdout
    assert "stories looked at: 2, which came from 2026-02-01 to 2026-02-08; about 2 come" in page


def test_stories_without_dates_have_neither_days_nor_a_pace(untouched: Path) -> None:
    stories = lines(untouched.with_name("a.jsonl"), {"title": ADVISORY[0], "text": ADVISORY[1]})
    found = told("backtest", "advisory", "-c", untouched, "--stories", stories)
    assert (found["days"], found["history"]["undated"]) == ([], 1)
    assert {each["per_week"] for each in found["volumes"]} == {None}
    page = call("backtest", "advisory", "-c", untouched, "--stories", stories).stdout
    assert "stories looked at: 1, none with a date\n" in page
    assert "Hits by day" not in page


def test_lines_that_cannot_be_read_are_named_on_standard_error(untouched: Path) -> None:
    stories = lines(untouched.with_name("a.jsonl"), {"title": ADVISORY[0]}, 7, {"url": "x"})
    result = call("backtest", "advisory", "-c", untouched, "--stories", stories)
    assert result.exit_code == 0
    assert result.stderr == (
        "monitor: line left out (line 2): is no JSON object\n"
        "monitor: line left out (line 3): has neither a title nor a text\n"
    )


def test_a_file_excludes_a_time_to_look_back(untouched: Path) -> None:
    stories = lines(untouched.with_name("a.jsonl"), {"title": "x"})
    result = call("backtest", "x", "-c", untouched, "--stories", stories, "--since", "1w")
    assert result.exit_code == 2
    assert "a file is read whole" in result.stderr


def test_a_page_is_written_beside_what_is_printed(untouched: Path) -> None:
    stories = lines(untouched.with_name("a.jsonl"), {"title": ADVISORY[0], "text": ADVISORY[1]})
    page = untouched.with_name("page.html")
    words = ("backtest", "advisory", "-c", untouched, "--stories", stories)
    printed = call(*words, "--html", page)
    assert printed.stdout == call(*words).stdout
    assert ADVISORY[0] in page.read_text(encoding="utf-8")
    assert told(*words, "--html", page)["counts"]["hit"] == 1


def test_a_page_that_cannot_be_written_is_told_before_the_stories_are_read(
    untouched: Path,
) -> None:
    broken = untouched.with_name("a.jsonl")
    broken.write_text("no story")
    page = untouched.parent / "gone" / "page.html"
    result = call("backtest", "advisory", "-c", untouched, "--stories", broken, "--html", page)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"{page}: the folder {page.parent} does not exist; create it" in result.stderr


def test_a_file_that_is_not_there_is_wrong_usage(untouched: Path) -> None:
    result = call("backtest", "advisory", "-c", untouched, "--stories", "nowhere.jsonl")
    assert (result.exit_code, "nowhere.jsonl" in result.stderr) == (2, True)


def made(**changes: Any) -> Backtest:
    """A backtest of two weeks, with a day of many hits."""
    monday = date(2026, 2, 23)
    hits = {0: 1, 2: 0, 6: 16, 7: 4}
    values: dict[str, Any] = {
        "topic": Topic(id=1, version="1", spec=TopicSpec(name="a [b]", seeds=(Seed(text="x"),))),
        "threshold": Threshold(value=0.2, kind=ThresholdKind.DEFAULT),
        "background_version": 1,
        "first": NOW - timedelta(days=9),
        "last": NOW,
        "stories": 4000,
        "backlog": 0,
        "unwatched": 0,
        "undated": 0,
        "stories_per_week": 2800.0,
        "counts": {MatchState.HIT: 21},
        "best": dict.fromkeys(MatchState, ()),
        "days": tuple(
            Day(day=monday + timedelta(days=at), stories=1000, hits=hits[at]) for at in hits
        ),
        "histogram": (
            Bin(lower=0.0, upper=0.2, stories=3979),
            Bin(lower=0.2, upper=None, stories=21),
        ),
        "volumes": (Volume(threshold=0.2, hits=21, per_week=14.7, present=True),),
        "curve": (Volume(threshold=0.2, hits=21, per_week=14.7, present=True),),
        "overlaps": (Overlap(topic="c", hits=7, share=1 / 3),),
    }
    return Backtest(**{**values, **changes})


def printed(told: Backtest, capsys: pytest.CaptureFixture[str]) -> list[str]:
    print_backtest(told)
    return capsys.readouterr().out.splitlines()


def test_of_many_overlaps_the_largest_are_shown_and_the_others_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    many = tuple(Overlap(topic=f"other{n:02}", hits=20 - n, share=0.5) for n in range(13))
    for shown in (" ".join(printed(made(overlaps=many), capsys)), render_page(made(overlaps=many))):
        assert "other09" in shown
        assert "other10" not in shown
        assert "and 3 more" in shown


def test_a_row_of_the_chart_is_a_week_and_a_sign_is_a_day(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = printed(made(), capsys)
    rows = [line.split() for line in lines[lines.index("Hits by day (UTC)") + 2 :][:2]]
    assert rows == [
        ["2026-02-23", "▁", "·", "█", "17", "3,000"],
        ["2026-03-02", "▂", "4", "1,000"],
    ]


def test_a_history_of_years_has_a_row_a_year_and_a_sign_a_month(
    capsys: pytest.CaptureFixture[str],
) -> None:
    days = tuple(
        Day(day=day, stories=10, hits=hits)
        for day, hits in ((date(2024, 3, 1), 1), (date(2024, 3, 2), 1), (date(2025, 1, 9), 8))
    )
    lines = printed(made(days=days), capsys)
    assert lines[lines.index("Hits by month (UTC)") + 1 :][:3] == [
        "year  JFMAMJJASOND  hits  stories",
        "2024    ▂              2       20",
        "2025  █                8       10",
    ]


def test_a_few_stories_above_the_threshold_are_seen_beside_thousands_below(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = printed(made(), capsys)
    low, mark, high = lines[lines.index("Scores (bars logarithmic)") + 2 :][:3]
    assert mark.strip() == "-- threshold 0.2000 --"
    assert low.count("█") == 24
    assert 8 <= high.count("█") <= 10


def test_names_are_no_markup_and_a_chart_without_hits_is_empty(
    capsys: pytest.CaptureFixture[str],
) -> None:
    days = (Day(day=NOW.date(), stories=3, hits=0),)
    lines = printed(made(days=days, counts={}, overlaps=()), capsys)
    assert lines[0] == "a [b] as its file says it now"
    assert any(line.split() == ["2026-03-02", "·", "0", "3"] for line in lines)
    assert "Hits, best first" in lines


def test_what_a_limit_left_out_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Hits, best first (0 of 21; --limit)" in printed(made(), capsys)
