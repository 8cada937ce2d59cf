"""What a mail costs: CPU seconds of this process, all of its threads together, and bytes."""

from __future__ import annotations

import time
from collections.abc import Callable
from email import message_from_bytes, policy
from typing import TypeVar

T = TypeVar("T")


class Meter:
    """``spent``: CPU seconds, by what they were spent on."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    def on(self, what: str, work: Callable[[], T]) -> T:
        """Do ``work`` and return what it made; its cost is added to that of ``what``."""
        started = time.process_time()
        made = work()
        seconds = time.process_time() - started
        self.spent[what] = self.spent.get(what, 0.0) + seconds
        return made


def html_bytes(mail: bytes) -> int:
    """Return the size of the HTML part as mail programs count it: decoded, lines with CRLF."""
    part = message_from_bytes(mail, policy=policy.default).get_body(("html",))
    html: str = part.get_content() if part is not None else ""
    return len(html.replace("\r\n", "\n").replace("\n", "\r\n").encode())
