"""OCPP in scenarios: headless, and on sockets, with the vendors' own values following."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from library_server import library_server

from emulator.core.instant import SECOND
from emulator.errors import ScenarioError
from emulator.runtime.clock import Clock
from emulator.runtime.journal import Entry
from emulator.scenario.loader import load, loads
from emulator.scenario.plan import Scenario
from emulator.scenario.player import Result
from emulator.scenario.playing import play
from emulator.scenario.steps.vocabulary import make_step
from emulator.service.emulator import Emulator, Options
from emulator.world.building import build
from emulator.world.central_system import central_system, ocpp_access

ROOT = Path(__file__).parents[2]

SESSION = """
steps:
  - {at: 20 s, plug_in: {vehicle: vw_id3}}
  - {at: 40 s, present_card: {tag: "04A1B2C3"}}
  - {at: 2 min, expect: %s}
  - {at: 150 s, unplug: {}}
  - {at: 160 s, expect: %s}
end: {at: 3 min}
"""
WARP = "chargers: {garage: {wallboxes: {warp: {ocpp: embedded}}}}" + SESSION % (
    "{garage.contactor: closed, garage.warp.ocpp/state.txn_id: 1, garage.warp.ocpp/state.connector_status: 2,"
    " garage.warp.evse/slots.11.max_current: 32000}",
    "{garage.warp.ocpp/state.txn_id: 2147483647, garage.warp.evse/slots.11.max_current: 0,"
    ' garage.warp.ocpp/configuration.HeartbeatInterval: "300"}',
)
GOE = "chargers: {garage: {wallboxes: {goe: {ocpp: embedded, settings: {acs: 1}}}}}" + SESSION % (
    "{garage.contactor: closed, garage.goe.ocppti: 1, garage.goe.ocppcs: 2, garage.goe.modelStatus: 15}",
    "{garage.goe.ocppti: null, garage.goe.ocppcs: 0, garage.goe.modelStatus: 2, garage.goe.ocpph: 300}",
)


def said(journal: Iterable[Entry]) -> list[str]:
    """What charge points said, without meter values and heartbeats; a status with its value."""
    found = []
    for entry in journal:
        if entry.kind == "push" and entry.interface == "ocpp" and entry.name not in ("MeterValues", "Heartbeat"):
            payload = entry.detail["payload"]
            assert isinstance(payload, dict)
            connector = payload.get("connectorId")
            status = f" {connector} {payload['status']}" if "status" in payload else ""
            found.append(entry.name + status)
    return found


BOOT = ["BootNotification", "StatusNotification 0 Available", "StatusNotification 1 Available"]
TRACE = [
    *BOOT,
    "StatusNotification 1 Preparing",
    "Authorize",
    "StartTransaction",
    "StatusNotification 1 SuspendedEVSE",
    "StatusNotification 1 SuspendedEV",
    "StatusNotification 1 Charging",
    "StopTransaction",
    "StatusNotification 1 Finishing",
    "StatusNotification 1 Available",
]


def played(text: str) -> Result:
    result = play(loads(text))
    assert result.ok, [str(failure) for failure in result.failures]
    return result


@pytest.mark.parametrize("text", [WARP, GOE], ids=["warp", "goe"])
def test_a_session_without_sockets(text: str) -> None:
    assert said(played(text).journal) == TRACE


@pytest.mark.parametrize("text", [WARP, GOE], ids=["warp", "goe"])
async def test_the_same_session_on_sockets(text: str) -> None:
    async with running(loads(text)) as emulator:
        await emulator.advance_to_end()
        assert emulator.result.ok, [str(failure) for failure in emulator.result.failures]
        assert said(emulator.simulation.journal) == TRACE
        (served,) = central_system(emulator.simulation).served.values()
        assert [transaction.reason for transaction in served.transactions.values()] == ["EVDisconnected"]


def running(scenario: Scenario) -> Emulator:
    return Emulator(scenario, Options(any_port=True, announce=False, speed=0.0))


async def test_a_reset_begins_again_with_a_central_system_that_knows_nothing() -> None:
    async with running(loads(WARP)) as emulator:
        await emulator.advance(60 * SECOND)
        before = central_system(emulator.simulation)
        await emulator.reset()
        await emulator.advance(10 * SECOND)
        after = central_system(emulator.simulation)
        assert after is not before
        assert set(after.sessions) == set(before.served)
        assert said(emulator.simulation.journal) == BOOT


async def write(emulator: Emulator, name: str, **values: object) -> None:
    """As a client of the wallbox does it."""
    (outcome,) = await emulator.apply([make_step("command", emulator.site.names, wallbox=name, write=values)])
    assert outcome.ok, outcome


async def test_goe_is_switched_on_by_its_api_as_a_user_does_it() -> None:
    started = datetime(2026, 1, 5, tzinfo=UTC)
    async with library_server(lambda: started) as server, running(loads("chargers: {garage: {wallboxes: goe}}")) as it:
        server.clock = it.simulation.calendar
        box = it.site.wallboxes["garage.goe"]
        lamps = ("ocpps", "ocppc", "ocppa")
        assert [box.read(name) for name in lamps] == [False, False, False]
        await write(it, "garage.goe", ocppu=f"{server.url}/goe123", ocppe=True)
        await it.advance(5 * SECOND)
        assert server.paths == ["/goe123"]
        assert server.actions() == ["BootNotification", "StatusNotification", "StatusNotification"]
        assert [box.read(name) for name in lamps] == [True, True, True]
        assert box.read("modelStatus") == 28
        await write(it, "garage.goe", ocppe=False)
        await it.advance(5 * SECOND)
        assert [box.read(name) for name in lamps] == [False, False, False]
        assert box.read("modelStatus") == 15


async def test_warp_is_switched_on_by_its_api_and_stays_blocked_when_only_the_client_is_switched_off() -> None:
    started = datetime(2026, 1, 5, tzinfo=UTC)
    async with library_server(lambda: started) as server, running(loads("chargers: {garage: {wallboxes: warp}}")) as it:
        box = it.site.wallboxes["garage.warp"]
        await write(it, "garage.warp", **{"evse/ocpp_enabled": {"enabled": True}})
        config = {"enable": True, "url": server.url, "identity": "a b", "enable_auth": True, "pass": "x"}
        await write(it, "garage.warp", **{"ocpp/config": {**config, "cert_id": -1}})
        await it.advance(5 * SECOND)
        assert server.paths == ["/a%20b"]
        assert server.authorisations == ["Basic " + b64encode(b"a b:x").decode()]
        assert box.read("ocpp/state.connected") is True
        assert box.read("evse/slots.11.max_current") == 0
        await write(it, "garage.warp", **{"ocpp/config": {**config, "enable": False, "cert_id": -1}})
        await it.advance(5 * SECOND)
        assert box.read("ocpp/state.connected") is False
        assert box.read("evse/slots.11") == {"max_current": 0, "active": True, "clear_on_disconnect": False}


async def test_a_jump_waits_for_answers() -> None:
    """A central system in wall time keeps up with a simulated day that takes a moment."""
    scenario = loads("chargers: {garage: {wallboxes: {warp: {ocpp: embedded}}}}")
    async with running(scenario) as emulator:
        async with asyncio.timeout(30):
            await emulator.advance(2 * 3600 * SECOND)
        unanswered = [entry.name for entry in emulator.simulation.journal if entry.name.endswith("unanswered")]
        beats = [entry for entry in emulator.simulation.journal if entry.name == "Heartbeat.conf"]
        assert not unanswered
        assert len(beats) == 2 * 3600 // 300 - 1


def test_nothing_of_ocpp_is_imported_before_it_is_switched_on() -> None:
    code = (
        "import sys\n"
        "from emulator.scenario.loader import loads\n"
        "from emulator.world.building import build\n"
        "from emulator.runtime.clock import Clock\n"
        "from emulator.service import emulator\n"
        "build(loads('chargers: {garage: {wallboxes: [goe, warp, keba, bender, lektrico]}}'), clock=Clock(0.0))\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('ocpp', 'jsonschema', 'websockets')])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("wallbox", "why"),
    [
        ("{nrgkick: {ocpp: embedded}}", "has no OCPP"),
        ("{goe: {ocpp: http://x}}", "expected a URL such as ws://"),
    ],
)
def test_what_is_wrong_about_the_key(wallbox: str, why: str) -> None:
    with pytest.raises(ScenarioError, match=why):
        loads(f"chargers: {{garage: {{wallboxes: {wallbox}}}}}")


def test_the_serial_number_in_a_url() -> None:
    site = build(
        loads("chargers: {garage: {wallboxes: {goe: {serial: '7', ocpp: 'ws://x:1/{serial}'}}}}"), clock=Clock(0.0)
    )
    access = ocpp_access(site.wallboxes["garage.goe"])
    assert access is not None
    assert access.identity == "7"


@pytest.mark.parametrize(
    "path", sorted((ROOT / "docs" / "recipes" / "ocpp").glob("for-*.yaml")), ids=lambda path: path.stem
)
def test_recipes_are_scenarios(path: Path) -> None:
    assert load(path).rules or load(path).steps


def test_the_samples_of_the_page_are_read() -> None:
    page = (ROOT / "docs" / "ocpp.md").read_text("utf-8")
    boxes = "chargers: {garage: {wallboxes: {warp: {ocpp: embedded}, goe: {ocpp: embedded}}}}\n"
    samples = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert len(samples) == 4
    wallboxes, steps, faults, rules = samples
    loads(wallboxes)
    loads(boxes + steps)
    loads(boxes + "steps:\n" + faults.replace("- fault:", "  - fault:"))
    loads(boxes + rules)


@pytest.mark.parametrize(("settings", "limit"), [("", 10000), ("settings: {ocpp_profile_defects: true}", 16000)])
def test_asking_for_the_schedule_changes_the_limit_at_the_next_evaluation(settings: str, limit: int) -> None:
    schedule = (
        "{startSchedule: 2026-01-05T08:00:00Z, chargingRateUnit: A,"
        " chargingSchedulePeriod: [{startPeriod: 0, limit: 10}, {startPeriod: 36000, limit: 16}]}"
    )
    result = play(
        loads(f"""
