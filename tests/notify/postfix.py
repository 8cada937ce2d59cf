"""A Postfix of one's own: its configuration, queue and mailboxes in one folder, loopback alone.

It takes mail for a few mailboxes and for a server to relay to, refuses one address for now and all
others for good, and speaks STARTTLS. The ports for logins want one, each by another mechanism.
"""

from __future__ import annotations

import os
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.notify.smtp_servers import free_port, make_certificate

SIZE_LIMIT = 200_000
MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5")
PASSWORD = "correct horse"

_MAIN = """\
compatibility_level = 3.6
queue_directory = {base}/queue
data_directory = {base}/data
maillog_file = {base}/postfix.log
maillog_file_prefixes = {base}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example.org
mydestination =
alias_maps =
smtputf8_enable = yes
message_size_limit = {size}
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_recipient_restrictions =
    check_recipient_access inline:{{ {{grey@example.org = 450 4.2.0 come back later}} }},
    permit_mynetworks, reject_unauth_destination
relay_domains = relay.example
transport_maps = inline:{{ {{relay.example = smtp:[127.0.0.1]:{relay}}} }}
virtual_mailbox_domains = example.org
virtual_mailbox_maps = regexp:{base}/etc/mailboxes
virtual_mailbox_base = {base}/mail
virtual_uid_maps = static:{nobody}
virtual_gid_maps = static:{nobody}
cyrus_sasl_config_path = {base}/etc/sasl
smtpd_sasl_local_domain = example.org
smtpd_tls_auth_only = yes
smtpd_tls_received_header = yes
"""

_MAILBOXES = """\
/^reader@example\\.org$/ reader/
/^odd, local@example\\.org$/ odd/
/^l.+ser@example\\.org$/ international/
"""

_SERVICES = """\
{plain} inet n - n - - smtpd
{silent} inet n - n - - smtpd -o smtpd_discard_ehlo_keywords=size
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

_LOGIN = """\
{port} inet n - n - - smtpd
    -o smtpd_sasl_auth_enable=yes
    -o smtpd_sasl_mechanism_filter={mechanism}
    -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
"""


@dataclass(frozen=True, kw_only=True)
class Postfix:
    """Where it listens, and what it has put into its mailboxes.

    ``silent``: does not say how large a mail may be. ``logins``: the port of each mechanism.
    """

    base: Path
    ca_file: Path
    plain: int
    silent: int
    relay: int
    logins: Mapping[str, int]

    def mails(self, mailbox: str) -> list[bytes]:
        """The mails of a mailbox, with the headers that Postfix put on top, oldest first."""
        folder = self.base / "mail" / mailbox / "new"
        files = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime_ns)
        return [file.read_bytes() for file in files]

    def empty(self) -> None:
        """Forget all that was delivered."""
        for mailbox in (self.base / "mail").iterdir():
            shutil.rmtree(mailbox)


def require_postfix() -> str:
    """The program, or a skipped test that says why."""
    program = shutil.which("postfix", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("no Postfix on this machine; Debian's package is postfix")
    if os.geteuid() != 0:
        pytest.skip("Postfix can only be started by root")
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine to make a certificate with")
    return program


@contextmanager
def running_postfix() -> Iterator[Postfix]:
    """Set up, start, and stop it again."""
    program = require_postfix()
    with tempfile.TemporaryDirectory(prefix="postfix-") as folder:
        postfix = _set_up(Path(folder))
        command = [program, "-c", str(postfix.base / "etc")]
        output = (postfix.base / "output").open("wb")
        with output, subprocess.Popen([*command, "start-fg"], stdout=output, stderr=output) as it:
            try:
                eventually(lambda: it.poll() is not None or _answers(postfix.plain))
                assert it.poll() is None, (postfix.base / "postfix.log").read_text()
                yield postfix
            finally:
                subprocess.run([*command, "stop"], check=False, capture_output=True)


def _set_up(base: Path) -> Postfix:
    base.chmod(0o755)  # its daemons have users of their own
    for name in ("etc", "etc/sasl", "queue", "data", "mail", "tls"):
        (base / name).mkdir()
    shutil.chown(base / "data", "postfix")
    shutil.chown(base / "mail", "nobody")
    ca_file, _ = make_certificate(base / "tls", "localhost")
    ports = iter({free_port() for _ in range(20)})
    postfix = Postfix(
        base=base,
        ca_file=ca_file,
        plain=next(ports),
        silent=next(ports),
        relay=next(ports),
        logins={mechanism: next(ports) for mechanism in MECHANISMS},
    )
    _write_configuration(postfix)
    _write_logins(base)
    return postfix


def _write_configuration(postfix: Postfix) -> None:
    main = _MAIN.format(
        base=postfix.base,
        size=SIZE_LIMIT,
        certificate=postfix.ca_file,
        key=postfix.ca_file.with_suffix(".key"),
        relay=postfix.relay,
        nobody=(postfix.base / "mail").stat().st_uid,
    )
    services = _SERVICES.format(plain=postfix.plain, silent=postfix.silent)
    for mechanism, port in postfix.logins.items():
        services += _LOGIN.format(port=port, mechanism=mechanism.lower())
    for name, text in {"main.cf": main, "master.cf": services, "mailboxes": _MAILBOXES}.items():
        (postfix.base / "etc" / name).write_text(text)


def _write_logins(base: Path) -> None:
    """One user, ``reader``, where Cyrus SASL is."""
    users = base / "users"
    (base / "etc" / "sasl" / "smtpd.conf").write_text(
        f"pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {users}\n"
        f"mech_list: {' '.join(MECHANISMS)}\n"
    )
    program = shutil.which("saslpasswd2", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is not None:
        subprocess.run(
            [program, "-c", "-p", "-f", str(users), "-u", "example.org", "reader"],
            input=PASSWORD.encode(),
            check=True,
        )
        shutil.chown(users, "postfix")


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0):
            return True
    except OSError:
        return False


def eventually(came_true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for what another process does in its own time; fail after ``seconds``."""
    end = time.monotonic() + seconds
    while not came_true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


@contextmanager
def line_that_breaks(port: int, word: bytes) -> Iterator[int]:
    """A line to ``port`` that breaks as soon as the server says ``word``, which nobody hears."""

    class Line(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as server:
                speaker = threading.Thread(target=_pump, args=(self.request, server))
                speaker.start()
                with suppress(OSError):
                    while (heard := server.recv(65_536)) and word not in heard:
                        self.request.sendall(heard)
                self.request.shutdown(socket.SHUT_RDWR)
                speaker.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Line) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield listener.server_address[1]
        finally:
            listener.shutdown()
            thread.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while said := source.recv(65_536):
            target.sendall(said)
