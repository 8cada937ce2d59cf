"""What the commands share: options, errors turned into exit codes, the App, progress."""

from __future__ import annotations

import functools
import logging
import os
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, ParamSpec, TypeVar

import click

from monitor.cli import output
from monitor.errors import AlreadyRunning, ConfigError, MonitorError
from monitor.telemetry import sentence

if TYPE_CHECKING:
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
LONGEST = timedelta(weeks=5200)


def span(_context: click.Context, _option: click.Parameter, value: str | None) -> timedelta | None:
    """The callback of an option that is a span of time, in the words of the configuration."""
    from monitor.config.values import parse_duration

    if value is None:
        return None
    try:
        found = parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    if found > LONGEST:
        raise click.BadParameter(f"{value} is too long; at most {LONGEST // timedelta(weeks=1)}w")
    return found


def speaks_plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors raised on purpose into a message and an exit code."""

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        output.prepare()
        try:
            done = command(*args, **kwargs)
            sys.stdout.flush()
        except ConfigError as error:
            _fail(error, USAGE)
        except AlreadyRunning as error:
            _fail(error, RUNNING)
        except MonitorError as error:
            _fail(error, FAILED)
        except BrokenPipeError:
            output.abandon()
            sys.exit(FAILED)
        except OSError as error:
            if error.filename is None:
                output.abandon()
            _fail(MonitorError(_said(error)), FAILED)
        return done

    return wrapper


def _said(error: OSError) -> str:
    if error.filename is None:
        return f"the output cannot be written ({error.strerror}); make room or name another place"
    return f"{error.filename}: {error.strerror}; check the path and the rights of this user"


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
def trying(config_path: Path) -> Iterator[App]:
    """The App of a configuration file that is only tried: nothing is written anywhere."""
    from monitor.config import load
    from monitor.service.app import open_for_trial

    with open_for_trial(
        load(config_path),
        owner=f"cli-{os.getpid()}",
        rng=random.Random(),  # noqa: S311
    ) as app:
        yield app


@contextmanager
def noticed() -> Iterator[None]:
    """Say what is logged as a warning or worse in a sentence on standard error."""
    handler = _Notices(logging.WARNING)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


class _Notices(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        """Print one event; a progress display in the same place makes room for it."""
        click.echo(f"monitor: {sentence(record)}", err=True)


@contextmanager
def giving_back(app: App) -> Iterator[None]:
    """Free what an interrupted command had claimed, so that the next one need not wait for it."""
    from monitor.store import feeds, outbox

    try:
        yield
    except KeyboardInterrupt:
        app.interrupt()
        feeds.release(app.database, app.owner)
        outbox.release(app.database, app.owner)
        raise


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
