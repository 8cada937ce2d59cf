"""The readers by their names: who they are, and who wants nothing more for now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from monitor.records import Plan, Subscription, same_recipient, valid_address
from monitor.service.app import App
from monitor.service.views import LISTED, NotFound
from monitor.store import subscriptions
from monitor.store.subscriptions import BY_COMMAND


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A recipient of a digest; ``plan`` None: the configuration does not name them any more."""

    subscription: Subscription
    plan: Plan | None


def listing(app: App) -> tuple[Reader, ...]:
    """Return every recipient of every digest, the next to be served first."""
    known = subscriptions.everyone(app.database)
    return tuple(
        Reader(subscription=each, plan=app.plans.get((each.digest, each.recipient)))
        for each in known
    )


def stop(app: App, recipient: str, digest: str | None, now: datetime) -> tuple[Subscription, ...]:
    """Send ``recipient`` nothing more of ``digest``, None: of any; return whom that changes.

    They are returned as they were before: those who had left by mail are stopped already, and
    cannot come back by mail any more. Raises ``NotFound`` where there is no such recipient.
    """
    wanted = named(app, recipient, digest)
    return tuple(
        each for each in wanted if subscriptions.stop(app.database, each.id, now, by=BY_COMMAND)
    )


def resume(app: App, recipient: str, digest: str | None, now: datetime) -> tuple[Subscription, ...]:
    """Serve ``recipient`` again; return those who were stopped, as they are now.

    Raises ``NotFound`` where there is no such recipient.
    """
    wanted = named(app, recipient, digest)
    resumed = {each.id for each in wanted if subscriptions.resume(app.database, each.id, now)}
    return tuple(each for each in subscriptions.everyone(app.database) if each.id in resumed)


def named(app: App, recipient: str | None, digest: str | None) -> Sequence[Subscription]:
    """Return the subscriptions of ``recipient`` to ``digest``, None: to any; also stopped ones.

    Raises ``NotFound`` where there is no such recipient, or not of this digest.
    """
    known = subscriptions.everyone(app.database)
    found = [each for each in known if recipient is None or _same(each.recipient, recipient)]
    if recipient is not None and not found:
        raise NotFound(_unknown("recipient", recipient, [each.recipient for each in known]))
    chosen = [each for each in found if digest in (None, each.digest)]
    if digest is not None and not chosen:
        raise NotFound(_unknown("digest", digest, [each.digest for each in found]))
    return chosen


def _same(known: str, asked: str) -> bool:
    """Whether both name one recipient; what is asked for may be no address at all."""
    spelt = same_recipient(asked) if valid_address(asked) else asked.lower()
    return same_recipient(known) == spelt


def _unknown(what: str, name: str, known: Sequence[str]) -> str:
    there = sorted(set(known))
    close = get_close_matches(name, there, n=1)
    listed = close or there[:LISTED]
    hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(listed) or 'none'}"
    return f"there is no {what} {name}; {hint}"
