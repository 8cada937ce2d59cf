"""What a piece of work costs: CPU of this process and everything it started, and time."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of CPU (user and system) and of time."""

    cpu: float
    wall: float

    def __truediv__(self, count: int) -> Cost:
        return Cost(self.cpu / count, self.wall / count)


def cost_of(work: Callable[[], object]) -> Cost:
    """Do ``work`` and return its cost."""
    cpu, wall = tree_cpu(), time.perf_counter()
    work()
    return Cost(cpu=tree_cpu() - cpu, wall=time.perf_counter() - wall)


def tree_cpu() -> float:
    """Return the CPU seconds so far of this process and all its descendants, ended or alive.

    Exact for this process and for children that were waited for; what living ones tell comes in
    steps of 10 ms each.
    """
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    living = sum(sum(child.cpu_times()[:4]) for child in psutil.Process().children(recursive=True))
    return time.process_time() + ended.ru_utime + ended.ru_stime + living
