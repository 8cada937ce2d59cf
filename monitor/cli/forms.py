"""A message in the form somebody wants to see: its HTML, its text, or the bytes as they go out."""

from __future__ import annotations

import tempfile
import webbrowser
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import click

from monitor.errors import MonitorError
from monitor.records import ContentType

Command = TypeVar("Command", bound=Callable[..., Any])

HTML, TEXT, EML = "html", "text", "eml"
READABLE = "readable"
"""The text where there is one, and otherwise whatever there is."""
_PARTS = {HTML: "html", TEXT: "plain"}
_TYPES = {
    HTML: (ContentType.PAGE,),
    TEXT: (ContentType.NOTE, ContentType.JSON, ContentType.ATOM),
}


def form_options(command: Command) -> Command:
    """Give a command the options that choose a form, and the browser."""
    options = (
        click.option("--open", "in_browser", is_flag=True, help="Show the HTML in a browser."),
        click.option("--eml", "form", flag_value=EML, help="The bytes, as they go out."),
        click.option("--text", "form", flag_value=TEXT, help="The text, as without any of these."),
        click.option("--html", "form", flag_value=HTML, help="The HTML."),
    )
    return reduce(lambda made, option: option(made), options, command)


def chosen(form: str | None, *, in_browser: bool) -> str:
    """Return the form that is meant; only HTML goes to a browser."""
    if in_browser and form not in (None, HTML):
        raise click.UsageError(f"--open shows the HTML; leave out --{form}.")
    return form or (HTML if in_browser else READABLE)


def in_form(raw: bytes, content_type: str, form: str) -> bytes:
    """Return a message in that form; ``MonitorError`` where there is none."""
    if form == READABLE:
        form = TEXT if content_type == ContentType.MAIL else EML
    if form == EML or content_type in _TYPES[form]:
        return raw
    if content_type != ContentType.MAIL:
        other = "--text" if form == HTML else "--html"
        raise MonitorError(
            f"the message goes out as {content_type} and has no {form}; look at it with {other}"
            " or --eml"
        )
    part = message_from_bytes(raw, policy=default).get_body((_PARTS[form],))
    if part is None:
        raise MonitorError(f"the mail has no {form} part; look at it with --eml")
    return bytes(part.get_content(), "utf-8")


def put(content: bytes, form: str, *, output: Path | None, in_browser: bool) -> None:
    """Write ``content`` to a file, the browser, or where neither is asked for, to our output."""
    if in_browser:
        _open(output or _temporary(), content)
    elif output is not None:
        _save(output, content)
    elif form == EML:
        click.echo(content, nl=False)
    else:
        click.echo(content.decode("utf-8", "replace"), nl=False)


def _save(path: Path, content: bytes) -> None:
    from monitor.notify.files import replace_file

    replace_file(path, content)
    click.echo(f"{path}: {len(content):,} bytes", err=True)


def _temporary() -> Path:
    """A file for a browser that may read it long after we have ended."""
    with tempfile.NamedTemporaryFile(prefix="digest-", suffix=".html", delete=False) as file:
        return Path(file.name)


def _open(path: Path, content: bytes) -> None:
    _save(path, content)
    address = path.resolve().as_uri()
    if not webbrowser.open(address):
        click.echo(f"monitor: no browser could be started; open {address}", err=True)
