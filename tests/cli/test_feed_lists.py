"""`monitor feeds import` and `export`: lists of feeds as a person carries them in and out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.cli import main
from monitor.config import load
from monitor.ingest import opml
from tests.builders import write_config

OLD = "https://old.example/feed"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path, feeds=[OLD], host="127.0.0.1:1")


def call(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


def told(*words: object) -> Any:
    result = call(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def listed(folder: Path, *outlines: str) -> Path:
    path = folder / "subscriptions.opml"
    path.write_text(f"<opml version='2.0'><body>{''.join(outlines)}</body></opml>")
    return path


NEW = "<outline text='World'><outline text='New' xmlUrl='https://new.example/feed'/></outline>"


def test_an_import_adds_what_is_new_with_its_folders_as_tags(config: Path, tmp_path: Path) -> None:
    before = (tmp_path / "feeds.yaml").read_text()
    result = call("feeds", "import", listed(tmp_path, NEW), "-c", config)
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [
        "new      New  https://new.example/feed  [World]",
        f"1 added to {tmp_path}/feeds.yaml; 0 known, 0 refused, 0 without a feed",
    ]
    assert (tmp_path / "feeds.yaml").read_text() == (
        f"{before}  - url: https://new.example/feed\n    title: New\n    tags: [World]\n"
    )


def test_a_dry_run_writes_nothing(config: Path, tmp_path: Path) -> None:
    before = (tmp_path / "feeds.yaml").read_bytes()
    found = told("feeds", "import", listed(tmp_path, NEW), "-c", config, "--dry-run")
    assert [each["url"] for each in found["new"]] == ["https://new.example/feed"]
    assert not found["added"]
    assert (tmp_path / "feeds.yaml").read_bytes() == before


def test_what_is_known_in_another_spelling_is_named_and_left(config: Path, tmp_path: Path) -> None:
    again = "<outline text='Old' xmlUrl='HTTPS://OLD.example:443/feed?utm_source=x'/>"
    found = told("feeds", "import", listed(tmp_path, again, NEW), "-c", config)
    assert found["known"] == ["https://old.example:443/feed?utm_source=x"]
    assert len(load(config).feeds) == 2


def test_what_cannot_be_a_feed_is_named_with_the_reason_and_no_password(
    config: Path, tmp_path: Path
) -> None:
    odd = (
        "<outline text='Mine' xmlUrl='https://me:hunter2@a.example/feed'/>"
        "<outline text='Files' xmlUrl='ftp://a.example/feed'/>"
        "<outline text='Page' htmlUrl='https://page.example'/>"
        "<outline text='Scheme' xmlUrl='feed://scheme.example/rss'/>"
        "<outline text='Both' xmlUrl='feed:https://both.example/rss'/>"
    )
    result = call("feeds", "import", listed(tmp_path, odd), "-c", config)
    assert "hunter2" not in result.output
    assert "refused  Mine: holds a user or password" in result.output
    assert "refused  Files: is no web address" in result.output
    assert "no feed  Page (https://page.example)" in result.output
    assert [each.url for each in load(config).feeds[1:]] == [
        "http://scheme.example/rss",
        "https://both.example/rss",
    ]


def test_a_list_with_a_fault_is_imported_and_the_fault_is_told(
    config: Path, tmp_path: Path
) -> None:
    broken = '<outline text="a "b"" xmlUrl="https://a.example/feed"/>'
    result = call("feeds", "import", listed(tmp_path, broken), "-c", config)
    assert result.exit_code == 0
    assert "monitor: the list is no well-formed XML (line 1: " in result.stderr
    assert len(load(config).feeds) == 2


def test_what_is_no_list_is_an_error_with_the_name_of_the_file(
    config: Path, tmp_path: Path
) -> None:
    result = call("feeds", "import", config, "-c", config)
    assert result.exit_code == 1
    assert f"monitor: {config}: is no OPML" in result.stderr


def test_a_file_that_cannot_be_edited_gets_what_to_add_by_hand(
    config: Path, tmp_path: Path
) -> None:
    (tmp_path / "feeds.yaml").write_text(f"feeds: [{{url: '{OLD}'}}]\n")
    result = call("feeds", "import", listed(tmp_path, NEW), "-c", config)
    assert result.exit_code == 2
    assert "add the entries by hand" in result.stderr
    assert result.stdout == "  - url: https://new.example/feed\n    title: New\n    tags: [World]\n"
    assert (tmp_path / "feeds.yaml").read_text() == f"feeds: [{{url: '{OLD}'}}]\n"


def test_an_export_is_read_back_by_an_import_elsewhere(config: Path, tmp_path: Path) -> None:
    call("feeds", "import", listed(tmp_path, NEW), "-c", config)
    target = tmp_path / "out.opml"
    assert call("feeds", "export", target, "-c", config).exit_code == 0
    elsewhere = write_config(tmp_path / "b", feeds=["https://b.example/"], host="127.0.0.1:1")
    found = told("feeds", "import", target, "-c", elsewhere)
    assert [(each["url"], each["title"], each["tags"]) for each in found["new"]] == [
        (OLD, None, []),
        ("https://new.example/feed", "New", ["World"]),
    ]


def test_an_export_tells_no_login(config: Path, tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text(
        f"feeds:\n  - url: {OLD}\n    enabled: false\n    user: somebody\n"
        "    password_env: WIRE_PW\n    headers: {X-Key: hunter2}\n"
        "    proxy: http://us@proxy.example:1\n"
    )
    result = call("feeds", "export", "-c", config)
    (feed,) = opml.read(result.stdout.encode()).feeds
    assert feed == opml.Listed(url=OLD, enabled=False)
    for word in ("somebody", "WIRE_PW", "hunter2", "proxy"):
        assert word not in result.stdout


def test_the_examples_of_init_can_be_added_to(tmp_path: Path) -> None:
    call("init", tmp_path / "mine")
    config = tmp_path / "mine" / "monitor.yaml"
    before = (tmp_path / "mine" / "feeds.yaml").read_text()
    assert call("feeds", "import", listed(tmp_path, NEW), "-c", config).exit_code == 0
    after = (tmp_path / "mine" / "feeds.yaml").read_text()
    assert (
        after.replace("  - url: https://new.example/feed\n    title: New\n    tags: [World]\n", "")
        == before
    )
