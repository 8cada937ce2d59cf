"""Whether a document came to its end. Pure.

A body whose end is only the end of the connection may have lost its tail, and nothing but the
document itself can tell.
"""

from __future__ import annotations

import re

_TAIL = 16 * 1024
# In RSS 1.0 the items follow the channel: only as the very last tag does it close a document.
_CLOSED = re.compile(rb"</(?:[\w.-]+:)?(?:(?:rss|feed|rdf)\s*>|channel\s*>\s*\Z)", re.IGNORECASE)


def is_whole(body: bytes) -> bool:
    """Whether ``body`` closes what a feed opens first; comments may follow."""
    tail = body[-_TAIL:].replace(b"\0", b"").rstrip()  # without what wide encodings put between
    return tail.endswith(b"}") or _CLOSED.search(tail) is not None
