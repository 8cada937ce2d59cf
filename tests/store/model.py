"""What the ledger promises, in plain dicts: recipients, what they were told, and their messages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from monitor.records import (
    DigestKind,
    OutboxItem,
    OutboxState,
    Rendered,
    Story,
    Subscription,
)
from monitor.store import ledger
from monitor.store.leases import HORIZON
from monitor.store.subscriptions import BY_COMMAND, BY_MAIL, FIRST_PERIOD
from tests.store.modelled import TOPICS, Line, Mail, Reader, Run


@dataclass
class Model:
    stories: dict[int, Story] = field(default_factory=dict)
    hits: dict[tuple[int, str], datetime] = field(default_factory=dict)
    readers: dict[int, Reader] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    mails: dict[int, Mail] = field(default_factory=dict)
    forgotten: set[int] = field(default_factory=set)
    """Runs of which the message was pruned."""

    # ------------------------------------------------------------ recipients

    def find(self, digest: str, recipient: str) -> Reader | None:
        same = (r for r in self.readers.values() if (r.digest, r.recipient) == (digest, recipient))
        return next(same, None)

    def sync(self, wanted: Sequence[Subscription], now: datetime) -> None:
        self._rename(wanted)
        names = {(each.digest, each.recipient) for each in wanted}
        for reader in self.readers.values():
            if (reader.digest, reader.recipient) not in names:
                reader.enabled = False
                reader.owed.clear()
        for each in wanted:
            self._want(each, now)

    def _rename(self, wanted: Sequence[Subscription]) -> None:
        known = {reader.digest for reader in self.readers.values()}
        names = {each.digest for each in wanted}
        gone = [r for r in self.readers.values() if r.enabled and r.digest not in names]
        new = [each for each in wanted if each.digest not in known]
        for each in new:
            key = (each.recipient, each.schedule_key)
            before = [r for r in gone if (r.recipient, r.schedule_key) == key]
            if len(before) == len([n for n in new if (n.recipient, n.schedule_key) == key]) == 1:
                before[0].digest = each.digest

    def _want(self, each: Subscription, now: datetime) -> None:
        reader = self.find(each.digest, each.recipient)
        if reader is None:
            number = max(self.readers, default=0) + 1
            names = (each.digest, each.recipient, each.started_at, each.next_at, None)
            self.readers[number] = Reader(number, *names, each.schedule_key)
        elif not reader.enabled:
            reader.enabled, reader.last_at = True, None
            reader.started_at, reader.next_at = each.started_at, each.next_at
            reader.schedule_key = each.schedule_key
        elif reader.schedule_key != each.schedule_key:
            reader.schedule_key = each.schedule_key
            if reader.next_at > now:
                reader.next_at = each.next_at

    def mend(self, now: datetime, latest: datetime) -> None:
        for reader in self.readers.values():
            reader.started_at = min(reader.started_at, now)
            reader.last_at = min(reader.last_at, now) if reader.last_at else None
            if reader.enabled:
                reader.next_at = min(reader.next_at, latest)

    def stop(self, reader: Reader, now: datetime, *, by: str) -> bool:
        if reader.stopped_by is not None:
            overruled = (reader.stopped_by, by) == (BY_MAIL, BY_COMMAND)
            reader.stopped_by = by if overruled else reader.stopped_by
            return overruled
        reader.stopped_by = by
        for mail in self.mails.values():
            settled = mail.state in (OutboxState.SENT, OutboxState.DEAD)
            if self.runs[mail.run].reader == reader.id and not settled:
                mail.uncertain |= mail.state is OutboxState.SENDING
                mail.settle(OutboxState.DEAD, now)
        return True

    def resume(self, reader: Reader, now: datetime, *, stopped_by: str | None) -> bool:
        if reader.stopped_by is None or stopped_by not in (None, reader.stopped_by):
            return False
        reader.stopped_by = None
        if reader.next_at <= now:
            start = reader.started_at = max(reader.started_at, now - FIRST_PERIOD)
            reader.last_at = reader.last_at if reader.last_at and reader.last_at > start else None
            reader.owed = {
                (number, topic)
                for number, topic in reader.owed
                if min(self.stories[number].seen_at, self.hits[number, topic]) >= start
            }
        return True

    # ------------------------------------------------------------ what there is to tell

    def match(self, number: int, topic: str, now: datetime) -> None:
        self.hits[number, topic] = now
        for reader in self.readers.values():
            watched = topic in TOPICS[reader.digest]
            if reader.enabled and watched and self.stories[number].seen_at >= reader.started_at:
                reader.owed.add((number, topic))

    def untold(self, reader: Reader, topics: Iterable[str]) -> list[tuple[Story, str]]:
        found = [(self.stories[number], topic) for number, topic in self.hits if topic in topics]
        return [(story, topic) for story, topic in found if story.seen_at >= reader.started_at]

    def candidates(self, reader: Reader, topics: Iterable[str]) -> set[tuple[int, str]]:
        every = self.untold(reader, topics)
        return {(story.id, topic) for story, topic in every if not reader.knows(story)}

    def updates(self, reader: Reader, topics: Iterable[str]) -> set[tuple[int, str]]:
        every = self.untold(reader, topics)
        return {(story.id, topic) for story, topic in every if reader.renews(story)}

    def forget_stories(self, left: Collection[int]) -> None:
        self.stories = {number: self.stories[number] for number in left}
        self.hits = {hit: at for hit, at in self.hits.items() if hit[0] in self.stories}
        for reader in self.readers.values():
            if reader.stopped_by is not None:
                reader.owed = {hit for hit in reader.owed if hit[0] in self.stories}

    # ------------------------------------------------------------ what is told

    def serve(
        self,
        seen: Subscription,
        slot: datetime,
        next_at: datetime,
        made: Sequence[Rendered],
        now: datetime,
    ) -> list[Run] | None:
        """The runs that serving an hour makes; None: it is refused."""
        reader = self.find(seen.digest, seen.recipient)
        if reader is None or not reader.served or reader.next_at != seen.next_at:
            return None
        if self._told_any(reader, made):
            return None
        reader.next_at, reader.last_at = next_at, now
        reader.schedule_key = seen.schedule_key
        return self._new_runs(reader, slot, made, now)

    def tell_at_once(
        self, seen: Subscription, made: Rendered, now: datetime, since: datetime, at_most: int
    ) -> list[Run] | None:
        """The run that an urgent digest makes; None: it is refused."""
        reader = self.find(seen.digest, seen.recipient)
        if reader is None or not reader.served or self._told_any(reader, [made]):
            return None
        urgent = [run for run in self.runs.values() if run.kind is DigestKind.URGENT]
        own = [run.created_at for run in urgent if run.reader == reader.id]
        if sum(since <= created_at <= now + HORIZON for created_at in own) >= at_most:
            return None
        return self._new_runs(reader, made.digest.slot, [made], now)

    def _told_any(self, reader: Reader, made: Sequence[Rendered]) -> bool:
        return any(
            reader.knows(each.story, as_update=one.digest.first is not None)
            for one in made
            for each in ledger.all_of(one.digest)
        )

    def _new_runs(
        self, reader: Reader, slot: datetime, made: Sequence[Rendered], now: datetime
    ) -> list[Run] | None:
        known = {run.key for run in self.runs.values()}
        new = [Run(reader.id, slot, each.digest.kind, _thread(each), now) for each in made]
        return None if any(run.key in known for run in new) else new

    def write(self, item: OutboxItem, run: Run, one: Rendered, now: datetime) -> None:
        """Take over that ``one`` was put; the numbers are the database's."""
        assert item.run not in self.runs
        self.runs[item.run] = run
        self.mails[item.id] = Mail(item.run, item.message.message_id, now)
        reader = self.readers[run.reader]
        placed = {each.story.id for each in ledger.all_of(replace(one.digest, cut=()))}
        for story in {each.story.id: each.story for each in ledger.all_of(one.digest)}.values():
            assert story.id not in reader.told, "told twice"
            cut = story.id not in placed
            reader.told[story.id] = Line(item.run, cut, story.link_key, story.content_key)

    # ------------------------------------------------------------ what goes out

    def open(self, now: datetime, resting: Collection[int]) -> list[int]:
        """The messages that can be claimed, in the order in which they are."""
        free = [
            (mail.next_attempt_at, number)
            for number, mail in self.mails.items()
            if mail.is_open(now) and self.runs[mail.run].reader not in resting
        ]
        return [number for _, number in sorted(free)]

    def claim(self, number: int, now: datetime, owner: str, lease: timedelta) -> None:
        mail = self.mails[number]
        mail.uncertain |= mail.state is OutboxState.SENDING
        mail.state, mail.owner, mail.until = OutboxState.SENDING, owner, now + lease
        mail.attempts += 1

    def prune(self, before: datetime) -> None:
        for number, mail in list(self.mails.items()):
            if mail.settled_at is not None and mail.settled_at < before:
                del self.mails[number]
                self.forgotten.add(mail.run)


def _thread(made: Rendered) -> str:
    return made.digest.first.message_id if made.digest.first else ""
