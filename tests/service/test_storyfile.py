"""Files of stories: what is read of a line, and what is said of one that cannot be read."""

from __future__ import annotations

import gzip
import json
import logging
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.errors import MonitorError
from monitor.records import Story
from monitor.service import storyfile
from monitor.service.storyfile import CHUNK, TOLD, StoryFile
from tests.builders import MORNING


def written(folder: Path, *lines: object, name: str = "stories.jsonl") -> Path:
    """A file of these lines: bytes as they are, anything else as JSON."""
    path = folder / name
    texts = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in lines]
    path.write_bytes(b"\n".join(texts))
    return path


def read(path: Path) -> list[Story]:
    return [story for chunk in StoryFile(path, MORNING).chunks() for story in chunk.stories]


def only(folder: Path, line: object) -> Story:
    (story,) = read(written(folder, line))
    return story


def reasons(folder: Path, caplog: pytest.LogCaptureFixture, *lines: object) -> dict[int, str]:
    """Why which of these lines was left out; a good one is read after them."""
    file = StoryFile(written(folder, *lines, {"title": "good"}), MORNING)
    with caplog.at_level(logging.WARNING):
        assert sum(len(chunk.stories) for chunk in file.chunks()) >= 1
    left_out = [each for each in caplog.records if each.getMessage() == "line left out"]
    return {vars(each)["line"]: vars(each)["error"] for each in left_out}


def test_a_line_has_a_title_a_text_and_what_else_there_is(tmp_path: Path) -> None:
    line = {"title": "T", "text": "A b.", "url": "https://x.example/1", "source": "Wire"}
    story = only(tmp_path, {**line, "language": "en-GB", "published": "2026-01-02T03:04:05Z"})
    assert (story.title, story.text, story.url, story.source) == tuple(line.values())
    assert story.language == "en"
    assert story.published_at == story.seen_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ({"published": "2026-01-02"}, "2026-01-02T00:00:00+00:00"),
        ({"published_at": "2026-01-02T10:00:00+02:00"}, "2026-01-02T08:00:00+00:00"),
        ({"date": "2026-01-02 10:00"}, "2026-01-02T10:00:00+00:00"),
        ({"published": "", "date": "2026-01-02"}, "2026-01-02T00:00:00+00:00"),
    ],
)
def test_a_date_is_read_as_utc_unless_it_says_otherwise(
    tmp_path: Path, line: dict[str, str], at: str
) -> None:
    assert only(tmp_path, {"title": "T", **line}).published_at.isoformat() == at


@pytest.mark.parametrize("date", [None, "soon", 1767312000, "0001-01-01T00:00:00+14:00", []])
def test_a_story_without_a_usable_date_is_read_and_told_apart(tmp_path: Path, date: object) -> None:
    path = written(tmp_path, {"title": "T", "date": date}, {"title": "U", "date": "2026-01-02"})
    (chunk,) = StoryFile(path, MORNING).chunks()
    assert set(chunk.undated) == {1}
    assert chunk.stories[0].published_at == MORNING


def test_a_story_that_names_no_language_has_the_one_its_words_are_surely_in(tmp_path: Path) -> None:
    text = (
        "Die Truppen verlassen das Land bis zum Ende des Jahres, nur Berater sollen bleiben. "
        "Das sagte die Ministerin nach einem Treffen mit ihrem Amtskollegen in der Hauptstadt."
    )
    assert only(tmp_path, {"text": text}).language == "de"
    assert only(tmp_path, {"text": text, "language": "nl"}).language == "nl"
    assert only(tmp_path, {"text": "Iraq"}).language is None


def test_a_story_has_the_number_of_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, {"title": "a"}, b"", b"  ", {"title": "b"})
    assert [story.id for story in read(path)] == [1, 4]


def test_controls_and_bidi_signs_do_not_reach_the_terminal(tmp_path: Path) -> None:
    story = only(
        tmp_path, {"title": "a\x1b[31m\u202eb", "text": "c\x07\nd\ud800", "source": "\x9b"}
    )
    assert (story.title, story.text, story.source) == ("a[31mb", "c\nd", "")


