"""Each document of ``data`` gives exactly what the file beside it says."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import pytest

from monitor.ingest import frames
from monitor.ingest.parse import parse_feed

DATA = Path(__file__).parent / "data"
DOCUMENTS = sorted(path for path in DATA.iterdir() if path.suffix != ".expected")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_document_is_read_as_expected(path: Path) -> None:
    expected = frames.to_feed(json.loads(Path(f"{path}.expected").read_text("utf-8")))
    assert parse_feed(path.read_bytes(), None, "https://feeds.example/dir/feed") == expected


def test_a_feed_survives_its_way_between_processes() -> None:
    for path in DOCUMENTS:
        feed = parse_feed(path.read_bytes(), None, "https://feeds.example/dir/feed")
        header, body = frames.read(BytesIO(frames.pack_feed(feed)).read)
        assert frames.unpack_feed(header["feed"], body) == feed
