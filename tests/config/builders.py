"""A folder with the smallest valid configuration, of which a test changes one file."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest

from monitor.config import Settings, load
from monitor.errors import ConfigError
from monitor.records import Plan, Rest

CHANNELS = "channels: {chat: {apprise_env: CHAT}, pages: {folder: pages}}\n"
DIGEST = 'name: daily, recipients: [a@example.org], schedule: {daily: "07:00"}'

SMALLEST = {
    "monitor.yaml": f"digests: [{{{DIGEST}}}]\n",
    "feeds.yaml": "feeds:\n  - {url: https://example.org/feed, title: Post, tags: [world]}\n",
    "topics/iraq.yaml": "name: Iraq\nseeds:\n  - text: Troops leave Iraq\n",
}
REST = (
    'quiet: {from: "22:00", until: "06:30"}, days_off: [saturday, "12-25", 2026-12-24],'
    " urgent: {above: 0.4}"
)
READ = Rest(
    start=time(22),
    end=time(6, 30),
    weekdays=frozenset({5}),
    yearly=frozenset({(12, 25)}),
    dates=frozenset({date(2026, 12, 24)}),
)
"""What the digest above says of rest, as it is read."""


def write(folder: Path, **changed: str) -> Path:
    """Write the smallest configuration, with ``monitor``, ``feeds`` or ``topic`` changed.

    Returns the path of ``monitor.yaml``.
    """
    names = {"monitor": "monitor.yaml", "feeds": "feeds.yaml", "topic": "topics/iraq.yaml"}
    texts = {**SMALLEST, **{names[key]: text for key, text in changed.items()}}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "monitor.yaml"


def settings(folder: Path, **changed: str) -> Settings:
    """Load the smallest configuration with those changes."""
    return load(write(folder, **changed))


def problems(folder: Path, **changed: str) -> list[str]:
    """What `load` finds wrong, with the folder's own path left out."""
    with pytest.raises(ConfigError) as caught:
        load(write(folder, **changed))
    return [each.replace(f"{folder}/", "") for each in caught.value.problems]


def problem(folder: Path, **changed: str) -> str:
    """The one thing that `load` finds wrong."""
    (found,) = problems(folder, **changed)
    return found


def digest_file(
    recipients: str = "[a@b.c]", schedule: str = '{daily: "07:00"}', more: str = ""
) -> str:
    """``monitor.yaml`` with one digest; each recipient can stand on a line of its own."""
    written = f"name: daily, recipients: {recipients}, schedule: {schedule}"
    return f"{CHANNELS}digests: [{{{written}{more and ', '}{more}}}]\n"


def plan_of(folder: Path, recipient: str = "a@b.c", **parts: str) -> Plan:
    return settings(folder, monitor=digest_file(**parts)).plan("daily", recipient)
