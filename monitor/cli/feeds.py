"""The commands about feeds: a group of one module for each kind."""

from __future__ import annotations

import click

from monitor.cli.feedadd import feeds_add
from monitor.cli.feedlists import feeds_export, feeds_import
from monitor.cli.feedstate import feeds_list, feeds_log, feeds_release, feeds_retry
from monitor.cli.feedtest import feeds_test


@click.group()
def feeds() -> None:
    """Find, test, add, import and export feeds.

    \b
    Examples:
      monitor feeds add example.org
      monitor feeds list
      monitor feeds log --failed
      monitor feeds import subscriptions.opml
    """


feeds.add_command(feeds_add)
feeds.add_command(feeds_list)
feeds.add_command(feeds_log)
feeds.add_command(feeds_release)
feeds.add_command(feeds_retry)
feeds.add_command(feeds_test)
feeds.add_command(feeds_import)
feeds.add_command(feeds_export)
