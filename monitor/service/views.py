"""What people and programs are shown: read through the store, decided nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.errors import MonitorError
from monitor.notify.slots import day_start, rest_until
from monitor.records import (
    DigestKind,
    Feed,
    FetchLine,
    MatchedStory,
    MatchState,
    OutboxItem,
    OutboxState,
    Plan,
    Story,
    Subscription,
    Threshold,
    Topic,
)
from monitor.service.app import App
from monitor.service.health import FeedHealth, diagnose
from monitor.service.matchers import fault_of
from monitor.store import (
    archive,
    feeds,
    ledger,
    matches,
    outbox,
    outcomes,
    stories,
    subscriptions,
    topics,
    vitals,
)

WEEK = timedelta(days=7)
LATE_AFTER = {
    "poll": timedelta(minutes=15),
    "match": timedelta(minutes=5),
    "articles": timedelta(minutes=15),
    "digest": timedelta(minutes=5),
    "deliver": timedelta(minutes=15),
}
"""A step of the service that has shown no sign of life for so long is late."""
LISTED = 20
"""Topics that a message names at most."""
MESSAGES = 200
"""The newest messages that are looked at."""


class NotFound(MonitorError):
    """What was asked for is not there, or it is not clear which one was meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicStatus:
    """A topic, its threshold now, and what it matched within the last week."""

    topic: Topic
    threshold: Threshold | None
    week: int
    near: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientStatus:
    """Who is told when, also one who was stopped.

    ``rests_until`` None: they may be told now. ``urgent_today``: messages that were made at once
    since their midnight; ``urgent_at_most`` of so many, 0: they want none.
    """

    subscription: Subscription
    rests_until: datetime | None = None
    urgent_today: int = 0
    urgent_at_most: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedFetch:
    """A line of the log with the feed that was asked."""

    feed: Feed
    line: FetchLine

    @property
    def redirected_to(self) -> str | None:
        """Where the answer came from, if not from where the owner sent us."""
        return None if self.line.url == self.feed.spec.url else self.line.url


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The whole service at a glance.

    ``without_seed`` names the topics of which no seed page could be read yet; ``messages`` are
    those that an owner should know of, newest first: not sent and not dropped, or perhaps sent
    twice; ``late`` names the steps that show no sign of life.
    """

    feeds: tuple[FeedHealth, ...]
    topics: tuple[TopicStatus, ...]
    without_seed: tuple[str, ...]
    outbox: Mapping[OutboxState, int]
    messages: tuple[OutboxItem, ...]
    recipients: tuple[RecipientStatus, ...]
    stories: int
    background_version: int
    background_stories: int
    beats: Mapping[str, datetime]
    late: tuple[str, ...]


def status(app: App, now: datetime) -> Status:
    """Collect the state of feeds, topics, outbox and steps."""
    background = topics.latest_background(app.database)
    beats = vitals.beats(app.database)
    return Status(
        feeds=feeds_health(app, now),
        topics=_topics(app, background.version if background else 0, now),
        without_seed=_without_seed(app),
        outbox=outbox.counts(app.database),
        messages=tuple(filter(_is_remarkable, outbox.listing(app.database, limit=MESSAGES))),
        recipients=tuple(
            _recipient(app, each, now) for each in subscriptions.everyone(app.database)
        ),
        stories=stories.count_after(app.database, 0),
        background_version=background.version if background else 0,
        background_stories=background.stories if background else 0,
        beats=beats,
        late=late(beats, now),
    )


def _recipient(app: App, subscription: Subscription, now: datetime) -> RecipientStatus:
    plan = app.plans.get((subscription.digest, subscription.recipient))
    if plan is None:
        return RecipientStatus(subscription=subscription)
    return RecipientStatus(
        subscription=subscription,
        rests_until=rest_until(plan.schedule, now),
        urgent_today=_urgent_today(app, plan, now) if plan.urgent else 0,
        urgent_at_most=plan.urgent.at_most if plan.urgent else 0,
    )


def _urgent_today(app: App, plan: Plan, now: datetime) -> int:
    midnight = day_start(plan.schedule.zone, now)
    newest = archive.listing(
        app.database, digest=plan.digest, recipient=plan.recipient, limit=MESSAGES
    )
    return sum(
        each.kind is DigestKind.URGENT and midnight <= each.created_at <= now for each in newest
    )


def _is_remarkable(item: OutboxItem) -> bool:
    """Whether an owner should know: who dropped a message has seen it."""
    return item.uncertain or not (
        item.state is OutboxState.SENT or item.last_error == outbox.DROPPED
    )


def late(beats: Mapping[str, datetime], now: datetime) -> tuple[str, ...]:
    """The steps whose last sign of life is too old; one that never gave any is late too."""
    return tuple(
        name for name, limit in LATE_AFTER.items() if name not in beats or now - beats[name] > limit
    )


def _topics(app: App, version: int, now: datetime) -> tuple[TopicStatus, ...]:
    thresholds = topics.thresholds(app.database, version)
    counts = matches.counts(app.database, now - WEEK)
    return tuple(
        TopicStatus(
            topic=topic,
            threshold=thresholds.get(topic.id),
            week=counts.get((topic.id, MatchState.HIT), 0),
            near=counts.get((topic.id, MatchState.NEAR), 0),
        )
        for topic in topics.all_topics(app.database)
    )


def _without_seed(app: App) -> tuple[str, ...]:
    known = {topic.spec.name for topic in topics.all_topics(app.database)}
    return tuple(sorted(app.settings.topic_names() - known))


def feeds_health(app: App, now: datetime) -> tuple[FeedHealth, ...]:
    """Every feed with all that is to be said of it, in the order of discovery."""
    return diagnose(app.database, feeds.all_feeds(app.database), now)


def fetch_log(
    app: App, feed: Feed | None, *, failed: bool, since: datetime | None, limit: int
) -> tuple[LoggedFetch, ...]:
    """The newest fetches first, of one feed or of all; ``failed``: only those that went wrong."""
    number = None if feed is None else feed.id
    found = outcomes.listing(app.database, feed_id=number, failed=failed, since=since, limit=limit)
    asked = {each.id: each for each in feeds.all_feeds(app.database)}
    return tuple(LoggedFetch(feed=asked[line.feed_id], line=line) for line in found)


def find_feed(app: App, text: str) -> Feed:
    """The one feed with that number, address or title, or a piece of those; :class:`NotFound`."""
    known = feeds.all_feeds(app.database)
    wanted = text.strip().casefold()
    found = next(filter(None, ([it for it in known if fits(it)] for fits in _readings(wanted))), [])
    if not found:
        raise NotFound(
            f"no feed has the number, address or title {text!r}; see `monitor feeds list`"
        )
    if len(found) > 1:
        some = "; ".join(f"{feed.id}: {feed.title}" for feed in found[:5])
        more = f" and {len(found) - 5:,} more" if len(found) > 5 else ""
        raise NotFound(f"several feeds fit {text!r}, give the number of one: {some}{more}")
    return found[0]


def _readings(wanted: str) -> tuple[Callable[[Feed], bool], ...]:
    """What a text may mean, the most exact reading first."""
    return (
        lambda feed: wanted == str(feed.id),
        lambda feed: wanted in (feed.spec.url.casefold(), feed.address.casefold()),
        lambda feed: wanted == feed.title.casefold(),
        lambda feed: bool(wanted) and wanted in f"{feed.title} {feed.spec.url}".casefold(),
    )


def find_topic(app: App, name: str) -> Topic:
    """The topic of that name, in any case and with hyphens for blanks, or :class:`NotFound`."""
    known = topics.all_topics(app.database)
    for topic in known:
        if slug(topic.spec.name) == slug(name):
            return topic
    if slug(name) in map(slug, _without_seed(app)):
        raise NotFound(
            f"topic {name!r} has no seed: no page it names was read yet; `monitor poll` reads "
            "them, `monitor check --feeds` says what is wrong with them"
        )
    raise NotFound(f"no topic named {name!r}; {told_names([it.spec.name for it in known])}")


def told_names(names: Sequence[str]) -> str:
    """Return which topics there are, for one who named none of them; many are not listed."""
    if len(names) > LISTED:
        return f"`monitor check` names all {len(names):,} of them"
    return f"the topics are: {', '.join(names) or 'none'}"


def slug(name: str) -> str:
    """A name as it is compared: in any case, with hyphens for blanks."""
    return "-".join(name.casefold().replace("_", " ").replace("-", " ").split())


def find_story(app: App, text: str) -> Story:
    """The one story with that number, address or piece of its title."""
    found = stories.find(app.database, text)
    if not found:
        raise NotFound(f"no stored story has the number, address or title {text!r}")
    if len(found) > 1:
        some = "; ".join(f"{story.id}: {story.title}" for story in found[:5])
        raise NotFound(f"several stories fit {text!r}, give the number of one: {some}")
    return found[0]


def usable_topic(app: App, name: str) -> Topic:
    """The topic of that name; :class:`NotFound` also where it can never match, with the reason."""
    topic = find_topic(app, name)
    fault = fault_of(topic.spec, verdicts=topic.verdicts)
    if fault is not None:
        raise NotFound(fault)
    return topic


def listing(
    app: App, *, topic: str | None, states: tuple[str, ...], since: datetime | None, limit: int
) -> tuple[MatchedStory, ...]:
    """Stored matches, newest first."""
    name = find_topic(app, topic).spec.name if topic is not None else None
    return matches.listing(app.database, topic=name, states=states, since=since, limit=limit)


def left_out(
    app: App, *, topic: str | None, since: datetime | None, limit: int
) -> tuple[MatchedStory, ...]:
    """What the caps of digests left out, each story once; the newest digest first."""
    name = find_topic(app, topic).spec.name if topic is not None else None
    found: dict[int, MatchedStory] = {}
    for item in outbox.listing(app.database, limit=MESSAGES):
        if since is None or item.created_at >= since:
            for each in ledger.told(app.database, item, cut=True):
                if name in (None, each.topic):
                    found.setdefault(each.story.id, each)
    return tuple(found.values())[:limit]
