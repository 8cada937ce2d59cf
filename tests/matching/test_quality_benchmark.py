"""The harness that measures matching: it reads any folder laid out so, and says what it cannot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.quality.__main__ import main
from benchmarks.quality.corpora import load
from benchmarks.quality.trial import build_trial
from tests.matching.labelled import EVENTS, PER_EVENT, corpora, event_records, write

NOISE_RANKED = 4000
"""What is drawn of allsides into the pool; the rest teaches the background."""


def measured(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main([*arguments, "--json"]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_tracking_finds_two_events_that_share_no_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = measured(capsys, "tracking", "--data", str(corpora(tmp_path)))
    full = answer["tracking"]["full"]
    assert answer["tracking"]["topics"] == len(EVENTS)
    for row in (full, full["by_corpus"]["fnc1"]):
        assert (row["ap"], row["min_cost"], row["actual_cost"]) == (1, 0, 0)
    assert set(answer["tracking"]["snippet"]) == set(full)


def test_missing_corpora_are_left_out_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(corpora(tmp_path))
    assert "reuters21578" in measured(capsys, "tracking", "--data", folder)["missing"]
    assert main(["tracking", "--data", folder]) == 0
    assert "missing corpora: t17, ecbplus" in capsys.readouterr().out


@pytest.mark.parametrize("task", ["tracking", "coldstart", "verdicts", "calibration", "feeds"])
def test_nothing_to_measure_is_said_and_told_by_the_exit_code(
    task: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([task, "--data", str(tmp_path)]) == 2
    assert "give --data DIR" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["all", "--data", str(tmp_path / "no")]) == 2
    assert f"{tmp_path / 'no'}: no such folder; give --data DIR" in capsys.readouterr().err


def test_a_promise_without_later_stories_to_observe_it_on_is_not_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibration", "--data", str(corpora(tmp_path, noise=NOISE_RANKED + 100))]) == 2
    assert "calibration: 100 stories of" in capsys.readouterr().err


def test_all_shows_what_can_be_measured_and_names_what_cannot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["all", "--data", str(corpora(tmp_path))]) == 0
    shown = capsys.readouterr()
    for part in ("tracking, full", "background stories, full", "asked full, best match"):
        assert part in shown.out
    assert [note.partition(":")[0] for note in shown.err.splitlines()] == ["calibration", "feeds"]


ODD = ["not json", [1], {"id": "x", "title": 1, "text": "", "labels": []}, {"id": "only"}]
NO_TEXT = {"id": "x", "title": "\ud800", "text": "", "labels": []}
NO_LABELS = {"id": "x", "title": "", "text": "", "labels": "event:harbour"}


def test_odd_records_are_left_out_and_said(tmp_path: Path) -> None:
    said: list[str] = []
    records = [*event_records(), *ODD, NO_TEXT, NO_LABELS]
    write(tmp_path / "fnc1" / "dev.jsonl.gz", records)
    found, _ = load(tmp_path, ["fnc1"], said.append)
    assert len(found["fnc1"]) == len(EVENTS) * PER_EVENT
    assert said == ["fnc1/dev.jsonl.gz: 6 lines left out; line 13 is no JSON"]


def test_a_file_that_breaks_off_is_used_so_far_and_said(tmp_path: Path) -> None:
    said: list[str] = []
    path = corpora(tmp_path) / "fnc1" / "other_half.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-20])
    (path.parent / "text.jsonl.gz").write_text("no gzip")
    load(tmp_path, ["fnc1"], said.append)
    assert [note.partition(":")[0] for note in said] == [
        "fnc1/other_half.jsonl.gz",
        "fnc1/text.jsonl.gz",
    ]


def test_side_files_are_told_from_the_main_file_by_their_records(tmp_path: Path) -> None:
    said: list[str] = []
    found, missing = load(corpora(tmp_path), ["fnc1", "t17"], said.append)
    assert len(found["fnc1"]) == 12
    assert missing == ["t17"]
    assert said == []


def test_the_background_is_never_ranked(tmp_path: Path) -> None:
    found, _ = load(corpora(tmp_path, noise=NOISE_RANKED + 100), ["fnc1", "allsides"])
    trial = build_trial(found)
    assert len(trial.unranked) == 100
    assert not {each.id for each in trial.unranked} & {each.id for each in trial.pool}


def test_draws_are_the_same_every_time(tmp_path: Path) -> None:
    found, _ = load(corpora(tmp_path, noise=50), ["fnc1", "allsides"])
    one, other = build_trial(found), build_trial(found)
    assert [run.seed.id for run in one.runs] == [run.seed.id for run in other.runs]
    assert [each.id for each in one.pool] == [each.id for each in other.pool]


def test_another_draw_has_other_seeds_and_another_background(tmp_path: Path) -> None:
    found, _ = load(corpora(tmp_path, noise=NOISE_RANKED + 100), ["fnc1", "allsides"])
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


def test_few_own_stories_are_measured_as_far_as_they_go(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(corpora(tmp_path, noise=NOISE_RANKED + 100))
    figures = measured(capsys, "coldstart", "--data", folder)["coldstart"]
    for form in ("full", "snippet"):
        assert [row["background"] for row in figures[form]] == [0, 30]
        assert {"ap", "min_cost", "actual_cost"} <= set(figures[form][0])


def test_a_promise_is_observed_on_stories_that_nothing_was_learned_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """None of these shares a word with a topic: whatever was promised, nothing is let through."""
    pytest.importorskip("matplotlib", reason="matplotlib of the group bench is absent")
    folder = str(corpora(tmp_path / "data", noise=NOISE_RANKED + 1600))
    picture = tmp_path / "pictures"
    figures = measured(capsys, "calibration", "--data", folder, "--pictures", str(picture))
    calibration = figures["calibration"]
    assert calibration["later_stories"] == 600
    for row in calibration["full"]["promises"]:
        assert (row["median_ratio"], row["under_half"], row["in_range"]) == (0, 1, 1)
    assert [row["observed"] for row in calibration["full"]["curve"]] == [[0] * 5] * 12
    assert (picture / "quality-calibration.png").read_bytes().startswith(b"\x89PNG")


def test_pictures_are_the_same_bytes_for_the_same_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib of the group bench is absent")
    folder = str(corpora(tmp_path / "data"))
    for name in ("one", "other"):
        measured(capsys, "tracking", "--data", folder, "--pictures", str(tmp_path / name))
    for form in ("full", "snippet"):
        one, other = (tmp_path / name / f"quality-det-{form}.png" for name in ("one", "other"))
        assert one.read_bytes().startswith(b"\x89PNG")
        assert one.read_bytes() == other.read_bytes()


def test_a_folder_for_pictures_that_cannot_be_is_said_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib of the group bench is absent")
    (tmp_path / "file").touch()
    folder = str(corpora(tmp_path / "data"))
    assert main(["tracking", "--data", folder, "--pictures", str(tmp_path / "file")]) == 2
    assert "name a folder that can be written to" in capsys.readouterr().err


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
    lines += ["not json", json.dumps({"file": "files/not there.xml"})]
    (tmp_path / "feeds" / "index.jsonl").write_text("\n".join(lines))
    answer = measured(capsys, "feeds", "--data", str(tmp_path))
    assert "feeds/index.jsonl: 2 lines left out; line 3" in answer["notes"][0]
    figures = answer["feeds"]
    assert (figures["files"], figures["refused"]) == (2, 1)
    assert (figures["with_expected_items"], figures["equal_expected_items"]) == (2, 1)
    assert [row["file"] for row in figures["differences"]] == ["files/none.txt"]
