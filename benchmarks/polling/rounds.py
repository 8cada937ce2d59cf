"""The measurement: in each round both contenders start anew and take turns, scenario by scenario.

They and the servers are processes of their own; only the contenders' CPU is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.polling.contenders import CONTENDERS, Contender
from benchmarks.polling.cost import Cost, cost_of
from benchmarks.polling.scenarios import FIRST, SCENARIOS, Scenario
from benchmarks.polling.server import Sites, serve


class MeasurementError(Exception):
    """A contender did not do what was to be measured."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one poll of all feeds cost a contender, and the stories its polls added."""

    cost: Cost
    stories: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """``rounds``: for each round, by scenario, by contender. ``mean_size`` of a feed in bytes."""

    feeds: int
    mean_size: int
    rounds: tuple[Mapping[str, Mapping[str, Measurement]], ...]


def measure(
    feeds: int,
    rounds: int,
    names: Collection[str],
    progress: Callable[[str], None],
) -> Results:
    """Measure the scenarios ``names``; raises ``MeasurementError``.

    Every round begins with the first poll, wanted or not: the others build on it.
    """
    wanted = [each for each in SCENARIOS.values() if each is FIRST or each.name in names]
    measured = []
    with serve(feeds) as sites:
        for number in range(1, rounds + 1):
            progress(f"round {number} of {rounds}")
            measured.append(_round(sites, wanted))
    return Results(feeds=feeds, mean_size=sites.mean_size, rounds=tuple(measured))


def _round(sites: Sites, wanted: list[Scenario]) -> dict[str, dict[str, Measurement]]:
    with _started("ours", sites) as ours, _started("reader", sites) as reader:
        pair = {"ours": ours, "reader": reader}
        return {
            scenario.name: {name: _take_turn(sites, scenario, name, pair[name]) for name in pair}
            for scenario in wanted
        }


def _take_turn(sites: Sites, scenario: Scenario, name: str, contender: Connection) -> Measurement:
    sites.switch(scenario)
    contender.send(scenario.polls)
    measurement: Measurement = _answer(name, contender)
    answers = sites.switch(scenario)
    if answers != {scenario.status: scenario.polls * len(sites.feeds)}:
        told = {int(status): count for status, count in answers.items()}
        raise MeasurementError(
            f"{scenario.title}: {name} was answered {told} (status: count) in {scenario.polls} "
            f"polls of {len(sites.feeds)} feeds, and not {int(scenario.status)} each time"
        )
    return measurement


@contextmanager
def _started(name: str, sites: Sites) -> Iterator[Connection]:
    spawn = get_context("spawn")
    ours, theirs = spawn.Pipe()
    with TemporaryDirectory() as folder:
        arguments = (name, Path(folder), sites.warm_up, sites.feeds, theirs)
        process = spawn.Process(target=_contend, args=arguments)
        process.start()
        theirs.close()
        try:
            _answer(name, ours)
            yield ours
        finally:
            ours.close()
            process.join()


def _answer(name: str, contender: Connection) -> Measurement:
    try:
        measurement: Measurement = contender.recv()
    except EOFError as error:
        raise MeasurementError(f"{name} ended with an error, which it has printed") from error
    return measurement


def _contend(
    name: str, folder: Path, warm_up: tuple[str, ...], feeds: tuple[str, ...], control: Connection
) -> None:
    """Poll as often as ``control`` says, until its other end is closed."""
    with closing(CONTENDERS[name](folder, warm_up, feeds)) as contender:
        control.send("ready")
        try:
            while polls := control.recv():
                control.send(_measured(contender, polls))
        except EOFError:
            return


def _measured(contender: Contender, polls: int) -> Measurement:
    def all_polls() -> None:
        for _ in range(polls):
            contender.poll()

    before = contender.stories()
    cost = cost_of(all_polls)
    return Measurement(cost=cost / polls, stories=contender.stories() - before)
