"""`monitor status` in a terminal: what needs a person comes first."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from monitor.cli.feedtables import ROWS, feeds_overview, when
from monitor.cli.mailtables import happened, next_told
from monitor.cli.output import console, put
from monitor.cli.tables import expected, make_table
from monitor.records import ThresholdKind

if TYPE_CHECKING:
    from monitor.service.views import RecipientStatus, Status, TopicStatus


def print_status(state: Status, now: datetime, *, every: bool) -> None:
    """Feeds, topics, digests, outbox, and whether the service lives."""
    put(
        console(),
        *feeds_overview(state.feeds, now, every=every),
        "",
        *_topics(state),
        "",
        *_digests(state, now),
        "",
        *_messages(state, now),
        *_facts(state),
    )


def print_topics(state: Status) -> None:
    """Each topic with its threshold and what it matched this week."""
    put(console(), *_topics(state))


def _topics(state: Status) -> list[RenderableType]:
    numbers = ("threshold", "alerts a week", "matches in 7 days", "near")
    table = make_table("Topics", "topic", "threshold", "set by", *numbers[1:], right=numbers)
    for each in state.topics:
        table.add_row(escape(each.topic.spec.name), *_limit(each), str(each.week), str(each.near))
    for name in state.without_seed:
        table.add_row(escape(name), "", "waits for its seed page", "", "", "")
    return [table]


def _limit(topic: TopicStatus) -> tuple[str, str, str]:
    """The threshold, what set it, and how many alerts a week it lets expect."""
    threshold, written = topic.threshold, topic.topic.spec.threshold
    if threshold is None:
        return (
            ("", "default for now", "") if written is None else (f"{written:.4f}", "its file", "")
        )
    set_by = {
        ThresholdKind.ABSOLUTE: "its file",
        ThresholdKind.DEFAULT: "default",
        ThresholdKind.CALIBRATED: f"{threshold.sample:,} stories",
    }[threshold.kind]
    promise = threshold.expected_per_week
    return f"{threshold.value:.4f}", set_by, "" if promise is None else expected(promise)


def _digests(state: Status, now: datetime) -> list[RenderableType]:
    table: Table = make_table("Digests", "digest", "recipient", "last", "next", "today")
    for each in state.recipients:
        it = each.subscription
        last, due = when(it.last_at, now), next_told(it, now)
        table.add_row(escape(it.digest), escape(it.recipient), last, due, _today(each, now))
    return [table if state.recipients else "Digests: none"]


def _today(it: RecipientStatus, now: datetime) -> str:
    facts = []
    if it.urgent_at_most:
        facts.append(f"{it.urgent_today} of {it.urgent_at_most} urgent")
    if it.rests_until is not None:
        facts.append(f"rest ends {when(it.rests_until, now)}")
    return ", ".join(facts)


def _messages(state: Status, now: datetime) -> list[RenderableType]:
    if not state.messages:
        return []
    columns = ("#", "recipient", "made", "state", "what happened")
    table = make_table("Messages that need a look", *columns, right=("#",))
    for each in state.messages[:ROWS]:
        made, told = when(each.created_at, now), happened(each, now)
        table.add_row(str(each.id), escape(each.message.recipient), made, each.state, escape(told))
    hint = (
        "`monitor outbox retry NUMBER` sends one again that was given up, `drop` is done with it."
    )
    return [table, hint, ""]


def _facts(state: Status) -> list[RenderableType]:
    waiting = ", ".join(f"{count} {name}" for name, count in state.outbox.items()) or "empty"
    learned = f"{state.background_stories:,} learned from"
    return [
        f"Outbox: {waiting}",
        f"Stories: {state.stories:,} stored, {learned} (background {state.background_version})",
        f"Service: {_service(state)}",
    ]


def _service(state: Status) -> str:
    if not state.beats:
        return "has never run here (monitor run)"
    return f"no sign of life from {', '.join(state.late)}" if state.late else "running"
