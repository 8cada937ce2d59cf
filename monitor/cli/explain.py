"""The command that says why: why this story, or why not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from monitor.cli import shapes
from monitor.cli.common import config_option, json_option, noticed, opened, speaks_plainly, utc_now
from monitor.cli.output import console, print_json, put
from monitor.cli.tables import terms_table
from monitor.records import ArticleState, Match, MatchState, Story

if TYPE_CHECKING:
    from monitor.service.explain import Explanation

_CHANGES = {
    "topic": "the topic was changed or learned",
    "threshold": "threshold {then.threshold:.4f} -> {now.threshold:.4f}",
    "background": "background {then.background_version} -> {now.background_version}",
    "story": "the story was edited",
}
_FATES = {
    "waiting": "It was not scored yet; `monitor match` or the service does that.",
    "backlog": "It was in its feed before that was watched: such stories are learned from, and "
    "never matched or mailed.",
    "before": "It was scored on {at}, before this topic became what it is now.",
    "out_of_reach": "It was scored on {at}, and was out of this topic's reach.",
}


@click.command()
@click.argument("story")
@click.argument("topic")
@config_option
@json_option
@speaks_plainly
def explain(story: str, topic: str, config_path: Path, as_json: bool) -> None:
    """Show the terms whose shares add up to a story's score, and if it did not match, why not.

    STORY is a number, an address or a piece of the title; TOPIC is a topic's name.

    \b
    Examples:
      monitor explain 42 iraq-advisory-mission
      monitor explain "advisory role" iraq-advisory-mission --json
    """
    from monitor.service.explain import explain as find_out

    with opened(config_path) as app, noticed():
        told = find_out(app, story, topic, utc_now())
    if as_json:
        print_json(shapes.explanation(told))
    else:
        print_explanation(told)


def print_explanation(told: Explanation) -> None:
    """Title, decision, what stood in the way, and the shares that add up to the score."""
    out, match = console(), told.match
    table = terms_table(out, "Shares of the score", match.terms)
    if match.rest:
        table.add_row("(further terms)", f"{match.rest:.4f}", "")
    table.add_row("sum", f"{sum(term.share for term in match.terms) + match.rest:.4f}", "")
    put(
        out,
        f"[bold]{escape(told.story.title)}[/bold]",
        f"{escape(told.story.source)}, {told.story.published_at:%Y-%m-%d %H:%M} UTC",
        f"{escape(told.topic.spec.name)}: {_decision(match, told.stored is None)}",
        *map(escape, _remarks(told)),
        "",
        table,
        *_missing(told),
    )


def _decision(match: Match, supposed: bool) -> str:
    """What was decided, or ``supposed`` to be had the story been scored as things are."""
    numbers = f"score {match.score:.4f}, threshold {match.threshold:.4f}"
    if match.score < match.threshold:
        return f"no match, {match.threshold - match.score:.4f} short: {numbers}"
    made = "match" if match.state is MatchState.HIT else "refused"
    would = "would match" if match.state is MatchState.HIT else "would be refused"
    return f"{would if supposed else made}, {numbers}"


def _remarks(told: Explanation) -> Iterator[str]:
    """What is to be known beside the numbers, a sentence each."""
    yield from _text(told.story)
    yield from (f"refused by {each}" for each in told.refusals)
    if told.stored is None:
        at = f"{told.scored_at:%Y-%m-%d %H:%M} UTC" if told.scored_at else ""
        yield _FATES[told.fate].format(at=at)
    elif told.changes:
        now = told.now or told.match
        what = "; ".join(_CHANGES[each] for each in told.changes).format(then=told.stored, now=now)
        yield f"Decided on {told.stored.matched_at:%Y-%m-%d %H:%M} UTC ({_scored(told.stored)})."
        yield f"Since then: {what}."
    if told.now is not None:
        yield f"As of now: {_decision(told.now, supposed=True)}."
    current = told.now or told.match
    if 0 < current.score < current.threshold:
        yield f"`threshold: {current.score:.4f}` in the topic's file would let this score in."


def _text(story: Story) -> Iterator[str]:
    """Whose text was scored, where its page was asked for."""
    if story.article is ArticleState.READ:
        yield "Its text was read from its page."
    elif story.article is ArticleState.KEPT:
        yield f"Its text is that of the feed: {story.article_note}."
    elif story.article is ArticleState.WANTED:
        since = f" ({story.article_note})" if story.article_note else ""
        yield f"Its page is to be read first, for an hour at most{since}."


def _scored(match: Match) -> str:
    return f"{match.state}, score {match.score:.4f}, threshold {match.threshold:.4f}"


def _missing(told: Explanation) -> list[str]:
    if not told.missing or told.match.state is MatchState.HIT:
        return []
    words = ", ".join(f"{term.text} {term.share:.4f}" for term in told.missing)
    return ["", f"Heaviest words of the topic that the story lacks: {escape(words)}"]
