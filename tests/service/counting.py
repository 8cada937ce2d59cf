"""Counts what arrived: nothing lost, nothing doubled but after an end that says so."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256

from monitor.records import OutboxState
from tests.service.scenes import Scene
from tests.service.stage import Arrival, Play, Record


def check(scene: Scene, played: Play, *, restarted: bool) -> None:
    """Hold the promises of delivery against what everybody has.

    ``restarted``: the process ended somewhere on the way, so that it may not know what it did.
    """
    twice = _check_arrivals(scene, played)
    records = {each.item.message.message_id: each for each in played.records}
    _check_records(scene, played, records)
    if not restarted:
        assert not twice, "doubled by one that knew what it had sent"
    uncertain = {name for name, each in records.items() if each.item.uncertain}
    assert twice <= uncertain, "doubled, and nobody says so"
    assert len(twice) <= 1, "one is sent at a time, so one at most is in doubt"
    if played.died:
        _check_death(played, twice, uncertain)


def _check_arrivals(scene: Scene, played: Play) -> set[str]:
    """Everybody has each message, whose repeats are the same bytes; return what came twice."""
    copies: dict[str, list[Arrival]] = {}
    for each in played.arrivals:
        copies.setdefault(each.id, []).append(each)
    assert all(len({each.raw for each in same}) == 1 for same in copies.values()), "bytes changed"
    told: dict[str, list[tuple[int, ...]]] = {}
    for first, *_ in copies.values():
        told.setdefault(first.recipient, []).append(first.stories)
    found = {recipient: tuple(sorted(stories)) for recipient, stories in told.items()}
    assert found == {name: tuple(sorted(stories)) for name, stories in scene.told.items()}
    counted = Counter(each.id for each in played.arrivals)
    return {name for name, count in counted.items() if count > 1}


def _check_records(scene: Scene, played: Play, records: dict[str, Record]) -> None:
    """Outbox, ledger and archive say what arrived, and everything that was sent is settled."""
    assert {each.item.state for each in records.values()} == {OutboxState.SENT}
    arrived = {(each.recipient, each.raw): each for each in played.arrivals}
    for record in records.values():
        message = record.item.message
        assert record.archived == sha256(message.raw).digest()
        if message.recipient != "feeds":  # which keeps no messages, but their entries
            arrival = arrived.pop((message.recipient, message.raw))
            assert record.stories == arrival.stories
    assert {recipient for recipient, _ in arrived} <= {"feeds"}, "sent without a record"
    for recipient, messages in scene.told.items():
        mine = [each for each in records.values() if each.item.message.recipient == recipient]
        by_ledger = sorted(number for each in mine for number in each.stories)
        assert by_ledger == sorted(number for stories in messages for number in stories)


def _check_death(played: Play, twice: set[str], uncertain: set[str]) -> None:
    """In doubt is what was on its way at death, and nothing else."""
    first = {each.item.message.raw: each.item for each in played.recorded_first}
    sending = {
        item.message.message_id for item in first.values() if item.state is OutboxState.SENDING
    }
    assert uncertain == sending
    messages = [each for each in played.arrived_first if each.recipient != "feeds"]
    assert all(each.raw in first for each in messages), "sent before it was written down"
    assert twice <= {first[each.raw].message.message_id for each in messages} & sending
