"""The running pages as tests use them: a client, links, and what the database holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import httpx

from monitor.notify.tokens import Claim, Purpose
from monitor.records import MatchedStory, Subscription, Topic
from monitor.service.app import App
from monitor.service.links import LEAVE, REST, VERDICT, farewell, remainder, signer_of, verdict
from monitor.store import matches, subscriptions, topics
from monitor.web.server import serving
from tests.builders import ADVISORY, MORNING

PUBLIC = "https://news.example/monitor"
LATER = MORNING + timedelta(hours=1)
BROWSER = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
"""What a browser says of a form on a page of ours, which asks for no referrer."""


@dataclass
class Site:
    """Running pages; ``now`` is the time they see."""

    app: App
    host: str = ""
    now: datetime = LATER
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self, **headers: str) -> httpx.Client:
        """A client that follows nothing, and keeps no connection that others may need."""
        said = {"Connection": "close", **headers}
        made = httpx.Client(base_url=f"http://{self.host}", headers=said, trust_env=False)
        self.clients.append(made)
        return made

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client(**headers).get(path)

    def press(self, path: str, **form: str) -> httpx.Response:
        """Send a form as the browser does that shows the page."""
        return self.client(**BROWSER).post(path, data=form)

    def token(self, purpose: Purpose, **changed: Any) -> str:
        """A link's token: of the story that resembles the topic most, unless ``changed``."""
        end = LATER + timedelta(days=30)
        if purpose is Purpose.UNSUBSCRIBE:
            claim = farewell(self.reader(), end)
        elif purpose is Purpose.REST:
            claim = remainder(self.reader(), end)
        else:
            claim = verdict(purpose, self.reader(), self.hit(), end)
        return self.signed(replace(claim, **changed))

    def signed(self, claim: Claim) -> str:
        """The token of a claim by the key of the service."""
        assert self.app.settings.web is not None
        return signer_of(self.app.settings.web).sign(claim)

    def more(self, **changed: Any) -> str:
        return f"/{VERDICT}/{self.token(Purpose.MORE, **changed)}"

    def less(self, **changed: Any) -> str:
        return f"/{VERDICT}/{self.token(Purpose.LESS, **changed)}"

    def farewell(self, **changed: Any) -> str:
        return f"/{LEAVE}/{self.token(Purpose.UNSUBSCRIBE, **changed)}"

    def rest(self, **changed: Any) -> str:
        return f"/{REST}/{self.token(Purpose.REST, **changed)}"

    def hit(self) -> MatchedStory:
        """The match that was mailed first of all."""
        found = matches.listing(
            self.app.database, topic="advisory", states=["hit"], since=None, limit=1000
        )
        return next(each for each in found if each.story.title == ADVISORY[0])

    def reader(self) -> Subscription:
        (found,) = subscriptions.everyone(self.app.database)
        return found

    def topic(self) -> Topic:
        (found,) = topics.all_topics(self.app.database)
        return found

    def dump(self) -> list[str]:
        """Every row of every table."""
        assert self.app.database.file is not None
        with closing(sqlite3.connect(self.app.database.file)) as connection:
            return list(connection.iterdump())


@contextmanager
def served_site(app: App) -> Iterator[Site]:
    """The pages of ``app`` on a free port, under a clock of the test's."""
    site = Site(app)
    with serving(on_free_port(app), lambda: site.now) as served:
        site.host = served.host
        try:
            yield site
        finally:
            for client in site.clients:
                client.close()
    assert served.ended


def on_free_port(app: App) -> App:
    """The same, with pages on any port that is free."""
    assert app.settings.web is not None
    free = app.settings.web.model_copy(update={"listen": ("127.0.0.1", 0)})
    main = app.settings.main.model_copy(update={"web": free})
    object.__setattr__(app.settings, "main", main)
    return app
