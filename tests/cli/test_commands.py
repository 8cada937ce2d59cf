"""The command line as a person and a program use it."""

from __future__ import annotations

import csv
import io
import json
import re
import socket
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from monitor.cli import COMMANDS, SUMMARIES, main
from monitor.matching.calibrate import DEFAULT_THRESHOLD
from tests.builders import ADVISORY, FOOTBALL, ORCHARD, rss, write_config
from tests.servers import FeedServer, feed_server


@pytest.fixture
def feeds() -> Iterator[FeedServer]:
    with feed_server() as server:
        recent = datetime.now(UTC) - timedelta(hours=1)
        server.pages["wire.rss"] = rss([ADVISORY, FOOTBALL, ORCHARD], at=recent)
        yield server


@pytest.fixture
def config(tmp_path: Path, feeds: FeedServer) -> Path:
    return write_config(tmp_path, feeds=[feeds.url("wire.rss")], host=feeds.host)


def call(*words: object) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


def told(*words: object) -> Any:
    """What a command prints as JSON."""
    result = call(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    page = call(name, "--help")
    assert page.exit_code == 0
    assert SUMMARIES[name].split()[0].rstrip(",.") in page.output
    if name != "topics":
        assert f"monitor {name}" in page.output


def test_init_writes_a_configuration_that_check_accepts_and_never_overwrites(
    tmp_path: Path,
) -> None:
    assert call("init", tmp_path / "mine").exit_code == 0
    result = call("check", "-c", tmp_path / "mine" / "monitor.yaml")
    assert result.exit_code == 0, result.output
    again = call("init", tmp_path / "mine")
    assert again.exit_code == 2
    assert "monitor.yaml" in again.stderr


def test_a_misspelt_key_is_named_with_file_line_path_and_the_nearest_key(config: Path) -> None:
    config.write_text(config.read_text().replace("schedule:", "shedule:"))
    result = call("check", "-c", config)
    assert result.exit_code == 2
    assert "monitor.yaml:" in result.stderr
    assert "digests[0].shedule" in result.stderr
    assert "did you mean 'schedule'" in result.stderr


def test_a_missing_configuration_says_what_to_do(tmp_path: Path) -> None:
    result = call("once", "-c", tmp_path / "nowhere.yaml")
    assert result.exit_code == 2
    assert "nowhere.yaml" in result.stderr


def test_check_tries_each_feed_and_the_mail_folder_and_stores_nothing(
    config: Path, feeds: FeedServer
) -> None:
    findings = {each["what"]: each for each in told("check", "-c", config, "--feeds", "--mail")}
    feed = findings[f"feed {feeds.url('wire.rss')}"]
    assert (feed["ok"], feed["told"]) == (True, "3 stories, Example Wire")
    assert findings["mail"]["ok"]
    assert told("status", "-c", config)["stories"] == 0


def test_check_leaves_what_a_running_service_watches_alone(config: Path, feeds: FeedServer) -> None:
    call("status", "-c", config)
    tried = config.with_name("tried.yaml")
    tried.write_text(config.read_text().replace("feeds.yaml", "others.yaml"))
    config.with_name("others.yaml").write_text(f"feeds:\n  - url: {feeds.url('other.rss')}\n")
    assert call("check", "-c", tried, "--feeds").exit_code == 1
    with sqlite3.connect(config.with_name("monitor.db")) as database:
        assert database.execute("select url from feeds where enabled").fetchall() == [
            (feeds.url("wire.rss"),)
        ]


def test_check_reads_the_pages_that_are_seeds(config: Path, feeds: FeedServer) -> None:
    feeds.pages["login.html"] = b"<title>Sign in</title><form>Name <input></form>"
    topic = config.parent / "topics" / "page.yaml"
    topic.write_text(f"name: page\nseeds: [{{url: '{feeds.url('login.html')}'}}]\n")
    result = call("check", "-c", config, "--feeds")
    assert result.exit_code == 1
    assert f"FAIL seed page {feeds.url('login.html')}" in result.output
    call("poll", "-c", config)
    assert "waits for its seed page" in call("status", "-c", config).output
    assert "no page it names was read yet" in call("topics", "show", "page", "-c", config).stderr


def test_a_configuration_without_digests_is_sound_and_says_that_nothing_is_mailed(
    config: Path,
) -> None:
    text = config.read_text()
    start, end = text.index("digests:"), text.index("mail:")
    config.write_text(text[:start] + text[end:])
    result = call("check", "-c", config)
    assert result.exit_code == 0
    assert "nothing is mailed" in result.output


def test_check_advises_longer_seeds(config: Path) -> None:
    (config.parent / "topics" / "short.yaml").write_text("name: short\nseeds: [{text: Iraq}]\n")
    lines = call("check", "-c", config).output.splitlines()
    short = config.parent / "topics" / "short.yaml"
    assert "ok   topic short: 1 seed text of 1 word" in lines
    assert (
        f"warn topic short: {short}:2: seeds: only 1 usable word; chance words will decide; "
        "give a few sentences or a whole article"
    ) in lines


def test_check_names_what_a_topic_can_never_match_and_the_others_are_watched(config: Path) -> None:
    shut = config.parent / "topics" / "shut.yaml"
    seed = f"  - text: |\n      {ADVISORY[0]}\n      {ADVISORY[1]}\n"
    shut.write_text(f"name: shut\nseeds:\n{seed}must:\n  - combat mission\nnever: [combat]\n")
    void = config.parent / "topics" / "void.yaml"
    void.write_text("name: void\nseeds:\n  - text: it is what it is\n")
    result = call("check", "-c", config)
    assert result.exit_code == 1
    assert f"FAIL topic shut: {shut}:7: must[0]: no story can pass: never refuses" in result.output
    assert f"FAIL topic void: {void}:3: seeds[0]: contains no usable word" in result.output
    assert told("once", "-c", config, "--now")["match"]["hits"] == 1


def test_check_says_that_a_fetched_page_is_a_login(config: Path, feeds: FeedServer) -> None:
    words = "Please sign in with your user name and password to continue. " * 4
    page = f"<title>Sign in</title><main><h1>Sign in</h1><p>{words}</p></main>"
    feeds.pages["door.html"] = page.encode()
    topic = config.parent / "topics" / "page.yaml"
    topic.write_text(f"name: page\nseeds: [{{url: '{feeds.url('door.html')}'}}]\n")
    result = call("check", "-c", config, "--feeds")
    assert result.exit_code == 0
    place = f"warn seed page {feeds.url('door.html')}: "
    assert f"{place}looks like a login, consent or error page; copy the text" in result.output


def test_check_gives_programs_the_problems_of_the_files_too(config: Path) -> None:
    config.write_text(config.read_text().replace("schedule:", "shedule:"))
    result = call("check", "-c", config, "--json")
    assert result.exit_code == 2
    assert all(not each["ok"] for each in json.loads(result.stdout))
    assert "digests[0].shedule" in result.stdout


def test_what_was_understood_is_printed_as_yaml_alone(config: Path) -> None:
    shown = yaml.safe_load(call("check", "-c", config, "--show").stdout)
    assert shown["digests"][0]["cap"] == 30
    assert call("check", "-c", config, "--show", "--json").exit_code == 2


def test_check_fails_when_a_feed_does(config: Path, feeds: FeedServer) -> None:
    feeds.statuses["wire.rss"] = 404
    result = call("check", "-c", config, "--feeds")
    assert result.exit_code == 1
    assert "404" in result.output


def test_once_now_carries_a_story_into_the_mail_folder(config: Path) -> None:
    done = told("once", "-c", config, "--now")
    assert done["match"]["hits"] == 1
    assert done["deliver"] == {"sent": 1, "waiting": 0, "dead": 0}
    assert len(list((config.parent / "outbox").glob("*.eml"))) == 1
    assert told("once", "-c", config, "--now")["deliver"]["sent"] == 0


def test_a_preview_shows_the_digest_and_sends_nothing(config: Path) -> None:
    for step in ("poll", "match"):
        call(step, "-c", config)
    shown = call("digest", "preview", "-c", config)
    assert ADVISORY[0][:40] in shown.output
    assert not any(told("status", "-c", config)["outbox"].values())
    assert told("digest", "-c", config, "--now")["digest"]["digests"] == 1


def test_an_explanation_gives_terms_that_add_up_to_the_score(config: Path) -> None:
    call("once", "-c", config)
    for words, state in ((ADVISORY[0], "hit"), (FOOTBALL[0], "near")):
        match = told("explain", words, "advisory", "-c", config)["match"]
        total = sum(term["share"] for term in match["terms"]) + match["rest"]
        assert total == pytest.approx(match["score"], abs=1e-9)
        assert match["state"] == state
    page = call("explain", ADVISORY[0], "advisory", "-c", config).output
    assert "Combat" in page
    assert "match, score" in page


def test_the_shares_as_printed_sum_to_the_score_as_printed(config: Path) -> None:
    call("once", "-c", config)
    page = call("explain", ADVISORY[0], "advisory", "-c", config).output
    score = re.search(r"score (\d\.\d{4}),", page)
    *shares, total = re.findall(r"^\S.*?  +(\d\.\d{4})(?:  |$)", page, re.MULTILINE)
    assert score is not None
    assert score[1] == total
    assert sum(map(Decimal, shares)) == Decimal(total)
    assert score[1] in call("matches", "-c", config).output


def test_what_is_not_there_is_said_with_what_is(config: Path) -> None:
    call("poll", "-c", config)
    nothing = call("explain", "no such story", "advisory", "-c", config)
    assert (nothing.exit_code, "no such story" in nothing.stderr) == (1, True)
    nobody = call("topics", "show", "sports", "-c", config)
    assert nobody.exit_code == 1
    assert "advisory" in nobody.stderr


def test_matches_are_exported_as_json_and_csv(config: Path) -> None:
    call("once", "-c", config)
    (match,) = told("matches", "-c", config)
    assert match["story"]["title"] == ADVISORY[0]
    (row,) = csv.DictReader(io.StringIO(call("matches", "-c", config, "--csv").stdout))
    assert row["title"] == ADVISORY[0]
    assert float(row["score"]) == pytest.approx(match["match"]["score"], abs=1e-6)
    assert ADVISORY[0][:30] in call("matches", "-c", config).output


def test_a_profile_shows_its_heaviest_terms(config: Path) -> None:
    profile = told("topics", "show", "advisory", "-c", config)
    shares = [term["share"] for term in profile["terms"]]
    assert shares == sorted(shares, reverse=True)
    assert "Iraq" in {term["text"] for term in profile["terms"][:6]}
    assert {"soldiers", "pullback"} & {term["text"] for term in profile["related"]}
    assert 0 < sum(term["share"] for term in profile["related"]) < 0.2
    page = call("topics", "show", "ADVISORY", "-c", config).output
    assert re.search(r"related words: \d+% of the whole; the heaviest: \w+, \w+", page)
    default = f"threshold: {DEFAULT_THRESHOLD:.4f}, the default until enough stories were read"
    assert f"{default} to choose one" in page
    assert "default for now" in call("topics", "list", "-c", config).output


def test_a_threshold_of_the_owner_is_shown_from_the_first_moment(config: Path) -> None:
    topic = config.parent / "topics" / "advisory.yaml"
    topic.write_text(f"{topic.read_text()}threshold: 0.3\n")
    assert re.search(r"advisory +0\.3000 +its file", call("topics", "list", "-c", config).output)
    page = call("topics", "show", "advisory", "-c", config).output
    assert "threshold: 0.3000, as the topic's file says" in page


def test_status_tells_feeds_topics_digests_outbox_and_service(
    config: Path, feeds: FeedServer
) -> None:
    call("once", "-c", config)
    page = call("status", "-c", config).output
    for word in ("Example Wire", "fine", "advisory", "reader@example.org", "Outbox", "never run"):
        assert word in page
    feeds.statuses["wire.rss"] = 503
    state = told("status", "-c", config)
    assert state["feeds"][0]["failures"] == 0


def test_status_says_why_a_mail_waits(config: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    smtp = f"smtp: {{host: 127.0.0.1, port: {port}, security: none}}"
    config.write_text(config.read_text().replace("folder: outbox", smtp))
    assert call("once", "--now", "-c", config).exit_code == 0
    page = call("status", "-c", config).output
    assert "Messages that need a look" in page
    assert "Connection refused" in page
    assert "next attempt in" in page
    (message,) = told("status", "-c", config)["messages"]
    assert (message["state"], message["attempts"]) == ("waiting", 1)


def test_a_health_check_fails_while_no_service_gives_a_sign_of_life(config: Path) -> None:
    result = call("status", "-c", config, "--check")
    assert result.exit_code == 1
    assert "monitor run" in result.stderr
