"""The whole walk on sample feeds: a real HTTP server, the same code as the service, a digest."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import urlsplit

from monitor.config import Settings, load, write_examples
from monitor.demo.server import sample_feeds, served
from monitor.errors import MonitorError
from monitor.records import StepReport, told_counts
from monitor.service.app import App, open_app, sync
from monitor.service.deliver import deliver
from monitor.service.digest import digest
from monitor.service.learn import learn
from monitor.service.match import match
from monitor.service.poll import poll

CONFIG = """\
# Written by `monitor demo`; the topic is the one that `monitor init` writes.
database: sqlite:///monitor.db
feeds: feeds.yaml
topics: topics
polling:
  allow_addresses: ["{host}"]   # the sample feeds are served from this machine
digests:
  - name: demo
    recipients: [reader@example.org]
    schedule: {{daily: "07:00"}}
    timezone: UTC
mail:
  from: News monitor <monitor@example.org>
  folder: outbox
"""
MARK = ".monitor-demo"


def run_demo(folder: Path, now: datetime, say: Callable[[str], None]) -> None:
    """Poll, match and mail the sample feeds, with everything below ``folder``."""
    _make_anew(folder)
    with served(sample_feeds(now)) as address:
        say(f"Serving {len(sample_feeds(now))} sample feeds on {address}")
        settings = _configure(folder, address, sorted(sample_feeds(now)))
        with open_app(settings, owner="demo", rng=random.Random(0)) as app:  # noqa: S311
            sync(app, now)
            for report in _walk(app, now):
                say(f"{report.step:8} {told_counts(report.counts)}")
    _show(folder, say)


def _make_anew(folder: Path) -> None:
    """Empty the folder of an earlier demo; never touch one that is not a demo's."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise MonitorError(f"{folder} is not empty and not a demo's: name another --folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()


def _configure(folder: Path, address: str, names: list[str]) -> Settings:
    write_examples(folder)
    feeds = "".join(f"  - url: {address}/{name}\n" for name in names)
    (folder / "feeds.yaml").write_text(f"feeds:\n{feeds}", encoding="utf-8")
    config = CONFIG.format(host=urlsplit(address).netloc)
    (folder / "monitor.yaml").write_text(config, encoding="utf-8")
    return load(folder / "monitor.yaml")


def _walk(app: App, now: datetime) -> list[StepReport]:
    steps = (poll, learn, match)
    return [
        *(step(app, now) for step in steps),
        digest(app, now, at_once=True),
        deliver(app, now),
    ]


def _show(folder: Path, say: Callable[[str], None]) -> None:
    """Print the mail's text part and leave its HTML part beside it."""
    (path,) = (folder / "outbox").glob("*.eml")
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    if text is None or html is None:
        raise MonitorError(f"{path} lacks its text or HTML part")
    page = path.with_suffix(".html")
    page.write_text(html.get_content(), encoding="utf-8")
    say(f"\nSubject: {mail['Subject']}\n\n{text.get_content()}")
    say(
        f"The mail:      {path}\nIts HTML part: {page}\nThe rest:      {folder}/ (try `monitor "
        f"status -c {folder / 'monitor.yaml'}`)"
    )
