"""The commented example files that `monitor init` writes."""

from __future__ import annotations

from pathlib import Path

import monitor
from monitor.errors import ConfigError

EXAMPLES = (
    "monitor.yaml",
    "feeds.yaml",
    "topics/iraq-advisory-mission.yaml",
    "topics/seeds/iraq-advisory-mission.txt",
)


def write_examples(folder: Path) -> tuple[Path, ...]:
    """Copy the examples into ``folder``, made anew if need be, and return their paths.

    Nothing is overwritten: where one of them exists, a ``ConfigError`` names all that do.
    """
    targets = [folder / name for name in EXAMPLES]
    if existing := [path for path in targets if path.exists() or path.is_symlink()]:
        raise ConfigError(
            tuple(f"{path}: exists already; choose another folder or move it" for path in existing)
        )
    source = _examples()
    try:
        for name, target in zip(EXAMPLES, targets, strict=True):
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                file.write((source / name).read_bytes())
    except OSError as error:
        raise ConfigError((f"{folder}: cannot be written ({error}); choose another",)) from error
    return tuple(targets)


def _examples() -> Path:
    """Return the examples of an installed package or, in a checkout, those beside it."""
    package = Path(monitor.__file__).parent
    installed = package / "_examples"
    return installed if installed.is_dir() else package.parent / "config"
