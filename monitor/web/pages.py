"""The pages: what each link shows on GET, and what each form does on POST. Nothing acts on GET."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, PlainTextResponse, Response

from monitor.errors import StoreError
from monitor.notify.tokens import BadToken, Claim, Purpose, Signer
from monitor.records import Subscription
from monitor.service import answers
from monitor.service.answers import Gone, TooOften
from monitor.service.app import App
from monitor.service.links import Links
from monitor.service.verdicts import Given
from monitor.service.views import NotFound, late
from monitor.store import vitals
from monitor.web import show
from monitor.web.rest import STORIES, rest_page

_ONE_CLICK = re.compile(rb"List-Unsubscribe\b.{0,200}?One-Click", re.IGNORECASE | re.DOTALL)
"""RFC 8058, both as ``key=value`` and as multipart/form-data."""
_ABOVE = ".."
"""Where the other pages are, as seen from one: whatever the path before them."""
_VERDICT = (Purpose.MORE, Purpose.LESS)
_ANSWERS = {"more": True, "less": False}


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one service; each takes a moment to make and may be made in any thread."""

    app: App
    signer: Signer

    def ask(self, token: str, now: datetime) -> Response:
        """Show the story of a link, and a button for each answer."""
        claim = self._claim(token, now, _VERDICT)
        wanted = claim.purpose is Purpose.MORE
        return HTMLResponse(show.question_page(answers.asked(self.app, claim), wanted=wanted))

    def answer(self, token: str, form: bytes, now: datetime) -> Response:
        """Give the verdict of the button that was pressed, or take one back."""
        claim = self._claim(token, now, _VERDICT)
        given = self._given(claim, _fields(form), now)
        if given is None:
            told = "The form says neither of the answers. Open the link of the mail again."
            return _plain("That did not work", told, status=400)
        wanted = claim.purpose is Purpose.MORE
        return HTMLResponse(show.outcome_page(given, wanted=wanted))

    def _given(self, claim: Claim, said: dict[str, str], now: datetime) -> Given | None:
        wanted, number = _ANSWERS.get(said.get("answer", "")), said.get("undo", "")
        if wanted is not None:
            return answers.answer(self.app, claim, wanted=wanted, now=now)
        if re.fullmatch(r"[0-9]{1,15}", number):
            return answers.take_back(self.app, claim, int(number), now)
        return None

    def ask_to_leave(self, token: str, now: datetime) -> Response:
        """Ask whether a digest is to end for its reader, or tell that it has."""
        reader = answers.reader_of(self.app, self._claim(token, now, (Purpose.UNSUBSCRIBE,)))
        return _leave(reader, stopped=reader.stopped_at is not None)

    def leave(self, token: str, form: bytes, now: datetime, *, from_page: bool) -> Response:
        """End a digest for its reader, or begin it again; one click of a mail program acts too.

        ``from_page``: a browser says that the form stood on our page, so that its buttons count.
        """
        claim, said = self._claim(token, now, (Purpose.UNSUBSCRIBE,)), _fields(form)
        if _ONE_CLICK.search(form):
            answers.leave(self.app, claim, now)
            return PlainTextResponse("Unsubscribed.\n")
        if from_page and "again" in said:
            return _leave(answers.come_back(self.app, claim, now), done="Subscribed again")
        if from_page and "stop" in said:
            return _leave(answers.leave(self.app, claim, now), stopped=True)
        return _plain("That did not work", "Open the link of the mail again.", status=400)

    def rest(self, token: str, now: datetime) -> Response:
        """List what a digest left out, each story with its own links to answer on."""
        claim = self._claim(token, now, (Purpose.REST,))
        found = answers.rest_of(self.app, claim, limit=STORIES)
        links = Links(_ABOVE, self.signer, found.reader, claim.expires_at)
        return HTMLResponse(rest_page(found, links))

    def health(self, now: datetime) -> Response:
        """200 while every step gives signs of life, else 503; never which."""
        is_late = bool(late(vitals.beats(self.app.database), now))
        return PlainTextResponse("late\n" if is_late else "ok\n", 503 if is_late else 200)

    def _claim(self, token: str, now: datetime, purposes: tuple[Purpose, ...]) -> Claim:
        claim = self.signer.read(token, now)
        if claim.purpose not in purposes:
            raise BadToken("the link was made for another page")
        return claim


def explained(make: Callable[[], Response]) -> Response:
    """Return what ``make`` makes, or a page that says in words why it cannot be made."""
    try:
        return make()
    except BadToken as error:
        return _bad_link(error)
    except Gone as error:
        return _plain("Not there any more", str(error), error.command, status=410)
    except TooOften as error:
        return _plain("Too often", str(error), error.command, status=429)
    except NotFound as error:
        told = str(error)
        return _plain("That did not work", f"{told[:1].upper()}{told[1:]}.", status=409)
    except StoreError:
        return busy()


def _leave(reader: Subscription, *, stopped: bool = False, done: str = "") -> Response:
    return HTMLResponse(show.leave_page(reader, stopped=stopped, done=done))


def _bad_link(error: BadToken) -> Response:
    if error.expired:
        told = (
            "The mail is too old: its links have ended."
            " A newer mail has new ones, and a command works at any time."
        )
        return _plain("This link has ended", told, _COMMANDS, status=410)
    told = (
        "The link is not complete, or not one of this service. If you copied it, copy all of it;"
        " else open it from the mail itself."
    )
    return _plain("This link does not work", told, _COMMANDS, status=404)


_COMMANDS = """monitor verdict STORY yes --topic TOPIC
monitor recipients stop ADDRESS
monitor matches --cut"""


def busy() -> Response:
    """Return the page for when the database keeps everybody waiting."""
    told = "The database of the service does not answer just now. Try again in a minute."
    answer = _plain("Not now", told, status=503)
    answer.headers["Retry-After"] = "60"
    return answer


def _plain(title: str, told: str, command: str | None = None, *, status: int) -> Response:
    return HTMLResponse(show.plain_page(title, told, command), status)


def _fields(form: bytes) -> dict[str, str]:
    """The fields of a form; of anything else none."""
    try:
        found = parse_qs(form.decode("ascii"), max_num_fields=10)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items()}
