"""A service on the morning of a digest: configuration and database in a folder, and copies of it.

A day is built once and copied for every turn, so that each turn does the same work. A digest of
another topic an hour before pays for what only the first one of a process costs: imports, compiled
templates, prepared statements.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from random import Random
from shutil import copytree
from tempfile import TemporaryDirectory

from benchmarks.digests.stories import arabic, language_of, prose
from benchmarks.scoring.corpus import Text
from monitor.config import load
from monitor.records import Feed, Match, MatchState, NewStory, PollOutcome, PollStatus, Term, Topic
from monitor.service.app import App, open_app, sync
from monitor.service.digest import digest
from monitor.store import feeds, matches, outcomes, stories, topics

HOUR = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
"""When the digest is due."""
TOPICS = ("harbour", "orchards", "libraries")
_WARM_UP = HOUR - timedelta(hours=1)
_FOUND = HOUR - timedelta(hours=2)
_WEEKS = 12
_THRESHOLD, _URGENT = 0.2, 0.9

_CONFIG = """\
database: sqlite:///monitor.db
feeds: feeds.yaml
topics: topics
web: {{public_url: "https://news.example"}}
digests:
  - name: early
    topics: [warm-up]
    recipients: [early@example.org]
    schedule: {{daily: "06:00"}}
    timezone: UTC
  - name: daily
    topics: [{topics}]
    recipients: [{recipients}]
    schedule: {{daily: "07:00"}}
    timezone: UTC
    cap: {cap}
    urgent: {{above: {urgent}, at_most: 3}}
mail:
  from: News monitor <monitor@example.org>
  folder: outbox
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """``stories`` of so many feeds that nobody was told yet, for so many recipients of a digest."""

    stories: int
    recipients: int = 1
    cap: int = 30
    feeds: int = 20
    arabic: bool = False


def build(folder: Path, day: Day) -> Path:
    """Write configuration and database of ``day`` into ``folder``, and return it."""
    _configure(folder, day)
    with _open(folder) as app:
        sync(app, _FOUND)
        known = feeds.all_feeds(app.database)
        outcomes.record(app.database, *(_outcome(each, _WARM_UP) for each in known))
        for weeks in range(_WEEKS, 0, -1):
            _find(app, arabic(1 + weeks % 3), TOPICS, HOUR - timedelta(weeks=weeks))
        _find(app, arabic(1), ("warm-up",), _FOUND)
        texts = arabic(day.stories) if day.arabic else prose(day.stories)
        _find(app, texts, TOPICS, _FOUND)
    return folder


@contextmanager
def opened(built: Path) -> Iterator[App]:
    """Open the service on a copy of what was built, with the digest of the hour before told."""
    with TemporaryDirectory() as folder:
        copytree(built, folder, dirs_exist_ok=True)
        with _open(Path(folder)) as app:
            digest(app, _WARM_UP)
            yield app


def find_one(app: App, now: datetime) -> None:
    """Let a story come in that matches, and is not urgent."""
    _find(app, arabic(1), TOPICS, now)


def _open(folder: Path) -> App:
    return open_app(load(folder / "monitor.yaml"), owner="benchmark", rng=Random(0))


def _configure(folder: Path, day: Day) -> None:
    (folder / "topics").mkdir(parents=True)
    for name in ("warm-up", *TOPICS):
        topic = f"name: {name}\nseeds:\n  - text: What there is to say of {name} in this winter.\n"
        (folder / "topics" / f"{name}.yaml").write_text(topic)
    feeds_listed = "".join(
        f"  - url: https://wire{each}.example/feed\n" for each in range(day.feeds)
    )
    (folder / "feeds.yaml").write_text(f"feeds:\n{feeds_listed}")
    (folder / "monitor.yaml").write_text(_config_of(day))
    key = folder / "web.key"
    key.write_text("made up, so that links are the same every time")
    key.chmod(0o600)


def _config_of(day: Day) -> str:
    recipients = ", ".join(f"reader{number}@example.org" for number in range(day.recipients))
    return _CONFIG.format(
        topics=", ".join(TOPICS), recipients=recipients, cap=day.cap, urgent=_URGENT
    )


def _find(app: App, texts: Sequence[Text], names: Sequence[str], at: datetime) -> None:
    """Store ``texts``, each of the next feed and matching the next of the topics ``names``."""
    known = {topic.spec.name: topic for topic in topics.all_topics(app.database)}
    chosen = [known[name] for name in names]
    numbered, sources = list(enumerate(texts)), feeds.all_feeds(app.database)
    for place, feed in enumerate(sources[: len(texts)]):
        own = numbered[place :: len(sources)]
        new = tuple(_story(f"{names} {n} {at}", text, at) for n, text in own)
        ids = stories.add_new(app.database, _outcome(feed, at), new).new
        found = [
            _match(story_id, chosen[n % len(chosen)], n, text, at)
            for story_id, (n, text) in zip(ids, own, strict=True)
        ]
        matches.save(app.database, ids, found, at)


def _outcome(feed: Feed, at: datetime) -> PollOutcome:
    return PollOutcome(
        feed_id=feed.id,
        status=PollStatus.READ,
        checked_at=at,
        next_check_at=at + timedelta(days=1),
        title=f"The Wire of Harbour Town {feed.id}",
    )


def _story(name: str, text: Text, at: datetime) -> NewStory:
    key = blake2b(name.encode(), digest_size=16)
    address = f"https://wire.example/2026/03/02/{key.hexdigest()}"
    return NewStory(
        keys=(key.digest(),),
        url=address,
        title=text.title,
        text=text.text,
        language=language_of(text),
        published_at=at - timedelta(minutes=20),
        link_key=key.digest(),
        content_key=blake2b(address.encode(), digest_size=16).digest(),
    )


def _match(story_id: int, topic: Topic, number: int, text: Text, at: datetime) -> Match:
    """A match with eight words as its reasons, above the threshold and not urgent."""
    score = _THRESHOLD + (number * 619 % 1000) / 2000
    words = sorted(set(text.text.split()), key=len)[-8:]
    return Match(
        story_id=story_id,
        topic_id=topic.id,
        score=score,
        threshold=_THRESHOLD,
        state=MatchState.HIT,
        veto=None,
        terms=tuple(Term(text=word, share=score / 10) for word in words),
        rest=score / 5,
        background_version=0,
        topic_version=topic.version,
        matched_at=at,
    )
