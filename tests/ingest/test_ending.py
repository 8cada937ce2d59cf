"""A document tells by its last tag whether all of it has come."""

from __future__ import annotations

import pytest

from monitor.ingest.ending import is_whole
from tests.ingest.builders import item, rss

FEED = rss(item(), item())
RDF = b"<rdf:RDF><channel></channel><item></item><item>"


@pytest.mark.parametrize(
    "body",
    [
        FEED,
        FEED + b"\r\n\r\n<!-- made in 0.2 s -->\n",
        b"<feed><entry/></feed >",
        RDF + b"</item></rdf:RDF>",
        b"<channel><item/></channel>",
        b'{"items": []}\n',
        FEED.decode().encode("utf-16"),
        FEED.decode().encode("utf-32-be"),
    ],
)
def test_a_body_that_closes_what_it_opened_is_whole(body: bytes) -> None:
    assert is_whole(body)


@pytest.mark.parametrize(
    "body", [b"", b'{"items": [', RDF, *(FEED[:-lost] for lost in (1, 9, 40, 90))]
)
def test_a_body_that_was_cut_off_is_not(body: bytes) -> None:
    assert not is_whole(body)
