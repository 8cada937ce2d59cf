"""A folder with the smallest valid configuration, of which a test changes one file."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config import Settings, load
from monitor.errors import ConfigError

DIGEST = 'name: daily, recipients: [a@example.org], schedule: {daily: "07:00"}'

SMALLEST = {
    "monitor.yaml": f"digests: [{{{DIGEST}}}]\n",
    "feeds.yaml": "feeds:\n  - {url: https://example.org/feed, title: Post, tags: [world]}\n",
    "topics/iraq.yaml": "name: Iraq\nseeds:\n  - text: Troops leave Iraq\n",
}


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
