"""Undoing a body's Content-Encoding within fixed memory. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping

from monitor.errors import FetchError

_PIECE = 64 * 1024
_MAX_CHUNKS = 100_000
"""Of a body: each costs the same whether it brings a byte or 64 kB."""

_MAX_CODINGS = 2
_MAX_MEMBERS = 16
_GZIP_MAGIC = b"\x1f\x8b"
_ZLIB_HEAD = 2
_GZIP, _ZLIB, _BARE = 31, 15, -15
"""What zlib calls its formats, ``wbits``."""


class Decoder:
    """Collects one body: ``feed`` every chunk from the wire, then ``finish``.

    ``content_encoding`` is the header's value: at most two codings, gzip, deflate or identity. Only
    gzip is asked for; deflate is read where a server sends it all the same. Neither the wire, nor
    the body, nor what lies between two codings may exceed ``max_bytes``.
    Every method raises ``FetchError``.
    """

    def __init__(self, content_encoding: str, max_bytes: int) -> None:
        self._stages = [_LAYERS[each](max_bytes) for each in _undone(content_encoding)]
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


def _undone(content_encoding: str) -> list[str]:
    """Return the codings in the order in which they are undone: the last one first."""
    codings = [each.strip().lower() for each in content_encoding.split(",")]
    codings = [each for each in codings if each not in ("", "identity")]
    unknown = [each for each in codings if each not in _LAYERS]
    if unknown:
        raise FetchError(f"content coding {unknown[0][:20]!r} was not asked for and is not read")
    if len(codings) > _MAX_CODINGS:
        raise FetchError(f"{len(codings)} content codings on top of each other; at most two")
    return codings[::-1]


def _too_large(max_bytes: int) -> FetchError:
    return FetchError(f"the body is larger than {max_bytes:,} bytes", permanent=True)


class _Layer:
    """One coding: never hands out more than ``_PIECE`` at once, nor ``max_bytes`` in all."""

    coding = ""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._unpacked = 0
        self._unpacker = zlib.decompressobj(wbits=_GZIP)

    @property
    def complete(self) -> bool:
        return self._unpacker.eof

    def unpack(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            yield from self._unpack(piece)

    def _goes_on(self, packed: bytes) -> bool:
        """Whether ``packed``, behind the end of a stream, begins another; else it is ignored."""
        return False

    def _unpack(self, packed: bytes) -> Iterator[bytes]:
        while True:
            if self._unpacker.eof and not self._goes_on(packed):
                return
            try:
                piece = self._unpacker.decompress(packed, _PIECE)
            except zlib.error as error:
                raise FetchError(f"the body is not valid {self.coding} ({error})") from error
            self._unpacked += len(piece)
            if self._unpacked > self._max_bytes:
                raise _too_large(self._max_bytes)
            yield piece
            packed = self._unpacker.unconsumed_tail or self._unpacker.unused_data
            # A full piece may leave output inside zlib although all input is consumed.
            if not packed and len(piece) < _PIECE:
                return


class _Gunzip(_Layer):
    """gzip: members may follow each other (RFC 1952, 2.2)."""

    coding = "gzip"

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes)
        self._members = 1
        self._padding = False
        self._begun = b""

    @property
    def complete(self) -> bool:
        return super().complete and not self._begun

    def _unpack(self, packed: bytes) -> Iterator[bytes]:
        packed, self._begun = self._begun + packed, b""
        return super()._unpack(packed)

    def _goes_on(self, packed: bytes) -> bool:
        if self._padding or not packed:
            return False
        if packed == _GZIP_MAGIC[:1]:
            self._begun = packed
            return False
        if not packed.startswith(_GZIP_MAGIC):
            self._padding = True
            return False
        self._members += 1
        if self._members > _MAX_MEMBERS:
            raise FetchError(f"more than {_MAX_MEMBERS} gzip members in one body")
        self._unpacker = zlib.decompressobj(wbits=_GZIP)
        return True


class _Inflate(_Layer):
    """deflate: zlib's format as RFC 9110, 8.4.1.2 has it, or bare as many servers send it."""

    coding = "deflate"

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes)
        self._begin: bytes | None = b""

    def _unpack(self, packed: bytes) -> Iterator[bytes]:
        if self._begin is not None:
            packed = self._begin + packed
            if len(packed) < _ZLIB_HEAD:
                self._begin = packed
                return iter(())
            self._begin = None
            self._unpacker = zlib.decompressobj(wbits=_ZLIB if _is_zlib(packed) else _BARE)
        return super()._unpack(packed)


def _is_zlib(packed: bytes) -> bool:
    """Whether ``packed`` begins as RFC 1950, 2.2 says: method 8, and a multiple of 31."""
    return packed[0] & 0x0F == zlib.DEFLATED and int.from_bytes(packed[:2]) % 31 == 0


_LAYERS: Mapping[str, type[_Layer]] = {"gzip": _Gunzip, "x-gzip": _Gunzip, "deflate": _Inflate}
