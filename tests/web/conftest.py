"""A service with stories that matched, served on a free port."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.service.app import App
from tests.builders import ADVISORY, FOOTBALL, MORNING, rss, write_config
from tests.servers import feed_server
from tests.service.test_backtest import TOPIC, shades, write_topic
from tests.service.test_learn import small_news
from tests.service.walking import opened, walk
from tests.web.site import LATER, PUBLIC, Site, served_site

HOUR = timedelta(hours=1)
HOUR_OF_MAIL = MORNING + HOUR


@pytest.fixture(scope="session")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where a feed was polled, learned from, matched against a topic, and mailed.

    The mail has room for 12 stories, and more match.
    """
    folder = tmp_path_factory.mktemp("mailed")
    with feed_server() as server:
        news = [*small_news(60), *shades(36), ADVISORY, FOOTBALL]
        server.pages["wire.rss"] = rss(news, at=MORNING - HOUR)
        config = write_config(folder, feeds=[server.url("wire.rss")], host=server.host)
        write_topic(config, "advisory", TOPIC)
        whole = config.read_text()
        config.write_text(whole.replace("    timezone: UTC\n", "    timezone: UTC\n    cap: 12\n"))
        with config.open("a") as file:
            file.write(f"web: {{listen: '127.0.0.1:1', public_url: '{PUBLIC}'}}\n")
        walk(config, MORNING)
        walk(config, HOUR_OF_MAIL)
    return folder


@pytest.fixture
def config(walked: Path, tmp_path: Path) -> Path:
    """The configuration of a copy of that folder."""
    return Path(shutil.copytree(walked, tmp_path / "copy")) / "monitor.yaml"


@pytest.fixture
def app(config: Path) -> Iterator[App]:
    with opened(config, LATER) as app:
        yield app


@pytest.fixture
def site(app: App) -> Iterator[Site]:
    with served_site(app) as site:
        yield site


@pytest.fixture(scope="session")
def still(walked: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One site for all tests in which nothing is to change."""
    folder = shutil.copytree(walked, tmp_path_factory.mktemp("still") / "copy")
    with opened(Path(folder) / "monitor.yaml", LATER) as app, served_site(app) as site:
        yield site
