"""The server beside the steps: bounded, alone on its port, and gone when it is told."""

from __future__ import annotations

import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from threading import Event

import httpx
import pytest

from monitor.config import load
from monitor.errors import ConfigError, MonitorError
from monitor.service.app import App, open_app
from monitor.service.views import LATE_AFTER
from monitor.store import vitals
from monitor.web import server
from monitor.web.server import serving
from tests.builders import write_config
from tests.cli.test_service_process import PATIENCE, running, started, stopped, until
from tests.web.site import LATER, Site, on_free_port

CROWD = 200


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def crowd(host: str, size: int, begun: bytes) -> Iterator[list[socket.socket]]:
    """Clients that begin to speak and then say nothing more."""
    name, _, port = host.rpartition(":")
    with ExitStack() as stack:
        made = []
        for _ in range(size):
            client = stack.enter_context(socket.create_connection((name, int(port)), timeout=20))
            with suppress(ConnectionError):
                client.sendall(begun)
            made.append(client)
        yield made


def hung_up(client: socket.socket) -> bool:
    try:
        while client.recv(4096):
            pass
    except ConnectionError:
        return True
    return True


HALF = b"GET /robots.txt HTTP/1.1\r\nHost: local"
HALF_FORM = b"POST /u/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\nstop"
WHOLE = b"GET /robots.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"


