"""The scenario language: sections, steps, faults, rules, and the names that stand in them."""

from __future__ import annotations

from collections.abc import Iterator

from ..core.events import EventName
from ..faults.catalogue import FAULT_TYPES
from ..language.fields import DataclassRecord, PartialRecord, arguments_of, summary
from ..language.records import Argument
from ..scenario import sections
from ..scenario.schema import SECTIONS
from ..scenario.steps.fault import common
from ..scenario.steps.vocabulary import TIMES, VOCABULARY
from ..scenario.wallboxes import WALLBOX
from ..vendors.packs import model as pack
from ..verdict.catalogue import BY_NAME
from ..verdict.rules import RULES
from ..world.quantities import catalogue
from ..world.vehicles import VEHICLES
from .markdown import argument_table, code, table

NESTED: tuple[tuple[str, str, tuple[Argument[object], ...]], ...] = (
    ("A charger", "Under `chargers:` by name, or `charger:` where there is one only.", sections.charger_arguments()),
    ("A wallbox", "Under `wallboxes:` of a charger by name; a name alone will do: `wallbox: goe`.", WALLBOX),
    ("A vehicle", "Under `vehicles:` by name; the same keys may be given to `plug_in`.", sections.vehicle_arguments()),
)  # fmt: skip

PACK_PARTS: dict[str, type] = {
    "The file": pack.Pack,
    "`models`": pack.PackModel,
    "`settings`": pack.PackSetting,
    "A value": pack.PackValue,
    "`cases` of a value": pack.PackCase,
    "`modbus`": pack.PackModbus,
    "A register": pack.PackRegister,
    "`http`": pack.PackHttp,
    "A route": pack.PackRoute,
    "`watchdog`": pack.PackWatchdog,
}


def scenario() -> Iterator[str]:
    """Every section of a file."""
    yield "# Scenario files\n"
    yield "A scenario is a YAML file with these keys. Quantities carry their unit. Keys with `x-` in front are yours.\n"
    yield from argument_table(SECTIONS.values())
    for title, about, arguments in NESTED:
        yield f"## {title}\n"
        yield f"{about}\n"
        yield from argument_table(arguments)
        for argument in arguments:
            if isinstance(argument.type, DataclassRecord | PartialRecord):
                yield f"### {argument.name}\n"
                yield from argument_table(argument.type.arguments)


def steps() -> Iterator[str]:
    """Every step with its arguments."""
    yield "# Steps\n"
    yield "What stands in `steps:` of a scenario, is sent to `POST /api/steps`, is a command of `ctl` and a method in"
    yield "Python. When it happens:\n"
    yield from argument_table(TIMES)
    for kind in VOCABULARY:
        yield f"## {kind.name}\n"
        yield f"{kind.about}\n"
        if kind.short is not None:
            yield f"`{kind.name}: VALUE` is short for `{kind.name}: {{{kind.short}: VALUE}}`.\n"
        if kind.name == "fault":
            yield "Its kinds, with the arguments of each: [faults](faults.md). Common to all:\n"
            yield from argument_table(common())
        elif kind.whole is not None:
            yield f"Takes {kind.whole.type.text}.\n"
        else:
            yield from argument_table(kind.arguments)


def faults() -> Iterator[str]:
    """Every kind of fault."""
    yield "# Kinds of faults\n"
    yield "`fault: {on: ..., kind: ...}` takes these, beside the [arguments common to all](steps.md#fault).\n"
    yield from table(
        ("kind", "where", "what happens"),
        ((f"[{code(kind.name)}](#{kind.name})", kind.where, kind.about) for kind in FAULT_TYPES.values()),
    )
    for kind in FAULT_TYPES.values():
        yield f"## {kind.name}\n"
        yield f"{kind.about} On: {kind.where}.\n"
        yield from argument_table(kind.arguments)


def rules() -> Iterator[str]:
    """What a rule may demand, and the ready-made sets."""
    yield "# Rules and rule sets\n"
    for cls in RULES:
        yield f"## {cls.word}\n"
        yield f"{summary(cls)}\n"
        yield from argument_table(a for a in arguments_of(cls) if a.name != "what")
    yield "# Ready-made sets\n"
    for found in BY_NAME.values():
        yield f"## {found.name}\n"
        yield f"{found.about}\n"
        yield f"`rules: [{{include: {found.name}}}]`\n"
        yield from table(("rule", "source"), ((ready.name, ready.source) for ready in found.rules))


def device_packs() -> Iterator[str]:
    """The keys of a device pack."""
    yield "# Device packs\n"
    yield "A wallbox described in YAML: [how to write one](../own-vendor.md).\n"
    for title, cls in PACK_PARTS.items():
        yield f"## {title}\n"
        yield f"{summary(cls)}\n"
        yield from argument_table(arguments_of(cls))


def names() -> Iterator[str]:
    """Quantities, events and vehicles."""
    yield "# Quantities, events, vehicles\n"
    yield "## Quantities\n"
    yield "The left side of an expectation. Of a charger: `power`, or `garage.power`. A value of a wallbox is named as"
    yield "on the wire: `goe.car`, `nrgkick.modbus.210`, `warp.evse/state.charger_state`.\n"
    yield from table(("quantity", "unit", "meaning"), ((code(name), unit, about) for name, unit, about in catalogue()))
    yield "## Events\n"
    yield "What a charger announces: `after: {event: ...}`, `until: {event: ...}`.\n"
    yield from (f"- {code(name)}" for name in sorted(EventName))
    yield "\n## Vehicles\n"
    yield from table(
        ("vehicle", "battery", "on-board charger", "charges from", "gives up after", "sleeps after"),
        (
            (
                code(name),
                f"{found.capacity / 1000:g} kWh",
                f"{found.phases} x {found.max_current:g} A",
                f"{found.min_current:g} A",
                "never" if found.toggle_limit is None else f"{found.toggle_limit} stops",
                "never" if found.sleep_after is None else f"{found.sleep_after / 60:g} min",
            )
            for name, found in VEHICLES.items()
        ),
    )
