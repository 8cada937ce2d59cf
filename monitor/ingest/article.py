"""From the page of a story to its text.

``extract`` is called only inside a worker process: its library takes time and memory to load.
"""

from __future__ import annotations

from monitor.errors import ParseError
from monitor.ingest.charset import decode
from monitor.ingest.clean import clean_text, is_excessive

_MAX_PAGE = 2 * 1024 * 1024


def extract(body: bytes, content_type: str | None) -> str:
    """Return the main text of a web page, clean; ``""``: there is none.

    At most the first two million characters are read. Raises ``ParseError``.
    """
    page = decode(body, content_type)[:_MAX_PAGE]
    if is_excessive(page):
        raise ParseError("the page is nested too deep to be read")
    from trafilatura import extract as main_text

    # With `fast` off, two further extractors would read what may be hostile, for no better text.
    found = main_text(page, include_comments=False, favor_recall=True, fast=True)
    return clean_text(found or "")
