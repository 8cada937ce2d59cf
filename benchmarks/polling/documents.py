"""Synthetic feeds of 30 items: RSS 2.0, Atom and RDF; half with full texts, half with summaries.

Well-formed throughout, so that both contenders read every item and do the same work. An item has
as many elements and as much markup as one of the field: 12 and 13 tags in the mean of 1,381 items
of 63 feeds that other projects keep as test data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from random import Random

from benchmarks.polling.prose import paragraph, sentence

ITEMS = 30
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
"""The moment of the first poll; every item is dated before it."""

_KINDS = ("rss", "atom", "rss", "rdf", "rss", "atom", "rss", "rss", "atom", "rss")
_NAMESPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"'
)


@dataclass(frozen=True, slots=True)
class Item:
    """One story of a feed; ``content`` is the full text as HTML, None where only a summary is."""

    link: str
    title: str
    summary: str
    content: str | None
    published: datetime


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed in two editions: the second has one new item on top and lacks the oldest one."""

    content_type: bytes
    editions: tuple[bytes, bytes]


def make_feed(seed: int, number: int) -> Feed:
    """Return feed ``number`` of the set that ``seed`` stands for: same input, same bytes."""
    kind = _KINDS[number % len(_KINDS)]
    full = (number + number // len(_KINDS)) % 2 == 0
    rng = Random(f"{seed}:{number}")
    site = f"https://site-{number}.example"
    items = [_item(rng, f"{site}/{ITEMS - at}", full, _date(at)) for at in range(ITEMS + 1)]
    write = {"rss": _rss, "atom": _atom, "rdf": _rdf}[kind]
    return Feed(
        content_type=f"application/{kind}+xml; charset=utf-8".encode(),
        editions=(write(site, items[1:]).encode(), write(site, items[:-1]).encode()),
    )


def _date(at: int) -> datetime:
    return START - timedelta(minutes=17 + 97 * at)


def _item(rng: Random, link: str, full: bool, published: datetime) -> Item:
    return Item(
        link=link,
        title=sentence(rng, rng.randint(6, 12)).rstrip("."),
        summary=f"<p>{paragraph(rng, rng.randint(4, 8))}</p>",
        content=_article(rng, link) if full else None,
        published=published,
    )


def _article(rng: Random, link: str) -> str:
    """Return about 4 KB of HTML as weblogs write it: paragraphs, links, emphasis, lists, images."""
    picture = f'<p><img src="{link}/picture.jpg" alt="{sentence(rng, 5)}" width="640"/></p>'
    paragraphs = [
        f"<p>{paragraph(rng, 3)} <a href='{link}?part={part}&amp;view=full'>{sentence(rng, 3)}</a> "
        f"<em>{sentence(rng, 4)}</em> {paragraph(rng, 2)}</p>"
        for part in range(rng.randint(4, 7))
    ]
    listed = "".join(f'<li><span class="point">{sentence(rng, 5)}</span></li>' for _ in range(3))
    quoted = f'<div class="aside"><blockquote>{paragraph(rng, 1)}<br/></blockquote></div>'
    return "\n".join((picture, *paragraphs, f"<ul>{listed}</ul>", quoted))


def _rss(site: str, items: list[Item]) -> str:
    entries = "\n".join(
        f"<item><title>{each.title}</title><link>{each.link}</link>"
        f'<guid isPermaLink="true">{each.link}</guid>'
        f"<pubDate>{format_datetime(each.published)}</pubDate>"
        f"<description>{escape(each.summary)}</description>{_encoded(each)}"
        f"<dc:creator>A. Writer</dc:creator><category>Island</category><category>News</category>"
        f"<comments>{each.link}#talk</comments>{_picture(each)}</item>"
        for each in items
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" {_NAMESPACES}><channel>'
        f"<title>Wire of {site}</title><link>{site}/</link><description>All news</description>"
        f"<lastBuildDate>{format_datetime(items[0].published)}</lastBuildDate>\n"
        f"{entries}\n</channel></rss>\n"
    )


def _atom(site: str, items: list[Item]) -> str:
    entries = "\n".join(
        f'<entry><title>{each.title}</title><link rel="alternate" href="{each.link}"/>'
        f"<id>{each.link}</id><updated>{each.published.isoformat()}</updated>"
        f"<published>{each.published.isoformat()}</published>"
        f'<summary type="html">{escape(each.summary)}</summary>{_content(each)}'
        f"<author><name>A. Writer</name><uri>{site}/writer</uri></author>"
        f'<category term="island"/><category term="news"/></entry>'
        for each in items
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f'<title>Journal of {site}</title><link href="{site}/"/><id>{site}/</id>'
        f"<updated>{items[0].published.isoformat()}</updated>\n{entries}\n</feed>\n"
    )


def _rdf(site: str, items: list[Item]) -> str:
    entries = "\n".join(
        f'<item rdf:about="{each.link}"><title>{each.title}</title><link>{each.link}</link>'
        f"<dc:date>{each.published.isoformat()}</dc:date>"
        f"<description>{escape(each.summary)}</description>{_encoded(each)}"
        f"<dc:creator>A. Writer</dc:creator><dc:subject>Island</dc:subject></item>"
        for each in items
    )
    listed = "".join(f'<rdf:li rdf:resource="{each.link}"/>' for each in items)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        f'xmlns="http://purl.org/rss/1.0/" {_NAMESPACES}><channel rdf:about="{site}/">'
        f"<title>Record of {site}</title><link>{site}/</link><description>All news</description>"
        f"<items><rdf:Seq>{listed}</rdf:Seq></items></channel>\n{entries}\n</rdf:RDF>\n"
    )


def _encoded(item: Item) -> str:
    if item.content is None:
        return ""
    return f"<content:encoded><![CDATA[{item.content}]]></content:encoded>"


def _picture(item: Item) -> str:
    where = f'url="{item.link}/picture.jpg" medium="image"'
    return f"<media:content {where}><media:credit>A. Painter</media:credit></media:content>"


def _content(item: Item) -> str:
    return f'<content type="html">{escape(item.content)}</content>' if item.content else ""
