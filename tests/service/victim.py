"""A process that walks and kills itself at a given moment: a statement, a commit, an SMTP call."""

from __future__ import annotations

import os
import random
import signal
import sys
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, event

from monitor.config import load
from monitor.service.app import open_app, sync
from monitor.service.schedule import recover
from tests.service.walking import STEPS


class Fuse:
    """Counts the moments at which a kill could hurt; at the chosen one it is SIGKILL."""

    def __init__(self, die_at: int) -> None:
        self.left = die_at

    def burn(self, *_: object) -> None:
        """One moment has come."""
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(self, name: str, _: object) -> None:
        """Count what smtplib is about to do."""
        if name in {"smtplib.connect", "smtplib.send", "os.rename"}:
            self.burn()


def main(config: Path, moments: tuple[datetime, ...], die_at: int, left: Path) -> None:
    """Walk as a service that starts at each of ``moments``; die at the ``die_at``-th danger.

    Survivors write the number of moments that were left to ``left``.
    """
    fuse = Fuse(die_at)
    sys.addaudithook(fuse.audit)
    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(Engine, name, fuse.burn)
    for now in moments:
        with open_app(load(config), owner="service", rng=random.Random(0)) as app:
            recover(app)
            sync(app, now)
            for step in STEPS:
                step(app, now)
    left.write_text(str(fuse.left))
