"""`charger-emulator completion`: what a shell needs to complete words."""

from __future__ import annotations

import click

VARIABLE = "_CHARGER_EMULATOR_COMPLETE"
INSTALL = {
    "bash": 'eval "$(charger-emulator completion bash)"    # in ~/.bashrc',
    "zsh": 'eval "$(charger-emulator completion zsh)"    # in ~/.zshrc',
    "fish": "charger-emulator completion fish > ~/.config/fish/completions/charger-emulator.fish",
}


@click.command(name="completion")
@click.argument("shell", type=click.Choice(list(INSTALL)))
def command(shell: str) -> None:
    """Print what makes SHELL complete commands, steps, boxes, values and faults.

    \b
    eval "$(charger-emulator completion bash)"    # in ~/.bashrc
    eval "$(charger-emulator completion zsh)"     # in ~/.zshrc
    charger-emulator completion fish > ~/.config/fish/completions/charger-emulator.fish
    """
    from click.shell_completion import get_completion_class

    root = click.get_current_context().find_root()
    cls = get_completion_class(shell)
    assert cls is not None
    click.echo(cls(root.command, {}, root.info_name or "", VARIABLE).source())
