"""Who is told what, when and how: what may be written, what becomes of it, what is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import Settings
from monitor.config.digests import check_cron
from monitor.notify.slots import latest_slot, next_slot
from monitor.records import ChannelKind, Plan, Rest, Schedule, Urgent, WhenEmpty
from tests.config.builders import problem, problems, settings

REST = (
    'quiet: {from: "22:00", until: "06:30"}, days_off: [saturday, "12-25", 2026-12-24],'
    " urgent: {above: 0.4}"
)
READ = Rest(
    start=time(22),
    end=time(6, 30),
    weekdays=frozenset({5}),
    yearly=frozenset({(12, 25)}),
    dates=frozenset({date(2026, 12, 24)}),
)
fields = st.text("0123456789*/-,#LW", min_size=1, max_size=4) | st.sampled_from(("*", "1", "mon"))
"""What may or may not be a field of a cron line."""
CHANNELS = "channels: {chat: {apprise_env: CHAT}, pages: {folder: pages}}\n"


def monitor(recipients: str = "[a@b.c]", schedule: str = '{daily: "07:00"}', more: str = "") -> str:
    """``monitor.yaml`` with one digest; each recipient can stand on a line of its own."""
    written = f"name: daily, recipients: {recipients}, schedule: {schedule}"
    return f"{CHANNELS}digests: [{{{written}{more and ', '}{more}}}]\n"


def plan_of(folder: Path, recipient: str = "a@b.c", **parts: str) -> Plan:
    return settings(folder, monitor=monitor(**parts)).plan("daily", recipient)


def schedule_of(folder: Path, written: str) -> Schedule:
    return plan_of(folder, schedule=written, more="timezone: Europe/Berlin").schedule


class TestSchedules:
    @pytest.mark.parametrize(
        ("written", "schedule"),
        [
            ('{weekdays: "07:00"}', Schedule(times=(time(7),), weekdays=frozenset(range(5)))),
            (
                "{at: ['19:00', '7:00'], days: [thursday, Monday]}",
                Schedule(times=(time(7), time(19)), weekdays=frozenset({0, 3})),
            ),
            ('{cron: "30 6 1,15 * *"}', Schedule(cron="30 6 1,15 * *")),
            ('{cron: "  */15  8-18 *  * mon-fri "}', Schedule(cron="*/15 8-18 * * mon-fri")),
            ('{cron: "0 18 L * *"}', Schedule(cron="0 18 L * *")),
            ('{cron: "0 9 * JAN,JUL mon#1"}', Schedule(cron="0 9 * JAN,JUL mon#1")),
            ('{cron: "0 0 * 2 mon#5"}', Schedule(cron="0 0 * 2 mon#5")),
        ],
    )
    def test_each_kind_becomes_a_record(
        self, tmp_path: Path, written: str, schedule: Schedule
    ) -> None:
        assert schedule_of(tmp_path, written) == replace(schedule, zone="Europe/Berlin")

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            (
                "0 25 * * *",
                "'25' is no hour; write a line like \"30 6 * * mon-fri\", which is 06:30",
            ),
            ("61 * * * *", "'61' is no minute"),
            ("0 7 32 * *", "'32' is no day of the month"),
            ("0 7 15W * *", "'15W' is no day of the month"),
            ("0 7 * 13 *", "'13' is no month"),
            ("0 7 * * sat-sun", "'sat-sun' is no day of the week"),
            ("0 7 * * montag", "'montag' is no day of the week"),
            ("0 7 * * mon#6", "'mon#6' is no day of the week"),
            ("*/0 * * * *", "'*/0' is no minute"),
            ("0 7 ? * *", "'?' is no day of the month"),
            ("\u0660 7 * * *", "'\u0660' is no minute"),
            ("0 7 * *", "has 4 fields; write five (minute, hour, day of the month, month, day of"),
            ("0 0 7 * * *", "has 6 fields; write five"),
            ("@daily", "has 1 fields; write five"),
            ("0 7 30 2 *", "'0 7 30 2 *' never comes round: no such day is in its months"),
            ("0 7 */30 * mon#3", "never comes round"),
        ],
    )
    def test_a_wrong_cron_line_is_told_with_what_is_wrong_in_it(
        self, tmp_path: Path, line: str, said: str
    ) -> None:
        found = problem(tmp_path, monitor=monitor(schedule=f'{{cron: "{line}"}}'))
        assert found.startswith("monitor.yaml:2: digests[0].schedule.cron: ")
        assert said in found

    @given(st.lists(fields, min_size=5, max_size=5).map(" ".join) | st.text(max_size=20))
    def test_whatever_line_is_accepted_comes_round(self, line: str) -> None:
        try:
            cron = check_cron(line)
        except ValueError:
            return
        now = datetime(2025, 7, 28, tzinfo=UTC)
        assert latest_slot(Schedule(cron=cron), now) < next_slot(Schedule(cron=cron), now)

    def test_days_alone_are_no_schedule(self, tmp_path: Path) -> None:
        found = problem(tmp_path, monitor=monitor(schedule='{weekdays: "07:00", days: [monday]}'))
        assert "schedule: has days without at; write at: [...] beside days" in found


class TestRest:
    def test_quiet_hours_and_days_off_become_a_record(self, tmp_path: Path) -> None:
        assert plan_of(tmp_path, more=REST).schedule.rest == READ

    @pytest.mark.parametrize("written", ["Saturday", '"02-29"', '"2028-02-29"', "12-25"])
    def test_a_day_off_is_a_weekday_a_day_of_each_year_or_a_date(
        self, tmp_path: Path, written: str
    ) -> None:
        assert plan_of(tmp_path, more=f"days_off: [{written}]").schedule.rest != Rest()

    @pytest.mark.parametrize(
        "written",
        [
            *("sat", "christmas", "off", "7", "1225", "[a]", '"02-30"', '"13-01"', '"25.12."'),
            *('"2027-02-29"', '"2026-W01-1"', '"W01-1"', '"20261224"', '"\u0661\u0662-25"'),
        ],
    )
    def test_anything_else_is_told_with_the_three_forms(self, tmp_path: Path, written: str) -> None:
        found = problem(tmp_path, monitor=monitor(more=f"days_off: [{written}]"))
        assert found.startswith("monitor.yaml:2: digests[0].days_off[0]: ")
        assert found.endswith(
            " is no day off; write a weekday (saturday), a day of each year"
            ' ("12-25") or a date ("2026-12-24")'
        )

    @pytest.mark.parametrize(
        ("written", "said"),
        [
            ('{from: "22:00", until: "22:00"}', "quiet: begins when it ends; write two hours"),
            ('{from: "22:00"}', "quiet.until: missing; add it"),
            ("{}", "quiet.from: missing; add it"),
            ("22:00-06:00", "quiet: must be a mapping (key: value), not text; its keys are from,"),
            ('{from: "22:00", to: "06:00"}', "quiet.to: unknown key; known are from, until"),
        ],
    )
    def test_wrong_quiet_hours_are_told(self, tmp_path: Path, written: str, said: str) -> None:
        found = problems(tmp_path, monitor=monitor(more=f"quiet: {written}"))
        assert any(said in each for each in found), found

    @pytest.mark.parametrize(
        ("schedule", "rest", "key"),
        [
            ('{daily: "07:00"}', 'quiet: {from: "22:00", until: "07:30"}', "quiet"),
            ('{at: ["23:00", "01:00"]}', 'quiet: {from: "22:00", until: "07:30"}', "quiet"),
            ('{cron: "*/5 2-4 * * *"}', 'quiet: {from: "02:00", until: "05:00"}', "quiet"),
            ('{weekly: {day: sunday, at: "7:00"}}', "days_off: [saturday, sunday]", "days_off"),
            ('{cron: "0 7 24 12 *"}', 'days_off: ["12-24"]', "days_off"),
            ('{cron: "0 7 * * 6,0"}', "days_off: [saturday, sunday]", "days_off"),
        ],
    )
    def test_a_rest_that_leaves_no_hour_is_told_with_both_keys(
        self, tmp_path: Path, schedule: str, rest: str, key: str
    ) -> None:
        found = problem(tmp_path, monitor=monitor("[a@b.c, d@e.f]", schedule, rest))
        assert found == (
            f"monitor.yaml:2: digests[0].{key}: covers every hour of schedule: nothing would ever"
            " come; change one of the two"
        )

    @pytest.mark.parametrize(
        ("schedule", "rest"),
        [
            ('{daily: "07:00"}', 'quiet: {from: "22:00", until: "07:00"}'),
            ('{at: ["23:00", "21:59"]}', 'quiet: {from: "22:00", until: "07:30"}'),
            ('{cron: "0 7 24 12 *"}', 'days_off: ["2026-12-24", saturday]'),
            ('{cron: "0 7 29 2 */7"}', 'days_off: ["1976-02-29"]'),
            ('{cron: "0 0 29 2 *"}', "days_off: [monday, tuesday, wednesday, thursday, friday]"),
        ],
    )
    def test_a_rest_that_leaves_an_hour_is_none_of_our_business(
        self, tmp_path: Path, schedule: str, rest: str
    ) -> None:
        assert plan_of(tmp_path, schedule=schedule, more=rest).schedule

    def test_a_recipient_s_own_rest_is_told_at_its_place(self, tmp_path: Path) -> None:
        own = '[a@b.c,\n  {to: d@e.f, quiet: {from: "06:00", until: "08:00"}}]'
        assert problem(tmp_path, monitor=monitor(own)).startswith(
            "monitor.yaml:3: digests[0].recipients[1].quiet: covers every hour"
        )


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
        found = problem(tmp_path, monitor=monitor(more="urgent: on"))
        assert "urgent: must be a mapping (key: value), not text; its keys are above" in found

    def test_a_channel_is_a_recipient(self, tmp_path: Path) -> None:
        parts = {"recipients": "[chat, {to: pages, cap: 100}]"}
        assert plan_of(tmp_path, "chat", **parts).channel is ChannelKind.APPRISE
        assert plan_of(tmp_path, "pages", **parts).channel is ChannelKind.FOLDER

    @pytest.mark.parametrize(
        ("recipients", "said"),
        [
            ("[a@b.c,\n A@b.C]", "3: digests[0].recipients[1]: the same as on line 2; remove one"),
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
        assert said in problem(tmp_path, monitor=monitor(recipients))

    def test_doubled_topics_are_told(self, tmp_path: Path) -> None:
        found = problem(tmp_path, monitor=monitor(more="topics: [Iraq,\n Iraq]"))
        assert found == "monitor.yaml:3: digests[0].topics[1]: the same as on line 2; remove one"

    def test_recipients_may_have_no_topic_in_common(self, tmp_path: Path) -> None:
        folder = tmp_path / "topics"
        folder.mkdir()
        (folder / "sea.yaml").write_text("name: Sea\nseeds: [{text: Waves}]\n")
        own = "[{to: a@b.c, topics: [Iraq]}, {to: d@e.f, topics: [Sea]}, g@h.i]"
        found = settings(tmp_path, monitor=monitor(own))
        assert [plan.topics for plan in found.plans()] == [("Iraq",), ("Sea",), ("Iraq", "Sea")]


class TestNames:
    ARABIC = "مهمة المشورة في العراق " * 13

    def test_a_topic_may_have_three_hundred_characters_of_arabic(self, tmp_path: Path) -> None:
        name = (self.ARABIC + "والسلام")[:300].strip()
        assert len(name) > 290
        found = settings(
            tmp_path,
            topic=f"name: {name}\nseeds: [{{text: a b}}]\n",
            monitor=monitor(f"[{{to: a@b.c, topics: [{name}]}}]", more=f"topics: [{name}]"),
        )
        assert found.plan("daily", "a@b.c").topics == (name,)

    @pytest.mark.parametrize(("length", "fits"), [(500, True), (501, False)])
    def test_names_of_topics_and_digests_end_at_five_hundred(
        self, tmp_path: Path, length: int, fits: bool
    ) -> None:
        name = "ن" * length
        parts = {
            "topic": f"name: {name}\nseeds: [{{text: a b}}]\n",
            "monitor": monitor().replace("name: daily", f"name: {name}"),
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
        return settings(folder, monitor=monitor(self.WRITTEN, '{cron: "0 7 * * *"}', self.MORE))

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
