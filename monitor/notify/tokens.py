"""Signed words for the links of a mail: what they are about, and until when. Pure.

claim -> bytes, authenticated by HMAC-SHA256 (RFC 2104) cut to 128 bits -> base64url
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from hashlib import sha256

from monitor.errors import MonitorError
from monitor.records.times import Timed

MAC = 16
"""Bytes of the code that are sent: half of it, the least that RFC 2104 (section 5) allows."""
LONGEST = 100
"""Characters; no claim makes a longer token, so what is longer need not be looked at."""
_MADE_FOR = b"newsmonitor link 1\0"
"""Set before every claim, so that what the key signs elsewhere is no token."""
_HOUR = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BadToken(MonitorError):
    """A token that was not made here, or whose time is over (``expired``)."""

    def __init__(self, message: str, *, expired: bool = False) -> None:
        super().__init__(message)
        self.expired = expired


class Purpose(IntEnum):
    """What a link is for; the number stands in the token and never changes its meaning."""

    MORE = 1
    LESS = 2
    UNSUBSCRIBE = 3
    REST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Timed):
    """What a token says. ``expires_at`` is kept to the hour, the next one.

    ``subscription``, ``topic`` and ``story`` are the numbers of stored rows; 0: the purpose needs
    none. ``reader_mark`` and ``story_mark`` are what :func:`mark` makes of the rows themselves: a
    database that was made anew gives the numbers to others.
    """

    purpose: Purpose
    subscription: int
    topic: int = 0
    story: int = 0
    reader_mark: int
    story_mark: int = 0
    expires_at: datetime


def mark(what: str) -> int:
    """Return 28 bits of a hash of ``what``: enough to tell rows apart, and short in a link."""
    return int.from_bytes(sha256(what.encode("utf-8", "surrogatepass")).digest()[:4]) >> 4


class Signer:
    """Makes and reads tokens by one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, claim: Claim) -> str:
        """Return the token of a claim, about 45 characters of ``A-Za-z0-9_-``; always the same."""
        said = _pack(claim)
        return urlsafe_b64encode(said + self._code(said)).rstrip(b"=").decode("ascii")

    def read(self, token: str, now: datetime) -> Claim:
        """Return what a token says; :class:`BadToken` for anything that was not signed so."""
        raw = _bytes_of(token)
        said, code = raw[:-MAC], raw[-MAC:]
        if not hmac.compare_digest(code, self._code(said)):
            raise BadToken("the link was not made by this service, or not copied as a whole")
        claim = _unpack(said)
        if claim.expires_at <= now:
            raise BadToken(f"the link ended on {claim.expires_at:%Y-%m-%d}", expired=True)
        return claim

    def _code(self, said: bytes) -> bytes:
        return hmac.digest(self._key, _MADE_FOR + said, "sha256")[:MAC]

    def __repr__(self) -> str:
        return "Signer()"


def _bytes_of(token: str) -> bytes:
    """The bytes of a token that is spelt as it was made; of anything else none."""
    if len(token) > LONGEST or not token.isascii():
        return b""
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return b""
    # the decoder passes over foreign characters, and over the last bits
    return raw if urlsafe_b64encode(raw).rstrip(b"=").decode("ascii") == token else b""


def _pack(claim: Claim) -> bytes:
    hours = -((_EPOCH - claim.expires_at) // _HOUR)
    numbers = (claim.purpose, claim.subscription, claim.topic, claim.story)
    return b"".join(map(_number, (*numbers, claim.reader_mark, claim.story_mark, hours)))


def _number(value: int) -> bytes:
    """A number in groups of seven bits, the least first; all but the last have the high bit."""
    if not 0 <= value < 2**63:
        raise ValueError(f"{value} cannot stand in a token")
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])


def _unpack(said: bytes) -> Claim:
    """Read what :func:`_pack` wrote: only what was signed comes here."""
    purpose, subscription, topic, story, reader_mark, story_mark, hours = _numbers(said)
    return Claim(
        purpose=Purpose(purpose),
        subscription=subscription,
        topic=topic,
        story=story,
        reader_mark=reader_mark,
        story_mark=story_mark,
        expires_at=_EPOCH + hours * _HOUR,
    )


def _numbers(said: bytes) -> list[int]:
    found, value, shift = [], 0, 0
    for byte in said:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            found.append(value)
            value, shift = 0, 0
    return found
