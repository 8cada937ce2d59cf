"""The key that signs links: made once, never overwritten, never open to others."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from monitor.config.web import WebSettings
from monitor.errors import ConfigError
from tests.config.builders import problem, settings

GIVEN = "an old key with more than thirty-two characters"


def web(folder: Path, keys: str = "{}") -> WebSettings:
    found = settings(folder, monitor=f"web: {keys}\n").web
    assert found is not None
    return found


def fault(it: WebSettings, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        it.key(environ or {})
    (told,) = caught.value.problems
    return told


def test_a_key_is_made_at_first_need_and_kept(tmp_path: Path) -> None:
    first = web(tmp_path).key({})
    assert (tmp_path / "web.key").read_bytes().strip() == first == web(tmp_path).key({})
    assert len(first) >= 43, "32 random bytes as text"


def test_loading_a_configuration_makes_none(tmp_path: Path) -> None:
    it = web(tmp_path)
    assert not (tmp_path / "web.key").exists()
    with pytest.raises(ConfigError, match="does not exist"):
        it.known_key({})


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    web(tmp_path).key({})
    assert stat.S_IMODE((tmp_path / "web.key").stat().st_mode) == 0o600


def test_a_key_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "web.key"
    path.write_text(GIVEN)
    path.chmod(0o600)
    assert web(tmp_path).key({}) == GIVEN.encode()
    assert path.read_text() == GIVEN


def test_of_many_who_need_it_at_once_all_have_the_same(tmp_path: Path) -> None:
    it = web(tmp_path)
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: it.key({}), range(64)))
    assert len(keys) == 1
    assert [each.name for each in tmp_path.glob("*.key")] == ["web.key"]
    assert list(tmp_path.glob(".*.part")) == []


def test_who_comes_second_takes_the_key_of_the_first(tmp_path: Path) -> None:
    def slow(_: int) -> str:
        (tmp_path / "web.key").write_text(GIVEN)
        (tmp_path / "web.key").chmod(0o600)
        return "n" * 43

    assert web(tmp_path).key({}, slow) == GIVEN.encode()


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "web.key"
    path.write_text(GIVEN)
    path.chmod(0o640)
    told = fault(web(tmp_path))
    assert "web.key_file" in told
    assert "may be read by others (mode 0640); run: chmod 600" in told


@pytest.mark.parametrize("text", ["", "brief", "x" * 31 + "\n"])
def test_a_short_key_is_refused_and_not_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "web.key"
    path.write_text(text)
    path.chmod(0o600)
    told = fault(web(tmp_path))
    assert "is empty" in told or "shorter than 32 characters" in told
    assert not text.strip() or text.strip() not in told


def test_a_key_may_come_from_a_variable(tmp_path: Path) -> None:
    it = web(tmp_path, "{key_env: LINK_KEY}")
    assert it.key({"LINK_KEY": GIVEN}) == GIVEN.encode()
    assert "the variable LINK_KEY is not set" in fault(it)
    assert "shorter than 32 characters" in fault(it, {"LINK_KEY": "short"})
    assert not (tmp_path / "web.key").exists()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    told = fault(web(tmp_path, "{key_file: missing/web.key}"))
    assert "missing/web.key cannot be made" in told


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("{key_env: A, key_file: b}", "has key_env and key_file"),
        ("{public_url: 'https://a.example/?x=1'}", "has a ? in it"),
        ("{public_url: ftp://a.example}", "is no web address"),
        ("{links_last: 1h}", "write from 1d to 730d"),
        ("{links_last: 9999w}", "write from 1d to 730d"),
        ("{listen: 8321}", "is no exact host:port"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, keys: str, told: str) -> None:
    assert told in problem(tmp_path, monitor=f"web: {keys}\n")


def test_a_slash_at_the_end_of_the_public_address_makes_no_difference(tmp_path: Path) -> None:
    assert web(tmp_path, "{public_url: https://a.example/news/}").public_url == (
        "https://a.example/news"
    )
