"""Who may ask the pages, how, and what every answer carries."""

from __future__ import annotations

import logging
import re
import socket
from base64 import b64encode
from contextlib import suppress
from hashlib import sha256

import pytest

from monitor.notify.tokens import Signer
from monitor.web.guard import Addresses, origin_of
from monitor.web.site import LONGEST_FORM
from tests.web.site import BROWSER, PUBLIC, Site

PAGES = ("more", "farewell")
HEADERS = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow",
}
PREFIX = "/monitor"


def path_of(site: Site, page: str) -> str:
    return str(getattr(site, page)())


# ---------------------------------------------------------------- under which name


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1:80", "[::1]", "news.example", "NEWS.EXAMPLE:443"]
)
def test_a_name_of_ours_is_answered(still: Site, host: str) -> None:
    assert still.get("/robots.txt", Host=host).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "news.example.evil.example",
        "127.0.0.1.evil.example",
        "",
        "a:b:c",
        "@",
        "news.example@evil.example",
    ],
)
def test_any_other_name_is_refused(still: Site, host: str) -> None:
    """Else a page of somebody else's could have its name resolve to this machine."""
    assert still.get(still.more(), Host=host).status_code in (400, 421)


def test_a_wildcard_to_listen_on_is_no_name_but_a_public_address_is(still: Site) -> None:
    assert still.app.settings.web is not None
    web = still.app.settings.web.model_copy(update={"public_url": None, "listen": ("10.0.0.5", 80)})
    assert Addresses.of(web).hosts == {"10.0.0.5", "localhost", "127.0.0.1", "::1"}


# ---------------------------------------------------------------- from where a form comes


@pytest.mark.parametrize(
    "said",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://news.example"},
        {"Origin": "https://news.example:8443"},
        {"Origin": "http://localhost:1"},
        {"Origin": "garbage"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
        {"Sec-Fetch-Site": "same-site", "Origin": "null"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    ],
)
@pytest.mark.parametrize("page", PAGES)
def test_a_form_from_elsewhere_does_nothing(still: Site, page: str, said: dict[str, str]) -> None:
    path, before = path_of(still, page), still.dump()
    form = {"answer": "more", "stop": "1", "List-Unsubscribe": "One-Click"}
    assert still.client(**said).post(path, data=form).status_code == 403
    assert still.dump() == before


def test_a_verdict_is_taken_from_a_browser_alone_which_says_where_it_is(still: Site) -> None:
    assert still.client().post(still.more(), data={"answer": "more"}).status_code == 403
    assert still.topic().verdicts == ()


@pytest.mark.parametrize("said", [{"Origin": "https://news.example"}, {"Origin": "null"}, BROWSER])
def test_a_form_of_our_own_page_is_taken(site: Site, said: dict[str, str]) -> None:
    """Browsers call the origin null where no referrer may be told, as we ask of them."""
    assert site.client(**said).post(site.more(), data={"answer": "more"}).status_code == 200


def test_the_address_that_was_asked_for_is_an_origin_of_ours(site: Site) -> None:
    said = {"Origin": f"http://{site.host}"}
    assert site.client(**said).post(site.farewell(), data={"stop": "1"}).status_code == 200


@pytest.mark.parametrize(("scheme", "port"), [("http", 80), ("https", 443)])
def test_an_origin_is_the_same_with_its_usual_port_and_without(scheme: str, port: int) -> None:
    """As browsers leave it away, and owners need not."""
    assert origin_of(f"{scheme}://news.example:{port}") == origin_of(f"{scheme}://news.example")


@pytest.mark.parametrize("address", ["http://[", "http://a:b", "x", ""])
def test_what_is_no_address_has_no_origin(address: str) -> None:
    assert origin_of(address) is None


# ---------------------------------------------------------------- how


@pytest.mark.parametrize(
    "method", ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"]
)
@pytest.mark.parametrize("page", PAGES)
def test_no_other_method_than_post_acts(still: Site, page: str, method: str) -> None:
    path, before = path_of(still, page), still.dump()
    answer = still.client(**BROWSER).request(method, path, data={"stop": "1", "answer": "more"})
    assert answer.status_code == (200 if method == "HEAD" else 405)
    assert still.dump() == before


@pytest.mark.parametrize("page", PAGES)
def test_a_form_in_the_address_does_nothing(still: Site, page: str) -> None:
    path, before = path_of(still, page), still.dump()
    for query in ("?answer=more", "?stop=1", "?List-Unsubscribe=One-Click", "?_method=POST"):
        assert still.get(path + query, **{"X-HTTP-Method-Override": "POST"}).status_code == 200
    assert still.dump() == before


@pytest.mark.parametrize("page", PAGES)
def test_a_long_form_is_refused_before_it_is_read(still: Site, page: str) -> None:
    path, before = path_of(still, page), still.dump()
    form = {"answer": "more", "stop": "1", "x": "y" * LONGEST_FORM}
    assert still.press(path, **form).status_code == 413
    assert still.dump() == before


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v",
        "/v/",
        "/u/",
        "/static",
        "/feeds",
        "/feeds/",
        "/templates/style.css",
        "/v/a/b",
        "/..%2f..%2fetc/passwd",
    ],
)
def test_nothing_else_is_there(still: Site, path: str) -> None:
    assert still.get(path).status_code == 404


