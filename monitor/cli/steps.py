"""Commands that work: the service, and its steps one by one."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.common import (
    config_option,
    giving_back,
    json_option,
    noticed,
    opened,
    progress,
    speaks_plainly,
    utc_now,
)
from monitor.cli.output import print_json
from monitor.records import told_counts

if TYPE_CHECKING:
    from monitor.records import StepReport
    from monitor.service.app import App
    from monitor.web.server import Served

    Step = Callable[[App, datetime], StepReport]

now_option = click.option(
    "--now", "at_once", is_flag=True, help="Make every digest now; do not wait for its hour."
)


def do_steps(config_path: Path, steps: list[Step], *, as_json: bool) -> None:
    """Run steps in a row and print what each did."""
    with opened(config_path) as app, progress(app), noticed(), giving_back(app):
        reports = [step(app, utc_now()) for step in steps]
    done: dict[str, Counter[str]] = {}
    for report in reports:  # a step that was made twice is told in one
        done.setdefault(report.step, Counter()).update(report.counts)
    if as_json:
        print_json({step: dict(counts) for step, counts in done.items()})
        return
    for step, counts in done.items():
        click.echo(f"{step}: {told_counts(counts)}")


@click.command()
@config_option
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="What is worth a line.",
)
@click.option("--log-json", is_flag=True, help="One JSON object a line, for log collectors.")
@speaks_plainly
def run(config_path: Path, log_level: str, log_json: bool) -> None:
    """Run the service until SIGTERM or Ctrl-C, with its pages where web is configured.

    One service works on a database at a time; a second one says so and exits with 3.
    The other commands may be used beside it.

    \b
    Examples:
      monitor run
      monitor run --config /etc/newsmonitor/monitor.yaml --log-json
    """
    from monitor.service import extras
    from monitor.service.app import sync
    from monitor.service.schedule import serve
    from monitor.store.database import instance_lock
    from monitor.telemetry import setup_logging

    setup_logging(log_level, sys.stderr, json=log_json)
    with opened(config_path, owner="service", synced=False) as app, instance_lock(app.database):
        extras.require(app.settings, *extras.ALL)
        with _pages(app) as pages:
            sync(app, utc_now())  # only the holder of the lock may change what is watched
            ended = serve(app)
        ended = ended and (pages is None or pages.ended)
    if not ended:  # a step hangs in a foreign call: its leases are back, its thread is not
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _pages(app: App) -> AbstractContextManager[Served | None]:
    """The small web part, where it is configured."""
    if app.settings.web is None:
        return nullcontext()
    from monitor.web.server import serving

    return serving(app, utc_now)


@click.command()
@config_option
@now_option
@json_option
@speaks_plainly
def once(config_path: Path, at_once: bool, as_json: bool) -> None:
    """Do every step once: poll, learn, match, articles, digest, deliver, upkeep.

    A digest is made when its hour has come since the last one; --now makes and sends it at once,
    also to those at rest.

    \b
    Examples:
      monitor once --now
      monitor once --json        for cron
    """
    from monitor.service.articles import articles as read_articles
    from monitor.service.deliver import deliver as deliver_step
    from monitor.service.learn import learn
    from monitor.service.match import match as match_step
    from monitor.service.poll import poll as poll_step
    from monitor.service.upkeep import upkeep

    matching = [learn, match_step, read_articles, match_step]
    deliver_all = partial(deliver_step, at_once=at_once)
    steps: list[Step] = [poll_step, *matching, digest_step(at_once), deliver_all, upkeep]
    do_steps(config_path, steps, as_json=as_json)


def digest_step(at_once: bool) -> Step:
    """The step that makes digests; ``at_once``: without waiting for their hour."""
    from monitor.service.digest import digest

    return lambda app, now: digest(app, now, at_once=at_once)


@click.command()
@config_option
@json_option
@speaks_plainly
def poll(config_path: Path, as_json: bool) -> None:
    """Ask the feeds that are due for news and store what is new.

    \b
    Example:
      monitor poll && monitor match && monitor digest preview
    """
    from monitor.service.poll import poll as poll_step

    do_steps(config_path, [poll_step], as_json=as_json)


@click.command()
@config_option
@json_option
@speaks_plainly
def match(config_path: Path, as_json: bool) -> None:
    """Score the stories that wait against the topics, after learning from them if that is due.

    \b
    Example:
      monitor match --json
    """
    from monitor.service.learn import learn
    from monitor.service.match import match as match_step

    do_steps(config_path, [learn, match_step], as_json=as_json)


@click.command()
@config_option
@json_option
@speaks_plainly
def articles(config_path: Path, as_json: bool) -> None:
    """Read the pages that stories wait for, then score these stories by their text.

    Only where a feed or a topic says full_text: near or always.

    \b
    Example:
      monitor articles --json
    """
    from monitor.service.articles import articles as read_articles
    from monitor.service.match import match as match_step

    do_steps(config_path, [read_articles, match_step], as_json=as_json)


@click.command()
@config_option
@json_option
@speaks_plainly
def deliver(config_path: Path, as_json: bool) -> None:
    """Send what is ready in the outbox; what fails waits for its next attempt.

    \b
    Example:
      monitor deliver
    """
    from monitor.service.deliver import deliver as deliver_step

    do_steps(config_path, [deliver_step], as_json=as_json)
