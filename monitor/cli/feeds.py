"""The commands about feeds: a group of one module for each kind."""

from __future__ import annotations

import click

from monitor.cli.feedlists import feeds_export


@click.group()
def feeds() -> None:
    """Find, test, add, import and export feeds.

    \b
    Example:
      monitor feeds export feeds.opml
    """


feeds.add_command(feeds_export, "export")
