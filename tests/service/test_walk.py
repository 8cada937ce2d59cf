"""The walk of one story, from a real HTTP server to a real SMTP server, under a fixed clock."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.builders import ADVISORY, FOOTBALL, MORNING, ORCHARD, rss, write_config
from tests.servers import FeedServer, MailServer
from tests.service.walking import walk

HOUR = timedelta(hours=1)


def configured(folder: Path, feeds: FeedServer, mails: MailServer, *paths: str) -> Path:
    """A configuration that polls ``paths`` and mails through the SMTP server at 07:00 UTC."""
    return write_config(
        folder,
        feeds=[feeds.url(path) for path in paths],
        host=feeds.host,
        mail=f"smtp: {{host: 127.0.0.1, port: {mails.port}, security: none}}",
    )


def test_a_matching_story_travels_from_its_feed_to_one_mail_at_the_promised_hour(
    tmp_path: Path, feeds: FeedServer, mails: MailServer
) -> None:
    feeds.pages["wire.rss"] = rss([ADVISORY, FOOTBALL], at=MORNING - HOUR)
    config = configured(tmp_path, feeds, mails, "wire.rss")

    before = walk(config, MORNING)
    assert before["poll"] == {"read": 1, "new": 2}
    assert before["match"]["hits"] == 1
    assert before["digest"] == before["deliver"] == {}
    assert mails.mails == []

    at_seven = walk(config, MORNING + HOUR)
    assert at_seven["digest"] == {"digests": 1, "stories": 1}
    assert at_seven["deliver"] == {"sent": 1}

    (mail,) = mails.mails
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    page = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert mail["To"] == "reader@example.org"
    for part in (text, page):
        assert ADVISORY[0] in part
        assert "Example Wire" in part
        assert FOOTBALL[0] not in part


def test_a_story_is_told_once_however_often_the_steps_run(
    tmp_path: Path, feeds: FeedServer, mails: MailServer
) -> None:
    feeds.pages["wire.rss"] = rss([ADVISORY], at=MORNING - HOUR)
    config = configured(tmp_path, feeds, mails, "wire.rss")
    for hours in range(49):
        walk(config, MORNING + hours * HOUR)
    assert len(mails.mails) == 1


def test_a_story_that_lands_late_with_an_old_date_is_told_in_the_next_digest(
    tmp_path: Path, feeds: FeedServer, mails: MailServer
) -> None:
    feeds.pages["wire.rss"] = rss([ORCHARD], at=MORNING)
    config = configured(tmp_path, feeds, mails, "wire.rss")
    walk(config, MORNING)
    walk(config, MORNING + HOUR)
    assert mails.mails == []

    feeds.pages["wire.rss"] = rss([ADVISORY], at=MORNING - timedelta(days=9), first_id=2)
    walk(config, MORNING + 2 * HOUR)
    walk(config, MORNING + 25 * HOUR)
    assert [ADVISORY[0] in mail.as_string() for mail in mails.mails] == [True]


def test_the_backlog_of_a_new_feed_is_not_mailed_but_its_news_is(
    tmp_path: Path, feeds: FeedServer, mails: MailServer
) -> None:
    feeds.pages["old.rss"] = rss([ADVISORY], at=MORNING - timedelta(days=3))
    feeds.pages["new.rss"] = rss([ADVISORY], at=MORNING - HOUR)
    config = configured(tmp_path, feeds, mails, "old.rss")
    assert walk(config, MORNING)["poll"] == {"read": 1, "backlog": 1}
    walk(config, MORNING + HOUR)
    assert mails.mails == []

    configured(tmp_path, feeds, mails, "old.rss", "new.rss")
    walk(config, MORNING + 2 * HOUR)
    walk(config, MORNING + 25 * HOUR)
    assert len(mails.mails) == 1


def test_a_known_body_is_asked_for_with_its_validator_and_not_read_again(
    tmp_path: Path, feeds: FeedServer, mails: MailServer
) -> None:
    feeds.pages["wire.rss"] = rss([ADVISORY], at=MORNING)
    config = configured(tmp_path, feeds, mails, "wire.rss")
    walk(config, MORNING)
    assert walk(config, MORNING + HOUR)["poll"] == {"unchanged": 1}
    assert feeds.requests == [("wire.rss", 200), ("wire.rss", 304)]


def test_a_failing_feed_is_named_in_the_digest_and_costs_the_others_nothing(
    tmp_path: Path, feeds: FeedServer, mails: MailServer
) -> None:
    feeds.pages["wire.rss"] = rss([ADVISORY], at=MORNING)
    feeds.statuses["broken.rss"] = 500
    feeds.pages["page.rss"] = b"<html><body><h1>Please log in</h1></body></html>"
    config = configured(tmp_path, feeds, mails, "broken.rss", "page.rss", "wire.rss")
    assert walk(config, MORNING)["poll"] == {"read": 1, "new": 1, "failed": 2}
    walk(config, MORNING + HOUR)
    (mail,) = mails.mails
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "broken.rss" in text
    assert "page.rss" in text


def test_an_unreachable_mail_server_loses_nothing(
    tmp_path: Path, feeds: FeedServer, mails: MailServer
) -> None:
    feeds.pages["wire.rss"] = rss([ADVISORY], at=MORNING)
    config = write_config(
        tmp_path, feeds=[feeds.url("wire.rss")], host=feeds.host,
        mail="smtp: {host: 127.0.0.1, port: 1, security: none}",
    )  # fmt: skip
    walk(config, MORNING)
    assert walk(config, MORNING + HOUR)["deliver"] == {"waiting": 1}

    configured(tmp_path, feeds, mails, "wire.rss")
    walk(config, MORNING + 8 * HOUR)
    assert len(mails.mails) == 1


def test_recipients_are_served_one_by_one_with_a_mail_each(
    tmp_path: Path, feeds: FeedServer, mails: MailServer
) -> None:
    feeds.pages["wire.rss"] = rss([ADVISORY], at=MORNING)
    config = write_config(
        tmp_path, feeds=[feeds.url("wire.rss")], host=feeds.host,
        mail=f"smtp: {{host: 127.0.0.1, port: {mails.port}, security: none}}",
        recipients=("a@example.org", "b@example.org"),
    )  # fmt: skip
    walk(config, MORNING)
    walk(config, MORNING + HOUR)
    assert sorted(mail["To"] for mail in mails.mails) == ["a@example.org", "b@example.org"]
    assert len({mail["Message-ID"] for mail in mails.mails}) == 2


def test_hours_missed_while_the_machine_slept_are_made_up_once(
    tmp_path: Path, feeds: FeedServer, mails: MailServer
) -> None:
    feeds.pages["wire.rss"] = rss([ADVISORY], at=MORNING)
    config = configured(tmp_path, feeds, mails, "wire.rss")
    walk(config, MORNING)
    assert walk(config, MORNING + timedelta(days=5))["deliver"] == {"sent": 1}
    assert len(mails.mails) == 1
