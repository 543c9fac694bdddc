"""What a shell offers when a word is to be completed: steps, arguments, boxes, values, faults.

The one rule: it asks the running emulator where there is one, briefly, and never says a word when something is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from ..control.client import DEFAULT_URL, ControlClient
from ..errors import EmulatorError

if TYPE_CHECKING:
    import click

    from ..scenario.steps.base import StepType

PATIENCE: Final = 1.0
"""How long a running emulator is waited for, in wall time [s]."""
Complete = Callable[["click.Context", "click.Parameter", str], list[str]]


def _asked(ctx: click.Context, path: str) -> Any:
    """The reply of the running emulator; an empty one if there is none."""
    stated: dict[str, Any] = {}
    parent = ctx.parent
    while parent is not None and not stated:
        stated = {name: parent.params[name] for name in ("url", "control_token") if parent.params.get(name)}
        parent = parent.parent
    try:
        client = ControlClient(stated.get("url", DEFAULT_URL), stated.get("control_token"), timeout=PATIENCE)
        try:
            return client.get(path)
        finally:
            client.close()
    except EmulatorError:
        return {}


def words_of_step(kind: StepType) -> Complete:
    """Completes `name=value` of a step, and the value that may stand alone."""

    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
        name, equals, _value = incomplete.partition("=")
        if kind.whole is not None:
            return names(ctx, _, incomplete)
        if equals:
            return [f"{name}={word}" for word in _values(ctx, kind, name) if f"{name}={word}".startswith(incomplete)]
        options = [f"{argument.name}=" for argument in kind.arguments]
        if kind.short is not None:
            options += _values(ctx, kind, kind.short)
        return _matching(options, incomplete)

    return complete


def _values(ctx: click.Context, kind: StepType, name: str) -> list[str]:
    argument = next((argument for argument in kind.arguments if argument.name == name), None)
    if argument is None:
        return []
    match name:
        case "charger":
            return list(_asked(ctx, "/api/state").get("chargers", {}))
        case "wallbox":
            return boxes(ctx)
        case "on":
            return [*boxes(ctx), *interfaces(ctx)]
        case "vehicle":
            from ..world.vehicles import VEHICLES

            return list(VEHICLES)
        case "kind":
            from ..faults.catalogue import FAULT_TYPES

            return list(FAULT_TYPES)
        case "name" if kind.name == "clear_fault":
            return [str(fault["name"]) for fault in _asked(ctx, "/api/faults").get("faults", ())]
    return _choices(argument.type.schema())


def _choices(schema: object) -> list[str]:
    """The words a schema lists."""
    if not isinstance(schema, dict):
        return []
    found = [str(value) for value in schema.get("enum", ())]
    if schema.get("type") == "boolean":
        found += ["true", "false"]
    for option in schema.get("anyOf", ()):
        found += _choices(option)
    return found


def boxes(ctx: click.Context) -> list[str]:
    """The wallboxes of the running emulator."""
    return [str(wallbox["name"]) for wallbox in _asked(ctx, "/api/wallboxes").get("wallboxes", ())]


def interfaces(ctx: click.Context) -> list[str]:
    """Their interfaces, by address."""
    listed = _asked(ctx, "/api/wallboxes").get("wallboxes", ())
    return [f"{wallbox['name']}.{found['name']}" for wallbox in listed for found in wallbox["interfaces"]]


def names(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Quantities, and behind a box its values: `goe.a` becomes `goe.amp`."""
    from ..world.quantities import catalogue

    known = boxes(ctx)
    short = {full.partition(".")[2]: full for full in known}
    owner = next((box for box in (*known, *short) if incomplete.startswith(f"{box}.")), None)
    if owner is None:
        return _matching([*(name for name, _, _ in catalogue()), *(f"{box}." for box in short)], incomplete)
    found = _asked(ctx, f"/api/wallboxes/{short.get(owner, owner)}/values").get("values", {})
    return _matching((f"{owner}.{name}" for name in found), incomplete)


def chargers(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """The chargers of the running emulator."""
    return _matching(_asked(ctx, "/api/state").get("chargers", {}), incomplete)


def kinds(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """The kinds of journal entries."""
    from ..runtime.journal import KINDS

    return _matching(KINDS, incomplete)


def vendors(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Every vendor."""
    from ..vendors import names as every

    return _matching(every(), incomplete)


def _matching(words: Iterable[str], incomplete: str) -> list[str]:
    return [word for word in words if word.startswith(incomplete)]
