"""What `monitor check` says of the pages."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.service.checks import Finding, configuration
from tests.config.builders import settings

HTTPS = "public_url: https://news.example"


def on_web(folder: Path, keys: str | None) -> list[Finding]:
    text = "" if keys is None else f"web: {{{keys}}}\n"
    found = configuration(settings(folder, monitor=text or "keep: 90d\n"))
    return [each for each in found if each.what == "web"]


def with_key(folder: Path, mode: int = 0o600, text: str = "k" * 40) -> Path:
    (folder / "web.key").write_text(text)
    (folder / "web.key").chmod(mode)
    return folder


def test_without_pages_nothing_is_said(tmp_path: Path) -> None:
    assert on_web(tmp_path, None) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
def test_of_pages_that_are_well_nothing_is_said(tmp_path: Path, host: str) -> None:
    assert on_web(with_key(tmp_path), f"{HTTPS}, listen: '{host}:8321'") == []


def test_a_missing_extra_fails_the_check_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    (found,) = on_web(with_key(tmp_path), HTTPS)
    assert (found.ok, found.level) == (False, "error")
    assert "install newsmonitor[web]" in found.told


def test_a_key_that_is_not_safe_fails_the_check(tmp_path: Path) -> None:
    (found,) = on_web(with_key(tmp_path, 0o644), HTTPS)
    assert (found.ok, found.level) == (False, "error")
    assert "may be read by others" in found.told


def test_a_key_that_is_not_there_yet_is_a_note_and_is_not_made(tmp_path: Path) -> None:
    (found,) = on_web(tmp_path, HTTPS)
    assert (found.ok, found.level) == (True, "note")
    assert "will be made" in found.told
    assert not (tmp_path / "web.key").exists()


def test_a_key_variable_that_is_not_set_fails_the_check(tmp_path: Path) -> None:
    (found,) = on_web(tmp_path, f"{HTTPS}, key_env: NO_SUCH_KEY")
    assert not found.ok
    assert "the variable NO_SUCH_KEY is not set" in found.told


@pytest.mark.parametrize(
    ("keys", "level", "told"),
    [
        ("", "note", "has no public_url"),
        ("public_url: http://news.example", "warning", "no one-click unsubscribing"),
        ("public_url: http://localhost:8321", "note", "only in mails that are read here"),
        (f"{HTTPS}, listen: '0.0.0.0:8321'", "warning", "listens on 0.0.0.0"),
        (f"{HTTPS}, listen: '192.0.2.7:8321'", "warning", "listens on 192.0.2.7"),
    ],
)
def test_what_makes_links_less_than_they_could_be_is_said(
    tmp_path: Path, keys: str, level: str, told: str
) -> None:
    (found,) = on_web(with_key(tmp_path), keys)
    assert (found.ok, found.level) == (True, level)
    assert told in found.told


def test_a_public_host_in_other_letters_is_refused_with_what_to_write(tmp_path: Path) -> None:
    """Browsers ask for it under its name in ASCII, and would be sent away."""
    with pytest.raises(ConfigError, match=r"public_url.* xn--"):
        on_web(with_key(tmp_path), "public_url: https://büro.example/news")
