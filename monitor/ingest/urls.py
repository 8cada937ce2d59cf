"""Addresses and contents as keys. Pure; none of these functions raises on garbage."""

from __future__ import annotations

import re
import unicodedata
from hashlib import blake2b
from urllib.parse import SplitResult, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_TRACKING_PREFIXES = ("utm_", "at_campaign", "at_custom", "at_medium", "at_link", "pk_", "mtm_")
_TRACKING_NAMES = (
    "fbclid gclid dclid gbraid wbraid msclkid yclid twclid ttclid igshid igsh mc_cid mc_eid "
    "_hsenc _hsmi mkt_tok vero_id vero_conv oly_anon_id oly_enc_id wickedid s_cid cmpid ncid "
    "ocid smid guccounter guce_referrer guce_referrer_sig ref_src xtor _ga _gl"
)
_TRACKING = frozenset(_TRACKING_NAMES.split())
_MAX_HOST = 253
_PLAIN_ADDRESS = re.compile(r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?/[!-~]*")
_NOT_WORDS = re.compile(r"[^\w ]\W*| \W+")
"""What stands between words, but for the single space that is to stand there."""
_GAP = re.compile(b"  +")
_MARKS = "\u2018\u2019\u201c\u201d\u2013\u2014\u2026\u2022"
"""Signs beyond Latin-1 that stand in many texts and are no words, however they are folded."""
_FOLDED_OTHERWISE = "\xaa\xb2\xb3\xb5\xb9\xba\xbc\xbd\xbe\xdf"
_LATIN_WORDS = bytes(
    0 if sign in _FOLDED_OTHERWISE else ord(sign.lower()) if sign.isalnum() or sign == "_" else 0x20
    for sign in map(chr, range(256))
)
"""What the bytes of Latin-1 become: small letters, spaces between words, 0 for a longer story."""


def canonical_url(url: str) -> str:
    """Return one spelling for the many of an address.

    Scheme and host in lower case, host in IDNA form; default port, fragment and tracking
    parameters dropped; the other parameters keep their order. What is no address comes back
    stripped.
    """
    if _PLAIN_ADDRESS.fullmatch(url) and "?" not in url and "#" not in url:
        return url
    url = url.strip()
    try:
        parts = urlsplit(url)
        netloc = _netloc(parts)
    except ValueError:
        return url
    if not parts.scheme or not netloc:
        return url
    return SplitResult(parts.scheme, netloc, parts.path or "/", _query(parts.query), "").geturl()


def host_of(url: str) -> str:
    """Return the host of ``url`` in lower case and IDNA form, ``""`` where there is none."""
    try:
        return _ascii_host(urlsplit(url.strip()).hostname or "")
    except ValueError:
        return ""


def is_front_page(url: str) -> bool:
    """Whether a canonical ``url`` names a host and nothing on it."""
    _, _, rest = url.partition("://")
    return rest.endswith("/") and rest.count("/") == 1


def link_key(url: str) -> bytes:
    """Return 16 bytes that are the same for an address with http or https, www. or not, / or not.

    blake2b of the canonical address.
    """
    return key_of_canonical(canonical_url(url))


def key_of_canonical(url: str) -> bytes:
    """Return the link key of an address in its canonical form."""
    _, separator, rest = url.partition("://")
    if not separator:
        return digest(url)
    path, mark, query = rest.removeprefix("www.").partition("?")
    return digest(path.rstrip("/") + mark + query)


def content_key(title: str, text: str) -> bytes:
    """Return 16 bytes that are the same for texts that differ only in case, spacing and marks."""
    return digest(words_of(title), words_of(text))


def words_of(text: str) -> str:
    """Return the words of ``text``, folded (NFKC, casefold), with single spaces between them."""
    latin = _latin_words_of(text)
    if latin is None:
        return _NOT_WORDS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()
    return latin


def _latin_words_of(text: str) -> str | None:
    """Return the same of a text of Latin letters that fold one by one, None for any other."""
    if not text.isascii():
        for mark in _MARKS:
            text = text.replace(mark, " ")
    try:
        words = text.encode("latin-1").translate(_LATIN_WORDS)
    except UnicodeEncodeError:
        return None
    if b"\0" in words:
        return None
    return _GAP.sub(b" ", words).strip().decode("latin-1")


def digest(*parts: str) -> bytes:
    """Return the 16-byte blake2b of ``parts``; ``("ab", "c")`` and ``("a", "bc")`` differ."""
    made = blake2b(digest_size=16)
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        made.update(len(encoded).to_bytes(8, "big"))
        made.update(encoded)
    return made.digest()


def _netloc(parts: SplitResult) -> str:
    user, at, _ = parts.netloc.rpartition("@")
    host = _ascii_host(parts.hostname or "")
    if not host:
        return ""
    if ":" in host:
        host = f"[{host}]"
    if parts.port is not None and parts.port != _DEFAULT_PORTS.get(parts.scheme):
        host = f"{host}:{parts.port}"
    return user + at + host


def _ascii_host(host: str) -> str:
    host = host.rstrip(".").lower()
    if host.isascii() or len(host) > _MAX_HOST:  # the codec is quadratic in the length
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def _query(query: str) -> str:
    kept = (each for each in query.split("&") if each and not _is_tracking(each))
    return "&".join(kept)


def _is_tracking(parameter: str) -> bool:
    name = parameter.partition("=")[0].lower()
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)
