"""Messages as files in a folder: their names, and how each is written whole or not at all."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from monitor.errors import DeliveryError
from monitor.records import ContentType, Message


class FolderTransport:
    """Writes each message as a file, mails as ``.eml``, pages as ``.html``.

    A repeat of a message is the same file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, message: Message) -> None:
        """Write the message, whole or not at all, and durably."""
        self._write(file_name(message), message.raw)

    def check(self) -> None:
        """Write an empty file and remove it."""
        check_folder(self._path)

    def _write(self, name: str, content: bytes) -> None:
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            replace_file(self._path / name, content)
        except OSError as error:
            raise unwritable(self._path, error) from error


def check_folder(path: Path) -> None:
    """Write an empty file into the folder and remove it; raises ``DeliveryError``."""
    probe = path / f".check-{os.getpid()}"
    try:
        path.mkdir(parents=True, exist_ok=True)
        replace_file(probe, b"")
    except OSError as error:
        raise unwritable(path, error) from error
    with suppress(OSError):
        probe.unlink()


def unwritable(path: Path, error: OSError) -> DeliveryError:
    """Return what to raise where nothing can be written into the folder ``path``."""
    return DeliveryError(
        f"cannot write into {path}: {error.strerror or error};"
        " make room there, or make the folder writable",
        unreachable=True,
    )


def file_name(message: Message) -> str:
    """Return the name of a message's file, made of its id.

    Of a mail it is ``<slot>-<recipient>-<hash>.eml``, of a page ``<slot>-<digest>-<hash>.html``.
    """
    if message.content_type != ContentType.MAIL:
        return f"{_plain_name(message.message_id)}.html"
    slot = message.message_id.strip("<>").partition(".")[0]
    recipient = message.recipient.replace("@", "-at-")
    digest = sha256(message.message_id.encode()).hexdigest()[:16]
    return f"{_plain_name(slot)}-{_plain_name(recipient)}-{digest}.eml"


def _plain_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-.")[:80]


def replace_file(target: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Make ``target`` hold ``content``, durably: after a crash it is the old file or the new one.

    Readable by its owner alone, unless ``mode`` says else. Raises ``OSError``, and then leaves
    ``target`` as it was.
    """
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(handle, mode)
            os.fsync(handle)
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    sync_folder(target.parent)


def sync_folder(path: Path) -> None:
    """Make durable what was named, renamed or removed in the folder ``path``."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
