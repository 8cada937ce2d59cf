"""The bytes of a mail: exactly the headers meant, safe for every server, the same every time."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, message_from_string
from email.header import decode_header, make_header
from email.message import EmailMessage, MIMEPart
from email.policy import compat32, default
from email.utils import parseaddr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.notify.files import file_name
from monitor.notify.headers import header_text
from monitor.notify.mime import build_message
from monitor.records import Digest, DigestKind, FirstTold, Message, wire_address
from tests.notify.builders import MONDAY, a_digest, hostile_texts
from tests.records.builders import legal_addresses

SENDER = "News desk <monitor@example.org>"
PAGE = "https://news.example/unsubscribe/abc"
FIRST = FirstTold(message_id="<20250727T050000Z.abc@example.org>", subject="Before", told_at=MONDAY)
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


def mail(
    digest: Digest | None = None,
    sender: str = SENDER,
    *,
    subject: str = "What happened",
    text: str = "What happened.\n",
    html: str = "<p>What happened.</p>\n",
) -> Message:
    return build_message(digest or a_digest(), sender=sender, subject=subject, text=text, html=html)


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


@pytest.mark.parametrize("said", ["plain words\n", "Café ☕ — حرب\n" * 90, "早" * 2000 + "\n.\n"])
def test_text_comes_before_html_and_both_arrive_as_rendered(said: str) -> None:
    text, html = parsed(mail(text=said, html=f"<p>{said}</p>\n")).iter_parts()

    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert content(text) == said
    assert content(html) == f"<p>{said}</p>\n"


def content(part: MIMEPart) -> str:
    decoded: str = part.get_content()
    return decoded.replace("\r\n", "\n")


def test_the_same_digest_gives_the_same_bytes() -> None:
    assert mail() == mail()


def test_the_message_id_depends_on_digest_recipient_and_slot_alone() -> None:
    first = mail(subject="One", text="One.", html="<p>One.</p>")
    other_story = mail(subject="Two", text="Two.", html="<p>Two.</p>")
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


def test_the_message_id_of_a_scheduled_digest_is_the_one_it_has_always_had() -> None:
    """Mails of before are stored, and their receivers fold by it."""
    assert mail().message_id == "<20250728T050000Z.811f137692286ba1c1a6d6fbaedb2453@example.org>"


def test_each_kind_and_each_thread_of_the_same_hour_is_a_mail_of_its_own() -> None:
    digest = a_digest()
    other = replace(FIRST, message_id="<other@example.org>")
    mails = [
        mail(digest),
        mail(replace(digest, kind=DigestKind.URGENT)),
        mail(replace(digest, kind=DigestKind.UPDATE)),
        mail(replace(digest, kind=DigestKind.UPDATE, first=FIRST)),
        mail(replace(digest, kind=DigestKind.UPDATE, first=other)),
    ]

    assert len({each.message_id for each in mails}) == len(mails)
    assert len({file_name(each) for each in mails}) == len(mails)


# ------------------------------------------------------------ threads and lists


def test_an_update_answers_the_mail_that_told_its_story_first() -> None:
    read = parsed(mail(replace(a_digest(), kind=DigestKind.UPDATE, first=FIRST)))

    assert (read["In-Reply-To"], read["References"]) == (FIRST.message_id, FIRST.message_id)


@pytest.mark.parametrize(
    "given", ["", "4711", "<a@b>\r\nBcc: x@y", "<a b@c>", "<ä@b.c>", "<a@b>x", f"<{'a' * 990}@b>"]
)
def test_what_is_no_message_id_is_not_answered(given: str) -> None:
    first = replace(FIRST, message_id=given)

    assert parsed(mail(replace(a_digest(), first=first))).keys() == HEADERS


def test_a_page_to_unsubscribe_comes_before_the_mail_and_takes_one_click() -> None:
    read = parsed(mail(replace(a_digest(), unsubscribe=PAGE)))

    assert entries(read["List-Unsubscribe"]) == [
        f"<{PAGE}>",
        "<mailto:monitor@example.org?subject=unsubscribe%20Morning>",
    ]
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def entries(header: str) -> list[str]:
    return [entry.strip() for entry in header.split(",")]


def test_one_click_is_only_promised_over_https() -> None:
    """RFC 8058: the POST carries what identifies the reader."""
    for page in ("http://news.example/u/abc", None):
        assert parsed(mail(replace(a_digest(), unsubscribe=page)))["List-Unsubscribe-Post"] is None


@pytest.mark.parametrize(
    ("page", "written"),
    [
        ("https://bücher.example/u?t=a", "<https://xn--bcher-kva.example/u?t=a>"),
        ("https://news.example/u,<v>\r\nX: y", "<https://news.example/u%2C%3Cv%3EX:%20y>"),
        ("https://news.example/a%20b", "<https://news.example/a%20b>"),
    ],
)
def test_a_page_with_strange_signs_stays_one_entry(page: str, written: str) -> None:
    message = mail(replace(a_digest(), unsubscribe=page))

    assert entries(parsed(message)["List-Unsubscribe"])[0] == written
    assert_safe_on_the_wire(message.raw)


def test_a_page_too_long_for_a_line_is_left_out() -> None:
    read = parsed(mail(replace(a_digest(), unsubscribe=PAGE + "x" * 900)))

    assert read["List-Unsubscribe"].startswith("<mailto:")
    assert read["List-Unsubscribe-Post"] is None


def test_the_address_in_a_mailto_is_encoded_whole() -> None:
    read = parsed(mail(sender='"a@b?c"@example.org'))

    assert read["List-Unsubscribe"].startswith("<mailto:%22a%40b%3Fc%22@example.org?subject=")


def test_a_solidus_in_the_address_does_not_begin_another_part_of_the_mailto() -> None:
    """RFC 6068: it has to be encoded."""
    read = parsed(mail(sender="news/daily@example.org"))

    assert read["List-Unsubscribe"].startswith("<mailto:news%2Fdaily@example.org?subject=")


def test_a_digest_with_the_longest_name_has_no_long_line_and_asks_for_its_end_in_short() -> None:
    message = mail(a_digest(name="موجز " * 100))

    assert_safe_on_the_wire(message.raw)
    assert len(parsed(message)["List-Unsubscribe"]) < 400


def test_the_id_of_a_list_has_no_hyphens_beside_one_another() -> None:
    read = parsed(mail(a_digest(name="a" * 31 + " and more")))

    assert re.fullmatch(r"<a{31}-[0-9a-f]{8}\.example\.org>", read["List-Id"])


def test_a_sender_at_an_address_literal_has_no_name_space_for_its_list() -> None:
    read = parsed(mail(sender="monitor@[IPv6:2001:db8::1]"))

    assert re.fullmatch(r"<morning-[0-9a-f]{8}\.localhost>", read["List-Id"])


def test_digests_with_similar_names_are_different_lists() -> None:
    ids = {parsed(mail(a_digest(name=name)))["List-Id"] for name in ("a b", "a-b", "早", "晚")}

    assert len(ids) == 4


def test_an_ascii_title_that_hides_a_header_stays_a_title() -> None:
    """CVE-2024-6923: Python 3.11.7 would write X-Injected as a header of its own."""
    title = "d=?utf-8?q?d=0D=0AX-Injected:_4?="
    message = mail(subject=title)

    assert parsed(message)["X-Injected"] is None
    assert parsed(message).keys() == HEADERS
    assert b"\r\nX-Injected" not in message.raw.partition(b"\r\n\r\n")[0]


@settings(deadline=None)
@given(title=hostile_texts, text=hostile_texts, name=hostile_texts)
def test_whatever_was_written_the_mail_has_exactly_the_expected_headers(
    title: str, text: str, name: str
) -> None:
    sender_name = header_text(re.sub(r'[<>"]', "", name), 60)
    message = mail(
        a_digest(name=name), f"{sender_name} <m@e.example>", subject=title, text=text, html=text
    )

    for policy in (default, compat32):
        read = message_from_bytes(message.raw, policy=policy)
        assert read.keys() == HEADERS
        assert [part.get_content_type() for part in read.walk()][1:] == ["text/plain", "text/html"]
        assert not read.defects
    assert parsed(message)["Subject"] == message.subject == header_text(title)
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


_NAMES = {*HEADERS, "List-Unsubscribe-Post", "In-Reply-To", "References"}


def assert_safe_on_the_wire(raw: bytes, *, international: bool = False) -> None:
    """The bytes by themselves, without a library that could be mistaken in the same way."""
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) < 998
    assert raw.endswith(b"\r\n")
    assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", raw)
    assert all(b"\r" not in line and b"\n" not in line for line in lines)
    head, _, body = raw.partition(b"\r\n\r\n")
    assert body.isascii()
    assert international or head.isascii()
    assert not re.search("[\x80-\x9f\u2028\u2029\u202a-\u202e\ufeff]", head.decode())
    names = [line.split(b":")[0].decode() for line in head.split(b"\r\n") if line[:1] != b" "]
    assert len(names) == len(set(names))
    assert set(names) <= _NAMES


@settings(deadline=None)
@given(
    title=hostile_texts,
    page=hostile_texts,
    first=hostile_texts,
    recipient=st.one_of(legal_addresses, hostile_texts),
    sender=st.one_of(legal_addresses, hostile_texts),
)
def test_whatever_stands_anywhere_the_mail_is_safe_or_refused(
    title: str, page: str, first: str, recipient: str, sender: str
) -> None:
    digest = replace(
        a_digest(recipient=recipient),
        unsubscribe=f"https://news.example/{page}",
        first=replace(FIRST, message_id=first),
    )
    try:
        message = mail(digest, sender, subject=title)
    except ValueError as error:
        assert "is no " in str(error)  # noqa: PT017
    else:
        international = not (message.sender + message.recipient).isascii()
        assert_safe_on_the_wire(message.raw, international=international)


@pytest.mark.parametrize(
    ("sender", "recipient"),
    [("Grüße <m@e.example>", "læser@e.example"), ("Grüße <læser@e.example>", "r@e.example")],
)
def test_an_international_mail_needs_no_encoded_words(sender: str, recipient: str) -> None:
    head = mail(a_digest(recipient=recipient), sender, subject="早").raw.partition(b"\r\n\r\n")[0]

    assert 'From: "Grüße" <'.encode() in head
    assert "\r\nSubject: 早\r\n".encode() in head


def test_a_long_name_of_the_sender_is_cut() -> None:
    message = mail(a_digest(recipient="læser@example.org"), f"{'早' * 300} <m@e.example>")

    assert f'From: "{"早" * 59}…" <m@e.example>\r\n'.encode() in message.raw


def test_a_part_of_few_foreign_signs_stays_readable_and_another_is_sent_in_fewer_bytes() -> None:
    text, html = parsed(mail(text="Zürich, in plain words.\n", html="حرب " * 90)).iter_parts()

    assert text["Content-Transfer-Encoding"] == "quoted-printable"
    assert html["Content-Transfer-Encoding"] == "base64"


def test_an_international_recipient_stands_in_the_headers_as_it_is() -> None:
    message = mail(a_digest(recipient="læser@bücher.example"))

    assert message.recipient == "læser@xn--bcher-kva.example"
    assert "To: læser@xn--bcher-kva.example\r\n".encode() in message.raw


@settings(deadline=None)
@given(recipient=legal_addresses, sender=legal_addresses)
def test_strange_but_legal_addresses_stand_in_the_headers_as_they_are(
    recipient: str, sender: str
) -> None:
    message = mail(a_digest(recipient=recipient), sender=f"News <{sender}>")
    head = message.raw.partition(b"\r\n\r\n")[0].decode()

    assert (message.recipient, message.sender) == (wire_address(recipient), wire_address(sender))
    assert head.startswith(f'From: "News" <{message.sender}>\r\nTo: {message.recipient}\r\n')
    assert parsed(message).keys() == HEADERS
    assert re.fullmatch(r"[A-Za-z0-9.-]+\.eml", file_name(message))
    assert_safe_on_the_wire(message.raw, international=not (recipient + sender).isascii())


@pytest.mark.parametrize(
    "recipient",
    ['"odd, local"@example.org', "o'brien+news@example.org", "reader@[192.0.2.1]"],
)
def test_others_read_a_strange_but_legal_recipient_as_one_address(recipient: str) -> None:
    (address,) = parsed(mail(a_digest(recipient=recipient)))["To"].addresses

    assert address.addr_spec == recipient


@pytest.mark.parametrize(
    "name", ["News, daily", 'The "daily" \\ news', "a@b.c", "Grüße, aus 東京", "x" * 59 + "é", "=?"]
)
@pytest.mark.parametrize("recipient", ["reader@example.org", "læser@example.org"])
def test_the_name_of_the_sender_may_hold_anything(name: str, recipient: str) -> None:
    quoted = name.replace("\\", r"\\").replace('"', r"\"")
    message = mail(a_digest(recipient=recipient), sender=f'"{quoted}" <m@e.example>')
    read = message_from_string(message.raw.decode(), policy=compat32)
    shown, address = parseaddr(unfolded(read["From"]))

    assert (decoded(shown), address) == (header_text(name), "m@e.example")


@pytest.mark.parametrize("recipient", ["reader@example.org\r\nBcc: x@example.org", "", "a@b, c@d"])
def test_a_recipient_that_is_no_address_is_refused(recipient: str) -> None:
    with pytest.raises(ValueError, match=r"is no (mail address|sender)"):
        mail(a_digest(recipient=recipient))
