"""Digests on the command line: made, previewed, and those that went out shown and made again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from monitor.cli import forms, mailshapes
from monitor.cli.common import (
    FAILED,
    config_option,
    json_option,
    opened,
    speaks_plainly,
    utc_now,
)
from monitor.cli.output import print_json
from monitor.cli.steps import digest_step, do_steps, now_option

if TYPE_CHECKING:
    from monitor.records import Rendered

_NOTHING = "Nothing to tell: nobody who is served has an untold match."
_NONE_MADE = "No digest is in the archive; `monitor digest --now` makes one."
_NONE_SUCH = "No such digest is in the archive; `monitor digest list` shows them."
_NONE_CUT = "It left no story out."

digest_option = click.option("--digest", "name", help="Only the digest of this name.")
to_option = click.option("--to", "recipient", help="Only this recipient: an address or a channel.")
output_option = click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Write to this file; - is standard output.",
)
number_argument = click.argument("number", type=click.IntRange(1))


@click.group(invoke_without_command=True)
@config_option
@now_option
@json_option
@click.pass_context
@speaks_plainly
def digest(context: click.Context, config_path: Path, at_once: bool, as_json: bool) -> None:
    """Make the digests whose hour has come: put them into the outbox.

    The commands below show what would be told now, and what was told.

    \b
    Examples:
      monitor digest               make those whose hour has come
      monitor digest --now         do not wait for the hour
      monitor digest preview       what would go out now
      monitor digest list          what went out
    """
    if context.invoked_subcommand is None:
        do_steps(config_path, [digest_step(at_once)], as_json=as_json)
        return
    sources = map(context.get_parameter_source, context.params)
    if ParameterSource.COMMANDLINE in sources:
        raise click.UsageError(f"Write the options behind {context.invoked_subcommand}.")


@digest.command("preview")
@config_option
@digest_option
@to_option
@forms.form_options
@output_option
@json_option
@speaks_plainly
def preview(
    config_path: Path,
    name: str | None,
    recipient: str | None,
    form: str | None,
    in_browser: bool,
    output: Path | None,
    as_json: bool,
) -> None:
    """Show the digests that would go out now; write and send nothing.

    Text is shown unless another form is chosen.

    \b
    Examples:
      monitor digest preview
      monitor digest preview --digest daily --to me@example.org --open
      monitor digest preview --to me@example.org --eml --output try.eml
    """
    from monitor.service.preview import preview as drafts

    wanted = forms.chosen(form, in_browser=in_browser)
    with opened(config_path) as app:
        made = drafts(app, utc_now(), digest=name, recipient=recipient)
    for fault in sorted({fault for each in made for fault in each.digest.warnings}):
        click.echo(f"monitor: {fault}", err=True)
    if as_json:
        print_json([mailshapes.digest(each.digest) for each in made])
    elif in_browser or wanted in (forms.HTML, forms.EML) or _is_file(output):
        _show(_only(made), wanted, output=output, in_browser=in_browser)
    else:
        for each in made:
            click.echo(f"To: {each.digest.recipient}\nSubject: {each.message.subject}\n")
            _show(each, wanted, output=None, in_browser=False)
        if not made:
            click.echo(_NOTHING)


def _only(made: tuple[Rendered, ...]) -> Rendered:
    """The one message for the one who gets it; updates of told stories go beside it."""
    if not made:
        raise click.UsageError(_NOTHING)
    names = sorted({f"{it.digest.name} for {it.digest.recipient}" for it in made})
    if len(names) > 1:
        raise click.UsageError(f"Choose one by --digest and --to; there are: {', '.join(names)}.")
    if len(made) > 1:
        click.echo(f"monitor: {len(made) - 1} more would go out beside it: see --text", err=True)
    return made[0]


def _show(it: Rendered, form: str, *, output: Path | None, in_browser: bool) -> None:
    shown = forms.in_form(it.message.raw, it.message.content_type, form)
    forms.put(shown, form, output=_file(output), in_browser=in_browser)


def _is_file(output: Path | None) -> bool:
    return _file(output) is not None


def _file(output: Path | None) -> Path | None:
    return None if output is None or str(output) == "-" else output


@digest.command("list")
@config_option
@digest_option
@to_option
@click.option(
    "--limit",
    default=30,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    help="At most so many.",
)
@json_option
@speaks_plainly
def list_digests(
    config_path: Path, name: str | None, recipient: str | None, limit: int, as_json: bool
) -> None:
    """List the digests that were made, newest first.

    \b
    Example:
      monitor digest list --to me@example.org
    """
    from monitor.cli.mailtables import print_archive
    from monitor.service import archive

    with opened(config_path) as app:
        found = archive.listing(app, digest=name, recipient=recipient, limit=limit)
    if as_json:
        print_json([mailshapes.archived_line(each) for each in found])
    else:
        if_none = _NONE_SUCH if name or recipient else _NONE_MADE
        print_archive(found, utc_now(), if_none=if_none)


@digest.command("show")
@config_option
@number_argument
@forms.form_options
@click.option("--cut", is_flag=True, help="Instead, the matches that it left out.")
@output_option
@json_option
@speaks_plainly
def show(
    config_path: Path,
    number: int,
    form: str | None,
    in_browser: bool,
    cut: bool,
    output: Path | None,
    as_json: bool,
) -> None:
    """Show a digest that was made, as it was.

    NUMBER is in `monitor digest list`. Where the bytes that were sent are
    forgotten (`keep`), it is made again.

    \b
    Examples:
      monitor digest show 12
      monitor digest show 12 --open
      monitor digest show 12 --cut       what found no room in it
    """
    from monitor.cli.tables import print_matches
    from monitor.service import archive

    wanted = forms.chosen(form, in_browser=in_browser)
    with opened(config_path) as app:
        found = archive.show(app, number)
        if as_json:
            print_json(mailshapes.archived(found))
            return
        if cut:
            print_matches(found.digest.cut, if_none=_NONE_CUT)
            return
        raw, differences = archive.bytes_of(app, number)
    for each in differences:
        click.echo(f"monitor: {each}", err=True)
    shown = forms.in_form(raw, found.content_type, wanted)
    forms.put(shown, wanted, output=_file(output), in_browser=in_browser)


@digest.command("rebuild")
@config_option
@number_argument
@output_option
@json_option
@speaks_plainly
def rebuild(config_path: Path, number: int, output: Path | None, as_json: bool) -> None:
    """Make a digest again, and say if it is the same.

    It is made from what is stored, and compared byte for byte. It exits with 1 where it
    is not, and says what differs and why.

    \b
    Examples:
      monitor digest rebuild 12
      monitor digest rebuild 12 --output again.eml
    """
    from monitor.service import archive

    with opened(config_path) as app:
        it = archive.rebuild(app, number)
    if output is not None and it.raw is not None:
        forms.put(it.raw, forms.EML, output=_file(output), in_browser=False)
    if as_json:
        print_json(mailshapes.rebuilt(it))
    elif it.raw is not None and it.identical:
        click.echo(f"identical: {len(it.raw):,} bytes", err=output is not None)
    else:
        click.echo("\n".join(it.differences), err=output is not None)
    if not it.identical:
        sys.exit(FAILED)
