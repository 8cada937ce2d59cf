"""SMTP servers on loopback: a sound one, and one that fails at a chosen stage."""

from __future__ import annotations

import socket
import socketserver
import ssl
import struct
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from monitor.notify.mime import build_message
from monitor.records import Message
from tests.notify.builders import a_digest


def a_message(
    raw: bytes | None = None,
    *,
    recipient: str = "reader@example.org",
    sender: str = "monitor@example.org",
    text: str = "What happened.\n",
) -> Message:
    """A mail to hand over; with ``raw`` these bytes instead of its own."""
    made = build_message(
        a_digest(recipient=recipient),
        sender=f"News <{sender}>",
        subject="What happened",
        text=text,
        html=f"<p>{text}</p>\n",
    )
    return made if raw is None else replace(made, raw=raw)


HANG_UP = b"hang up"
RESET = b"reset"
SILENCE = b"silence"
DRIP = b"drip"
LATE = b"late"
"""What a scripted server can do instead of answering."""
LATENESS = 0.6
"""Seconds after which a late server answers."""

_ANSWERS: Mapping[str, bytes] = {
    "CONNECT": b"220 ready\r\n",
    "EHLO": b"250-loopback\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
    "HELO": b"250 loopback\r\n",
    "STARTTLS": b"454 no certificate\r\n",
    "AUTH": b"235 welcome\r\n",
    "MAIL": b"250 ok\r\n",
    "RCPT": b"250 ok\r\n",
    "DATA": b"354 go on\r\n",
    "BODY": b"",
    "END": b"250 taken\r\n",
    "NOOP": b"250 ok\r\n",
    "QUIT": b"221 bye\r\n",
}


@dataclass
class Script:
    """What to answer at which stage, and what was heard. ``BODY``: while the mail is coming."""

    answers: Mapping[str, bytes]
    context: ssl.SSLContext | None = None
    port: int = 0
    commands: list[bytes] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def verbs(self) -> list[str]:
        """The commands heard, without their arguments."""
        return [command.split(b" ")[0].strip().decode().upper() for command in self.commands]


def scripted_server(**answers: bytes) -> AbstractContextManager[Script]:
    """An SMTP server that gives these answers, and sound ones at all other stages."""
    return scripted_server_at("127.0.0.1", answers)


def encrypting_server(context: ssl.SSLContext, **answers: bytes) -> AbstractContextManager[Script]:
    """The same, encrypted from STARTTLS on."""
    go_on = {"STARTTLS": b"220 go on\r\n"}
    return scripted_server_at("127.0.0.1", {**go_on, **answers}, context)


@contextmanager
def scripted_server_at(
    host: str, answers: Mapping[str, bytes], context: ssl.SSLContext | None = None
) -> Iterator[Script]:
    """The same at an address of one's choice."""
    script = Script(answers={**_ANSWERS, **answers}, context=context)
    handler = type("Handler", (_ScriptedHandler,), {"script": script})
    with socketserver.ThreadingTCPServer((host, 0), handler) as server:
        script.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield script
        finally:
            script.closing.set()
            server.shutdown()
            thread.join()


class _Left(Exception):
    """The conversation is over."""


class _ScriptedHandler(socketserver.StreamRequestHandler):
    script: Script

    def handle(self) -> None:
        with suppress(_Left, OSError):
            self._answer("CONNECT")
            while line := self.rfile.readline():
                self.script.commands.append(line)
                self._follow(line.split(b" ")[0].strip().decode().upper())

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()
        self.connection.close()

    def _follow(self, verb: str) -> None:
        self._answer(verb)
        if verb == "QUIT":
            raise _Left
        if verb == "STARTTLS" and self.script.context is not None:
            self._encrypt(self.script.context)
        if verb == "AUTH":
            self._hear_login()
        if verb == "DATA" and self.script.answers["DATA"].startswith(b"354"):
            self._receive()

    def _encrypt(self, context: ssl.SSLContext) -> None:
        """Go on encrypted; what was already read in the clear stays forgotten."""
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)

    def _hear_login(self) -> None:
        """Take what answers a challenge, and welcome whoever it is."""
        if self.script.answers["AUTH"].startswith(b"334"):
            self.script.commands.append(b"LOGIN " + self.rfile.readline())
            self.wfile.write(_ANSWERS["AUTH"])

    def _receive(self) -> None:
        lines = [self.rfile.readline()]
        self._answer("BODY")
        if self.script.answers["BODY"]:  # who speaks now has given up
            raise _Left
        while lines[-1] not in (b".\r\n", b""):
            lines.append(self.rfile.readline())
        if lines[-1]:
            self.script.mails.append(b"".join(line.removeprefix(b".") for line in lines[:-1]))
            self._answer("END")

    def _answer(self, stage: str) -> None:
        answer = self.script.answers.get(stage, b"500 what?\r\n")
        if answer == SILENCE:
            self.script.closing.wait()
            raise _Left
        if answer == DRIP:
            while not self.script.closing.wait(0.05):
                self.wfile.write(b"2")
        if answer == LATE:
            self.script.closing.wait(LATENESS)
            answer = _ANSWERS[stage]
        if answer == RESET:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        if answer in (HANG_UP, RESET):
            raise _Left
        self.wfile.write(answer)


@dataclass
class Inbox:
    """What a sound server received."""

    port: int
    mails: list[Any] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
        """Keep the envelope."""
        self.mails.append(envelope)
        return "250 taken"


@contextmanager
def sound_server(*, password: str | None = None, port: int = 0, **options: Any) -> Iterator[Inbox]:
    """A real SMTP server; with ``password`` it wants the login of ``reader`` first."""
    inbox = Inbox(port=port or free_port())

    def check(
        _server: Any, session: Any, _envelope: Any, _mechanism: str, login: Any
    ) -> AuthResult:
        assert isinstance(login, LoginPassword)
        assert session.ssl is not None
        inbox.logins.append(login.login.decode())
        return AuthResult(success=login.password == (password or "").encode(), handled=False)

    if password is not None:
        options |= {"authenticator": check, "auth_required": True}
    controller = Controller(inbox, hostname="127.0.0.1", port=inbox.port, **options)
    controller.start()
    try:
        yield inbox
    finally:
        controller.stop()


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def outer_address() -> str | None:
    """An address of this machine that is not loopback; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address: str = probe.getsockname()[0]
    return address


def make_certificate(folder: Path, name: str, *, days: int = 2) -> tuple[Path, ssl.SSLContext]:
    """A self-made certificate for ``name`` and a server context that shows it.

    With ``days`` below zero it has expired.
    """
    certificate, key, request = (folder / f"{name}.{kind}" for kind in ("crt", "key", "csr"))
    _openssl(
        *("req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"),
        *("-keyout", str(key), "-out", str(request)),
    )
    _openssl(
        *("x509", "-req", "-in", str(request), "-signkey", str(key), "-days", str(days)),
        *("-copy_extensions", "copy", "-out", str(certificate)),
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return certificate, context


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
