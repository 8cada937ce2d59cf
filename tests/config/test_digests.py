"""Who is told what and how: what may be written, what becomes of it, what is refused."""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path

import pytest
import yaml

from monitor.config import Settings
from monitor.records import ChannelKind, Plan, Rest, Schedule, Urgent, WhenEmpty
from tests.config.builders import READ, REST, digest_file, plan_of, problem, problems, settings


class TestRecipients:
    def test_a_plain_address_is_served_as_the_digest_says(self, tmp_path: Path) -> None:
        more = f"{REST}, cap: 5, when_empty: note, updates: yes, timezone: Asia/Tokyo"
        assert plan_of(tmp_path, more=more) == Plan(
            digest="daily",
            recipient="a@b.c",
            topics=("Iraq",),
            schedule=Schedule(times=(time(7),), zone="Asia/Tokyo", rest=READ),
            cap=5,
            urgent=Urgent(above=0.4, at_most=3),
            when_empty=WhenEmpty.NOTE,
            updates=True,
        )

    def test_its_own_wishes_go_before_those_of_the_digest(self, tmp_path: Path) -> None:
        own = (
            '{to: a@b.c, topics: [Iraq], timezone: Asia/Tokyo, quiet: {from: "1:00", until: 2:00},'
            " days_off: [monday], urgent: {above: 0.9, at_most: 1}, cap: 7, when_empty: note,"
            " updates: true}"
        )
        assert plan_of(tmp_path, recipients=f"[{own}]", more=REST) == Plan(
            digest="daily",
            recipient="a@b.c",
            topics=("Iraq",),
            schedule=Schedule(
                times=(time(7),),
                zone="Asia/Tokyo",
                rest=Rest(start=time(1), end=time(2), weekdays=frozenset({0})),
            ),
            cap=7,
            urgent=Urgent(above=0.9, at_most=1),
            when_empty=WhenEmpty.NOTE,
            updates=True,
        )

    def test_one_wish_leaves_the_others_as_the_digest_says(self, tmp_path: Path) -> None:
        plan = plan_of(tmp_path, recipients="[{to: a@b.c, cap: 7}]", more=f"{REST}, updates: true")
        assert (plan.cap, plan.updates, plan.schedule.rest) == (7, True, READ)
        assert plan.urgent == Urgent(above=0.4, at_most=3)

    def test_updates_can_be_declined(self, tmp_path: Path) -> None:
        own = "[{to: a@b.c, updates: no, when_empty: silent}]"
        plan = plan_of(tmp_path, recipients=own, more="updates: yes, when_empty: note")
        assert (plan.updates, plan.when_empty) == (False, WhenEmpty.SILENT)

    @pytest.mark.parametrize("off", ["off", "Off", "no", "false"])
    def test_what_the_digest_has_can_be_switched_off(self, tmp_path: Path, off: str) -> None:
        own = f"[{{to: a@b.c, quiet: {off}, urgent: {off}, days_off: []}}, d@e.f]"
        parts = {"recipients": own, "more": REST}

        assert plan_of(tmp_path, **parts).schedule.rest == Rest()
        assert plan_of(tmp_path, **parts).urgent is None
        assert plan_of(tmp_path, "d@e.f", **parts).schedule.rest == READ
        assert plan_of(tmp_path, "d@e.f", **parts).urgent is not None

    def test_a_digest_may_say_off_too(self, tmp_path: Path) -> None:
        plan = plan_of(tmp_path, more="quiet: off, urgent: off")
        assert (plan.schedule.rest, plan.urgent) == (Rest(), None)

    def test_off_is_not_on(self, tmp_path: Path) -> None:
        found = problem(tmp_path, monitor=digest_file(more="urgent: on"))
        assert "urgent: must be a mapping (key: value), not text; its keys are above" in found

    def test_a_channel_is_a_recipient(self, tmp_path: Path) -> None:
        parts = {"recipients": "[chat, {to: pages, cap: 100}]"}
        assert plan_of(tmp_path, "chat", **parts).channel is ChannelKind.APPRISE
        assert plan_of(tmp_path, "pages", **parts).channel is ChannelKind.FOLDER

    @pytest.mark.parametrize(
        ("recipients", "said"),
        [
            ("[a@b.c,\n A@b.C]", "3: digests[0].recipients[1]: the same as on line 2; remove one"),
            (
                "[a@bücher.example,\n a@xn--bcher-kva.example]",
                "3: digests[0].recipients[1]: the same",
            ),
            ("[chat,\n {to: chat}]", "3: digests[0].recipients[1]: the same as on line 2; remove"),
            ("[chap]", "2: digests[0].recipients[0]: 'chap' is no channel; did you mean 'chat'?"),
            ("[{to: x@y.z,\n topics: [Iran]}]", "3: digests[0].recipients[0].topics[0]: 'Iran' is"),
            ("[{to: x@y.z, topics: [Iraq,\n Iraq]}]", "3: digests[0].recipients[0].topics[1]: the"),
            ("[{to: x@y.z, topics: []}]", "recipients[0].topics: is empty; write at least one"),
            ("[{cap: 3}]", "recipients[0].to: missing; add it"),
            ("[{to: x@y.z, schedule: {}}]", "recipients[0].schedule: unknown key; known are "),
            ("[{to: x@y.z, urgent: {above: 2}}]", "recipients[0].urgent.above: must be at most 1"),
            ("[{to: x@y.z, urgent: {at_most: 2}}]", "recipients[0].urgent.above: missing; add it"),
            ("[{to: x@y.z, cap: 0}]", "recipients[0].cap: must be at least 1"),
            ("[{to: x@y.z, timezone: Mars}]", "recipients[0].timezone: 'Mars' is no time zone"),
            ("[{to: x@y.z, when_empty: maybe}]", "when_empty: must be 'silent' or 'note'"),
        ],
    )
    def test_a_wrong_one_is_told_with_its_line(
        self, tmp_path: Path, recipients: str, said: str
    ) -> None:
        assert said in problem(tmp_path, monitor=digest_file(recipients))

    @pytest.mark.parametrize(
        ("written", "said"),
        [
            ("urgent: {above: 0}", "urgent.above: must be more than 0"),
            ("urgent: {above: 0.5, at_most: 51}", "urgent.at_most: must be at most 50"),
            ("cap: 501", "cap: must be at most 500"),
        ],
    )
    def test_a_number_beyond_its_bounds_is_told_with_them(
        self, tmp_path: Path, written: str, said: str
    ) -> None:
        assert said in problem(tmp_path, monitor=digest_file(more=written))

    def test_the_bounds_of_numbers_belong_to_them(self, tmp_path: Path) -> None:
        served = plan_of(tmp_path, more="urgent: {above: 1, at_most: 50}, cap: 500")
        assert (served.cap, served.urgent) == (500, Urgent(above=1.0, at_most=50))

    def test_doubled_topics_are_told(self, tmp_path: Path) -> None:
        found = problem(tmp_path, monitor=digest_file(more="topics: [Iraq,\n Iraq]"))
        assert found == "monitor.yaml:3: digests[0].topics[1]: the same as on line 2; remove one"

    def test_recipients_may_have_no_topic_in_common(self, tmp_path: Path) -> None:
        folder = tmp_path / "topics"
        folder.mkdir()
        (folder / "sea.yaml").write_text("name: Sea\nseeds: [{text: Waves}]\n")
        own = "[{to: a@b.c, topics: [Iraq]}, {to: d@e.f, topics: [Sea]}, g@h.i]"
        found = settings(tmp_path, monitor=digest_file(own))
        assert [plan.topics for plan in found.plans()] == [("Iraq",), ("Sea",), ("Iraq", "Sea")]


