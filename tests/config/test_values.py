"""Single values of the owner's files."""

from __future__ import annotations

import pytest

from monitor.config.values import check_text


@pytest.mark.parametrize("name", ["می\u200cخواهم", "\U0001f469\u200d\U0001f680"])
def test_a_name_may_join_its_letters_as_persian_and_emoji_do(name: str) -> None:
    assert check_text(name) == name


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[0m", "a\u202eb"])
def test_a_name_is_one_line_without_controls(name: str) -> None:
    with pytest.raises(ValueError, match="line break or control"):
        check_text(name)
