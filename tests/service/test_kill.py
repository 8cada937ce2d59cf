"""Whatever befalls a walk, at whatever moment: each story arrives, and each message once.

The moments are all statements, commits, socket calls and steps of writing a file; the faults are
SIGKILL, a disk that is full, files that take no byte more and a database that stays locked. After
it the walk carries on, or is started anew, until all is quiet; then it is counted what everybody
has. The plain run takes a sample of the moments; ``pytest -m slow`` takes each.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.service.counting import check
from tests.service.scenes import SCENES
from tests.service.stage import Play, Stage, staged
from tests.service.victim import FAULTS

SAMPLE = {"kill": 3, "no writes": 1, "full disk": 1, "locked": 1}


def undisturbed(stage: Stage) -> tuple[str, ...]:
    """Play the scene without any fault; the names of its moments."""
    played = stage.play()
    check(stage.scene, played, restarted=False)
    assert len(played.moments) > 100
    return played.moments


def strike(stage: Stage, fault: str, at: int, moments: tuple[str, ...]) -> Play:
    """Play the scene with this fault; after every second moment the process is started anew."""
    restart = fault != "kill" and at % 2 == 0
    played = stage.play(fault, at, restart=restart)
    told = f"{fault} {moments[at - 1]} (moment {at}), restarted: {restart}"
    assert played.died == (fault == "kill"), told
    try:
        check(stage.scene, played, restarted=played.died or restart)
    except AssertionError as error:
        error.add_note(told)
        raise
    return played


def sample(moments: tuple[str, ...], size: int, offset: int) -> list[int]:
    """Some of the moments, spread over all; ``offset``: others for each fault."""
    step = len(moments) / size
    return sorted({1 + int((each + offset / len(SAMPLE)) * step) for each in range(size)})


@pytest.mark.parametrize("name", SCENES)
def test_a_fault_at_sampled_moments_loses_nothing_and_doubles_nothing_unexplained(
    tmp_path: Path, name: str
) -> None:
    with staged(tmp_path / "stage", SCENES[name]) as stage:
        moments = undisturbed(stage)
        for offset, (fault, size) in enumerate(SAMPLE.items()):
            for at in sample(moments, size, offset):
                strike(stage, fault, at, moments)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", SCENES)
def test_a_fault_at_every_moment_loses_nothing_and_doubles_nothing_unexplained(
    tmp_path: Path, name: str, fault: str
) -> None:
    with staged(tmp_path / "stage", SCENES[name]) as stage:
        moments = undisturbed(stage)
        for at in range(1, len(moments) + 1):
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
