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
_NOT_WORDS = re.compile(r"[^\w ]\W*| \W+")
"""What stands between words, but for the single space that is to stand there."""


def canonical_url(url: str) -> str:
    """Return one spelling for the many of an address.

    Scheme and host in lower case, host in IDNA form; default port, fragment and tracking
    parameters dropped; the other parameters keep their order. What is no address comes back
    stripped.
    """
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
    """Whether ``url`` names a host and nothing on it."""
    _, _, rest = canonical_url(url).partition("://")
    return rest.endswith("/") and rest.count("/") == 1


def link_key(url: str) -> bytes:
    """Return 16 bytes that are the same for an address with http or https, www. or not, / or not.

    blake2b of the canonical address.
    """
    _, separator, rest = canonical_url(url).partition("://")
    if not separator:
        return digest(url.strip())
    path, mark, query = rest.removeprefix("www.").partition("?")
    return digest(path.rstrip("/") + mark + query)


def content_key(title: str, text: str) -> bytes:
    """Return 16 bytes that are the same for texts that differ only in case, spacing and marks."""
    return digest(words_of(title), words_of(text))


def words_of(text: str) -> str:
    """Return the words of ``text``, folded, with single spaces between them."""
    return _NOT_WORDS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


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
    if ":" in host:
        host = f"[{host}]"
    if parts.port is not None and parts.port != _DEFAULT_PORTS.get(parts.scheme):
        host = f"{host}:{parts.port}"
    return user + at + host if host else ""


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
