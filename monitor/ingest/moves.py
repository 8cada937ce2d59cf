"""Where a feed is asked after it was redirected. Pure."""

from __future__ import annotations

from monitor.errors import AddressRefused, FetchError
from monitor.records import MOVES_CONFIRMED, Feed, Move

_GONE = frozenset({404, 410})
_PATIENCE = 5
"""Failures in a row of whatever kind, after which the owner's address is tried again: a day."""


def move_after(move: Move, moved_to: str | None, asked: str) -> Move:
    """Return the move of a feed after it answered, having been ``asked`` at that address.

    ``moved_to``: where redirects that were all permanent led; None: nowhere, or one was temporary.

    Before ``MOVES_CONFIRMED``, the same address counts one more, another begins at one, and none
    forgets the count. From then on the new address is asked (``Feed.address``) and is kept as long
    as it answers. It may redirect for ever as well: that is followed at each poll, and counted in
    ``times`` above ``MOVES_CONFIRMED``. As many of these in a row again, and the address that the
    last one led to takes its place, confirmed; one without begins the count anew. (Only the last
    target is known then: one that changes each time is a redirect for ever all the same, and what
    fails later leads back to the owner's address by :func:`move_failed`.)
    """
    target = None if moved_to == asked else moved_to
    if asked == move.url and move.times >= MOVES_CONFIRMED:
        return _onward(move, target)
    if target is None:
        return Move()
    return Move(url=target, times=move.times + 1 if target == move.url else 1)


def move_failed(feed: Feed, error: Exception) -> Move:
    """Return the move of ``feed`` after a poll failed with ``error``; ``feed`` is as before it.

    A confirmed address that is gone (404, 410), is refused, or has failed for about a day is
    forgotten, and the owner's is asked again. Otherwise nothing changes.
    """
    dead = isinstance(error, FetchError) and error.status in _GONE
    lasting = feed.failures + 1 >= _PATIENCE
    forgotten = dead or lasting or isinstance(error, AddressRefused)
    return Move() if forgotten and feed.address != feed.spec.url else feed.move


def _onward(move: Move, target: str | None) -> Move:
    if target is None:
        return Move(url=move.url, times=MOVES_CONFIRMED)
    if move.times + 1 < 2 * MOVES_CONFIRMED:
        return Move(url=move.url, times=move.times + 1)
    return Move(url=target, times=MOVES_CONFIRMED)
