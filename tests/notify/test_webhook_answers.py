"""What is made of the answers of a web server that hardly any other gives."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from monitor.errors import DeliveryError
from monitor.notify.webhook import WebhookSettings, WebhookTransport
from monitor.records import Message
from tests.notify.hook_servers import SILENCE, answering, hook

NOON = datetime(2025, 7, 28, 12, 0, tzinfo=UTC)
MESSAGE = Message(
    message_id="20250728T050000Z-morning-0a1b",
    sender="",
    recipient="team-hook",
    subject="Story 1",
    raw=b"{}",
    content_type="application/json",
)


def to(url: str, *, timeout: float = 10.0, connect_timeout: float = 10.0) -> WebhookTransport:
    settings = WebhookSettings(
        url=url, key=b"key", user_agent="newsmonitor/1", timeout=timeout,
        connect_timeout=connect_timeout,
    )  # fmt: skip
    return WebhookTransport(settings, now=lambda: NOON)


def refusal(answer: bytes, *, timeout: float = 10.0) -> DeliveryError:
    with hook(answer) as server, pytest.raises(DeliveryError) as caught:
        to(server.url(), timeout=timeout).send(MESSAGE)
    return caught.value


@pytest.mark.parametrize(
    ("status", "unreachable"),
    [
        *((each, True) for each in (429, 502, 503, 504)),
        *((each, False) for each in (302, 404, 408, 425, 500, 501)),
    ],
)
def test_what_is_said_to_whoever_asks_holds_for_the_next_message_too(
    status: int, unreachable: bool
) -> None:
    assert refusal(answering(f"{status} No")).unreachable is unreachable


def test_who_does_not_answer_is_left_alone_by_the_next_message_too() -> None:
    assert refusal(SILENCE, timeout=0.2).unreachable


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        (format_datetime(NOON + timedelta(days=9), usegmt=True), timedelta(days=1)),
        ("Mon, 28 Jul 2025 13:00:00 -0000", timedelta(hours=1)),
        ("²", None),
    ],
)
def test_a_date_far_ahead_is_a_day_and_one_without_a_zone_is_in_utc(
    value: str, wait: timedelta | None
) -> None:
    answer = answering("503 Busy", f"Retry-After: {value}").decode().encode("latin-1")

    assert refusal(answer).retry_after == wait


@pytest.mark.parametrize("status", [300, 302, 399])
def test_every_redirect_is_told_as_one(status: int) -> None:
    assert "redirects are not followed" in str(refusal(answering(f"{status} Elsewhere")))


@contextmanager
def taking_nobody_up() -> Iterator[int]:
    """The port of a server whose queue is full: the system leaves who comes now without an answer.

    That takes more of those before it than the queue is long.
    """
    with ExitStack() as lines:
        server = lines.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            line = lines.enter_context(socket.socket())
            line.setblocking(False)
            line.connect_ex(server.getsockname())
        yield server.getsockname()[1]


def test_whom_no_connection_was_got_to_was_sent_nothing() -> None:
    with taking_nobody_up() as port, pytest.raises(DeliveryError) as caught:
        to(f"http://127.0.0.1:{port}/", connect_timeout=0.3).send(MESSAGE)

    assert (caught.value.permanent, caught.value.ambiguous) == (False, False)
    assert "no connection" in str(caught.value)


@pytest.mark.parametrize("host", ["xn--", "a..ä", "ö" * 70])
def test_an_address_whose_host_is_none_is_refused_without_its_words(host: str) -> None:
    with pytest.raises(ValueError, match="correct its host") as caught:
        to(f"https://{host}/T0PATH")

    assert "T0" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
