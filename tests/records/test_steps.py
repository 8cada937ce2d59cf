"""What a step tells of itself, in words."""

from __future__ import annotations

from monitor.records import told_counts


def test_what_is_none_is_left_out_and_one_is_not_called_many() -> None:
    assert told_counts({"digests": 1, "urgent": 0, "stories": 4}) == "1 digest, 4 stories"
    assert told_counts({"stories": 1, "sent": 1}) == "1 story, 1 sent"


def test_of_nothing_it_says_that_there_was_nothing_to_do() -> None:
    assert told_counts({"sent": 0, "dead": 0}) == "nothing to do"
