"""The generic wallbox: a control box and an energy manager at once."""

from __future__ import annotations

from typing import cast

import pytest

pytest.importorskip("cryptography", reason="certificates need cryptography")

from support_eebus import run
from test_eebus_faults import Street

from emulator.core.messages import Unplug
from emulator.eebus.model import Address

WORLD = """
wallbox: {vendor: eebus, ship: 0}
control_box:
"""
EV = Address("", (1, 1), 1)


class Home(Street):
    """The generic wallbox, a vehicle, and a control box that also plays the energy manager."""

    def __init__(self, text: str = WORLD) -> None:
        super().__init__(text)
        (self.session,) = self.grid.box.device.sessions.values()

    def phases(self, current: float) -> int:
        """Limit the current per phase; the error number."""
        entity = self.session.entities[1, 1]
        control = entity.server("LoadControl")
        assert control is not None
        self.session.bind(Address("", (1,), 3), control)
        limits = [
            {"limitId": k, "isLimitActive": True, "value": {"number": round(current * 10), "scale": -1}}
            for k in (1, 2, 3)
        ]
        answers: list[object] = []
        data = {"loadControlLimitData": limits}
        self.session.write(
            Address("", (1,), 3),
            control.address,
            "loadControlLimitListData",
            data,
            lambda d: answers.append(d["errorNumber"]),
        )
        self.wait(1)
        (answer,) = answers
        assert isinstance(answer, int)
        return answer

    @property
    def offered(self) -> float:
        return self.site.simulation.observe("charger").offered_current


def test_the_lower_limit_counts() -> None:
    home = Home()
    assert home.offered == 16
    assert home.phases(10) == 0
    home.wait(5)
    assert home.offered == 10
    home.grid.box.limit(5520, 3600)
    home.wait(5)
    assert home.offered == 8
    assert home.phases(7) == 0
    home.wait(5)
    assert home.offered == 7
    home.grid.box.release()
    assert home.phases(0) == 0
    home.wait(5)
    assert home.offered == 0


def test_failsafe_limits_to_the_failsafe_power() -> None:
    home = Home()
    home.grid.box.limit(5520, 7200)
    home.wait(5)
    wallbox = home.site.wallboxes["charger.eebus"]
    assert (wallbox.read("lpc.state"), wallbox.read("lpc.power")) == (3, 5520)
    home.grid.box.fall_silent()
    home.wait(65)
    assert wallbox.read("lpc.state") == 4
    assert home.offered == 16  # the failsafe power is what the wallbox can do, until a control box sets another
    home.grid.box.limit(6900, 600)
    home.wait(5)
    assert (wallbox.read("lpc.state"), home.offered) == (3, 10)


def test_failsafe_values_outlast_a_restart_and_limit_until_somebody_controls() -> None:
    """[LPC-901/1]; that a controllable system keeps what was written is a SHOULD of chapter 2.6.2.1."""
    home = Home()
    wallbox = home.site.wallboxes["charger.eebus"]
    assert home.write_failsafe(4140, "PT3H") == 0
    assert (wallbox.settings["failsafe_power"], wallbox.settings["failsafe_duration"]) == (4140, 10800)
    home.grid.box.node.decide(cast("str", wallbox.read("ski")), False)
    wallbox.reboot()
    home.wait(60)
    assert (wallbox.read("lpc.state"), home.offered) == (1, 6)
    home.wait(120)
    assert (wallbox.read("lpc.state"), home.offered) == (5, 16)


def test_the_owner_sets_failsafe_values() -> None:
    home = Home(WORLD.replace("ship: 0", "ship: 0, settings: {failsafe_power: 5520}"))
    wallbox = home.site.wallboxes["charger.eebus"]
    home.grid.box.limit(4140, 7200)
    home.wait(5)
    home.grid.box.fall_silent()
    home.wait(65)
    assert (wallbox.read("lpc.state"), home.offered) == (4, 8)
    wallbox.configure({"failsafe_power": None})
    home.wait(1)
    assert home.offered == 16


def test_limits_per_phase_end_with_the_session() -> None:
    home = Home()
    home.phases(8)
    home.site.simulation.apply("charger", Unplug())
    run(home.site.simulation, 5)
    assert (1, 1) not in home.session.entities
    home.do("plug_in", vehicle="vw_id3")
    home.wait(10)
    assert home.offered == 16


def test_a_refused_limit() -> None:
    home = Home()
    home.do("fault", on="eebus.ship", kind="limit_refused", name="it")
    home.wait(2)
    assert home.phases(8) == 7


def test_switched_off_it_is_no_node() -> None:
    home = Home()
    wallbox = home.site.wallboxes["charger.eebus"]
    wallbox.configure({"enabled": False})
    home.wait(2)
    assert home.grid.box.guarded == 0
    assert (wallbox.read("ski"), wallbox.read("peers")) == ("", [])
    wallbox.configure({"enabled": True})
    home.wait(30)
    assert home.grid.box.guarded == 1
