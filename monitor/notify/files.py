"""Mails as files: what they are called, and how they are written whole or not at all."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from monitor.records import Message


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
