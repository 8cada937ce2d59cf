"""What is to be told, by every way and of every kind: small scenes for the tests of faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.builders import ADVISORY, FOOTBALL, MORNING, ORCHARD, rss
from tests.service.newsroom import Newsroom, link

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SEVEN = MORNING + HOUR
NINE = SEVEN + 2 * HOUR
READER = "reader@example.org"
Messages = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What stands in the database before, the hours that count, and what everybody has after.

    ``told``: of each recipient the stories of each message, in any order; of a feed each entry.
    ``feed``: what the only feed serves: then all steps are walked, not only those that tell.
    """

    digests: str
    prepare: Callable[[Newsroom], None]
    hours: tuple[datetime, ...] = (SEVEN,)
    told: Mapping[str, Messages]
    feed: bytes | None = None


def digest(name: str, *recipients: str, more: str = "") -> str:
    """A digest at seven, in the words of the configuration."""
    return (
        f"\n  - name: {name}\n    recipients: [{', '.join(recipients)}]\n"
        f'    schedule: {{daily: "07:00"}}\n    timezone: UTC\n{more}'
    )


def two_stories(room: Newsroom) -> None:
    """Two that match, found in the morning."""
    room.start(MORNING)
    room.story(MORNING)
    room.story(MORNING)


def a_hot_one(room: Newsroom) -> None:
    """After the digest of the day: one that cannot wait, and one that can."""
    room.start(NINE)
    room.story(NINE, score=0.9)
    room.story(NINE)


def told_and_changed(room: Newsroom) -> None:
    """One that was told yesterday, its later version, and one that is new."""
    room.start(MORNING)
    room.story(MORNING, link_key=link("same"))
    room.tick(SEVEN)
    room.story(SEVEN, link_key=link("same"), title="Story [1] has changed")
    room.story(SEVEN)


def told_and_more(room: Newsroom) -> None:
    """Two that were told yesterday, and a new one."""
    two_stories(room)
    room.tick(SEVEN)
    room.story(SEVEN)


def nothing_at_all(room: Newsroom) -> None:
    """No story."""
    room.start(MORNING)


NEWS = rss(
    [(f"Story [0]: {ADVISORY[0]}", ADVISORY[1]), FOOTBALL, ORCHARD],
    at=MORNING - HOUR,
)
SCENES: Mapping[str, Scene] = {
    "whole walk": Scene(
        digests=digest("daily", READER),
        prepare=nothing_at_all,
        hours=(MORNING, SEVEN),
        told={READER: ((0,),)},
        feed=NEWS,
    ),
    "two digests": Scene(
        digests=digest("daily", "a@example.org", "b@example.org")
        + digest("other", "b@example.org", "c@example.org"),
        prepare=two_stories,
        told={
            "a@example.org": ((0, 1),),
            "b@example.org": ((0, 1), (0, 1)),
            "c@example.org": ((0, 1),),
        },
    ),
    "urgent": Scene(
        digests=digest("daily", READER, more="    urgent: {above: 0.8}\n"),
        prepare=a_hot_one,
        hours=(NINE, SEVEN + DAY),
        told={READER: ((0,), (1,))},
    ),
    "update": Scene(
        digests=digest("daily", READER, more="    updates: true\n"),
        prepare=told_and_changed,
        hours=(SEVEN + DAY,),
        told={READER: ((0,), (1,), (2,))},
    ),
    "webhook": Scene(
        digests=digest("daily", "hook"),
        prepare=told_and_more,
        hours=(SEVEN + DAY,),
        told={"hook": ((0, 1), (2,))},
    ),
    "files": Scene(
        digests=digest("daily", "pages", "feeds", READER),
        prepare=told_and_more,
        hours=(SEVEN + DAY,),
        told={"pages": ((0, 1), (2,)), "feeds": ((0,), (1,), (2,)), READER: ((0, 1), (2,))},
    ),
    "note": Scene(
        digests=digest("daily", READER, more="    when_empty: note\n"),
        prepare=nothing_at_all,
        hours=(SEVEN, SEVEN + 3 * DAY),
        told={READER: ((), ())},
    ),
}
