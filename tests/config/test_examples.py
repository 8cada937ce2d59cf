"""The shipped examples: they load, and `write_examples` copies them without harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config import load, write_examples
from monitor.errors import ConfigError

EXAMPLES = Path(__file__).resolve().parents[2] / "config"


def test_the_examples_of_the_checkout_load_as_they_are() -> None:
    found = load(EXAMPLES / "monitor.yaml")
    assert found.topic_names() == {"Iraq advisory mission"}
    assert len(found.feeds) >= 12
    assert found.mail.smtp is None


def test_the_examples_tag_world_defence_and_the_middle_east() -> None:
    tags = {tag for feed in load(EXAMPLES / "monitor.yaml").feeds for tag in feed.tags}
    assert tags == {"world", "defence", "middle-east"}


def test_what_init_writes_loads_in_its_new_place(tmp_path: Path) -> None:
    written = write_examples(tmp_path / "new" / "monitor")
    assert [path.name for path in written] == [
        "monitor.yaml",
        "feeds.yaml",
        "iraq-advisory-mission.yaml",
        "iraq-advisory-mission.txt",
    ]
    found = load(written[0])
    assert found.topic_specs({})[0].seeds[0].title
    assert found.database_url() == f"sqlite:///{tmp_path}/new/monitor/monitor.db"


def uncommented(text: str) -> str:
    """The text with every commented key put in force, notes behind it left out."""
    lines = []
    for line in text.splitlines():
        bare = line.lstrip()
        if bare.startswith("# ") and ":" in bare.split(" ")[1] and not bare[2].isupper():
            line = line.replace("# ", "", 1)
        lines.append(line)
    return "\n".join(lines)


def test_what_is_commented_out_in_the_topic_is_right_too(tmp_path: Path) -> None:
    paths = write_examples(tmp_path)
    topic = paths[2].read_text(encoding="utf-8")
    topic = topic.replace("# not:\n#   - text", "not:\n  - text")
    live = uncommented(topic).replace("threshold: 0.15", "")
    paths[2].write_text(live, encoding="utf-8")
    (spec,) = load(paths[0]).topic_specs({})
    assert spec.must
    assert spec.any
    assert spec.never
    assert spec.not_seeds
    assert spec.feeds
    assert spec.tags == ("world", "defence", "middle-east")
    assert spec.alerts_per_week == 5


def test_nothing_is_overwritten_and_what_stands_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("mine")
    (tmp_path / "monitor.yaml").symlink_to("nowhere")
    with pytest.raises(ConfigError) as caught:
        write_examples(tmp_path)
    assert [each.split(":")[0] for each in caught.value.problems] == [
        f"{tmp_path}/monitor.yaml",
        f"{tmp_path}/feeds.yaml",
    ]
    assert (tmp_path / "feeds.yaml").read_text() == "mine"
    assert not (tmp_path / "topics").exists()


def test_a_folder_that_cannot_be_made_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        write_examples(tmp_path / "file")
