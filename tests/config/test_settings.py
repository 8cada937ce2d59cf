"""What the other rooms are handed: records, absolute paths, secrets at the moment of use."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

import pytest
import yaml

from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.records import FeedSpec, Schedule, Seed, TopicSpec
from tests.config.builders import DIGEST, problem, settings

PAGE = "https://example.org/page"


def test_feeds_become_records_with_the_common_interval_where_they_name_none(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        monitor="polling: {interval: 45m}\n",
        feeds="feeds:\n  - url: https://a.org/x\n"
        "  - {url: https://b.org, title: B, tags: [t, u], interval: 2h, enabled: false,\n"
        "     language: de-AT}\n",
    )
    assert found.feed_specs() == (
        FeedSpec(url="https://a.org/x", interval=timedelta(minutes=45), paced=True),
        FeedSpec(
            url="https://b.org",
            title="B",
            tags=("t", "u"),
            interval=timedelta(hours=2),
            enabled=False,
            language="de",
        ),
    )


def test_a_topic_becomes_a_record_whose_feeds_are_addresses(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        monitor="matching: {language: de}\n",
        topic="name: Iraq\nseeds: [{text: a b}]\nnot: [{text: c}]\nmust: [d]\nany: [e]\n"
        "never: [f]\nfeeds: [Post]\ntags: [world]\nthreshold: 0.5\n",
    )
    assert found.topic_specs({}) == (
        TopicSpec(
            name="Iraq",
            seeds=(Seed(text="a b"),),
            not_seeds=(Seed(text="c"),),
            must=("d",),
            any=("e",),
            never=("f",),
            feeds=("https://example.org/feed",),
            tags=("world",),
            language="de",
            threshold=0.5,
        ),
    )


def test_a_topics_own_language_comes_before_the_common_one(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        monitor="matching: {language: de}\n",
        topic="name: Iraq\nlanguage: fr\nseeds: [{text: a}]\n",
    )
    assert found.topic_specs({})[0].language == "fr"


@pytest.mark.parametrize(
    ("body", "seed"),
    [
        ("One line\n", Seed(text="One line", origin="s.txt")),
        ("Title\n\nBody\r\nmore\n", Seed(title="Title", text="Body\nmore", origin="s.txt")),
        ("\ufeff\n Title \nBody", Seed(title="Title", text="Body", origin="s.txt")),
    ],
)
def test_the_first_of_several_lines_of_a_seed_is_its_title(
    tmp_path: Path, body: str, seed: Seed
) -> None:
    (tmp_path / "topics").mkdir()
    (tmp_path / "topics" / "s.txt").write_bytes(body.encode())
    found = settings(tmp_path, topic="name: Iraq\nseeds: [{file: s.txt}]\n")
    assert found.topic_specs({})[0].seeds == (seed,)


class TestSeedPages:
    TOPIC = f"name: Iraq\nseeds: [{{url: '{PAGE}'}}]\nnot: [{{url: '{PAGE}'}}, {{text: c}}]\n"
    SEED = Seed(text="fetched", origin=PAGE)

    def test_their_addresses_are_named_once(self, tmp_path: Path) -> None:
        assert settings(tmp_path, topic=self.TOPIC).seed_urls() == (PAGE,)

    def test_a_page_at_hand_takes_its_place(self, tmp_path: Path) -> None:
        (topic,) = settings(tmp_path, topic=self.TOPIC).topic_specs({PAGE: self.SEED})
        assert topic.seeds == (self.SEED,)
        assert topic.not_seeds == (self.SEED, Seed(text="c"))

    def test_a_topic_without_any_seed_at_hand_is_left_out(self, tmp_path: Path) -> None:
        assert settings(tmp_path, topic=self.TOPIC).topic_specs({}) == ()

    def test_a_topic_that_is_left_out_keeps_its_name(self, tmp_path: Path) -> None:
        assert settings(tmp_path, topic=self.TOPIC).topic_names() == {"Iraq"}


@pytest.mark.parametrize(
    ("written", "schedule"),
    [
        ('{daily: "07:00"}', Schedule(times=(time(7),), zone="Europe/Berlin")),
        ("{daily: 7:05}", Schedule(times=(time(7, 5),), zone="Europe/Berlin")),
        ("{daily: 19:30}", Schedule(times=(time(19, 30),), zone="Europe/Berlin")),
        (
            '{weekly: {day: Sunday, at: "18:00"}}',
            Schedule(times=(time(18),), weekdays=frozenset({6}), zone="Europe/Berlin"),
        ),
        (
            "{at: ['19:00', '7:00', '07:00']}",
            Schedule(times=(time(7), time(19)), zone="Europe/Berlin"),
        ),
    ],
)
def test_a_schedule_becomes_a_record(tmp_path: Path, written: str, schedule: Schedule) -> None:
    digest = f"name: x, recipients: [a@b.c], timezone: Europe/Berlin, schedule: {written}"
    found = settings(tmp_path, monitor=f"digests: [{{{digest}}}]\n")
    assert found.plan("x", "a@b.c").schedule == schedule


def test_a_digest_without_topics_tells_of_all(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert found.plan("daily", "a@example.org").topics == ("Iraq",)


def test_paths_begin_at_the_folder_of_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    from monitor.config import load

    found = load(Path("mine/monitor.yaml"))
    assert found.path == tmp_path / "mine" / "monitor.yaml"
    assert found.mail.folder == tmp_path / "mine" / "outbox"
    assert found.database_url() == f"sqlite:///{tmp_path}/mine/monitor.db"


def test_an_absolute_database_path_stays(tmp_path: Path) -> None:
    found = settings(tmp_path, monitor="database: sqlite:////var/lib/x/monitor.db\n")
    assert found.database_url() == "sqlite:////var/lib/x/monitor.db"


def test_allowed_addresses_are_exact_pairs(tmp_path: Path) -> None:
    listed = 'polling: {allow_addresses: ["127.0.0.1:8080", "[::1]:81", "Feeds.local:80"]}\n'
    assert settings(tmp_path, monitor=listed).allowed_addresses() == {
        ("127.0.0.1", 8080),
        ("::1", 81),
        ("feeds.local", 80),
    }


def test_the_user_agent_names_the_program_and_whom_to_ask(tmp_path: Path) -> None:
    assert settings(tmp_path).user_agent("1.2") == "newsmonitor/1.2"
    asked = settings(tmp_path, monitor="polling: {contact: you@example.org}\n")
    assert asked.user_agent("1.2") == "newsmonitor/1.2 (you@example.org)"


@pytest.mark.parametrize(
    ("written", "port"),
    [("", 587), (", security: tls", 465), (", security: none", 25), (", port: 2525", 2525)],
)
def test_the_port_follows_the_security_unless_it_is_given(
    tmp_path: Path, written: str, port: int
) -> None:
    found = settings(tmp_path, monitor=f"mail: {{smtp: {{host: mail.local{written}}}}}\n")
    assert found.mail.smtp is not None
    assert found.mail.smtp.port == port


def smtp(folder: Path, login: str) -> Settings:
    return settings(folder, monitor=f"mail: {{smtp: {{host: a, user: me, {login}}}}}\n")


def password(found: Settings, **environ: str) -> str:
    assert found.mail.smtp is not None
    secret = found.mail.smtp.password(environ)
    assert secret is not None
    return secret.get_secret_value()


class TestSecrets:
    def private(self, folder: Path, text: str, mode: int = 0o600) -> Path:
        path = folder / "secret"
        path.write_text(text)
        path.chmod(mode)
        return path

    def refused(self, found: Settings, **environ: str) -> str:
        with pytest.raises(ConfigError) as caught:
            password(found, **environ)
        return str(caught.value)

    def test_without_user_there_is_no_password(self, tmp_path: Path) -> None:
        found = settings(tmp_path, monitor="mail: {smtp: {host: a}}\n").mail.smtp
        assert found is not None
        assert found.password({}) is None

    def test_a_password_comes_from_the_environment(self, tmp_path: Path) -> None:
        assert password(smtp(tmp_path, "password_env: PW"), PW="hunter2") == "hunter2"

    def test_the_environment_may_name_a_file_instead(self, tmp_path: Path) -> None:
        path = self.private(tmp_path, "hunter2\n")
        assert password(smtp(tmp_path, "password_env: PW"), PW_FILE=str(path)) == "hunter2"

    def test_a_password_comes_from_a_file_beside_the_configuration(self, tmp_path: Path) -> None:
        self.private(tmp_path, " with blanks \r\n")
        assert password(smtp(tmp_path, "password_file: secret")) == " with blanks "

    def test_it_is_read_when_it_is_needed_and_not_before(self, tmp_path: Path) -> None:
        found = smtp(tmp_path, "password_file: secret")
        self.private(tmp_path, "late")
        assert password(found) == "late"

    def test_a_variable_that_is_not_set_is_named(self, tmp_path: Path) -> None:
        said = self.refused(smtp(tmp_path, "password_env: PW"))
        assert said == (
            "mail.smtp.password_env: the variable PW is not set; set it, or PW_FILE to a path"
        )

    @pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
    def test_a_file_that_others_may_read_is_refused(self, tmp_path: Path, mode: int) -> None:
        path = self.private(tmp_path, "hunter2", mode)
        said = self.refused(smtp(tmp_path, "password_file: secret"))
        assert f"may be read by others (mode {mode:04o}); run: chmod 600 {path}" in said
        assert "hunter2" not in said

    def test_a_missing_or_empty_file_is_refused(self, tmp_path: Path) -> None:
        found = smtp(tmp_path, "password_file: secret")
        assert "does not exist" in self.refused(found)
        self.private(tmp_path, "\n")
        assert "is empty" in self.refused(found)

    def test_no_text_of_the_settings_holds_the_secret(self, tmp_path: Path) -> None:
        self.private(tmp_path, "hunter2")
        found = smtp(tmp_path, "password_file: secret")
        assert found.mail.smtp is not None
        secret = found.mail.smtp.password({})
        assert "hunter2" not in f"{found!r} {found.show()} {secret!r} {secret}"

    @pytest.mark.parametrize(
        "written",
        [
            "mail: {smtp: {host: a, user: me, password: hunter2}}",
            "mail: {smtp: {host: a, user: me, password_env: hunter-2}}",
            "database: postgresql://me:hunter2@host/db",
            "database: postgresql://me@host/db?password=hunter2",
            "database_password: hunter2",
        ],
    )
    def test_a_secret_in_the_file_is_refused_and_not_repeated(
        self, tmp_path: Path, written: str
    ) -> None:
        found = problem(tmp_path, monitor=f"{written}\n")
        assert "hunter" not in found

    @pytest.mark.parametrize(
        ("login", "said"),
        [
            ("user: me", "mail.smtp: has none; write exactly one of password_env, password_f"),
            ("password_env: A", "mail.smtp: has a password but no user; add user"),
            ("user: me, password_env: A, password_file: b", "has password_env and password_file"),
            ("user: me, password_env: A, security: none", "would send a password unprotected"),
        ],
    )
    def test_a_login_is_whole_and_protected(self, tmp_path: Path, login: str, said: str) -> None:
        assert said in problem(tmp_path, monitor=f"mail: {{smtp: {{host: a, {login}}}}}\n")

    def test_the_database_password_is_put_into_its_address_at_need(self, tmp_path: Path) -> None:
        written = "database: postgresql://me@host:5433/db?sslmode=require\n"
        found = settings(tmp_path, monitor=f"{written}database_password_env: PW\n")
        url = found.database_url({"PW": "a/b@c"})
        assert url == "postgresql://me:a%2Fb%40c@host:5433/db?sslmode=require"
        assert "a/b@c" not in found.show()

    def test_a_database_may_need_no_password(self, tmp_path: Path) -> None:
        found = settings(tmp_path, monitor="database: postgresql:///db?host=/run/postgresql\n")
        assert found.database_url({}) == "postgresql:///db?host=/run/postgresql"

    @pytest.mark.parametrize(
        ("database", "said"),
        [
            ("sqlite:///x.db", "has a password for a SQLite file"),
            ("postgresql://host/db", "has a password for a database without user"),
        ],
    )
    def test_a_password_needs_somebody_to_show_it(
        self, tmp_path: Path, database: str, said: str
    ) -> None:
        written = f"database: {database}\ndatabase_password_env: PW\n"
        assert said in problem(tmp_path, monitor=written)


class TestShow:
    def shown(self, found: Settings) -> dict[str, object]:
        read = yaml.safe_load(found.show())
        assert isinstance(read, dict)
        return read

    def test_every_default_is_filled_in(self, tmp_path: Path) -> None:
        shown = self.shown(settings(tmp_path))
        assert shown["keep"] == "90d"
        assert shown["polling"] == {
            "interval": "30m",
            "floor": "5m",
            "ceiling": "4h",
            "first_poll_keeps": "1d",
            "concurrency": 20,
            "per_host": 2,
            "timeout": "30s",
            "max_body": "10MiB",
            "allow_addresses": [],
            "contact": "",
        }
        assert shown["mail"] == {
            "from": "News monitor <monitor@localhost>",
            "folder": str(tmp_path / "outbox"),
        }

    def test_a_mail_server_is_shown_with_the_name_of_its_secret(self, tmp_path: Path) -> None:
        shown = self.shown(smtp(tmp_path, "password_env: PW"))
        assert shown["mail"] == {
            "from": "News monitor <monitor@localhost>",
            "smtp": {
                "host": "a",
                "security": "starttls",
                "port": 587,
                "user": "me",
                "password_env": "PW",
            },
        }

    def test_what_is_shown_reads_back_as_the_same(self, tmp_path: Path) -> None:
        written = (
            f"digests: [{{{DIGEST}}}]\nkeep: 2w\n"
            'polling: {allow_addresses: ["[::1]:80"], max_body: 1KiB, timeout: 90s}\n'
        )
        found = settings(tmp_path, monitor=written)
        shown = self.shown(found)
        again = {key: value for key, value in shown.items() if key not in {"feeds", "topics"}}
        assert settings(tmp_path, monitor=yaml.safe_dump(again)).main == found.main
