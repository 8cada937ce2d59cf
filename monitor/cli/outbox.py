"""Messages on their way, and those that were given up, on the command line."""

from __future__ import annotations

from pathlib import Path

import click

from monitor.cli import shapes
from monitor.cli.common import config_option, json_option, opened, speaks_plainly, utc_now
from monitor.cli.output import print_json

_EMPTY = "Nothing waits, and nothing was given up."

number_argument = click.argument("number", type=click.IntRange(1))


@click.group()
def outbox() -> None:
    """List what waits or was given up, and decide about it.

    \b
    Examples:
      monitor outbox list
      monitor outbox retry 7
    """


@outbox.command("list")
@config_option
@click.option("--all", "every", is_flag=True, help="Also what was sent.")
@click.option(
    "--limit",
    default=50,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    help="At most so many.",
)
@json_option
@speaks_plainly
def list_messages(config_path: Path, every: bool, limit: int, as_json: bool) -> None:
    """List messages that wait or were given up, newest first.

    \b
    Example:
      monitor outbox list
    """
    from monitor.cli.mailtables import print_messages
    from monitor.service.messages import listing

    with opened(config_path) as app:
        found = listing(app, sent=every, limit=limit)
    if as_json:
        print_json([shapes.message(each) for each in found])
    else:
        print_messages(found, utc_now(), if_none=_EMPTY)


@outbox.command("retry")
@config_option
@number_argument
@speaks_plainly
def retry(config_path: Path, number: int) -> None:
    """Send a message again that was given up: the same bytes.

    NUMBER is in `monitor outbox list`.

    \b
    Example:
      monitor outbox retry 7 && monitor deliver
    """
    from monitor.service.messages import retry as retried

    with opened(config_path) as app:
        item = retried(app, number, utc_now())
    click.echo(f"goes again at the next delivery: {item.digest} for {item.message.recipient}")


@outbox.command("drop")
@config_option
@number_argument
@speaks_plainly
def drop(config_path: Path, number: int) -> None:
    """Give up a message that waits; what it tells counts as told.

    \b
    Example:
      monitor outbox drop 7
    """
    from monitor.service.messages import drop as dropped

    with opened(config_path) as app:
        item = dropped(app, number, utc_now())
    click.echo(f"dropped: {item.digest} for {item.message.recipient}")