class TestNames:
    ARABIC = "مهمة المشورة في العراق " * 13

    def test_a_topic_may_have_three_hundred_characters_of_arabic(self, tmp_path: Path) -> None:
        name = (self.ARABIC + "والسلام")[:300].strip()
        assert len(name) > 290
        found = settings(
            tmp_path,
            topic=f"name: {name}\nseeds: [{{text: a b}}]\n",
            monitor=digest_file(f"[{{to: a@b.c, topics: [{name}]}}]", more=f"topics: [{name}]"),
        )
        assert found.plan("daily", "a@b.c").topics == (name,)

    @pytest.mark.parametrize(("length", "fits"), [(500, True), (501, False)])
    def test_names_of_topics_and_digests_end_at_five_hundred(
        self, tmp_path: Path, length: int, fits: bool
    ) -> None:
        name = "ن" * length
        parts = {
            "topic": f"name: {name}\nseeds: [{{text: a b}}]\n",
            "monitor": digest_file().replace("name: daily", f"name: {name}"),
        }
        if fits:
            assert settings(tmp_path, **parts).digest(name)
            return
        assert problems(tmp_path, **parts) == [
            "monitor.yaml:2: digests[0].name: is longer than 500; shorten it",
            "topics/iraq.yaml:1: name: is longer than 500; shorten it",
        ]


