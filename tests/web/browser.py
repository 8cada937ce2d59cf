"""A real browser at the other end of a pipe: Chromium's DevTools protocol, without a socket."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-proxy-server",
    "--remote-debugging-pipe",
)
_LAUNCH = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(each), fcntl.F_DUPFD, 100) for each in sys.argv[1:3]]
os.dup2(ends[0], 3), os.dup2(ends[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""The browser listens on descriptor 3 and speaks on 4."""


class Browser:
    """One tab. Reads what it is told line by line: messages end with a NUL."""

    def __init__(self, to: int, back: int) -> None:
        self._to = to
        self._back = os.fdopen(back, "rb", buffering=0)
        self._number = 0
        self._session: str | None = None
        self._rest = b""
        self._loads = 0
        self.problems: list[str] = []

    def open_tab(self) -> None:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command and its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            pass
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def visit(self, url: str) -> None:
        """Open a page and wait until it is loaded."""
        loads = self._loads
        self.call("Page.navigate", url=url)
        self._wait_for_more_than(loads)

    def click(self, selector: str) -> None:
        """Click what a selector finds, and wait for the page that comes."""
        loads = self._loads
        self.say(f"document.querySelector({json.dumps(selector)}).click()")
        self._wait_for_more_than(loads)

    def say(self, expression: str) -> Any:
        """What an expression is on the page."""
        return self.call("Runtime.evaluate", expression=expression)["result"].get("value")

    def close(self) -> None:
        """Ask the whole browser to end."""
        self._session = None
        self.call("Browser.close")

    def hang_up(self) -> None:
        """Close the pipes."""
        os.close(self._to)
        self._back.close()

    def _wait_for_more_than(self, loads: int) -> None:
        while self._loads <= loads:
            self._next()

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            piece = self._back.read(65_536)
            assert piece, "the browser is gone"
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        self._loads += message.get("method") == "Page.loadEventFired"
        if message.get("method") == "Log.entryAdded":
            self.problems.append(message["params"]["entry"]["text"])
        return message


@contextmanager
def browser(profile: Path, *flags: str) -> Iterator[Browser]:
    """A running browser with a profile of its own."""
    assert CHROMIUM is not None
    (read_here, write_there), (read_there, write_here) = os.pipe(), os.pipe()
    ends = (str(read_there), str(write_there))
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            _LAUNCH,
            *ends,
            CHROMIUM,
            *_FLAGS,
            *flags,
            f"--user-data-dir={profile}",
        ],
        pass_fds=(read_there, write_there),
        stderr=subprocess.DEVNULL,
    )
    os.close(read_there)
    os.close(write_there)
    made = Browser(write_here, read_here)
    try:
        made.open_tab()
        yield made
        made.close()
        process.wait(20)
    finally:
        made.hang_up()
        process.kill()
        process.wait()
