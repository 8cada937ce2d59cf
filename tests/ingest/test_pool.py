"""A document that kills or hangs its parser costs one feed one poll."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import escape
from pathlib import Path

import psutil
import pytest

from monitor.errors import ParseError
from monitor.ingest.pool import ParserPool
from monitor.records import ParsedFeed
from tests.ingest.builders import item, rss

ROOT = Path(__file__).parents[2]
HEALTHY = rss(item("Healthy"))
SLOW_WAY = b"<!DOCTYPE rss>"
"""A document that has a type is read by feedparser, which these bombs are made for."""
NESTED = rss("<a>" * 400_000 + item())
NESTED_HTML = rss(*[item("Deep", "<div>" * 50_000 + "x")] * 3)
HUNGRY = SLOW_WAY + rss(item("x" * 9_000_000))


def workers() -> list[psutil.Process]:
    """The parser processes that this test process has started."""
    return [
        each
        for each in psutil.Process().children()
        if each.status() != psutil.STATUS_ZOMBIE and "monitor.ingest.worker" in each.cmdline()
    ]


def parse(pool: ParserPool, body: bytes = HEALTHY) -> ParsedFeed:
    return pool.parse(body, None, "https://news.example/feed")


@pytest.fixture
def pool() -> Iterator[ParserPool]:
    with ParserPool(1) as made:
        yield made
    assert workers() == []


def test_a_feed_and_a_page_come_back_as_records(pool: ParserPool) -> None:
    assert parse(pool).entries[0].title == "Healthy"
    page = f"<h1>Title</h1><article>{'Some words. ' * 50}</article>".encode()
    assert pool.read_page(page, "text/html", "https://news.example/1").title == "Title"


def test_what_is_wrong_with_a_document_is_said_and_costs_no_worker(pool: ParserPool) -> None:
    parse(pool)
    before = workers()
    with pytest.raises(ParseError, match="web page"):
        parse(pool, b"<html><body>Hello</body></html>")
    parse(pool)
    assert workers() == before


def test_workers_start_when_they_are_needed_and_are_used_again(pool: ParserPool) -> None:
    assert workers() == []
    parse(pool)
    first = workers()
    parse(pool)
    assert len(first) == 1
    assert workers() == first


def test_idle_workers_are_ended_and_replaced_when_needed(pool: ParserPool) -> None:
    parse(pool)
    pool.shrink(timedelta(hours=1))
    assert len(workers()) == 1
    pool.shrink(timedelta(0))
    assert workers() == []
    assert parse(pool).entries


def test_too_much_cpu_is_stopped() -> None:
    with ParserPool(1, cpu_seconds=1) as pool:
        with pytest.raises(ParseError, match="more CPU than allowed"):
            parse(pool, NESTED)
        assert parse(pool).entries


def test_the_cpu_limit_is_for_each_job_not_for_all() -> None:
    busy = rss(*[item(f"Title {n}", "word " * 20) for n in range(1_500)])
    with ParserPool(1, cpu_seconds=1) as pool:
        parse(pool)
        (worker,) = workers()
        while sum(worker.cpu_times()[:2]) < 2.2:
            assert len(parse(pool, busy).entries) == 1_500
        assert workers() == [worker]


def test_nested_markup_in_an_item_is_read_within_the_limits(pool: ParserPool) -> None:
    assert {entry.title for entry in parse(pool, NESTED_HTML).entries} == {"Deep"}


def test_too_much_time_is_stopped() -> None:
    with ParserPool(1, wall_seconds=1) as pool:
        parse(pool)
        (worker,) = workers()
        worker.suspend()
        with pytest.raises(ParseError, match="more than 1 s"):
            parse(pool)
        assert parse(pool).entries


def test_too_much_memory_is_stopped() -> None:
    with ParserPool(1, memory_mb=100) as pool:
        with pytest.raises(ParseError, match=r"memory|ended"):
            parse(pool, HUNGRY)
        assert parse(pool).entries


def test_a_worker_that_died_while_idle_costs_nothing(pool: ParserPool) -> None:
    parse(pool)
    (worker,) = workers()
    worker.kill()
    worker.wait(5)
    assert parse(pool).entries


def test_a_worker_that_dies_at_work_costs_that_job(pool: ParserPool) -> None:
    parse(pool)
    (worker,) = workers()
    with ThreadPoolExecutor() as threads:
        job = threads.submit(parse, pool, NESTED)
        before = sum(worker.cpu_times()[:2])
        while sum(worker.cpu_times()[:2]) < before + 0.1:
            time.sleep(0.01)
        worker.send_signal(signal.SIGSEGV)
        with pytest.raises(ParseError, match="code -11"):
            job.result()
    assert parse(pool).entries


def test_healthy_feeds_go_on_while_others_hang() -> None:
    with ParserPool(2, cpu_seconds=1) as pool, ThreadPoolExecutor(4) as threads:
        hanging = threads.submit(parse, pool, NESTED)
        while not workers():
            time.sleep(0.01)
        healthy = [threads.submit(parse, pool) for _ in range(20)]
        assert all(each.result().entries for each in healthy)
        assert not hanging.done()
        with pytest.raises(ParseError):
            hanging.result()


def test_closing_ends_the_workers_at_work() -> None:
    pool = ParserPool(1)
    with ThreadPoolExecutor() as threads:
        job = threads.submit(parse, pool, NESTED)
        while not workers():
            time.sleep(0.01)
        started = time.monotonic()
        pool.close()
        with pytest.raises(ParseError):
            job.result()
        assert time.monotonic() - started < 3
    with pytest.raises(ParseError, match="ending"):
        parse(pool)
    assert workers() == []


def test_threads_share_the_workers() -> None:
    with ParserPool(2) as pool, ThreadPoolExecutor(8) as threads:
        titles = [f"Title {n}" for n in range(40)]
        found = threads.map(lambda title: parse(pool, rss(item(title))), titles)
        assert [each.entries[0].title for each in found] == titles
        assert len(workers()) <= 2


def test_a_worker_is_told_no_secrets(pool: ParserPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", "hunter2")
    parse(pool)
    (worker,) = workers()
    assert "SMTP_PASSWORD" not in worker.environ()


def test_a_worker_takes_little_memory(pool: ParserPool) -> None:
    parse(pool)
    (worker,) = workers()
    assert worker.memory_info().rss < 50 * 1024 * 1024


ORPHAN = """
import sys
from monitor.ingest.pool import ParserPool
pool = ParserPool(1)
pool.parse(b"<rss><channel/></rss>", None, "https://news.example/")
print("ready", flush=True)
sys.stdin.read()
"""


def test_a_worker_does_not_outlive_a_killed_parent() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHAN], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with parent:
        assert parent.stdout
        assert parent.stdout.readline() == b"ready\n"
        (worker,) = psutil.Process(parent.pid).children()
        parent.kill()
    worker.wait(5)


def test_a_ctrl_c_reaches_the_parent_alone_and_ends_without_noise() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHAN.replace("sys.stdin.read()", "pool.parse(b'', None, '')")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with parent:
        assert parent.stdout
        parent.stdout.readline()
        os.killpg(parent.pid, signal.SIGINT)
        _, noise = parent.communicate(timeout=10)
    assert b"worker.py" not in noise


def test_pools_can_be_used_from_a_thread_that_is_not_the_main_one() -> None:
    found: list[ParsedFeed] = []
    with ParserPool(1) as pool:
        thread = threading.Thread(target=lambda: found.append(parse(pool)))
        thread.start()
        thread.join()
    assert found[0].entries[0].title == escape("Healthy")
