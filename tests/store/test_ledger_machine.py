"""The ledger against a model, whatever comes in whatever order: told once, and nothing lost."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Row, select

from monitor.records import (
    DigestKind,
    OutboxItem,
    OutboxState,
)
from monitor.store import archive, matches, outbox, stories, subscriptions
from monitor.store.tables import archives, ledger, runs
from monitor.store.tables import outbox as outbox_table
from monitor.store.tables import subscriptions as subscription_table
from tests.store.builders import (
    DAY,
    HOUR,
    LEASE,
    MINUTE,
)
from tests.store.conftest import empty
from tests.store.modelled import TOPICS, WAITING
from tests.store.telling import Telling
from tests.store.walks import AT_MOST, PERIOD, News, caps, floor, news, owners, some

endings = st.sampled_from(["sent", "sent", "wait", "give up"])


class LedgerMachine(Telling):
    """The rest of what may happen: messages go out or not, time passes, old things go."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.claims: list[OutboxItem] = []
        self.sent: dict[int, Row[Any]] = {}

    @rule(
        news=news, cap=caps, updates=st.booleans(), hows=st.lists(endings, min_size=1, max_size=3)
    )
    def a_period_goes_by(self, news: list[News], cap: int, updates: bool, hows: list[str]) -> None:
        """What happens all the time, so that the rest happens to something."""
        self.now += PERIOD
        self.news_come(news)
        self.whose_hour_has_come_is_served(cap, updates)
        for how in hows:
            for item in self.claim("service", limit=1):
                self.attempt_ends(item, how, again=self.now + HOUR, uncertain=updates)

    # ------------------------------------------------------------ what goes out

    @rule(owner=owners, limit=st.integers(1, 3), resting=st.sets(st.integers(1, 6), max_size=1))
    def messages_are_claimed(self, owner: str, limit: int, resting: set[int]) -> None:
        self.claims = [*self.claims, *self.claim(owner, limit=limit, resting=resting)][-6:]

    def claim(
        self, owner: str, *, limit: int, resting: Collection[int] = ()
    ) -> tuple[OutboxItem, ...]:
        expected = self.model.open(self.now, resting)[:limit]
        claimed = outbox.claim(
            self.db, self.now, owner=owner, lease=LEASE, limit=limit, resting=resting
        )
        for number in expected:
            self.model.claim(number, self.now, owner, LEASE)
        assert [item.id for item in claimed] == sorted(expected)
        return claimed

    @precondition(lambda self: self.claims)
    @rule(which=some, how=endings, uncertain=st.booleans())
    def an_attempt_ends(self, which: int, how: str, uncertain: bool) -> None:
        """Perhaps one whose claim is long another's, or was given back."""
        item = self.claims[which % len(self.claims)]
        self.attempt_ends(item, how, again=self.now + (which - 1) * HOUR, uncertain=uncertain)

    @rule(hows=st.tuples(endings, endings), dropped=st.booleans())
    def a_sender_dawdles(self, hows: tuple[str, str], dropped: bool) -> None:
        """Its lease runs out and another one sends; then both tell how it ended."""
        slow = self.claim("service", limit=2)
        self.now += LEASE
        quick = self.claim("command", limit=2)
        for item in slow[: int(dropped)]:
            self.the_owner_decides_of(item.id, again=False)
        for how, items in zip(hows, (slow, quick), strict=True):
            for item in items:
                self.attempt_ends(item, how, again=self.now, uncertain=False)

    def attempt_ends(self, item: OutboxItem, how: str, *, again: datetime, uncertain: bool) -> None:
        mail = self.model.mails.get(item.id)
        ours = mail is not None and mail.is_claimed(item.attempts)
        if how == "sent":
            took = mail is not None and mail.state is not OutboxState.SENT
            assert outbox.sent(self.db, item, self.now) == took
            if mail is not None and took:
                mail.settle(OutboxState.SENT, self.now)
        elif how == "wait":
            assert outbox.wait(self.db, item, again, "busy", uncertain=uncertain) == ours
            if mail is not None and ours:
                mail.settle(OutboxState.WAITING, None)
                mail.next_attempt_at, mail.uncertain = again, mail.uncertain or uncertain
        else:
            assert outbox.give_up(self.db, item, self.now, "no such user") == ours
            if mail is not None and ours:
                mail.settle(OutboxState.DEAD, self.now)

    @rule(owner=owners)
    def an_owner_died(self, owner: str) -> None:
        left = [mail for mail in self.model.mails.values() if mail.owner == owner]
        assert outbox.release(self.db, owner) == len(left)
        for mail in left:
            mail.settle(OutboxState.WAITING, None)
            mail.uncertain = True

    @precondition(lambda self: self.model.mails)
    @rule(which=some, again=st.booleans())
    def the_owner_decides(self, which: int, again: bool) -> None:
        numbers = list(self.model.mails)
        self.the_owner_decides_of(numbers[which % len(numbers)], again=again)

    def the_owner_decides_of(self, number: int, *, again: bool) -> None:
        mail = self.model.mails[number]
        dead = mail.state is OutboxState.DEAD
        if again:
            assert outbox.retry(self.db, number, self.now) == dead
            if dead:
                mail.settle(OutboxState.WAITING, None)
                mail.next_attempt_at = self.now
        else:
            idle = dead or mail.state in WAITING
            assert outbox.drop(self.db, number, self.now) == idle
            if idle:
                mail.settle(OutboxState.DEAD, self.now)

    # ------------------------------------------------------------ time

    @rule(step=st.sampled_from([MINUTE, LEASE, HOUR, PERIOD, DAY, 4 * DAY]))
    def time_passes(self, step: timedelta) -> None:
        self.now += step

    @rule(step=st.sampled_from([MINUTE, PERIOD, 2 * DAY]), news=news, cap=caps)
    def the_clock_goes_back(self, step: timedelta, news: list[News], cap: int) -> None:
        """Its jump wakes every step: what was read before is thrown away, the times are mended."""
        self.now -= step
        self.seen.clear()
        self.mend()
        self.a_period_goes_by(news, cap, updates=False, hows=["sent"])

    def mend(self) -> None:
        latest = floor(self.now, PERIOD) + PERIOD
        numbers = dict.fromkeys((each.id for each in subscriptions.everyone(self.db)), latest)
        subscriptions.mend_clock(self.db, self.now, numbers)
        self.model.mend(self.now, latest)

    @rule(kept=st.sampled_from([PERIOD, 2 * DAY]))
    def what_is_old_is_forgotten(self, kept: timedelta) -> None:
        self.mend()
        before = self.now - kept
        stories.prune(self.db, before)
        outbox.prune(self.db, before)
        archive.prune(self.db, before)
        self.model.prune(before)
        self.model.forget_stories({story.id for story in stories.latest(self.db, 999)})
        self.unmatched = [number for number in self.unmatched if number in self.model.stories]
        self.sent = {run: row for run, row in self.sent.items() if run not in self.model.forgotten}

    # ------------------------------------------------------------ what always holds

    @invariant()
    def nothing_that_matched_is_lost(self) -> None:
        for each in subscriptions.due(self.db, None):
            reader, topics = self.model.readers[each.id], TOPICS[each.digest]
            owed = {hit for hit in reader.owed if hit[1] in topics}
            if owed:
                found = matches.candidates(self.db, each, topics)
                for hit in owed - {(left.story.id, left.topic) for left in found}:
                    assert reader.knows(self.model.stories[hit[0]])
                    reader.owed.remove(hit)

    @invariant()
    def recipients_are_those_of_the_model(self) -> None:
        with self.db.read() as connection:
            rows = connection.execute(select(subscription_table)).all()
        assert {(r.id, *r[1:7], r.schedule_key, r.stopped_by) for r in rows} == {
            (
                *(r.id, r.digest, r.recipient, r.enabled, r.started_at, r.next_at, r.last_at),
                *(r.schedule_key, r.stopped_by),
            )
            for r in self.model.readers.values()
        }
        served = {r.id for r in self.model.readers.values() if r.served and r.next_at <= self.now}
        assert {each.id for each in subscriptions.due(self.db, self.now)} == served

    @invariant()
    def each_story_is_told_once_and_where_the_model_says(self) -> None:
        with self.db.read() as connection:
            lines = connection.execute(select(ledger)).all()
        told = [(row.subscription_id, row.story_id, row.run_id, row.cut) for row in lines]
        assert sorted(told) == sorted(
            (reader.id, number, line.run, line.cut)
            for reader in self.model.readers.values()
            for number, line in reader.told.items()
        )

    @invariant()
    def each_run_has_its_one_message_until_that_is_forgotten(self) -> None:
        with self.db.read() as connection:
            made = connection.execute(select(runs)).all()
            mails = connection.execute(select(outbox_table)).all()
            kept = connection.scalars(select(archives.c.message_id)).all()
        assert {row.id for row in made} == self.model.runs.keys()
        left = self.model.runs.keys() - self.model.forgotten
        assert sorted(row.run_id for row in mails) == sorted(left)
        assert {
            row.id: (row.state, row.attempts, row.uncertain, row.lease_owner) for row in mails
        } == {
            number: (mail.state, mail.attempts, mail.uncertain, mail.owner)
            for number, mail in self.model.mails.items()
        }
        assert len(set(kept)) == len(kept)
        self.what_was_sent_never_changes(mails)
        self.nobody_gets_too_many_urgent_ones(made)

    def what_was_sent_never_changes(self, mails: Sequence[Row[Any]]) -> None:
        sent = {row.run_id: row for row in mails if row.state == OutboxState.SENT}
        assert self.sent.items() <= sent.items()
        self.sent = sent

    def nobody_gets_too_many_urgent_ones(self, made: Sequence[Row[Any]]) -> None:
        urgent = [row for row in made if row.kind == DigestKind.URGENT]
        days = Counter((row.subscription_id, floor(row.created_at, DAY)) for row in urgent)
        assert max(days.values(), default=0) <= AT_MOST


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes the addresses of databases that hold nothing but their tables."""
    if request.param == "sqlite":
        migrated: Path = request.getfixturevalue("migrated_file")
        return lambda: f"sqlite:///{shutil.copy(migrated, tmp_path / 'news.db')}"
    address: str = request.getfixturevalue("migrated_server_url")

    def emptied() -> str:
        empty(address)
        return address

    return emptied


@pytest.mark.timeout(1800)  # thousands of transactions, on whatever machine
def test_whatever_comes_nothing_is_lost_and_nothing_is_told_twice(
    fresh: Callable[[], str],
) -> None:
    """Many walks where new examples are asked for; otherwise the same few in every run."""

    class Machine(LedgerMachine):
        def __init__(self) -> None:
            super().__init__(fresh())

    exploring = settings.get_current_profile_name() == "explore"
    # a walk is long: to shrink one that failed takes minutes, which only an explorer has
    walks = settings(
        max_examples=300 if exploring else 15,
        stateful_step_count=40,
        phases=[Phase.generate, Phase.shrink] if exploring else [Phase.generate],
    )
    run_state_machine_as_test(Machine, settings=walks)
