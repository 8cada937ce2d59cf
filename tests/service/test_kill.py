"""Whatever befalls a walk, at whatever moment: each story arrives, and each message once.

The moments are all statements, commits, socket calls and steps of writing a file; the faults are
SIGKILL, a disk that is full, files that take no byte more and a database that stays locked. After
it the walk carries on, or is started anew, until all is quiet; then it is counted what everybody
has. The plain run takes a sample of the moments; ``pytest -m slow`` takes each.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.service.counting import check
from tests.service.scenes import SCENES
from tests.service.stage import Play, Stage, staged
from tests.service.victim import FAULTS

SAMPLE = (
    ("kill", "transaction"),
    ("kill", "change"),
    ("kill", "way"),
    ("kill", "way"),
    ("no writes", "way"),
    ("locked", "way"),
    ("full disk", "change"),  # the last, since it is not allowed everywhere
)
"""Faults, and at which kind of moment they strike."""
PARTS = 2
"""In how many runs each moment has its turn."""


def undisturbed(stage: Stage) -> tuple[str, ...]:
    """Play the scene without any fault; the names of its moments."""
    played = stage.play()
    check(stage.scene, played, restarted=False)
    assert len(played.moments) > 100
    return played.moments


def strike(stage: Stage, fault: str, at: int, moments: tuple[str, ...]) -> Play:
    """Play the scene with this fault; after half of the moments the process is started anew."""
    restart = fault != "kill" and at // PARTS % 2 == 0
    played = stage.play(fault, at, restart=restart)
    told = f"{fault} {moments[at - 1]} (moment {at}), restarted: {restart}"
    assert played.died == (fault == "kill"), told
    try:
        check(stage.scene, played, restarted=played.died or restart)
    except AssertionError as error:
        error.add_note(told)
        raise
    return played


def kind_of(moment: str) -> str:
    """What it is about: a transaction, a change in it, or the way out, as sockets and files are."""
    word = moment.split()[1]
    if word in ("BEGIN", "COMMIT", "ROLLBACK"):
        return "transaction"
    return "way" if word.islower() else "change" if word in ("INSERT", "UPDATE") else "rest"


@pytest.mark.parametrize("name", SCENES)
def test_a_fault_at_sampled_moments_loses_nothing_and_doubles_nothing_unexplained(
    tmp_path: Path, name: str
) -> None:
    with staged(tmp_path / "stage", SCENES[name]) as stage:
        moments = undisturbed(stage)
        rng = random.Random(name)
        for fault, kind in SAMPLE:
            chosen = [at for at, it in enumerate(moments, start=1) if kind_of(it) == kind]
            strike(stage, fault, rng.choice(chosen), moments)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", SCENES)
def test_a_fault_at_every_moment_loses_nothing_and_doubles_nothing_unexplained(
    tmp_path: Path, name: str, fault: str, part: int
) -> None:
    with staged(tmp_path / "stage", SCENES[name]) as stage:
        moments = undisturbed(stage)
        for at in range(1 + part, len(moments) + 1, PARTS):
            strike(stage, fault, at, moments)


@pytest.mark.parametrize(
    ("scene", "names"),
    [
        ("note", {"BEGIN IMMEDIATE", "INSERT INTO outbox", "UPDATE outbox", "COMMIT"}),
        ("note", {"connect", "sendall", "recv_into", "close"}),
        ("webhook", {"connect", "send", "recv", "close"}),
        ("files", {"mkstemp", "fdopen", "fchmod", "fsync", "replace"}),
    ],
)
def test_the_moments_are_just_before_and_after_whatever_leaves_a_trace(
    tmp_path: Path, scene: str, names: set[str]
) -> None:
    with staged(tmp_path / "stage", SCENES[scene]) as stage:
        moments = set(stage.play().moments)
    assert {f"{when} {name}" for when in ("before", "after") for name in names} <= moments


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "kill"])
def test_each_fault_breaks_off_what_comes_after_it(tmp_path: Path, fault: str) -> None:
    with staged(tmp_path / "stage", SCENES["update"]) as stage:
        moments = undisturbed(stage)
        played = strike(stage, fault, moments.index("before INSERT INTO outbox") + 1, moments)
    sent = "before sendall"
    assert played.moments.count(sent) < moments.count(sent)
