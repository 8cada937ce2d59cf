"""A mail server that goes away, answers no or falls silent at any stage: who has which mail then.

Each recipient has each mail once. It has it twice only where the server took it and said nothing;
then it is the same to the last byte, and its row says that it may be.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.errors import DeliveryError
from monitor.notify.mail import SmtpSettings, SmtpTransport
from monitor.records import Message, OutboxItem, OutboxState
from monitor.service.digest import digest
from tests.builders import MORNING
from tests.notify.smtp_servers import HANG_UP, RESET, SILENCE, Script, scripted_server
from tests.service.newsroom import Newsroom

SEVEN = MORNING + timedelta(hours=1)
LATER = timedelta(hours=5)
"""Longer than any wait between two attempts."""
PATIENCE = 1.0
READERS = ("a@example.org", "b@example.org")
DAILY = f"""
  - name: daily
    recipients: [{", ".join(READERS)}]
    schedule: {{daily: "07:00"}}
    timezone: UTC
"""
EHLO = b"250-loopback\r\n250-AUTH PLAIN\r\n250 8BITMIME\r\n"
STAGES = ("CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "END", "QUIT")
GONE = (HANG_UP, RESET, SILENCE)
NOT_NOW, CLOSING, NEVER = b"451 not now\r\n", b"421 closing\r\n", b"554 never\r\n"
ANSWERS = (*GONE, NOT_NOW, CLOSING, NEVER)
FOR_GOOD = {(stage, NEVER) for stage in ("MAIL", "RCPT", "DATA", "END")}
"""Where a refusal is meant for the mail; before that it is meant for us."""
Failure = tuple[str, bytes, bool]
"""A stage, what the server does there, and whether it keeps a mail that it has heard to its end."""


class Failing:
    """A way to a server that fails so many times, one failure after the other, then is sound."""

    def __init__(self, script: Script, failures: list[Failure]) -> None:
        self.script, self.failures = script, list(failures)
        self.sound = script.answers
        self.ends: list[tuple[str, Failure, bool]] = []
        patience = PATIENCE if SILENCE in {answer for _, answer, _ in failures} else 5.0
        self.way = SmtpTransport(
            SmtpSettings(
                host="127.0.0.1",
                port=script.port,
                security="none",
                user="reader",
                password="secret",
                timeout=patience,
                final_timeout=patience,
            )
        )

    def send(self, message: Message) -> None:
        """Hand over, and write down how it ended."""
        if not self.failures:
            self.way.send(message)
            return
        failure = stage, answer, keeps = self.failures.pop(0)
        self.script.answers = {**self.sound, stage: answer}
        kept = len(self.script.mails)
        try:
            self.way.send(message)
        except DeliveryError as error:
            self.ends.append((message.message_id, failure, error.ambiguous))
            if not keeps or (stage, answer) not in {("END", each) for each in GONE}:
                del self.script.mails[kept:]
            raise
        finally:
            self.script.answers = self.sound

    def check(self) -> None:
        self.way.check()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which two mails are ready to go."""
    folder = tmp_path_factory.mktemp("written")
    room = Newsroom(folder, DAILY)
    app = room.start(MORNING)
    room.story(MORNING)
    digest(app, SEVEN)
    room.stop()
    return folder


@contextmanager
def delivered(written: Path, failures: list[Failure]) -> Iterator[tuple[Failing, list[OutboxItem]]]:
    """The mails, the older first, tried until all failures are over and nothing is left to send."""
    with TemporaryDirectory() as folder, scripted_server(EHLO=EHLO) as script:
        shutil.copytree(written, folder, dirs_exist_ok=True)
        room = Newsroom(Path(folder), DAILY)
        app = room.start(SEVEN)
        app.ways[""] = way = Failing(script, failures)
        try:
            for turn in range(len(failures) + 2):
                room.tick(SEVEN + turn * LATER)
            items = list(room.items)
        finally:
            room.stop()
        yield way, items


def check(way: Failing, items: list[OutboxItem]) -> None:
    """Nothing lost, nothing doubled but what the server kept and did not say so."""
    arrived = Counter(way.script.mails)
    assert not arrived.keys() - {item.message.raw for item in items}, "other bytes"
    for item in items:
        ends = [(failure, doubt) for name, failure, doubt in way.ends if _is(item, name)]
        refused = any(failure[:2] in FOR_GOOD for failure, _ in ends)
        kept = sum(failure[0] == "END" and failure[1] in GONE and failure[2] for failure, _ in ends)
        assert item.state is (OutboxState.DEAD if refused else OutboxState.SENT)
        assert arrived[item.message.raw] == kept + (not refused)
        assert item.uncertain == any(doubt for _, doubt in ends)
        assert item.uncertain or not kept


def _is(item: OutboxItem, message_id: str) -> bool:
    return item.message.message_id == message_id


@pytest.mark.parametrize(
    ("stage", "answer"),
    [
        *((stage, answer) for stage in STAGES for answer in ANSWERS),
        *(("BODY", answer) for answer in GONE),
    ],
)
def test_a_failure_at_any_stage_loses_and_doubles_nothing_and_costs_the_other_mail_nothing(
    written: Path, stage: str, answer: bytes
) -> None:
    with delivered(written, [(stage, answer, False)]) as (way, items):
        check(way, items)
        first, other = items
    assert (other.state, other.attempts, other.uncertain) == (OutboxState.SENT, 1, False)
    if stage == "QUIT":
        assert first.attempts == 1


@pytest.mark.parametrize("answer", GONE)
def test_a_mail_that_was_taken_without_a_word_comes_again_the_same_and_says_so(
    written: Path, answer: bytes
) -> None:
    with delivered(written, [("END", answer, True)]) as (way, items):
        check(way, items)
        assert sorted(Counter(way.script.mails).values()) == [1, 2]
        assert [item.uncertain for item in items] == [True, False]


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "END"])
def test_what_is_refused_for_good_is_given_up_with_the_servers_words_and_sent_to_nobody(
    written: Path, stage: str
) -> None:
    with delivered(written, [(stage, NEVER, False)]) as (way, items):
        dead, sent = items
        assert (dead.state, sent.state) == (OutboxState.DEAD, OutboxState.SENT)
        assert "554 never" in str(dead.last_error)
        assert way.script.mails == [sent.message.raw]


failures = st.tuples(
    st.sampled_from(STAGES),
    st.sampled_from([each for each in ANSWERS if each != SILENCE]),
    st.booleans(),
)


@settings(max_examples=25)
@given(st.lists(failures, min_size=2, max_size=6))
@example([("END", HANG_UP, True), ("END", RESET, True), ("END", NOT_NOW, False)])
@example([("END", HANG_UP, True), ("RCPT", NEVER, False)])
def test_after_any_row_of_failures_the_outbox_tells_who_has_what(
    written: Path, row: list[Failure]
) -> None:
    with delivered(written, row) as (way, items):
        check(way, items)
