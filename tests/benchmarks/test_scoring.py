"""The scoring benchmark at toy size: both sides read the same stories and find the same ones."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from benchmarks.scoring.__main__ import main
from benchmarks.scoring.corpus import FUNCTION_WORDS, STORY_WORDS, Corpus, given, made
from benchmarks.scoring.memory import peaks
from benchmarks.scoring.report import as_json, as_table
from benchmarks.scoring.rounds import Results, Stages, Turn, measure

SIZES = (1, 40)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return made(background=100, stories=160, topics=max(SIZES))


@pytest.fixture(scope="module")
def toy(corpus: Corpus) -> Results:
    return measure(corpus, SIZES, 1, lambda _what: None)


def test_every_turn_costs_cpu_on_both_sides(toy: Results) -> None:
    turns = [turn for size in SIZES for turn in toy.turns[size]]
    assert [turn.stories for turn in turns] == [40, 40]
    assert all(turn.ours_cpu > 0 and turn.theirs_cpu > 0 for turn in turns)


def test_both_sides_find_stories(toy: Results) -> None:
    (turn,) = toy.turns[40]
    assert turn.ours >= turn.hits > 0
    assert turn.theirs > 0


def test_made_up_prose_is_the_same_every_time_and_no_story_comes_twice(corpus: Corpus) -> None:
    assert made(100, 160, 40) == corpus
    assert len({*corpus.background, *corpus.stories}) == 260


def test_made_up_stories_weigh_what_real_ones_weigh(corpus: Corpus) -> None:
    words = " ".join(each.text for each in corpus.stories).lower().split()
    common = sum(word.strip(".,?") in FUNCTION_WORDS for word in words) / len(words)
    assert len(words) == len(corpus.stories) * STORY_WORDS
    assert 0.35 < common < 0.55
    assert 5.5 < sum(len(word) + 1 for word in words) / len(words) < 7


def test_a_file_of_stories_is_read_plain_or_packed(tmp_path: Path) -> None:
    lines = "".join(json.dumps({"text": f"story {n}", "title": f"t{n}"}) + "\n" for n in range(10))
    plain, packed = tmp_path / "a.jsonl", tmp_path / "a.jsonl.gz"
    plain.write_text(lines)
    packed.write_bytes(gzip.compress(lines.encode()))
    read = given(plain, background=3, stories=4, topics=5)
    assert read == given(packed, background=3, stories=4, topics=5)
    assert [each.title for each in read.stories] == ["t6", "t7", "t8", "t9"]
    assert [each.title for each in read.background] == ["t3", "t4", "t5"]
    assert [each.title for each in read.seeds] == ["t3", "t4", "t5", "t3", "t4"]


@pytest.mark.parametrize("lines", ["", '{"text": "one"}\n', "no json\n", '{"title": "t"}\n'])
def test_a_file_that_is_of_no_use_is_refused_with_a_message(
    tmp_path: Path, lines: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "few.jsonl"
    path.write_text(lines)
    assert main(["--data", str(path)]) == 1
    assert f"cannot measure: {path}" in capsys.readouterr().err


def test_the_ratio_is_the_median_of_the_ratios_of_the_rounds() -> None:
    figures = as_json(results((1.0, 5.0), (2.0, 4.0), (1.0, 30.0)), {})["scoring"]["topics"]["7"]
    assert figures["ratios"] == [5.0, 2.0, 30.0]
    assert figures["ratio"] == 5.0
    assert (figures["ours_per_s"], figures["sklearn_per_s"]) == (100, 20)


def test_shares_sum_to_one_and_the_table_names_them() -> None:
    figures = as_json(results((1.0, 5.0)), {"ours": 150.2})
    assert sum(figures["scoring"]["shares"].values()) == pytest.approx(1)
    table = as_table(figures)
    assert "analysis 60%, product 10%, reasons 30%" in table
    assert "ours 150" in table


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs Linux")
def test_memory_is_that_of_fresh_processes(corpus: Corpus) -> None:
    small = Corpus(corpus.background[:20], corpus.stories[:20], corpus.seeds[:2])
    told = peaks(small, 2)
    assert list(told) == ["before", "ours", "sklearn"]
    assert 20 < told["before"] < min(told["ours"], told["sklearn"])


def results(*cpu: tuple[float, float]) -> Results:
    """A hundred stories a turn on seven topics, for so many seconds of CPU on each side."""
    return Results(
        mean_chars=3000,
        stories=100,
        turns={
            7: [
                Turn(stories=100, ours_cpu=ours, theirs_cpu=theirs, ours=3, hits=2, theirs=2)
                for ours, theirs in cpu
            ]
        },
        stages=[Stages(analysis=0.6, product=0.1, reasons=0.3)],
        growth=[(1.1, 1.0)],
        ours_ready=1.0,
        theirs_ready=2.0,
        built={7: 0.1},
    )