def test_a_packed_file_is_known_by_its_bytes_not_its_name(tmp_path: Path) -> None:
    path = tmp_path / "stories"
    path.write_bytes(gzip.compress(b'{"title": "a"}\n{"title": "b"}\n'))
    assert [story.title for story in read(path)] == ["a", "b"]


def test_a_pipe_will_do(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(b'{"title": "a"}',))
    writer.start()
    assert [story.title for story in read(path)] == ["a"]
    writer.join()


def test_stories_come_in_chunks_each_once(tmp_path: Path) -> None:
    path = written(tmp_path, *({"title": f"t{n}"} for n in range(2 * CHUNK + 1)))
    sizes = [len(chunk.stories) for chunk in StoryFile(path, MORNING).chunks()]
    assert sizes == [CHUNK, CHUNK, 1]


def test_the_first_chunk_is_there_before_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    go_on = threading.Event()
    line = b'{"title": "a"}\n'

    def write() -> None:
        with path.open("wb") as pipe:
            pipe.write(line * 2 * CHUNK)
            pipe.flush()
            go_on.wait(30)
            pipe.write(line)

    writer = threading.Thread(target=write)
    writer.start()
    chunks = StoryFile(path, MORNING).chunks()
    assert len(next(chunks).stories) == CHUNK
    go_on.set()
    assert sum(len(chunk.stories) for chunk in chunks) == CHUNK + 1
    writer.join()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "is no JSON (Expecting property name"),
        (b"[1]", "is no JSON object"),
        (b"null", "is no JSON object"),
        (b'{"title": 7}', "has a title that is no text"),
        (b'{"text": "  ", "title": null}', "has neither a title nor a text"),
        (b'{"title": "\xe9"}', "is not UTF-8 (byte 0xe9)"),
        (b"[" * 100_000, "its JSON is nested too deep"),
    ],
)
def test_a_line_that_cannot_be_read_is_left_out_with_the_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, line: bytes, reason: str
) -> None:
    (told,) = reasons(tmp_path, caplog, line).values()
    assert reason in told


def test_a_line_without_end_is_no_story_and_costs_no_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storyfile, "MAX_LINE", 1000)
    told = reasons(tmp_path, caplog, {"title": "a"}, {"title": "b" * 5000}, {"title": "c" * 900})
    assert told == {2: "is longer than 1,000 bytes"}


def test_of_many_unreadable_lines_the_first_are_named_and_all_are_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert len(reasons(tmp_path, caplog, *[7] * 50)) == TOLD
    (all_,) = (each for each in caplog.records if each.getMessage() == "lines left out")
    assert vars(all_)["lines"] == 50


def test_a_broken_archive_gives_what_can_be_read_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    noise = [{"title": f"{n * 7919 % 10007} {n}"} for n in range(3000)]
    whole = gzip.compress(written(tmp_path, *noise).read_bytes())
    path = written(tmp_path, whole[: len(whole) // 2])
    assert 100 < len(read(path)) < 3000
    assert "the gzip data end or break here" in vars(caplog.records[-1])["error"]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((), "holds no story; one JSON object a line is expected"),
        ((7, 8), "none of its 2 lines can be read (line 1: is no JSON object); one JSON object"),
        ((b"\x1f\x8b junk",), "the gzip data end or break here"),
    ],
)
def test_a_file_without_any_story_is_an_error_that_says_what_is_expected(
    tmp_path: Path, lines: tuple[object, ...], reason: str
) -> None:
    path = written(tmp_path, *lines)
    with pytest.raises(MonitorError) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert reason in str(caught.value)


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(MonitorError, match=r"gone\.jsonl: No such file"):
        read(tmp_path / "gone.jsonl")


def test_a_date_ahead_of_now_is_taken_as_it_is(tmp_path: Path) -> None:
    ahead = MORNING + timedelta(days=400)
    assert only(tmp_path, {"title": "T", "date": ahead.isoformat()}).published_at == ahead
