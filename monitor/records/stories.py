"""A story before and after it is stored, and the page it links to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.records.times import Timed


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStory(Timed):
    """An entry that was given an identity, not yet stored.

    ``keys``: 16-byte hashes, each unique within the feed; a known one means a known story.
    ``link_key`` and ``content_key`` recognise copies across feeds. ``backlog``: only teaches the
    background, is never matched nor mailed. ``held``: one of many old ones that came again all at
    once; it waits like a backlog until the owner releases it.
    """

    keys: tuple[bytes, ...]
    url: str | None
    title: str
    text: str
    language: str | None
    published_at: datetime
    link_key: bytes | None
    content_key: bytes
    backlog: bool = False
    held: bool = False


class ArticleState(StrEnum):
    """``wanted``: its page is still to be read; ``read``: the text is the page's; ``kept``: the
    feed's text stays, for a reason."""

    WANTED = "wanted"
    READ = "read"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Article(Timed):
    """The page of a story that is to be read; ``attempts`` were made before."""

    story_id: int
    feed_id: int
    url: str
    attempts: int
    wanted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Story(Timed):
    """A stored story. ``source`` is the feed's title, ``feed_url`` and ``feed_tags`` its feed's.

    ``article``: whether the text is that of its page; None: the page was never wanted.
    ``article_note``: why it is not. ``held``: it waits for the owner, and is matched only then.
    """

    id: int
    feed_id: int
    feed_url: str
    feed_tags: tuple[str, ...]
    source: str
    url: str | None
    title: str
    text: str
    language: str | None
    published_at: datetime
    seen_at: datetime
    link_key: bytes | None
    content_key: bytes
    backlog: bool = False
    edited_at: datetime | None = None
    held: bool = False
    article: ArticleState | None = None
    article_note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What storing a document's stories did.

    ``outdated``: nothing, since another poll of the feed came first.
    """

    new: tuple[int, ...] = ()
    edited: int = 0
    backlog: int = 0
    held: int = 0
    outdated: bool = False
