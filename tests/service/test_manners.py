"""Months of polling against scripted hosts, and every request of it held to the rules.

Most rules are held on one long run with restarts, a pause and all hosts side by side: what is
polite by itself must stay so in company.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from monitor.records import Feed
from tests.manners import (
    DAY,
    HOUR,
    MINUTE,
    START,
    Answer,
    Entry,
    Run,
    Script,
    World,
    stories,
    world,
)
from tests.service import hosts
from tests.service.hosts import LIMITED, LOCKED, NEW, OLD, PRIVATE, during, hosting, saying, serving

pytestmark = pytest.mark.timeout(300)  # two thousand polls, on whatever machine

FLOOR = 5 * MINUTE
CEILING = 4 * HOUR
LOGIN = b"Basic " + b64encode(b"reader:s3cret")
LONGEST = DAY
LIMITED_FEEDS = ("limited-a", "limited-b", "limited-c")


@dataclass(frozen=True)
class Months:
    """What the long run left behind. ``saturday``: when the program came back after a pause."""

    world: World
    feeds: dict[str, Feed]
    saturday: datetime

    def polls(self, feed: str) -> list[datetime]:
        """When a feed was asked, redirects followed and all."""
        return sorted({visit.at for visit in self.world.visits(feed)})

    def names(self) -> list[str]:
        """The feeds that were asked."""
        return sorted({visit.feed for visit, _ in self.world.exchanges})


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Months]:
    """Seventy days with five starts, and two days in which nothing ran."""
    with world(hosts.EVERY) as made:
        entries = hosts.settle(made)
        refused = frozenset({PRIVATE})
        folder = tmp_path_factory.mktemp("months")
        (folder / "password").touch(0o600)
        (folder / "password").write_text("s3cret\n")
        run = Run(made, folder, entries, refused, grain=MINUTE)
        run.play(12 * DAY)
        run.play(13 * DAY)
        made.clock.now = saturday = START + 26 * DAY + 13 * HOUR
        run.play(START + 45 * DAY - run.now)
        run.entries = tuple(replaced(each, "/ended/", "/revived/") for each in entries)
        run.play(15 * DAY)
        run.play(11 * DAY)
        yield Months(made, run.feeds(), saturday)


def replaced(entry: Entry, old: str, new: str) -> Entry:
    return replace(entry, url=entry.url.replace(old, new))


# ------------------------------------------------------------------ every request of all months


def test_nobody_is_asked_more_often_than_the_floor(months: Months) -> None:
    for name in months.names():
        gaps = [later - earlier for earlier, later in pairwise(months.polls(name))]
        assert min(gaps) >= FLOOR, name


def test_every_request_says_who_asks_and_nothing_that_it_should_not(months: Months) -> None:
    for visit, _ in months.world.exchanges:
        assert visit.get(b"user-agent") == b"newsmonitor/1.0 (you@example.org)"
        for unwanted in (b"cookie", b"referer", b"from", b"proxy-authorization"):
            assert visit.all(unwanted) == []


def test_no_host_has_more_than_two_requests_at_once(months: Months) -> None:
    assert max(visit.in_flight for visit, _ in months.world.exchanges) <= 2


def test_validators_go_back_byte_for_byte_as_they_came_last(months: Months) -> None:
    for name in months.names():
        known: tuple[bytes | None, bytes | None] = (None, None)
        for visit, answer in months.world.of(name):
            assert (visit.get(b"if-none-match"), visit.get(b"if-modified-since")) == known, visit
            known = remembered(known, answer)


def remembered(
    known: tuple[bytes | None, bytes | None], answer: Answer
) -> tuple[bytes | None, bytes | None]:
    """What is to be known after an answer: a document replaces both, a 304 those that it names."""
    said = dict(answer.headers)
    tag, modified = said.get(b"ETag"), said.get(b"Last-Modified")
    if answer.status == 304:
        return tag or known[0], modified or known[1]
    return (tag, modified) if answer.body.startswith(b"<?xml") else known


def test_the_run_has_seen_every_kind_of_validators(months: Months) -> None:
    sent = {
        (visit.get(b"if-none-match"), visit.get(b"if-modified-since"))
        for visit in months.world.visits("odd")
    }
    assert set(hosts.ODD_VALIDATORS) <= sent
    assert len(sent) > len(hosts.ODD_VALIDATORS) + 3, "those that a 304 renewed"


def test_a_feed_with_validators_is_asked_without_them_once_in_all_its_life(months: Months) -> None:
    for name in ("caching", "wishful", "limited-a", "error", "page", "revived"):
        bare = [visit for visit in months.world.visits(name) if not visit.get(b"if-none-match")]
        assert [visit.at for visit in bare] == months.polls(name)[:1]


# ------------------------------------------------------------------ what servers ask for


def test_max_age_less_age_and_expires_by_their_own_clock_are_waited_for(months: Months) -> None:
    gaps = [later - earlier for earlier, later in pairwise(months.polls("caching"))]
    assert len(gaps) > 100
    assert min(gaps) >= hosts.FRESH


def test_the_ttl_of_a_document_is_waited_for(months: Months) -> None:
    gaps = [later - earlier for earlier, later in pairwise(months.polls("wishful"))]
    assert len(gaps) > 50
    assert min(gaps) >= hosts.TTL


def test_no_request_falls_into_hours_or_days_to_skip(months: Months) -> None:
    assert months.saturday.weekday() in hosts.SKIPPED_DAYS
    for at in months.polls("wishful")[1:]:
        assert at.hour not in hosts.SKIPPED_HOURS
        assert at.weekday() not in hosts.SKIPPED_DAYS


def refusals(months: Months) -> list[tuple[datetime, timedelta]]:
    """When the host had enough, and for how long it asked to be left alone."""
    there = [each for each in months.world.exchanges if each[0].host == LIMITED]
    said = [(visit.at, it.status) for visit, it in there if it.status not in (200, 304)]
    assert [status for _, status in said] == [status for *_, status, _ in hosts.RESTS]
    return [(at, span) for (at, _), (_, span, *_) in zip(said, hosts.RESTS, strict=True)]


def test_a_host_that_had_enough_is_left_alone_by_all_of_its_feeds(months: Months) -> None:
    for at, span in refusals(months):
        for name in LIMITED_FEEDS:
            assert [each for each in months.polls(name) if at < each < at + span] == []


def test_and_is_asked_again_by_all_of_them_soon_afterwards(months: Months) -> None:
    for at, span in refusals(months):
        for name in LIMITED_FEEDS:
            again = next(each for each in months.polls(name) if each > at)
            assert again < at + span + 14 * HOUR


# ------------------------------------------------------------------ moves and ends


def test_a_move_for_ever_is_believed_after_the_third_time_it_was_said(months: Months) -> None:
    visits = [visit for visit in months.world.visits("moved") if visit.at < START + hosts.DEATH]
    assert [visit.host for visit in visits[:6]] == [OLD, NEW] * 3
    assert {visit.host for visit in visits[6:]} == {NEW}


def test_when_the_new_address_ends_the_old_one_is_asked_again(months: Months) -> None:
    visits = [visit for visit in months.world.visits("moved") if visit.at >= START + hosts.DEATH]
    assert [visit.host for visit in visits[:3]] == [NEW, OLD, OLD]
    assert {visit.host for visit in visits[1:]} == {OLD}
    assert months.feeds["moved"].failures == 0


@pytest.mark.parametrize(("name", "hops"), [("lent", 2), ("chained", 4)])
def test_a_move_for_a_while_is_followed_and_never_believed(
    months: Months, name: str, hops: int
) -> None:
    first = [visit.path for visit in months.world.visits(name)[::hops]]
    assert set(first) == {f"/{name}/feed"}
    assert len(first) > 50
    assert len(months.world.visits(name)) == hops * len(first)


def test_nothing_moves_to_where_it_may_not_be_asked(months: Months) -> None:
    assert not [visit for visit, _ in months.world.exchanges if visit.host == PRIVATE]
    assert months.feeds["lured"].address == months.world.url(OLD, "/lured/feed")
    assert len(months.polls("lured")) > 50, "it goes on being asked where it is"


def test_a_feed_that_is_gone_for_good_is_never_asked_again(months: Months) -> None:
    assert [answer.status for _, answer in months.world.of("ended")].count(410) == 1
    assert months.world.of("ended")[-1][1].status == 410


def test_another_address_in_its_place_is_asked(months: Months) -> None:
    assert len(months.polls("revived")) > 30


# ------------------------------------------------------------------ failures


@pytest.mark.parametrize("name", list(hosts.FAILURES))
def test_a_failing_feed_is_asked_ever_more_rarely_and_yet_every_day(
    months: Months, name: str
) -> None:
    begin, end = START + hosts.FAILING, START + hosts.HEALED
    failing = [at for at in months.polls(name) if begin <= at < end]
    gaps = [later - earlier for earlier, later in pairwise(failing)]
    assert gaps[0] < gaps[1] < gaps[2]
    steady = [gap for gap in gaps[4:] if gap <= LONGEST + 30 * MINUTE]
    assert len(steady) >= len(gaps[4:]) - 1, "but for the days in which nothing ran"
    assert min(steady) >= 0.9 * LONGEST
    assert len(failing) > 55


@pytest.mark.parametrize("name", list(hosts.FAILURES))
def test_and_returns_to_its_rhythm_without_a_storm_when_it_heals(months: Months, name: str) -> None:
    healed = [at for at in months.polls(name) if at >= START + hosts.HEALED]
    assert healed[0] <= START + hosts.HEALED + LONGEST + HOUR
    gaps = [later - earlier for earlier, later in pairwise(healed)]
    assert min(gaps) >= CEILING / 2
    assert max(gaps) <= CEILING + HOUR
    assert months.feeds[name].failures == 0


# ------------------------------------------------------------------ logins


def test_a_login_is_told_to_its_own_host_alone(months: Months) -> None:
    for visit, _ in months.world.exchanges:
        told = (visit.get(b"authorization"), visit.get(b"x-key"))
        assert told == ((LOGIN, b"k1") if visit.host == LOCKED else (None, None)), visit
    assert len(months.world.visits("login", NEW)) > 50


# ------------------------------------------------------------------ shorter runs


HOST = "127.0.0.20"
TEN_AN_HOUR = stories(6 * MINUTE)
ONE_A_DAY = stories(DAY)


@pytest.fixture
def one_host(tmp_path: Path) -> Iterator[Run]:
    """A host whose feeds are still to be written."""
    with world([HOST]) as made:
        yield Run(made, tmp_path, ())


def write(run: Run, feeds: Mapping[str, Script], interval: str | None = None) -> None:
    """Put feeds on the host of ``run``."""
    run.world.scripts[HOST] = hosting(feeds)
    run.entries = tuple(Entry(run.world.url(HOST, f"/{name}/feed"), interval) for name in feeds)


def gaps_of(run: Run, feed: str) -> list[timedelta]:
    """Between the requests of a feed."""
    return [later.at - earlier.at for earlier, later in pairwise(run.world.visits(feed))]


def test_a_feed_is_asked_as_often_as_it_brings_stories(one_host: Run) -> None:
    write(one_host, {"busy": serving(TEN_AN_HOUR), "quiet": serving(ONE_A_DAY)})
    one_host.play(DAY)
    busy, quiet = gaps_of(one_host, "busy"), gaps_of(one_host, "quiet")
    assert len(busy) > 20 * len(quiet)
    assert min(busy) >= FLOOR
    assert max(busy) <= 10 * MINUTE
    assert max(quiet) <= CEILING


def test_one_that_changes_its_ways_is_followed(one_host: Run) -> None:
    awakes = START + 2 * DAY

    def document(now: datetime) -> bytes:
        begin = awakes if now > awakes else START - 400 * DAY
        return stories(15 * MINUTE if now > awakes else 100 * DAY, begin=begin)(now)

    write(one_host, {"waking": serving(document)})
    one_host.play(2 * DAY)
    asleep = gaps_of(one_host, "waking")
    one_host.play(4 * DAY)
    assert min(asleep[-5:]) > 3 * HOUR
    assert max(gaps_of(one_host, "waking")[-5:]) < HOUR


def test_stories_that_were_missed_are_counted_and_the_feed_asked_more_often(one_host: Run) -> None:
    begin, end = START + 3 * DAY, START + 4 * DAY
    burst = stories(3 * MINUTE, begin=begin)
    served: list[tuple[datetime, bytes]] = []

    def document(now: datetime) -> bytes:
        body = burst(min(now, end)) if now > begin + HOUR else ONE_A_DAY(min(now, begin))
        served.append((now, body))
        return body

    write(one_host, {"bursting": serving(document)})
    one_host.play(4 * DAY)
    feed = one_host.feeds()["bursting"]
    hidden = [
        later
        for (earlier, _), (later, _) in pairwise(served)
        if later > begin + HOUR and later - max(earlier, begin) > HOUR
    ]
    assert feed.gaps == len(hidden) > 0
    assert feed.gap_at == hidden[-1] < end - 12 * HOUR, "then each poll finds what it knows"
    one_host.play(4 * DAY)
    after = one_host.feeds()["bursting"]
    assert (after.gaps, after.rhythm.limit) == (feed.gaps, None), "and what is over is forgotten"
    assert gaps_of(one_host, "bursting")[-1] > 3 * min(gaps_of(one_host, "bursting"))


def test_a_restart_asks_nobody_before_the_time(one_host: Run) -> None:
    write(one_host, {f"feed-{n}": serving(ONE_A_DAY) for n in range(12)})
    one_host.play(5 * HOUR)
    planned = {name: feed.next_check_at for name, feed in one_host.feeds().items()}
    before = len(one_host.world.exchanges)
    for _ in range(5):
        one_host.play(min(planned.values()) - one_host.now - timedelta(seconds=1))
    assert len(one_host.world.exchanges) == before
    one_host.play(5 * HOUR)
    for name, at in planned.items():
        again = next(visit for visit in one_host.world.visits(name) if visit.start == 7)
        assert at <= again.at < at + MINUTE


def test_after_a_pause_each_feed_is_asked_once(one_host: Run) -> None:
    write(one_host, {f"feed-{n}": serving(ONE_A_DAY) for n in range(12)})
    one_host.play(5 * HOUR)
    one_host.world.clock.now += 3 * DAY
    one_host.play(HOUR)
    for name in one_host.feeds():
        assert [visit.start for visit in one_host.world.visits(name)].count(2) == 1


def test_many_feeds_of_one_host_are_asked_two_at_a_time(one_host: Run) -> None:
    write(one_host, {f"feed-{n}": serving(ONE_A_DAY) for n in range(12)})
    one_host.world.lag = 0.05
    one_host.play(MINUTE)
    assert max(visit.in_flight for visit, _ in one_host.world.exchanges) == 2
    assert len(one_host.world.exchanges) == 12


def test_feeds_that_were_added_together_drift_apart(one_host: Run) -> None:
    write(one_host, {f"feed-{n}": serving(ONE_A_DAY) for n in range(12)}, "2h")
    one_host.play(20 * HOUR)
    last = [one_host.world.visits(f"feed-{n}")[-1].at for n in range(12)]
    assert max(last) - min(last) > 20 * MINUTE


def test_a_feed_taken_back_into_the_files_is_asked_although_it_was_gone(one_host: Run) -> None:
    healed = START + 3 * DAY
    gone = during(DAY, healed - START, saying(410), serving(ONE_A_DAY))
    write(one_host, {"back": gone, "other": serving(ONE_A_DAY)})
    one_host.play(3 * DAY)
    both, one_host.entries = one_host.entries, one_host.entries[1:]
    one_host.play(DAY)
    assert max(visit.at for visit in one_host.world.visits("back")) < healed
    one_host.entries = both
    one_host.play(HOUR)
    assert one_host.feeds()["back"].gone_at is None
    assert one_host.world.of("back")[-1][1].status in (200, 304)
