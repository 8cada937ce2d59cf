"""A parser process: takes documents on stdin, gives feeds and seeds back on stdout.

Started by ``pool``; ends when its parent does. A job that outgrows its limits of CPU or memory
ends the process, which costs that one job.
"""

from __future__ import annotations

import math
import os
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, BinaryIO

from monitor.errors import ParseError
from monitor.ingest import frames
from monitor.ingest.article import extract
from monitor.ingest.discover import parse_links
from monitor.ingest.page import parse_page
from monitor.ingest.parse import parse_feed


def main() -> None:
    """Serve until stdin ends."""
    cpu_seconds, memory_mb = (float(each) for each in sys.argv[1:3])
    _limit_memory(int(memory_mb) * 1024 * 1024)
    jobs, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the frames
    try:
        while True:
            header, body = frames.read(_reader(jobs))
            _limit_cpu(cpu_seconds)
            replies.write(_answer(header, body))
            replies.flush()
    except (EOFError, BrokenPipeError, ConnectionError):
        os._exit(0)  # the parent is gone, and with it everything that could be flushed


def _answer(header: dict[str, Any], body: bytes) -> bytes:
    try:
        return _frame(header["job"], body, header["content_type"], header["url"])
    except ParseError as error:
        return frames.pack({"error": str(error)})
    except MemoryError:
        spent = "the document needs more memory than a parser may take"
        return frames.pack({"error": spent, "spent": True})
    except Exception as error:
        return frames.pack({"error": f"the parser failed on the document ({error!r})"})


def _frame(job: str, body: bytes, content_type: str | None, url: str) -> bytes:
    if job == "article":
        return frames.pack({"text": extract(body, content_type)})
    if job == "links":
        return frames.pack(
            {"links": [asdict(each) for each in parse_links(body, content_type, url)]}
        )
    if job == "page":
        return frames.pack({"seed": frames.from_seed(parse_page(body, content_type, url))})
    return frames.pack_feed(parse_feed(body, content_type, url))


def _reader(stream: BinaryIO) -> Callable[[int], bytes]:
    def exactly(count: int) -> bytes:
        data = stream.read(count)
        if len(data) < count:
            raise EOFError
        return data

    return exactly


def _limit_memory(limit: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _limit_cpu(seconds: float) -> None:
    """Allow ``seconds`` of CPU from now on; the limit itself counts from the process's start."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    limit = math.ceil(usage.ru_utime + usage.ru_stime + seconds)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))


if __name__ == "__main__":
    main()
