"""Commands about topics: list, show, the verdicts given for one, and the next story to judge."""

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
from monitor.cli.lint import lint
from monitor.cli.output import print_json


@click.group()
def topics() -> None:
    """List the topics, show what one is made of or was taught, ask."""


topics.add_command(lint)


@topics.command("list")
@config_option
@json_option
@speaks_plainly
def topics_list(config_path: Path, as_json: bool) -> None:
    """List the topics with threshold and matches of the week.

    \b
    Example:
      monitor topics list
    """
    from monitor.cli import overview
    from monitor.service import views

    with opened(config_path) as app:
        state = views.status(app, utc_now())
    if as_json:
        print_json([shapes.topic_status(each) for each in state.topics])
    else:
        overview.print_topics(state)


@topics.command("show")
@click.argument("name")
@config_option
@click.option(
    "--terms",
    default=30,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="How many of the heaviest terms.",
)
@click.option("--diff", is_flag=True, help="Instead, what all its verdicts changed.")
@click.option("--without", type=int, metavar="NUMBER", help="Instead, what one verdict changes.")
@json_option
@speaks_plainly
def topics_show(
    name: str, config_path: Path, terms: int, diff: bool, without: int | None, as_json: bool
) -> None:
    """Show what a topic's profile is made of: its heaviest terms, its threshold and promise.

    \b
    Examples:
      monitor topics show iraq-advisory-mission
      monitor topics show iraq-advisory-mission --diff          with its verdicts and without
      monitor topics show iraq-advisory-mission --without 7     with verdict 7 and without
    """
    if diff and without is not None:
        raise click.UsageError("--diff and --without exclude each other.")
    if diff or without is not None:
        _show_difference(name, config_path, without, terms, as_json=as_json)
    else:
        _show_profile(name, config_path, terms, as_json=as_json)


def _show_profile(name: str, config_path: Path, terms: int, *, as_json: bool) -> None:
    from monitor.cli import profile
    from monitor.service.profiles import profile as look_up

    with opened(config_path) as app, noticed():
        found = look_up(app, name, terms)
    if as_json:
        print_json(shapes.profile(found))
    else:
        profile.print_profile(found)


def _show_difference(
    name: str, config_path: Path, without: int | None, terms: int, *, as_json: bool
) -> None:
    from monitor.cli import teaching
    from monitor.service.verdicts import compare

    with opened(config_path) as app, progress(app), noticed():
        found = compare(app, name, without, utc_now())
    if as_json:
        print_json(shapes.difference(found))
    else:
        teaching.print_difference(found, without, terms)


@topics.command("verdicts")
@click.argument("name")
@config_option
@click.option("--all", "every", is_flag=True, help="Those that were taken back, too.")
@json_option
@speaks_plainly
def topics_verdicts(name: str, config_path: Path, every: bool, as_json: bool) -> None:
    """List the verdicts that a topic has learned from, oldest first.

    \b
    Examples:
      monitor topics verdicts iraq-advisory-mission
      monitor topics verdicts iraq-advisory-mission --all
    """
    from monitor.cli import teaching
    from monitor.service.verdicts import history

    with opened(config_path) as app:
        topic, given = history(app, name)
    shown = [each for each in given if every or each.reverted_at is None]
    if as_json:
        print_json([shapes.verdict(each) for each in shown])
    else:
        teaching.print_verdicts(topic.spec.name, shown)


@topics.command("ask")
@click.argument("name")
@config_option
@json_option
@speaks_plainly
def topics_ask(name: str, config_path: Path, as_json: bool) -> None:
    """Show the one story of which a verdict would teach the topic most.

    \b
    Example:
      monitor topics ask iraq-advisory-mission
    """
    from monitor.cli import teaching
    from monitor.service.asking import ask

    with opened(config_path) as app, noticed():
        found = ask(app, name, utc_now())
    if as_json:
        print_json(shapes.question(found))
    else:
        teaching.print_question(found)
