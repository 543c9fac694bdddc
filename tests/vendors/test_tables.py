"""Every row of every vendor's tables: unique, sourced, readable at any time, and of the type it says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial

import pytest
from bench import Bench
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator import vendors
from emulator.core import faults
from emulator.core.messages import PowerCut, PowerUp
from emulator.devices.points import Fidelity

PROFILES = [
    (name, model.id, firmware)
    for name in vendors.OWN
    for model in vendors.vendor(name).models
    for firmware in model.firmwares
]
"""Every vendor, model and firmware."""

_BASES: dict[str, Callable[[object], bool]] = {
    "bool": lambda v: isinstance(v, bool),
    "string": lambda v: isinstance(v, str),
    "float": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    "double": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    "object": lambda v: isinstance(v, dict),
    "any": lambda _: True,
}


def _whole(value: object, lowest: int, highest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest


for bits in (8, 16, 32, 64):
    _BASES[f"uint{bits}"] = partial(_whole, lowest=0, highest=2**bits - 1)
    _BASES[f"int{bits}"] = partial(_whole, lowest=-(2 ** (bits - 1)), highest=2 ** (bits - 1) - 1)
_BASES["int"] = _BASES["int32"]
_BASES["size_t"] = _BASES["uint32"]


def fits(kind: str, value: object) -> bool:
    """Whether a decoded JSON value is of a declared type; a type this does not know fits everything."""
    if kind.startswith("optional<"):
        return value is None or fits(kind[9:-1], value)
    if found := re.fullmatch(r"array<(.*)>(?:\[(\d+)\])?", kind):
        length = found.group(2)
        good = isinstance(value, list) and (length is None or len(value) == int(length))
        return good and all(fits(found.group(1), item) for item in value)  # type: ignore[attr-defined]
    if "_or_" in kind:
        return any(fits(part, value) for part in kind.split("_or_"))
    return _BASES.get(kind, _BASES["any"])(value)


def check_values(world: Bench) -> None:
    """Every address gives a JSON value of its row's type."""
    rows = {row.name: row for row in world.wallbox.fidelity() if row.readable}
    for address in world.wallbox.addresses():
        value = world.wallbox.read(address)
        json.dumps(value, allow_nan=False)
        if address in rows:
            assert fits(rows[address].type, value), f"{address}: {value!r} is no {rows[address].type}"


@pytest.mark.parametrize(("vendor", "model", "firmware"), PROFILES)
def test_rows(vendor: str, model: str, firmware: str) -> None:
    world = Bench(vendor, model, firmware)
    rows: list[Fidelity] = list(world.wallbox.fidelity())
    assert rows
    names = [(row.table, row.name) for row in rows]
    assert len(names) == len(set(names))
    for row in rows:
        assert row.source, row.name
        assert row.type, row.name
        assert row.readable or row.settable, row.name
        assert row.assumed != "", row.name
    assert set(world.wallbox.addresses()) >= {row.name for row in rows if row.readable and row.table == "API keys"}


@pytest.mark.parametrize(("vendor", "model", "firmware"), PROFILES)
def test_values_have_their_type(vendor: str, model: str, firmware: str) -> None:
    world = Bench(vendor, model, firmware)
    check_values(world)
    world.plug_in()
    world.wait(60)
    check_values(world)


def end_all(world: Bench) -> None:
    for name in world.charger.disturbances:
        world.end(name)


STEPS: tuple[Callable[[Bench], object], ...] = (
    lambda w: w.plug_in() if w.now.vehicle is None else w.unplug(),
    lambda w: w.apply(PowerCut()),
    lambda w: w.apply(PowerUp()),
    lambda w: w.wallbox.present_card("04a1b2c3"),
    lambda w: w.wallbox.press_button(),
    lambda w: w.wallbox.reboot(),
    *(
        partial(Bench.begin, name=kind.step(), fault=kind())
        for kind in faults.CATALOGUE
        if not kind.__dataclass_fields__ or kind in (faults.TripRcd, faults.Overvoltage, faults.Overtemp)
    ),
    end_all,
)
WAITS = st.sampled_from([0.0, 0.3, 1.0, 7.7, 61.0, 1800.0])


@pytest.mark.parametrize("vendor", vendors.OWN)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(program=st.lists(st.tuples(st.sampled_from(STEPS), WAITS), max_size=12))
def test_values_have_their_type_whatever_happened(
    vendor: str, program: list[tuple[Callable[[Bench], object], float]]
) -> None:
    world = Bench(vendor)
    for step, wait in program:
        step(world)
        world.wait(wait)
        check_values(world)


def test_models_are_found_by_name() -> None:
    known = {model.id: name for name in vendors.OWN for model in vendors.vendor(name).models}
    assert {model: name for model, name in vendors.VENDOR_OF_MODEL.items() if name in vendors.OWN} == known


@pytest.mark.parametrize("vendor", vendors.OWN)
def test_settings_are_sound(vendor: str) -> None:
    found = vendors.vendor(vendor)
    names = [row.name for row in found.settings]
    assert len(names) == len(set(names))
    for changes in (found.everything, *found.enable.values()):
        Bench(vendor, settings=changes)
