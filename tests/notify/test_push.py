"""A chat or push service gets a short note through Apprise, and its address is told to nobody."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import DeliveryError
from monitor.notify.fold import matches_of
from monitor.notify.push import MAX_NOTE, MAX_STORIES, AppriseTransport, as_note
from monitor.records import Digest, Message, WhenEmpty
from tests.notify.builders import a_digest, a_hit, a_story, composed, hostile_texts
from tests.notify.hook_servers import Hook, answering, hook
from tests.notify.smtp_servers import free_port

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

SECRETS = "T0PATH?token=T0KEN"


def a_long_digest(stories: int = 30) -> Digest:
    hits = [
        a_hit(a_story(n, title=f"Story {n} " + "word " * 20), 1 - n / 100) for n in range(stories)
    ]
    return a_digest(*hits, recipient="phone", cap=500)


def note(digest: Digest) -> str:
    return as_note(digest).message.raw.decode()


def address(server: Hook) -> str:
    return f"json://127.0.0.1:{server.port}/{SECRETS}"


def a_message() -> Message:
    return as_note(a_digest(recipient="phone")).message


def test_a_note_names_the_best_stories_with_source_and_link() -> None:
    hits = [a_hit(a_story(1), 0.4), a_hit(a_story(2, source="Example Gazette"), 0.5, topic="Talks")]
    assert note(a_digest(*hits)) == (
        "Story 2\nTalks, Example Gazette, score 0.50\nhttps://wire.example/2\n\n"
        "Story 1\nIraq, Example Wire, score 0.40\nhttps://wire.example/1\n"
    )


def test_what_does_not_fit_is_counted_and_among_the_cut() -> None:
    digest = a_long_digest()
    made = as_note(digest)
    told = [entry.lead.story.id for section in made.digest.sections for entry in section.entries]
    assert told == list(range(len(told)))
    assert 0 < len(told) < 30
    assert len(told) < MAX_STORIES
    assert len(note(digest)) <= MAX_NOTE
    assert f"{30 - len(told)} more stories matched" in note(digest)
    assert len(made.digest.cut) == 30 - len(told)


def test_a_note_names_twenty_stories_at_most_however_short() -> None:
    hits = [a_hit(a_story(n, title="x", source="y", url=None), topic="z") for n in range(1, 31)]
    assert note(a_digest(*hits)).count("score") == MAX_STORIES


def test_a_digest_without_news_says_so() -> None:
    digest = composed([], topics=["Iraq"], when_empty=WhenEmpty.NOTE)
    assert digest is not None
    assert note(digest) == "Nothing new on Iraq.\n"


@given(st.lists(hostile_texts, min_size=1, max_size=25))
@settings(max_examples=50)
def test_any_digest_makes_a_short_note_and_what_was_told_makes_it_again(titles: list[str]) -> None:
    hits = [a_hit(a_story(n, title=title), 0.9 - n / 100) for n, title in enumerate(titles, 1)]
    digest = a_digest(*hits, recipient="phone")
    made = as_note(digest)
    assert len(made.message.raw.decode()) <= MAX_NOTE
    assert as_note(made.digest) == made
    everything = [match.story.id for match in made.digest.cut]
    for section in made.digest.sections:
        everything += [match.story.id for entry in section.entries for match in matches_of(entry)]
    assert sorted(everything) == list(range(1, len(titles) + 1))


def test_title_and_text_arrive_as_they_were_stored() -> None:
    with hook(answering("200 OK")) as server:
        AppriseTransport(address(server)).send(a_message())
    (post,) = server.posts
    told = json.loads(post.body)
    assert a_message().content_type == "text/plain"
    assert told["title"] == a_message().subject == "Story 1"
    assert told["message"] == a_message().raw.decode().rstrip()


@pytest.mark.parametrize("status", ["400 No", "500 Oops"])
def test_a_failure_may_have_arrived_since_apprise_does_not_say_why(status: str) -> None:
    with hook(answering(status)) as server, pytest.raises(DeliveryError) as caught:
        AppriseTransport(address(server)).send(a_message())
    assert (caught.value.permanent, caught.value.ambiguous) == (False, True)
    assert "may have arrived" in str(caught.value)
    assert "phone" in str(caught.value)


def test_the_address_stands_in_no_error_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told = []
    with hook(answering("500 Oops")) as server:
        for each in (address(server), f"json://127.0.0.1:{free_port()}/{SECRETS}"):
            with pytest.raises(DeliveryError) as caught:
                AppriseTransport(each).send(a_message())
            told += [str(caught.value), repr(caught.value.__cause__)]
    with pytest.raises(ValueError, match="no one address") as refused:
        AppriseTransport(f"nothing://{SECRETS}")
    told += [str(refused.value), caplog.text]
    assert [text for text in told if "T0" in text or "127.0.0.1" in text] == []


def test_what_apprise_raises_is_told_by_its_name_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(SECRETS)

    transport = AppriseTransport(f"json://127.0.0.1/{SECRETS}")
    monkeypatch.setattr("apprise.Apprise.notify", fail)
    with pytest.raises(DeliveryError, match="RuntimeError") as caught:
        transport.send(a_message())
    assert caught.value.ambiguous
    assert "T0" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_what_is_too_long_for_its_service_comes_in_parts() -> None:
    message = replace(a_message(), raw=b"word " * 2_000)
    with hook(answering("200 OK")) as server:
        AppriseTransport(f"ntfy://127.0.0.1:{server.port}/topic").send(message)
    assert len(server.posts) == 2


@pytest.mark.parametrize(
    "given_address", ["", "nonsense", "json://localhost, json://example.org", "nothing://x"]
)
def test_exactly_one_address_of_a_known_kind_is_taken(given_address: str) -> None:
    with pytest.raises(ValueError, match="write a single one"):
        AppriseTransport(given_address)


def test_a_check_sends_nothing() -> None:
    with hook() as server:
        AppriseTransport(address(server)).check()
    assert server.connections == 0


def test_a_note_leaves_out_a_link_that_would_fill_it_and_cuts_long_names() -> None:
    story = a_story(title="Rain", url="https://wire.example/" + "a" * 500, source="s" * 99)
    title, facts = note(a_digest(a_hit(story, topic="t" * 99))).splitlines()

    assert title == "Rain"
    assert facts == f"{'t' * 59}…, {'s' * 59}…, score 0.50"


def test_a_note_is_text_for_a_service_that_shows_markup_too() -> None:
    message = as_note(a_digest(a_hit(a_story(title="<b>Rain</b> & *sun*")), recipient="phone"))
    with hook(answering("200 OK")) as server:
        AppriseTransport(f"{address(server)}&format=html").send(message.message)
    (post,) = server.posts

    told = json.loads(post.body)["message"].replace("&nbsp;", " ")
    assert told.startswith("&lt;b&gt;Rain&lt;/b&gt; &amp; *sun*<br/>Iraq")


def test_how_a_long_note_is_dealt_with_is_its_owners_choice_where_they_made_one() -> None:
    message = replace(a_message(), raw=b"word " * 2_000)
    with hook(answering("200 OK")) as server:
        where = f"ntfy://127.0.0.1:{server.port}/topic?overflow=truncate"
        AppriseTransport(where).send(message)
    assert len(server.posts) == 1
