"""A conversation with an SMTP server in which no answer is waited for without end."""

from __future__ import annotations

import ipaddress
import smtplib
import socket
from contextlib import suppress
from threading import Event, Timer
from typing import BinaryIO

_GOODBYE = 5.0
"""Seconds to wait at most for the answer to QUIT: the message is settled by then."""


_MAX_LINES = 1000
"""Lines of one answer: more are no answer, and would fill the memory."""


class Session(smtplib.SMTP):
    """Takes a whole answer within the socket's timeout, which itself only bounds each read.

    Otherwise a server that says a little now and then holds the sender for ever, and one that says
    much fills its memory.
    """

    def getreply(self) -> tuple[int, bytes]:
        """The next answer; one that is cut off is no answer, whatever of it was heard."""
        if self.sock is None:
            return super().getreply()
        if self.file is None:
            self.file = _Lines(self.sock.makefile("rb"))
        self.file.left = _MAX_LINES
        late = Event()
        cut = Timer(self.sock.gettimeout() or 0.0, _cut, [self.sock, late])
        cut.daemon = True
        cut.start()
        try:
            answer = super().getreply()
        finally:
            cut.cancel()
        if late.is_set():
            self.close()
            raise TimeoutError("timed out")
        return answer

    def ask(self, command: str) -> tuple[int, bytes]:
        """Send one line as it is and return the answer.

        ``smtplib`` would read an address as a header's and write it anew: ``"a  b"@c`` changes.
        """
        self.send(f"{command}\r\n".encode())
        return self.getreply()

    def size_limit(self) -> int | None:
        """The bytes a mail may have, where the server says so (RFC 1870)."""
        told = self.esmtp_features.get("size", "")
        return int(told[:20]) or None if told.isdecimal() else None

    def is_local(self) -> bool:
        """Whether the server is on this machine."""
        if self.sock is None:
            return False
        return ipaddress.ip_address(self.sock.getpeername()[0]).is_loopback

    def wait_for(self, seconds: float) -> None:
        """Give each answer from now on this long."""
        if self.sock is not None:
            self.sock.settimeout(seconds)

    def leave(self) -> None:
        """Say goodbye; whatever comes of it, the mail's fate is known."""
        with suppress(OSError):
            if self.sock is not None:
                self.wait_for(min(_GOODBYE, self.timeout))
                self.quit()
        self.close()


class _Lines:
    """What ``smtplib`` reads its answers from: as many lines as ``left`` says."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.left = 0

    def readline(self, limit: int) -> bytes:
        """The next line, at most ``limit`` bytes of it."""
        self.left -= 1
        if self.left < 0:
            raise OSError("the answer has no end")
        return self._source.readline(limit)

    def close(self) -> None:
        """Close what is read from."""
        self._source.close()


class TlsSession(Session, smtplib.SMTP_SSL):
    """Encrypted from the first byte."""


def _cut(line: socket.socket, late: Event) -> None:
    """End the connection under the reader; TLS, whose state is the reader's, is not asked."""
    late.set()
    with suppress(OSError):
        socket.socket.shutdown(line, socket.SHUT_RDWR)
