"""docs/reference/commands.md and the commands say the same."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from monitor.cli import main

PAGE = (Path(__file__).parents[2] / "docs/reference/commands.md").read_text(encoding="utf-8")
TABLE = PAGE[: PAGE.index("## Exit codes")]
ROWS = dict(re.findall(r"^\| `([a-z ]+?)(?: \[?[A-Z].*?)?` \| (.*) \|$", TABLE, re.MULTILINE))
EVERYWHERE = {"--config", "--help"}


def commands() -> dict[str, click.Command]:
    """Every command by the words it is called with."""
    context = click.Context(main)
    found: dict[str, click.Command] = {}
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        inner = command.commands if isinstance(command, click.Group) else {"": command}
        if isinstance(command, click.Group) and command.invoke_without_command:
            inner = {"": command, **inner}
        found |= {f"{name} {each}".strip(): it for each, it in inner.items()}
    return found


@pytest.mark.parametrize("name", commands())
def test_the_reference_names_every_option_of_a_command_and_no_other(name: str) -> None:
    options = (each for each in commands()[name].params if isinstance(each, click.Option))
    assert (
        set(re.findall(r"--[a-z-]+", ROWS[name])) == {each.opts[0] for each in options} - EVERYWHERE
    )
