"""`monitor verdict` and what of a topic tells of it, as a person and a program read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.matching.calibrate import DEFAULT_THRESHOLD
from tests.builders import ADVISORY, FOOTBALL, ORCHARD, rss, write_config
from tests.cli.test_commands import call, told
from tests.cli.test_shapes import MATCH, STORY, TOPIC, keys
from tests.servers import feed_server
from tests.service.test_learn import small_news

THRESHOLD = "value kind sample expected_per_week expected_low expected_high since"
VERDICT = "id wanted origin given_at reverted_at story_id title url"
DIFFERENCE = "threshold terms stories gained lost"


def walked(folder: Path, stories: int) -> Path:
    """A folder where a hit and so many other stories were polled and matched."""
    with feed_server() as server:
        recent = datetime.now(UTC) - timedelta(hours=1)
        news = [ADVISORY, FOOTBALL, ORCHARD, *small_news(stories)]
        server.pages["wire.rss"] = rss(news, at=recent)
        path = write_config(folder, feeds=[server.url("wire.rss")], host=server.host)
        call("poll", "-c", path)
        call("match", "-c", path)
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return walked(tmp_path, 40)


@pytest.fixture
def firm(config: Path) -> Path:
    """The same with a threshold that lets a story in which a verdict was given on."""
    write(config, "threshold: 0.15")
    return config


def write(config: Path, line: str) -> None:
    topic = config.parent / "topics" / "advisory.yaml"
    topic.write_text(f"{topic.read_text()}{line}\n")


@pytest.fixture
def young(tmp_path: Path) -> Path:
    """A folder where too little was read to make a background."""
    return walked(tmp_path, 0)


def page(*words: object) -> str:
    result = call(*words)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return result.stdout


def refusal(*words: object) -> tuple[int, str]:
    result = call(*words)
    return result.exit_code, result.stderr


# ---------------------------------------------------------------- giving


def test_a_verdict_says_what_it_moved_and_how_it_is_taken_back(firm: Path) -> None:
    said = page("verdict", FOOTBALL[0], "yes", "--topic", "advisory", "-c", firm)
    for part in (
        f"verdict 1: yes for advisory, story 2: {FOOTBALL[0]}",
        "its score: 0.0",
        "threshold: 0.",
        "more weight: ",
        "less weight: ",
        "of the newest 43 stories of the last 30 days:",
        "1 matches only now",
        "none matches no more",
        "`monitor verdict --undo 1` takes it back.",
    ):
        assert part in said
    assert f"2 {FOOTBALL[0]}" in said[said.index("matches only now") :]


def test_the_topic_of_a_match_need_not_be_named(config: Path) -> None:
    assert "yes for advisory" in page("verdict", ADVISORY[0], "yes", "-c", config)


def test_the_same_verdict_again_says_that_nothing_changes(config: Path) -> None:
    page("verdict", ADVISORY[0], "yes", "-c", config)
    assert "It was given before: nothing changes." in page(
        "verdict", ADVISORY[0], "yes", "-c", config
    )


def test_a_verdict_is_taken_back_by_its_number_alone(config: Path) -> None:
    page("verdict", ADVISORY[0], "no", "-c", config)
    assert page("verdict", "--undo", 1, "-c", config).startswith("taken back: verdict 1: no for")
    code, error = refusal("verdict", "--undo", 1, "-c", config)
    assert (code, "verdict 1 was taken back" in error) == (1, True)


@pytest.mark.parametrize(
    "words", [(), ("42",), ("42", "maybe"), ("42", "yes", "--undo", "1"), ("--undo", "x")]
)
def test_a_verdict_that_is_not_clear_is_wrong_usage(config: Path, words: tuple[str, ...]) -> None:
    assert refusal("verdict", *words, "-c", config)[0] == 2


def test_a_story_that_no_topic_matched_asks_for_the_topic(config: Path) -> None:
    code, error = refusal("verdict", FOOTBALL[0], "yes", "-c", config)
    assert code == 1
    assert "no topic matched story 2" in error
    assert "advisory" in error


def test_programs_are_told_what_moved(firm: Path) -> None:
    found = told("verdict", FOOTBALL[0], "yes", "--topic", "advisory", "-c", firm)
    assert set(found) == keys("verdict topic scores moved")
    assert set(found["verdict"]) == keys(VERDICT)
    assert set(found["moved"]) == keys(DIFFERENCE)
    assert set(found["moved"]["threshold"]["after"]) == keys(THRESHOLD)
    assert set(found["moved"]["terms"][0]) == keys("text before after")
    assert [each["title"] for each in found["moved"]["gained"]] == [FOOTBALL[0]]
    again = told("verdict", FOOTBALL[0], "yes", "--topic", "advisory", "-c", firm)
    assert (again["verdict"], again["moved"]) == (found["verdict"], None)


# ---------------------------------------------------------------- what was given


def test_verdicts_are_listed_and_with_all_those_taken_back(config: Path) -> None:
    page("verdict", ADVISORY[0], "no", "-c", config)
    page("verdict", ADVISORY[0], "yes", "-c", config)
    standing = page("topics", "verdicts", "advisory", "-c", config)
    every = page("topics", "verdicts", "advisory", "--all", "-c", config)
    assert (standing.count(ADVISORY[0]), every.count(ADVISORY[0])) == (1, 2)
    listed = told("topics", "verdicts", "advisory", "--all", "-c", config)
    assert [(each["id"], each["wanted"], each["origin"]) for each in listed] == [
        (1, False, "command"),
        (2, True, "command"),
    ]
    assert [each["reverted_at"] is None for each in listed] == [False, True]


def test_where_no_verdict_stands_the_list_says_so(config: Path) -> None:
    assert "No verdict stands for advisory" in page("topics", "verdicts", "advisory", "-c", config)


# ---------------------------------------------------------------- what a topic is


def test_a_topic_tells_threshold_promise_background_and_verdicts(config: Path) -> None:
    shown = page("topics", "show", "advisory", "-c", config)
    for part in (
        "chosen from 43 stories of your feeds",
        "background: 1, made of 43 stories",
        "since: 20",
        "before: it never had another value",
        "promise: the default, few others beside its own",
        "verdicts: none yet",
    ):
        assert part in shown
    page("verdict", FOOTBALL[0], "yes", "--topic", "advisory", "-c", config)
    assert "verdicts: 1 yes, 0 no, the last 20" in page("topics", "show", "advisory", "-c", config)


def test_what_is_not_there_yet_is_said_in_words(young: Path) -> None:
    shown = page("topics", "show", "advisory", "-c", young)
    assert (
        f"threshold: {DEFAULT_THRESHOLD:.4f}, the default until enough stories were read" in shown
    )
    assert "background: none yet; the first one is made of 30 stories (3 so far)" in shown
    found = told("topics", "show", "advisory", "-c", young)
    assert (found["moves"], found["threshold"]["since"]) == ([], None)


@pytest.mark.parametrize(
    ("line", "promise"),
    [
        ("alerts_per_week: 5", "promise: 5 alerts a week, as the topic's file asks"),
        ("threshold: 0.3", "promise: none; the topic's file sets the threshold itself"),
    ],
)
def test_the_promise_is_that_of_the_file(config: Path, line: str, promise: str) -> None:
    write(config, line)
    shown = page("topics", "show", "advisory", "-c", config)
    assert promise in shown
    assert "since: it is chosen when the service runs next" in shown


def test_what_a_threshold_was_before_is_told(config: Path) -> None:
    before = told("topics", "show", "advisory", "-c", config)["threshold"]["value"]
    write(config, "threshold: 0.5")
    call("match", "-c", config)
    found = told("topics", "show", "advisory", "-c", config)
    assert [each["value"] for each in found["moves"]] == [0.5, before]
    assert f"before: {before:.4f}, chosen 20" in page("topics", "show", "advisory", "-c", config)


def test_a_threshold_that_was_chosen_again_at_the_same_value_did_not_move(firm: Path) -> None:
    call("match", "-c", firm)
    write(firm, "never: [box office]")
    call("match", "-c", firm)
    values = [each["value"] for each in told("topics", "show", "advisory", "-c", firm)["moves"]]
    assert len(values) == 2
    assert values[0] == 0.15 != values[1]


def test_programs_read_a_profile_with_its_verdicts(config: Path) -> None:
    page("verdict", ADVISORY[0], "yes", "-c", config)
    found = told("topics", "show", "advisory", "-c", config)
    assert set(found) == keys(
        "topic threshold background_version background_stories moves verdicts terms related"
    )
    assert (set(found["topic"]), set(found["threshold"])) == (keys(TOPIC), keys(THRESHOLD))
    assert [set(each) for each in found["verdicts"]] == [keys(VERDICT)]
    assert set(found["moves"][0]) == keys(f"{THRESHOLD} background_version")


def test_a_topic_is_shown_with_its_verdicts_against_without(firm: Path) -> None:
    page("verdict", FOOTBALL[0], "yes", "--topic", "advisory", "-c", firm)
    page("verdict", ORCHARD[0], "yes", "--topic", "advisory", "-c", firm)
    whole = page("topics", "show", "advisory", "--diff", "-c", firm)
    assert "without its 2 verdicts -> with" in whole
    assert "Shares that changed most" in whole
    assert "2 match only now" in whole
    one = told("topics", "show", "advisory", "--without", 2, "-c", firm)
    assert set(one) == keys(DIFFERENCE)
    assert [each["title"] for each in one["gained"]] == [ORCHARD[0]]


def test_without_verdicts_there_is_no_difference(config: Path) -> None:
    shown = page("topics", "show", "advisory", "--diff", "-c", config)
    assert "No verdict stands for advisory: nothing differs." in shown
    assert refusal("topics", "show", "advisory", "--without", 9, "-c", config)[0] == 1
    assert refusal("topics", "show", "advisory", "--without", 9, "--diff", "-c", config)[0] == 2


# ---------------------------------------------------------------- asking


def test_a_topic_asks_about_one_story_and_says_how_to_answer(config: Path) -> None:
    asked = page("topics", "ask", "advisory", "-c", config)
    assert ADVISORY[0] in asked
    assert "monitor verdict 1 yes --topic advisory" in asked
    found = told("topics", "ask", "advisory", "-c", config)
    assert set(found) == keys("topic threshold asked open stories")
    assert (set(found["asked"]["match"]), set(found["asked"]["story"])) == (
        keys(MATCH),
        keys(STORY),
    )


def test_where_nothing_is_open_the_topic_says_so(config: Path) -> None:
    page("verdict", ADVISORY[0], "yes", "-c", config)
    asked = page("topics", "ask", "advisory", "-c", config)
    assert asked.startswith("Nothing to ask about advisory: of 43 stories")
    assert told("topics", "ask", "advisory", "-c", config)["asked"] is None


def test_one_verdict_is_not_told_in_the_plural(firm: Path) -> None:
    page("verdict", FOOTBALL[0], "yes", "--topic", "advisory", "-c", firm)
    assert "advisory without its verdict -> with" in page(
        "topics", "show", "advisory", "--diff", "-c", firm
    )


def test_where_topics_are_many_they_are_counted_instead_of_named(config: Path) -> None:
    topic = (config.parent / "topics" / "advisory.yaml").read_text()
    for n in range(30):
        other = config.parent / "topics" / f"other{n}.yaml"
        other.write_text(topic.replace("name: advisory", f"name: other{n}"))
    told = call("topics", "verdicts", "x", "-c", config).stderr
    assert told == "monitor: no topic named 'x'; `monitor check` names all 31 of them\n"