def test_of_a_crowd_only_so_many_are_kept(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CONNECTIONS", 10)
    with crowd(site.host, 11, HALF) as clients:
        assert hung_up(clients[-1])
        clients[0].sendall(WHOLE[len(HALF) :])
        assert clients[0].recv(4096).startswith(b"HTTP/1.1 200")


def test_of_pages_nobody_waits_for_only_so_many_are_made(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who hangs up leaves a page behind that is made all the same."""
    monkeypatch.setattr(server, "CONNECTIONS", 5)
    site, held = Site(app), Event()

    def slow() -> datetime:
        assert held.wait(PATIENCE)
        return LATER

    def full() -> bool:
        with crowd(site.host, 1, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"):
            pass
        return site.get("/robots.txt").status_code == 503

    with serving(on_free_port(app), slow) as served:
        site.host = served.host
        try:
            until(full, "an end of the queue")
        finally:
            held.set()
        until(lambda: site.get("/robots.txt").status_code == 200, "room")
        for client in site.clients:
            client.close()


def test_who_does_not_say_what_is_wanted_is_hung_up_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.5)
    with crowd(site.host, CROWD, HALF) as clients:
        assert all(hung_up(each) for each in clients)
    assert site.get("/robots.txt").status_code == 200


def test_a_connection_ends_whatever_it_does(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LIFE_SECONDS", 0.5)
    with crowd(site.host, 1, WHOLE) as (client,):
        assert client.recv(4096).startswith(b"HTTP/1.1 200")
        client.sendall(HALF)
        assert hung_up(client)


def test_the_pages_end_with_the_steps_and_not_after_them(site: Site) -> None:
    """Both have the same ten seconds between SIGTERM and the end."""
    site.app.stopping.set()
    until(lambda: not answers(int(site.host.rpartition(":")[2])), "the end of the pages")


def test_a_form_that_does_not_come_is_not_waited_for(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.web.site.PATIENCE", 0.5)
    head = f"POST {site.farewell()} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\nstop"
    with crowd(site.host, 1, head.encode()) as (client,):
        assert client.recv(4096).startswith(b"HTTP/1.1 408")
    assert site.reader().stopped_at is None


def test_a_reader_who_hangs_up_in_the_middle_disturbs_nobody(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    head = f"POST {site.farewell()} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\nstop"
    with crowd(site.host, 5, head.encode()):
        pass
    assert site.get("/robots.txt").status_code == 200
    assert "page failed" not in caplog.text


def test_health_is_that_of_the_steps(site: Site) -> None:
    assert (site.get("/healthz").status_code, site.get("/healthz").text) == (503, "late\n")
    for step in LATE_AFTER:
        vitals.beat(site.app.database, step, LATER)
    assert (site.get("/healthz").status_code, site.get("/healthz").text) == (200, "ok\n")
    site.now = LATER + timedelta(days=1)
    assert site.get("/healthz").status_code == 503


def test_a_port_that_is_taken_is_told_with_what_to_do(site: Site) -> None:
    assert site.app.settings.web is not None
    port = int(site.host.rpartition(":")[2])
    taken = site.app.settings.web.model_copy(update={"listen": ("127.0.0.1", port)})
    main = site.app.settings.main.model_copy(update={"web": taken})
    app = replace(site.app, settings=replace(site.app.settings, main=main))
    told = f"web.listen: nothing can listen on 127.0.0.1:{port} .*; end what uses that port"
    with pytest.raises(MonitorError, match=told), serving(app, lambda: LATER):
        pass


def test_a_name_that_is_none_is_told_likewise(config: Path) -> None:
    config.write_text(config.read_text().replace("127.0.0.1:1", "no-such-host.invalid:80"))
    with (
        open_app(load(config), owner="test", rng=Random(0)) as app,
        pytest.raises(MonitorError, match=r"nothing can listen on no-such-host.invalid:80"),
        serving(app, lambda: LATER),
    ):
        pass


def test_a_key_that_others_may_read_keeps_the_pages_shut(config: Path) -> None:
    (config.parent / "web.key").write_text("k" * 40)
    (config.parent / "web.key").chmod(0o644)
    with (
        open_app(load(config), owner="test", rng=Random(0)) as app,
        pytest.raises(ConfigError, match="may be read by others"),
        serving(app, lambda: LATER),
    ):
        pass


# ---------------------------------------------------------------- as a process


def service(folder: Path, port: int) -> Path:
    config = write_config(folder, feeds=["http://127.0.0.1:9/feed"], host="127.0.0.1:9")
    with config.open("a") as file:
        file.write(f"web: {{listen: '127.0.0.1:{port}'}}\n")
    return config


def answers(port: int) -> bool:
    try:
        url = f"http://127.0.0.1:{port}/robots.txt"
        return httpx.get(url, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def healthy(port: int) -> bool:
    return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code == 200


def test_the_service_serves_its_pages_and_ends_in_time_though_a_crowd_holds_them(
    tmp_path: Path, port: int
) -> None:
    config = service(tmp_path, port)
    with running(config) as process:
        until(lambda: answers(port), "the pages")
        with (
            crowd(f"127.0.0.1:{port}", CROWD // 5, HALF_FORM),
            crowd(f"127.0.0.1:{port}", CROWD, b"GET / HTTP/1.1\r\n"),
        ):
            until(lambda: started(config), "the start")
            assert stopped(process) < 10
    log = (tmp_path / "log").read_text()
    assert "pages served" in log
    assert "uvicorn" not in log, "what the server says of itself is news to nobody"


def test_the_steps_go_on_beside_a_crowd_that_says_nothing(tmp_path: Path, port: int) -> None:
    config = service(tmp_path, port)
    with running(config) as process:
        until(lambda: answers(port), "the pages")
        with crowd(f"127.0.0.1:{port}", CROWD, b"GET / HTTP/1.1\r\n"):
            status = [sys.executable, "-m", "monitor", "status", "--check", "-c", str(config)]
            until(lambda: started(config), "the start")
            until(lambda: subprocess.run(status, capture_output=True).returncode == 0, "health")
        until(lambda: healthy(port), "the pages, after the crowd")
        assert stopped(process) < 10


def test_of_a_sudden_crowd_no_more_are_taken_in_at_once_than_are_kept(
    tmp_path: Path, port: int
) -> None:
    """Each is a descriptor until it is hung up on, and the steps need some."""
    config = service(tmp_path, port)
    with running(config) as process, ExitStack() as stack:
        until(lambda: answers(port), "the pages")
        process.send_signal(signal.SIGSTOP)
        clients = [stack.enter_context(socket.socket()) for _ in range(3 * server.CONNECTIONS)]
        for client in clients:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        _, taken, _ = select.select([], clients, [], 1)
        assert len(taken) <= 2 * server.CONNECTIONS


def test_a_second_user_of_the_port_ends_the_start_with_1(tmp_path: Path, port: int) -> None:
    config = service(tmp_path, port)
    with socket.create_server(("127.0.0.1", port)):
        done = subprocess.run(
            [sys.executable, "-m", "monitor", "run", "-c", str(config)],
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert f"nothing can listen on 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr


WITHOUT = """
import sys
sys.modules.update(starlette=None, uvicorn=None)
from monitor.cli import main
main(["run", "-c", sys.argv[1]])
"""


def test_without_the_extra_the_start_says_what_to_install(tmp_path: Path, port: int) -> None:
    config = service(tmp_path, port)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, str(config)],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "install newsmonitor[web]" in done.stderr
