"""When a digest is due and when nobody is disturbed: what may be written, what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.digests import check_cron
from monitor.notify.slots import latest_slot, next_slot
from monitor.records import Rest, Schedule
from tests.config.builders import READ, REST, digest_file, plan_of, problem, problems

fields = st.text("0123456789*/-,#LW", min_size=1, max_size=4) | st.sampled_from(("*", "1", "mon"))
"""What may or may not be a field of a cron line."""


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
            ("0 7 * *", "needs five fields (minute, hour, day of the month, month, day of"),
            ("0 0 7 * * *", "month, day of the week), not 6; write"),
            ("@daily", 'not 1; write "30 6 * * mon-fri"'),
            ("0 7 30 2 *", "'0 7 30 2 *' never comes round: no such day is in its months"),
            ("0 7 */30 * mon#3", "never comes round"),
        ],
    )
    def test_a_wrong_cron_line_is_told_with_what_is_wrong_in_it(
        self, tmp_path: Path, line: str, said: str
    ) -> None:
        found = problem(tmp_path, monitor=digest_file(schedule=f'{{cron: "{line}"}}'))
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
        found = problem(
            tmp_path, monitor=digest_file(schedule='{weekdays: "07:00", days: [monday]}')
        )
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
        found = problem(tmp_path, monitor=digest_file(more=f"days_off: [{written}]"))
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
        found = problems(tmp_path, monitor=digest_file(more=f"quiet: {written}"))
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
        found = problem(tmp_path, monitor=digest_file("[a@b.c, d@e.f]", schedule, rest))
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
        assert problem(tmp_path, monitor=digest_file(own)).startswith(
            "monitor.yaml:3: digests[0].recipients[1].quiet: covers every hour"
        )
