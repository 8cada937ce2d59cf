"""What proves who asks goes to the origin it is meant for, and to nobody else; nor is it told."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.errors import AddressRefused, FetchError
from monitor.ingest.fetch import Fetcher
from monitor.ingest.guard import Guard
from monitor.records import Access, Fetched, Request, Validators
from tests.ingest.servers import HOST, Server, Visit, serve
from tests.ingest.test_dial import answering, trusting
from tests.ingest.test_fetch import BODY, ETAG, fetching, settings
from tests.ingest.test_fetch_limits import to_loopback

SECRET = "geheim-4711"
LOGIN = Access(user="me", password=SECRET)
TOKEN = Access(headers=(("X-Token", SECRET), ("Cookie", "id=7")))


def basic(user: str, password: str) -> bytes:
    return b"Basic " + b64encode(f"{user}:{password}".encode())


def ask(url: str, access: Access, validators: Validators | None = None) -> Request:
    return Request(feed_id=1, url=url, access=access, validators=validators or Validators())


def said(access: Access, login: str = "") -> Visit:
    """The request that a server gets."""
    with fetching(lambda visit: visit.answer(body=BODY)) as (fetcher, server):
        fetcher.fetch(ask(server.url().replace("//", f"//{login}"), access))
        (visit,) = server.visits
    return visit


def test_headers_and_login_of_a_feed_are_sent() -> None:
    visit = said(Access(headers=(("X-Token", SECRET),), user="me", password="pä:ss"))
    assert visit.headers["x-token"] == SECRET.encode()
    assert visit.headers["authorization"] == basic("me", "pä:ss")


def test_a_login_without_a_password_has_an_empty_one() -> None:
    assert said(Access(user="token")).headers["authorization"] == basic("token", "")


def test_a_login_beside_the_address_wins_over_the_one_in_it() -> None:
    assert said(Access(), "old:pw@").headers["authorization"] == basic("old", "pw")
    assert said(LOGIN, "old:pw@").headers["authorization"] == basic("me", SECRET)


def test_a_header_of_the_owner_replaces_ours_of_the_same_name() -> None:
    visit = said(Access(headers=(("user-agent", "mine"), ("ACCEPT", "text/plain"))))
    assert visit.headers["user-agent"] == b"mine"
    assert visit.headers["accept"] == b"text/plain"


@pytest.mark.parametrize(
    "name",
    ["Host", "connection", "Content-Length", "Transfer-Encoding", "Accept-Encoding",
     "If-None-Match", "If-Modified-Since"],
)  # fmt: skip
def test_headers_that_hold_the_exchange_together_cannot_be_set(name: str) -> None:
    with pytest.raises(FetchError, match=f"the header {name} cannot be set") as caught:
        said(Access(headers=((name, SECRET),)))
    assert caught.value.permanent
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "header",
    [("X Y", SECRET), ("", SECRET), ("X-Token", f"{SECRET}\r\nX: y"), ("X-Token", f"{SECRET}\0"),
     ("X-Token", f"{SECRET}€")],
)  # fmt: skip
def test_what_no_header_can_carry_is_refused_without_telling_it(header: tuple[str, str]) -> None:
    with pytest.raises(FetchError, match="header") as caught:
        said(Access(headers=(header,)))
    assert SECRET not in str(caught.value)
    assert caught.value.permanent


def test_an_address_that_is_none_does_not_tell_the_password_in_it() -> None:
    with (
        Fetcher(Guard(), settings()) as fetcher,
        pytest.raises(FetchError, match="not a valid address") as caught,
    ):
        fetcher.fetch(ask(f"http://me:{SECRET}/feed@news.example/", Access()))
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


# ---------------------------------------------------------------- redirects


@contextmanager
def hop(location: str) -> Iterator[tuple[Fetcher, Server, Server]]:
    """Two servers; the first sends to ``location``, but for /end."""

    def answer(visit: Visit) -> None:
        if visit.path == "/end":
            visit.answer(body=BODY)
        else:
            visit.answer(302, Location=location.format(other=elsewhere.port, own=server.port))

    with serve(lambda visit: visit.answer(body=BODY)) as elsewhere, serve(answer) as server:
        names = {(HOST, server.port), (HOST, elsewhere.port), ("other.example", server.port)}
        with Fetcher(Guard(frozenset(names)), settings(), resolve=to_loopback) as fetcher:
            yield fetcher, server, elsewhere


SECRETS = ("x-token", "cookie", "authorization")


@pytest.mark.parametrize("access", [LOGIN, TOKEN], ids=["login", "headers"])
@pytest.mark.parametrize(
    "location", ["/end", f"http://{HOST}:{{own}}/end", "//127.0.0.1:{own}/end"]
)
def test_they_go_along_to_the_same_origin(access: Access, location: str) -> None:
    with hop(location) as (fetcher, server, _):
        fetcher.fetch(ask(server.url(), access))
    first, second = ({name: each.headers.get(name) for name in SECRETS} for each in server.visits)
    assert any(first.values())
    assert second == first


@pytest.mark.parametrize("access", [LOGIN, TOKEN], ids=["login", "headers"])
@pytest.mark.parametrize(
    "location",
    [f"http://{HOST}:{{other}}/end", "http://other.example:{own}/end",
     f"http://thief:pw@{HOST}:{{other}}/end"],
    ids=["another port", "another host", "a login of the redirect's"],
)  # fmt: skip
def test_they_go_to_no_other_origin_after_a_redirect(access: Access, location: str) -> None:
    with hop(location) as (fetcher, server, elsewhere):
        fetcher.fetch(ask(server.url(), access))
    last = (server.visits + elsewhere.visits)[-1] if not elsewhere.visits else elsewhere.visits[-1]
    assert len(server.visits) + len(elsewhere.visits) == 2
    assert [last.headers.get(name) for name in SECRETS] == [None, None, None]


def test_they_do_not_go_from_https_to_http(certificate: Path) -> None:
    with (
        serve(lambda visit: visit.answer(body=BODY)) as plain,
        serve(
            lambda visit: visit.answer(301, Location=plain.url(host="secure.example")),
            certificate=certificate,
        ) as secure,
    ):
        names = frozenset({("secure.example", plain.port), ("secure.example", secure.port)})
        with Fetcher(
            Guard(names),
            settings(),
            resolve=answering([HOST]),
            ssl_context=trusting(certificate),
        ) as fetcher:
            fetched = fetcher.fetch(ask(secure.url(host="secure.example"), LOGIN))
    assert fetched.body == BODY
    assert secure.visits[0].headers["authorization"] == basic("me", SECRET)
    assert "authorization" not in plain.visits[0].headers


# ---------------------------------------------------------------- proxies


def forwarding(visit: Visit) -> None:
    visit.answer(body=visit.path.encode())


def test_an_http_address_is_asked_for_through_a_proxy() -> None:
    validators = Validators(etag=ETAG)
    with serve(forwarding) as proxy:
        guard = Guard(frozenset({("news.example", 80)}))
        with Fetcher(guard, settings(), resolve=to_loopback) as fetcher:
            access = Access(user="me", password=SECRET, proxy=f"http://{HOST}:{proxy.port}")
            fetched = fetcher.fetch(ask("http://news.example/a?b=1", access, validators))
    (visit,) = proxy.visits
    assert fetched.body == b"http://news.example/a?b=1"
    assert fetched.url == "http://news.example/a?b=1"
    assert visit.headers["host"] == b"news.example"
    assert visit.headers["if-none-match"] == ETAG
    assert visit.headers["authorization"] == basic("me", SECRET)
    assert "proxy-authorization" not in visit.headers


@pytest.mark.parametrize("tls", [False, True], ids=["http proxy", "https proxy"])
def test_an_https_address_is_asked_for_through_a_tunnel_that_cannot_read_it(
    certificate: Path, tls: bool
) -> None:
    with (
        serve(lambda visit: visit.answer(body=BODY), certificate=certificate) as server,
        serve(
            lambda visit: visit.tunnel(server.port), certificate=certificate if tls else None
        ) as proxy,
    ):
        guard = Guard(frozenset({("secure.example", server.port)}))
        with Fetcher(
            guard, settings(), resolve=to_loopback, ssl_context=trusting(certificate)
        ) as fetcher:
            through = proxy.url("", host=f"pro:xy%40{SECRET}@proxy.example")
            access = Access(user="me", password=SECRET, proxy=through)
            assert fetcher.fetch(ask(server.url(host="secure.example"), access)).body == BODY
    (tunnel,), (visit,) = proxy.visits, server.visits
    assert (tunnel.method, tunnel.path) == ("CONNECT", f"secure.example:{server.port}")
    assert tunnel.headers["proxy-authorization"] == basic("pro", f"xy@{SECRET}")
    assert "authorization" not in tunnel.headers
    assert visit.headers["authorization"] == basic("me", SECRET)
    assert "proxy-authorization" not in visit.headers


def refused(access: Access, url: str = "http://news.example/", **given: object) -> FetchError:
    guard = Guard(frozenset())
    with (
        Fetcher(guard, settings(), **given) as fetcher,  # type: ignore[arg-type]
        pytest.raises(FetchError) as caught,
    ):
        fetcher.fetch(ask(url, access))
    assert SECRET not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    "addresses", [["10.0.0.1"], ["93.184.216.34", "10.0.0.1"]], ids=["private", "one of two"]
)
@pytest.mark.parametrize("url", ["http://news.example/", "https://news.example/"])
def test_what_is_behind_a_proxy_has_to_be_public_with_all_its_addresses(
    addresses: list[str], url: str
) -> None:
    with serve(forwarding) as proxy:
        access = Access(proxy=proxy.url(""))
        error = refused(access, url, resolve=answering(addresses))
    assert isinstance(error, AddressRefused)
    assert "news.example" in str(error)
    assert proxy.visits == []


def test_a_redirect_is_judged_behind_a_proxy_too() -> None:
    with serve(lambda visit: visit.answer(302, Location="http://169.254.169.254/")) as proxy:
        guard = Guard(frozenset({("news.example", 80)}))
        with (
            Fetcher(guard, settings(), resolve=literal_or_loopback) as fetcher,
            pytest.raises(AddressRefused),
        ):
            fetcher.fetch(ask("http://news.example/", Access(proxy=proxy.url(""))))
    assert len(proxy.visits) == 1


async def literal_or_loopback(host: str, port: int) -> list[str]:
    return [host if host[0].isdigit() else HOST]


async def nowhere(host: str, port: int) -> list[str]:
    raise FetchError(f"{host}: the name does not resolve")


def test_a_name_that_does_not_resolve_here_is_not_asked_for_through_a_proxy() -> None:
    with serve(forwarding) as proxy:
        for resolve in (nowhere, answering([])):
            error = refused(Access(proxy=proxy.url("")), resolve=resolve)
            assert "news.example: the name does not resolve here" in str(error)
            assert not error.permanent
    assert proxy.visits == []


def test_no_ipv6_literal_is_asked_for_through_a_proxy() -> None:
    error = refused(Access(proxy=f"http://{HOST}:9/"), "http://[2a00:1450::1]/")
    assert "IPv6" in str(error)


@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "ftp", ""])
def test_other_kinds_of_proxies_are_not_offered(scheme: str) -> None:
    error = refused(Access(proxy=f"{scheme}://me:{SECRET}@{HOST}:1080"))
    assert "use one with http:// or https://" in str(error)
    assert error.permanent


@pytest.mark.parametrize("proxy", ["http://", f"http://me:{SECRET}@/", f"http://x:{SECRET}/"])
def test_a_proxy_without_an_address_is_refused_without_telling_it(proxy: str) -> None:
    assert "the address of the proxy is not valid" in str(refused(Access(proxy=proxy)))


@pytest.mark.parametrize("url", ["http://news.example/", "https://news.example/"])
def test_a_proxy_that_refuses_says_why(url: str) -> None:
    public = answering(["93.184.216.34"])

    async def resolve(host: str, port: int) -> list[str]:
        return [HOST] if host == "proxy.example" else list(await public(host, port))

    with serve(lambda visit: visit.answer(407)) as proxy:
        access = Access(proxy=proxy.url("", host=f"me:{SECRET}@proxy.example"))
        assert "407" in str(refused(access, url, resolve=resolve))


def test_a_proxy_that_cannot_be_reached_is_named() -> None:
    with serve(forwarding) as proxy:
        closed = proxy.port
    error = refused(Access(proxy=f"http://me:{SECRET}@{HOST}:{closed}"), resolve=literal_or_public)
    assert f"{HOST}:{closed} cannot be reached" in str(error)


async def literal_or_public(host: str, port: int) -> list[str]:
    return [host if host[0].isdigit() else "93.184.216.34"]


def test_an_answer_through_a_proxy_is_bounded_like_any_other() -> None:
    def endless(visit: Visit) -> None:
        visit.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while not visit.stopping.is_set():
            visit.send(bytes(100_000))

    with serve(endless) as proxy:
        access = Access(proxy=proxy.url(""))
        guard = Guard(frozenset({("news.example", 80)}))
        with (
            Fetcher(guard, settings(max_bytes=1_000_000), resolve=to_loopback) as fetcher,
            pytest.raises(FetchError, match="larger than 1,000,000 bytes"),
        ):
            fetcher.fetch(ask("http://news.example/", access))


def test_an_unchanged_answer_is_one_through_a_proxy_too() -> None:
    with serve(lambda visit: visit.answer(304)) as proxy:
        guard = Guard(frozenset({("news.example", 80)}))
        with Fetcher(guard, settings(), resolve=to_loopback) as fetcher:
            asked = ask("http://news.example/", Access(proxy=proxy.url("")), Validators(etag=ETAG))
            fetched: Fetched = fetcher.fetch(asked)
    assert fetched.unchanged
