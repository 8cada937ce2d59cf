"""What other processes do to a database while a test looks on.

The processes are forked from one that has imported everything, so that each costs little.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Any

from sqlalchemy import Engine, event, select, update

from monitor.errors import StoreError
from monitor.store import feeds, outbox, stories, vitals
from monitor.store.database import Database, instance_lock, open_database
from monitor.store.tables import feeds as feeds_table
from tests.store.builders import LEASE, NOW, new_story, outcome

_forking = get_context("forkserver")
_forking.set_forkserver_preload(["pytest", "psycopg", "tests.store.processes"])


@dataclass(frozen=True, slots=True)
class Child:
    process: ForkServerProcess
    pipe: Connection

    def result(self) -> Any:
        """What the process found out, once it has ended well."""
        assert self.pipe.poll(60)
        found = self.pipe.recv()
        self.process.join(60)
        assert self.process.exitcode == 0
        return found

    def death(self) -> int | None:
        """The signal that killed the process."""
        self.process.join(60)
        code = self.process.exitcode
        return -code if code is not None and code < 0 else None


def start(work: Callable[..., object], *arguments: object) -> Child:
    """Do ``work`` in a process of its own."""
    ours, theirs = _forking.Pipe()
    process = _forking.Process(target=_report, args=(theirs, work, *arguments), daemon=True)
    process.start()
    theirs.close()
    return Child(process, ours)


def _report(pipe: Connection, work: Callable[..., object], *arguments: object) -> None:
    pipe.send(work(*arguments))


def hold_instance(pipe: Connection, url: str) -> None:
    """Be the service until told otherwise."""
    with instance_lock(open_database(url)):
        pipe.send("held")
        pipe.recv()


def start_service(url: str) -> Child:
    """A process that holds the instance lock of ``url`` once this returns."""
    ours, theirs = _forking.Pipe()
    process = _forking.Process(target=hold_instance, args=(theirs, url), daemon=True)
    process.start()
    theirs.close()
    assert ours.recv() == "held"
    return Child(process, ours)


def add_up(db: Database, times: int) -> None:
    """Read a number and write it plus one, each time in a transaction of its own."""
    number = feeds_table.c.skipped_entries
    for _ in range(times):
        with db.write() as connection:
            read = connection.scalar(select(number).with_for_update())
            connection.execute(update(feeds_table).values(skipped_entries=(read or 0) + 1))


def claim_feeds(db: Database, owner: str) -> list[int]:
    """Claim feeds a few at a time until there are none."""
    claimed: list[int] = []
    while got := feeds.claim_due(db, NOW, owner=owner, lease=LEASE, limit=3):
        claimed += [feed.id for feed in got]
    return claimed


def claim_messages(db: Database, owner: str) -> list[int]:
    """Claim messages one at a time until there are none."""
    claimed: list[int] = []
    while got := outbox.claim(db, NOW, owner=owner, lease=LEASE, limit=1):
        claimed += [item.id for item in got]
    return claimed


def on_own_connection(url: str, work: Callable[..., Any], *arguments: object) -> Any:
    """Do ``work`` with a database opened here."""
    db = open_database(url)
    try:
        return work(db, *arguments)
    finally:
        db.close()


def open_and_close(url: str) -> str:
    open_database(url).close()
    return "opened"


def modules_after_opening(url: str) -> set[str]:
    """What a fresh Python has imported once it has opened ``url``."""
    code = (
        "import sys; from monitor.store.database import open_database;"
        "open_database(sys.argv[1]).close(); print(*sys.modules)"
    )
    command = [sys.executable, "-c", code, url]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in told.stdout.split()}


def die_at_statement(number: int) -> None:
    """Kill this process after the database has run that many statements more."""
    left = number

    @event.listens_for(Engine, "after_cursor_execute")
    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def migrate_and_die(url: str, at_statement: int) -> str:
    die_at_statement(at_statement)
    return open_and_close(url)


def add_and_die(url: str, at_statement: int) -> str:
    db = open_database(url)
    die_at_statement(at_statement)
    new = tuple(new_story(name) for name in "abc")
    stories.add_new(db, outcome(1, body_hash=b"new"), new)
    return "survived"


def write_unprivileged(url: str) -> str:
    """Write as a user who may only read the file."""
    db = open_database(url)
    db.close()
    if os.geteuid() == 0:
        os.setuid(65534)
    try:
        vitals.beat(db, "poll", NOW)
    except StoreError as error:
        return str(error)
    return "written"
