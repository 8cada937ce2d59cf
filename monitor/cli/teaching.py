"""How verdicts, and what they move, look in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from shlex import quote
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.markup import escape

from monitor.cli.output import console, put
from monitor.cli.profile import at
from monitor.cli.tables import make_table, terms_table
from monitor.records import Story, Verdict

if TYPE_CHECKING:
    from monitor.service.asking import Question
    from monitor.service.difference import Difference
    from monitor.service.verdicts import Given

WORDS = 8
"""Words named of those that gained, and of those that lost."""
TITLES = 5
"""Stories named of those that match now, and of those that do no more."""


def print_given(it: Given) -> None:
    """What was said, what it moved, and how to take it back."""
    said = it.verdict
    topic, title = escape(it.topic.spec.name), escape(said.title)
    what = f"verdict {said.id}: {_answer(said)} for {topic}, story {said.story_id}: {title}"
    if it.moved is None:
        put(console(), what, "It was given before: nothing changes.")
        return
    lines = [what if said.reverted_at is None else f"taken back: {what}"]
    if it.moved.scores is not None:
        lines.append(f"its score: {_moved(*it.moved.scores)}")
    put(console(), *lines, *_difference(it.moved))
    if said.reverted_at is None:
        put(console(), f"`monitor verdict --undo {said.id}` takes it back.")


def _answer(it: Verdict) -> str:
    return "yes" if it.wanted else "no"


def _moved(before: float, after: float) -> str:
    return f"{before:.4f} -> {after:.4f}"


def _difference(it: Difference) -> Iterator[str]:
    before, after = it.before.threshold, it.after.threshold
    yield f"threshold: {_moved(before.value, after.value)} ({after.kind})"
    rising = [each for each in it.terms if each.gain > 0][:WORDS]
    falling = [each for each in it.terms if each.gain < 0][:WORDS]
    for name, words in (("more weight", rising), ("less weight", falling)):
        told = ", ".join(f"{each.text} {each.gain:+.4f}" for each in words) or "no word"
        yield f"{name}: {escape(told)}"
    yield f"of the newest {it.stories:,} stories of the last 30 days:"
    yield from _stories("only now", it.gained)
    yield from _stories("no more", it.lost)


def _stories(when: str, found: Sequence[Story]) -> Iterator[str]:
    yield f"  {len(found) or 'none'} {'match' if len(found) > 1 else 'matches'} {when}"
    for story in found[:TITLES]:
        yield f"    {story.id} {escape(story.title)}"
    if len(found) > TITLES:
        yield f"    and {len(found) - TITLES} more (--json lists all)"


def print_difference(it: Difference, without: int | None, terms: int) -> None:
    """A topic with verdicts against the same one without: threshold, stories, words."""
    given, name = len(it.after.topic.verdicts), escape(it.after.topic.spec.name)
    out = console()
    if not given:
        put(out, f"No verdict stands for {name}: nothing differs.")
        return
    all_ = f"{given} verdicts" if given > 1 else "verdict"
    what = all_ if without is None else f"verdict {without}"
    put(
        out,
        f"[bold]{name}[/bold] without its {what} -> with",
        *_difference(it),
        "",
        _changes(it, terms),
    )


def _changes(it: Difference, terms: int) -> RenderableType:
    numbers = ("without", "with", "change")
    table = make_table("Shares that changed most", "term", *numbers, right=numbers)
    for each in it.terms[:terms]:
        shares = (f"{each.before:.4f}", f"{each.after:.4f}", f"{each.gain:+.4f}")
        table.add_row(escape(each.text), *shares)
    return table


def print_verdicts(topic: str, given: Sequence[Verdict]) -> None:
    """One line a verdict."""
    if not given:
        put(console(), f"No verdict stands for {escape(topic)}; `monitor verdict` gives one.")
        return
    columns = ("verdict", "given (UTC)", "answer", "by", "taken back", "story", "title")
    table = make_table("", *columns, right=("verdict", "story"))
    for each in given:
        table.add_row(
            str(each.id),
            f"{each.given_at:%Y-%m-%d %H:%M}",
            _answer(each),
            escape(each.origin),
            f"{each.reverted_at:%Y-%m-%d %H:%M}" if each.reverted_at else "",
            str(each.story_id),
            escape(each.title),
        )
    put(console(), table)


def print_question(it: Question) -> None:
    """The story to judge with its reasons, and the command that answers."""
    topic, out = it.topic.spec.name, console()
    if it.asked is None:
        told = f"of {it.stories:,} stories of the last 30 days none is near its threshold and open"
        put(out, f"Nothing to ask about {escape(topic)}: {told}.")
        return
    match, story = it.asked.match, it.asked.story
    table = terms_table(out, "Shares of the score", match.terms)
    put(
        out,
        f"[bold]{escape(story.title)}[/bold]",
        f"{escape(story.source)}, {at(story.published_at)} {escape(story.url or '')}".rstrip(),
        f"score {match.score:.4f}, threshold {it.threshold.value:.4f}: "
        f"one of {it.open:,} open stories",
        *_beginning(story),
        "",
        table,
        "",
        f"Is it about {escape(topic)}?",
        f"  monitor verdict {story.id} yes --topic {escape(quote(topic))}",
        f"  monitor verdict {story.id} no --topic {escape(quote(topic))}",
    )


def _beginning(story: Story) -> list[str]:
    words = story.text.split()
    return [escape(" ".join(words[:40]) + (" ..." if len(words) > 40 else ""))] if words else []
