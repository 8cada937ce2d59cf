"""Scanners that open every link of a mail, before its reader or instead: nothing changes."""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes, policy
from html import unescape

import pytest

from monitor.records import Digest
from monitor.service.links import linked
from monitor.store import matches
from tests.builders import MORNING
from tests.notify.builders import a_digest
from tests.web.site import PUBLIC, Site

PREFETCH = {"Purpose": "prefetch", "Sec-Purpose": "prefetch", "User-Agent": "LinkScanner/1.0"}


def mailed(site: Site) -> Digest:
    """A digest of what matched, with the links that its reader gets."""
    found = matches.listing(
        site.app.database, topic="advisory", states=["hit"], since=None, limit=5
    )
    return linked(site.app, a_digest(*found, slot=MORNING), site.reader())


def parts_of(site: Site) -> list[str]:
    """What went out: the headers of the mail, its text and its HTML."""
    (file,) = (site.app.settings.path.parent / "outbox").glob("*.eml")
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    told = [str(part.get_content()) for part in mail.walk() if not part.is_multipart()]
    return [unescape(each) for each in ("\n".join(map(str, mail.values())), *told)]


def links_of(site: Site) -> list[str]:
    """Every address of ours in the mail that went out."""
    return sorted(links_in("\n".join(parts_of(site))))


def links_in(text: str) -> set[str]:
    return set(re.findall(rf"{re.escape(PUBLIC)}(/[vur]/[\w-]+)", text))


def test_a_mail_has_two_answers_for_each_story_one_farewell_and_one_page_of_the_rest(
    still: Site,
) -> None:
    headers, text, html = map(links_in, parts_of(still))
    assert text == html
    assert headers == {link for link in html if link.startswith("/u/")}
    assert len(headers) == 1
    stories = parts_of(still)[2].count(">More like this<")
    assert len([link for link in html if link.startswith("/r/")]) == 1
    assert len(html) == 2 * stories + 2 > 20


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_opening_every_link_changes_nothing(still: Site, method: str) -> None:
    links, before = links_of(still), still.dump()
    for link in links:
        answer = still.client(**PREFETCH).request(method, link)
        assert answer.status_code == (405 if method == "OPTIONS" else 200)
    assert still.dump() == before


def test_following_what_the_pages_link_to_and_their_forms_by_get_changes_nothing(
    still: Site,
) -> None:
    """A form without an action goes to its page: by GET its fields come behind a question mark."""
    links, before = links_of(still), still.dump()
    for link in links:
        page = still.get(link, **PREFETCH).text
        buttons = re.findall(r'name="(\w+)" value="(\w+)"', page)
        assert bool(buttons) == (not link.startswith("/r/")), "there is nothing to decide"
        for name, value in buttons:
            assert still.get(f"{link}?{name}={value}", **PREFETCH).status_code == 200
        assert re.findall(r'(?:action|formaction)="', page) == []
    assert still.dump() == before


def test_a_scanner_that_posts_what_it_finds_gives_no_verdict(still: Site) -> None:
    """Without a browser's word that the form stood on our page; leaving needs its very words."""
    links, before = links_of(still), still.dump()
    for link in links:
        assert still.client(**PREFETCH).post(link).status_code in (400, 403, 405)
    assert still.dump() == before


# ---------------------------------------------------------------- which links a digest has


def test_the_same_digest_has_the_same_links(still: Site) -> None:
    assert mailed(still) == mailed(still)


def test_each_link_is_for_its_own_story_answer_and_reader(still: Site) -> None:
    made = mailed(still)
    entries = [entry for section in made.sections for entry in section.entries]
    answers = [each.answers for each in entries if each.answers]
    every = [link for each in answers for link in (each.more, each.less)]
    assert len(set(every)) == 2 * len(entries) == len(every)
    other = linked(still.app, a_digest(), replace(still.reader(), id=99))
    assert len({other.unsubscribe, other.rest, made.unsubscribe, made.rest}) == 4


def test_a_link_lives_as_long_as_the_owner_says(still: Site) -> None:
    web = still.app.settings.web
    assert web is not None
    unsubscribe = linked(still.app, a_digest(slot=MORNING), still.reader()).unsubscribe
    assert unsubscribe is not None
    path = unsubscribe.removeprefix(PUBLIC)
    begun = still.now
    try:
        still.now = MORNING + web.links_last
        assert still.get(path).status_code == 410
        still.now = MORNING + web.links_last / 2
        assert still.get(path).status_code == 200
    finally:
        still.now = begun


def test_without_a_public_address_a_digest_stays_as_it_is(site: Site) -> None:
    assert site.app.settings.web is not None
    web = site.app.settings.web.model_copy(update={"public_url": None})
    main = site.app.settings.main.model_copy(update={"web": web})
    object.__setattr__(site.app.settings, "main", main)
    assert linked(site.app, a_digest(), site.reader()) == a_digest()
