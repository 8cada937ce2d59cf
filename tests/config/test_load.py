"""What the owner may write, and the words for what is wrong: file, line, key path, remedy."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from monitor.config import load
from monitor.errors import ConfigError
from tests.config.builders import DIGEST, problem, problems, settings, write

FEED = "https://example.org/feed"


def test_the_smallest_configuration_is_enough(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert [feed.url for feed in found.feeds] == [FEED]
    assert found.topic_names() == {"Iraq"}
    assert [digest.name for digest in found.digests] == ["daily"]


def test_a_misspelt_key_names_its_file_line_path_and_nearest_known_key(tmp_path: Path) -> None:
    text = "keep: 90d\ndigests:\n  - name: daily\n    recipients: [a@example.org]\n"
    text += '    shedule: {daily: "07:00"}\n    schedule: {daily: "07:00"}\n'
    found = problem(tmp_path, monitor=text)
    assert found == "monitor.yaml:5: digests[0].shedule: unknown key; did you mean 'schedule'?"


def test_a_key_like_no_other_is_told_the_known_ones(tmp_path: Path) -> None:
    found = problem(tmp_path, monitor="matching: {stemmer: x}\n")
    assert found == "monitor.yaml:1: matching.stemmer: unknown key; known are language"


def test_problems_of_all_files_come_at_once_in_the_order_of_their_lines(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        monitor="keep: ever\npolling:\n  intervall: 5m\n  per_host: many\n",
        feeds="feeds:\n  - url: ftp://example.org/\n  - title: x\n",
        topic="nam: Iraq\nseeds: []\n",
    )
    assert [each.split(": ")[0] + " " + each.split(": ")[1] for each in found] == [
        "monitor.yaml:1 keep",
        "monitor.yaml:3 polling.intervall",
        "monitor.yaml:4 polling.per_host",
        "feeds.yaml:2 feeds[0].url",
        "feeds.yaml:3 feeds[1].url",
        "topics/iraq.yaml:1 name",
        "topics/iraq.yaml:1 nam",
        "topics/iraq.yaml:2 seeds",
    ]


def test_files_are_named_the_way_the_owner_named_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "mine", feeds="feeds: 1\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"^mine/feeds\.yaml:1: feeds: must be a list"):
        load(Path("mine/monitor.yaml"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n", "monitor.yaml:1: must be a mapping (key: value), not a list"),
        ("just words\n", "monitor.yaml:1: must be a mapping (key: value), not text"),
        ("keep:\n", "monitor.yaml:1: keep: has no value; give it one or remove the key"),
        ("keep: 90\n", "keep: 90 is no duration; write a number with s, m, h, d or w: 15m"),
        ("keep: 0d\n", "keep: must be longer than nothing"),
        ("keep: -5d\n", "keep: '-5d' is no duration"),
        ("polling: {max_body: 10MB}\n", "polling.max_body: '10MB' is no size; write"),
        ("polling: {max_body: 0B}\n", "polling.max_body: must be"),
        ("polling: {concurrency: '20'}\n", "polling.concurrency: must be a whole number, not text"),
        ("polling: {concurrency: 1.5}\n", "polling.concurrency: must be a whole number, not a num"),
        ("polling: {concurrency: true}\n", "must be a whole number, not true or false"),
        ("polling: {concurrency: 0}\n", "polling.concurrency: must be at least 1"),
        ("polling: {concurrency: 900}\n", "polling.concurrency: must be at most 200"),
        ("polling: [1]\n", "polling: must be a mapping (key: value), not a list"),
        ("polling: {contact: 'a)b'}\n", "polling.contact: is no contact"),
        ('polling: {contact: "a\\nX: b"}\n', "polling.contact: is no contact"),
        ("polling: {allow_addresses: 10.0.0.1}\n", "must be a list, not text; put it in brackets"),
        ("polling: {allow_addresses: [10.0.0.1]}\n", "allow_addresses[0]: '10.0.0.1' is no exact"),
        ("polling: {allow_addresses: ['*:80']}\n", "allow_addresses[0]: '*:80' is no exact host"),
        ("polling: {allow_addresses: ['a:70000']}\n", "is no exact host:port"),
        ("polling: {allow_addresses: ['http://a:80']}\n", "is no exact host:port"),
        ("matching: {language: english}\n", "matching.language: 'english' is no language"),
        ("database: mysql://x/y\n", "database: is no database; write sqlite:///monitor.db or"),
        ("database: sqlite://\n", "database: is no SQLite file"),
        ("database: 'sqlite:///:memory:'\n", "database: is no SQLite file"),
        ("mail: {from: nobody}\n", "mail.from: 'nobody' is no mail address"),
        ("mail: {from: 'A <a@b'}\n", "mail.from: 'A <a@b' is no sender"),
        ('mail: {from: "A\\nBcc: x <a@b.c>"}\n', "mail.from: holds a line break or control"),
        ("mail: {folder: out, smtp: {host: a}}\n", "mail: has folder and smtp; write exactly one"),
        ("mail: {smtp: {host: a, port: 0}}\n", "mail.smtp.port: must be at least 1"),
        ("mail: {smtp: {host: 'a b'}}\n", "mail.smtp.host: 'a b' is no host"),
        ("mail: {smtp: {host: a, security: ssl}}\n", "mail.smtp.security: must be 'starttls', "),
        ("mail: {smtp: {}}\n", "monitor.yaml:1: mail.smtp.host: missing; add it"),
        ('mail: {folder: "a\\0b"}\n', "mail.folder: is no path"),
        ("mail: {folder: ~nobody-here/x}\n", "mail.folder: begins with ~ and a name that is no"),
        ("keep: 3d\nkeep: 4d\n", "monitor.yaml:2: keep: the same key as on line 1; remove one"),
    ],
)
def test_a_wrong_value_is_told_in_plain_words(tmp_path: Path, text: str, said: str) -> None:
    assert said in problem(tmp_path, monitor=text)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("recipients: [nobody]", "recipients[0]: 'nobody' is no channel: there is none; a mail"),
        ("recipients: ['a@b.c\\r\\nBcc: x']", "recipients[0].to: "),
        ("recipients: ['a..b@c.d']", "is no mail address"),
        ("recipients: ['Name <a@b.c>']", "is no mail address"),
        ("recipients: []", "digests[0].recipients: is empty; write at least one"),
        ("recipients: [a@b.c, A@B.C]", "recipients[1]: the same as on line 1; remove one"),
        ("timezone: Europe/Berlim", "timezone: 'Europe/Berlim' is no time zone; did you mean 'Eur"),
        ("timezone: ../../etc/passwd", "timezone: '../../etc/passwd' is no time zone"),
        ("timezone: Europe", "timezone: 'Europe' is no time zone"),
        ("cap: 0", "digests[0].cap: must be at least 1"),
        ("topics: [Iran]", "digests[0].topics[0]: 'Iran' is no topic; did you mean 'Iraq'?"),
        ("topics: []", "digests[0].topics: is empty; write at least one"),
        ("name: ''", "digests[0].name: is empty"),
        ("schedule: {}", "digests[0].schedule: has none; write exactly one of daily,"),
        (
            "schedule: {daily: '7:00', at: ['8:00']}",
            "schedule: has daily and at; write exactly one",
        ),
        ("schedule: {daily: '24:00'}", "schedule.daily: '24:00' is no time of day"),
        ("schedule: {daily: 7}", 'schedule.daily: 7 is no time of day; write "07:00"'),
        ("schedule: {at: []}", "schedule.at: is empty"),
        ("schedule: {weekly: {day: mon, at: '7:00'}}", "weekly.day: 'mon' is no weekday"),
        ("schedule: {weekly: {at: '7:00'}}", "schedule.weekly.day: missing; add it"),
        ("schedule: daily", "digests[0].schedule: must be a mapping (key: value), not text"),
    ],
)
def test_a_wrong_digest_is_told_in_plain_words(tmp_path: Path, changed: str, said: str) -> None:
    parts = dict(each.split(": ", 1) for each in DIGEST.split(", "))
    key, _, value = changed.partition(": ")
    written = ", ".join(f"{k}: {v}" for k, v in {**parts, key: value}.items())
    assert said in problem(tmp_path, monitor=f"digests: [{{{written}}}]\n")


def test_two_digests_of_one_name_are_refused(tmp_path: Path) -> None:
    found = problem(tmp_path, monitor=f"digests:\n  - {{{DIGEST}}}\n  - {{{DIGEST}}}\n")
    assert found == "monitor.yaml:3: digests[1].name: the same as on line 2; remove one"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("feeds: []\n", "feeds.yaml:1: feeds: is empty; write at least one"),
        ("feeds:\n", "feeds.yaml:1: feeds: has no value"),
        ("- url: https://a.org\n", "feeds.yaml:1: must be a mapping (key: value), not a list"),
        (
            "feeds: [https://a.org]\n",
            "feeds[0]: must be a mapping (key: value), not text; its keys are url, title,",
        ),
        ("feeds: [{url: file:///etc/passwd}]\n", "feeds[0].url: is no web address"),
        ("feeds: [{url: 'https://'}]\n", "feeds[0].url: is no web address"),
        ("feeds: [{url: 'https://[::1'}]\n", "feeds[0].url: is no web address"),
        ("feeds: [{url: 'https://a.org:99999/'}]\n", "feeds[0].url: is no web address"),
        ("feeds: [{url: 'https://a.org/a b'}]\n", "feeds[0].url: holds a blank or control"),
        ("feeds: [{url: https://a.org, enabled: maybe}]\n", "'maybe' is neither true nor false"),
        ("feeds: [{url: https://a.org, tags: world}]\n", "tags: must be a list, not text"),
        ("feeds: [{url: https://a.org, tags: [2026]}]\n", 'not a number; put it in quotes: "2026"'),
        ('feeds: [{url: https://a.org, title: "a\\eb"}]\n', "title: holds a line break or contr"),
    ],
)
def test_a_wrong_feed_is_told_in_plain_words(tmp_path: Path, text: str, said: str) -> None:
    assert said in problem(tmp_path, feeds=text)


def test_credentials_in_a_feed_address_are_refused_and_not_repeated(tmp_path: Path) -> None:
    found = problem(tmp_path, feeds="feeds: [{url: 'https://me:hunter2@a.org/'}]\n")
    assert "holds a user or password" in found
    assert "hunter2" not in found


def test_the_same_feed_twice_is_refused_whatever_the_case_of_its_host(tmp_path: Path) -> None:
    text = "feeds:\n  - url: https://example.org/a\n  - url: HTTPS://Example.org/a#top\n"
    found = problem(tmp_path, feeds=text)
    assert found == "feeds.yaml:3: feeds[1].url: the same as on line 2; remove one"


def test_feeds_whose_paths_differ_in_case_are_two(tmp_path: Path) -> None:
    text = "feeds:\n  - url: https://example.org/a\n  - url: https://example.org/A\n"
    assert len(settings(tmp_path, feeds=text).feeds) == 2


@pytest.mark.parametrize(("word", "meant"), [("no", False), ("off", False), ("yes", True)])
def test_a_feed_is_switched_by_any_usual_word(tmp_path: Path, word: str, meant: bool) -> None:
    found = settings(tmp_path, feeds=f"feeds: [{{url: {FEED}, enabled: {word}}}]\n")
    assert found.feeds[0].enabled is meant


def test_an_interval_below_the_floor_names_both_numbers_and_both_remedies(tmp_path: Path) -> None:
    found = problem(tmp_path, feeds=f"feeds:\n  - url: {FEED}\n    interval: 10s\n")
    assert found == (
        "feeds.yaml:3: feeds[0].interval: an interval of 10s is below polling.floor (5m); "
        "write 5m or more, or lower polling.floor to 10s"
    )


def test_the_common_interval_is_held_to_the_floor_too(tmp_path: Path) -> None:
    found = problem(tmp_path, monitor="polling: {interval: 30s}\n")
    assert "polling: an interval of 30s is below polling.floor (5m)" in found


def test_the_common_interval_is_held_to_the_ceiling(tmp_path: Path) -> None:
    found = problem(tmp_path, monitor="polling: {interval: 6h}\n")
    assert (
        "polling: an interval of 6h is above polling.ceiling (4h); "
        "write 4h or less, or raise polling.ceiling to 6h"
    ) in found


def test_a_feeds_own_interval_is_not(tmp_path: Path) -> None:
    feeds = f"feeds: [{{url: {FEED}, interval: 7d}}]\n"
    (spec,) = settings(tmp_path, feeds=feeds).feed_specs()
    assert (spec.interval.days, spec.paced) == (7, False)


def test_no_ceiling_is_above_a_day(tmp_path: Path) -> None:
    found = problem(tmp_path, monitor="polling: {ceiling: 2d}\n")
    assert "polling: a ceiling of 2d is above 1d; write 1d or less" in found


def test_the_floor_may_be_lowered(tmp_path: Path) -> None:
    feeds = f"feeds: [{{url: {FEED}, interval: 10s}}]\n"
    found = settings(tmp_path, monitor="polling: {floor: 5s}\n", feeds=feeds)
    assert found.feed_specs()[0].interval.total_seconds() == 10


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ("feeds: [Times]", "feeds[0]: 'Times' is no feed; known are Post, https://example.org/fee"),
        ("tags: [word]", "tags[0]: 'word' is no tag; did you mean 'world'?"),
        ("threshold: 1.5", "threshold: must be at most 1"),
        ("threshold: .5\nalerts_per_week: 3", "has threshold and alerts_per_week; remove one"),
        ("alerts_per_week: 0", "alerts_per_week: must be more than 0"),
        ("alerts_per_week: five", "alerts_per_week: must be a number, not text"),
        ("must: Iraq", "must: must be a list, not text; put it in brackets: [...]"),
        ("never: ['  ']", "never[0]: is empty"),
        ("not: [{text: a, file: b}]", "not[0]: has file and text; write exactly one of file,"),
        ("not: [{text: ' '}]", "not[0].text: is empty; write an example of what you look for"),
        ("not: [seeds/x.txt]", "not[0]: must be a mapping (key: value), not text; its keys are "),
        ("not: seeds/x.txt", "must be a list, not text; write a list of items with the keys "),
        ("not_seeds: [{text: a}]", "not_seeds: unknown key"),
        ("not: [{url: file:///etc/passwd}]", "not[0].url: is no web address"),
    ],
)
def test_a_wrong_topic_is_told_in_plain_words(tmp_path: Path, added: str, said: str) -> None:
    topic = f"name: Iraq\nseeds: [{{text: Troops leave Iraq}}]\n{added}\n"
    assert said in problem(tmp_path, topic=topic)


def test_two_topics_of_one_name_are_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "topics" / "other.yml").write_text("name: IRAQ\nseeds: [{text: x}]\n")
    with pytest.raises(ConfigError, match=r"other\.yml:1: name: the same as in .*iraq\.yaml"):
        load(tmp_path / "monitor.yaml")


def test_a_topic_that_is_wrong_does_not_make_the_digest_wrong(tmp_path: Path) -> None:
    monitor = f"digests: [{{{DIGEST}, topics: [Iraq]}}]\n"
    found = problems(tmp_path, monitor=monitor, topic="name: Iraq\nseeds: 5\n")
    (problem_of_the_topic,) = found
    assert problem_of_the_topic.startswith(
        "topics/iraq.yaml:2: seeds: must be a list, not a number"
    )


def test_wrong_feeds_do_not_make_every_topic_wrong(tmp_path: Path) -> None:
    topic = "name: Iraq\nseeds: [{text: x}]\nfeeds: [Post]\ntags: [world]\n"
    assert len(problems(tmp_path, feeds="feeds: [{}]\n", topic=topic)) == 1


def test_a_wrong_monitor_file_still_finds_the_others_where_it_says(tmp_path: Path) -> None:
    write(tmp_path, monitor="feeds: sub/f.yaml\nkeep: x\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "feeds.yaml").rename(tmp_path / "sub" / "f.yaml")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "monitor.yaml")
    assert len(caught.value.problems) == 1


def test_a_folder_without_topics_says_what_to_write(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "topics" / "iraq.yaml").unlink()
    with pytest.raises(ConfigError, match=r"topics: holds no topic; write one as NAME\.yaml"):
        load(tmp_path / "monitor.yaml")


def test_a_missing_folder_of_topics_is_named(tmp_path: Path) -> None:
    assert "none: is no folder of topics" in problem(tmp_path, monitor="topics: none\n")


class TestSeeds:
    def topic(self, folder: Path, name: str) -> str:
        return problem(folder, topic=f"name: Iraq\nseeds:\n  - file: {name}\n")

    def test_a_missing_seed_file_is_named_where_it_is_asked_for(self, tmp_path: Path) -> None:
        found = self.topic(tmp_path, "seeds/x.txt")
        assert found == (
            "topics/iraq.yaml:3: seeds[0].file: seeds/x.txt does not exist; "
            "create it or correct the path"
        )

    @pytest.mark.parametrize("name", ["../monitor.yaml", "/etc/passwd", "link.txt"])
    def test_a_seed_file_stays_in_the_folder_of_its_topic(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "topics").mkdir()
        (tmp_path / "topics" / "link.txt").symlink_to("/etc/passwd")
        assert "leads out of" in self.topic(tmp_path, name)

    def test_a_seed_file_is_a_regular_file(self, tmp_path: Path) -> None:
        (tmp_path / "topics").mkdir()
        os.mkfifo(tmp_path / "topics" / "pipe")
        assert "pipe is not a regular file" in self.topic(tmp_path, "pipe")

    @pytest.mark.parametrize("name", ["circle", "x/" * 90 + "x"])
    def test_a_seed_path_that_leads_nowhere_is_told(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "topics").mkdir()
        (tmp_path / "topics" / "circle").symlink_to("circle")
        assert "correct the path" in self.topic(tmp_path, name)

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (b" \n\n", "is empty; write an example"),
            (b"\xff\xfe", "is not UTF-8"),
            (b"a\0b", "holds NUL bytes"),
            (b"x" * 1_000_001, "is larger than 1,000,000 bytes"),
        ],
    )
    def test_a_seed_file_is_a_text_of_sensible_size(
        self, tmp_path: Path, body: bytes, said: str
    ) -> None:
        (tmp_path / "topics").mkdir()
        (tmp_path / "topics" / "s.txt").write_bytes(body)
        assert said in self.topic(tmp_path, "s.txt")
