"""Single values of the owner's files."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from monitor.config.addresses import (
    check_contact,
    check_url,
    format_host_port,
    parse_host_port,
)
from monitor.config.values import (
    check_language,
    check_text,
    format_duration,
    format_size,
    is_off,
    parse_duration,
    parse_size,
    parse_time,
)
from monitor.config.web import check_life


@pytest.mark.parametrize("name", ["می\u200cخواهم", "\U0001f469\u200d\U0001f680"])
def test_a_name_may_join_its_letters_as_persian_and_emoji_do(name: str) -> None:
    assert check_text(name) == name


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[0m", "a\u202eb"])
def test_a_name_is_one_line_without_controls(name: str) -> None:
    with pytest.raises(ValueError, match="line break or control"):
        check_text(name)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("zh_Hant_TW", "zh"),
        ("PT-br", "pt"),
        ("xx", "xx"),
        ("nb-NO", "no"),
        ("nn", "no"),
        ("iw", "he"),
    ],
)
def test_a_language_is_a_code_or_the_tag_of_a_regional_form(written: str, code: str) -> None:
    assert check_language(written) == code


@pytest.mark.parametrize("written", ["", "d", "german", "de AT", "de-", "d\u0435", "de-austrian1"])
def test_what_is_no_language_tag_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="is no language; write a code like de, or a tag like de-"):
        check_language(written)


@pytest.mark.parametrize(
    ("written", "seconds", "shown"),
    [
        ("90s", 90, "90s"),
        ("120 s", 120, "2m"),
        ("90m", 5_400, "90m"),
        ("24h", 86_400, "1d"),
        ("14d", 1_209_600, "2w"),
    ],
)
def test_a_duration_is_shown_in_the_largest_unit_without_a_rest(
    written: str, seconds: int, shown: str
) -> None:
    assert parse_duration(written) == timedelta(seconds=seconds)
    assert format_duration(timedelta(seconds=seconds)) == shown


@pytest.mark.parametrize(
    ("written", "size", "shown"),
    [("500KiB", 512_000, "500KiB"), ("1024 KiB", 2**20, "1MiB"), ("1GiB", 2**30, "1GiB")],
)
def test_a_size_is_shown_in_the_largest_unit_without_a_rest(
    written: str, size: int, shown: str
) -> None:
    assert parse_size(written) == size
    assert format_size(size) == shown


def test_nothing_is_no_duration_and_no_size() -> None:
    with pytest.raises(ValueError, match="longer than nothing"):
        parse_duration("0m")
    with pytest.raises(ValueError, match="more than nothing"):
        parse_size("0MiB")


@pytest.mark.parametrize("written", ["24:00", "23:60", "7:5", 700])
def test_what_no_clock_reads_is_no_time_of_day(written: object) -> None:
    assert parse_time("23:59") == time(23, 59)
    assert parse_time("0:00") == time()
    with pytest.raises(ValueError, match="is no time of day"):
        parse_time(written)


@pytest.mark.parametrize("word", [False, "off", "No", "FALSE"])
def test_a_switch_is_off_by_any_of_the_words_for_it(word: object) -> None:
    assert is_off(word)
    assert not is_off("on")
    assert not is_off("offline")


@pytest.mark.parametrize(
    ("written", "read"),
    [("A.example:1", ("a.example", 1)), ("[::1]:65535", ("::1", 65_535))],
)
def test_a_port_is_from_1_to_65535_and_shown_as_it_is_written(
    written: str, read: tuple[str, int]
) -> None:
    assert parse_host_port(written) == read
    assert format_host_port(read) == written.lower()


@pytest.mark.parametrize("written", ["a.example:0", "a.example:65536", "a.example", "::1:80", 80])
def test_a_place_without_an_exact_port_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="is no exact host:port"):
        parse_host_port(written)


def test_an_address_of_a_page_has_small_letters_in_its_host_and_no_fragment() -> None:
    assert check_url("HTTPS://News.Example/A?B#c") == "https://news.example/A?B"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("https://me@news.example/", "holds a user or password"),
        ("https://:pw@news.example/", "holds a user or password"),
        ("https://news.example/a\\b", "holds a blank or control"),
        ("https://news.example/" + "a" * 1_980, "over 2,000 long"),
    ],
)
def test_an_address_that_is_stored_and_logged_holds_no_secret_and_is_bounded(
    written: str, said: str
) -> None:
    assert len(check_url("https://news.example/" + "a" * 1_979)) == 2_000
    with pytest.raises(ValueError, match=said):
        check_url(written)


@pytest.mark.parametrize("written", ["a (b)", "a\\b", "ä@b.example", "a\nb", "a" * 201])
def test_a_contact_cannot_end_the_comment_it_stands_in(written: str) -> None:
    assert check_contact("a" * 200) == "a" * 200
    with pytest.raises(ValueError, match="is no contact"):
        check_contact(written)


def test_links_last_from_a_day_to_two_years() -> None:
    for days in (1, 730):
        assert check_life(timedelta(days=days)) == timedelta(days=days)
    for life in (timedelta(hours=23), timedelta(days=731)):
        with pytest.raises(ValueError, match="from 1d to 730d"):
            check_life(life)
