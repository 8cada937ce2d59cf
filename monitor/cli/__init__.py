"""The command line: thin, and quick to answer, for it imports a command only when that is called.

Exit codes: 0 done; 1 something failed or was found wanting; 2 wrong usage or configuration;
3 another service already works on this database.
"""

from __future__ import annotations

import importlib

import click

from monitor import __version__

COMMANDS = {
    "init": "monitor.cli.setup",
    "check": "monitor.cli.setup",
    "demo": "monitor.cli.setup",
    "run": "monitor.cli.steps",
    "once": "monitor.cli.steps",
    "poll": "monitor.cli.steps",
    "match": "monitor.cli.steps",
    "articles": "monitor.cli.steps",
    "digest": "monitor.cli.digests",
    "deliver": "monitor.cli.steps",
    "outbox": "monitor.cli.outbox",
    "recipients": "monitor.cli.recipients",
    "status": "monitor.cli.show",
    "feeds": "monitor.cli.feeds",
    "topics": "monitor.cli.topics",
    "explain": "monitor.cli.explain",
    "matches": "monitor.cli.show",
    "verdict": "monitor.cli.verdict",
    "backtest": "monitor.cli.backtest",
}

SUMMARIES = {
    "init": "Write a commented configuration to start from.",
    "check": "Validate the configuration, and on request feeds and mail server.",
    "demo": "Show the whole walk on sample feeds, without any set-up.",
    "run": "Run the service until it is told to stop.",
    "once": "Do every step once.",
    "poll": "Ask the feeds that are due for news.",
    "match": "Score new stories against the topics.",
    "articles": "Read the pages that stories wait for.",
    "digest": "Make the digests whose hour has come; preview them, and show old ones.",
    "deliver": "Send what waits in the outbox.",
    "outbox": "List what waits or was given up, and decide about it.",
    "recipients": "List who gets what, stop one and serve them again.",
    "status": "Show feeds, topics, outbox and the health of the service.",
    "feeds": "Find, test, add, import and export feeds.",
    "topics": "List the topics, show what one is made of or was taught, ask.",
    "explain": "Show why a story has its score, and why it did not match.",
    "matches": "List or export matches.",
    "verdict": "Say that a story is wanted or not; its topic learns from it.",
    "backtest": "Show what a topic would have matched on the stored stories.",
}


class LazyGroup(click.Group):
    """Lists the commands from a table; imports one when it is called or asked for help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of a user's first day."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name])
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, SUMMARIES[name]) for name in COMMANDS])


@click.group(
    cls=LazyGroup,
    epilog="Exit codes: 0 done; 1 something failed; 2 wrong usage or configuration; "
    "3 another service is running.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="monitor")
def main() -> None:
    """Tell me when the news says something about my subject.

    \b
    Topics are given by example, feeds are polled, new stories are scored
    for similarity, and digests go out by mail with the reasons.

    \b
    Start here:
      monitor demo                 see it work
      monitor init my-monitor      write a configuration
      cd my-monitor && monitor check && monitor once --now
    """
