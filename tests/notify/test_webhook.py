"""A webhook gets each message signed, and how it answered decides what becomes of the message."""

from __future__ import annotations

import hmac
import logging
import ssl
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from monitor.errors import DeliveryError
from monitor.notify.webhook import WebhookSettings, WebhookTransport, sign, signing_key
from monitor.records import Message
from tests.notify.hook_servers import DRIP, HANG_UP, SILENCE, TAKEN, Hook, answering, hook
from tests.notify.smtp_servers import free_port, make_certificate

NOON = datetime(2025, 7, 28, 12, 0, tzinfo=UTC)
KEY = b"a key that both sides know"
SECRETS = "/services/T0PATH?token=T0KEN"


def a_message(raw: bytes = b'{"type":"digest.scheduled"}') -> Message:
    return Message(
        message_id="20250728T050000Z-morning-0a1b",
        sender="",
        recipient="team-hook",
        subject="Story 1",
        raw=raw,
        content_type="application/json",
    )


def to(url: str, *, timeout: float = 10.0, trust: ssl.SSLContext | None = None) -> WebhookTransport:
    settings = WebhookSettings(url=url, key=KEY, user_agent="newsmonitor/1", timeout=timeout)
    return WebhookTransport(settings, now=lambda: NOON, trust=trust)


def refusal(answer: bytes, *, timeout: float = 10.0) -> DeliveryError:
    """What a message gets whose receiver answers so."""
    with hook(answer) as server:
        return failure(server.url(SECRETS), timeout=timeout)


def failure(url: str, *, timeout: float = 10.0) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        to(url, timeout=timeout).send(a_message())
    return caught.value


def test_the_stored_bytes_arrive_as_they_are_with_their_id_and_type() -> None:
    with hook() as server:
        to(server.url("/hook?token=1")).send(a_message())
    (post,) = server.posts
    assert post.line == "POST /hook?token=1 HTTP/1.1"
    assert post.body == a_message().raw
    assert post.headers["content-type"] == "application/json"
    assert post.headers["webhook-id"] == a_message().message_id
    assert post.headers["user-agent"] == "newsmonitor/1"


def test_a_receiver_can_verify_who_sent_what_and_when() -> None:
    with hook() as server:
        to(server.url()).send(a_message())
    (post,) = server.posts
    stamp = post.headers["webhook-timestamp"]
    signed = f"{post.headers['webhook-id']}.{stamp}.".encode() + post.body
    version, _, signature = post.headers["webhook-signature"].partition(",")
    assert version == "v1"
    assert b64decode(signature) == hmac.digest(KEY, signed, "sha256")
    assert int(stamp) == NOON.timestamp()


def test_the_signature_is_that_of_the_examples_of_standard_webhooks() -> None:
    key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_is_base64_after_its_prefix_and_plain_text_without() -> None:
    assert signing_key(f"whsec_{b64encode(KEY).decode()}") == KEY
    assert signing_key("plain text") == b"plain text"


def test_a_secret_that_is_no_base64_is_told_without_the_secret() -> None:
    with pytest.raises(ValueError, match="copy the whole secret") as caught:
        signing_key("whsec_no*base64")
    assert "base64*" not in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_a_repeat_has_the_same_id() -> None:
    with hook() as server:
        for _ in range(2):
            to(server.url()).send(a_message())
    first, second = server.posts
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "202 Accepted", "204 No Content"])
def test_2xx_is_taken(status: str) -> None:
    with hook(answering(status)) as server:
        to(server.url()).send(a_message())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422])
def test_what_the_receiver_will_never_take_is_given_up(status: int) -> None:
    error = refusal(answering(f"{status} No"))
    assert (error.permanent, error.ambiguous) == (True, False)
    assert f"answered {status} " in str(error)


