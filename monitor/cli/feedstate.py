"""Commands about the feeds at hand: how they fare, what was asked, and what their owner decides."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli import shapes
from monitor.cli.common import config_option, json_option, opened, span, speaks_plainly, utc_now
from monitor.cli.output import print_json
from monitor.errors import MonitorError

if TYPE_CHECKING:
    from monitor.records import Feed

_NOTHING_ASKED = "No such fetch is in the log, which goes back 14 days and 300 fetches a feed."


@click.command("list")
@config_option
@click.option("--ill", is_flag=True, help="Only those of which there is something to say.")
@json_option
@speaks_plainly
def feeds_list(config_path: Path, ill: bool, as_json: bool) -> None:
    """List all feeds: number, how often each is asked and brings news, and its health in words.

    \b
    Examples:
      monitor feeds list
      monitor feeds list --ill
    """
    from monitor.cli.feedtables import print_feeds
    from monitor.service import views
    from monitor.service.health import State

    with opened(config_path) as app:
        found = views.feeds_health(app, utc_now())
    if ill:
        well = (State.FINE, State.NEW, State.DISABLED)
        found = tuple(each for each in found if each.state not in well)
    if as_json:
        print_json([shapes.feed(each) for each in found])
    else:
        print_feeds(found, utc_now())


@click.command("log")
@click.argument("feed", required=False)
@config_option
@click.option("--failed", is_flag=True, help="Only what went wrong.")
@click.option("--since", callback=span, help="How far back: a number with s, m, h, d or w.")
@click.option(
    "--limit",
    default=50,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    help="At most so many.",
)
@json_option
@speaks_plainly
def feeds_log(
    feed: str | None,
    config_path: Path,
    failed: bool,
    since: timedelta | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show every request for a feed, or for all of them, the newest first.

    FEED is its number, its address, its title or a piece of that. The log goes back 14 days, at
    most 300 fetches a feed.

    \b
    Examples:
      monitor feeds log
      monitor feeds log "Example Wire" --since 2d
      monitor feeds log --failed --limit 200
    """
    from monitor.cli.feedtables import print_log
    from monitor.service import views

    with opened(config_path) as app:
        asked = None if feed is None else views.find_feed(app, feed)
        start = None if since is None else utc_now() - since
        found = views.fetch_log(app, asked, failed=failed, since=start, limit=limit)
    if as_json:
        print_json([shapes.fetch(each) for each in found])
    else:
        print_log(found, if_none=_NOTHING_ASKED)


@click.command("release")
@click.argument("feed")
@config_option
@click.option("--discard", is_flag=True, help="They are known from now on, and never mailed.")
@speaks_plainly
def feeds_release(feed: str, config_path: Path, discard: bool) -> None:
    """Let the stories of a feed go that wait because old ones came again all at once.

    They are matched and mailed like news; with --discard they never are.

    \b
    Examples:
      monitor feeds release 7
      monitor feeds release "Example Wire" --discard
    """
    from monitor.service import views
    from monitor.store import feeds

    with opened(config_path) as app:
        asked = views.find_feed(app, feed)
        count = feeds.settle_held(app.database, asked.id, wanted=not discard)
    if not count:
        raise MonitorError(f"{asked.title}: no story waits; `monitor feeds list` tells which do")
    stories = "1 story" if count == 1 else f"{count:,} stories"
    fate = "discarded, and never mailed" if discard else "released; the next step matches them"
    click.echo(f"{asked.title}: {stories} {fate}")


@click.command("retry")
@click.argument("feed")
@config_option
@speaks_plainly
def feeds_retry(feed: str, config_path: Path) -> None:
    """Ask a feed again at once, be it gone for good or waiting after failures.

    It is asked at the address in feeds.yaml, wherever it was redirected to.

    \b
    Example:
      monitor feeds retry 7
    """
    from monitor.service import views
    from monitor.store import feeds

    with opened(config_path) as app:
        asked = views.find_feed(app, feed)
        if not asked.spec.enabled:
            raise MonitorError(f"{asked.title}: it is not enabled in feeds.yaml, so nobody asks it")
        feeds.revive(app.database, asked.id, utc_now())
    click.echo(f"{asked.title}: {_was(asked)}; it is due now (`monitor poll` asks it at once)")


def _was(feed: Feed) -> str:
    if feed.gone_at is not None:
        return f"it was gone since {feed.gone_at:%Y-%m-%d %H:%M} UTC"
    if feed.failing_since is not None:
        return f"it was failing since {feed.failing_since:%Y-%m-%d %H:%M} UTC"
    return "nothing was wrong with it"
