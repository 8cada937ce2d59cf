"""``python -m tests.fuzz parser --seconds 300``: coverage-guided fuzzing of one room.

Needs atheris, which is no dependency of the project: it has wheels for few platforms.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from tempfile import mkdtemp

from tests.fuzz.seeds import corpus

TARGETS = ("parser", "text", "charset", "gzip")
INSTRUMENTED = ["monitor", "feedparser", "json", "html"]
LONGEST_INPUT = 4_096
SLOWEST_INPUT = 20
"""Seconds after which an input is a finding."""

MISSING = """\
atheris is not installed. It is used by this script alone:

    python3 -m venv fuzzing
    fuzzing/bin/pip install -e . atheris
    fuzzing/bin/python -m tests.fuzz parser --seconds 300
"""


def main(arguments: Sequence[str]) -> int:
    """Fuzz what ``arguments`` name, which ends the process; 2 where the fuzzer is missing."""
    options = _options(arguments)
    try:
        import_module("atheris")
    except ImportError:
        sys.stderr.write(MISSING)
        return 2
    _fuzz(options.target, options.seconds, options.corpus or Path(mkdtemp(prefix="fuzzing-")))
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=60, help="how long (default: 60)")
    parser.add_argument(
        "--corpus",
        type=Path,
        help="folder to begin from and to keep what reached something new in (default: a new one)",
    )
    return parser.parse_args(arguments)


def _fuzz(target: str, seconds: int, folder: Path) -> None:
    """Fuzz from the inputs in ``folder``; libFuzzer then ends the process itself.

    A finding is left in the current folder as ``finding-...``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for seed in corpus(target):
        (folder / sha256(seed).hexdigest()[:16]).write_bytes(seed)
    atheris = import_module("atheris")
    with atheris.instrument_imports(include=INSTRUMENTED):
        promises = import_module("tests.fuzz.promises")
    limits = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST_INPUT}",
        f"-timeout={SLOWEST_INPUT}",
        "-artifact_prefix=finding-",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *limits, str(folder)], promises.PROMISES[target])
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
