"""The peak of resident memory of one digest, in a fresh process; only where ``/proc`` tells it."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks.digests.newsroom import HOUR, opened
from monitor.service.digest import digest

_STATUS = Path("/proc/self/status")


def peaks(built: Mapping[str, Path]) -> dict[str, float]:
    """Return the megabytes after the digest of each case; empty: nobody can tell.

    ``before`` is the service opened, with the digest of one story told.
    """
    if not _STATUS.is_file():
        return {}
    first = next(iter(built.values()))
    return {"before": _alone(first, due=False)} | {
        name: _alone(each, due=True) for name, each in built.items()
    }


def _alone(built: Path, *, due: bool) -> float:
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as process:
        return process.submit(_work, built, due).result()


def _work(built: Path, due: bool) -> float:
    with opened(built) as app:
        if due:
            digest(app, HOUR)
    return _peak()


def _peak() -> float:
    """Return VmHWM, which unlike ``ru_maxrss`` knows nothing of the process that started this."""
    lines = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) / 1000
