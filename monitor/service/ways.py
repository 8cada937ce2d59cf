"""By which way a recipient is reached: what its messages are made of, and what takes them there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from monitor import __version__
from monitor.config import Settings
from monitor.errors import ConfigError, DeliveryError
from monitor.records import ChannelKind, ContentType, Digest, Message, Plan, Rendered
from monitor.service.app import App
from monitor.service.extras import APPRISE, require

if TYPE_CHECKING:
    from monitor.config.channels import ChannelSettings
    from monitor.config.models import MailSettings
    from monitor.notify.mail import Transport
    from monitor.notify.templating import Templating

_TYPES = {
    ChannelKind.MAIL: ContentType.MAIL,
    ChannelKind.WEBHOOK: ContentType.JSON,
    ChannelKind.APPRISE: ContentType.NOTE,
    ChannelKind.FEED: ContentType.ATOM,
    ChannelKind.FOLDER: ContentType.PAGE,
}


def make(app: App, plan: Plan, digest: Digest) -> Rendered:
    """Return the final message that tells ``digest`` to the recipient of ``plan``."""
    return remake(
        digest,
        content_type=_TYPES[plan.channel],
        sender=app.settings.mail.sender,
        templating=app.templating(),
    )


def remake(digest: Digest, *, content_type: str, sender: str, templating: Templating) -> Rendered:
    """Return the message of that type: the same bytes for the same digest, sender and templates.

    Raises ``ValueError`` for a type that no way has.
    """
    if content_type == ContentType.MAIL:
        from monitor.notify.render import render

        return render(digest, sender=sender, templating=templating)
    if content_type == ContentType.PAGE:
        from monitor.notify.render import page

        return page(digest, templating=templating)
    from monitor.notify import atom, payload, push

    makers: Mapping[str, Callable[[Digest], Rendered]] = {
        ContentType.ATOM: atom.as_entries,
        ContentType.JSON: payload.as_json,
        ContentType.NOTE: push.as_note,
    }
    if content_type not in makers:
        raise ValueError(f"no channel has messages of the type {content_type}")
    return makers[content_type](digest)


def way_to(app: App, recipient: str) -> Transport:
    """Return what takes messages to ``recipient``, opened at its first use.

    Raises ``ConfigError`` where a secret, a library or the channel itself is missing.
    """
    name = "" if "@" in recipient else recipient
    if name not in app.ways:
        app.ways[name] = _channel(app.settings, name) if name else _mail(app.settings.mail)
    return app.ways[name]


def send(app: App, message: Message) -> None:
    """Bring ``message`` out by the way of its recipient.

    Raises ``DeliveryError`` where it is not accepted, and ``ConfigError`` as ``way_to`` does.
    """
    way = way_to(app, message.recipient)
    channel = app.settings.channels.get(message.recipient)
    if channel is not None and message.content_type != _TYPES[channel.kind]:
        raise DeliveryError(
            f"channels.{message.recipient}: the message was made for another kind of channel"
            f" ({message.content_type}); drop it, or make the channel what it was and retry",
            permanent=True,
        )
    way.send(message)


def _mail(mail: MailSettings) -> Transport:
    from monitor.notify.files import FolderTransport
    from monitor.notify.mail import SmtpSettings, SmtpTransport

    if mail.smtp is None:
        return FolderTransport(mail.folder)
    secret = mail.smtp.password()
    return SmtpTransport(
        SmtpSettings(
            host=mail.smtp.host,
            port=mail.smtp.port,
            security=mail.smtp.security,
            user=mail.smtp.user,
            password=secret.get_secret_value() if secret else None,
            ca_file=mail.smtp.ca_file,
        )
    )


def _channel(settings: Settings, name: str) -> Transport:
    from monitor.notify.feed import FeedTransport
    from monitor.notify.files import FolderTransport

    channel = settings.channels.get(name)
    if channel is None:
        problem = f"channels: {name} is gone, and has messages left; bring it back, or drop them"
        raise ConfigError((problem,))
    if channel.feed is not None:
        return FeedTransport(channel.feed)
    if channel.folder is not None:
        return FolderTransport(channel.folder)
    return _webhook(name, channel) if channel.webhook is not None else _push(settings, name)


def _webhook(name: str, channel: ChannelSettings) -> Transport:
    from monitor.notify.webhook import WebhookSettings, WebhookTransport, signing_key

    secret = channel.secret(name).get_secret_value()
    with _named(f"channels.{name}"):
        return WebhookTransport(
            WebhookSettings(
                url=channel.webhook or "",
                key=signing_key(secret),
                user_agent=f"newsmonitor/{__version__}",
            )
        )


def _push(settings: Settings, name: str) -> Transport:
    from monitor.notify.push import AppriseTransport

    require(settings, APPRISE)
    address = settings.channels[name].secret(name).get_secret_value()
    with _named(f"channels.{name}"):
        return AppriseTransport(address)


@contextmanager
def _named(place: str) -> Iterator[None]:
    """Tell where a value stands that cannot be used."""
    try:
        yield
    except ValueError as error:
        raise ConfigError((f"{place}: {error}",)) from None
