"""What may happen to the ledger while news come, recipients change, and digests are made.

Each rule does the same to a database and to the model, and holds what both answer to each other.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)
from sqlalchemy import select

from monitor.records import (
    DigestEntry,
    DigestKind,
    DigestSection,
    MatchedStory,
    MatchState,
    Rendered,
    Subscription,
)
from monitor.store import archive, matches, outbox, stories, subscriptions
from monitor.store.database import Database, open_database
from monitor.store.subscriptions import BY_COMMAND, BY_MAIL
from monitor.store.tables import subscriptions as subscription_table
from tests.store.builders import (
    DAY,
    MINUTE,
    NOW,
    VERSION,
    add_feeds,
    add_stories,
    add_topics,
    digest_of,
    key,
    match,
    message,
    new_story,
    put,
)
from tests.store.model import Model
from tests.store.modelled import TOPICS, Run
from tests.store.walks import (
    AT_MOST,
    FEEDS,
    PERIOD,
    RARE,
    News,
    Seen,
    caps,
    floor,
    news,
    recipients,
    schedule_keys,
    some,
    states,
)


class Telling(RuleBasedStateMachine):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.db: Database = open_database(url)
        self.model = Model()
        self.now = NOW
        self.names = count(1)
        self.unmatched: list[int] = []
        self.seen: list[Seen] = []

    def teardown(self) -> None:
        self.db.close()

    @initialize()
    def start(self) -> None:
        add_feeds(self.db, *(f"https://{number}.example/" for number in range(FEEDS)))
        self.topics = add_topics(self.db, "t1", "t2")
        self.sync({"a"}, {"x", "y"}, "k1")

    # ------------------------------------------------------------ what comes

    @rule(news=news)
    def news_come(self, news: list[News]) -> None:
        """New stories, or with the address, the text or both of others in other feeds."""
        for story in news:
            self.story_comes(story)
            self.stories_are_matched(story.first, story.second)

    @rule(story=news.map(lambda several: several[0]))
    def a_story_comes(self, story: News) -> None:
        """It is matched later: somebody may be served before."""
        self.story_comes(story)

    def story_comes(self, news: News) -> None:
        content = key(news.content)
        known = {
            each.feed_id for each in self.model.stories.values() if each.content_key == content
        }
        free = [number for number in range(1, FEEDS + 1) if number not in known]
        link = None if news.link is None else key(news.link)
        story = new_story(str(next(self.names)), link_key=link, content_key=content)
        for number in add_stories(self.db, story, now=self.now, feed_id=min(free, default=1)):
            stored = stories.get(self.db, number)
            assert stored is not None
            self.model.stories[number] = stored
            self.unmatched.append(number)

    @precondition(lambda self: self.unmatched)
    @rule(first=states, second=states)
    def stories_are_matched(self, first: MatchState | None, second: MatchState | None) -> None:
        pairs = [pair for pair in zip(self.topics, (first, second), strict=True) if pair[1]]
        found = [
            match(number, topic, state=state, matched_at=self.now)
            for number in self.unmatched
            for topic, state in pairs
        ]
        matches.save(self.db, self.unmatched, found, self.now)
        for each in found:
            if each.state is MatchState.HIT:
                self.model.match(each.story_id, self.topics[each.topic_id - 1].spec.name, self.now)
        self.unmatched.clear()

    # ------------------------------------------------------------ who is served

    @rule(
        names=st.sets(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=2),
        to=recipients,
        schedule_key=schedule_keys,
    )
    def sync(self, names: set[str], to: set[str], schedule_key: str) -> None:
        """New, gone, back, renamed, with another schedule: as the owner's files say now."""
        wanted = [
            Subscription(
                digest=name,
                recipient=each,
                started_at=self.now - DAY,
                next_at=floor(self.now, PERIOD) + PERIOD,
                schedule_key=schedule_key,
            )
            for name in sorted(names)
            for each in sorted(to)
        ]
        subscriptions.sync(self.db, wanted, self.now)
        self.model.sync(wanted, self.now)
        self.number_new_readers()

    def number_new_readers(self) -> None:
        """The numbers of recipients are the database's."""
        with self.db.read() as connection:
            rows = connection.execute(select(subscription_table)).all()
        numbered = {(row.digest, row.recipient): row.id for row in rows}
        for reader in self.model.readers.values():
            reader.id = numbered[reader.digest, reader.recipient]
        self.model.readers = {each.id: each for each in self.model.readers.values()}

    @rule(which=some, again=st.booleans(), by=st.sampled_from([BY_MAIL, BY_COMMAND]))
    def a_recipient_wants_no_more_or_does_again(self, which: int, again: bool, by: str) -> None:
        readers = list(self.model.readers.values())
        reader = readers[which % len(readers)]
        if again:
            who = BY_MAIL if by == BY_MAIL else None
            resumed = subscriptions.resume(self.db, reader.id, self.now, stopped_by=who)
            assert resumed == self.model.resume(reader, self.now, stopped_by=who)
        elif which < RARE:
            stopped = subscriptions.stop(self.db, reader.id, self.now, by=by)
            assert stopped == self.model.stop(reader, self.now, by=by)

    # ------------------------------------------------------------ what is told

    @rule(which=some, updates=st.booleans())
    def somebody_reads(self, which: int, updates: bool) -> None:
        """What is made of it comes later, when others may have told it."""
        every = subscriptions.everyone(self.db)
        if every:
            chosen = every[which % len(every)]
            self.seen = [*self.seen[-3:], self.read(chosen, updates=updates)]

    def read(self, reader: Subscription, *, updates: bool) -> Seen:
        topics = TOPICS[reader.digest]
        known = self.model.readers[reader.id]
        news = matches.candidates(self.db, reader, topics)
        assert {(m.story.id, m.topic) for m in news} == self.model.candidates(known, topics)
        more = matches.updates(self.db, reader, topics)
        assert {(m.story.id, m.topic) for m in more} == self.model.updates(known, topics)
        return Seen(reader, self.now, news, self.answers(reader, more) if updates else ())

    def answers(self, reader: Subscription, more: tuple[MatchedStory, ...]) -> tuple[Rendered, ...]:
        """The updates as messages, one for each message that they answer."""
        first = archive.first_told(self.db, reader, more)
        threads = {told.message_id: told for told in first.values()}
        return tuple(
            self.rendered(
                DigestKind.UPDATE,
                [m for m in more if first.get(m.story.id) == told],
                cap=9,
                first=told,
            )
            for told in threads.values()
        )

    def rendered(
        self, kind: DigestKind, told: list[MatchedStory], *, cap: int, **changes: Any
    ) -> Rendered:
        """A digest that tells everything: a lead, echoes, an update, and what its cap left out."""
        lead, *others = told[: max(cap, 1)]
        entry = DigestEntry(lead=lead, echoes=tuple(others[:1]), updates=tuple(others[1:]))
        digest = digest_of(
            kind=kind,
            slot=self.now,
            sections=(DigestSection(topic="t", entries=(entry,)),),
            cut=tuple(told[max(cap, 1) :]),
            **changes,
        )
        return Rendered(message=message(f"{next(self.names)}"), digest=digest)

    @precondition(lambda self: self.seen)
    @rule(which=some, cap=caps)
    def an_hour_is_served_late(self, which: int, cap: int) -> None:
        self.serve(self.seen[which % len(self.seen)], cap)

    @rule(cap=caps, updates=st.booleans())
    def whose_hour_has_come_is_served(self, cap: int, updates: bool) -> None:
        for each in subscriptions.due(self.db, self.now):
            self.serve(self.read(each, updates=updates), cap)

    def serve(self, seen: Seen, cap: int) -> None:
        slot = floor(seen.now, PERIOD)
        made = [replace(each, message=message(f"{next(self.names)}")) for each in seen.updates]
        if seen.news:
            made.append(self.rendered(DigestKind.SCHEDULED, list(seen.news), cap=cap))
        done = put(self.db, seen.reader, slot, slot + PERIOD, made, seen.now)
        planned = self.model.serve(seen.reader, slot, slot + PERIOD, made, seen.now)
        assert done == (planned is not None)
        self.take_over(planned or [], made, seen.now)

    @rule(several=st.lists(news, min_size=1, max_size=4), cap=caps)
    def something_is_urgent(self, several: list[list[News]], cap: int) -> None:
        for urgent in several:
            self.now += MINUTE
            self.news_come(urgent)
            for each in subscriptions.due(self.db, None):
                self.tell_at_once(self.read(each, updates=False), cap)

    @rule(news=news, copies=news, same=st.sampled_from(["link", "content"]), cap=caps)
    def something_is_urgent_while_others_serve(
        self, news: list[News], copies: list[News], same: str, cap: int
    ) -> None:
        """What they read is told meanwhile by a copy of it."""
        self.news_come(news)
        seen = [self.read(each, updates=False) for each in subscriptions.due(self.db, None)]
        self.now += MINUTE
        model = news[0]
        self.news_come([replace(each, **{same: getattr(model, same)}) for each in copies])
        for each in subscriptions.due(self.db, None):
            fresh = self.read(each, updates=False)
            self.tell_at_once(replace(fresh, news=fresh.news[::-1]), cap)
        for read_before in seen:
            self.serve(read_before, cap)

    def tell_at_once(self, seen: Seen, cap: int) -> None:
        if not seen.news:
            return
        made = self.rendered(DigestKind.URGENT, list(seen.news[:cap]), cap=cap)
        since = floor(self.now, DAY)
        done = outbox.put_at_once(
            self.db, seen.reader, made, self.now, since=since, at_most=AT_MOST, version=VERSION
        )
        planned = self.model.tell_at_once(seen.reader, made, self.now, since, AT_MOST)
        assert done == (planned is not None)
        self.take_over(planned or [], [made], self.now)

    def take_over(self, planned: list[Run], made: list[Rendered], now: datetime) -> None:
        items = {item.message.message_id: item for item in outbox.listing(self.db, limit=999)}
        for run, each in zip(planned, made, strict=bool(planned)):
            self.model.write(items[each.message.message_id], run, each, now)