epoch: 2026-01-05T08:00:00Z
chargers: {{garage: {{wallboxes: {{warp: {{ocpp: embedded, {settings}}}}}}}}}
steps:
  - {{at: 20 s, plug_in: {{vehicle: vw_id3}}}}
  - {{at: 40 s, present_card: {{tag: "04A1B2C3"}}}}
  - at: 60 s
    ocpp_call:
      action: SetChargingProfile
      payload:
        connectorId: 1
        csChargingProfiles:
          {{chargingProfileId: 1, stackLevel: 0, chargingProfilePurpose: TxDefaultProfile,
           chargingProfileKind: Absolute, chargingSchedule: {schedule}}}
  - {{at: 2 min, expect: {{garage.warp.evse/slots.11.max_current: 10000}}}}
  - {{at: 2 min, ocpp_call: {{action: GetCompositeSchedule, payload: {{connectorId: 1, duration: 40000}}}}}}
  - {{at: 8 min, expect: {{garage.warp.evse/slots.11.max_current: {limit}}}}}
end: {{at: 9 min}}
""")
    )
    assert not result.failures


def test_warp_shows_when_a_tag_expires_and_its_parent() -> None:
    info = '{status: Accepted, expiryDate: "2026-02-01T00:00:00Z", parentIdTag: FAMILY}'
    override = f"on: garage.warp.ocpp, kind: override, value: {info}"
    result = play(
        loads(f"""
