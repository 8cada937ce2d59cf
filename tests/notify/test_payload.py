"""What a webhook is told: a digest as JSON, as the how-to documents it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given

from monitor.notify.payload import MAX_COPIES, as_json
from monitor.records import Answers, Coverage, Digest, DigestKind, FirstTold
from tests.notify.builders import MONDAY, a_digest, a_feed, a_hit, a_story, hostile_texts

HOW_TO = Path(__file__).resolve().parents[2] / "docs/howto/send-elsewhere.md"


def data(digest: Digest) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(as_json(digest).message.raw)["data"]
    return told


def a_full_digest() -> Digest:
    """One story with a copy and an update, one that was cut, and a near miss: all there is."""
    address = b"a" * 16
    lead = a_hit(a_story(1, title="Last combat troops leave the base", link_key=address), 0.46)
    copy = a_hit(a_story(2, source="Example Gazette", content_key=b"text 1"), 0.44)
    later = replace(
        a_story(3, title="Base handed over", link_key=address, url="https://wire.example/1"),
        published_at=MONDAY - timedelta(hours=1),
    )
    made = a_digest(
        *(lead, copy, a_hit(later, 0.41), a_hit(a_story(4), 0.3, topic="Iraq talks")),
        recipient="team-hook",
        cap=1,
        coverage=Coverage(
            stories_read=1482,
            feeds_read=112,
            failing=(a_feed(),),
            nearest=a_hit(a_story(9, title="Advisers stay"), 0.25),
        ),
    )
    (section,) = made.sections
    answers = Answers(more="https://news.example/v/1", less="https://news.example/v/2")
    entries = tuple(replace(entry, answers=answers) for entry in section.entries)
    return replace(
        made,
        sections=(replace(section, entries=entries),),
        topics=("Iraq", "Iraq talks"),
        unsubscribe="https://news.example/u/3",
        rest="https://news.example/r/4",
    )


def test_the_example_of_the_how_to_is_what_is_posted() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", HOW_TO.read_text("utf-8"), re.DOTALL)
    assert json.loads(example) == json.loads(as_json(a_full_digest()).message.raw)


def test_the_same_digest_gives_the_same_bytes_under_the_same_id() -> None:
    first, again = as_json(a_full_digest()).message, as_json(a_full_digest()).message
    assert first == again
    assert first.content_type == "application/json"
    assert json.loads(first.raw)["data"]["id"] == first.message_id


def test_each_digest_recipient_hour_kind_and_thread_has_an_id_of_its_own() -> None:
    one = a_digest(recipient="team-hook")
    told = FirstTold(message_id="<1@x>", subject="", told_at=MONDAY)
    others = [
        one,
        replace(one, name="Evening"),
        replace(one, recipient="other-hook"),
        replace(one, slot=MONDAY + timedelta(microseconds=1)),
        replace(one, kind=DigestKind.URGENT),
        replace(one, kind=DigestKind.UPDATE, first=told),
        replace(one, kind=DigestKind.UPDATE, first=replace(told, message_id="<2@x>")),
    ]
    ids = {as_json(each).message.message_id for each in others}
    assert len(ids) == len(others)
    assert not any("." in each for each in ids)


def test_the_kind_is_the_type_of_the_event() -> None:
    urgent = replace(a_digest(), kind=DigestKind.URGENT)
    assert json.loads(as_json(urgent).message.raw)["type"] == "digest.urgent"


def test_an_update_names_the_message_that_it_answers() -> None:
    first = FirstTold(message_id="20250727T050000Z-morning-0a", subject="", told_at=MONDAY)
    update = replace(a_digest(), kind=DigestKind.UPDATE, first=first)
    assert data(update)["in_reply_to"] == first.message_id


def test_stories_come_best_first_whatever_their_topic() -> None:
    hits = [
        a_hit(a_story(number), score, topic=topic)
        for number, score, topic in [(1, 0.9, "A"), (2, 0.5, "A"), (3, 0.7, "B")]
    ]
    assert [each["score"] for each in data(a_digest(*hits))["stories"]] == [0.9, 0.7, 0.5]


def test_a_story_with_a_thousand_copies_names_some_and_counts_all() -> None:
    hits = [a_hit(a_story(number, content_key=b"same")) for number in range(1, 1_001)]
    (story,) = data(a_digest(*hits))["stories"]
    assert (len(story["copies"]), story["copies_in_all"]) == (MAX_COPIES, 999)


def test_a_story_without_a_usable_address_has_none() -> None:
    hit = a_hit(a_story(url="javascript:alert(1)"))
    assert data(a_digest(hit))["stories"][0]["url"] is None


@given(hostile_texts, hostile_texts)
def test_any_text_is_a_clean_line_of_json(title: str, source: str) -> None:
    digest = a_digest(a_hit(a_story(title=title, text=title, source=source), topic=source))
    (story,) = data(digest)["stories"]
    lines = "".join((story["title"], story["source"], story["topic"]))
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202e\ud800-\udfff]", lines)
