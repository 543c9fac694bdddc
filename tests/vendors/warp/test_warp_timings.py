"""Charge controllers of older firmwares: how long they leave a vehicle alone."""

from __future__ import annotations

import pytest

from emulator.errors import EmulatorError
from emulator.testing.fixture import EmulatorFixture
from emulator.vendors.warp.evse.timings import TIMINGS, timings_of


def test_a_version_has_the_timings_of_the_row_before_it() -> None:
    assert [timings_of(row.since) for row in TIMINGS] == list(TIMINGS)
    assert timings_of("2.2.24") == TIMINGS[-1]
    assert timings_of("2.2.17") == timings_of("2.2.16")
    assert timings_of("2.1.13") == TIMINGS[0]


@pytest.mark.parametrize(("version", "first"), [(None, 90), ("2.2.18", 90), ("2.2.17", 30), ("2.2.11", 30)])
def test_when_a_sleeping_vehicle_is_woken(emulator: EmulatorFixture, version: str | None, first: int) -> None:
    emulator.start("warp", model="warp2-pro-22", settings={"controller_firmware": version})
    emulator.vehicle_refuses()
    emulator.plug_in(vehicle="generic")
    emulator.advance("3 min")
    cut = [entry["at"] for entry in emulator.journal(kind="event", name="pilot_interrupted")]
    assert cut[0] == pytest.approx(first, abs=1.5)
    assert len(cut) == 2


@pytest.mark.parametrize(("version", "pause"), [(None, 60), ("2.2.16", 15), ("2.2.12", 15), ("2.2.11", 5)])
def test_the_pause_of_a_phase_switch(emulator: EmulatorFixture, version: str | None, pause: int) -> None:
    box = emulator.start("warp", model="warp3-pro-22", settings={"controller_firmware": version})
    emulator.plug_in(vehicle="generic")
    emulator.advance("1 min")
    emulator.command(wallbox=box.name, write={"power_manager/external_control": {"phases_wanted": 1}})
    emulator.advance("3 min")
    times = {str(entry["name"]): float(str(entry["at"])) for entry in emulator.journal(kind="event")}
    assert times["pilot_restored"] - times["pilot_interrupted"] == pytest.approx(pause, abs=1)
    emulator.expect({"phases": 1, "contactor": "closed"})


@pytest.mark.parametrize(("version", "leaks"), [("2.2.15", True), ("2.2.16", False), (None, False)])
def test_a_cut_pilot_that_looks_like_an_unplugged_vehicle(
    emulator: EmulatorFixture, version: str | None, leaks: bool
) -> None:
    box = emulator.start("warp", model="warp2-pro-22", settings={"controller_firmware": version})
    emulator.plug_in(vehicle="generic")
    emulator.advance("30 s")
    emulator.command(wallbox=box.name, write={"evse/external_current": {"current": 0}})
    emulator.advance("10 s")
    emulator.command(wallbox=box.name, write={"evse/control_pilot_disconnect": {"disconnect": True}})
    emulator.advance("400 ms")
    assert box.read("evse/state.iec61851_state") == (0 if leaks else 1)
    emulator.expect(plugged=True)
    emulator.advance("1 s")
    assert box.read("evse/state.iec61851_state") == 1


def test_its_version_is_shown_and_checked(emulator: EmulatorFixture) -> None:
    box = emulator.start("warp", model="warp2-pro-22", settings={"controller_firmware": "2.2.11"})
    assert box.read("evse/identity.fw_version") == "2.2.11"
    with pytest.raises(EmulatorError, match=r"version of a charge controller such as 2\.2\.11"):
        emulator.set(wallbox=box.name, settings={"controller_firmware": "newest"})