epoch: 2026-01-05T08:00:00Z
chargers: {{garage: {{wallboxes: {{warp: {{ocpp: embedded}}}}}}}}
steps:
  - {{at: 10 s, fault: {{{override}, match: {{action: Authorize, direction: in, key: idTagInfo}}}}}}
  - {{at: 10 s, fault: {{{override}, match: {{action: StartTransaction, direction: in, key: idTagInfo}}}}}}
  - {{at: 15 s, expect: {{garage.warp.ocpp/state.tag_expiry_date: 0, garage.warp.ocpp/state.parent_tag_id: ""}}}}
  - {{at: 20 s, plug_in: {{vehicle: vw_id3}}}}
  - {{at: 40 s, present_card: {{tag: "04A1B2C3"}}}}
  - at: 1 min
    expect: {{garage.warp.ocpp/state.tag_expiry_date: 1769904000, garage.warp.ocpp/state.parent_tag_id: FAMILY}}
end: {{at: 2 min}}
""")
    )
    assert not result.failures, result.failures


def test_meter_values_of_an_unconfirmed_transaction_keep_its_id_of_minus_1() -> None:
    journal = play(load(ROOT / "scenarios" / "museum" / "O12_transaction_id_of_minus_1.yaml")).journal
    payloads = [entry.detail["payload"] for entry in journal if entry.kind == "push" and entry.name == "MeterValues"]
    ids = [payload["transactionId"] for payload in payloads if isinstance(payload, dict) and "transactionId" in payload]
    assert ids == [-1, -1, 1, 1]
