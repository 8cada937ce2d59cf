"""Digests on the command line: what would go out, what went out, and the same made again."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from tests.builders import ADVISORY, FOOTBALL, rss, write_config
from tests.cli.test_commands import call, told
from tests.servers import feed_server


@pytest.fixture(scope="module")
def untold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A match that nobody was told yet, for two recipients."""
    with feed_server() as server:
        at = datetime.now(UTC) - timedelta(hours=1)
        server.pages["wire.rss"] = rss([ADVISORY, FOOTBALL], at=at)
        path = write_config(
            tmp_path_factory.mktemp("untold"),
            feeds=[server.url("wire.rss")],
            host=server.host,
            recipients=("reader@example.org", "other@example.org"),
        )
        call("poll", "-c", path)
        call("match", "-c", path)
    return path


@pytest.fixture(scope="module")
def all_told(untold: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both were told: digest 1 went to the first, digest 2 to the second."""
    path = copied(untold, tmp_path_factory.mktemp("told"))
    call("digest", "--now", "-c", path)
    assert told("deliver", "-c", path)["deliver"]["sent"] == 2
    return path


def copied(config: Path, folder: Path) -> Path:
    shutil.copytree(config.parent, folder, dirs_exist_ok=True)
    return folder / config.name


@pytest.fixture
def config(untold: Path, tmp_path: Path) -> Path:
    return copied(untold, tmp_path / "monitor")


@pytest.fixture
def made(all_told: Path, tmp_path: Path) -> Path:
    return copied(all_told, tmp_path / "monitor")


def outbox_files(config: Path) -> set[bytes]:
    return {path.read_bytes() for path in (config.parent / "outbox").glob("*.eml")}


def change(config: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(config.with_name("monitor.db"))) as database:
        database.execute(statement, values)
        database.commit()


def own_template(config: Path, source: str, name: str = "digest.txt") -> None:
    folder = config.with_name("mine")
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(source, encoding="utf-8")
    written = config.read_text()
    if "templates:" not in written:
        config.write_text(written.replace("mail:\n", "mail:\n  templates: mine\n"))


def test_a_preview_shows_every_message_that_would_go_out_and_writes_nothing(config: Path) -> None:
    shown = call("digest", "preview", "-c", config).output

    assert re.findall(r"^To: (.*)$", shown, re.M) == ["reader@example.org", "other@example.org"]
    assert shown.count("Subject: ") == 2
    assert ADVISORY[0][:40] in shown
    assert told("digest", "list", "-c", config) == []
    assert not any(told("status", "-c", config)["outbox"].values())


def test_a_preview_of_one_recipient_is_the_mail_itself(config: Path) -> None:
    chosen = ("digest", "preview", "-c", config, "--digest", "daily", "--to", "other@example.org")
    mail = message_from_bytes(call(*chosen, "--eml").stdout_bytes, policy=default)
    html, text = (mail.get_body((kind,)) for kind in ("html", "plain"))
    assert html is not None
    assert text is not None

    assert mail["To"] == "other@example.org"
    assert html.get_content().startswith("<!DOCTYPE html>")
    assert ADVISORY[0][:40] in text.get_content()


def test_a_preview_goes_to_a_file(config: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = call(
        "digest", "preview", "-c", config, "--to", "other@example.org", "--html", "--output", page
    )

    assert done.exit_code == 0
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert (done.stdout, str(page) in done.stderr) == ("", True)


def test_standard_output_is_a_file_by_the_name_of_a_dash(config: Path) -> None:
    chosen = ("digest", "preview", "-c", config, "--to", "other@example.org", "--html")
    assert call(*chosen, "--output", "-").stdout == call(*chosen).stdout


def test_one_file_holds_one_message(config: Path, tmp_path: Path) -> None:
    done = call("digest", "preview", "-c", config, "--html", "--output", tmp_path / "page.html")

    assert done.exit_code == 2
    assert "daily for other@example.org, daily for reader@example.org" in done.stderr
    assert not (tmp_path / "page.html").exists()


def test_where_nothing_would_go_out_no_file_is_written(made: Path, tmp_path: Path) -> None:
    assert "Nothing to tell" in call("digest", "preview", "-c", made).output
    done = call("digest", "preview", "-c", made, "--output", tmp_path / "page.txt")
    assert (done.exit_code, (tmp_path / "page.txt").exists()) == (2, False)


@pytest.mark.parametrize(
    ("option", "name", "said"),
    [
        ("--to", "nobody@example.org", "there is no recipient nobody@example.org"),
        ("--digest", "dayly", "there is no digest dayly; did you mean daily?"),
    ],
)
def test_a_preview_for_nobody_is_an_error(config: Path, option: str, name: str, said: str) -> None:
    done = call("digest", "preview", "-c", config, option, name)
    assert (done.exit_code, said in done.stderr) == (1, True)


def test_a_list_says_where_it_is_the_choice_that_no_digest_fits(made: Path) -> None:
    chosen = call("digest", "list", "-c", made, "--digest", "dayly").output
    assert chosen.startswith("No such digest is in the archive")


def browser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, works: bool = True) -> Path:
    """A browser that writes down what it was to open; returns where."""
    opened = tmp_path / "opened"
    program = tmp_path / "browser.py"
    program.write_text(
        f"import sys, pathlib\npathlib.Path({str(opened)!r}).write_text(sys.argv[1])\n"
        f"sys.exit({not works:d})\n"
    )
    monkeypatch.setenv("BROWSER", f"{sys.executable} {program} %s")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr("webbrowser._tryorder", None)
    return opened


def test_a_preview_opens_in_the_browser(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = browser(monkeypatch, tmp_path)
    chosen = ("digest", "preview", "-c", config, "--to", "other@example.org")
    assert call(*chosen, "--open").exit_code == 0

    page = Path(opened.read_text().removeprefix("file://"))
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert page.stat().st_mode & 0o077 == 0  # what somebody is interested in is theirs
    assert call(*chosen, "--open", "--eml").exit_code == 2


def test_without_a_browser_the_address_is_told(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser(monkeypatch, tmp_path, works=False)
    page = tmp_path / "page.html"
    done = call(
        "digest", "preview", "-c", config, "--to", "other@example.org", "--open", "--output", page
    )
    assert done.exit_code == 0
    assert f"no browser could be started; open {page.as_uri()}" in done.stderr


def test_options_before_a_command_of_digest_are_not_swallowed(config: Path) -> None:
    done = call("digest", "--now", "preview", "-c", config)
    assert done.exit_code == 2
    assert "behind preview" in done.stderr


def test_the_owners_template_is_used_and_its_mistake_is_told(config: Path) -> None:
    own_template(config, "Hello! {{ digest.subject }}")
    chosen = ("digest", "preview", "-c", config, "--to", "other@example.org")
    assert f"Hello! {ADVISORY[0][:40]}" in call(*chosen).stdout

    own_template(config, "Hello!\n{{ digest.nmae }}")
    done = call(*chosen)
    assert "mine/digest.txt:2 cannot be used" in done.stderr
    assert ADVISORY[0][:40] in done.stdout


def test_the_list_has_the_newest_first(made: Path) -> None:
    listed = told("digest", "list", "-c", made)
    page = call("digest", "list", "-c", made).output

    assert [each["id"] for each in listed] == [2, 1]
    assert {each["state"] for each in listed} == {"sent"}
    assert listed[0]["subject"] in page
    assert len(told("digest", "list", "-c", made, "--limit", "1")) == 1
    (one,) = told("digest", "list", "-c", made, "--to", "other@example.org", "--digest", "daily")
    assert one["recipient"] == "other@example.org"
    assert told("digest", "list", "-c", made, "--digest", "nightly") == []


def test_without_digests_the_list_says_so(config: Path) -> None:
    assert "No digest is in the archive" in call("digest", "list", "-c", config).output


def test_what_was_sent_is_shown_byte_for_byte(made: Path) -> None:
    shown = {call("digest", "show", n, "-c", made, "--eml").stdout_bytes for n in (1, 2)}
    assert shown == outbox_files(made)


def test_a_digest_is_shown_as_text_and_as_html(made: Path) -> None:
    assert ADVISORY[0][:40] in call("digest", "show", "1", "-c", made).output
    assert call("digest", "show", "1", "-c", made, "--html").output.startswith("<!DOCTYPE html>")


def test_what_a_digest_left_out_is_shown(made: Path) -> None:
    assert "It left no story out" in call("digest", "show", "1", "--cut", "-c", made).output


def test_a_digest_as_json_says_what_it_told(made: Path) -> None:
    shown = told("digest", "show", "1", "-c", made)
    (section,) = shown["told"]["sections"]

    assert section["stories"][0]["story"]["title"] == ADVISORY[0]
    assert (shown["state"], shown["kind"]) == ("sent", "scheduled")
    assert {"digest.html", "digest.txt"} <= set(shown["templates"])
    assert shown["sender"] == "News monitor <monitor@example.org>"


@pytest.mark.parametrize("command", ["show", "rebuild"])
def test_a_number_that_no_digest_has_is_told(made: Path, command: str) -> None:
    done = call("digest", command, "99", "-c", made)
    assert done.exit_code == 1
    assert "there is no digest 99 in the archive; `monitor digest list`" in done.stderr


def test_a_digest_is_made_again_byte_for_byte(made: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.eml"
    done = call("digest", "rebuild", "1", "-c", made, "--output", again)

    assert done.exit_code == 0
    assert "identical" in done.stderr
    assert again.read_bytes() in outbox_files(made)
    assert told("digest", "rebuild", "2", "-c", made)["identical"]


def test_it_is_the_same_though_templates_sender_and_stories_changed_since(made: Path) -> None:
    written = made.read_text().replace("News monitor <monitor", "Somebody else <else")
    made.write_text(written)
    own_template(made, "Other words", "digest.html")
    change(made, "update stories set title = 'Another title'")

    assert told("digest", "rebuild", "1", "-c", made)["identical"]


def test_with_a_template_that_failed_it_is_the_same_again(config: Path) -> None:
    own_template(config, "{{ digest.nmae }}", "digest.html")
    call("digest", "--now", "-c", config)
    own_template(config, "Mended {{ digest.subject }}", "digest.html")

    assert "mine/digest.html:1 cannot be used" in call("digest", "show", "1", "-c", config).output
    assert told("digest", "rebuild", "1", "-c", config)["identical"]


def test_forgotten_bytes_are_made_again_to_be_shown(made: Path) -> None:
    (sent,) = (it for it in outbox_files(made) if b"To: reader@example.org" in it)
    change(made, "delete from outbox")

    assert call("digest", "show", "1", "-c", made, "--eml").stdout_bytes == sent
    assert told("digest", "list", "-c", made)[0]["state"] is None


def test_what_differs_is_told_with_the_reason(made: Path) -> None:
    change(made, "update archives set version = '0.0.1'")
    change(made, "update templates set source = replace(source, '<title>', '<title>Not ')")
    done = call("digest", "rebuild", "1", "-c", made)

    assert done.exit_code == 1
    assert re.search(r"Line \d+ was '<title>Combat.*', and is '<title>Not Combat", done.output)
    assert "made by version 0.0.1 of this program" in done.output
    assert call("digest", "show", "1", "-c", made, "--eml").stdout_bytes in outbox_files(made)


def test_what_no_way_makes_any_more_is_told(made: Path) -> None:
    change(made, "update archives set content_type = 'text/telegram'")
    done = call("digest", "rebuild", "1", "-c", made)

    assert done.exit_code == 1
    assert "cannot be made again: no channel has messages of the type text/telegram" in done.output


def test_what_differs_where_the_bytes_are_forgotten_is_told(made: Path) -> None:
    change(made, "update templates set source = replace(source, '<title>', '<title>Not ')")
    change(made, "delete from outbox")

    assert "forgotten" in call("digest", "rebuild", "1", "-c", made).output
    shown = call("digest", "show", "1", "-c", made)
    assert "It is not the same" in shown.stderr
    assert ADVISORY[0][:40] in shown.stdout


def test_a_database_that_was_changed_is_told(made: Path) -> None:
    change(made, "update archives set sha256 = ?", b"0" * 32)
    assert "the database was changed" in call("digest", "rebuild", "1", "-c", made).output


def test_what_cannot_be_made_again_is_told(made: Path) -> None:
    change(made, "update templates set source = '{{ gone }}'")
    done = call("digest", "rebuild", "1", "-c", made)
    assert (done.exit_code, "'gone' is undefined" in done.output) == (1, True)

    change(made, "delete from outbox")
    done = call("digest", "show", "1", "-c", made)
    assert (done.exit_code, "cannot be made again" in done.stderr) == (1, True)


CHANNELS = """
channels:
  team: {webhook: "https://hook.example/news", secret_file: secret}
  pages: {folder: pages}
  atom: {feed: feeds}
"""


@pytest.fixture
def channels(config: Path) -> Path:
    """The same for three channels beside the two mail addresses."""
    config.with_name("secret").write_text("whsec_" + "c2VjcmV0" * 6)
    written = config.read_text().replace(
        "other@example.org", "other@example.org, team, pages, atom"
    )
    config.write_text(written + CHANNELS)
    return config


@pytest.mark.parametrize(
    ("name", "begins"),
    [("team", '{"type":"digest.scheduled"'), ("atom", "<"), ("pages", "<!DOCTYPE html>")],
)
def test_what_a_channel_gets_is_previewed_as_it_goes_out(
    channels: Path, name: str, begins: str
) -> None:
    shown = call("digest", "preview", "-c", channels, "--to", name, "--eml")
    assert (shown.exit_code, shown.stdout.startswith(begins)) == (0, True)


def test_all_previews_are_shown_whatever_they_are(channels: Path) -> None:
    shown = call("digest", "preview", "-c", channels)
    assert shown.exit_code == 0
    assert shown.stdout.count("To: ") == 5


@pytest.mark.parametrize(("name", "form"), [("team", "--html"), ("pages", "--text")])
def test_a_form_that_a_message_does_not_have_is_told(channels: Path, name: str, form: str) -> None:
    done = call("digest", "preview", "-c", channels, "--to", name, form, "--output", "-")
    assert (done.exit_code, "or --eml" in done.stderr) == (1, True)


def test_the_messages_of_every_way_are_made_again_byte_for_byte(channels: Path) -> None:
    call("digest", "--now", "-c", channels)
    made = told("digest", "list", "-c", channels)

    assert {each["recipient"] for each in made} >= {"team", "pages", "atom"}
    for each in made:
        assert told("digest", "rebuild", each["id"], "-c", channels)["identical"]


def test_a_preview_has_the_links_on_which_its_reader_answers(config: Path) -> None:
    chosen = ("digest", "preview", "-c", config, "--to", "reader@example.org", "--html")
    assert "https://read.example/" not in call(*chosen).stdout

    config.write_text(config.read_text() + "web: {public_url: 'https://read.example'}\n")
    assert "https://read.example/v/" in call(*chosen).stdout
    assert "https://read.example/" not in str(told("digest", "preview", "-c", config))


@pytest.fixture
def page(channels: Path) -> int:
    """The number of the digest that went into a folder."""
    call("digest", "--now", "-c", channels)
    listed = told("digest", "list", "--to", "pages", "-c", channels)
    (number,) = (each["id"] for each in listed)
    return int(number)


def differences(config: Path, number: int) -> list[str]:
    done = call("digest", "rebuild", number, "-c", config, "--json")
    found: list[str] = json.loads(done.stdout)["differences"]
    return found


def test_of_what_differs_the_first_line_is_told_and_no_more_of_it_than_shows_it(
    channels: Path, page: int
) -> None:
    long = f"<title>{'Not ' * 50}"
    change(channels, "update templates set source = replace(source, '<title>', ?)", long)
    change(channels, "update templates set source = replace(source, '</body>', '</body>.')")
    shown = call("digest", "show", page, "-c", channels, "--eml").stdout_bytes.splitlines()
    place = next(n for n, line in enumerate(shown, start=1) if line.startswith(b"<title>"))
    first, reason = differences(channels, page)

    assert first.startswith(f"Line {place} was '<title>")
    assert first.endswith(f", and is '{long[:80]}'.")
    assert reason.startswith("It was made by this version")


def test_what_is_longer_than_it_was_is_told(channels: Path, page: int) -> None:
    change(channels, "update templates set source = source || 'More'")
    first, _ = differences(channels, page)

    assert first.endswith(" was '', and is 'More'.")
