"""From a web page to the text it is about: what a seed given by its address becomes.

Called only inside a worker process.
"""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser, LexborNode

from monitor.errors import ParseError
from monitor.ingest.charset import decode
from monitor.ingest.clean import clean_line, is_excessive, plain_text
from monitor.ingest.fields import title_line
from monitor.records import Seed

_MAX_PAGE = 2 * 1024 * 1024
_BESIDE = ["script", "style", "template", "noscript", "iframe", "svg", "nav", "header", "footer"]
_BESIDE += ["aside", "form", "button", "figure"]
_MIN_TEXT = 200


def parse_page(body: bytes, content_type: str | None, url: str) -> Seed:
    """Return title and main text of a page; ``origin`` is ``url``. Raises ``ParseError``.

    The text is that of the longest ``article`` or ``main`` element, else of all paragraphs.
    """
    text = decode(body, content_type)[:_MAX_PAGE]
    if is_excessive(text):
        raise ParseError("the page is nested too deep to be read")
    page = LexborHTMLParser(text.encode("utf-8", "replace"))
    title = _title(page)
    for node in page.css(",".join(_BESIDE)):
        node.decompose()
    main = max(
        (plain_text(each.html or "") for each in page.css("article, main")), key=len, default=""
    )
    if len(main) < _MIN_TEXT:
        main = max(main, _paragraphs(page), key=len)
    if len(main) < _MIN_TEXT:
        raise ParseError("the page holds no text to speak of; give the text itself as a seed")
    return Seed(text=main, title=title, origin=url)


def _title(page: LexborHTMLParser) -> str:
    named = page.css_first('meta[property="og:title"]')
    if named is not None and named.attributes.get("content"):
        return title_line(named.attributes["content"] or "")
    headline = page.css_first("h1") or page.css_first("title")
    return title_line(headline.text(deep=True)) if headline is not None else ""


def _paragraphs(page: LexborHTMLParser) -> str:
    return "\n".join(filter(None, (_line(each) for each in page.css("p"))))


def _line(node: LexborNode) -> str:
    return clean_line(node.text(deep=True))
