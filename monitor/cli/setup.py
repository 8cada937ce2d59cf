"""Commands of the first day: init, check, demo."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli import shapes
from monitor.cli.common import (
    FAILED,
    USAGE,
    config_option,
    json_option,
    progress,
    speaks_plainly,
    utc_now,
)
from monitor.cli.output import print_json
from monitor.errors import ConfigError

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
    monitor_yaml = folder / "monitor.yaml"
    click.echo(f"Next: edit feeds.yaml and the topic, then `{_check_of(monitor_yaml)}`.")


def _check_of(path: Path) -> str:
    if path == Path("monitor.yaml"):
        return "monitor check"
    return f"monitor check -c {shlex.quote(str(path))}"


@click.command()
@config_option
@click.option("--feeds", is_flag=True, help="Also fetch and read each feed and seed page once.")
@click.option("--mail", is_flag=True, help="Also reach mail server and channels; send nothing.")
@click.option("--show", is_flag=True, help="Only print what was understood, secrets hidden.")
@json_option
@speaks_plainly
def check(config_path: Path, feeds: bool, mail: bool, show: bool, as_json: bool) -> None:
    """Validate the configuration; name file, line, key and remedy of each problem.

    No story is stored and nothing is sent. Exits with 2 for a configuration that is not valid, with
    1 if a feed, seed page, mail server or channel fails.

    \b
    Examples:
      monitor check
      monitor check --feeds --mail
      monitor check --show > understood.yaml
    """
    if show and (as_json or feeds or mail):
        raise click.UsageError("--show stands alone: it prints YAML and tries nothing.")
    if show:
        _show(config_path)
    else:
        _tell(_findings(config_path, feeds=feeds, mail=mail, as_json=as_json), as_json=as_json)


def _show(config_path: Path) -> None:
    from monitor.config import load

    click.echo(load(config_path).show(), nl=False)


def _findings(config_path: Path, *, feeds: bool, mail: bool, as_json: bool) -> list[Finding]:
    from monitor.config import load
    from monitor.service import checks

    try:
        findings = [*checks.configuration(load(config_path))]
        return findings + (_try(config_path, feeds=feeds, mail=mail) if feeds or mail else [])
    except ConfigError as error:
        if as_json:  # a program reads problems where it reads findings
            print_json([_problem(each) for each in error.problems])
            sys.exit(USAGE)
        raise


def _problem(told: str) -> dict[str, object]:
    return {"what": "configuration", "ok": False, "told": told, "level": "error"}


def _tell(findings: list[Finding], *, as_json: bool) -> None:
    if as_json:
        print_json([shapes.finding(each) for each in findings])
    else:
        for each in findings:
            click.echo(f"{_mark(each)} {each.what}: {each.told}")
    if not all(each.ok for each in findings):
        sys.exit(FAILED)


def _mark(it: Finding) -> str:
    """``FAIL``, ``ok``, or how much advice matters, in four signs."""
    if not it.ok:
        return "FAIL"
    return {"warning": "warn", "note": "note"}.get(it.level or "", "ok  ")


def _try(config_path: Path, *, feeds: bool, mail: bool) -> list[Finding]:
    from monitor.cli.common import opened
    from monitor.service import checks

    # not synced: a configuration that is only tried must not become that of a running service
    with opened(config_path, synced=False) as app, progress(app):
        return [
            *(checks.try_pages(app) if feeds else ()),
            *(checks.try_feeds(app) if feeds else ()),
            *(checks.try_ways(app) if mail else ()),
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
