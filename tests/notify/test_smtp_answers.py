"""What is made of an answer at the edge of what servers say."""

from __future__ import annotations

import pytest

from monitor.errors import DeliveryError
from monitor.notify.mail import SmtpSettings, SmtpTransport
from monitor.records import Message
from tests.notify.smtp_servers import Script, a_message, free_port, scripted_server


def to(port: int) -> SmtpTransport:
    settings = SmtpSettings(
        host="127.0.0.1", port=port, security="none", timeout=5.0, final_timeout=5.0
    )
    return SmtpTransport(settings)


def failure(script: Script, message: Message | None = None) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        to(script.port).send(message or a_message())
    return caught.value


def test_a_sender_with_a_command_in_it_is_never_sent() -> None:
    message = Message(
        message_id="<1@example.org>",
        sender="monitor@example.org>\r\nRCPT TO:<other@example.org",
        recipient="reader@example.org",
        subject="x",
        raw=b"",
    )
    with scripted_server() as script:
        error = failure(script, message)

    assert error.permanent
    assert script.commands == []


def test_a_mail_exactly_as_large_as_the_server_takes_is_sent() -> None:
    message = a_message()
    size = b"250-loopback\r\n250 SIZE %d\r\n" % len(message.raw)
    with scripted_server(EHLO=size) as script:
        to(script.port).send(message)

    assert script.mails == [message.raw]


def test_a_size_in_signs_that_are_no_number_is_passed_over() -> None:
    with scripted_server(EHLO=b"250-loopback\r\n250 SIZE \xb2\r\n") as script:
        to(script.port).send(a_message())

    assert len(script.mails) == 1


def test_the_bound_is_on_the_lines_of_each_answer_not_of_all() -> None:
    many = b"250-and so on\r\n" * 600 + b"250 ok\r\n"
    with scripted_server(EHLO=many, MAIL=many, RCPT=many) as script:
        to(script.port).send(a_message())

    assert len(script.mails) == 1


@pytest.mark.parametrize("answer", [b"150 wait\r\n", b"354 go on\r\n", b"650 what?\r\n"])
def test_an_answer_to_the_whole_mail_that_says_neither_yes_nor_no_is_ambiguous(
    answer: bytes,
) -> None:
    with scripted_server(END=answer) as script:
        error = failure(script)

    assert (error.permanent, error.ambiguous) == (False, True)


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_a_code_that_no_standard_knows_is_not_final(stage: str) -> None:
    with scripted_server(**{stage: b"650 what?\r\n"}) as script:
        error = failure(script)

    assert (error.permanent, error.ambiguous) == (False, False)


def test_a_server_that_wants_a_login_will_want_it_for_the_next_mail_too() -> None:
    with scripted_server(MAIL=b"530 log in first\r\n") as script:
        error = failure(script)

    assert error.unreachable


def test_a_check_that_is_refused_says_so() -> None:
    with (
        scripted_server(NOOP=b"450 busy\r\n") as script,
        pytest.raises(DeliveryError, match="refused to answer: 450 busy"),
    ):
        to(script.port).check()


def test_an_error_of_the_machine_is_told_in_its_words_without_its_number() -> None:
    with pytest.raises(DeliveryError, match="Connection refused") as caught:
        to(free_port()).send(a_message())

    assert "Errno" not in str(caught.value)
