"""The command that says of a story whether it is wanted, and takes that back."""

from __future__ import annotations

from pathlib import Path

import click

from monitor.cli import shapes
from monitor.cli.common import (
    config_option,
    json_option,
    noticed,
    opened,
    progress,
    speaks_plainly,
    utc_now,
)
from monitor.cli.output import print_json


@click.command()
@click.argument("story", required=False)
@click.argument("answer", required=False, type=click.Choice(["yes", "no"]))
@config_option
@click.option("--topic", help="The topic that is meant; needed where not exactly one matched.")
@click.option("--undo", type=int, metavar="NUMBER", help="Instead, take a verdict back.")
@json_option
@speaks_plainly
def verdict(
    story: str | None,
    answer: str | None,
    config_path: Path,
    topic: str | None,
    undo: int | None,
    as_json: bool,
) -> None:
    """Say that a story is wanted (yes) or not (no); its topic learns from it at once.

    STORY is a number, an address or a piece of the title: of a match, of a near miss, or of a
    story that was missed.

    \b
    Examples:
      monitor verdict 42 yes
      monitor verdict "late goal" no --topic iraq-advisory-mission
      monitor verdict --undo 7
    """
    from monitor.cli import teaching
    from monitor.service import verdicts

    if undo is None and (story is None or answer is None):
        raise click.UsageError("Name a story and say yes or no: monitor verdict 42 yes.")
    if undo is not None and (story is not None or topic is not None):
        raise click.UsageError("--undo stands alone: monitor verdict --undo 7.")
    with opened(config_path) as app, progress(app), noticed():
        if undo is not None:
            given = verdicts.undo(app, undo, utc_now())
        else:
            wanted, now = answer == "yes", utc_now()
            given = verdicts.give(app, story or "", topic, wanted=wanted, origin="command", now=now)
    if as_json:
        print_json(shapes.given(given))
    else:
        teaching.print_given(given)