@pytest.mark.parametrize("status", [301, 307, 408, 425, 429, 500, 501, 503, 599])
def test_what_it_may_take_another_time_is_tried_again(status: int) -> None:
    error = refusal(answering(f"{status} Later"))
    assert (error.permanent, error.ambiguous) == (False, False)


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateway_that_heard_nothing_does_not_know_whether_it_was_taken(status: int) -> None:
    error = refusal(answering(f"{status} Gateway"))
    assert (error.permanent, error.ambiguous) == (False, True)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(minutes=2)),
        (format_datetime(NOON + timedelta(hours=1), usegmt=True), timedelta(hours=1)),
        (format_datetime(NOON - timedelta(hours=1), usegmt=True), timedelta(0)),
        ("99999999999999999999", timedelta(days=1)),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_a_receiver_says_how_long_it_wants_to_be_left_alone(
    value: str, wait: timedelta | None
) -> None:
    error = refusal(answering("503 Busy", f"Retry-After: {value}"))
    assert error.retry_after == wait
    assert error.unreachable


def test_a_redirect_is_not_followed_and_told() -> None:
    with hook() as elsewhere, hook() as server:
        server.answer = answering("308 Moved", f"Location: {elsewhere.url()}")
        error = failure(server.url())
    assert elsewhere.posts == []
    assert "redirects are not followed" in str(error)


@pytest.mark.parametrize("answer", [HANG_UP, b"what?\r\n\r\n", b"HTTP/1.1 2"])
def test_no_answer_after_the_message_may_mean_that_it_arrived(answer: bytes) -> None:
    error = refusal(answer)
    assert (error.permanent, error.ambiguous) == (False, True)
    assert "may have arrived" in str(error)


@pytest.mark.parametrize("answer", [SILENCE, DRIP])
def test_who_never_finishes_an_answer_holds_nobody_up(answer: bytes) -> None:
    error = refusal(answer, timeout=0.2)
    assert (error.permanent, error.ambiguous) == (False, True)
    assert "no answer (TimeoutError)" in str(error)


def test_of_an_answer_nothing_but_its_head_is_waited_for() -> None:
    with hook(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n{") as server:
        to(server.url()).send(a_message())
    assert len(server.posts) == 1


def test_where_nobody_listens_nothing_was_sent() -> None:
    error = failure(f"http://127.0.0.1:{free_port()}{SECRETS}")
    assert (error.permanent, error.ambiguous, error.unreachable) == (False, False, True)
    assert "Connect call failed" in str(error)


def test_path_and_query_of_the_address_and_the_key_stand_in_no_error_log_or_repr(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    told = [str(refusal(answer, timeout=0.2)) for answer in (answering("404 No"), HANG_UP, SILENCE)]
    with hook() as server:
        transport = to(server.url(SECRETS))
        transport.send(a_message())
    told += [
        caplog.text,
        repr(WebhookSettings(url=SECRETS, key=KEY, user_agent="")),
        str(transport),
    ]
    assert [text for text in told if "T0" in text or KEY.decode() in text] == []


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with hook() as proxy, hook() as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url(""))
        to(server.url()).send(a_message())
        assert (len(server.posts), proxy.connections) == (1, 0)


def tls_server(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The context of a server with a certificate for ``name``, and one that trusts it."""
    certificate, context = make_certificate(folder, name)
    return context, ssl.create_default_context(cafile=certificate)


def at(server: Hook, name: str) -> str:
    return f"https://{name}:{server.port}{SECRETS}"


def test_tls_is_verified_before_anything_is_sent(tmp_path: Path) -> None:
    context, trust = tls_server(tmp_path, "localhost")
    with hook(TAKEN, tls=context) as server:
        to(at(server, "localhost"), trust=trust).send(a_message())
        assert len(server.posts) == 1
        for stranger in (to(at(server, "localhost")), to(at(server, "127.0.0.1"), trust=trust)):
            for attempt in (lambda to=stranger: to.send(a_message()), stranger.check):
                with pytest.raises(DeliveryError, match=r"(?i)certificate") as caught:
                    attempt()
                assert not caught.value.ambiguous
        assert len(server.posts) == 1


def test_a_check_connects_and_sends_nothing(tmp_path: Path) -> None:
    context, trust = tls_server(tmp_path, "localhost")
    with hook() as plain, hook(TAKEN, tls=context) as encrypted:
        to(plain.url()).check()
        to(at(encrypted, "localhost"), trust=trust).check()
    assert (plain.connections, encrypted.connections) == (1, 1)
    assert plain.posts == encrypted.posts == []


def test_a_check_tells_that_nobody_listens() -> None:
    with pytest.raises(DeliveryError, match="no connection"):
        to(f"http://127.0.0.1:{free_port()}/").check()
