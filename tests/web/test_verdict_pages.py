"""Verdicts from the mail: a link shows, a button acts, and what moved can be taken back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.notify.tokens import Purpose
from monitor.service.answers import CHANGES_A_DAY
from monitor.service.links import verdict
from monitor.store import matches, topics, verdicts
from tests.builders import ADVISORY, FOOTBALL
from tests.service.test_backtest import write_topic
from tests.service.walking import opened
from tests.store.builders import match
from tests.web.site import LATER, Site, served_site

NO_STORY = 9_999_999


def test_a_link_shows_story_topic_and_reason_and_changes_nothing(site: Site) -> None:
    before = site.dump()
    page = site.get(site.more())
    assert page.status_code == 200
    for told in (ADVISORY[0], "Example Wire", "https://news.example/", "“<bdi>advisory</bdi>”"):
        assert told in page.text
    assert "Iraq" in page.text.partition("Why it was told")[2]
    assert "threshold 0.30" in page.text
    assert "Nothing changes before you press a button." in page.text
    assert site.dump() == before


def test_the_reason_is_that_of_the_topic_of_the_link_whatever_else_the_story_matched(
    site: Site,
) -> None:
    own, story, database = site.topic(), site.hit().story.id, site.app.database
    other = replace(own.spec, name="other")
    _, second = sorted(topics.sync(database, [own.spec, other]), key=lambda each: each.id)
    better = match(story, second, score=0.99, threshold=0.11, matched_at=LATER)
    matches.save(database, [story], [better], LATER)
    assert "threshold 0.30" in site.get(site.more()).text
    assert "threshold 0.11" in site.get(site.more(topic=second.id)).text


@pytest.mark.parametrize(("link", "first"), [("more", "more"), ("less", "less")])
def test_the_answer_chosen_in_the_mail_comes_first(site: Site, link: str, first: str) -> None:
    page = site.get(getattr(site, link)()).text
    assert page.count('class="first"') == 1
    buttons = [page.index(f'value="{each}"') for each in ("more", "less")]
    assert (buttons[0] < buttons[1]) == (first == "more")
    assert f'value="{first}" class="first"' in page


@pytest.mark.parametrize(("answer", "wanted"), [("more", True), ("less", False)])
def test_a_button_gives_its_verdict_whichever_link_led_there(
    site: Site, answer: str, wanted: bool
) -> None:
    assert site.press(site.less(), answer=answer).status_code == 200
    (given,) = site.topic().verdicts
    assert (given.story_id, given.wanted) == (site.hit().story.id, wanted)
    assert (given.origin, given.given_at) == ("mail:reader@example.org", LATER)


def test_what_moved_is_shown(site: Site) -> None:
    football = next(n for n in range(1, 200) if _title(site, n) == FOOTBALL[0])
    page = site.press(site.more(story=football), answer="more").text
    assert "“<bdi>advisory</bdi>” has learned from it" in page
    for told in ("Score of this story", "Threshold", "Match only now", "header", "Iraqi"):
        assert told in page
    assert page.index("More weight") < page.index("header") < page.index("Less weight")


def _title(site: Site, number: int) -> str:
    from monitor.store import stories

    story = stories.get(site.app.database, number)
    return story.title if story else ""


def test_what_was_said_is_taken_back_by_a_button(site: Site) -> None:
    version = site.topic().version
    page = site.press(site.less(), answer="less").text
    (given,) = site.topic().verdicts
    assert f'name="undo" value="{given.id}"' in page
    undone = site.press(site.less(), undo=str(given.id))
    assert "Taken back" in undone.text
    assert 'name="answer"' in undone.text
    assert (site.topic().verdicts, site.topic().version) == ((), version)


def test_undoing_twice_says_that_it_does_not_stand_any_more(site: Site) -> None:
    site.press(site.less(), answer="less")
    number = str(site.topic().verdicts[0].id)
    site.press(site.less(), undo=number)
    again = site.press(site.less(), undo=number)
    assert again.status_code == 410
    assert "does not stand any more" in again.text


def test_a_link_takes_back_nothing_that_was_said_of_another_story(site: Site) -> None:
    site.press(site.more(story=1), answer="more")
    number = str(site.topic().verdicts[0].id)
    assert site.press(site.more(), undo=number).status_code == 410
    assert [each.id for each in site.topic().verdicts] == [int(number)]


def test_the_same_answer_again_changes_nothing_and_says_so(site: Site) -> None:
    site.press(site.more(), answer="more")
    again = site.press(site.more(), answer="more")
    assert "said before" in again.text
    assert "nothing changes" in again.text
    assert len(verdicts.history(site.app.database, site.topic().id)) == 1


def test_the_other_answer_replaces_the_first_and_the_page_tells_what_stood(site: Site) -> None:
    site.press(site.more(), answer="more")
    page = site.get(site.less()).text
    assert "“More like this”, said from a mail on 02 March 2026" in page
    site.press(site.less(), answer="less")
    assert [each.wanted for each in site.topic().verdicts] == [False]


def test_what_the_owner_said_by_a_command_is_told_as_that(site: Site) -> None:
    change_often(site, 1, origin="command")
    assert "“Not this”, said by a command on 02 March 2026" in site.get(site.more()).text


def test_many_presses_at_once_give_one_verdict(site: Site) -> None:
    path = site.more()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: site.press(path, answer="more"), range(8)))
    assert {each.status_code for each in answers} == {200}
    assert len(verdicts.history(site.app.database, site.topic().id)) == 1


def change_often(site: Site, times: int, origin: str = "mail:other@example.org") -> None:
    """The answer on the story of the links is changed so often, the last one is no."""
    topic, story = site.topic(), site.hit().story
    for number in range(times, 0, -1):
        wanted = number % 2 == 0
        verdicts.give(site.app.database, topic.id, story, wanted=wanted, origin=origin, now=LATER)


def test_an_answer_is_changed_so_often_a_day_by_links_and_no_more(site: Site) -> None:
    """Each change costs a quarter of a second of CPU and a row, whoever holds the link."""
    change_often(site, CHANGES_A_DAY - 1)
    assert site.press(site.more(), answer="more").status_code == 200
    before = site.dump()
    refused = site.press(site.less(), answer="less")
    assert refused.status_code == 429
    assert "changed 20 times within a day" in refused.text
    assert f"monitor verdict {site.hit().story.id} no --topic advisory" in refused.text
    assert site.dump() == before
    site.now = LATER + timedelta(days=1)
    assert site.press(site.less(), answer="less").status_code == 200


def test_what_was_said_so_often_still_stands_is_shown_and_can_be_taken_back(site: Site) -> None:
    change_often(site, CHANGES_A_DAY)
    assert "nothing changes" in site.press(site.less(), answer="less").text
    assert site.get(site.more()).status_code == 200
    number = str(site.topic().verdicts[0].id)
    assert "Taken back" in site.press(site.less(), undo=number).text
    assert site.press(site.less(), answer="less").status_code == 429


def test_the_owners_commands_and_other_stories_do_not_count(site: Site) -> None:
    change_often(site, CHANGES_A_DAY, origin="command")
    assert site.press(site.more(), answer="more").status_code == 200
    change_often(site, CHANGES_A_DAY)
    assert site.press(site.more(story=1), answer="more").status_code == 200


@pytest.mark.parametrize("form", [{}, {"answer": "maybe"}, {"undo": "x"}, {"undo": "1" * 99}])
def test_a_form_that_says_nothing_of_ours_does_nothing(site: Site, form: dict[str, str]) -> None:
    before = site.dump()
    page = site.press(site.more(), **form)
    assert page.status_code == 400
    assert "Open the link of the mail again" in page.text
    assert site.dump() == before


# ---------------------------------------------------------------- what is not there any more


def test_a_story_that_was_forgotten_is_told_with_what_can_be_done(site: Site) -> None:
    for page in (
        site.get(site.more(story=NO_STORY)),
        site.press(site.more(story=NO_STORY), answer="more"),
    ):
        assert page.status_code == 410
        assert "The story was forgotten since" in page.text
        assert "monitor topics ask advisory" in page.text
    assert site.topic().verdicts == ()


def test_a_number_that_stands_in_a_title_is_no_story(site: Site) -> None:
    """A command finds a story by a piece of its title; a link means its number alone."""
    assert site.get(site.more(story=2500)).status_code == 410


def test_what_was_said_of_a_forgotten_story_can_still_be_taken_back(site: Site) -> None:
    site.press(site.more(), answer="more")
    path, number = site.more(), str(site.topic().verdicts[0].id)
    with site.app.database.write() as connection:
        for table in ("matches", "articles", "stories"):
            key = "id" if table == "stories" else "story_id"
            connection.exec_driver_sql(
                f"delete from {table} where {key} = {site.topic().verdicts[0].story_id}"
            )
    page = site.get(path)
    assert page.status_code == 200
    assert ADVISORY[0] in page.text
    assert 'name="answer"' not in page.text
    assert f"monitor verdict --undo {number}<" in page.text
    assert site.press(path, answer="less").status_code == 410
    assert "Taken back" in site.press(path, undo=number).text
    assert site.topic().verdicts == ()


def test_a_link_is_of_no_other_story_that_has_its_number_in_another_database(site: Site) -> None:
    """One that was made anew, or brought back from a copy, gives numbers to other stories."""
    hit = site.hit()
    later = replace(hit.story, seen_at=hit.story.seen_at + timedelta(microseconds=1))
    claim = verdict(Purpose.MORE, site.reader(), replace(hit, story=later), LATER + timedelta(1))
    path = f"/v/{site.signed(claim)}"
    for page in (site.get(path), site.press(path, answer="more")):
        assert page.status_code == 410
        assert ADVISORY[0] not in page.text
    assert site.topic().verdicts == ()


def test_an_edited_story_is_still_the_one_of_its_link(site: Site) -> None:
    path = site.more()
    with site.app.database.write() as connection:
        connection.exec_driver_sql("update stories set title = 'Corrected', url = 'https://new/'")
    assert "Corrected" in site.get(path).text


def test_a_topic_that_is_gone_is_told(config: Path) -> None:
    with opened(config, LATER) as app, served_site(app) as site:
        path = site.more()
    (config.parent / "topics" / "advisory.yaml").unlink()
    write_topic(config, "other", "name: other\nseeds: [{text: Frost costs orchards apples}]\n")
    with opened(config, LATER) as app, served_site(app) as site:
        page = site.get(path)
    assert page.status_code == 410
    assert "is not watched any more" in page.text


def test_a_reader_who_is_no_recipient_any_more_teaches_nothing(config: Path) -> None:
    with opened(config, LATER) as app, served_site(app) as site:
        path, farewell = site.more(), site.farewell()
    config.write_text(config.read_text().replace("reader@example.org", "other@example.org"))
    with opened(config, LATER) as app, served_site(app) as site:
        for page in (site.get(path), site.press(path, answer="more"), site.get(farewell)):
            assert page.status_code == 410
            assert "does not go to you any more" in page.text
        assert site.topic().verdicts == ()


def test_a_link_that_has_ended_says_so_and_names_the_commands(site: Site) -> None:
    path = site.more(expires_at=LATER + timedelta(days=1))
    site.now = LATER + timedelta(days=1)
    page = site.get(path)
    assert page.status_code == 410
    assert "This link has ended" in page.text
    assert "monitor verdict" in page.text


@pytest.mark.parametrize("token", ["x", "%00", "A" * 36, "é", "..", "%2e%2e%2fetc%2fpasswd"])
def test_a_link_that_is_none_of_ours_says_so_and_does_not_repeat_it(site: Site, token: str) -> None:
    page = site.get(f"/v/{token}")
    assert page.status_code == 404
    assert "AAAA" not in page.text
    assert "passwd" not in page.text


def test_a_link_for_one_page_opens_no_other(site: Site) -> None:
    farewell, verdict = site.farewell(), site.more()
    before = site.dump()
    assert site.get(farewell.replace("/u/", "/v/")).status_code == 404
    assert site.press(farewell.replace("/u/", "/v/"), answer="more").status_code == 404
    assert site.get(verdict.replace("/v/", "/u/")).status_code == 404
    assert site.press(verdict.replace("/v/", "/u/"), stop="1").status_code == 404
    assert site.dump() == before
