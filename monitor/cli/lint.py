"""The command that looks for what could be better about topics."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli import shapes
from monitor.cli.common import (
    FAILED,
    config_option,
    json_option,
    noticed,
    progress,
    speaks_plainly,
    trying,
    utc_now,
)
from monitor.cli.output import print_json

if TYPE_CHECKING:
    from monitor.service.advice import Advice


@click.command()
@click.argument("name", required=False)
@config_option
@json_option
@speaks_plainly
def lint(name: str | None, config_path: Path, as_json: bool) -> None:
    """Look for what could be better about the topics, or about the topic NAME.

    Seeds that are short, common, doubled or not the story they should be; rules that let nothing
    pass; topics that overlap, flood, or fell silent. Exits with 1 if a topic can match nothing.

    \b
    Examples:
      monitor topics lint
      monitor topics lint iraq-advisory-mission --json
    """
    from monitor.service.lint import lint as look

    with trying(config_path) as app, progress(app), noticed():
        found = look(app, name, utc_now())
    if as_json:
        print_json([shapes.advice(each) for each in found])
    else:
        _print(found)
    if any(each.level == "error" for each in found):
        sys.exit(FAILED)


def _print(found: tuple[Advice, ...]) -> None:
    for each in found:
        click.echo(f"{each.level:7} topic {each.topic}: {each.told}")
    if not found:
        click.echo("Nothing to better was found.")
