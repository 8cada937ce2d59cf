"""What the commands of the benchmarks share."""

from __future__ import annotations

import argparse
import sys


def count(text: str) -> int:
    """An option that is a number of 1 or more."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of 1 or more")
    return int(text)


def progress(what: str) -> None:
    """Say what is being measured, where that is a terminal."""
    if sys.stderr.isatty():
        print(what, file=sys.stderr)
