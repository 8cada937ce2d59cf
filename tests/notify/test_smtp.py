"""How an attempt to hand mail over ends, against real servers and servers that fail on cue."""

from __future__ import annotations

import shutil
import ssl
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from monitor.errors import DeliveryError
from monitor.notify.mail import SmtpSettings, SmtpTransport
from monitor.notify.mime import build_message
from monitor.records import Message
from tests.notify.builders import a_digest
from tests.notify.smtp_servers import (
    DRIP,
    HANG_UP,
    LATE,
    LATENESS,
    RESET,
    SILENCE,
    Script,
    free_port,
    make_certificate,
    outer_address,
    scripted_server,
    scripted_server_at,
    sound_server,
)

PASSWORD = "correct horse"
FOREIGN = "pässword"


def a_message(raw: bytes | None = None, recipient: str = "reader@example.org") -> Message:
    made = build_message(
        a_digest(recipient=recipient),
        sender="News <monitor@example.org>",
        subject="What happened",
        text="What happened.\n",
        html="<p>What happened.</p>\n",
    )
    return made if raw is None else replace(made, raw=raw)


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


# ------------------------------------------------------------ encryption and login


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine to make a certificate with")
    return make_certificate(tmp_path_factory.mktemp("certificates"), "localhost")


@pytest.fixture(scope="module")
def wrong_name(
    tmp_path_factory: pytest.TempPathFactory, certified: object
) -> tuple[Path, ssl.SSLContext]:
    return make_certificate(tmp_path_factory.mktemp("certificates"), "other.example")


def over_tls(
    port: int,
    ca_file: Path | None,
    *,
    security: Literal["starttls", "tls", "none"] = "starttls",
    password: str | None = None,
) -> SmtpTransport:
    return SmtpTransport(
        SmtpSettings(
            host="localhost",
            port=port,
            security=security,
            user="reader" if password else None,
            password=password,
            ca_file=ca_file,
            timeout=5.0,
        )
    )


def test_starttls_encrypts_then_logs_in_then_sends(
    certified: tuple[Path, ssl.SSLContext],
) -> None:
    ca_file, context = certified
    with sound_server(password=PASSWORD, tls_context=context, require_starttls=True) as inbox:
        over_tls(inbox.port, ca_file, password=PASSWORD).send(a_message())

    assert inbox.logins == ["reader"]
    assert len(inbox.mails) == 1


def test_tls_from_the_first_byte_works_too(certified: tuple[Path, ssl.SSLContext]) -> None:
    ca_file, context = certified
    with sound_server(ssl_context=context) as inbox:
        over_tls(inbox.port, ca_file, security="tls").send(a_message())

    assert len(inbox.mails) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_an_unknown_authority_is_refused(
    certified: tuple[Path, ssl.SSLContext], security: Literal["starttls", "tls"]
) -> None:
    _, context = certified
    option: dict[str, Any] = {"tls_context" if security == "starttls" else "ssl_context": context}
    with sound_server(**option) as inbox, pytest.raises(DeliveryError) as caught:
        over_tls(inbox.port, None, security=security, password=PASSWORD).send(a_message())

    assert "no verified TLS connection" in str(caught.value)
    assert not caught.value.permanent
    assert (inbox.logins, inbox.mails) == ([], [])


def test_a_certificate_for_another_name_is_refused(
    wrong_name: tuple[Path, ssl.SSLContext],
) -> None:
    ca_file, context = wrong_name
    with sound_server(tls_context=context) as inbox, pytest.raises(DeliveryError):
        over_tls(inbox.port, ca_file, password=PASSWORD).send(a_message())

    assert (inbox.logins, inbox.mails) == ([], [])


@pytest.mark.parametrize(
    "ehlo",
    [b"250-loopback\r\n250 AUTH PLAIN\r\n", b"250-loopback\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"],
    ids=["not offered", "offered and then refused"],
)
def test_without_the_encryption_asked_for_neither_password_nor_mail_goes_out(ehlo: bytes) -> None:
    with scripted_server(EHLO=ehlo) as script, pytest.raises(DeliveryError) as caught:
        over_tls(script.port, None, password=PASSWORD).send(a_message())

    assert not caught.value.permanent
    assert not {"AUTH", "MAIL", "DATA"} & set(script.verbs)


def test_a_missing_file_of_authorities_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match=r"mail\.smtp\.ca_file"):
        over_tls(1, tmp_path / "none.pem").send(a_message())


def test_a_password_is_sent_unencrypted_to_this_machine() -> None:
    with scripted_server(EHLO=b"250-loopback\r\n250 AUTH PLAIN\r\n") as script:
        over_tls(script.port, None, security="none", password=PASSWORD).send(a_message())

    assert script.verbs == ["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"]


def test_a_password_is_not_sent_unencrypted_to_any_other_machine() -> None:
    address = outer_address()
    if address is None:
        pytest.skip("this machine has no address but loopback")
    with scripted_server_at(address, {"EHLO": b"250-loopback\r\n250 AUTH PLAIN\r\n"}) as script:
        settings = SmtpSettings(
            host=address, port=script.port, security="none", user="reader", password=PASSWORD
        )
        with pytest.raises(DeliveryError, match="unencrypted"):
            SmtpTransport(settings).send(a_message())

    assert script.verbs == ["EHLO", "QUIT"]


def test_a_refused_login_can_be_mended_and_never_tells_the_password() -> None:
    echo = b"535 no: correct horse, AHJlYWRlcgBjb3JyZWN0IGhvcnNl\r\n"
    with (
        scripted_server(EHLO=b"250-loopback\r\n250 AUTH PLAIN\r\n", AUTH=echo) as script,
        pytest.raises(DeliveryError) as caught,
    ):
        over_tls(script.port, None, security="none", password=PASSWORD).send(a_message())

    told = "".join(traceback.format_exception(caught.value))
    assert "535 no: ***, ***" in str(caught.value)
    assert "mail.smtp.user" in str(caught.value)
    assert PASSWORD not in told
    assert "AHJlYWRlcgBjb3JyZWN0IGhvcnNl" not in told
    assert not caught.value.permanent
    assert "MAIL" not in script.verbs


def test_a_password_that_cannot_be_sent_says_so_without_telling_it() -> None:
    with (
        scripted_server(EHLO=b"250-loopback\r\n250 AUTH PLAIN\r\n") as script,
        pytest.raises(DeliveryError, match="ASCII") as caught,
    ):
        over_tls(script.port, None, security="none", password=FOREIGN).send(a_message())

    assert FOREIGN not in "".join(traceback.format_exception(caught.value))


def test_a_server_without_login_is_named() -> None:
    with scripted_server() as script, pytest.raises(DeliveryError, match="AUTH"):
        over_tls(script.port, None, security="none", password=PASSWORD).send(a_message())


def test_settings_do_not_show_the_password() -> None:
    assert PASSWORD not in repr(SmtpSettings(host="h", port=25, user="u", password=PASSWORD))


def test_a_check_logs_in_and_sends_nothing(certified: tuple[Path, ssl.SSLContext]) -> None:
    ca_file, context = certified
    with sound_server(password=PASSWORD, tls_context=context, require_starttls=True) as inbox:
        over_tls(inbox.port, ca_file, password=PASSWORD).check()
        with pytest.raises(DeliveryError):
            over_tls(inbox.port, ca_file, password="wrong").check()

    assert inbox.logins[:2] == ["reader", "reader"]
    assert inbox.mails == []


def test_a_check_of_a_plain_server_says_only_hello() -> None:
    with scripted_server() as script:
        plain(script.port).check()

    assert script.verbs == ["EHLO", "NOOP", "QUIT"]
