"""`charger-emulator list`: what there is to choose from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import click

from . import completing
from .terminal import show_rows

if TYPE_CHECKING:
    from ..language.records import Argument

Rows = Iterable[Sequence[str]]


def vendors() -> Rows:
    from ..vendors import names, vendor

    for name in names():
        found = vendor(name)
        interfaces = ", ".join(f"{interface} {port}" for interface, port in found.ports.items())
        yield name, found.title, f"{len(found.models)} models", interfaces


def _chosen(vendor: str | None) -> list[str]:
    """The vendor that is asked for, or all. EmulatorError if there is no such vendor."""
    from ..vendors import names
    from ..vendors import vendor as find

    if vendor is None:
        return list(names())
    find(vendor)
    return [vendor]


def models(asked: str | None) -> Rows:
    from ..vendors import vendor

    for name in _chosen(asked):
        for model in vendor(name).models:
            kind = f"{model.phases} x {model.rated_current:g} A, {model.connector}"
            yield model.id, name, model.title, kind, f"firmware {model.default_firmware}"


def firmwares(asked: str | None) -> Rows:
    from ..vendors import vendor

    for name in _chosen(asked):
        for model in vendor(name).models:
            yield model.id, ", ".join(model.firmwares)


def vehicles() -> Rows:
    from ..world.vehicles import VEHICLES

    for name, found in VEHICLES.items():
        habits = []
        if found.toggle_limit is not None:
            habits.append(f"gives up after {found.toggle_limit} stops")
        if found.sleep_after is not None:
            habits.append(f"sleeps after {found.sleep_after / 60:g} min")
        if found.min_current > 6:
            habits.append(f"needs {found.min_current:g} A")
        kind = f"{found.phases} x {found.max_current:g} A"
        yield name, f"{found.capacity / 1000:g} kWh", kind, "; ".join(habits)


def faults() -> Rows:
    """Every kind: what it does, its arguments, and where it applies."""
    from ..faults.catalogue import FAULT_TYPES

    for kind in FAULT_TYPES.values():
        yield kind.name, f"{kind.about.split('. ')[0].rstrip('.')} [{kind.where}]"
        yield from _arguments(kind.arguments)


def _arguments(arguments: Iterable[Argument[object]]) -> Rows:
    for argument in arguments:
        needed = " (needed)" if argument.required else ""
        about = f": {argument.about}" if argument.about else ""
        yield f"    {argument.name}", f"{argument.type.text}{needed}{about}"


def steps() -> Rows:
    from ..scenario.steps.vocabulary import VOCABULARY

    for kind in VOCABULARY:
        yield kind.name, kind.about
        yield from _arguments(kind.arguments if kind.whole is None else (kind.whole,))


def rules() -> Rows:
    """The ready-made sets, each rule with its source, then what a rule may demand."""
    from ..verdict.catalogue import BY_NAME
    from ..verdict.rules import RULES

    for found in BY_NAME.values():
        yield found.name, found.about
        yield from ((f"    {ready.name}", ready.source) for ready in found.rules)
    for cls in RULES:
        yield cls.word, (cls.__doc__ or "").strip().split("\n")[0]


def events() -> Rows:
    """What chargers announce."""
    from ..core.events import EventName

    for name in sorted(EventName):
        yield (str(name),)


def quantities() -> Rows:
    """What expectations can look at: name, unit, meaning."""
    from ..world.quantities import catalogue

    yield from catalogue()


def scenarios() -> Rows:
    """The ones that come with the emulator, and can be run by their names."""
    from ..explaining.library import scenarios as found

    for one in found():
        yield f"{one.name}.yaml", one.about


def realism(asked: str | None) -> Rows:
    """How long each interface takes to answer in real time, what the meter does meanwhile, and how that is known."""
    from ..vendors import vendor

    for name in _chosen(asked):
        habits = vendor(name).habits
        for interface, latency in habits.latency.items():
            times = [f"{1000 * value:g}" for value in (latency.least, latency.typical, latency.most)]
            yield name, interface, f"{times[0]} to {times[2]} ms, half within {times[1]} ms", latency.source
        if habits.latency:
            idle = "4 to 5 mA without charging" if habits.idle_current else "no current without charging"
            refresh = f"measures every {habits.refresh:g} s" if habits.refresh else "measures as its firmware says"
            yield name, "meter", f"{refresh}, {idle}", habits.meter_source


def settings(vendor: str) -> Rows:
    """What a wallbox of a vendor stores: name, what it takes, what it is at first, meaning."""
    from ..vendors import vendor as find

    for row in find(vendor).settings:
        default = json.dumps(row.default, default=str)
        shown = default if len(default) <= MOST else f"{default[: MOST - 3]}..."
        yield row.name, row.expected, shown, row.about


MOST = 24
"""Characters of a setting's default that are shown."""

LISTS: dict[str, Callable[[], Rows]] = {
    "vendors": vendors,
    "vehicles": vehicles,
    "faults": faults,
    "steps": steps,
    "rules": rules,
    "events": events,
    "quantities": quantities,
    "scenarios": scenarios,
}
OF_ALL: dict[str, Callable[[str | None], Rows]] = {"models": models, "firmwares": firmwares, "realism": realism}
"""Lists of all vendors, or of one."""

OF_VENDOR: dict[str, Callable[[str], Rows]] = {"settings": settings}
"""Lists that are about one vendor."""


ALL = [*LISTS, *OF_ALL, *OF_VENDOR, "fidelity"]


@click.command(
    name="list",
    help=f"""Show what there is to choose from.

    WHAT: {", ".join(ALL)}.

    `models`, `firmwares` and `realism` may be those of one VENDOR, `settings` must. `fidelity` prints, as Markdown,
    every key, register and topic that is reproduced, with its source; of one VENDOR, or of all.
    """,
)
@click.argument("what", metavar="WHAT", type=click.Choice(ALL))
@click.argument("vendor", required=False, shell_complete=completing.vendors)
@click.option("--summary", is_flag=True, help="Of `fidelity`: only how many rows there are, per vendor and firmware.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs: a list of rows.")
def command(what: str, vendor: str | None, summary: bool, as_json: bool) -> None:
    """Print one of the lists."""
    if what == "fidelity":
        from ..vendors.fidelity import document, overview

        click.echo(overview(vendor) if summary else document(vendor))
        return
    if summary:
        raise click.UsageError(f"`list {what}` has no summary")
    if what in OF_VENDOR:
        if vendor is None:
            from ..vendors import names

            raise click.UsageError(f"`list {what}` needs a vendor: {', '.join(names())}")
        rows = [list(row) for row in OF_VENDOR[what](vendor)]
    elif what in OF_ALL:
        rows = [list(row) for row in OF_ALL[what](vendor)]
    elif vendor is not None:
        raise click.UsageError(f"`list {what}` takes no further argument")
    else:
        rows = [list(row) for row in LISTS[what]()]
    if as_json:
        click.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    show_rows(rows)
