"""What a real mail server makes of our mails: it takes them, and changes no byte."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes

import pytest

from monitor.errors import DeliveryError
from monitor.notify.mail import SmtpSettings, SmtpTransport
from monitor.records import Message
from tests.notify.postfix import (
    MECHANISMS,
    PASSWORD,
    SIZE_LIMIT,
    Postfix,
    eventually,
    line_that_breaks,
    running_postfix,
)
from tests.notify.smtp_servers import a_message, sound_server


@pytest.fixture(scope="module")
def server() -> Iterator[Postfix]:
    with running_postfix() as postfix:
        yield postfix


@pytest.fixture
def postfix(server: Postfix) -> Postfix:
    server.empty()
    return server


def over_tls(postfix: Postfix, port: int | None = None) -> SmtpTransport:
    return SmtpTransport(
        SmtpSettings(host="localhost", port=port or postfix.plain, ca_file=postfix.ca_file)
    )


def with_login(postfix: Postfix, mechanism: str, password: str = PASSWORD) -> SmtpTransport:
    return SmtpTransport(
        SmtpSettings(
            host="localhost",
            port=postfix.logins[mechanism],
            ca_file=postfix.ca_file,
            user="reader",
            password=password,
        )
    )


def arrived(postfix: Postfix, mailbox: str = "reader", *, count: int = 1) -> list[bytes]:
    """The first ``count`` mails of a mailbox, as soon as they are there."""
    new = postfix.base / "mail" / mailbox / "new"
    eventually(lambda: new.is_dir() and len(list(new.iterdir())) >= count)
    return postfix.mails(mailbox)


def as_stored(message: Message) -> bytes:
    return message.raw.replace(b"\r\n", b"\n")


TEXTS = {
    "plain words": "What happened.\n",
    "dots that could end it": ".\n..\n.hidden\n\n.\n",
    "a line of 5,000 characters": "x" * 5000 + "\n",
    "lines with blanks at their ends": "one \ntwo\t\n From here\nFrom there\n",
    "other scripts": "Zürich, حرب, 東京, 👩\u200d🚒\n" * 50,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_digest_lies_in_the_mailbox_byte_for_byte(postfix: Postfix, text: str) -> None:
    message = a_message(text=text)
    over_tls(postfix).send(message)

    (stored,) = arrived(postfix)
    assert stored.endswith(b"\n" + as_stored(message))
    assert b"using TLSv1." in stored


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_digest_that_is_relayed_arrives_byte_for_byte(postfix: Postfix, text: str) -> None:
    message = a_message(text=text, recipient="reader@relay.example")
    with sound_server(port=postfix.relay) as inbox:
        over_tls(postfix).send(message)
        eventually(lambda: len(inbox.mails) == 1)

    assert inbox.mails[0].content.endswith(b"\r\n" + message.raw)
    assert inbox.mails[0].mail_from == "monitor@example.org"


@pytest.mark.parametrize(
    ("recipient", "mailbox"),
    [('"odd, local"@example.org', "odd"), ("læser@example.org", "international")],
)
def test_a_strange_but_legal_recipient_gets_it_byte_for_byte(
    postfix: Postfix, recipient: str, mailbox: str
) -> None:
    message = a_message(recipient=recipient)
    over_tls(postfix).send(message)

    (stored,) = arrived(postfix, mailbox)
    assert stored.endswith(b"\n" + as_stored(message))


def test_a_recipient_nobody_knows_is_refused_for_good_and_no_other_with_it(
    postfix: Postfix,
) -> None:
    with pytest.raises(DeliveryError, match="refused the recipient: 550") as caught:
        over_tls(postfix).send(a_message(recipient="nobody@example.org"))
    over_tls(postfix).send(a_message())

    assert (caught.value.permanent, caught.value.unreachable) == (True, False)
    assert len(arrived(postfix)) == 1


def test_a_recipient_who_is_to_come_back_later_waits(postfix: Postfix) -> None:
    with pytest.raises(DeliveryError, match=r"450 4\.2\.0") as caught:
        over_tls(postfix).send(a_message(recipient="grey@example.org"))

    assert (caught.value.permanent, caught.value.ambiguous) == (False, False)
    assert not caught.value.unreachable


@pytest.mark.parametrize("says_so", [True, False])
def test_a_mail_larger_than_it_takes_is_refused_for_good(postfix: Postfix, says_so: bool) -> None:
    port = postfix.plain if says_so else postfix.silent
    with pytest.raises(DeliveryError) as caught:
        over_tls(postfix, port).send(a_message(text="long\n" * SIZE_LIMIT))

    assert caught.value.permanent
    assert (f"mails of {SIZE_LIMIT} bytes" if says_so else "552") in str(caught.value)


def test_a_certificate_nobody_vouches_for_gets_no_mail(postfix: Postfix) -> None:
    stranger = SmtpTransport(SmtpSettings(host="localhost", port=postfix.plain))
    with pytest.raises(DeliveryError, match="no verified TLS connection"):
        stranger.send(a_message())


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_it_takes_each_way_to_log_in(postfix: Postfix, mechanism: str) -> None:
    if not (postfix.base / "users").exists():
        pytest.skip("no Cyrus SASL on this machine; Debian's package is sasl2-bin")
    with_login(postfix, mechanism).send(a_message())
    with pytest.raises(DeliveryError, match="did not accept the login of reader: 535") as caught:
        with_login(postfix, mechanism, "wrong").check()

    assert not caught.value.permanent
    assert len(arrived(postfix)) == 1


def test_without_a_login_where_it_wants_one_nothing_is_taken(postfix: Postfix) -> None:
    with pytest.raises(DeliveryError, match=r"refused the recipient: 55\d"):
        over_tls(postfix, postfix.logins["PLAIN"]).send(a_message())


def test_a_mail_sent_again_after_an_ambiguous_end_is_the_same_to_its_reader(
    postfix: Postfix,
) -> None:
    message = a_message()
    with (
        line_that_breaks(postfix.plain, b"queued as") as port,
        pytest.raises(DeliveryError) as caught,
    ):
        unencrypted(port).send(message)
    unencrypted(postfix.plain).send(message)

    stored = arrived(postfix, count=2)
    assert caught.value.ambiguous
    assert [message_from_bytes(mail)["Message-ID"] for mail in stored] == [message.message_id] * 2
    assert all(mail.endswith(b"\n" + as_stored(message)) for mail in stored)


def unencrypted(port: int) -> SmtpTransport:
    return SmtpTransport(SmtpSettings(host="127.0.0.1", port=port, security="none"))
