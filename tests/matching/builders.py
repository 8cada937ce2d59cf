"""Stories and topics for the tests of this room: short to write, valid by default."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import settings
from hypothesis import strategies as st

from monitor.records import Seed, Story, Topic, TopicSpec, Verdict

STEADY = settings(deadline=None, derandomize=True)
"""The same examples every time, however busy the machine."""

RAGGED = st.text(
    alphabet=st.sampled_from("aB'.\u2019-_ 9é\u0301ß東京\u0e01\u0e32한국\u200b\ufeff\ud800\n"),
    max_size=40,
)
"""Texts of all that is hard to take apart."""

NOW = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)


def story(
    text: str = "",
    *,
    title: str = "",
    story_id: int = 1,
    language: str | None = "en",
    feed_url: str = "https://feed.example/rss",
    feed_tags: tuple[str, ...] = (),
) -> Story:
    return Story(
        id=story_id,
        feed_id=1,
        feed_url=feed_url,
        feed_tags=feed_tags,
        source="Example",
        url=None,
        title=title,
        text=text,
        language=language,
        published_at=NOW,
        seen_at=NOW,
        link_key=None,
        content_key=bytes(16),
    )


def seeds(*texts: str) -> tuple[Seed, ...]:
    return tuple(Seed(text=text) for text in texts)


def topic(spec: TopicSpec, *, topic_id: int = 1) -> Topic:
    return Topic(id=topic_id, version="v1", spec=spec)


def verdicts(
    *, yes: tuple[str, ...] = (), no: tuple[str, ...] = (), language: str | None = "en"
) -> tuple[Verdict, ...]:
    """What a reader said of stories of these texts."""
    said = [(text, True) for text in yes] + [(text, False) for text in no]
    return tuple(
        Verdict(
            id=number,
            topic_id=1,
            story_id=number,
            url=None,
            title="",
            text=text,
            language=language,
            wanted=wanted,
            origin="command",
            given_at=NOW,
        )
        for number, (text, wanted) in enumerate(said, start=1)
    )
