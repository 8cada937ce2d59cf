"""The commands that carry lists of feeds in and out, as OPML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.common import config_option, speaks_plainly, utc_now

if TYPE_CHECKING:
    from monitor.config import Settings

TITLE = "Feeds of newsmonitor"


@click.command("export")
@click.argument("target", required=False, metavar="[FILE]", type=click.Path(path_type=Path))
@config_option
@speaks_plainly
def feeds_export(target: Path | None, config_path: Path) -> None:
    """Write the feeds as OPML, to FILE or to standard output; tags become folders.

    Headers, users and proxies stay here. A feed that is switched off is marked as a comment.

    \b
    Example:
      monitor feeds export feeds.opml
    """
    from monitor.config import load

    document = _document(load(config_path))
    if target is None:
        click.echo(document, nl=False)
    else:
        target.write_bytes(document)


def _document(settings: Settings) -> bytes:
    from monitor.ingest import opml

    listed = (
        opml.Listed(url=each.url, title=each.title or "", tags=each.tags, enabled=each.enabled)
        for each in settings.feeds
    )
    return opml.write(listed, TITLE, utc_now())
