"""The nouns that travel between the rooms: frozen, slotted, keyword-only, standard library only.

Every time is aware and in UTC; a naive one is a ``ValueError`` where the record is made.
A story carries ``seen_at`` (ours) and ``published_at`` (theirs).
"""

from monitor.records.digests import (
    Coverage,
    Digest,
    DigestEntry,
    DigestSection,
    Message,
    OutboxItem,
    OutboxState,
    Schedule,
    Subscription,
)
from monitor.records.feeds import (
    MOVES_CONFIRMED,
    Access,
    Entry,
    Feed,
    FeedSpec,
    Fetched,
    FetchLine,
    FullText,
    Move,
    ParsedFeed,
    PollOutcome,
    PollStatus,
    Request,
    Rhythm,
    Validators,
    Wishes,
)
from monitor.records.languages import language_code
from monitor.records.matches import Match, MatchedStory, MatchState, Term
from monitor.records.steps import StepReport
from monitor.records.stories import Added, Article, ArticleState, NewStory, Story
from monitor.records.times import aware
from monitor.records.topics import (
    BackgroundRecord,
    Seed,
    Threshold,
    ThresholdKind,
    Topic,
    TopicSpec,
    Verdict,
)

__all__ = [
    "MOVES_CONFIRMED",
    "Access",
    "Added",
    "Article",
    "ArticleState",
    "BackgroundRecord",
    "Coverage",
    "Digest",
    "DigestEntry",
    "DigestSection",
    "Entry",
    "Feed",
    "FeedSpec",
    "FetchLine",
    "Fetched",
    "FullText",
    "Match",
    "MatchState",
    "MatchedStory",
    "Message",
    "Move",
    "NewStory",
    "OutboxItem",
    "OutboxState",
    "ParsedFeed",
    "PollOutcome",
    "PollStatus",
    "Request",
    "Rhythm",
    "Schedule",
    "Seed",
    "StepReport",
    "Story",
    "Subscription",
    "Term",
    "Threshold",
    "ThresholdKind",
    "Topic",
    "TopicSpec",
    "Validators",
    "Verdict",
    "Wishes",
    "aware",
    "language_code",
]
