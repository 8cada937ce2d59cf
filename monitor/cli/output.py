"""What goes to standard output: text, tables, JSON, wherever that leads."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

WIDE = 1000
"""Columns of a table that goes to a file or a program: no line is broken for them."""


def prepare() -> None:
    """Make printing safe where output is closed, or cannot hold every character of the news."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # as long as we live
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def abandon() -> None:
    """Write nothing more: who read our output has gone, or it has no room."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def console() -> Console:
    """Where tables are laid out: as wide as the terminal, or as wide as they need without one."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


def put(out: Console, *parts: object) -> None:
    """Print texts and tables, one below the other, without blanks at the ends of lines."""
    with out.capture() as laid_out:
        for part in parts:
            out.print(part)
    for line in laid_out.get().splitlines():
        click.echo(line.rstrip())


def print_json(value: Any) -> None:
    """One JSON document; in ASCII where the output is not UTF-8."""
    narrow = not (sys.stdout.encoding or "").lower().startswith("utf")
    click.echo(json.dumps(value, ensure_ascii=narrow, indent=2, default=_time))


def _time(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in JSON")
