"""Mails as files in a folder: what they are called, and how each is written whole or not at all."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from monitor.errors import DeliveryError
from monitor.records import Message


class FolderTransport:
    """Writes each message as an ``.eml`` file; a repeat of a message is the same file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, message: Message) -> None:
        """Write the message, whole or not at all, and durably."""
        self._write(file_name(message), message.raw)

    def check(self) -> None:
        """Write an empty file and remove it."""
        name = f".check-{os.getpid()}"
        self._write(name, b"")
        with suppress(OSError):
            (self._path / name).unlink()

    def _write(self, name: str, content: bytes) -> None:
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            replace_file(self._path / name, content)
        except OSError as error:
            raise DeliveryError(
                f"cannot write mail into {self._path}: {error.strerror or error};"
                " make room there, or make the folder writable"
            ) from error


def file_name(message: Message) -> str:
    """Return ``<slot>-<recipient>-<hash>.eml``, made from the Message-ID and the recipient."""
    slot = message.message_id.strip("<>").partition(".")[0]
    recipient = message.recipient.replace("@", "-at-")
    digest = sha256(message.message_id.encode()).hexdigest()[:16]
    return f"{_plain_name(slot)}-{_plain_name(recipient)}-{digest}.eml"


def _plain_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-.")[:64]


def replace_file(target: Path, content: bytes) -> None:
    """Make ``target`` hold ``content``, durably: after a crash it is the old file or the new one.

    Readable by its owner alone. Raises ``OSError``, and then leaves ``target`` as it was.
    """
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    _sync_folder(target.parent)


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
