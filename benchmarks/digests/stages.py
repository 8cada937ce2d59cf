"""Where the time of a digest goes: each stage alone, by the functions that the step calls."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from benchmarks.digests.cost import Meter
from benchmarks.digests.newsroom import HOUR, opened
from monitor import __version__
from monitor.notify.compose import compose
from monitor.notify.mime import build_message
from monitor.notify.palette import DARK, LIGHT
from monitor.notify.subject import subject_of
from monitor.notify.told import DETAILS
from monitor.notify.view import DigestView, view
from monitor.records import Digest, Plan, Rendered, Subscription
from monitor.service import drafts
from monitor.service.app import App
from monitor.service.coverage import Backdrop
from monitor.service.hours import plan_of
from monitor.service.links import linked
from monitor.store import matches, outbox, subscriptions

STAGES = ("read", "compose", "links", "view", "html", "text", "mime", "write")
"""``read`` are candidates, footer and trend; ``links`` are made and signed; ``html`` and ``text``
are the templates; ``write`` is outbox, ledger and archive in one transaction."""


def measure_stages(built: Path) -> dict[str, float]:
    """Take one digest through its stages; return the CPU seconds of each.

    It has to fit as it is: here nothing is told a second time in fewer words.
    """
    meter = Meter()
    with opened(built) as app:
        subscription, plan, bare = meter.on("read", lambda: _drafted(app))
        _compose_again(app, meter, subscription, plan, bare)
        digest = meter.on("links", lambda: linked(app, bare, subscription))
        made = _rendered(app, meter, digest)
        _write(app, meter, subscription, made)
    spent = meter.spent
    spent["read"] = max(0.0, spent["read"] - spent["compose"])
    return {stage: spent[stage] for stage in STAGES}


def digest_due(app: App) -> Digest:
    """Return the digest that is due, with its links, not yet rendered."""
    subscription, _, bare = _drafted(app)
    return linked(app, bare, subscription)


def shown(digest: Digest) -> DigestView:
    """Return what the templates show of ``digest`` in a mail, told in full."""
    return view(digest, subject_of(digest), DETAILS[0], in_mail=True)


def _drafted(app: App) -> tuple[Subscription, Plan, Digest]:
    subscription = subscriptions.due(app.database, HOUR)[0]
    plan = plan_of(app, subscription)
    (digest,) = drafts.scheduled(Backdrop(app, HOUR), subscription, plan, HOUR)
    return subscription, plan, digest


def _compose_again(
    app: App, meter: Meter, subscription: Subscription, plan: Plan, made: Digest
) -> None:
    """Compose alone what was read and composed as ``made``."""
    candidates = matches.candidates(app.database, subscription, plan.topics)
    again = meter.on(
        "compose",
        lambda: compose(
            candidates,
            name=made.name,
            recipient=made.recipient,
            slot=made.slot,
            since=made.since,
            zone=made.zone,
            cap=plan.cap,
            coverage=made.coverage,
            topics=plan.topics,
            weeks={section.topic: section.weeks for section in made.sections},
        ),
    )
    if again != made:
        raise RuntimeError("composed alone it is another digest, so its stages say nothing")


def _rendered(app: App, meter: Meter, digest: Digest) -> Rendered:
    templating, sender = app.templating(), app.settings.mail.sender
    said = meter.on("view", lambda: shown(digest))
    html = meter.on(
        "html", lambda: templating.render("digest.html", digest=said, light=LIGHT, dark=DARK)
    )
    text = meter.on("text", lambda: templating.render("digest.txt", digest=said))
    message = meter.on(
        "mime",
        lambda: build_message(digest, sender=sender, subject=said.subject, text=text, html=html),
    )
    return Rendered(message=message, digest=digest, templates=templating.used, sender=sender)


def _write(app: App, meter: Meter, subscription: Subscription, made: Rendered) -> None:
    tomorrow = HOUR + timedelta(days=1)
    written = meter.on(
        "write",
        lambda: outbox.put(
            app.database, subscription, HOUR, tomorrow, [made], HOUR, version=__version__
        ),
    )
    if not written:
        raise RuntimeError("the digest was not written, so its stages say nothing")
