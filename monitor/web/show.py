"""What the pages show, every text final; and the templates that show it. The jinja2 of web."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from shlex import quote
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from monitor.matching.changes import TermChange
from monitor.notify.lines import clean_line, shorten
from monitor.notify.wording import (
    count,
    direction,
    language_tag,
    local_time,
    marked,
    reason_words,
    safe_link,
    score_words,
)
from monitor.records import Story, Subscription, ThresholdKind, Verdict
from monitor.service.answers import Asked, command_for, may_return
from monitor.service.difference import Difference
from monitor.service.verdicts import Given

WORDS = 8
"""Words named of those that gained, and of those that lost."""
TITLES = 5
"""Stories named of those that match now, and of those that do no more."""
_TITLE, _SNIPPET, _SOURCE = 300, 600, 100
_ANSWERS = {True: "More like this", False: "Not this"}
_KINDS = {
    ThresholdKind.ABSOLUTE: "as the topic's file says",
    ThresholdKind.DEFAULT: "the default until enough stories were read",
    ThresholdKind.CALIBRATED: "chosen from your own stories",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A story in a line or two."""

    title: str
    link: str | None
    direction: str
    language: str | None
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A button: what it sends and says; ``first``: it was chosen in the mail."""

    name: str
    value: str
    label: str
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stories:
    """Some of the stories that match only now, or no more; ``more``: how many are not named."""

    heading: str
    items: tuple[Item, ...]
    more: int


def question_page(it: Asked, *, wanted: bool) -> str:
    """A story, why it was told, and a button for each answer, that of the mail first."""
    return rendered(
        "question.html",
        title="More like this?",
        topic=clean_line(it.topic.spec.name),
        item=_asked_item(it),
        snippet=_snippet(it.story),
        reason=reason_words(it.match, WORDS) if it.match else "",
        score=score_words(it.match) if it.match else "",
        standing=_standing(it.standing, it.zone),
        choices=choices(wanted) if it.story is not None else (),
        undo=it.standing.id if it.standing else None,
        digest=clean_line(it.reader.digest),
        command=_command(it, wanted),
    )


def choices(wanted: bool) -> tuple[Choice, ...]:
    """Both answers, that of the mail first."""
    return tuple(
        Choice(
            name="answer",
            value="more" if each else "less",
            label=_ANSWERS[each],
            first=each is wanted,
        )
        for each in (wanted, not wanted)
    )


def outcome_page(it: Given, *, wanted: bool) -> str:
    """What was said or taken back, and what that moved."""
    undone = it.verdict.reverted_at is not None
    return rendered(
        "outcome.html",
        title="Taken back" if undone else f"Your answer: {_ANSWERS[it.verdict.wanted].lower()}",
        topic=clean_line(it.topic.spec.name),
        item=item_of(it.verdict.title, it.verdict.url, it.verdict.language, it.verdict.text),
        undone=undone,
        moved=it.moved,
        facts=tuple(_facts(it.moved)) if it.moved else (),
        words=tuple(_words(it.moved)) if it.moved else (),
        stories=tuple(_stories(it.moved)) if it.moved else (),
        undo=None if undone else it.verdict.id,
        choices=choices(wanted) if undone else (),
        command=f"monitor topics verdicts {quote(it.topic.spec.name)}",
    )


def leave_page(reader: Subscription, *, stopped: bool, done: str = "") -> str:
    """The question whether a digest is to end, or that it has, with the way back."""
    title = "No more of these mails" if stopped else done or "Unsubscribe?"
    return rendered(
        "leave.html",
        title=title,
        digest=clean_line(reader.digest),
        recipient=clean_line(reader.recipient),
        stopped=stopped,
        may_return=may_return(reader),
        done=done,
    )


def plain_page(title: str, told: str, command: str | None = None) -> str:
    """What cannot be done, why, and what can be done instead."""
    return rendered("plain.html", title=title, told=told, command=command)


@cache
def style_hash() -> str:
    """The hash by which the policy of a page lets its style pass, and no other."""
    return f"sha256-{b64encode(sha256(_style().encode()).digest()).decode()}"


def rendered(template: str, **values: object) -> str:
    """Return the page that a template makes of what it shows."""
    return _templates().get_template(template).render(style=_style(), **values)


def _asked_item(it: Asked) -> Item:
    """The story, or what a verdict kept of one that was forgotten."""
    known = it.story or it.standing
    if known is None:
        raise ValueError("a question is of a story, or of what was said of it")
    told = source_and_time(it.story, it.zone) if it.story is not None else ""
    return item_of(known.title, known.url, known.language, known.text, told)


def source_and_time(story: Story, zone: ZoneInfo) -> str:
    """Return who published a story, and when by the reader's clock."""
    source, when = marked(shorten(story.source, _SOURCE)), local_time(story.published_at, zone)
    return f"{source} · {when}" if source else when


def item_of(title: str, url: str | None, language: str | None, text: str, told: str = "") -> Item:
    """Return a story as a page shows it; without a title by the beginning of its text."""
    shown = shorten(clean_line(title) or text, _TITLE) or "Untitled story"
    return Item(
        title=shown,
        link=safe_link(url),
        direction=direction(shown),
        language=language_tag(language),
        told=told,
    )


def _snippet(story: Story | None) -> str:
    return shorten(story.text, _SNIPPET) if story is not None and story.title else ""


def _standing(verdict: Verdict | None, zone: ZoneInfo) -> str:
    if verdict is None:
        return ""
    by = "by a command" if verdict.origin == "command" else "from a mail"
    return (
        f"“{_ANSWERS[verdict.wanted]}”, said {by} on {verdict.given_at.astimezone(zone):%d %B %Y}"
    )


def _command(it: Asked, wanted: bool) -> str:
    if it.story is None:
        return f"monitor verdict --undo {it.standing.id}" if it.standing else ""
    return command_for(it.story, it.topic, wanted=wanted)


def _facts(it: Difference) -> Iterator[tuple[str, str]]:
    before, after = it.before.threshold, it.after.threshold
    if it.scores is not None:
        yield "Score of this story", _moved(*it.scores)
    yield "Threshold", f"{_moved(before.value, after.value)}, {_KINDS[after.kind]}"
    told = f"of the newest {count(it.stories, 'story', 'stories')} of the last 30 days"
    yield "Match only now", f"{len(it.gained) or 'none'} {told}"
    yield "Match no more", f"{len(it.lost) or 'none'} {told}"


def _moved(before: float, after: float) -> str:
    """Four digits, or that nothing moved as far as these tell."""
    old, new = f"{before:.4f}", f"{after:.4f}"
    return new if old == new else f"{old} → {new}"


def _words(it: Difference) -> Iterator[tuple[str, tuple[str, ...]]]:
    rising = tuple(_word(each) for each in it.terms if each.gain > 0)[:WORDS]
    falling = tuple(_word(each) for each in it.terms if each.gain < 0)[:WORDS]
    yield "More weight", rising
    yield "Less weight", falling


def _word(it: TermChange) -> str:
    return shorten(clean_line(it.text), 40)


def _stories(it: Difference) -> Iterator[Stories]:
    yield _some("They match only now", it.gained)
    yield _some("They match no more", it.lost)


def _some(heading: str, found: Sequence[Story]) -> Stories:
    named = tuple(
        item_of(each.title, each.url, each.language, each.text) for each in found[:TITLES]
    )
    return Stories(
        heading=heading,
        items=named,
        more=max(0, len(found) - TITLES),
    )


@cache
def _style() -> str:
    return (files("monitor.web") / "templates" / "style.css").read_text(encoding="utf-8")


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("monitor.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
