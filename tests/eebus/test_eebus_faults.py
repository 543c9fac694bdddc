"""Faults of EEBUS, and the control box of a scenario: each fault as the control box meets it."""

from __future__ import annotations

import pytest

pytest.importorskip("cryptography", reason="certificates need cryptography")

from support_eebus import run

from emulator.eebus.coding import Data, objects
from emulator.eebus.model import Address
from emulator.runtime.clock import Clock
from emulator.scenario.loader import loads
from emulator.scenario.playing import apply_step
from emulator.scenario.steps.vocabulary import make_step
from emulator.world.building import build
from emulator.world.control_box import SiteControlBox
from emulator.world.site import Site

WORLD = """
chargers:
  garage:
    wallboxes:
      warp:
        model: warp3-pro-11
        ship: 0
        settings:
          evse/p14a_enwg_enabled: true
          p14a_enwg/config: {enable: true, source: [1, null], limit_charger: true}
control_box:
"""


class Street:
    """A site with a WARP and a control box that have met."""

    def __init__(self, text: str = WORLD) -> None:
        self.site: Site = build(loads(text), clock=Clock(0.0))
        self.do("plug_in", vehicle="vw_id3")
        self.wait(60)

    @property
    def grid(self) -> SiteControlBox:
        assert self.site.control_box is not None
        return self.site.control_box

    def wait(self, seconds: float) -> None:
        run(self.site.simulation, seconds)

    def do(self, step: str, /, **arguments: object) -> None:
        assert apply_step(self.site, make_step(step, self.site.names, **arguments)).ok

    def fault(self, kind: str, **arguments: object) -> None:
        self.do("fault", on="warp.ship", kind=kind, name="it", **arguments)
        self.wait(1)

    def read(self, address: str) -> object:
        return self.site.wallboxes["garage.warp"].read(address)

    def limit(self) -> None:
        self.grid.box.limit(4200, 7200)
        self.wait(30)

    def write_failsafe(self, power: int, duration: str = "PT2H") -> int:
        """Written as eebus-go does, the whole list; the error number."""
        (session,) = self.grid.box.device.sessions.values()
        feature = session.entities[1,].server("DeviceConfiguration")
        assert feature is not None
        function, member = "deviceConfigurationKeyValueListData", "deviceConfigurationKeyValueData"
        power_key, duration_key = (
            each["keyId"] for each in objects(session.values.get(feature.address, function), member)
        )
        values: list[Data] = [
            {"keyId": power_key, "value": {"scaledNumber": {"number": power}}},
            {"keyId": duration_key, "value": {"duration": duration}},
        ]
        answers: list[object] = []
        client = Address("", (1,), 4)
        session.write(client, feature.address, function, {member: values}, lambda d: answers.append(d["errorNumber"]))
        self.wait(1)
        (answer,) = answers
        assert isinstance(answer, int)
        return answer

    @property
    def told(self) -> list[str]:
        return [entry.name for entry in self.site.simulation.journal if entry.kind == "control_box"]

    @property
    def beats(self) -> int:
        """Heartbeats of the wallbox that have arrived."""
        journal = self.site.simulation.journal
        return sum(e.kind == "push" and e.name == "notify deviceDiagnosisHeartbeatData" for e in journal)


def test_they_meet_and_a_limit_is_obeyed() -> None:
    street = Street()
    assert street.told == ["connected"]
    street.limit()
    assert street.told == ["connected", "limit accepted"]
    assert street.read("eebus/usecases.lpc.usecase_state") == 3
    assert street.site.simulation.observe("garage").power < 4200


def test_without_pairing_the_wallbox_waits_for_its_owner() -> None:
    street = Street(WORLD.replace("control_box:", "control_box: {pair: false}"))
    assert street.told == []
    assert street.read("eebus/state.peers.0.state") == 6


def test_no_heartbeat() -> None:
    street = Street()
    before = street.beats
    street.fault("no_heartbeat")
    street.wait(300)
    assert street.beats == before
    street.do("clear_fault", name="it")
    street.wait(60)
    assert street.beats > before


def test_late_heartbeat() -> None:
    street = Street()
    street.fault("late_heartbeat", delay="20 s")
    street.wait(30)
    before = street.beats
    street.wait(300)
    assert street.beats == pytest.approx(before + 10, abs=1)


def test_wrong_ski() -> None:
    street = Street()
    street.fault("wrong_ski")
    street.wait(120)
    assert street.grid.box.guarded == 0
    street.do("clear_fault", name="it")
    street.wait(120)
    assert street.grid.box.guarded == 1


def test_approval_that_never_comes() -> None:
    street = Street()
    street.fault("approval_pending")
    street.wait(600)
    assert street.read("eebus/state.peers.0.state") == 6
    street.do("clear_fault", name="it")
    street.wait(120)
    assert street.grid.box.guarded == 1


def test_aborted_hello() -> None:
    street = Street()
    street.fault("hello_aborted")
    street.wait(60)
    assert street.grid.box.guarded == 0
    names = [entry.name for entry in street.site.simulation.journal if entry.kind == "push"]
    assert "connectionHello aborted" in names


def test_refused_heartbeats_are_answered_with_an_error_and_count() -> None:
    street = Street()
    street.fault("heartbeat_refused")
    street.wait(300)
    entries = [e for e in street.site.simulation.journal if e.kind == "push" and e.name == "result resultData"]
    assert entries[-1].detail["data"] == {
        "errorNumber": 6,
        "description": "deviceDiagnosisHeartbeatData is not supported",
    }
    assert street.read("eebus/usecases.lpc.usecase_state") == 5


def test_refused_limit() -> None:
    street = Street()
    street.fault("limit_refused")
    street.limit()
    assert street.grid.box.results == [7]
    assert street.read("eebus/usecases.lpc.usecase_state") == 5


def test_binding_lost_after_reconnect() -> None:
    street = Street()
    street.fault("binding_lost")
    street.wait(60)
    street.limit()
    assert street.grid.box.results == [9]


def test_entity_that_vanishes_in_mid_session() -> None:
    street = Street()
    (session,) = street.grid.box.device.sessions.values()
    assert (1, 1) in session.entities
    street.fault("entity_vanished")
    street.wait(2)
    assert (1, 1) not in session.entities
    street.do("clear_fault", name="it")
    street.wait(2)
    assert (1, 1) in session.entities


def test_heartbeats_lost_on_the_line_lead_to_failsafe() -> None:
    street = Street()
    street.limit()
    street.fault("black_hole", match={"topic": "deviceDiagnosisHeartbeatData", "direction": "in"})
    street.wait(130)
    assert street.read("eebus/usecases.lpc.usecase_state") == 4


def test_a_power_cut_and_what_the_box_says_again() -> None:
    street = Street()
    street.limit()
    street.do("reboot", wallbox="garage.warp")
    street.wait(2)
    assert street.grid.box.guarded == 0
    street.wait(60)
    assert street.grid.box.results == [0, 0]
    assert street.read("eebus/usecases.lpc.usecase_state") == 3
