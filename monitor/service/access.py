"""How to come to what is not open to all."""

from __future__ import annotations

from monitor.config import Settings
from monitor.ingest.target import same_origin
from monitor.records import Access


def access_to(settings: Settings, feed_url: str, url: str) -> Access:
    """Return the headers, login and proxy of a feed for asking ``url``; raise ``ConfigError``.

    What the owner gave for one server is not for another, to which the feed has moved or its
    stories lead; the proxy is.
    """
    access = settings.access(feed_url)
    if access == Access() or url == feed_url or same_origin(url, feed_url):
        return access
    return Access(proxy=access.proxy)
