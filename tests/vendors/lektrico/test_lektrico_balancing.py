"""Energy meters that steer: what each mode leaves for a charger, and what becomes of it."""

from __future__ import annotations

import pytest

from emulator.scenario.loader import loads
from emulator.scenario.playing import play

HEAD = """
chargers:
  garage:
    wallboxes:
      lektrico: {model: 3p22k, firmware: "1.51", serial: "600123", settings: {energy_management_enabled: true}}
      em:
        vendor: lektrico
        model: lektrico-3em
        settings: {chargers_list: 3p22k_600123, load_balancing_mode: MODE, breaker_rating: 25, house_power: HOUSE}
steps:
  - {at: 1 s, plug_in: {vehicle: vw_id3}}
"""


@pytest.mark.parametrize(
    ("mode", "house", "current"),
    [
        (0, "[0, 0, 0]", 6),
        (1, "[0, 0, 0]", 25),
        (1, "[2300, 0, 0]", 15),
        (1, "[4600, 0, 0]", 0),
        (2, "[0, 0, 0]", 6),
        (2, "[-2300, -2300, -2300]", 10),
        (3, "[0, 0, 0]", 0),
        (3, "[-2300, -2300, -2300]", 10),
        (4, "[4600, 0, 0]", 25),
    ],
)
def test_what_a_meter_says(mode: int, house: str, current: int) -> None:
    """In mode 0 it says nothing, and the charger waits for it with 6 A."""
    text = HEAD.replace("MODE", str(mode)).replace("HOUSE", house)
    result = play(loads(text + f"  - {{at: 2 min, expect: {{lektrico.charger_info.pwm_current: {current}}}}}\n"))
    assert result.ok, result.failures


def test_green_charging_follows_the_sun() -> None:
    """It begins with what a vehicle needs, and goes on while `lb_pv_minimum_current` is fed in."""

    def house(minutes: int, watts: int) -> str:
        return (
            f"  - {{at: {minutes} min, set: {{wallbox: em, settings: {{house_power: [{watts}, {watts}, {watts}]}}}}}}\n"
        )

    def expected(current: int) -> str:
        return f"  - {{after: 30 s, expect: {{lektrico.em_current: {current}}}}}\n"

    text = HEAD.replace("MODE", "3").replace("HOUSE", "[0, 0, 0]")
    text += "  - {at: 30 s, set: {wallbox: em, settings: {lb_pv_minimum_current: 3}}}\n"
    for minutes, watts, current in ((1, -1000, 0), (2, -1600, 6), (3, -2500, 10), (4, -800, 6), (5, -500, 0)):
        text += house(minutes, watts) + expected(current)
    result = play(loads(text))
    assert result.ok, result.failures


def test_without_its_meter_or_without_the_meter() -> None:
    text = HEAD.replace("MODE", "1").replace("HOUSE", "[0, 0, 0]")
    text += """
  - {at: 1 min, meter_fault: {}}
  - {after: 20 s, expect: {lektrico.em_current: 6, lektrico.em_status.em_offline: false}}
  - {clear_fault: meter_fault}
  - {after: 20 s, expect: {lektrico.em_current: 25}}
  - {set: {wallbox: em, settings: {load_balancing_mode: 0}}}
  - {after: 2 min, expect: {lektrico.em_status.em_offline: true, lektrico.charger_info.current_limit_reason: 5}}
"""
    result = play(loads(text))
    assert result.ok, result.failures
