"""What `monitor check` finds out: each finding says what was looked at and what was seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from monitor.config import Settings
from monitor.errors import ConfigError, DeliveryError, FetchError, ParseError
from monitor.records import ChannelKind, Fetched, Request, TopicSpec, split_mailbox
from monitor.service import extras, templatecheck, ways
from monitor.service.advice import advice_on, advice_on_page
from monitor.service.app import App
from monitor.service.webcheck import remarks

_HERE = "@localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. ``level``: how bad it is, where it is advice on a topic."""

    what: str
    ok: bool
    told: str
    level: str | None = None


def configuration(settings: Settings) -> Iterator[Finding]:
    """What was understood, in numbers, and topics that could never match."""
    enabled = sum(spec.enabled for spec in settings.feed_specs())
    yield Finding(what="feeds", ok=enabled > 0, told=f"{enabled} enabled")
    if not settings.polling.contact:
        told = "is empty: servers that mind how they are asked cannot reach you; write an address"
        yield Finding(what="polling.contact", ok=True, told=told, level="note")
    yield from _access(settings)
    yield from _topics(settings)
    yield from _languages(settings)
    for extra in extras.ALL:
        if problem := extra.lack(settings):
            yield Finding(what=extra.part, ok=False, told=problem, level="error")
    yield from _sender(settings)
    for fault in templatecheck.faults(settings):
        yield Finding(what="templates", ok=False, told=fault)
    for level, told in remarks(settings):
        yield Finding(what="web", ok=level != "error", told=told, level=level)
    yield Finding(what="digests", ok=True, told=_digests(settings))


def _access(settings: Settings) -> Iterator[Finding]:
    """The secrets that feeds lack, each of which costs its own feed alone, and those in danger."""
    for feed in settings.feeds:
        what = f"feed {feed.url}"
        try:
            settings.access(feed.url)
        except ConfigError as error:
            yield Finding(what=what, ok=not feed.enabled, told=str(error), level="error")
        if (feed.user or feed.secret_headers) and feed.url.startswith("http://"):
            told = "its login goes over http, where others can read it; write https if it has that"
            yield Finding(what=what, ok=True, told=told, level="warning")


def _sender(settings: Settings) -> Iterator[Finding]:
    """Whether mail leaves this machine under a name that only this machine has."""
    _, address = split_mailbox(settings.mail.sender)
    recipients = (plan.recipient for plan in settings.plans())
    leaves = any("@" in each and not each.endswith(_HERE) for each in recipients)
    if settings.mail.smtp is not None and leaves and address.endswith(_HERE):
        told = f"is {address}: many servers refuse mail from there; write an address of your domain"
        yield Finding(what="mail.from", ok=True, told=told, level="warning")


def _digests(settings: Settings) -> str:
    if not settings.digests:
        return "none: matches can be listed, nothing is mailed"
    recipients = sum(len(digest.recipients) for digest in settings.digests)
    return f"{len(settings.digests)} for {_count(recipients, 'recipient')}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _topics(settings: Settings) -> Iterator[Finding]:
    specs = settings.topic_specs({})
    for spec in specs:
        yield from _topic(settings, spec)
    for name in sorted(settings.topic_names() - {spec.name for spec in specs}):
        told = "its seeds are pages, read at the first poll (--feeds tries them now)"
        yield Finding(what=f"topic {name}", ok=True, told=told)


def _topic(settings: Settings, spec: TopicSpec) -> Iterator[Finding]:
    """What a topic has, and what is wrong with it by itself."""
    advice = advice_on(settings, spec)
    words = sum(len(f"{seed.title} {seed.text}".split()) for seed in spec.seeds)
    told = f"{_count(len(spec.seeds), 'seed text')} of {_count(words, 'word')}"
    ok = all(each.level != "error" for each in advice)
    yield Finding(what=f"topic {spec.name}", ok=ok, told=told)
    for each in advice:
        fine = each.level != "error"
        yield Finding(what=f"topic {spec.name}", ok=fine, told=each.told, level=each.level)


def _languages(settings: Settings) -> Iterator[Finding]:
    """The languages of which nothing is known: likely a country's code, but no error."""
    from monitor.matching.languages import is_known

    feeds = (feed.language for feed in settings.feeds)
    topics = (topic.file.language for topic in settings.topics)
    for language in sorted({settings.matching.language, *filter(None, (*feeds, *topics))}):
        if not is_known(language):
            told = "no stemmer and no prior: words are compared as they stand"
            yield Finding(what=f"language {language!r}", ok=True, told=told, level="note")


def try_feeds(app: App) -> Iterator[Finding]:
    """Fetch and read every enabled feed whose secrets are there once; nothing is stored."""
    requests = tuple(_requests(app.settings))
    for done, (request, answer) in enumerate(app.fetcher.fetch_many(requests), start=1):
        app.progress("feeds tried", done)
        yield _feed(app, request, answer)


def _requests(settings: Settings) -> Iterator[Request]:
    urls = (spec.url for spec in settings.feed_specs() if spec.enabled)
    for number, url in enumerate(urls):
        with suppress(ConfigError):  # told as a problem of the configuration
            yield Request(feed_id=number, url=url, access=settings.access(url))


def _feed(app: App, request: Request, answer: Fetched | FetchError) -> Finding:
    try:
        if isinstance(answer, FetchError):
            raise answer
        content_type = answer.headers.get("content-type", "")
        parsed = app.parsers.parse(answer.body or b"", content_type, answer.url)
    except (FetchError, ParseError) as error:
        return Finding(what=f"feed {request.url}", ok=False, told=str(error))
    told = f"{len(parsed.entries)} stories, {parsed.title or 'no title'}"
    return Finding(what=f"feed {request.url}", ok=True, told=told)


def try_pages(app: App) -> Iterator[Finding]:
    """Fetch and read every page that is a seed; nothing is stored."""
    for url in app.settings.seed_urls():
        try:
            page = app.fetcher.fetch(Request(feed_id=0, url=url))
            content_type = page.headers.get("content-type", "")
            seed = app.parsers.read_page(page.body or b"", content_type, url)
        except (FetchError, ParseError) as error:
            yield Finding(what=f"seed page {url}", ok=False, told=str(error))
        else:
            told = f"{_count(len(seed.text.split()), 'word')}, {seed.title or 'no title'}"
            yield Finding(what=f"seed page {url}", ok=True, told=told)
            for each in advice_on_page(seed):
                told = f"{each.what}; {each.remedy}"
                yield Finding(what=f"seed page {url}", ok=True, told=told, level=each.level)


def try_ways(app: App) -> Iterator[Finding]:
    """Reach the mail server or folder and every channel, log in, and send nothing."""
    mail = app.settings.mail
    place = f"folder {mail.folder}" if mail.smtp is None else f"{mail.smtp.host}:{mail.smtp.port}"
    yield _way(app, "mail", "@", f"{place} is ready")
    for name, channel in app.settings.channels.items():
        read = "its address is understood; whether it works only a message can show"
        told = read if channel.kind is ChannelKind.APPRISE else "is ready"
        yield _way(app, f"channel {name}", name, f"{channel.kind}: {told}")


def _way(app: App, what: str, recipient: str, ready: str) -> Finding:
    try:
        ways.way_to(app, recipient).check()
    except (ConfigError, DeliveryError) as error:
        return Finding(what=what, ok=False, told=str(error))
    return Finding(what=what, ok=True, told=ready)
