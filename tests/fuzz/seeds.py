"""Small documents to begin with: one of each kind, and what they are made hostile with."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping

_CONTENT = "http://purl.org/rss/1.0/modules/content/"

DOCUMENTS: tuple[bytes, ...] = (
    f"""<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:content="{_CONTENT}">
<channel><title>Harbour news</title><link>https://news.example/</link><language>en-gb</language>
<ttl>60</ttl><skipHours><hour>3</hour></skipHours>
<item><title>Ferry &amp; fog</title><link>/ferry</link><guid isPermaLink="false">f-1</guid>
<pubDate>Sat, 14 Mar 2026 09:30:00 +0100</pubDate><description>&lt;p&gt;It waits.&lt;/p&gt;
</description><content:encoded><![CDATA[<p>It <b>waits</b> in port.</p>]]></content:encoded></item>
<item><title>Crane lifted</title><guid>https://news.example/crane</guid></item></channel></rss>
""".encode(),
    b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title type="html">Aus &amp;amp; ein
</title><entry><id>tag:news.example,2026:1</id><title>Kurz</title><link href="a/b"/>
<updated>2026-03-14T09:30:00Z</updated><summary type="xhtml"><div
 xmlns="http://www.w3.org/1999/xhtml"><p>Ein <i>Satz</i>.</p></div></summary></entry>
<entry><content type="text">a &lt; b</content></entry>
</feed>""",
    b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>Old</title></channel>
<item rdf:about="https://news.example/1"><title>One</title><dc:date>2026-03-14</dc:date></item>
</rdf:RDF>""",
    json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "Objects",
            "items": [
                {"id": 7, "url": "/7", "content_html": "<p>Seven", "date_published": "2026-03-14"},
                {"id": "8", "title": "Eight", "content_text": "8 > 7", "language": "pt-BR"},
            ],
        }
    ).encode(),
    b'<!DOCTYPE rss [<!ENTITY site "Our site"><!ENTITY f SYSTEM "file:///etc/hostname">]><rss>'
    b"<channel><item><title>&site; &f;</title><gml:pos>1 2</gml:pos></item></channel></rss>",
    "<rss><channel><item><title>Überall Ähren</title></item></channel></rss>".encode("utf-16"),
    "<?xml version='1.0' encoding='koi8-r'?><rss><channel><item><title>Пароход</title></item>"
    "</channel></rss>".encode("koi8-r"),
)

SPLICES: tuple[bytes, ...] = (
    b"&#xD800;", b"&#0;", b"&#x202e;", b"\x00", b"\x0b", b"\xff\xfe", b"\xe2\x80\xae",
    b"\xed\xa0\x80", b"]]>", b"<![CDATA[", b"<!--", b"-->", b"<?xml encoding='idna'?>",
    b"<!DOCTYPE x [", b"<!ENTITY a '&a;'>", b"<item>", b"</item>", b"<entry>", b"</entry>",
    b"<guid>", b"<title>", b"<link href='http://[::1'/>", b"<link>javascript:alert(1)</link>",
    b"<link>http://a.example:99999999999/</link>", b"<gml:pos>1", b"<div xml:base='http://['>",
    b"<pubDate>9999-12-31T23:59:59-14:00</pubDate>", b"<svg><style>", b"<enclosure url=",
    b"<updated>292277026596-12-04T00:00:00Z</updated>", b"<psc:chapter start='x'/>",
    b"<content type='application/octet-stream' mode='base64'>AAAA", b"<script>", b"=\"'",
    b"&lt;script&gt;", b"<a:b:c xmlns:a=''>", b'"items": [[', b"\\ud800", b"1e999",
    b"&" * 40, b"<" * 40, b"\x1f\x8b\x08",
)  # fmt: skip
"""What goes in between: references to no sign, ends of what was never begun, bad addresses."""


def corpus(target: str) -> tuple[bytes, ...]:
    """Inputs to begin with, as the promise of that name takes them."""
    wrapped: Mapping[str, tuple[bytes, ...]] = {
        "parser": tuple(b"\x00" + each for each in DOCUMENTS),
        "charset": tuple(b"\x00" + each for each in DOCUMENTS),
        "text": (*DOCUMENTS, *SPLICES),
        "gzip": (
            *(b"\x00\x10" + gzip.compress(each, mtime=0) for each in DOCUMENTS),
            b"\x01\x10" + gzip.compress(gzip.compress(bytes(1_000_000), mtime=0), mtime=0),
        ),
    }
    return wrapped[target]
