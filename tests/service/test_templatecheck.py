"""The owner's templates are tried before a digest has to be made with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config import Settings, load
from monitor.service.templatecheck import faults
from tests.builders import write_config


def settings(folder: Path, **templates: str) -> Settings:
    """A configuration with these templates of its owner's."""
    mail = "folder: outbox\n  templates: mine"
    path = write_config(folder, feeds=["https://wire.example/feed"], host="127.0.0.1:1", mail=mail)
    (folder / "mine").mkdir()
    for name, source in templates.items():
        (folder / "mine" / name.replace("_", ".")).write_text(source)
    return load(path)


def test_without_templates_of_ones_own_nothing_can_be_wrong_with_them(tmp_path: Path) -> None:
    path = write_config(tmp_path, feeds=["https://wire.example/feed"], host="127.0.0.1:1")
    assert faults(load(path)) == ()


def test_templates_that_work_are_not_spoken_of(tmp_path: Path) -> None:
    assert faults(settings(tmp_path, digest_txt="{{ digest.subject }}\n")) == ()


@pytest.mark.parametrize(
    "source",
    [
        "{% for each in %}",
        "{{ digest.no_such_thing }}",
        "{% for section in digest.sections %}{{ section.wrong }}{% endfor %}x",
        "{% if digest.warnings %}{{ 1 / 0 }}{% endif %}x",
        "{% if not digest.sections %}{{ 1 / 0 }}{% endif %}x",
        "{% if digest.has_contents %}{{ 1 / 0 }}{% endif %}x",
        "{% for note in digest.notes %}{{ 1 / 0 if note.page }}{% endfor %}x",
        "{% for note in digest.notes %}{{ 1 / 0 if note.command }}{% endfor %}x",
    ],
)
def test_a_fault_is_told_with_its_place_once_whatever_digest_shows_it(
    tmp_path: Path, source: str
) -> None:
    (fault,) = faults(settings(tmp_path, digest_txt=source))
    assert "digest.txt" in fault


@pytest.mark.parametrize(
    "shown",
    [
        "digest.what.startswith('Urgent')",
        "digest.what.startswith('Update')",
        "digest.unsubscribe",
        "digest.has_contents",
        "digest.failing",
        "digest.sections and digest.sections[0].spark",
        "digest.sections and digest.sections[0].entries[0].answers",
        "digest.sections and digest.sections[0].entries[0].first",
        "digest.sections and digest.sections[0].entries[0].updates",
        "digest.sections and digest.sections[0].entries[0].sources",
        "digest.sections and digest.sections[0].entries[0].also",
        "digest.sections | length > 1",
    ],
)
def test_a_fault_where_only_some_digests_lead_is_found_too(tmp_path: Path, shown: str) -> None:
    source = f"{{% if {shown} %}}{{{{ 1 / 0 }}}}{{% endif %}}x"
    (fault,) = faults(settings(tmp_path, digest_txt=source))
    assert "division by zero" in fault


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    wanted = settings(tmp_path)
    (tmp_path / "mine").rmdir()
    (fault,) = faults(wanted)
    assert "mine" in fault
