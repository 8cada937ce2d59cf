"""Adding to feeds.yaml: what the owner wrote stays as it is, or nothing is written."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import load
from monitor.config.document import parse_document
from monitor.config.editing import append_feeds, feed_entry, written_by_hand
from monitor.config.feeds import FeedSettings
from monitor.errors import ConfigError
from tests.config.builders import SMALLEST, write

NEW = feed_entry("https://new.example/feed", title="New", tags=["world"])
LINES = "{0}- url: https://new.example/feed\n{0}  title: New\n{0}  tags: [world]\n"


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def edited(folder: Path, text: str, *feeds: FeedSettings) -> str:
    """The file after ``feeds`` were added to ``text``."""
    path = folder / "feeds.yaml"
    path.write_bytes(text.encode())
    append_feeds(path, feeds or (NEW,))
    return path.read_bytes().decode()


def refused(folder: Path, text: str, *feeds: FeedSettings) -> str:
    """Why ``feeds`` cannot be added; the file is as it was."""
    path = folder / "feeds.yaml"
    path.write_bytes(text.encode())
    with pytest.raises(ConfigError) as caught:
        append_feeds(path, feeds or (NEW,))
    assert path.read_bytes().decode() == text
    assert names(folder) == ["feeds.yaml"]
    return str(caught.value).replace(f"{folder}/", "")


class TestPlace:
    def test_an_entry_is_added_after_the_last_and_every_comment_stays(self, tmp_path: Path) -> None:
        head = (
            "# mine\n\nfeeds:   # all of them\n  # first\n  - url: 'https://a.example'  # good\n"
            "    tags: [ x,  y ]\n    # slow at night\n"
        )
        tail = "\n# nothing below\n"
        assert edited(tmp_path, head + tail) == head + LINES.format("  ") + tail

    @pytest.mark.parametrize("indent", ["", "  ", "    "])
    def test_it_is_indented_like_the_others(self, tmp_path: Path, indent: str) -> None:
        text = f"feeds:\n{indent}- url: https://a.example\n"
        assert edited(tmp_path, text) == text + LINES.format(indent)

    def test_wide_dashes_are_kept(self, tmp_path: Path) -> None:
        text = "feeds:\n  -   url: https://a.example\n      title: A\n"
        assert edited(tmp_path, text).endswith(
            "  -   url: https://new.example/feed\n      title: New\n      tags: [world]\n"
        )

    def test_a_last_line_without_its_end_gets_one(self, tmp_path: Path) -> None:
        text = "feeds:\n  - {url: https://a.example}"
        assert edited(tmp_path, text) == f"{text}\n{LINES.format('  ')}"

    def test_line_ends_and_byte_order_mark_of_other_systems_stay(self, tmp_path: Path) -> None:
        text = "\ufefffeeds:\r\n  - url: https://a.example\r\n"
        assert edited(tmp_path, text) == text + LINES.format("  ").replace("\n", "\r\n")

    def test_a_title_over_several_lines_stays_whole(self, tmp_path: Path) -> None:
        text = "feeds:\n  - url: https://a.example\n    title: >\n      A\n\n# end\n"
        made = edited(tmp_path, text)
        assert made.replace(LINES.format("  "), "") == text

    def test_several_are_added_in_order(self, tmp_path: Path) -> None:
        others = [feed_entry(f"https://{n}.example/feed") for n in range(3)]
        text = "feeds:\n  - url: https://a.example\n"
        lines = "".join(f"  - url: https://{n}.example/feed\n" for n in range(3))
        assert edited(tmp_path, text, *others) == text + lines


ENTRIES = st.lists(
    st.sampled_from(
        [
            ["- url: https://{n}.example/feed"],
            ["- {{url: 'https://{n}.example/feed', tags: [a]}} # flow"],
            ["- title: >-", "    a", "    b", "  url: https://{n}.example/feed"],
            ["- url: https://{n}.example/feed", "  title: >", "    a", "", ""],
            ["- url: https://{n}.example/feed", "  tags:", "    - a", "    # of it"],
            ["-", "  # lone dash", "  url: https://{n}.example/feed", "  title: 'a #'"],
        ]
    ),
    min_size=1,
    max_size=4,
)


@given(
    entries=ENTRIES,
    indent=st.sampled_from(["", "  ", "     "]),
    tail=st.sampled_from(["", "# end", "  # end\n\n# more"]),
    newline=st.sampled_from(["\n", "\r\n"]),
    closed=st.booleans(),
)
def test_wherever_it_lands_the_rest_stays_and_the_feeds_are_the_old_and_the_new(
    entries: list[list[str]], indent: str, tail: str, newline: str, closed: bool
) -> None:
    lines = [f"{indent}{line}".format(n=n) for n, each in enumerate(entries) for line in each]
    text = newline.join(["# mine", "feeds:", *lines, *filter(None, tail.split("\n"))])
    text += newline if closed else ""
    with tempfile.TemporaryDirectory() as folder:
        made = edited(Path(folder), text)
    added = LINES.format(indent).replace("\n", newline)
    assert added.strip() in made
    before, _, after = made.partition(added)
    assert before + after in (text, text + newline)
    data = parse_document(Path("feeds.yaml"), made).data
    assert isinstance(data, dict)
    assert [each["url"] for each in data["feeds"]][len(entries) :] == [NEW.url]


class TestFile:
    def test_rights_and_links_stay(self, tmp_path: Path) -> None:
        real, link = tmp_path / "real.yaml", tmp_path / "feeds.yaml"
        real.write_text("feeds:\n  - url: https://a.example\n")
        real.chmod(0o640)
        link.symlink_to(real)
        append_feeds(link, [NEW])
        assert link.is_symlink()
        assert real.stat().st_mode & 0o777 == 0o640
        assert "new.example" in real.read_text()
        assert names(tmp_path) == ["feeds.yaml", "real.yaml"]

    def test_what_is_written_loads(self, tmp_path: Path) -> None:
        path = write(tmp_path)
        odd = feed_entry(
            "https://x.example/?a=[1]&b={2}:",
            title='yes: "no" #1',
            tags=["true", "a, b", "3"],
            enabled=False,
        )
        append_feeds(tmp_path / "feeds.yaml", [NEW, odd])
        assert load(path).feeds[1:] == (NEW, odd)

    def test_a_file_that_was_changed_meanwhile_is_left_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "feeds.yaml"
        path.write_text("feeds:\n  - url: https://a.example\n")

        class Meddler(tuple[FeedSettings, ...]):
            """Somebody saves the file between our reading and our writing."""

            def __iter__(self):  # type: ignore[no-untyped-def]
                path.write_text("feeds:\n  - url: https://other.example\n")
                return super().__iter__()

        with pytest.raises(ConfigError, match="was changed meanwhile"):
            append_feeds(path, Meddler([NEW]))
        assert path.read_text() == "feeds:\n  - url: https://other.example\n"
        assert names(tmp_path) == ["feeds.yaml"]


class TestRefusals:
    @pytest.mark.parametrize(
        "text",
        [
            "feeds: [{url: https://a.example}]\n",
            "{feeds: [{url: https://a.example}]}\n",
            "feeds: []\n",
        ],
    )
    def test_a_list_in_brackets_is_left_to_its_owner_with_what_to_add(
        self, tmp_path: Path, text: str
    ) -> None:
        told = "feeds.yaml: has no list of feeds with a line for each; add the entries by hand"
        assert refused(tmp_path, text) == told
        assert written_by_hand([NEW]) == LINES.format("  ")

    def test_what_would_land_in_the_wrong_place_is_left_to_its_owner(self, tmp_path: Path) -> None:
        first = "  - url: https://b.example\n    tags: &t\n      - x\n"
        text = f"feeds:\n{first}  - url: https://c.example\n    tags: *t\n"
        assert "not safe to edit" in refused(tmp_path, text)

    def test_a_feed_that_is_there_is_not_added_again(self, tmp_path: Path) -> None:
        told = refused(tmp_path, "feeds:\n  - url: https://new.example/feed\n")
        assert "feeds.yaml:3: feeds[1].url: the same as on line 2" in told

    @pytest.mark.parametrize(
        "text", ["", "feeds:\n", "feed:\n  - url: https://a.example\n", "- a\n"]
    )
    def test_a_file_that_is_not_valid_is_not_touched(self, tmp_path: Path, text: str) -> None:
        assert refused(tmp_path, text).startswith("feeds.yaml")

    def test_a_file_that_would_grow_too_large_is_left_alone(self, tmp_path: Path) -> None:
        text = f"feeds:\n  - url: https://a.example\n#{'x' * 999_900}\n"
        assert "would be larger than 1,000,000 bytes" in refused(tmp_path, text)


class TestEntry:
    def test_titles_and_tags_are_made_to_fit(self) -> None:
        made = feed_entry(
            "https://a.example", title=f" a\n\tb\u2028{'x' * 300}", tags=["", " t ", "t"]
        )
        assert made.title == f"a b {'x' * 196}"
        assert made.tags == ("t",)

    @pytest.mark.parametrize("url", ["ftp://a.example", "https://me:hunter2@a.example/", "nothing"])
    def test_an_address_that_may_not_stand_there_is_refused(self, url: str) -> None:
        with pytest.raises(ConfigError, match=r"is no web address|holds a user") as caught:
            feed_entry(url)
        assert "hunter2" not in str(caught.value)

    @given(st.text(max_size=40), st.lists(st.text(max_size=20), max_size=3))
    def test_any_title_and_tags_are_written_so_that_they_are_read_back(
        self, title: str, tags: list[str]
    ) -> None:
        entry = feed_entry("https://a.example", title=title, tags=tags)
        data = parse_document(Path("feeds.yaml"), f"feeds:\n{written_by_hand([entry])}").data
        assert isinstance(data, dict)
        (found,) = data["feeds"]
        assert FeedSettings.model_validate(found) == entry


def test_the_smallest_configuration_is_in_brackets_of_its_own(tmp_path: Path) -> None:
    made = edited(tmp_path, SMALLEST["feeds.yaml"])
    assert made == SMALLEST["feeds.yaml"] + LINES.format("  ")
