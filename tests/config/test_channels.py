"""What may stand under ``channels``, and what is said of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config.channels import ChannelSettings
from monitor.errors import ConfigError
from monitor.records import ChannelKind
from tests.config.builders import problem, settings

HOOK = "webhook: 'https://hooks.example.org/news?token=T0KEN'"


def channel(folder: Path, written: str) -> ChannelSettings:
    found = settings(folder, monitor=f"channels: {{team: {{{written}}}}}\n")
    return found.channels["team"]


def fault(folder: Path, written: str, name: str = "team") -> str:
    return problem(folder, monitor=f"channels:\n  {name}: {{{written}}}\n")


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        (f"{HOOK}, secret_env: HOOK", ChannelKind.WEBHOOK),
        (f"{HOOK}, secret_file: hook.key", ChannelKind.WEBHOOK),
        ("apprise_env: PHONE", ChannelKind.APPRISE),
        ("apprise_file: phone.txt", ChannelKind.APPRISE),
        ("feed: feeds", ChannelKind.FEED),
        ("folder: pages", ChannelKind.FOLDER),
    ],
)
def test_a_channel_is_of_one_kind(tmp_path: Path, written: str, kind: ChannelKind) -> None:
    assert channel(tmp_path, written).kind is kind


@pytest.mark.parametrize("key", ["feed", "folder"])
def test_a_folder_begins_at_the_file_it_stands_in(tmp_path: Path, key: str) -> None:
    assert getattr(channel(tmp_path, f"{key}: out"), key) == tmp_path / "out"


def test_a_private_address_may_be_posted_to(tmp_path: Path) -> None:
    written = "webhook: 'http://192.168.1.2:8080/x', secret_env: HOOK"
    assert channel(tmp_path, written).webhook == "http://192.168.1.2:8080/x"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("", "has none; write exactly one of webhook, apprise_env"),
        ("feed: a, folder: b", "has feed and folder; write exactly one"),
        ("apprise_env: A, apprise_file: b", "has apprise_env and apprise_file"),
        (HOOK, "has none; write exactly one of secret_env, secret_file"),
        (f"{HOOK}, secret_env: A, secret_file: b", "has secret_env and secret_file"),
        ("feed: a, secret_env: B", "has a secret but no webhook; remove it"),
        ("webhook: ftp://example.org, secret_env: A", "is no web address"),
        ("webhook: 'https://me:pw@example.org', secret_env: A", "holds a user or password"),
        ("wehook: https://example.org", "did you mean 'webhook'?"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, written: str, told: str) -> None:
    found = fault(tmp_path, written)
    assert found.startswith("monitor.yaml:2: channels.team")
    assert told in found


@pytest.mark.parametrize("name", ["Team", "a b", "team@example.org", "-x", "x" * 51])
def test_the_name_of_a_channel_is_small_and_plain(tmp_path: Path, name: str) -> None:
    told = fault(tmp_path, "feed: a", name=name)
    assert told.startswith(f"monitor.yaml:2: channels.{name}: ")
    assert "is no name of a channel; write small letters" in told


def test_secrets_are_read_when_they_are_used(tmp_path: Path) -> None:
    hook = channel(tmp_path, f"{HOOK}, secret_env: HOOK")
    assert hook.secret("team", {"HOOK": "hunter2"}).get_secret_value() == "hunter2"
    (tmp_path / "phone").write_text("tgram://T0KEN\n")
    (tmp_path / "phone").chmod(0o600)
    phone = channel(tmp_path, "apprise_file: phone")
    assert phone.secret("team", {}).get_secret_value() == "tgram://T0KEN"


@pytest.mark.parametrize(
    ("written", "place"),
    [
        (f"{HOOK}, secret_env: HOOK", "channels.team.secret_env"),
        ("apprise_env: PHONE", "channels.team.apprise_env"),
        ("apprise_file: gone", "channels.team.apprise_file"),
        ("feed: a", "channels.team"),
    ],
)
def test_a_secret_that_is_missing_is_told_with_its_place(
    tmp_path: Path, written: str, place: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        channel(tmp_path, written).secret("team", {})
    assert str(caught.value).startswith(place)
