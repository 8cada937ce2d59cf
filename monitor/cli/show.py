"""Commands that show: status, matches."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli import shapes
from monitor.cli.common import (
    FAILED,
    config_option,
    json_option,
    opened,
    speaks_plainly,
    utc_now,
)
from monitor.cli.output import print_json

_NOTHING_MATCHED = "No such match; `monitor matches --state near` shows what came close."
_NOTHING_CUT = "No digest left a story out."

if TYPE_CHECKING:
    from monitor.service.views import Status


@click.command()
@config_option
@json_option
@click.option("--all", "every", is_flag=True, help="Every feed, also disabled ones.")
@click.option("--check", is_flag=True, help="Only say if the service lives; exit with 1 if not.")
@speaks_plainly
def status(config_path: Path, as_json: bool, every: bool, check: bool) -> None:
    """Show feeds (health, last, next), topics (matches, threshold), digests, outbox, service.

    Feeds that fail come first; of many feeds, the first 30 are shown.

    \b
    Examples:
      monitor status
      monitor status --all
      monitor status --check     for a health check: is the service alive?
    """
    from monitor.cli import overview
    from monitor.service import views

    with opened(config_path, synced=not check) as app:
        state = views.status(app, utc_now())
    if check:
        _check(state)
    elif as_json:
        print_json(shapes.status(state))
    else:
        overview.print_status(state, utc_now(), every=every)


def _check(state: Status) -> None:
    if state.late:
        steps = ", ".join(state.late)
        click.echo(f"late: no sign of life from: {steps}; is `monitor run` running?", err=True)
        sys.exit(FAILED)
    click.echo("ok")


@click.command()
@config_option
@click.option("--topic", help="Only this topic.")
@click.option(
    "--state",
    "states",
    multiple=True,
    default=("hit",),
    show_default=True,
    type=click.Choice(["hit", "near", "vetoed"]),
    help="May be given several times.",
)
@click.option("--days", type=click.FloatRange(0, 36_500), help="Only those of so many days.")
@click.option(
    "--limit",
    default=100,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    help="At most so many.",
)
@click.option("--cut", is_flag=True, help="Instead, what the caps of digests left out.")
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@speaks_plainly
def matches(
    config_path: Path,
    topic: str | None,
    states: tuple[str, ...],
    days: float | None,
    limit: int,
    cut: bool,
    as_json: bool,
    as_csv: bool,
) -> None:
    """List matches, newest first, or export them.

    \b
    Examples:
      monitor matches --days 7
      monitor matches --state near --state vetoed      what was just not mailed
      monitor matches --cut                            what was too much for a digest
      monitor matches --csv > matches.csv
    """
    from monitor.cli import tables
    from monitor.service import views

    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other.")
    since: datetime | None = utc_now() - timedelta(days=days) if days is not None else None
    with opened(config_path) as app:
        if cut:
            found = views.left_out(app, topic=topic, since=since, limit=limit)
        else:
            found = views.listing(app, topic=topic, states=states, since=since, limit=limit)
    if as_json:
        print_json([shapes.matched(each) for each in found])
    elif as_csv:
        tables.write_csv(found, sys.stdout)
    else:
        tables.print_matches(found, if_none=_NOTHING_CUT if cut else _NOTHING_MATCHED)