def test_robots_are_asked_to_stay_away(still: Site) -> None:
    assert still.get("/robots.txt").text == "User-agent: *\nDisallow: /\n"


# ---------------------------------------------------------------- what answers carry


def every_kind(site: Site) -> list[str]:
    pages = [site.more(), site.farewell(), site.rest()]
    return [*pages, "/v/none", "/nowhere", "/healthz", "/robots.txt"]


def test_every_answer_keeps_its_address_to_itself(still: Site) -> None:
    answers = [still.get(path) for path in every_kind(still)]
    answers.append(still.get("/healthz", Host="evil.example"))
    answers += [still.client().post(still.more()), still.client().put(still.more())]
    for answer in answers:
        assert HEADERS.items() <= dict(answer.headers).items()
        assert "server" not in answer.headers
        assert "set-cookie" not in answer.headers


def test_the_policy_lets_nothing_in_but_the_style_of_the_page(still: Site) -> None:
    page = still.get(still.more())
    policy = dict(
        part.split(" ", 1) for part in page.headers["content-security-policy"].split("; ")
    )
    (style,) = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    code = b64encode(sha256(style.encode()).digest()).decode()
    assert policy == {
        "default-src": "'none'",
        "style-src": f"'sha256-{code}'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert not re.search(r"<script|<img|<link|<iframe| style=| on\w+=|url\(|@import", page.text)


# ---------------------------------------------------------------- what is not told


def test_an_error_of_ours_is_bare_and_the_log_has_no_token(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = site.more()

    def broken(*_: object) -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr(Signer, "read", broken)
    with caplog.at_level(logging.DEBUG):
        answer = site.get(path)
    assert (answer.status_code, answer.text) == (500, "Something went wrong.\n")
    assert HEADERS.items() <= dict(answer.headers).items()
    assert "page failed" in caplog.text
    assert path.rpartition("/")[2] not in of_the_service(caplog)


def of_the_service(caplog: pytest.LogCaptureFixture) -> str:
    """What was logged, without what the test's own client says."""
    ours = [each for each in caplog.records if not each.name.startswith(("httpx", "httpcore"))]
    return "\n".join(map(logging.Formatter().format, ours))


def test_no_page_that_is_asked_for_stands_in_the_log(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    paths = [site.more(), site.farewell(), site.rest(), "/v/nothing-of-ours"]
    with caplog.at_level(logging.DEBUG):
        for path in paths:
            site.get(path)
            site.press(path, answer="more", stop="1")
    for path in paths:
        assert path.rpartition("/")[2] not in of_the_service(caplog)


def test_a_database_that_others_hold_is_a_pause_and_no_broken_line(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was pressed may still be stored; pressed again, it is the same."""
    monkeypatch.setattr("monitor.web.site.LONGEST_WAIT", 0.5)
    with site.app.database.write():
        answer = site.press(site.farewell(), stop="1")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    monkeypatch.undo()
    assert site.press(site.farewell(), stop="1").status_code == 200


def test_a_database_that_does_not_answer_is_a_pause_and_no_detail(
    site: Site,
) -> None:
    path = site.more()
    assert site.app.database.file is not None
    site.app.database.file.rename(site.app.database.file.with_name("moved.db"))
    answer = site.get(path)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "moved" not in answer.text
    assert "monitor.db" not in answer.text
    assert site.get("/healthz").status_code == 503


# ---------------------------------------------------------------- behind a proxy


@pytest.mark.parametrize("prefix", ["", PREFIX])
def test_links_work_whether_or_not_the_proxy_takes_the_path_away(site: Site, prefix: str) -> None:
    assert PUBLIC.endswith(PREFIX)
    path = prefix + site.more()
    page = site.get(path, Host="news.example")
    assert page.status_code == 200
    assert "action=" not in page.text, "a form without one goes to the address of its page"
    said = {
        "Host": "news.example",
        "Origin": "https://news.example",
        "Sec-Fetch-Site": "same-origin",
    }
    assert site.client(**said).post(path, data={"answer": "more"}).status_code == 200
    assert len(site.topic().verdicts) == 1


def test_the_path_alone_is_no_page_and_a_longer_one_is_not_ours(still: Site) -> None:
    for path in (PREFIX, f"{PREFIX}/", f"{PREFIX}s{still.more()}", f"{PREFIX}{PREFIX}/robots.txt"):
        assert still.get(path).status_code == 404


def test_a_path_is_known_however_its_letters_are_written(still: Site) -> None:
    assert still.app.settings.web is not None
    public = "https://news.example/our%20news"
    web = still.app.settings.web.model_copy(update={"public_url": public})
    assert Addresses.of(web).prefix == "/our news"


# ---------------------------------------------------------------- no HTTP at all


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET /" + b"a" * 600_000,
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 600_000,
    ],
)
def test_what_is_no_request_is_refused_and_hung_up_on(still: Site, sent: bytes) -> None:
    answer = answered(still, sent)
    assert not answer or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 421"))


def answered(site: Site, sent: bytes) -> bytes:
    """What comes back until the server hangs up."""
    host, _, port = site.host.rpartition(":")
    answer = b""
    with (
        suppress(ConnectionError),  # it does not wait for the rest
        socket.create_connection((host, int(port)), timeout=10) as connection,
    ):
        connection.sendall(sent)
        while chunk := connection.recv(4096):
            answer += chunk
    return answer


@pytest.mark.parametrize(
    "host", [b"evil.example\\@localhost", b"evil.example@localhost", b"local\thost", b"localhost/x"]
)
def test_a_name_that_others_read_differently_is_none(still: Site, host: bytes) -> None:
    """A proxy, or a filter, may see another host in it."""
    sent = b"GET /robots.txt HTTP/1.1\r\nConnection: close\r\nHost: " + host + b"\r\n\r\n"
    assert answered(still, sent).startswith(b"HTTP/1.1 421")


def test_a_body_of_two_lengths_hides_no_request(still: Site) -> None:
    """A proxy that goes by the other length would take the second answer for another reader's."""
    head = b"POST /robots.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n"
    hidden = b"GET /robots.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = answered(still, head + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden)
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1") == 1


def test_what_clients_do_wrong_fills_no_log(still: Site, caplog: pytest.LogCaptureFixture) -> None:
    upgrade = b"Host: localhost\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\n\r\n"
    with caplog.at_level(logging.DEBUG):
        assert answered(still, b"nonsense\r\n\r\n")
        assert answered(still, b"GET /robots.txt HTTP/1.1\r\n" + upgrade)
    assert [each for each in caplog.records if each.name.startswith("uvicorn")] == []
