"""Times on the pages are those of the reader's clock."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.web.show import source_and_time
from tests.notify.builders import a_story
from tests.service.walking import opened
from tests.web.site import LATER, served_site

DAY_BEFORE = "said from a mail on 01 March 2026"
PUBLISHED = "Sun 1 Mar 2026, 21:00 PST"


def in_los_angeles(config: Path) -> Path:
    config.write_text(config.read_text().replace("timezone: UTC", "timezone: America/Los_Angeles"))
    return config


def test_a_story_and_what_was_said_of_it_bear_the_readers_time(config: Path) -> None:
    with opened(in_los_angeles(config), LATER) as app, served_site(app) as site:
        site.press(site.more(), answer="more")
        page = site.get(site.more()).text
    assert PUBLISHED in page
    assert DAY_BEFORE in page


def test_the_zone_is_that_of_the_reader_and_not_of_the_digest(config: Path) -> None:
    own = "recipients: [{to: reader@example.org, timezone: America/Los_Angeles}]"
    config.write_text(config.read_text().replace("recipients: [reader@example.org]", own))
    with opened(config, LATER) as app, served_site(app) as site:
        assert PUBLISHED in site.get(site.more()).text


def test_whom_the_configuration_does_not_name_any_more_is_told_in_utc(config: Path) -> None:
    """It was read before another program has brought the database in line with the files."""
    with opened(in_los_angeles(config), LATER) as app, served_site(app) as site:
        app.__dict__["plans"] = {}
        assert "Mon 2 Mar 2026, 05:00 UTC" in site.get(site.more()).text


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("Example Wire", "Example Wire \N{MIDDLE DOT} "),
        ("وكالة 24", "وكالة 24\N{LEFT-TO-RIGHT MARK} \N{MIDDLE DOT} "),
        ("", ""),
    ],
)
def test_the_time_stands_behind_its_source_whatever_the_script(source: str, told: str) -> None:
    story = replace(a_story(source=source), published_at=LATER)
    expected = f"{told}{LATER:%a} {LATER.day} {LATER:%b %Y, %H:%M} UTC"
    assert source_and_time(story, ZoneInfo("UTC")) == expected
