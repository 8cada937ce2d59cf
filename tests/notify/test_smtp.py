"""How an attempt to hand mail over ends, against real servers and servers that fail on cue."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings

from monitor.errors import DeliveryError
from monitor.notify.mail import SmtpSettings, SmtpTransport
from monitor.records import Message, wire_address
from tests.notify.smtp_servers import (
    DRIP,
    HANG_UP,
    LATE,
    LATENESS,
    RESET,
    SILENCE,
    Script,
    a_message,
    free_port,
    scripted_server,
    sound_server,
)
from tests.records.builders import legal_addresses


def plain(port: int, timeout: float = 5.0) -> SmtpTransport:
    return SmtpTransport(
        SmtpSettings(
            host="127.0.0.1", port=port, security="none", timeout=timeout, final_timeout=timeout
        )
    )


def failure(script: Script, message: Message | None = None, timeout: float = 5.0) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        plain(script.port, timeout).send(message or a_message())
    return caught.value


def test_the_stored_bytes_arrive_from_the_sender_for_the_recipient() -> None:
    message = a_message()
    with sound_server() as inbox:
        plain(inbox.port).send(message)

    (envelope,) = inbox.mails
    assert envelope.content == message.raw
    assert envelope.mail_from == "monitor@example.org"
    assert envelope.rcpt_tos == ["reader@example.org"]


def test_a_line_that_is_a_dot_does_not_end_the_mail() -> None:
    raw = b"Subject: dots\r\n\r\n.\r\n..\r\n.hidden\r\nMAIL FROM:<x@example.org>\r\n"
    with sound_server() as inbox:
        plain(inbox.port).send(a_message(raw))

    assert [envelope.content for envelope in inbox.mails] == [raw]


def test_a_mail_without_a_last_line_break_gets_one() -> None:
    with sound_server() as inbox:
        plain(inbox.port).send(a_message(b"Subject: x\r\n\r\nno end"))

    assert [envelope.content for envelope in inbox.mails] == [b"Subject: x\r\n\r\nno end\r\n"]


def test_a_strange_but_legal_recipient_reaches_the_envelope_whole() -> None:
    with scripted_server() as script:
        plain(script.port).send(a_message(recipient='"odd, local"@example.org'))

    heard = [command.lower() for command in script.commands]
    assert b'rcpt to:<"odd, local"@example.org>\r\n' in heard


@settings(deadline=None, max_examples=60)
@given(sender=legal_addresses, recipient=legal_addresses)
def test_every_legal_address_reaches_the_envelope_to_the_letter(
    sender: str, recipient: str
) -> None:
    message = a_message(recipient=recipient, sender=sender)
    with scripted_server() as script:
        plain(script.port).send(message)

    _, mail, rcpt, *_ = script.commands
    assert mail.decode().startswith(f"MAIL FROM:<{wire_address(sender)}>")
    assert rcpt.decode() == f"RCPT TO:<{wire_address(recipient)}>\r\n"
    assert (b"SMTPUTF8" in mail) == (not (message.sender + message.recipient).isascii())


def test_an_international_recipient_is_sent_to_a_server_that_takes_one() -> None:
    with sound_server(enable_SMTPUTF8=True) as inbox:
        plain(inbox.port).send(a_message(recipient="læser@example.org"))

    assert inbox.mails[0].rcpt_tos == ["læser@example.org"]


def test_an_international_recipient_waits_for_a_server_that_takes_one() -> None:
    with scripted_server(EHLO=b"250 loopback\r\n") as script:
        error = failure(script, a_message(recipient="læser@example.org"))

    assert "SMTPUTF8" in str(error)
    assert not error.permanent
    assert "MAIL" not in script.verbs


def test_an_envelope_with_a_command_in_it_is_never_sent() -> None:
    message = Message(
        message_id="<1@example.org>",
        sender="monitor@example.org",
        recipient="reader@example.org>\r\nRCPT TO:<other@example.org",
        subject="x",
        raw=b"",
    )
    with scripted_server() as script:
        error = failure(script, message)

    assert error.permanent
    assert script.commands == []


# ------------------------------------------------------------ what servers say of themselves


def test_a_mail_larger_than_the_server_takes_is_refused_for_good_and_says_both_sizes() -> None:
    message = a_message()
    with scripted_server(EHLO=b"250-loopback\r\n250 SIZE 100\r\n") as script:
        error = failure(script, message)

    assert error.permanent
    assert "takes mails of 100 bytes" in str(error)
    assert f"this one has {len(message.raw)}" in str(error)
    assert script.verbs == ["EHLO", "QUIT"]


@pytest.mark.parametrize(
    "size", [b"SIZE", b"SIZE 0", b"SIZE many", b"SIZE 1000000", b"SIZE " + b"9" * 4400]
)
def test_a_server_is_told_the_size_before_the_mail(size: bytes) -> None:
    message = a_message()
    with scripted_server(EHLO=b"250-loopback\r\n250 " + size + b"\r\n") as script:
        plain(script.port).send(message)

    assert script.commands[1].endswith(b"> SIZE=%d\r\n" % len(message.raw))
    assert len(script.mails) == 1


def test_an_old_server_that_knows_no_extensions_is_told_of_none() -> None:
    with scripted_server(EHLO=b"502 what?\r\n") as script:
        plain(script.port).send(a_message())

    assert script.verbs == ["EHLO", "HELO", "MAIL", "RCPT", "DATA", "QUIT"]
    assert script.commands[2] == b"MAIL FROM:<monitor@example.org>\r\n"


def test_a_server_without_8bitmime_gets_the_same_mail_all_of_it_ascii() -> None:
    message = a_message(text="Zürich, حرب, 東京\n" * 40)
    with scripted_server(EHLO=b"250 loopback\r\n") as script:
        plain(script.port).send(message)

    assert script.mails == [message.raw]
    assert message.raw.isascii()


def test_a_server_that_offers_pipelining_still_gets_one_command_after_the_other() -> None:
    with (
        sound_server() as inbox,
        scripted_server(EHLO=b"250-loopback\r\n250 PIPELINING\r\n") as script,
    ):
        plain(script.port).send(a_message())
        plain(inbox.port).send(a_message())

    assert len(script.mails) == len(inbox.mails) == 1


def test_answers_in_several_lines_are_heard_to_their_end() -> None:
    many = b"250-one\r\n250-two\r\n250 three\r\n"
    greeting = b"220-no\r\n220-advertising\r\n220 please\r\n"
    with scripted_server(CONNECT=greeting, MAIL=many, RCPT=many, END=many) as script:
        plain(script.port).send(a_message())

    assert len(script.mails) == 1


def test_a_check_of_a_plain_server_says_only_hello() -> None:
    with scripted_server() as script:
        plain(script.port).check()

    assert script.verbs == ["EHLO", "NOOP", "QUIT"]


# ------------------------------------------------------------ endings


@pytest.mark.parametrize("stage", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("ending", [HANG_UP, RESET, SILENCE, b"nonsense\r\n"])
def test_what_breaks_before_the_mail_is_sent_is_tried_again(stage: str, ending: bytes) -> None:
    answers = {stage: ending}
    if stage == "EHLO":  # a client may fall back to HELO
        answers["HELO"] = ending
    with scripted_server(**answers) as script:
        error = failure(script, timeout=0.3 if ending == SILENCE else 5.0)

    assert (error.permanent, error.ambiguous) == (False, False)
    assert f"127.0.0.1:{script.port}" in str(error)
    assert script.mails == []


def test_nobody_listening_is_tried_again() -> None:
    with pytest.raises(DeliveryError, match="check that the server runs") as caught:
        plain(free_port()).send(a_message())

    assert (caught.value.permanent, caught.value.ambiguous) == (False, False)
    assert isinstance(caught.value.__cause__, OSError)


def test_a_connection_lost_in_the_middle_of_the_mail_is_tried_again() -> None:
    large = b"Subject: x\r\n\r\n" + (b"x" * 70 + b"\r\n") * 400_000
    with scripted_server(BODY=RESET) as script:
        error = failure(script, a_message(large))

    assert (error.permanent, error.ambiguous) == (False, False)


@pytest.mark.parametrize(
    "ending", [HANG_UP, RESET, SILENCE, b"nonsense\r\n", b"x" * 9000 + b"\r\n"]
)
def test_no_answer_to_the_whole_mail_is_ambiguous(ending: bytes) -> None:
    with scripted_server(END=ending) as script:
        error = failure(script, timeout=0.3 if ending == SILENCE else 5.0)

    assert (error.permanent, error.ambiguous) == (False, True)
    assert script.mails == [a_message().raw]
    assert "may have arrived" in str(error)


@pytest.mark.parametrize(
    ("stage", "ambiguous"), [("CONNECT", False), ("RCPT", False), ("END", True)]
)
def test_a_server_that_says_a_little_now_and_then_is_not_listened_to_for_ever(
    stage: str, ambiguous: bool
) -> None:
    with scripted_server(**{stage: DRIP}) as script:
        error = failure(script, timeout=0.3)

    assert (error.permanent, error.ambiguous) == (False, ambiguous)


@pytest.mark.parametrize(("stage", "ambiguous"), [("EHLO", False), ("RCPT", False), ("END", True)])
def test_an_answer_of_thousands_of_lines_is_not_gathered(stage: str, ambiguous: bool) -> None:
    with scripted_server(**{stage: b"250-and so on\r\n" * 5000 + b"250 ok\r\n"}) as script:
        error = failure(script)

    assert "has no end" in str(error)
    assert (error.permanent, error.ambiguous) == (False, ambiguous)


def test_a_server_that_takes_its_time_with_the_whole_mail_is_waited_for() -> None:
    with scripted_server(END=LATE) as script:
        settings = SmtpSettings(
            host="127.0.0.1", port=script.port, security="none", timeout=LATENESS / 3
        )
        SmtpTransport(settings).send(a_message())

    assert len(script.mails) == 1


def test_a_host_that_no_name_can_be_is_tried_again_once_it_is_mended() -> None:
    settings = SmtpSettings(host="mail..example", port=25, security="none")
    with pytest.raises(DeliveryError, match=r"mail\.smtp") as caught:
        SmtpTransport(settings).send(a_message())

    assert not caught.value.permanent


@pytest.mark.parametrize("ending", [HANG_UP, RESET, b"500 what?\r\n"])
def test_what_happens_after_the_mail_was_taken_does_not_matter(ending: bytes) -> None:
    with scripted_server(QUIT=ending) as script:
        plain(script.port).send(a_message())

    assert len(script.mails) == 1


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize(("code", "permanent"), [(421, False), (450, False), (550, True)])
def test_a_refusal_is_final_at_5xx_and_not_at_4xx(stage: str, code: int, permanent: bool) -> None:
    with scripted_server(**{stage: b"%d not you\r\n" % code}) as script:
        error = failure(script)

    assert (error.permanent, error.ambiguous) == (permanent, False)
    assert error.unreachable == (code == 421)
    assert f"{code} not you" in str(error)
    assert script.verbs[-1] == "QUIT"


@pytest.mark.parametrize("answers", [{"CONNECT": b"554 no\r\n"}, {"MAIL": b"530 log in first\r\n"}])
def test_a_refusal_that_the_configuration_can_mend_is_tried_again(
    answers: dict[str, bytes],
) -> None:
    with scripted_server(**answers) as script:
        error = failure(script)

    assert not error.permanent


def test_a_long_winded_refusal_is_cut_and_harmless() -> None:
    with scripted_server(RCPT=b"550-\x1b[31mno\r\n550 " + b"very " * 1000 + b"\r\n") as script:
        error = failure(script)

    assert len(str(error)) < 500
    assert "\x1b" not in str(error)


@pytest.mark.parametrize(
    "stage", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "BODY", "END", "QUIT"]
)
@pytest.mark.parametrize("ending", [HANG_UP, RESET, SILENCE, b"nonsense\r\n", b"421 bye\r\n"])
def test_a_mail_that_is_tried_until_it_is_taken_arrives_once_but_after_an_ambiguous_end(
    stage: str, ending: bytes
) -> None:
    """Both servers count what they took: none lost, none doubled."""
    message = a_message()
    answers = {stage: ending} | ({"HELO": ending} if stage == "EHLO" else {})
    with scripted_server(**answers) as failing, scripted_server() as sound:
        error = attempt(plain(failing.port, 0.3 if ending == SILENCE else 5.0), message)
        if error is not None:
            assert not error.permanent
            plain(sound.port).send(message)

    arrived = Counter([*taken(failing), *sound.mails])
    times = 2 if error is not None and error.ambiguous and stage == "END" else 1
    assert arrived == {message.raw: times}


def taken(script: Script) -> list[bytes]:
    """What the server answers for: a mail that it refused after its end is not among it."""
    return [] if script.answers["END"].startswith(b"421") else script.mails


def attempt(transport: SmtpTransport, message: Message) -> DeliveryError | None:
    try:
        transport.send(message)
    except DeliveryError as error:
        return error
    return None
