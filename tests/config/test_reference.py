"""The reference names every key that may be written, and what it says is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from monitor.config import channels as channel_models
from monitor.config import digests as digest_models
from monitor.config import feeds as feed_models
from monitor.config import models
from monitor.config import web as web_models
from tests.config.builders import settings

TEXT = (Path(__file__).resolve().parents[2] / "docs/reference/configuration.md").read_text("utf-8")

SECTIONS: dict[type[BaseModel], str] = {
    models.MonitorFile: "## monitor.yaml",
    models.PollingSettings: "### polling",
    models.MatchingSettings: "### matching",
    digest_models.DigestSettings: "### digests",
    digest_models.ScheduleSettings: "### digests",
    digest_models.WeeklySettings: "### digests",
    digest_models.QuietSettings: "### digests",
    digest_models.UrgentSettings: "### digests",
    digest_models.ServingSettings: "### digests",
    digest_models.RecipientSettings: "### digests",
    channel_models.ChannelSettings: "### channels",
    web_models.WebSettings: "### web",
    models.MailSettings: "### mail",
    models.SmtpSettings: "### mail",
    feed_models.FeedsFile: "## feeds.yaml",
    feed_models.FeedSettings: "## feeds.yaml",
    models.SeedReference: "## topics/NAME.yaml",
    models.TopicFile: "## topics/NAME.yaml",
}


def section(heading: str) -> str:
    """The text under a heading, up to the next one of any level."""
    return TEXT.partition(f"\n{heading}\n")[2].partition("\n#")[0]


def keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def test_every_model_has_a_section() -> None:
    classes = [
        each
        for module in (models, feed_models, digest_models, channel_models, web_models)
        for each in vars(module).values()
        if isinstance(each, type)
    ]
    defined = {each for each in classes if issubclass(each, BaseModel) and each.model_fields}
    assert defined == set(SECTIONS)


@pytest.mark.parametrize(
    ("model", "key"), [(model, key) for model in SECTIONS for key in keys(model)]
)
def test_every_key_stands_in_the_section_of_its_model(model: type[BaseModel], key: str) -> None:
    assert re.search(rf"\b{key}\b", section(SECTIONS[model]))


@pytest.mark.parametrize("part", ["polling", "matching"])
def test_the_defaults_it_names_are_those_of_the_program(tmp_path: Path, part: str) -> None:
    shown = yaml.safe_load(settings(tmp_path).show())[part]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", section(f"### {part}"), re.MULTILINE))
    assert rows == {key: f"`{value}`" if value else "none" for key, value in shown.items()}


def examples() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


def test_its_examples_are_accepted(tmp_path: Path) -> None:
    schedules, mail, feeds, topic = examples()
    seeds = tmp_path / "topics" / "seeds"
    seeds.mkdir(parents=True)
    (seeds / "iraq-advisory-mission.txt").write_text("Troops")
    feeds = feeds.replace("[world]", "[world, defence]")
    for line in schedules.splitlines():
        digest = f"digests: [{{name: x, recipients: [a@b.c], {line}}}]\n"
        found = settings(tmp_path, monitor=digest + mail, feeds=feeds, topic=topic)
        assert found.plan("x", "a@b.c").schedule
        assert len(found.topic_specs({})[0].seeds) == 2
