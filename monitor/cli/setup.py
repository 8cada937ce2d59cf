"""Commands of the first day: init, check, demo."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.common import (
    FAILED,
    config_option,
    json_option,
    print_json,
    progress,
    speaks_plainly,
    utc_now,
)

if TYPE_CHECKING:
    from monitor.service.checks import Finding


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@speaks_plainly
def init(folder: Path) -> None:
    """Write monitor.yaml, feeds.yaml and a topic with its seed, all commented, into FOLDER.

    Nothing that is there is overwritten.

    \b
    Example:
      monitor init my-monitor
    """
    from monitor.config import write_examples

    for path in write_examples(folder):
        click.echo(f"wrote {path}")
    click.echo("Next: edit feeds.yaml and the topic, then `monitor check`.")


@click.command()
@config_option
@click.option("--feeds", is_flag=True, help="Also fetch and read each feed once; store nothing.")
@click.option("--mail", is_flag=True, help="Also reach the mail server or folder; send nothing.")
@click.option("--show", is_flag=True, help="Print what was understood, secrets hidden.")
@json_option
@speaks_plainly
def check(config_path: Path, feeds: bool, mail: bool, show: bool, as_json: bool) -> None:
    """Validate the configuration; name file, line, key and remedy of each problem.

    \b
    Examples:
      monitor check
      monitor check --feeds --mail
    """
    from monitor.config import load
    from monitor.service import checks

    settings = load(config_path)
    if show:
        click.echo(settings.show())
    findings = [*checks.configuration(settings)]
    if feeds or mail:
        findings += _try(config_path, feeds=feeds, mail=mail)
    if as_json:
        print_json(findings)
    else:
        for each in findings:
            click.echo(f"{'ok  ' if each.ok else 'FAIL'} {each.what}: {each.told}")
    if not all(each.ok for each in findings):
        sys.exit(FAILED)


def _try(config_path: Path, *, feeds: bool, mail: bool) -> list[Finding]:
    from monitor.cli.common import opened
    from monitor.service import checks

    with opened(config_path) as app, progress(app):
        return [
            *(checks.try_feeds(app) if feeds else ()),
            *(checks.try_mail(app) if mail else ()),
        ]


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-output"),
    show_default=True,
    help="Where configuration, database and mails go; made anew.",
)
@speaks_plainly
def demo(folder: Path) -> None:
    """Show the whole walk on sample feeds served from this machine; needs no set-up.

    A real HTTP server on loopback, the same code path as the service, a digest at the end.

    \b
    Example:
      monitor demo
    """
    from monitor.demo import run_demo

    run_demo(folder, utc_now(), click.echo)
