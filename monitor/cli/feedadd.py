"""The command that finds the feed of an address, shows what it would yield, and adds it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from monitor.cli.common import (
    config_option,
    noticed,
    progress,
    speaks_plainly,
    trying,
    utc_now,
)
from monitor.cli.feedlists import add_entries
from monitor.cli.feedtest import print_yields, sample_lines
from monitor.cli.output import console, put
from monitor.errors import MonitorError
from monitor.records import FeedSpec

if TYPE_CHECKING:
    from monitor.service.app import App
    from monitor.service.search import Candidate


@click.command("add")
@click.argument("url")
@config_option
@click.option("--title", default="", help="What it is called here.  [default: its own title]")
@click.option("--tag", "tags", multiple=True, help="A tag of yours; may be given several times.")
@click.option("--choose", type=click.IntRange(1), metavar="N", help="Take the Nth and do not ask.")
@click.option("--yes", is_flag=True, help="Do not ask; of several feeds take the first.")
@click.option("--dry-run", is_flag=True, help="Only show what it would yield.")
@speaks_plainly
def feeds_add(
    url: str,
    config_path: Path,
    title: str,
    tags: tuple[str, ...],
    choose: int | None,
    yes: bool,
    dry_run: bool,
) -> None:
    """Find the feed of a site, show what it would yield, and add it to the feeds' file.

    URL is a feed, or a page that names its feed; some usual addresses are tried, too. Nothing is
    stored before you agree.

    \b
    Examples:
      monitor feeds add example.org --dry-run
      monitor feeds add https://example.org/blog --tag world --yes
      monitor feeds add https://example.org --choose 2
    """
    sure = yes or choose is not None
    spec = FeedSpec(url=_address(url), title=title, tags=tags)
    with trying(config_path) as app, noticed():
        _check_new(app, spec.url)
        found = _chosen(app, spec, choose, sure=sure or dry_run)
        _check_new(app, found.link.url)
        _show(app, replace(spec, url=found.link.url), found)
        if not dry_run and _agreed(sure=sure):
            _add(app, spec, found)


def _address(text: str) -> str:
    from monitor.service.subscribe import address

    found = address(text)
    if found is None:
        raise click.BadParameter(f"{text!r} is no web address; write one like example.org")
    return found


def _check_new(app: App, url: str) -> None:
    from monitor.ingest.urls import canonical_url
    from monitor.service.subscribe import known_addresses

    if canonical_url(url) in known_addresses(app.settings):
        target = app.settings.main.feeds
        raise MonitorError(f"{url} is in {target} already; `monitor feeds test` tells how it fares")


def _chosen(app: App, spec: FeedSpec, choose: int | None, *, sure: bool) -> Candidate:
    """The feed to add, read: the only one, that of the given number, or the one asked for."""
    from monitor.service.search import find, look

    with progress(app):
        found = find(app, spec, utc_now())
    if len(found) > 1:
        click.echo(f"{spec.url} has {len(found)} feeds:")
        for number, each in enumerate(found, start=1):
            click.echo(f"{number:3}  {_told(each)}")
    number = choose or (_ask(len(found)) if len(found) > 1 and not sure else 1)
    if number > len(found):
        raise click.UsageError(f"there is no feed {number}: {len(found)} found at {spec.url}")
    chosen = found[number - 1]
    return chosen if chosen.sample else look(app, spec, chosen.link, utc_now())


def _told(each: Candidate) -> str:
    kind = f" ({each.link.kind})" if each.link.kind else ""
    return f"{each.link.title or 'without a title'}{kind}  {each.link.url}"


def _ask(count: int) -> int:
    _check_terminal("--choose N")
    number: int = click.prompt("Which one", type=click.IntRange(1, count), default=1)
    return number


def _check_terminal(instead: str) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError(f"there is no terminal to ask on; say {instead}")


def _show(app: App, spec: FeedSpec, found: Candidate) -> None:
    from monitor.service.trial import yields

    if found.sample is not None:
        put(console(), f"[bold]{escape(spec.url)}[/bold]", *sample_lines(found.sample))
        print_yields(yields(app, found.sample.stories, utc_now()))


def _agreed(*, sure: bool) -> bool:
    if sure:
        return True
    _check_terminal("--yes")
    return click.confirm("Add it?", default=True)


def _add(app: App, spec: FeedSpec, found: Candidate) -> None:
    from monitor.config.editing import feed_entry

    own = found.sample.title if found.sample else ""
    entry = feed_entry(found.link.url, title=spec.title or own, tags=spec.tags)
    add_entries(app.settings, [entry])
    click.echo(f"added to {app.settings.main.feeds}: {entry.title or entry.url}")
