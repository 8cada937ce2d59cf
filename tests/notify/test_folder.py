"""A folder keeps each mail once, whole, under a name that says when and for whom."""

from __future__ import annotations

import re
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import DeliveryError
from monitor.notify.channel import message_of
from monitor.notify.files import FolderTransport, file_name
from monitor.notify.render import render
from monitor.records import Message
from tests.notify.builders import MONDAY, a_digest, a_hit, a_story


def a_message(recipient: str = "reader@example.org", *, name: str = "Morning") -> Message:
    digest = a_digest(recipient=recipient, name=name)
    return render(digest, sender="monitor@example.org").message


def test_a_message_becomes_one_file_with_its_bytes(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "outbox"
    message = a_message()

    FolderTransport(folder).send(message)

    (written,) = folder.iterdir()
    assert written.read_bytes() == message.raw
    assert written.name.startswith("20250728T050000Z-reader-at-example.org-")
    assert written.suffix == ".eml"


def test_a_mail_is_for_the_eyes_of_its_owner(tmp_path: Path) -> None:
    FolderTransport(tmp_path).send(a_message())

    (written,) = tmp_path.iterdir()
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


def test_the_same_message_again_is_the_same_file(tmp_path: Path) -> None:
    transport = FolderTransport(tmp_path)
    transport.send(a_message())
    transport.send(a_message())

    assert len(list(tmp_path.iterdir())) == 1


def test_other_recipients_digests_and_slots_are_other_files() -> None:
    later = render(
        a_digest(a_hit(a_story()), slot=MONDAY + timedelta(microseconds=1)), sender="m@example.org"
    ).message
    messages = [
        a_message(),
        a_message("Reader@example.org"),
        a_message(name="Evening"),
        a_message("reader@at.example.org"),
        later,
    ]

    assert len({file_name(message) for message in messages}) == 5


@pytest.mark.parametrize(
    "recipient", ['"../../etc/passwd"@example.org', "læser@example.org", "a" * 64 + "@example.org"]
)
def test_a_file_name_is_plain_whatever_the_recipient(recipient: str) -> None:
    name = file_name(a_message(recipient))

    assert name.isascii()
    assert Path(name).name == name
    assert ".." not in name
    assert len(name) < 150


def test_a_folder_that_cannot_be_written_to_is_tried_again(tmp_path: Path) -> None:
    occupied = tmp_path / "outbox"
    occupied.write_text("a file where the folder should be")

    for attempt in (
        FolderTransport(occupied).check,
        lambda: FolderTransport(occupied).send(a_message()),
    ):
        with pytest.raises(DeliveryError, match="make the folder writable") as caught:
            attempt()
        assert str(occupied) in str(caught.value)
        assert (caught.value.permanent, caught.value.ambiguous) == (False, False)
        assert isinstance(caught.value.__cause__, OSError)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Writing beyond ``size`` bytes fails half-way, as it does when a disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_that_fails_half_way_leaves_what_was_there(tmp_path: Path) -> None:
    message = a_message()
    FolderTransport(tmp_path).send(message)
    larger = replace(message, raw=message.raw * 50)

    with files_of_at_most(100_000), pytest.raises(DeliveryError) as caught:
        FolderTransport(tmp_path).send(larger)

    assert not caught.value.permanent
    (kept,) = tmp_path.iterdir()
    assert kept.read_bytes() == message.raw


def test_a_check_leaves_nothing_behind(tmp_path: Path) -> None:
    FolderTransport(tmp_path).check()

    assert list(tmp_path.iterdir()) == []


def test_a_page_is_a_file_named_by_slot_digest_and_hash(tmp_path: Path) -> None:
    digest = a_digest(recipient="shelf", name="Morning / news")
    page = message_of(digest, b"<!doctype html>", "text/html")
    for _ in range(2):
        FolderTransport(tmp_path).send(page)

    (written,) = tmp_path.iterdir()
    assert written.read_bytes() == page.raw
    assert re.fullmatch(r"20250728T050000Z-morning-news-[0-9a-f]{32}\.html", written.name)
