"""What the model of the ledger knows: recipients, what was made for them, and their messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from monitor.records import (
    DigestKind,
    OutboxState,
    Story,
)
from monitor.store.leases import HORIZON

TOPICS = {"a": ("t1",), "b": ("t1", "t2"), "c": ("t1",)}
"""What each digest watches; ``c`` is what ``a`` may be renamed to."""
WAITING = (OutboxState.READY, OutboxState.WAITING)


@dataclass(frozen=True)
class Line:
    """A story in the ledger of a recipient."""

    run: int
    cut: bool
    link: bytes | None
    content: bytes


@dataclass
class Reader:
    id: int
    digest: str
    recipient: str
    started_at: datetime
    next_at: datetime
    last_at: datetime | None
    schedule_key: str
    enabled: bool = True
    stopped_by: str | None = None
    told: dict[int, Line] = field(default_factory=dict)
    owed: set[tuple[int, str]] = field(default_factory=set)
    """Stories, each with a topic, that matched while this recipient was there."""

    @property
    def served(self) -> bool:
        return self.enabled and self.stopped_by is None

    def knows(self, story: Story, *, as_update: bool = False) -> bool:
        """Whether the story or a copy was told; an update has the address of what was."""
        lines = self.told.values()
        same_link = not as_update and story.link_key is not None
        return (
            story.id in self.told
            or any(line.content == story.content_key for line in lines)
            or (same_link and any(line.link == story.link_key for line in lines))
        )

    def renews(self, story: Story) -> bool:
        """Whether the story says something else at the address of one that was placed."""
        placed = {line.link for line in self.told.values() if not line.cut} - {None}
        return story.link_key in placed and not self.knows(story, as_update=True)


@dataclass
class Run:
    reader: int
    slot: datetime
    kind: DigestKind
    thread: str
    created_at: datetime

    @property
    def key(self) -> tuple[object, ...]:
        return (self.reader, self.slot, self.kind, self.thread)


@dataclass
class Mail:
    run: int
    message_id: str
    next_attempt_at: datetime
    state: OutboxState = OutboxState.READY
    attempts: int = 0
    uncertain: bool = False
    owner: str | None = None
    until: datetime | None = None
    settled_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        if self.state is OutboxState.READY:
            return True
        if self.state is OutboxState.WAITING:
            return self.next_attempt_at <= now or self.next_attempt_at > now + HORIZON
        held = self.until is not None and now < self.until <= now + HORIZON
        return self.state is OutboxState.SENDING and not held

    def is_claimed(self, attempts: int) -> bool:
        """Whether the claim that was its attempt of this number still stands."""
        return self.state is OutboxState.SENDING and self.attempts == attempts

    def settle(self, state: OutboxState, now: datetime | None) -> None:
        self.state, self.settled_at = state, now
        self.owner = self.until = None
