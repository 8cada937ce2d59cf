"""Digests over weeks, clock changes and changes of the configuration: each story told once."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.config import load
from monitor.errors import ConfigError
from monitor.service.digest import digest
from monitor.service.match import match
from monitor.service.poll import poll
from monitor.service.upkeep import upkeep
from monitor.store import outbox
from tests.builders import ADVISORY, MORNING, rss, write_config
from tests.servers import FeedServer, MailServer
from tests.service.walking import STEPS, opened, walk

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")


class Paper:
    """A feed that grows by a numbered story whenever it is asked to, and its readers."""

    def __init__(self, folder: Path, feeds: FeedServer, mails: MailServer) -> None:
        self.folder, self.feeds, self.mails = folder, feeds, mails
        self.written: list[tuple[str, str]] = []

    def configure(self, **changes: str) -> Path:
        """The configuration, with words of it replaced."""
        smtp = f"smtp: {{host: 127.0.0.1, port: {self.mails.port}, security: none}}"
        url = self.feeds.url("wire.rss")
        path = write_config(self.folder, feeds=[url], host=self.feeds.host, mail=smtp)
        text = path.read_text()
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        path.write_text(text)
        return path

    def write(self, at: datetime) -> None:
        """One more story."""
        number = len(self.written)
        self.written.append((f"{ADVISORY[0]} [{number}]", f"{ADVISORY[1]} Report {number}."))
        self.feeds.pages["wire.rss"] = rss(self.written, at=at)

    def told(self) -> Counter[int]:
        """How often each story was mailed, by number."""
        texts = (mail.get_body(("plain",)).get_content() for mail in self.mails.mails)  # type: ignore[union-attr]
        return Counter(int(n) for text in texts for n in set(re.findall(r"\[(\d+)\]", text)))


@pytest.fixture
def paper(tmp_path: Path, feeds: FeedServer, mails: MailServer) -> Paper:
    return Paper(tmp_path, feeds, mails)


@pytest.mark.parametrize(
    "schedule",
    [
        '{daily: "02:30"}',
        '{weekly: {day: sunday, at: "02:30"}}',
        '{at: ["01:30", "02:00", "02:59", "03:00", "19:00"]}',
    ],
)
@pytest.mark.parametrize(
    "change", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)]
)
def test_over_a_clock_change_and_hours_missed_each_story_is_told_once(
    paper: Paper, schedule: str, change: datetime
) -> None:
    config = paper.configure(
        **{'{daily: "07:00"}': schedule, "timezone: UTC": f"timezone: {BERLIN}"}
    )
    hours = [*range(-40, -20, 3), *range(-3, 6), *range(30, 200, 25), 400]
    with opened(config, change + hours[0] * HOUR) as app:
        for hour in hours:
            paper.write(change + hour * HOUR)
            for step in STEPS:
                step(app, change + hour * HOUR + timedelta(minutes=5))
    assert paper.told() == Counter(range(len(hours)))


def test_a_renamed_digest_tells_nothing_twice_and_loses_nothing(paper: Paper) -> None:
    paper.write(MORNING)
    config = paper.configure()
    walk(config, MORNING)
    walk(config, MORNING + HOUR)
    paper.write(MORNING + 2 * HOUR)
    walk(config, MORNING + 2 * HOUR)

    config = paper.configure(**{"name: daily": "name: mornings"})
    for days in range(1, 5):
        walk(config, MORNING + days * DAY + HOUR)
    assert paper.told() == {0: 1, 1: 1}


def test_a_changed_schedule_tells_nothing_twice_and_loses_nothing(paper: Paper) -> None:
    config = paper.configure()
    for day in range(6):
        paper.write(MORNING + day * DAY)
        walk(config, MORNING + day * DAY)
        hour = f"{(5, 9, 23, 1, 7, 6)[day]:02}:00"
        config = paper.configure(**{'"07:00"': f'"{hour}"'})
    walk(config, MORNING + 6 * DAY)
    walk(config, MORNING + 7 * DAY)
    assert paper.told() == Counter(range(6))


def test_stories_found_by_a_clock_years_ahead_and_after_it_was_set_right_are_told(
    paper: Paper,
) -> None:
    config = paper.configure()
    paper.write(MORNING + 3650 * DAY)
    walk(config, MORNING + 3650 * DAY)
    with opened(config, MORNING) as app:
        upkeep(app, MORNING)
    paper.write(MORNING)
    for hours in range(0, 49, 12):
        walk(config, MORNING + HOUR * (hours + 1))
    assert paper.told() == {0: 1, 1: 1}


def test_a_clock_set_back_by_a_day_tells_nothing_twice_and_loses_nothing(paper: Paper) -> None:
    config = paper.configure()
    for hours in (0, 1, 25, 2, 3, 25, 26, 49):
        paper.write(MORNING)
        walk(config, MORNING + hours * HOUR)
    walk(config, MORNING + 4 * DAY)
    assert paper.told() == Counter(range(8))


def test_a_recipient_whom_a_newer_configuration_brought_costs_the_others_nothing(
    paper: Paper,
) -> None:
    paper.write(MORNING)
    config = paper.configure()
    walk(config, MORNING)
    with opened(config, MORNING) as service:
        newer = paper.configure(
            **{"  - name: daily": "  - name: early\n    recipients: [e@example.org]\n"
               "    schedule: {daily: '06:30'}\n  - name: daily"}
        )  # fmt: skip
        service.database.close()
        with opened(newer, MORNING):
            pass
        with pytest.raises(ConfigError, match=r"'early'.*restart"):
            digest(service, MORNING + HOUR)
        (item,) = outbox.listing(service.database)
    assert item.message.recipient == "reader@example.org"
    assert load(newer).digest("early")


def test_five_thousand_stories_of_one_period_are_one_mail_and_all_accounted_for(
    paper: Paper,
) -> None:
    paper.written = [(f"{ADVISORY[0]} [{n}]", f"{ADVISORY[1]} {n}.") for n in range(4999)]
    paper.write(MORNING)
    config = paper.configure()
    with opened(config, MORNING) as app:
        poll(app, MORNING)
        assert match(app, MORNING).counts["hits"] == 5000
        made = digest(app, MORNING + HOUR).counts
    assert (made["digests"], made["stories"] + made["cut"]) == (1, 5000)
    walk(config, MORNING + HOUR)
    walk(config, MORNING + DAY + HOUR)
    (mail,) = paper.mails.raw
    assert len(mail) < 500_000
