"""A round of requests: more may be added while answers are taken, and nothing waits for ever."""

from __future__ import annotations

import threading

from tests.ingest.servers import Visit
from tests.ingest.test_fetch import fetching
from tests.ingest.test_fetch_limits import numbered, silent


def test_what_is_added_while_a_slow_answer_is_awaited_is_answered_meanwhile() -> None:
    def answer(visit: Visit) -> None:
        if visit.path == "/slow":
            visit.stopping.wait()
        visit.answer(304 if visit.path == "/none" else 200, body=b"x")

    with fetching(answer) as (fetcher, server), fetcher.round() as asked:
        asked.ask(numbered([server.url("/slow")]))
        server.wait_for_visits(1)
        asked.ask(numbered([server.url("/quick")]))
        taken = asked.take(10)
        assert taken is not None
        assert taken[0].url == server.url("/quick")
        assert asked.pending == 1


def test_no_answer_within_the_time_is_none_and_stays_pending() -> None:
    with fetching(silent) as (fetcher, server), fetcher.round() as asked:
        asked.ask(numbered([server.url()]))
        assert asked.take(0.05) is None
        assert asked.pending == 1


def test_with_nothing_pending_there_is_nothing_to_wait_for() -> None:
    with fetching(silent) as (fetcher, _), fetcher.round() as asked:
        asked.ask(())
        assert asked.take() is None


def test_a_round_that_is_ended_from_another_thread_is_not_waited_for() -> None:
    with fetching(silent) as (fetcher, server), fetcher.round() as asked:
        asked.ask(numbered([server.url("/a"), server.url("/b")]))
        server.wait_for_visits(2)
        threading.Timer(0.1, fetcher.close).start()
        assert asked.take() is None
        assert asked.pending == 0
        asked.ask(numbered([server.url("/c")]))
        assert asked.pending == 0
