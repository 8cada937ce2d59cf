"""What the commands share: options, errors turned into exit codes, output."""

from __future__ import annotations

import functools
import json
import os
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, TypeVar

import click

from monitor.errors import AlreadyRunning, ConfigError, MonitorError

if TYPE_CHECKING:
    from rich.console import Console

    from monitor.service.app import App

P = ParamSpec("P")
R = TypeVar("R")

FAILED, USAGE, RUNNING = 1, 2, 3

config_option = click.option(
    "--config",
    "-c",
    "config_path",
    type=click.Path(path_type=Path),
    default=Path("monitor.yaml"),
    envvar="MONITOR_CONFIG",
    show_default=True,
    show_envvar=True,
    help="The configuration file.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def speaks_plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors raised on purpose into a message and an exit code."""

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except ConfigError as error:
            _fail(error, USAGE)
        except AlreadyRunning as error:
            _fail(error, RUNNING)
        except MonitorError as error:
            _fail(error, FAILED)
        except BrokenPipeError:
            # the reader of our output has gone: nothing is left to say
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(FAILED)

    return wrapper


def _fail(error: MonitorError, code: int) -> NoReturn:
    for line in str(error).splitlines() or [type(error).__name__]:
        click.echo(f"monitor: {line}", err=True)
    sys.exit(code)


def utc_now() -> datetime:
    """The wall clock; the one place where a command reads it."""
    return datetime.now(UTC)


@contextmanager
def opened(config_path: Path, *, owner: str | None = None, synced: bool = True) -> Iterator[App]:
    """The App of a configuration file, closed at the end; ``synced``: brought in line with it."""
    from monitor.config import load
    from monitor.service.app import open_app, sync

    settings = load(config_path)
    holder = owner or f"cli-{os.getpid()}"
    # jitter and back-off only: nothing that is stored or mailed depends on it
    with open_app(settings, owner=holder, rng=random.Random()) as app:  # noqa: S311
        if synced:
            sync(app, utc_now())
        yield app


@contextmanager
def progress(app: App) -> Iterator[None]:
    """A counter on standard error while long work is done, where that is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status("working") as display:
        app.progress = lambda what, done: display.update(f"{done} {what}")
        yield


WIDE = 1000


def console() -> Console:
    """Where tables go: as wide as the terminal, or as wide as they need where it is none."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


def plain(value: Any) -> Any:
    """A record as JSON can carry it: times in ISO 8601, durations in seconds, bytes in hex."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Enum):
        return value.value
    return value


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(plain(value), ensure_ascii=False, indent=2))
