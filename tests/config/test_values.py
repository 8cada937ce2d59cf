"""Single values of the owner's files."""

from __future__ import annotations

import pytest

from monitor.config.values import check_language, check_text


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
