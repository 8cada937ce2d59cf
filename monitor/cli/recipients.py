"""Who gets which digest, on the command line: seen, stopped, served again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli import mailshapes
from monitor.cli.common import config_option, json_option, opened, speaks_plainly, utc_now
from monitor.cli.output import print_json

if TYPE_CHECKING:
    from monitor.records import Subscription
    from monitor.service.app import App

_NOBODY = "Nobody is told anything: write `digests` into the configuration."

digest_option = click.option("--digest", "name", help="Only of this digest; otherwise of all.")


@click.group()
def recipients() -> None:
    """List who gets what, stop one and serve them again.

    \b
    Examples:
      monitor recipients list
      monitor recipients stop me@example.org --digest daily
    """


@recipients.command("list")
@config_option
@json_option
@speaks_plainly
def list_recipients(config_path: Path, as_json: bool) -> None:
    """List the recipients of all digests, also those who were stopped.

    \b
    Example:
      monitor recipients list
    """
    from monitor.cli.mailtables import print_readers
    from monitor.service.recipients import listing

    with opened(config_path) as app:
        found = listing(app)
    if as_json:
        print_json([mailshapes.reader(each) for each in found])
    else:
        print_readers(found, utc_now(), if_none=_NOBODY)


@recipients.command("stop")
@config_option
@click.argument("recipient")
@digest_option
@speaks_plainly
def stop(config_path: Path, recipient: str, name: str | None) -> None:
    """Send RECIPIENT nothing more, nor what waits for them.

    An address, or a channel's name. They stay in the configuration;
    `monitor recipients resume` serves them again. Who has left by mail may
    come back by mail, but not after this command.

    \b
    Example:
      monitor recipients stop me@example.org --digest daily
    """
    from monitor.service.recipients import stop as stopped

    changed = _decide(config_path, lambda app, now: stopped(app, recipient, name, now))
    for each in changed:
        click.echo(_stopped(each))
    if not changed:
        click.echo(f"{recipient} was stopped already")


def _stopped(before: Subscription) -> str:
    """What the command means to somebody, who may have left by mail before."""
    told = f"stopped: {before.digest} for {before.recipient}"
    left = "; had left by mail, and cannot come back by mail from now on"
    return told if before.stopped_at is None else told + left


@recipients.command("resume")
@config_option
@click.argument("recipient")
@digest_option
@speaks_plainly
def resume(config_path: Path, recipient: str, name: str | None) -> None:
    """Serve RECIPIENT again, who was stopped, here or by mail.

    \b
    Example:
      monitor recipients resume me@example.org
    """
    from monitor.cli.feedtables import when
    from monitor.service.recipients import resume as resumed

    changed = _decide(config_path, lambda app, now: resumed(app, recipient, name, now))
    for each in changed:
        due = when(each.next_at, utc_now())
        click.echo(f"served again: {each.digest} for {each.recipient}, next {due}")
    if not changed:
        click.echo(f"{recipient} was not stopped")


def _decide(
    config_path: Path, decision: Callable[[App, datetime], Sequence[Subscription]]
) -> Sequence[Subscription]:
    with opened(config_path) as app:
        return decision(app, utc_now())
