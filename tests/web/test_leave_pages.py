"""Leaving a digest: asked on GET, done on POST, by one click of a mail program too."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.service.links import farewell
from monitor.store import subscriptions
from tests.web.site import LATER, Site

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def test_a_link_asks_and_changes_nothing(site: Site) -> None:
    path = site.farewell()
    before = site.dump()
    page = site.get(path)
    assert page.status_code == 200
    for told in ("Unsubscribe?", "reader@example.org", "“<bdi>daily</bdi>”", 'name="stop"'):
        assert told in page.text
    assert site.dump() == before


def test_the_button_stops_the_recipient_by_mail(site: Site) -> None:
    page = site.press(site.farewell(), stop="1")
    assert "does not go to" in page.text
    assert (site.reader().stopped_at, site.reader().stopped_by) == (LATER, "mail")


def test_one_click_of_a_mail_provider_acts_without_any_page(site: Site) -> None:
    """RFC 8058: no browser, no cookie, no Origin; the body says it all."""
    answer = site.client().post(site.farewell(), data=ONE_CLICK)
    assert (answer.status_code, answer.text) == (200, "Unsubscribed.\n")
    assert site.reader().stopped_at == LATER


def test_one_click_may_come_as_multipart_form_data(site: Site) -> None:
    parts = {name: (None, value) for name, value in ONE_CLICK.items()}
    assert site.client().post(site.farewell(), files=parts).text == "Unsubscribed.\n"
    assert site.reader().stopped_at == LATER


def test_a_post_that_says_nothing_stops_nobody(site: Site) -> None:
    for form in ({}, {"List-Unsubscribe": "no"}, {"x": "One-Click"}):
        assert site.client().post(site.farewell(), data=form).status_code == 400
    assert site.reader().stopped_at is None


@pytest.mark.parametrize("button", ["stop", "again"])
def test_a_button_counts_only_from_a_browser_that_says_where_it_stood(
    site: Site, button: str
) -> None:
    """Else a scanner that sends every form it finds would press it."""
    if button == "again":
        site.press(site.farewell(), stop="1")
    before = site.reader()
    assert site.client().post(site.farewell(), data={button: "1"}).status_code == 400
    assert site.reader() == before


def test_whom_the_owner_has_stopped_no_link_brings_back(site: Site) -> None:
    path = site.farewell()
    subscriptions.stop(site.app.database, site.reader().id, LATER, by="command")
    page = site.get(path)
    assert page.status_code == 200
    assert 'name="again"' not in page.text
    assert "Whoever runs the service has ended it" in page.text
    again = site.press(path, again="1")
    assert again.status_code == 410
    assert "recipients resume reader@example.org --digest daily" in again.text
    assert site.client().post(path, data=ONE_CLICK).status_code == 200
    assert (site.reader().stopped_at, site.reader().stopped_by) == (LATER, "command")


def test_a_link_is_nothing_to_whoever_has_its_number_in_another_database(site: Site) -> None:
    """One that was made anew beside an old key counts its readers from 1 again."""
    other = replace(site.reader(), recipient="other@example.org")
    path = f"/u/{site.signed(farewell(other, LATER + timedelta(days=1)))}"
    for answer in (
        site.get(path),
        site.press(path, stop="1"),
        site.client().post(path, data=ONE_CLICK),
    ):
        assert answer.status_code == 410
        assert "reader@example.org" not in answer.text
    assert site.reader().stopped_at is None


def test_a_link_works_on_when_its_digest_is_renamed(site: Site) -> None:
    path = site.farewell()
    with site.app.database.write() as connection:
        connection.exec_driver_sql("update subscriptions set digest = 'weekly'")
    assert "“<bdi>weekly</bdi>”" in site.get(path).text


def test_twice_is_once_and_the_first_time_counts(site: Site) -> None:
    path = site.farewell()
    site.client().post(path, data=ONE_CLICK)
    site.now = LATER + timedelta(hours=1)
    assert site.client().post(path, data=ONE_CLICK).status_code == 200
    assert site.reader().stopped_at == LATER


def test_there_is_a_way_back_as_long_as_the_link_lives(site: Site) -> None:
    path = site.farewell(expires_at=LATER + timedelta(days=2))
    site.client().post(path, data=ONE_CLICK)
    site.now = LATER + timedelta(days=1)
    assert 'name="again"' in site.get(path).text
    page = site.press(path, again="1")
    assert "Subscribed again" in page.text
    assert 'name="stop"' in page.text
    assert site.reader().stopped_at is None
    site.now = LATER + timedelta(days=2)
    assert site.press(path, stop="1").status_code == 410
    assert site.reader().stopped_at is None


@pytest.mark.parametrize("token", ["x", "AwEAANaRHrDkEDF6_x65FX5ZPVXJFUc"])
def test_a_link_of_nobody_stops_nobody(site: Site, token: str) -> None:
    assert site.client().post(f"/u/{token}", data=ONE_CLICK).status_code == 404
    assert site.reader().stopped_at is None


def test_a_verdict_link_stops_nobody(site: Site) -> None:
    path = site.more().replace("/v/", "/u/")
    assert site.client().post(path, data=ONE_CLICK).status_code == 404
    assert site.reader().stopped_at is None
