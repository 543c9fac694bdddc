"""`charger-emulator import`: from a log, a dump or a journal to a scenario."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..importing.importer import Imported


@click.command(name="import")
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    metavar="SCENARIO",
    help="Write the scenario here; `-`: the scenario alone to standard output, everything else to standard error.",
)
@click.option("--model", metavar="M", help="The model (or the vendor), where the log does not tell it.")
@click.option("--firmware", metavar="F", help="The firmware, where the log does not tell it.")
@click.option("--json", "as_json", is_flag=True, help="Print scenario, agreement and remarks as JSON.")
def command(
    files: tuple[Path, ...], output: Path | None, model: str | None, firmware: str | None, as_json: bool
) -> int:
    """Make a scenario of logs, dumps and journals.

    FILES may be traces of evcc, debug logs and diagnostics of Home Assistant, logs of ioBroker, listings of
    `mosquitto_sub -v`, dumps of a box, or a journal of this emulator. Nothing personal is kept.
    """
    from ..captures.reading import text_of
    from ..errors import EmulatorError
    from ..importing.importer import import_text
    from ..importing.writing import to_yaml

    text = "\n".join(text_of(path, zeros=True) for path in files)
    imported = import_text(text, model=model, firmware=firmware)
    scenario = to_yaml(imported)
    alone = output is not None and str(output) == "-"
    if output is not None and not alone:
        try:
            output.write_text(scenario, "utf-8")
        except OSError as error:
            raise EmulatorError(f"{output}: {error.strerror or error}") from None
    if as_json:
        click.echo(json.dumps({"scenario": scenario, **imported.as_json()}, indent=2, ensure_ascii=False))
        return 0
    if alone or output is None:
        click.echo(scenario, nl=False)
    _report(imported, err=alone)
    return 0


def _report(imported: Imported, *, err: bool) -> None:
    for word, remark in imported.remarks.every():
        click.echo(f"{word}: {imported.redactor.clean(str(remark))}", err=err)
    if imported.redactor.count:
        click.echo(f"replaced: {imported.redactor.count} personal values", err=err)
    bare = imported.without_overrides
    click.echo(f"without overrides {100 * bare.share:.1f} %", err=err)
    whole = imported.agreement
    click.echo(f"agreement {100 * whole.share:.1f} % of {len(whole.matches)} readings", err=err)
