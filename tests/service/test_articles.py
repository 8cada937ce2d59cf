"""Full text when asked: which pages are read, what of them is used, and how long a story waits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitor.errors import FetchError, HostResting
from monitor.records import Article, ArticleState, MatchState, Story
from monitor.service.app import App
from monitor.service.articles import WAITS, after_failure, articles
from monitor.service.fulltext import PATIENCE
from monitor.service.match import match
from monitor.service.poll import poll
from monitor.store import matches, stories
from tests.builders import ADVISORY, FOOTBALL, MORNING, ORCHARD
from tests.ingest.servers import Visit
from tests.servers import FeedServer
from tests.service.press import (
    BODY,
    HOUR,
    MINUTE,
    WEATHER,
    Answer,
    Press,
    configured,
    page,
    press,
    publish,
    rewrite,
    status,
)
from tests.service.walking import opened, told, walk

DAY = timedelta(days=1)
ALWAYS, NEAR = "full_text: always", "full_text: near"
TEASER = ("Advisers stay in Iraq", "Troops will train Iraqi forces, officials said.")
"""A headline within reach of the topic."""


@pytest.fixture
def printed() -> Iterator[Press]:
    with press() as server:
        yield server


def stored(config: Path, now: datetime = MORNING) -> tuple[Story, ...]:
    with opened(config, now) as app:
        return stories.after(app.database, 0, 99)


def the_story(config: Path, now: datetime = MORNING) -> Story:
    (story,) = stored(config, now)
    return story


def hits(app: App) -> list[str]:
    return [each.story.title for each in matches.listing(app.database, limit=99)]


def is_matched(app: App, story_id: int) -> bool:
    from monitor.store import traces

    return traces.matched_at(app.database, story_id) is not None


# ---------------------------------------------------------------- which pages are read


@pytest.mark.parametrize("topic", ["", "full_text: never"], ids=["by default", "when told"])
def test_no_page_is_asked_for_where_full_text_is_never(
    tmp_path: Path, feeds: FeedServer, printed: Press, topic: str
) -> None:
    config = configured(tmp_path, feeds, printed, [ADVISORY, FOOTBALL, TEASER], topic=topic)
    done = walk(config, MORNING)
    walk(config, MORNING + HOUR)
    assert printed.server.visits == []
    assert done["match"]["stories"] == 3
    assert {(story.article, story.article_note) for story in stored(config)} == {(None, None)}


def test_always_reads_the_page_of_every_new_story_and_of_none_twice(
    tmp_path: Path, feeds: FeedServer, printed: Press
) -> None:
    printed.pages |= {"/1": page(BODY), "/2": page(WEATHER)}
    config = configured(tmp_path, feeds, printed, [ADVISORY, FOOTBALL], topic=ALWAYS)
    done = walk(config, MORNING)
    assert done["match"] == {"stories": 2, "hits": 1, "put_off": 2}
    assert done["articles"] == {"read": 2}
    walk(config, MORNING + HOUR)
    assert printed.asked == ["/1", "/2"]
    assert [story.article for story in stored(config)] == [ArticleState.READ] * 2
    assert "On day 3 the talks" in stored(config)[0].text


def test_the_pages_of_a_backlog_are_never_asked_for(
    tmp_path: Path, feeds: FeedServer, printed: Press
) -> None:
    old = MORNING - 9 * DAY
    config = configured(tmp_path, feeds, printed, [ADVISORY], topic=ALWAYS, at=old)
    walk(config, MORNING)
    assert printed.server.visits == []


def test_near_reads_only_the_pages_of_stories_within_reach_a_hit_too(
    tmp_path: Path, feeds: FeedServer, printed: Press
) -> None:
    printed.pages |= {"/1": page(BODY), "/4": page(BODY)}
    items = [ADVISORY, FOOTBALL, ORCHARD, TEASER]
    config = configured(tmp_path, feeds, printed, items, topic=NEAR)
    walk(config, MORNING)
    assert printed.asked == ["/1", "/4"]


def test_a_page_lets_a_story_in_of_which_the_feed_said_too_little(
    tmp_path: Path, feeds: FeedServer, printed: Press
) -> None:
    item = (
        "Power cuts and a long drought",
        "Electricity, water and grain are short from Iraq to the Gulf as a hot summer ends early.",
    )
    printed.pages["/1"] = page(BODY)
    config = configured(tmp_path, feeds, printed, [item])
    assert walk(config, MORNING)["match"] == {"stories": 1, "near": 1}

    with press() as other:
        other.pages["/1"] = page(BODY)
        config = configured(tmp_path / "near", feeds, other, [item], topic=NEAR)
        assert walk(config, MORNING)["match"] == {"stories": 1, "put_off": 1, "hits": 1}


def test_a_page_turns_a_story_away_of_which_the_feed_promised_too_much(
    tmp_path: Path, feeds: FeedServer, printed: Press
) -> None:
    printed.pages["/1"] = page(WEATHER)
    config = configured(tmp_path, feeds, printed, [TEASER], topic=NEAR)
    assert "hits" not in walk(config, MORNING)["match"]

    config = configured(tmp_path / "never", feeds, printed, [TEASER])
    assert walk(config, MORNING)["match"] == {"stories": 1, "hits": 1}


@pytest.mark.parametrize(
    ("feed", "topic", "asked"),
    [
        ("full_text: never", ALWAYS, []),
        ("full_text: always", "", ["/1", "/2"]),
        ("full_text: near", "", ["/1"]),
        ("full_text: near", ALWAYS, ["/1"]),
    ],
)
def test_what_a_feed_says_by_itself_is_the_last_word(
    tmp_path: Path, feeds: FeedServer, printed: Press, feed: str, topic: str, asked: list[str]
) -> None:
    printed.pages |= {"/1": page(BODY), "/2": page(WEATHER)}
    items = [ADVISORY, FOOTBALL]
    config = configured(tmp_path, feeds, printed, items, topic=topic, feed=feed)
    assert walk(config, MORNING)["match"]["hits"] == 1
    assert printed.asked == asked


def test_a_topic_asks_for_no_pages_of_feeds_that_it_does_not_watch(
    tmp_path: Path, feeds: FeedServer, printed: Press
) -> None:
    config = configured(tmp_path, feeds, printed, [ADVISORY], feed="tags: [city]")
    other = f"name: other\ntags: [defence]\n{ALWAYS}\nseeds: [text: {ADVISORY[1]!r}]\n"
    (config.parent / "topics" / "other.yaml").write_text(other)
    listed = config.with_name("feeds.yaml")
    listed.write_text(f"{listed.read_text()}  - {{url: 'https://a.example/b', tags: [defence]}}\n")
    walk(config, MORNING)
    assert printed.server.visits == []


def test_a_story_within_reach_of_a_topic_that_asks_for_no_pages_is_matched_as_it_is(
    tmp_path: Path, feeds: FeedServer, printed: Press
) -> None:
    config = configured(tmp_path, feeds, printed, [ADVISORY])
    other = f"name: orchards\n{NEAR}\nseeds: [text: {ORCHARD[1]!r}]\n"
    (config.parent / "topics" / "orchards.yaml").write_text(other)
    assert walk(config, MORNING)["match"] == {"stories": 1, "hits": 1}
    assert printed.server.visits == []


# ---------------------------------------------------------------- what of a page is used


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        (page("We use cookies and ask for your choice. " * 9), "asks for consent"),
        (page("Please log in to see this article of our paper. " * 9), "asks for consent"),
        (page("Too short"), "says no more than the feed"),
        (status(401), "answered 401"),
        (status(402), "answered 402"),
        (status(403), "answered 403"),
        (status(404), "answered 404"),
        (status(410), "answered 410"),
        (status(451), "answered 451"),
        (status(302, location="http://127.0.0.2:9/secret"), "127.0.0.2"),
        (page(BODY, kind="application/pdf"), "no web page (application/pdf)"),
        (lambda visit: visit.answer(body=b"\x89PNG" * 99), "no web page (of no type)"),
        (page("x" * 6_000_000), "larger than 5,242,880 bytes"),
        (page("x" * 11_000_000), "larger than 10,485,760 bytes"),
        (lambda v: v.answer(body=b"<div>" * 9_000, Content_Type="text/html"), "nested too deep"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_text_of_the_feed_is_kept_at_once_and_the_story_matched_by_it(
    tmp_path: Path, feeds: FeedServer, printed: Press, answer: Answer, note: str
) -> None:
    printed.pages["/1"] = answer
    config = configured(tmp_path, feeds, printed, [ADVISORY], topic=ALWAYS)
    done = walk(config, MORNING)
    assert (done["articles"], done["match"]["hits"]) == ({"kept": 1}, 1)
    story = the_story(config)
    assert (story.article, story.text) == (ArticleState.KEPT, ADVISORY[1])
    assert note in (story.article_note or "")
    walk(config, MORNING + DAY)
    assert printed.server.paths == ["/1"]


def test_what_several_pages_of_a_feed_say_alike_is_the_text_of_none(
    tmp_path: Path, feeds: FeedServer, printed: Press
) -> None:
    printed.pages |= {f"/{n}": page(WEATHER) for n in (1, 2, 3)} | {"/4": page(BODY)}
    items = [FOOTBALL, ORCHARD]
    config = configured(tmp_path, feeds, printed, items, topic=ALWAYS)
    walk(config, MORNING)
    assert [story.article for story in stored(config)] == [ArticleState.KEPT] * 2
    assert "this very text" in (stored(config)[0].article_note or "")


def test_a_later_page_that_says_what_an_earlier_one_said_is_not_used(
    tmp_path: Path, feeds: FeedServer, printed: Press
) -> None:
    printed.pages |= {"/1": page(WEATHER), "/2": page(WEATHER)}
    config = configured(tmp_path, feeds, printed, [FOOTBALL], topic=ALWAYS)
    walk(config, MORNING)
    publish(feeds, printed, [FOOTBALL, ORCHARD], at=MORNING)
    walk(config, MORNING + DAY)
    assert [story.article for story in stored(config)] == [ArticleState.READ, ArticleState.KEPT]


def test_a_story_without_a_link_is_matched_at_once_and_says_so(
    tmp_path: Path, feeds: FeedServer, printed: Press
) -> None:
    config = configured(tmp_path, feeds, printed, [ADVISORY], topic=ALWAYS)
    bare = feeds.pages["wire.rss"]
    start, end = bare.rindex(b"<link>"), bare.rindex(b"</link>") + len(b"</link>")
    feeds.pages["wire.rss"] = bare[:start] + bare[end:]
    assert walk(config, MORNING)["match"]["hits"] == 1
    assert the_story(config).article_note == "it has no link"


def test_headers_of_a_feed_go_to_pages_of_its_own_server_alone(
    tmp_path: Path, feeds: FeedServer, printed: Press
) -> None:
    printed.pages |= {"/1": page(BODY)}
    config = configured(
        tmp_path, feeds, printed, [ADVISORY], topic=ALWAYS, feed="headers: {X-Key: opens}"
    )
    walk(config, MORNING)
    (visit,) = printed.server.visits
    assert "x-key" not in visit.headers

    printed.pages["/9"] = lambda visit: visit.answer(body=feeds.pages["wire.rss"])
    listed = config.with_name("feeds.yaml")
    listed.write_text(listed.read_text().replace(feeds.url("wire.rss"), printed.server.url("/9")))
    walk(config, MORNING)
    asked = {visit.path: visit.headers for visit in printed.server.visits[1:]}
    assert asked["/1"]["x-key"] == b"opens"


# ---------------------------------------------------------------- how long a story waits


def minutes_of_requests(config: Path, printed: Press, minutes: int) -> list[int]:
    """Take both steps minute by minute; when the page was asked for."""
    asked = []
    with opened(config, MORNING) as app:
        poll(app, MORNING)
        for minute in range(minutes):
            before = len(printed.server.visits)
            match(app, MORNING + minute * MINUTE)
            articles(app, MORNING + minute * MINUTE)
            asked += [minute] * (len(printed.server.visits) - before)
    return asked


@pytest.mark.parametrize("code", [500, 503, 408])
def test_a_failure_that_may_pass_is_tried_three_times_and_then_the_feed_has_to_do(
    tmp_path: Path, feeds: FeedServer, printed: Press, code: int
) -> None:
    printed.pages["/1"] = status(code)
    config = configured(tmp_path, feeds, printed, [ADVISORY], topic=ALWAYS)
    assert minutes_of_requests(config, printed, 30) == [0, 5, 25]
    story = the_story(config)
    assert (story.article, story.text) == (ArticleState.KEPT, ADVISORY[1])
    with opened(config, MORNING) as app:
        assert hits(app) == [ADVISORY[0]]


def test_a_page_that_comes_at_the_second_attempt_is_used(
    tmp_path: Path, feeds: FeedServer, printed: Press
) -> None:
    printed.pages["/1"] = status(500)
    config = configured(tmp_path, feeds, printed, [ADVISORY], topic=ALWAYS)
    assert walk(config, MORNING)["articles"] == {"waiting": 1}
    printed.pages["/1"] = page(BODY)
    assert walk(config, MORNING + WAITS[0])["match"]["hits"] == 1
    assert the_story(config).article is ArticleState.READ


def test_a_server_that_is_too_slow_is_tried_again(
    tmp_path: Path, feeds: FeedServer, printed: Press
) -> None:
    printed.pages["/1"] = lambda visit: visit.drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", 0.2)
    config = configured(tmp_path, feeds, printed, [ADVISORY], topic=ALWAYS, polling="timeout: 1s")
    assert walk(config, MORNING)["articles"] == {"waiting": 1}


def test_a_rest_that_is_asked_for_is_kept_by_all_stories_of_the_host(
    tmp_path: Path, feeds: FeedServer, printed: Press
) -> None:
    printed.pages |= {f"/{n}": status(429, after="1200") for n in range(1, 7)}
    items = [ADVISORY, *((f"{ADVISORY[0]} {n}", ADVISORY[1]) for n in range(5))]
    config = configured(tmp_path, feeds, printed, items, topic=ALWAYS, polling="per_host: 1")
    with opened(config, MORNING) as app:
        poll(app, MORNING)
        match(app, MORNING)
        assert told(articles(app, MORNING)) == {"waiting": 6}
        assert len(printed.server.visits) == 1
        assert told(articles(app, MORNING + 19 * MINUTE)) == {}


def test_a_rest_longer_than_a_story_waits_keeps_the_text_of_the_feed_at_once(
    tmp_path: Path, feeds: FeedServer, printed: Press
) -> None:
    printed.pages["/1"] = status(429, after="7200")
    config = configured(tmp_path, feeds, printed, [ADVISORY], topic=ALWAYS)
    assert walk(config, MORNING)["match"]["hits"] == 1
    assert "429" in (the_story(config).article_note or "")


def test_no_story_waits_longer_than_an_hour_even_if_no_page_is_ever_read(
    tmp_path: Path, feeds: FeedServer, printed: Press
) -> None:
    config = configured(tmp_path, feeds, printed, [ADVISORY], topic=ALWAYS)
    with opened(config, MORNING) as app:
        poll(app, MORNING)
        match(app, MORNING)
        match(app, MORNING + PATIENCE - timedelta(seconds=1))
        assert not is_matched(app, 1)
        assert told(match(app, MORNING + PATIENCE)) == {"stories": 1, "hits": 1}
    assert the_story(config).article_note == "its page could not be read in time"


def article(attempts: int = 0, wanted_at: datetime = MORNING) -> Article:
    url = "https://news.example/1"
    return Article(story_id=1, feed_id=1, url=url, attempts=attempts, wanted_at=wanted_at)


@pytest.mark.parametrize(
    ("error", "attempts", "minutes"),
    [
        (FetchError("down"), 0, 5),
        (FetchError("down"), 1, 20),
        (FetchError("down"), 2, None),
        (FetchError("gone", permanent=True, status=404), 0, None),
        (FetchError("busy", status=429, retry_after=10 * MINUTE), 0, 10),
        (FetchError("busy", status=429, retry_after=MINUTE), 0, 5),
        (FetchError("busy", status=429, retry_after=PATIENCE), 0, None),
        (HostResting("rests", retry_after=7 * MINUTE), 2, 7),
        (HostResting("rests", retry_after=PATIENCE), 0, None),
    ],
)
def test_when_a_page_is_asked_for_again(
    error: FetchError, attempts: int, minutes: int | None
) -> None:
    ending = after_failure(error, article(attempts), MORNING)
    assert ending.next_at == (None if minutes is None else MORNING + minutes * MINUTE)
    assert ending.note == str(error)


def test_a_host_that_rests_was_not_asked_so_that_is_no_attempt() -> None:
    assert not after_failure(HostResting("rests", retry_after=MINUTE), article(), MORNING).counted
    assert after_failure(FetchError("down"), article(), MORNING).counted


def test_no_attempt_is_planned_past_the_hour_that_a_story_waits() -> None:
    waited = article(1, MORNING - PATIENCE + WAITS[1])
    assert after_failure(FetchError("down"), waited, MORNING).next_at is None


# ---------------------------------------------------------------- when things change meanwhile


def put_off(app: App, now: datetime) -> None:
    poll(app, now)
    assert told(match(app, now)) == {"put_off": 1}


def test_where_full_texts_are_not_asked_for_any_more_who_waits_is_matched_as_it_is(
    tmp_path: Path, feeds: FeedServer, printed: Press
) -> None:
    config = configured(tmp_path, feeds, printed, [ADVISORY], topic=ALWAYS)
    with opened(config, MORNING) as app:
        put_off(app, MORNING)
    rewrite(config, topic="")
    done = walk(config, MORNING)
    assert (done["articles"], done["match"]["hits"]) == ({"kept": 1}, 1)
    assert printed.server.visits == []


def test_without_the_extra_stories_are_matched_by_their_feeds(
    tmp_path: Path, feeds: FeedServer, printed: Press
) -> None:
    config = configured(tmp_path, feeds, printed, [ADVISORY], topic=ALWAYS)
    with opened(config, MORNING) as app:
        put_off(app, MORNING)
        app.reads_pages = False
        assert told(articles(app, MORNING)) == {"kept": 1}
        assert told(match(app, MORNING)) == {"stories": 1, "hits": 1}
    publish(feeds, printed, [ADVISORY, TEASER], at=MORNING)
    with opened(config, MORNING + DAY) as app:
        app.reads_pages = False
        poll(app, MORNING + DAY)
        assert told(match(app, MORNING + DAY)) == {"stories": 1, "hits": 1}
    assert printed.server.visits == []


def test_a_step_that_is_stopped_gives_back_what_it_claimed(
    tmp_path: Path, feeds: FeedServer, printed: Press
) -> None:
    config = configured(tmp_path, feeds, printed, [ADVISORY], topic=ALWAYS)
    with opened(config, MORNING) as app:
        put_off(app, MORNING)

        def stop_and_answer(visit: Visit) -> None:
            app.stopping.set()
            page(BODY)(visit)

        printed.pages["/1"] = stop_and_answer
        assert told(articles(app, MORNING)) == {}
    printed.pages["/1"] = page(BODY)
    assert walk(config, MORNING)["articles"] == {"read": 1}


def test_two_processes_read_each_page_once_and_match_it_once(
    tmp_path: Path, feeds: FeedServer, printed: Press
) -> None:
    printed.pages["/1"] = page(BODY)
    config = configured(tmp_path, feeds, printed, [ADVISORY], topic=ALWAYS)
    with opened(config, MORNING) as one, opened(config, MORNING, owner="other") as other:
        put_off(one, MORNING)

        def answer_while_another_asks(visit: Visit) -> None:
            articles(other, MORNING)
            page(BODY)(visit)

        printed.pages["/1"] = answer_while_another_asks
        assert told(articles(one, MORNING)) == {"read": 1}
        assert [told(match(each, MORNING)) for each in (other, one)] == [
            {"stories": 1, "hits": 1}, {},
        ]  # fmt: skip
        (found,) = matches.of_story(one.database, 1)
    assert found.state is MatchState.HIT
    assert printed.server.paths == ["/1"]


def test_pages_of_a_host_are_asked_for_a_few_at_a_time(
    tmp_path: Path, feeds: FeedServer, printed: Press
) -> None:
    printed.pages |= {f"/{n}": page(f"{BODY} {n}") for n in range(1, 13)}
    items = [(f"{ADVISORY[0]} {n}", ADVISORY[1]) for n in range(12)]
    config = configured(tmp_path, feeds, printed, items, topic=ALWAYS)
    assert walk(config, MORNING)["articles"] == {"read": 12}
    assert printed.server.busiest <= 2


def test_an_edited_story_keeps_the_text_of_its_page_and_is_not_asked_for_again(
    tmp_path: Path, feeds: FeedServer, printed: Press
) -> None:
    printed.pages["/1"] = page(BODY)
    config = configured(tmp_path, feeds, printed, [ADVISORY], topic=ALWAYS)
    walk(config, MORNING)
    publish(feeds, printed, [(ADVISORY[0], "Corrected.")], at=MORNING)
    assert walk(config, MORNING + DAY)["poll"]["edited"] == 1
    assert printed.server.paths == ["/1"]
    assert "On day 3" in the_story(config).text
