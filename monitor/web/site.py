"""The pages behind their addresses: an ASGI application.

request -> guard -> form, bounded -> page, in one of a few threads -> answer
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from monitor.config.web import WebSettings
from monitor.service.app import App
from monitor.service.links import LEAVE, REST, VERDICT, signer_of
from monitor.web.feeds import Feeds
from monitor.web.guard import Addresses, Guard, says_where
from monitor.web.pages import Pages, busy, explained
from monitor.web.show import style_hash

LONGEST_FORM = 4096
"""Bytes; our own forms and the one click of mail providers need some two hundred."""
PATIENCE = 10.0
"""Seconds in which a form has to be here."""
LONGEST_WAIT = 25.0
"""Seconds for a page, in which another program may hold the database; then the answer is 503."""

Clock = Callable[[], datetime]
Make = Callable[[], Response]


def build(app: App, web: WebSettings, threads: Executor, clock: Clock) -> ASGIApp:
    """Return the application that serves the pages of ``app``; raises ``ConfigError``."""
    site = _Site(Pages(app, signer_of(web)), Feeds.of(app.settings), threads, clock)
    router = Router(
        [
            Route(f"/{VERDICT}/{{token}}", site.verdict, methods=["GET", "POST"]),
            Route(f"/{LEAVE}/{{token}}", site.leave, methods=["GET", "POST"]),
            Route(f"/{REST}/{{token}}", site.rest, methods=["GET"]),
            Route("/feeds/{channel}/{name}", site.feed, methods=["GET"]),
            Route("/healthz", site.health, methods=["GET"]),
            Route("/robots.txt", _robots, methods=["GET"]),
        ],
        redirect_slashes=False,
    )
    return Guard(router, Addresses.of(web), style=style_hash(), open_path=f"/{LEAVE}/")


class _Site:
    def __init__(self, pages: Pages, feeds: Feeds, threads: Executor, clock: Clock) -> None:
        self._pages = pages
        self._feeds = feeds
        self._threads = threads
        self._clock = clock

    async def verdict(self, request: Request) -> Response:
        token: str = request.path_params["token"]
        if request.method != "POST":
            return await self._made(lambda: self._pages.ask(token, self._clock()))
        form = await _form(request)
        if isinstance(form, Response):
            return form
        return await self._made(lambda: self._pages.answer(token, form, self._clock()))

    async def leave(self, request: Request) -> Response:
        token: str = request.path_params["token"]
        if request.method != "POST":
            return await self._made(lambda: self._pages.ask_to_leave(token, self._clock()))
        form = await _form(request)
        if isinstance(form, Response):
            return form
        from_page = says_where(request.headers)
        return await self._made(
            lambda: self._pages.leave(token, form, self._clock(), from_page=from_page)
        )

    async def rest(self, request: Request) -> Response:
        token: str = request.path_params["token"]
        return await self._made(lambda: self._pages.rest(token, self._clock()))

    async def feed(self, request: Request) -> Response:
        channel, name = (request.path_params[each] for each in ("channel", "name"))
        known = request.headers.get("if-none-match", "")
        return await self._made(lambda: self._feeds.answer(channel, name, known))

    async def health(self, _request: Request) -> Response:
        return await self._made(lambda: self._pages.health(self._clock()))

    async def _made(self, make: Make) -> Response:
        """A page made in a thread: neither other requests nor the steps wait for it."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                return await loop.run_in_executor(self._threads, lambda: explained(make))
        except TimeoutError:
            return busy()


async def _robots(_request: Request) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


async def _form(request: Request) -> bytes | Response:
    """The body of a request, or the answer to one that is too long or too slow."""
    body = b""
    try:
        async with asyncio.timeout(PATIENCE):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LONGEST_FORM:
                    return PlainTextResponse("Too much.\n", 413, {"Connection": "close"})
    except TimeoutError:
        return PlainTextResponse("Too slow.\n", 408, {"Connection": "close"})
    return body
