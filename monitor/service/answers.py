"""What a reader says on the pages that a mail links to: of a story, or that it was the last mail.

claim -> what it speaks of, as stored now -> the answer, by the same doors as a command's
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from shlex import quote
from zoneinfo import ZoneInfo

from monitor.errors import MonitorError
from monitor.notify.slots import time_zone
from monitor.notify.tokens import Claim
from monitor.records import LeftOut, Match, Story, Subscription, Topic, Verdict
from monitor.service import verdicts
from monitor.service.app import App
from monitor.service.links import mark_of
from monitor.service.verdicts import Given
from monitor.store import ledger, matches, stories, subscriptions, topics
from monitor.store.subscriptions import BY_MAIL
from monitor.store.verdicts import count_given

CHANGES_A_DAY = 20
"""Answers on one story and topic by links of mails, within 24 hours: each costs CPU and a row."""
_DAY = timedelta(days=1)
_ORIGIN = "mail:"


class Refused(MonitorError):
    """What a link asks for is not done. ``command``: what its owner can do instead."""

    def __init__(self, message: str, command: str | None = None) -> None:
        super().__init__(message)
        self.command = command


class Gone(Refused):
    """What a link speaks of is not there any more."""


class TooOften(Refused):
    """The answer on a story was changed as often within a day as links of mails may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a link asks of its reader: whether ``topic`` is to bring more like ``story``.

    ``story`` None: it was forgotten since. ``match``: why it was told; ``standing``: what was said
    of it before, by whomever. ``zone``: that of the reader's clock.
    """

    reader: Subscription
    zone: ZoneInfo
    topic: Topic
    story: Story | None
    match: Match | None
    standing: Verdict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What the messages of a digest left out for their reader, the newest message first.

    ``more``: stories that are not among them, since they would be too many.
    """

    reader: Subscription
    zone: ZoneInfo
    messages: tuple[LeftOut, ...]
    more: int


def asked(app: App, claim: Claim) -> Asked:
    """Return what is stored of that a link speaks of; :class:`Gone`."""
    reader, topic = reader_of(app, claim), _topic(app, claim)
    standing = next((each for each in topic.verdicts if each.story_id == claim.story), None)
    story = stories.get(app.database, claim.story)
    if (story is None and standing is None) or (story and mark_of(story) != claim.story_mark):
        raise Gone(
            "The story was forgotten since, and nothing can be learned from it any more."
            " How long stories are kept is said by keep in monitor.yaml.",
            f"monitor topics ask {quote(topic.spec.name)}",
        )
    found = matches.of_story(app.database, claim.story)
    match = next((each for each in found if each.topic_id == topic.id), None)
    return Asked(
        reader=reader,
        zone=zone_of(app, reader),
        topic=topic,
        story=story,
        match=match,
        standing=standing,
    )


def answer(app: App, claim: Claim, *, wanted: bool, now: datetime) -> Given:
    """Say of a story that more like it is wanted, or not.

    :class:`Gone`, :class:`TooOften`, ``NotFound``.
    """
    it = asked(app, claim)
    if it.story is None:
        raise Gone(
            "The story was forgotten since: what was said of it stands, and can only be taken back."
        )
    if it.standing is None or it.standing.wanted is not wanted:
        _check_not_too_often(app, it.topic, it.story, wanted=wanted, now=now)
    return verdicts.give(
        app,
        str(claim.story),
        it.topic.spec.name,
        wanted=wanted,
        origin=f"{_ORIGIN}{it.reader.recipient}",
        now=now,
    )


def _check_not_too_often(
    app: App, topic: Topic, story: Story, *, wanted: bool, now: datetime
) -> None:
    """Bound what a link can cost; taking back needs an answer first, so that is bounded too."""
    given = count_given(app.database, topic.id, story.id, since=now - _DAY, origin=_ORIGIN)
    if given >= CHANGES_A_DAY:
        raise TooOften(
            f"The answer on this story was changed {given} times within a day, by links of mails;"
            " that is as often as they may. What was said last stands. Try again tomorrow.",
            command_for(story, topic, wanted=wanted),
        )


def command_for(story: Story, topic: Topic, *, wanted: bool) -> str:
    """Return the command that says the same as a button."""
    return (
        f"monitor verdict {story.id} {'yes' if wanted else 'no'} --topic {quote(topic.spec.name)}"
    )


def take_back(app: App, claim: Claim, number: int, now: datetime) -> Given:
    """Take back what was said of the story of a link; :class:`Gone`, ``NotFound``.

    A link speaks of one story and topic: a verdict of another one is not its affair.
    """
    it = asked(app, claim)
    if it.standing is None or it.standing.id != number:
        raise Gone("That answer does not stand any more: it was taken back or replaced.")
    return verdicts.undo(app, number, now)


def reader_of(app: App, claim: Claim) -> Subscription:
    """Return who got the mail of a link; :class:`Gone` where they are no recipient any more."""
    everyone = subscriptions.everyone(app.database)
    found = next((each for each in everyone if each.id == claim.subscription), None)
    if found is None or mark_of(found) != claim.reader_mark:
        raise Gone(
            "The digest of this mail does not go to you any more, so there is nothing to do."
            " Who gets it is said by recipients in monitor.yaml."
        )
    return found


def rest_of(app: App, claim: Claim, limit: int) -> Rest:
    """Return what the digest of a link left out, ``limit`` stories at most; :class:`Gone`."""
    reader = reader_of(app, claim)
    messages, total = ledger.left_out(app.database, reader.id, limit=limit)
    more = total - sum(len(each.stories) for each in messages)
    return Rest(reader=reader, zone=zone_of(app, reader), messages=messages, more=more)


def zone_of(app: App, reader: Subscription) -> ZoneInfo:
    """Return the zone of a reader's clock; UTC where the configuration does not name them."""
    plan = app.plans.get((reader.digest, reader.recipient))
    return time_zone(plan.schedule.zone if plan else "UTC")


def leave(app: App, claim: Claim, now: datetime) -> Subscription:
    """Send the reader of a link nothing more of that digest; :class:`Gone`. Twice is once."""
    reader = reader_of(app, claim)
    subscriptions.stop(app.database, reader.id, now, by=BY_MAIL)
    return reader


def come_back(app: App, claim: Claim, now: datetime) -> Subscription:
    """Send the reader of a link that digest again; :class:`Gone`. Twice is once.

    Whom the owner stopped, the owner alone can serve again: an old mail is no key to new ones.
    """
    number = reader_of(app, claim).id
    subscriptions.resume(app.database, number, now, stopped_by=BY_MAIL)
    reader = reader_of(app, claim)
    if reader.stopped_at is not None:
        raise Gone(
            "Whoever runs the service has ended this digest for you, and can begin it again.",
            f"monitor recipients resume {quote(reader.recipient)} --digest {quote(reader.digest)}",
        )
    return reader


def may_return(reader: Subscription) -> bool:
    """Whether the link of a mail can begin a digest again: not where its owner has ended it."""
    return reader.stopped_at is None or reader.stopped_by == BY_MAIL


def _topic(app: App, claim: Claim) -> Topic:
    for topic in topics.all_topics(app.database):
        if topic.id == claim.topic:
            return topic
    raise Gone(
        "The topic of this story is not watched any more, so it cannot learn."
        " What was said of its stories before waits for its return.",
        "monitor topics list",
    )
