"""`charger-emulator judge`: rules over a recorded journal."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ..errors import EmulatorError


@click.command(name="judge")
@click.argument("journal", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--rules",
    "files",
    required=True,
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Rules as in a scenario: a list of them, or a file with `rules:`. May be repeated.",
)
@click.option("--strict", is_flag=True, help="Exit code 1 as well if a rule had nothing to judge.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdicts as JSON.")
def command(journal: Path, files: tuple[Path, ...], strict: bool, as_json: bool) -> int:
    """Judge the clients in JOURNAL, a `journal.jsonl` of a report. Exit code 1 if a rule is broken."""
    from ..language.counting import counted
    from ..verdict.recorded import judge, names_in, read_journal

    entries = read_journal(journal)
    if not entries:
        raise EmulatorError(f"{journal}: there is no entry in it")
    names = names_in(entries)
    from ..scenario.loader import load_rules

    placed = [rule for file in files for rule in load_rules(file, names)]
    if not placed:
        raise EmulatorError(f"{', '.join(map(str, files))}: there are no rules in it")
    found = judge(entries, placed, file=str(journal))
    if as_json:
        rules = [verdict.as_json() for verdict in found.rules]
        untested = [one.as_json() for one in found.untested]
        click.echo(json.dumps({"ok": found.ok, "rules": rules, "untested": untested}, indent=2, ensure_ascii=False))
    else:
        for verdict in found.rules:
            if not verdict.ok:
                click.echo(f'{verdict.place}: rule "{verdict.name}": {verdict.text}')
        for one in found.untested:
            click.echo(f"not tested: {one}")
        broken = sum(1 for verdict in found.rules if not verdict.ok)
        word = "passed" if found.ok else "FAILED"
        many = counted(len(found.rules), "rule")
        counts = f"{broken} of {many} broken" if broken else f"{many} checked"
        counts += f", {len(found.untested)} not tested" if found.untested else ""
        click.echo(f"{journal}: {word}; {counts}")
    return 0 if found.ok and not (strict and found.untested) else 1
