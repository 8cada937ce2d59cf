"""The harness that measures matching: its measures, and that it reads any folder laid out so."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.quality.__main__ import main
from benchmarks.quality.corpora import load
from benchmarks.quality.measures import average_precision, cost, least_cost
from benchmarks.quality.trial import build_trial

SCORES = np.array([0.9, 0.8, 0.7, 0.6])
RELEVANT = np.array([True, False, True, False])

EVENTS = {
    "event:harbour": "Dockers strike at the harbour over wages, cranes stand still",
    "event:orchard": "Frost in the orchards costs growers half of their apples",
}


def write(path: Path, records: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(record) + "\n" for record in records)


def corpora(folder: Path, *, noise: int = 0) -> Path:
    """A folder with one tracked corpus of two topics, beside a side file, and some noise."""
    records = [
        {"id": f"{label}-{n}", "title": "", "text": f"{text} {label[6:]}{n}", "labels": [label]}
        for label, text in EVENTS.items()
        for n in range(6)
    ]
    write(folder / "fnc1" / "other_half.jsonl.gz", records)
    write(folder / "fnc1" / "a_side_file.jsonl.gz", [{"a": "x", "b": "y", "jaccard5": 1.0}])
    if noise:
        strangers = [
            {"id": f"s{n}", "title": f"Item {n}", "text": f"word{n} word{n + 1}", "labels": []}
            for n in range(noise)
        ]
        write(folder / "allsides" / "dev.jsonl.gz", strangers)
    return folder


def measured(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main([*arguments, "--json"]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_average_precision_is_the_mean_precision_at_each_relevant_story() -> None:
    assert average_precision(SCORES, RELEVANT) == pytest.approx((1 + 2 / 3) / 2)


def test_cost_is_misses_plus_weighted_false_alarms_at_most_one() -> None:
    assert cost(SCORES, RELEVANT, 0.85) == pytest.approx(0.5)
    assert cost(SCORES, RELEVANT, 0.75) == 1
    assert cost(SCORES, RELEVANT, 2.0) == 1


def test_least_cost_is_that_of_the_best_threshold() -> None:
    tried = [cost(SCORES, RELEVANT, threshold) for threshold in (*SCORES, 1.0)]
    assert least_cost(SCORES, RELEVANT) == min(tried)


def test_least_cost_does_not_part_stories_of_one_score() -> None:
    assert least_cost(np.array([0.5, 0.5]), np.array([True, False])) == 1


def test_tracking_finds_two_events_that_share_no_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = measured(capsys, "tracking", "--data", str(corpora(tmp_path)))
    full = answer["tracking"]["full"]
    assert answer["tracking"]["topics"] == len(EVENTS)
    assert (full["ap"], full["min_cost"], full["actual_cost"]) == (1, 0, 0)
    assert full["by_corpus"]["fnc1"] == {"ap": 1, "min_cost": 0, "actual_cost": 0}
    assert set(answer["tracking"]["snippet"]) == set(full)


def test_missing_corpora_are_left_out_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(corpora(tmp_path))
    assert "reuters21578" in measured(capsys, "tracking", "--data", folder)["missing"]
    assert main(["tracking", "--data", folder]) == 0
    assert "missing corpora: t17, ecbplus" in capsys.readouterr().out


def test_nothing_to_measure_is_said_and_told_by_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for task in ("tracking", "calibration", "feeds"):
        assert main([task, "--data", str(tmp_path)]) == 2
        assert "give --data DIR" in capsys.readouterr().err


def test_side_files_are_told_from_the_main_file_by_their_records(tmp_path: Path) -> None:
    found, missing = load(corpora(tmp_path), ["fnc1", "t17"])
    assert len(found["fnc1"]) == 12
    assert missing == ["t17"]


def test_the_background_is_never_ranked(tmp_path: Path) -> None:
    found, _ = load(corpora(tmp_path, noise=4100), ["fnc1", "allsides"])
    trial = build_trial(found)
    assert len(trial.unranked) == 100
    assert not {each.id for each in trial.unranked} & {each.id for each in trial.pool}


def test_draws_are_the_same_every_time(tmp_path: Path) -> None:
    found, _ = load(corpora(tmp_path, noise=50), ["fnc1", "allsides"])
    one, other = build_trial(found), build_trial(found)
    assert [run.seed.id for run in one.runs] == [run.seed.id for run in other.runs]
    assert [each.id for each in one.pool] == [each.id for each in other.pool]


def test_another_draw_has_other_seeds_and_another_background(tmp_path: Path) -> None:
    found, _ = load(corpora(tmp_path, noise=4100), ["fnc1", "allsides"])
    one, other = build_trial(found), build_trial(found, draw=1)
    assert [run.seed.id for run in one.runs] != [run.seed.id for run in other.runs]
    assert [each.id for each in one.unranked] != [each.id for each in other.unranked]
    assert {each.id for each in one.pool} != {each.id for each in other.pool}


def test_the_halves_of_the_topics_make_up_the_whole(tmp_path: Path) -> None:
    found, _ = load(corpora(tmp_path), ["fnc1"])
    whole, a, b = (build_trial(found, half=half) for half in (None, "A", "B"))
    assert (a.topics, b.topics) == (1, 1)
    seeds = sorted((run.topic, run.seed.id) for run in [*a.runs, *b.runs])
    assert seeds == sorted((run.topic, run.seed.id) for run in whole.runs)


def test_figures_say_of_which_draw_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(corpora(tmp_path))
    answer = measured(capsys, "tracking", "--data", folder, "--draw", "3", "--half", "A")
    assert (answer["draw"], answer["half"], answer["tracking"]["topics"]) == (3, "A", 1)
    with pytest.raises(SystemExit):
        main(["tracking", "--data", folder, "--draw", "-1"])
    assert "'-1' is no number of 0 or more" in capsys.readouterr().err


def test_feeds_are_read_and_differences_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    documents = {
        "two.xml": "<rss version='2.0'><channel><title>T</title>"
        "<item><title>a</title></item><item><title>b</title></item></channel></rss>",
        "none.txt": "this is no feed",
    }
    index = []
    for name, document in documents.items():
        (tmp_path / "feeds" / "files").mkdir(parents=True, exist_ok=True)
        (tmp_path / "feeds" / "files" / name).write_text(document)
        index.append({"file": f"files/{name}", "kind": "rss2", "expected_items": 2})
    lines = [json.dumps({**entry, "feedparser_items": None}) for entry in index]
    (tmp_path / "feeds" / "index.jsonl").write_text("\n".join(lines))
    figures = measured(capsys, "feeds", "--data", str(tmp_path))["feeds"]
    assert (figures["files"], figures["refused"]) == (2, 1)
    assert (figures["with_expected_items"], figures["equal_expected_items"]) == (2, 1)
    assert [row["file"] for row in figures["differences"]] == ["files/none.txt"]