class TestShow:
    WRITTEN = (
        "[a@b.c, {to: chat, topics: [Iraq], quiet: off, urgent: off, days_off: [], updates: yes},"
        ' {to: d@e.f, quiet: {from: "1:00", until: "02:00"}, urgent: {above: 0.5, at_most: 9}}]'
    )
    MORE = REST + ", when_empty: note, topics: [Iraq]"

    def load(self, folder: Path) -> Settings:
        return settings(folder, monitor=digest_file(self.WRITTEN, '{cron: "0 7 * * *"}', self.MORE))

    def test_recipients_are_shown_as_they_are_written(self, tmp_path: Path) -> None:
        (shown,) = yaml.safe_load(self.load(tmp_path).show())["digests"]
        assert shown["recipients"] == [
            "a@b.c",
            {
                "to": "chat",
                "topics": ["Iraq"],
                "quiet": "off",
                "days_off": [],
                "urgent": "off",
                "updates": True,
            },
            {
                "to": "d@e.f",
                "quiet": {"from": "01:00", "until": "02:00"},
                "urgent": {"above": 0.5, "at_most": 9},
            },
        ]
        assert shown["days_off"] == ["saturday", "12-25", "2026-12-24"]
        assert shown["quiet"] == {"from": "22:00", "until": "06:30"}
        assert shown["when_empty"] == "note"

    def test_a_digest_is_shown_by_its_name_first(self, tmp_path: Path) -> None:
        (shown,) = yaml.safe_load(self.load(tmp_path).show())["digests"]
        assert list(shown)[:4] == ["name", "recipients", "schedule", "topics"]

    def test_what_is_shown_reads_back_as_the_same(self, tmp_path: Path) -> None:
        found = self.load(tmp_path)
        shown = yaml.safe_load(found.show())
        again = {key: value for key, value in shown.items() if key not in {"feeds", "topics"}}
        assert settings(tmp_path, monitor=yaml.safe_dump(again)).main == found.main


class TestWhatTheDocumentsShow:
    ROOT = Path(__file__).resolve().parents[2]
    HOW_TO = (ROOT / "docs/howto/when-digests-come.md").read_text("utf-8")
    EXAMPLE = (ROOT / "config/monitor.yaml").read_text("utf-8").partition("digests:")[2]
    TOPIC = "name: Iraq advisory mission\nseeds: [{text: a b}]\n"
    BEGIN = "digests:\n  - name: x\n"

    @pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", HOW_TO, re.DOTALL))
    def test_the_examples_of_the_how_to_are_accepted(self, tmp_path: Path, block: str) -> None:
        rest = '    recipients: [a@b.c]\n    schedule: {daily: "07:00"}\n'
        written = block if block.startswith("digests:") else self.BEGIN + rest + block
        assert settings(tmp_path, topic=self.TOPIC, monitor=written).plans()

    @pytest.mark.parametrize("line", re.findall(r"^\| `(\{.*\})` \|", HOW_TO, re.MULTILINE))
    def test_its_schedules_are_accepted(self, tmp_path: Path, line: str) -> None:
        assert plan_of(tmp_path, schedule=line).schedule

    @pytest.mark.parametrize(
        "line",
        re.findall(r"^    # (\w+: (?:.(?!  #))*)", EXAMPLE.partition("\nmail:")[0], re.MULTILINE),
    )
    def test_what_is_commented_out_in_the_example_is_accepted(
        self, tmp_path: Path, line: str
    ) -> None:
        known = {"recipients": "[a@b.c]", "schedule": '{daily: "07:00"}'}
        key, _, value = line.partition(": ")
        written = "".join(f"    {k}: {v}\n" for k, v in {**known, key: value}.items())
        assert settings(tmp_path, topic=self.TOPIC, monitor=self.BEGIN + written).plans()
