"""Subscribers are told of what changes: eebus-go and others read once, then only listen."""

from __future__ import annotations

from typing import cast

import pytest

pytest.importorskip("cryptography", reason="certificates need cryptography")

from test_eebus_faults import WORLD as WARP
from test_eebus_faults import Street
from test_eebus_wallbox import Home

from emulator.eebus.coding import Data, objects
from emulator.eebus.model import Address
from emulator.eebus.session import Session

DIAGNOSIS = "deviceDiagnosisStateData"
KEYS = "deviceConfigurationKeyValueListData"
LIMITS = "loadControlLimitListData"


def notified(street: Street, function: str) -> int:
    """Notifies of the wallbox that have arrived."""
    return sum(e.kind == "push" and e.name == f"notify {function}" for e in street.site.simulation.journal)


def session_of(street: Street) -> Session:
    (session,) = street.grid.box.device.sessions.values()
    return session


def last(street: Street, kind: str, function: str, entity: tuple[int, ...] = (1,)) -> Data:
    """What the peer knows of a function, without reading it again."""
    session = session_of(street)
    feature = session.entities[entity].server(kind)
    assert feature is not None
    return session.values.get(feature.address, function)


def limit(street: Street) -> tuple[object, object]:
    (entry,) = objects(last(street, "LoadControl", LIMITS), "loadControlLimitData")
    return entry["isLimitActive"], cast("Data", entry["value"])["number"]


def test_a_limit_per_phase() -> None:
    home = Home()
    control = home.session.entities[1, 1].server("LoadControl")
    assert control is not None
    home.session.subscribe(Address("", (1,), 3), control)
    before = notified(home, LIMITS)
    assert home.phases(10) == 0
    assert notified(home, LIMITS) == before + 1
    entries = objects(last(home, "LoadControl", LIMITS, (1, 1)), "loadControlLimitData")
    assert [(entry["isLimitActive"], cast("Data", entry["value"])["number"]) for entry in entries] == [(True, 100)] * 3
    home.do("fault", on="eebus.ship", kind="limit_refused", name="it")
    assert home.phases(8) == 7
    assert notified(home, LIMITS) == before + 1


@pytest.mark.parametrize("world", [None, WARP], ids=["standard", "warp"])
def test_failsafe_values(world: str | None) -> None:
    street = Home() if world is None else Street(world)
    assert notified(street, KEYS) == 0
    assert street.write_failsafe(4200, "PT3H") == 0
    assert notified(street, KEYS) == 1
    power, duration = objects(last(street, "DeviceConfiguration", KEYS), "deviceConfigurationKeyValueData")
    assert (power["value"], duration["value"]) == ({"scaledNumber": {"number": 4200}}, {"duration": "PT3H"})
    assert street.write_failsafe(4200, "PT25H") == 7
    assert notified(street, KEYS) == 1


def test_a_limit_runs_out() -> None:
    home = Home()
    home.grid.box.limit(5520, 600)
    home.wait(5)
    assert limit(home) == (True, 5520)
    told = notified(home, LIMITS)
    home.wait(590)
    assert notified(home, LIMITS) == told
    home.wait(10)
    assert (limit(home), notified(home, LIMITS)) == ((False, 5520), told + 1)


def test_failsafe_begins_and_ends() -> None:
    home = Home()
    assert home.write_failsafe(8280) == 0
    home.grid.box.limit(5520, 7200)
    home.wait(5)
    told = notified(home, LIMITS)
    home.grid.box.fall_silent()
    home.wait(65)
    assert notified(home, LIMITS) == told + 1
    assert limit(home) == (False, 8280)  # the failsafe power: the limit itself is deactivated, [LPC-009/2]
    home.wait(7200)
    assert notified(home, LIMITS) == told + 2
    assert limit(home) == (False, 11040)


def test_a_failsafe_power_that_is_written_in_failsafe_counts_at_once() -> None:
    home = Home()
    home.grid.box.limit(4200, 7200)
    home.wait(5)
    home.grid.box.fall_silent()
    home.wait(65)
    assert home.offered == 16
    told = notified(home, LIMITS)
    assert home.write_failsafe(8280) == 0
    home.wait(5)
    assert home.offered == 12
    assert (limit(home)[1], notified(home, LIMITS)) == (8280, told + 1)


def test_a_warp_does_not_tell_that_a_limit_has_run_out_nor_of_failsafe() -> None:
    street = Street()
    street.grid.box.limit(4200, 60)
    street.wait(1)
    told = notified(street, LIMITS)
    street.wait(90)
    assert (street.read("eebus/usecases.lpc.limit_active"), limit(street)) == (False, (True, 4200))
    street.grid.box.fall_silent()
    street.wait(62)
    assert street.read("eebus/usecases.lpc.usecase_state") == 4
    assert notified(street, LIMITS) == told


def test_the_quirk_can_be_switched_off() -> None:
    street = Street(WARP.replace("settings:", "settings:\n          eebus_tells_writes_only: false"))
    street.grid.box.limit(4200, 60)
    street.wait(62)
    assert limit(street)[0] is False


@pytest.mark.parametrize("world", [None, WARP], ids=["standard", "warp"])
def test_a_failure_of_the_station(world: str | None) -> None:
    street = Home() if world is None else Street(world)
    assert notified(street, DIAGNOSIS) == 0
    street.do("cp_short", name="short")
    street.wait(10)
    assert last(street, "DeviceDiagnosis", DIAGNOSIS) == {"operatingState": "failure"}
    assert notified(street, DIAGNOSIS) == 1
    street.do("clear_fault", name="short")
    street.wait(60)
    assert last(street, "DeviceDiagnosis", DIAGNOSIS) == {"operatingState": "normalOperation"}
    assert notified(street, DIAGNOSIS) == 2
