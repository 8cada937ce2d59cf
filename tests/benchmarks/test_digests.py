"""The digests benchmark at toy size: every turn does the same, and both sides tell the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from email import message_from_bytes, policy
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from benchmarks.digests.__main__ import main
from benchmarks.digests.beside import PARTS, Beside, Ours, Simple
from benchmarks.digests.cost import Meter
from benchmarks.digests.newsroom import HOUR, opened
from benchmarks.digests.report import as_json, as_table
from benchmarks.digests.rounds import (
    ARABIC,
    Crowd,
    Results,
    Served,
    build_all,
    crowded,
    days,
    measure,
)
from benchmarks.digests.stages import STAGES, digest_due, shown
from benchmarks.digests.stories import ARABIC_TITLE, arabic, prose
from monitor.notify.render import MAX_HTML, render
from monitor.records import Digest
from monitor.service.digest import digest
from monitor.store import outbox

SENDER = "News monitor <monitor@example.org>"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build_all(tmp_path_factory.mktemp("single"), days([4, 40], arabic=90, feeds=3))


@pytest.fixture(scope="module")
def crowds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build_all(tmp_path_factory.mktemp("crowds"), crowded([1, 3], feeds=3))


@pytest.fixture(scope="module")
def toy(built: dict[str, Path], crowds: dict[str, Path]) -> Results:
    return measure(built, crowds, 1, lambda _what: None)


@pytest.fixture(scope="module")
def due(built: dict[str, Path]) -> Digest:
    with opened(built["4"]) as app:
        return digest_due(app)


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    said = StringIO()
    sizes = ["--matches", "4", "--recipients", "1", "--arabic", "2", "--rounds", "1"]
    with redirect_stdout(said):
        assert main([*sizes, "--json"]) == 0
    found: dict[str, Any] = json.loads(said.getvalue())["digests"]
    return found


def test_every_match_is_told_or_left_out_for_want_of_room(toy: Results) -> None:
    told = {name: {(turn.told, turn.cut) for turn in turns} for name, turns in toy.served.items()}
    ((in_arabic, too_many),) = told.pop(ARABIC)
    assert told == {"4": {(4, 0)}, "40": {(30, 10)}}
    assert in_arabic + too_many == 90


def test_every_turn_of_a_case_makes_the_same_mail(built: dict[str, Path]) -> None:
    assert _mail(built["4"]) == _mail(built["4"])


def test_long_titles_have_to_be_fitted_and_the_simple_method_does_not(toy: Results) -> None:
    turn = toy.beside[ARABIC][0]
    assert turn.ours_html <= MAX_HTML < turn.simple_html
    assert toy.served[ARABIC][0].html == turn.ours_html


def test_what_fits_as_it_is_both_sides_tell_alike(toy: Results, due: Digest) -> None:
    ours, simple = Ours(), Simple(render(due, sender=SENDER).templates)
    assert simple.parts(shown(due)) == ours.parts(shown(due))
    assert _parts(simple.mail(due, SENDER)) == _parts(ours.mail(due, SENDER))
    assert toy.beside["4"][0].ours_html == toy.beside["4"][0].simple_html


def test_everything_costs_cpu(toy: Results) -> None:
    crowds = [each for turns in toy.crowds.values() for each in turns]
    assert all(turn.cpu > 0 for turns in toy.served.values() for turn in turns)
    assert all(min(each.due, each.quiet, each.woken) > 0 for each in crowds)
    assert all(
        side[part] > 0
        for turns in toy.beside.values()
        for turn in turns
        for side in (turn.ours, turn.simple)
        for part in PARTS
    )


def test_everybody_of_a_crowd_is_served_at_once(toy: Results) -> None:
    assert {name: turns[0].recipients for name, turns in toy.crowds.items()} == {"1": 1, "3": 3}


def test_the_stages_are_those_that_are_named(toy: Results) -> None:
    (spent,) = toy.stages
    assert tuple(spent) == STAGES
    assert all(seconds > 0 for seconds in spent.values())


def test_the_digest_shows_twelve_weeks_of_each_topic(due: Digest) -> None:
    assert {len(section.weeks) for section in due.sections} == {12}
    assert all(sum(section.weeks) for section in due.sections)


def test_the_stories_are_of_all_feeds_and_none_of_them_is_ill(due: Digest) -> None:
    entries = [entry for section in due.sections for entry in section.entries]
    assert len({entry.lead.story.source for entry in entries}) == 3
    assert due.coverage.feeds_read == 3
    assert not any((due.coverage.failing, due.coverage.silent, due.coverage.missed))


def test_made_up_stories_are_the_same_every_time_and_no_story_comes_twice() -> None:
    assert arabic(50) == arabic(50)
    assert len(set(prose(50))) == len(set(arabic(50))) == 50
    assert {len(each.title) for each in arabic(50)} == {ARABIC_TITLE}


def test_a_meter_adds_up_what_is_spent_on_the_same() -> None:
    meter = Meter()
    meter.spent["sum"] = 1000.0
    assert meter.on("sum", lambda: sum(range(100_000))) == sum(range(100_000))
    assert meter.spent["sum"] > 1000.0


def test_ratios_are_taken_within_rounds_and_then_their_median() -> None:
    figures = as_json(results((1.0, 2.0), (1.0, 9.0), (2.0, 6.0)), {})["digests"]
    assert figures["matches"]["500"]["cost"] == 3.0
    assert figures["matches"]["30"]["cost"] == 1.0
    assert figures["simple"]["30"]["whole"] == 0.5
    assert sum(figures["shares"].values()) == pytest.approx(1, abs=0.01)


def test_the_table_holds_the_figures() -> None:
    table = as_table(as_json(results((1.0, 2.0)), {"before": 60.4, "30": 65.2}))
    assert "median of 1 rounds" in table
    assert "before 60, 30 65" in table
    assert "read 12%" in table


def test_the_json_names_what_was_measured(figures: dict[str, Any]) -> None:
    assert list(figures) == ["rounds", "matches", "recipients", "shares", "simple", "peak_mb"]
    assert list(figures["matches"]) == list(figures["simple"]) == ["4", ARABIC]
    assert list(figures["recipients"]) == ["1"]
    assert list(figures["shares"]) == list(STAGES)


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs Linux")
def test_memory_is_that_of_fresh_processes(figures: dict[str, Any]) -> None:
    told = figures["peak_mb"]
    assert list(told) == ["before", "4", ARABIC]
    assert 20 < told["before"] <= told["4"] + 2


@pytest.mark.parametrize("size", ["0", "-1", "many"])
def test_a_size_that_is_none_is_refused(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--matches", size])
    assert "is no number of 1 or more" in capsys.readouterr().err


def _mail(built: Path) -> bytes:
    with opened(built) as app:
        digest(app, HOUR)
        return outbox.listing(app.database, limit=1)[0].message.raw


def _parts(mail: bytes) -> list[str]:
    return list(_contents(mail))


def _contents(mail: bytes) -> Iterator[str]:
    for part in message_from_bytes(mail, policy=policy.default).iter_parts():
        yield part.get_content().replace("\r\n", "\n")


def results(*cpu: tuple[float, float]) -> Results:
    """Rounds in which the small case took so many seconds of CPU, and the large one so many."""

    def served(seconds: float) -> Served:
        return Served(cpu=seconds, html=70_000, mail=100_000, told=30, cut=0)

    def beside(seconds: float) -> Beside:
        spent = dict.fromkeys(PARTS, seconds)
        double = dict.fromkeys(PARTS, 2 * seconds)
        return Beside(ours=spent, simple=double, ours_html=70_000, simple_html=70_000)

    return Results(
        served={
            "30": [served(few) for few, _ in cpu],
            "500": [served(many) for _, many in cpu],
        },
        crowds={"1": [Crowd(recipients=1, due=few, quiet=0.1, woken=0.2) for few, _ in cpu]},
        stages=[dict.fromkeys(STAGES, few) for few, _ in cpu],
        beside={"30": [beside(few) for few, _ in cpu]},
    )
