"""The bytes of a mail: exactly the headers meant, safe for every server, the same every time."""

from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage, MIMEPart
from email.policy import compat32, default
from email.utils import parseaddr

import pytest
from hypothesis import given, settings

from monitor.notify.headers import header_text
from monitor.notify.render import render, render_html, render_text, subject_of
from monitor.records import Digest, Message
from tests.notify.builders import MONDAY, a_digest, a_hit, a_story, hostile_texts

SENDER = "News desk <monitor@example.org>"
HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "List-Id",
    "List-Unsubscribe",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
]


def parsed(message: Message) -> EmailMessage:
    return message_from_bytes(message.raw, policy=default)


def mail(digest: Digest | None = None, sender: str = SENDER) -> Message:
    return render(digest or a_digest(), sender=sender).message


def test_a_mail_names_sender_recipient_date_list_and_its_automatic_origin() -> None:
    read = parsed(mail())

    assert read["From"] == "News desk <monitor@example.org>"
    assert read["To"] == "reader@example.org"
    assert read["Date"].datetime == MONDAY
    assert read["List-Id"].endswith(".example.org>")
    assert read["List-Unsubscribe"] == "<mailto:monitor@example.org?subject=unsubscribe%20Morning>"
    assert read["Auto-Submitted"] == "auto-generated"


def test_a_sender_without_a_name_gets_one() -> None:
    assert parsed(mail(sender="monitor@example.org"))["From"].startswith("News monitor <")


def test_text_comes_before_html_and_both_arrive_as_rendered() -> None:
    digest = a_digest(a_hit(a_story(title="Café ☕ — حرب", text="Ünïcode " * 90)))
    text, html = parsed(mail(digest)).iter_parts()

    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert content(text) == render_text(digest)
    assert content(html) == render_html(digest)


def content(part: MIMEPart) -> str:
    decoded: str = part.get_content()
    return decoded.replace("\r\n", "\n")


def test_the_same_digest_gives_the_same_bytes() -> None:
    assert mail() == mail()


def test_the_message_id_depends_on_digest_recipient_and_slot_alone() -> None:
    first = mail(a_digest(a_hit(a_story(1))))
    other_story = mail(a_digest(a_hit(a_story(2))))
    others = [
        mail(a_digest(name="Evening")),
        mail(a_digest(recipient="other@example.org")),
        mail(a_digest(slot=MONDAY + timedelta(seconds=1))),
        mail(a_digest(slot=MONDAY + timedelta(microseconds=1))),
    ]

    assert first.message_id == other_story.message_id
    assert len({first.message_id, *(each.message_id for each in others)}) == 5
    assert first.message_id.endswith("@example.org>")
    assert parsed(first)["Message-ID"] == first.message_id


def test_digests_with_similar_names_are_different_lists() -> None:
    ids = {parsed(mail(a_digest(name=name)))["List-Id"] for name in ("a b", "a-b", "早", "晚")}

    assert len(ids) == 4


def test_an_ascii_title_that_hides_a_header_stays_a_title() -> None:
    """CVE-2024-6923: Python 3.11.7 would write X-Injected as a header of its own."""
    title = "d=?utf-8?q?d=0D=0AX-Injected:_4?="
    message = mail(a_digest(a_hit(a_story(title=title))))

    assert parsed(message)["X-Injected"] is None
    assert parsed(message).keys() == HEADERS
    assert b"\r\nX-Injected" not in message.raw.partition(b"\r\n\r\n")[0]


@settings(deadline=None)
@given(title=hostile_texts, text=hostile_texts, name=hostile_texts)
def test_whatever_was_written_the_mail_has_exactly_the_expected_headers(
    title: str, text: str, name: str
) -> None:
    digest = a_digest(a_hit(a_story(title=title, text=text), topic=name), name=name)
    sender_name = header_text(re.sub(r'[<>"]', "", name), 60)
    message = mail(digest, sender=f"{sender_name} <m@e.example>")

    for policy in (default, compat32):
        read = message_from_bytes(message.raw, policy=policy)
        assert read.keys() == HEADERS
        assert [part.get_content_type() for part in read.walk()][1:] == ["text/plain", "text/html"]
        assert not read.defects
    assert parsed(message)["Subject"] == message.subject == subject_of(digest)
    old_reader = message_from_bytes(message.raw, policy=compat32)
    name_read, address_read = parseaddr(unfolded(old_reader["From"]))
    assert decoded(unfolded(old_reader["Subject"])) == message.subject
    assert decoded(name_read) == (sender_name or "News monitor")
    assert address_read == "m@e.example"
    assert_safe_on_the_wire(message.raw)


def unfolded(header: object) -> str:
    return str(header).replace("\r\n", "")


def decoded(text: str) -> str:
    return str(make_header(decode_header(text)))


def assert_safe_on_the_wire(raw: bytes) -> None:
    assert raw.isascii()
    assert b"\0" not in raw
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) < 998
    assert all(b"\r" not in line and b"\n" not in line for line in lines)
    assert raw.endswith(b"\r\n")


def test_an_international_recipient_stands_in_the_headers_as_it_is() -> None:
    message = mail(a_digest(recipient="læser@bücher.example"))

    assert message.recipient == "læser@xn--bcher-kva.example"
    assert "To: læser@xn--bcher-kva.example\r\n".encode() in message.raw


@pytest.mark.parametrize(
    "recipient", ['"odd, local"@example.org', "o'brien@example.org", "reader@[192.0.2.1]"]
)
def test_a_strange_but_legal_recipient_is_one_address_in_the_header(recipient: str) -> None:
    (address,) = parsed(mail(a_digest(recipient=recipient)))["To"].addresses

    assert address.addr_spec == recipient


@pytest.mark.parametrize("recipient", ["reader@example.org\r\nBcc: x@example.org", "", "a@b, c@d"])
def test_a_recipient_that_is_no_address_is_refused(recipient: str) -> None:
    with pytest.raises(ValueError, match="not a mail address"):
        mail(a_digest(recipient=recipient))
