"""Neither mail nor password goes out without the encryption asked for, to a server that proved who
it is.
"""

from __future__ import annotations

import shutil
import ssl
import traceback
from pathlib import Path
from typing import Any, Literal

import pytest

from monitor.errors import DeliveryError
from monitor.notify.mail import SmtpSettings, SmtpTransport
from tests.notify.smtp_servers import (
    HANG_UP,
    RESET,
    SILENCE,
    a_message,
    encrypting_server,
    make_certificate,
    outer_address,
    scripted_server,
    scripted_server_at,
    sound_server,
)

PASSWORD = "correct horse"
FOREIGN = "pässword"


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine to make a certificate with")
    return make_certificate(tmp_path_factory.mktemp("certificates"), "localhost")


def over_tls(
    port: int,
    ca_file: Path | None,
    *,
    security: Literal["starttls", "tls", "none"] = "starttls",
    password: str | None = None,
    timeout: float = 5.0,
) -> SmtpTransport:
    return SmtpTransport(
        SmtpSettings(
            host="localhost",
            port=port,
            security=security,
            user="reader" if password else None,
            password=password,
            ca_file=ca_file,
            timeout=timeout,
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


@pytest.mark.parametrize(("name", "days"), [("other.example", 2), ("localhost", -1)])
@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.usefixtures("certified")
def test_a_certificate_for_another_name_or_of_another_time_is_refused(
    tmp_path: Path, name: str, days: int, security: Literal["starttls", "tls"]
) -> None:
    ca_file, context = make_certificate(tmp_path, name, days=days)
    option: dict[str, Any] = {"tls_context" if security == "starttls" else "ssl_context": context}
    with (
        sound_server(**option) as inbox,
        pytest.raises(DeliveryError, match="no verified TLS connection") as caught,
    ):
        over_tls(inbox.port, ca_file, security=security, password=PASSWORD).send(a_message())

    assert (caught.value.permanent, caught.value.ambiguous) == (False, False)
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
    assert "host, port and security under mail.smtp" in str(caught.value)
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


@pytest.mark.parametrize("stage", ["STARTTLS", "AUTH"])
@pytest.mark.parametrize("ending", [HANG_UP, RESET, SILENCE, b"nonsense\r\n", b"421 bye\r\n"])
def test_what_breaks_before_the_envelope_is_tried_again(
    certified: tuple[Path, ssl.SSLContext], stage: str, ending: bytes
) -> None:
    ca_file, context = certified
    with encrypting_server(context, EHLO=_OFFERS, **{stage: ending}) as script:
        transport = over_tls(
            script.port, ca_file, password=PASSWORD, timeout=0.3 if ending == SILENCE else 5.0
        )
        with pytest.raises(DeliveryError) as caught:
            transport.send(a_message())

    assert (caught.value.permanent, caught.value.ambiguous) == (False, False)
    assert caught.value.unreachable
    blamed = "did not accept the login" in str(caught.value)
    assert blamed == (stage == "AUTH" and ending[:1] in b"4n")  # only who answers is to blame
    assert "MAIL" not in script.verbs
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


_OFFERS = b"250-loopback\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"


@pytest.mark.parametrize("injected", [b"250-evil\r\n250 AUTH PLAIN\r\n", b"235 welcome\r\n" * 9])
def test_what_was_said_in_the_clear_counts_for_nothing_once_encrypted(
    certified: tuple[Path, ssl.SSLContext], injected: bytes
) -> None:
    """Somebody between us and the server adds answers of his own to its last one in the clear."""
    ca_file, context = certified
    offers = b"250-loopback\r\n250 STARTTLS\r\n"
    with (
        encrypting_server(context, EHLO=offers, STARTTLS=b"220 go\r\n" + injected) as script,
        pytest.raises(DeliveryError),
    ):
        over_tls(script.port, ca_file, password=PASSWORD).send(a_message())

    assert not {"AUTH", "MAIL"} & set(script.verbs)
    assert script.mails == []


@pytest.mark.parametrize(
    ("mechanism", "answer", "heard"),
    [
        ("PLAIN", b"235 welcome\r\n", [b"AUTH PLAIN AHJlYWRlcgBjb3JyZWN0IGhvcnNl\r\n"]),
        (
            "LOGIN",
            b"334 UGFzc3dvcmQ6\r\n",
            [b"AUTH LOGIN cmVhZGVy\r\n", b"LOGIN Y29ycmVjdCBob3JzZQ==\r\n"],
        ),
        (
            "CRAM-MD5",  # the digest is the one openssl gives: md5, the password as key
            b"334 PDE4OTYuNjk3MTcwOTUyQGV4YW1wbGU+\r\n",
            [
                b"AUTH CRAM-MD5\r\n",
                b"LOGIN cmVhZGVyIGE0ZmY5MjcxMGVkMzY4ZWMyMzVhZWMyYTAwNmI0NGJh\r\n",
            ],
        ),
    ],
)
def test_each_way_to_log_in_says_what_its_standard_wants(
    certified: tuple[Path, ssl.SSLContext], mechanism: str, answer: bytes, heard: list[bytes]
) -> None:
    ca_file, context = certified
    offers = b"250-loopback\r\n250-STARTTLS\r\n250 AUTH %b\r\n" % mechanism.encode()
    with encrypting_server(context, EHLO=offers, AUTH=answer) as script:
        over_tls(script.port, ca_file, password=PASSWORD).send(a_message())

    said = [line for line in script.commands if line.startswith((b"AUTH", b"LOGIN"))]
    assert said == heard
    assert len(script.mails) == 1


@pytest.mark.parametrize("challenge", [b"334 x\r\n", b"334 Zm9v=Zg\r\n"])
def test_a_challenge_that_is_none_is_a_refused_login(challenge: bytes) -> None:
    offers = b"250-loopback\r\n250 AUTH CRAM-MD5\r\n"
    with (
        scripted_server(EHLO=offers, AUTH=challenge) as script,
        pytest.raises(DeliveryError, match="did not accept the login") as caught,
    ):
        over_tls(script.port, None, security="none", password=PASSWORD).send(a_message())

    assert not caught.value.permanent
    assert "MAIL" not in script.verbs
