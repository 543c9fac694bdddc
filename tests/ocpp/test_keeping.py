"""What a charge point keeps in the emulator's state file: nothing is lost and nothing said twice over a restart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from support_ocpp import World, ask, connected
from test_scenarios import said

from emulator.core.instant import SECOND
from emulator.ocpp.host import MEMORY
from emulator.ocpp.keeping import UnreadableError, document, restored
from emulator.ocpp.station import Known, Memory, known_of
from emulator.scenario.loader import loads
from emulator.scenario.steps.vocabulary import make_step
from emulator.service.emulator import Emulator, Options

WARP = "chargers: {garage: {wallboxes: {warp: {ocpp: embedded}}}}"
PROFILE = {
    "chargingProfileId": 7,
    "stackLevel": 2,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Recurring",
    "recurrencyKind": "Daily",
    "validFrom": "2026-01-05T00:00:00Z",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "startSchedule": "2026-01-05T06:00:00Z",
        "duration": 3600,
        "chargingSchedulePeriod": [
            {"startPeriod": 0, "limit": 8, "numberPhases": 1},
            {"startPeriod": 60, "limit": 9.5},
        ],
    },
}


def test_what_is_written_is_read_back() -> None:
    world, system, log = connected()
    assert ask(world, system, "SetChargingProfile", connectorId=1, csChargingProfiles=PROFILE) == "Accepted"
    assert ask(world, system, "ChangeConfiguration", key="MeterValueSampleInterval", value="30") == "Accepted"
    assert ask(world, system, "ChangeAvailability", connectorId=1, type="Inoperative") == "Accepted"
    assert ask(world, system, "ChangeAvailability", connectorId=1, type="Operative") == "Accepted"
    world.plug_in()
    world.wait(1)
    world.box.present_card("04A1B2C3")
    world.wait(10)
    log.disconnect()
    world.unplug()
    world.wait(10)
    found = json.loads(json.dumps(document(world.point.memory, None)))
    assert [message["action"] for message in found["messages"]] == ["StopTransaction"]
    memory = restored(found)
    assert json.loads(json.dumps(document(memory, None))) == found
    assert memory.profiles == world.point.profiles.installed
    assert world.box.settings[MEMORY] is not None


def test_a_stop_gets_the_id_that_its_start_is_given_after_the_restart() -> None:
    world, _, log = connected()
    log.disconnect()
    world.plug_in()
    world.point.connector.remote_start("X", None)
    world.wait(10)
    world.unplug()
    world.wait(10)
    memory = restored(json.loads(json.dumps(document(world.point.memory, None))))
    start, stop = memory.queue.transactions
    assert stop.payload()["transactionId"] == -1
    start.done({"transactionId": 42, "idTagInfo": {"status": "Accepted"}})
    assert stop.payload()["transactionId"] == 42


@cache
def written() -> Mapping[str, object]:
    return document(World().point.memory, None)


@settings(max_examples=30, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_anything_else_is_unreadable(found: object) -> None:
    whole = written()
    for name in whole:
        try:
            restored({**whole, name: found})
        except UnreadableError:
            continue


async def started(state: Path) -> Emulator:
    return Emulator(loads(WARP), Options(any_port=True, announce=False, speed=0.0, state=state))


async def test_a_transaction_that_ran_when_the_emulator_ended_is_closed_after_its_restart(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    async with await started(state) as emulator:
        for step, arguments in (("plug_in", {"vehicle": "vw_id3"}), ("present_card", {"tag": "04A1B2C3"})):
            await emulator.advance(10 * SECOND)
            await emulator.apply([make_step(step, emulator.site.names, arguments)])
        await emulator.advance(60 * SECOND)
        assert said(emulator.simulation.journal)[-1] == "StatusNotification 1 Charging"
    async with await started(state) as emulator:
        await emulator.advance(10 * SECOND)
        found = said(emulator.simulation.journal)
        stops = [entry for entry in emulator.simulation.journal if entry.name == "StopTransaction"]
        (stop,) = stops
        assert found[0] == "BootNotification"
        assert "StartTransaction" not in found
        payload = stop.detail["payload"]
        assert isinstance(payload, dict)
        assert (payload["transactionId"], payload["reason"]) == (1, "Reboot")
    async with await started(state) as emulator:
        await emulator.advance(10 * SECOND)
        assert "StopTransaction" not in said(emulator.simulation.journal)


def test_what_is_known_of_tags_is_read_back() -> None:
    """By the tag as it is looked up, in small letters; what was written otherwise before is read so."""
    memory = Memory()
    memory.cache["a"] = known_of({"status": "Accepted", "parentIdTag": "F", "expiryDate": "2026-02-01T00:00:00Z"})
    memory.local_list["b"] = known_of({"status": "Blocked", "expiryDate": "soon"})
    found = restored(json.loads(json.dumps(document(memory, None))))
    assert found.cache == {"a": Known("Accepted", "F", datetime(2026, 2, 1, tzinfo=UTC))}
    assert found.local_list == {"b": Known("Blocked")}
    tags = document(memory, None) | {"cache": {"AbC": ["Accepted", None, None]}}  # type: ignore[operator]
    assert restored(tags).cache == {"abc": Known("Accepted")}
