"""The commands that carry lists of feeds in and out, as OPML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.common import config_option, json_option, speaks_plainly, utc_now
from monitor.cli.output import print_json
from monitor.errors import ConfigError, ParseError

if TYPE_CHECKING:
    from monitor.config import FeedSettings, Settings
    from monitor.service.subscribe import ImportPlan

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


@click.command("import")
@click.argument(
    "source", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@config_option
@click.option("--dry-run", is_flag=True, help="Only say what would be added.")
@json_option
@speaks_plainly
def feeds_import(source: Path, config_path: Path, dry_run: bool, as_json: bool) -> None:
    """Add the feeds of an OPML file to the feeds' file; folders become tags.

    What is there already is left as it is. No feed is fetched; `monitor check --feeds` tries them.

    \b
    Examples:
      monitor feeds import subscriptions.opml --dry-run
      monitor feeds import subscriptions.opml
    """
    from monitor.config import load

    settings = load(config_path)
    plan = _plan(settings, source)
    if plan.new and not dry_run:
        add_entries(settings, plan.new)
    if as_json:
        print_json(_shape(plan, added=not dry_run))
    else:
        _print(plan, settings.main.feeds, added=not dry_run)


def _plan(settings: Settings, source: Path) -> ImportPlan:
    from monitor.ingest import opml
    from monitor.service.subscribe import plan_import

    with source.open("rb") as file:
        body = file.read(opml.MAX_BYTES + 1)
    try:
        return plan_import(settings, body)
    except ParseError as error:
        raise ParseError(f"{source}: {error}") from error


def add_entries(settings: Settings, entries: Sequence[FeedSettings]) -> None:
    """Add entries to the owner's file; where that cannot be done, print what to write there."""
    from monitor.config.editing import append_feeds, written_by_hand

    try:
        append_feeds(settings.main.feeds, entries)
    except ConfigError:
        click.echo(written_by_hand(entries), nl=False)
        raise


def _shape(plan: ImportPlan, *, added: bool) -> dict[str, object]:
    return {
        "added": added,
        "new": [_entry(each) for each in plan.new],
        "known": plan.known,
        "refused": plan.refused,
        "pages": plan.pages,
        "fault": plan.fault,
    }


def _entry(feed: FeedSettings) -> dict[str, object]:
    return {"url": feed.url, "title": feed.title, "tags": feed.tags, "enabled": feed.enabled}


def _print(plan: ImportPlan, target: Path, *, added: bool) -> None:
    _lines("new    ", (_line(each) for each in plan.new))
    _lines("known  ", plan.known)
    _lines("refused", plan.refused)
    _lines("no feed", plan.pages)
    if plan.fault:
        told = f"the list is no well-formed XML ({plan.fault}); what could be read was"
        click.echo(f"monitor: {told}", err=True)
    done = f"added to {target}" if added else "would be added"
    left = f"{len(plan.known):,} known, {len(plan.refused):,} refused"
    click.echo(f"{len(plan.new):,} {done}; {left}, {len(plan.pages):,} without a feed")


def _lines(what: str, lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(f"{what}  {line}")


def _line(feed: FeedSettings) -> str:
    tags = f"  [{', '.join(feed.tags)}]" if feed.tags else ""
    off = "" if feed.enabled else "  (switched off)"
    return f"{feed.title or 'its own title'}  {feed.url}{tags}{off}"
