"""Numbers with units."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.instant import HOUR, MINUTE, SECOND
from emulator.language import units

RIGHT = [
    ("16 A", "A", 16.0),
    ("16A", "A", 16.0),
    ("35 mA", "A", 0.035),
    ("11 kW", "W", 11_000.0),
    ("40 %", "1", 0.40),
    ("0.5 s", "s", 0.5),
    ("10 min", "s", 600.0),
    ("1 h 30 min", "s", 5400.0),
    ("1h30min15s", "s", 5415.0),
    ("250 ms", "s", 0.25),
    ("200 mohm", "ohm", 0.2),
    ("2 kΩ", "ohm", 2000.0),
    ("58 kWh", "Wh", 58_000.0),
    ("21 °C", "°C", 21.0),
    ("21 C", "°C", 21.0),
    ("-5 °C", "°C", -5.0),
    ("2 A/s", "A/s", 2.0),
    ("50 Hz", "Hz", 50.0),
    ("5 K", "K", 5.0),
    ("1e3 W", "W", 1000.0),
    (".5 kW", "W", 500.0),
]

WRONG = [
    ("16", "A", '"16" has no unit, expected a current such as "16 A"'),
    ("16 kW", "A", '"16 kW" is a power, expected a current such as "16 A"'),
    ("10 mn", "s", '"10 mn" is not a duration: there is no unit "mn" (did you mean "min"?)'),
    ("sixteen A", "A", '"sixteen A" is not a current, expected for example "16 A"'),
    ("", "A", '"" is not a current, expected for example "16 A"'),
    ("6 A 7 A", "A", '"6 A 7 A" is not a current, expected for example "16 A"'),
    ("1,5 kW", "W", '"1,5 kW" is not a power'),
    ("16 a", "A", '"16 a" is not a current: there is no unit "a"'),
]


@pytest.mark.parametrize(("text", "symbol", "value"), RIGHT)
def test_reads(text: str, symbol: str, value: float) -> None:
    assert units.parse(text, symbol) == value


@pytest.mark.parametrize(("text", "symbol", "message"), WRONG)
def test_refuses(text: str, symbol: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        units.parse(text, symbol)


@pytest.mark.parametrize("number", ["1e99999999999999999999", "1e-99999999999999999999", "9" * 39])
def test_numbers_that_nobody_can_mean(number: str) -> None:
    with pytest.raises(ValueError, match="is not a power"):
        units.parse(f"{number} W", "W")


def test_durations_are_exact_microseconds() -> None:
    assert units.parse_duration("1 h 30 min") == HOUR + 30 * MINUTE
    assert units.parse_duration("0.1 s") == SECOND // 10
    assert units.parse_duration("1 us") == 1
    assert units.parse_duration("2 d") == 48 * HOUR


@pytest.mark.parametrize(("text", "symbol", "value"), RIGHT)
def test_the_pattern_for_editors_accepts_it(text: str, symbol: str, value: float) -> None:
    assert re.search(units.pattern(symbol), text)


@pytest.mark.parametrize(("text", "symbol", "message"), [entry for entry in WRONG if entry[0] != "16 a"])
def test_the_pattern_for_editors_refuses_it(text: str, symbol: str, message: str) -> None:
    assert not re.search(units.pattern(symbol), text)


@given(st.sampled_from(sorted(units.DIMENSIONS)), st.floats(-1e6, 1e6).map(lambda x: round(x, 3)))
def test_what_is_shown_can_be_read_again(symbol: str, value: float) -> None:
    assert units.parse(units.shown(value, symbol), symbol) == pytest.approx(value, rel=1e-5, abs=1e-9)


def test_shown() -> None:
    assert units.shown(0.4, "1") == "40 %"
    assert units.shown(11_000.0, "W") == "11 kW"
    assert units.shown(0.035, "A") == "35 mA"
    assert units.shown(5400.0, "s") == "1 h 30 min"
