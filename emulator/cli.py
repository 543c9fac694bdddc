"""The command line: which commands there are, and how mistakes are shown.

The one rule: nothing is imported before it is needed; `--help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final, NoReturn

import click

from . import __version__
from .errors import EmulatorError, did_you_mean

NAME: Final = "charger-emulator"

COMMANDS: Final = {
    "run": "Serve a scenario (or one charger through every vendor) and play it in clock time.",
    "play": "Play scenarios without sockets, as fast as possible.",
    "explore": "Search for the situation in which a client breaks, and write it down as a scenario.",
    "import": "Make a scenario of a log, a dump or a journal.",
    "explain": "Find scenarios, faults and rules by symptom.",
    "record": "Stand between clients and a real box, and keep a journal.",
    "judge": "Judge the clients in a recorded journal by rules.",
    "compare": "Compare a dump of a real device with the emulated one.",
    "check": "Validate scenarios without running them.",
    "list": "Show vendors, models, firmwares, settings, vehicles, faults, steps, rules, events, quantities.",
    "schema": "Print the JSON Schema of the scenario language, for editors.",
    "reference": "Write the reference part of the documentation.",
    "report": "Reports of runs: joined, or as Markdown.",
    "ctl": "Talk to a running emulator.",
    "completion": "Print what makes a shell complete commands, steps, boxes, values and faults.",
}
"""Command to its one-line help, so that `--help` needs no command's module."""

MODULES: Final = {"list": "listing", "import": "importing"}


class Commands(click.Group):
    """Imports a command's module (`emulator.commands.<name>`) when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"emulator.commands.{MODULES.get(cmd_name, cmd_name)}")
        found = module.command
        assert isinstance(found, click.Command)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            ctx.fail(f'there is no command "{name}"{did_you_mean(name, COMMANDS)}')
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name=NAME, message="%(prog)s %(version)s")
def application() -> None:
    """Simulated EV wallboxes that real client software cannot tell from the devices."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line. Exit code 0: all held; 1: an expectation failed; 2: a mistake of the user's; 3: of ours."""
    from .commands.output import outputs

    with outputs():
        code = _guarded(arguments)
    sys.exit(code)


def _guarded(arguments: Sequence[str] | None) -> int:
    try:
        code = application.main(args=arguments, prog_name=NAME, standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return 2
    except click.Abort:
        return 130
    except EmulatorError as error:
        click.echo(str(error), err=True)
        return 2
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        from .runtime.bugs import EXIT_CODE, bug_of

        click.echo(bug_of(NAME, error).told, err=True)
        return EXIT_CODE
    return code if isinstance(code, int) else 0
