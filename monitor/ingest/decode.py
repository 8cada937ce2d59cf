"""Undoing a body's Content-Encoding within fixed memory. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from monitor.errors import FetchError

_PIECE = 64 * 1024
_MAX_CHUNKS = 100_000
"""Of a body: each costs the same whether it brings a byte or 64 kB."""

_MAX_CODINGS = 2
_MAX_MEMBERS = 16
_GZIP_MAGIC = b"\x1f\x8b"


class Decoder:
    """Collects one body: ``feed`` every chunk from the wire, then ``finish``.

    ``content_encoding`` is the header's value: at most two codings, gzip or identity. Neither the
    wire, nor the body, nor what lies between two codings may exceed ``max_bytes``.
    Every method raises ``FetchError``.
    """

    def __init__(self, content_encoding: str, max_bytes: int) -> None:
        self._stages = [_Gunzip(max_bytes) for _ in range(_count_gzip(content_encoding))]
        self._max_bytes = max_bytes
        self._body = bytearray()
        self._wire = 0
        self._chunks = 0

    @property
    def size(self) -> int:
        """How many bytes came over the wire."""
        return self._wire

    def feed(self, chunk: bytes) -> None:
        """Take the next chunk as it came over the wire."""
        self._wire += len(chunk)
        self._chunks += 1
        if self._wire > self._max_bytes:
            raise _too_large(self._max_bytes)
        if self._chunks > _MAX_CHUNKS:
            raise FetchError(f"the body comes in more than {_MAX_CHUNKS:,} pieces")
        pieces: Iterator[bytes] = iter((chunk,))
        for stage in self._stages:
            pieces = stage.unpack(pieces)
        for piece in pieces:
            self._body += piece

    def finish(self) -> bytes:
        """Return the body; one that was cut off is an error, since its rest would be lost."""
        if not all(stage.complete for stage in self._stages):
            raise FetchError("the compressed body was cut off before its end")
        return bytes(self._body)


def _count_gzip(content_encoding: str) -> int:
    codings = [each.strip().lower() for each in content_encoding.split(",")]
    codings = [each for each in codings if each not in ("", "identity")]
    unknown = [each for each in codings if each not in ("gzip", "x-gzip")]
    if unknown:
        raise FetchError(f"content coding {unknown[0][:20]!r} was not asked for and is not read")
    if len(codings) > _MAX_CODINGS:
        raise FetchError(f"{len(codings)} content codings on top of each other; at most two")
    return len(codings)


def _too_large(max_bytes: int) -> FetchError:
    return FetchError(f"the body is larger than {max_bytes:,} bytes")


class _Gunzip:
    """One gzip layer: never hands out more than ``_PIECE`` at once, nor ``max_bytes`` in all."""

    def __init__(self, max_bytes: int) -> None:
        self._member = zlib.decompressobj(wbits=31)
        self._members = 1
        self._behind = b""
        self._max_bytes = max_bytes
        self._unpacked = 0

    @property
    def complete(self) -> bool:
        return self._member.eof

    def unpack(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            yield from self._unpack(piece)

    def _unpack(self, packed: bytes) -> Iterator[bytes]:
        while True:
            if self._member.eof:
                packed = self._behind + packed
                if not self._next_member(packed):
                    return
            try:
                piece = self._member.decompress(packed, _PIECE)
            except zlib.error as error:
                raise FetchError(f"the body is not valid gzip ({error})") from error
            self._unpacked += len(piece)
            if self._unpacked > self._max_bytes:
                raise _too_large(self._max_bytes)
            yield piece
            packed = self._member.unconsumed_tail or self._member.unused_data
            # A full piece may leave output inside zlib although all input is consumed.
            if not packed and len(piece) < _PIECE:
                return

    def _next_member(self, packed: bytes) -> bool:
        """Whether another gzip member follows; what else stands behind the last is ignored."""
        # As much of it as tells: a member may begin at the very end of a chunk.
        self._behind = packed[: len(_GZIP_MAGIC)]
        if self._behind != _GZIP_MAGIC:
            return False
        self._behind = b""
        self._members += 1
        if self._members > _MAX_MEMBERS:
            raise FetchError(f"more than {_MAX_MEMBERS} gzip members in one body")
        self._member = zlib.decompressobj(wbits=31)
        return True
