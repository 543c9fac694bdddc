"""What a Connect tells and lets set of a unit of the first generation: `/api/measurements` and `/api/settings`.

The one rule: one row per member, named by its place; a write is looked at and stored by the unit's own controls.
Source: replies of devices in evcc#9788 and evcc#33625 (names, order, units, decimals), evcc's driver. ASSUMED: what the
replies do not show, as the rows say.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Unpack

from ...core.messages import Outcome, Reason
from ...core.snapshot import Phases
from ...devices.controls import Control
from ...devices.points import Facts, Fidelity, Point
from ...devices.settings import Setting
from . import readings
from .controls import CHARGE_PAUSE, CURRENT_SET, ENERGY_LIMIT, Controls
from .readings import View
from .settings import AVERAGE_CONSUMPTION, BLE_POWER, COSTS, DEVICE_NAME, EFFICACY, ENERGY_SHOWN

DOC: Final = "captures in evcc#9788, evcc#33625"
LOWEST: Final = 6.0
"""Least current [A]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the Connect knows at one moment."""

    view: View
    """The unit as it was when the Connect last heard of it."""
    shares: Phases
    """What each phase has of the session's energy."""
    timestamp: int
    """Unix time of that [s]."""
    online: bool
    password_matches: bool


Change = Callable[[], None]
Take = Callable[[Controls, object], Change | Outcome]
"""Looks at a value: what is to be done, or the refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(Point):
    """One member of a reply; `name` is its place in it: `settings.Values.ChargingCurrent.Value`."""

    read: Callable[[Told], object]
    type: str
    take: Take | None = None

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(self.name.split(".")[1:])

    def fidelity(self) -> Fidelity:
        endpoint = self.name.partition(".")[0]
        return self.documented(f"Connect /api/{endpoint}", self.type, settable=self.take is not None)


# --- writing ---------------------------------------------------------------------------------------------------------


def _number(control: Control[Controls, float]) -> Take:
    def take(controls: Controls, value: object) -> Change | Outcome:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return Outcome(refused=Reason.WRONG_TYPE, message="a number is expected")
        taken = control.accept(controls, float(value))
        return taken if isinstance(taken, Outcome) else lambda: control.put(controls, taken)

    return take


def _current(controls: Controls, value: object) -> Change | Outcome:
    """ASSUMED: what is above `Max` is refused."""
    if isinstance(value, int | float) and value > _highest(controls):
        return Outcome(refused=Reason.OUT_OF_RANGE, message=f"expected a number up to {_highest(controls):g}")
    return _number(CURRENT_SET)(controls, value)


def _highest(controls: Controls) -> float:
    """`Max` of the current [A]."""
    return min(float(controls.unit.rated_current), controls.unit.attachment.current)


def _flag(act: Callable[[Controls, bool], None]) -> Take:
    def take(controls: Controls, value: object) -> Change | Outcome:
        if not isinstance(value, bool):
            return Outcome(refused=Reason.WRONG_TYPE, message="true or false is expected")
        return lambda: act(controls, value)

    return take


def _limit(controls: Controls, on: bool) -> None:
    ENERGY_LIMIT.put(controls, round(controls.settings[ENERGY_SHOWN] * 1000) if on else 0)


def _limit_moves(controls: Controls, _old: float, _new: float) -> None:
    """Another limit while it is on."""
    _limit(controls, controls.settings[ENERGY_LIMIT.setting] > 0)


_charging: Final = _flag(lambda controls, on: CHARGE_PAUSE.put(controls, int(not on)))
_energy: Final = _number(Control(setting=ENERGY_SHOWN, effect=_limit_moves))

# --- reading ---------------------------------------------------------------------------------------------------------


def _phases(quantity: Callable[[Told], Phases], decimals: int) -> Callable[[Told], object]:
    return lambda t: [round(float(value), decimals) for value in quantity(t)]


def _kwh(energy: float) -> float:
    return round(energy / 1000, 3)


def _kilowatts(v: View) -> Phases:
    first, second, third = v.active
    return first / 1000, second / 1000, third / 1000


def _member(
    name: str, kind: str, read: Callable[[Told], object], take: Take | None = None, **facts: Unpack[Facts]
) -> Member:
    return Member(name=name, type=kind, read=read, take=take, source=DOC, **facts)


MEASUREMENTS: Final = (
    _member("measurements.ChargingCurrentPhase", "array<float>[3]", _phases(lambda t: t.view.current, 2),
        about="A", assumed="two decimals"),
    _member("measurements.ChargingEnergy", "float", lambda t: _kwh(t.view.now.session_energy), about="kWh, session"),
    _member("measurements.ChargingEnergyOverAll", "float", lambda t: _kwh(t.view.now.total_energy), about="kWh"),
    _member("measurements.ChargingEnergyPhase", "array<float>[3]",
        lambda t: [_kwh(t.view.now.session_energy * share) for share in t.shares], about="kWh, session",
        assumed="equal parts on the phases in use"),
    _member("measurements.ChargingPower", "float", lambda t: round(math.fsum(_kilowatts(t.view)), 3), about="kW"),
    _member("measurements.ChargingPowerPhase", "array<float>[3]", _phases(lambda t: _kilowatts(t.view), 3), about="kW"),
    _member("measurements.Frequency", "float", lambda t: round(float(t.view.now.frequency), 2), about="Hz"),
    _member("measurements.TemperatureMainUnit", "float",
        lambda t: float(round(t.view.now.temperature["housing"])), about="°C"),
    _member("measurements.VoltagePhase", "array<float>[3]", _phases(lambda t: t.view.voltage, 1), about="V"),
)  # fmt: skip


def _range(name: str, setting: Setting[float], lowest: float, highest: float) -> tuple[Member, ...]:
    """A setting of the unit, with its bounds."""
    place = f"settings.Values.Settings.{name}"
    return (
        _member(f"{place}.Value", "float", lambda t: t.view.settings[setting], _number(Control(setting=setting)),
            assumed="can be written"),
        _member(f"{place}.Min", "float", lambda _: lowest, live=False),
        _member(f"{place}.Max", "float", lambda _: highest, live=False),
    )  # fmt: skip


SETTINGS: Final = (
    _member("settings.Info.ErrorCodes", "array<string>", lambda t: [str(t.view.codes.error)],
        assumed="the numbers of Gen2, one at a time; 0: none"),
    _member("settings.Info.Connected", "bool", lambda t: t.view.now.plugged, about="a vehicle is plugged in"),
    _member("settings.Values.ChargingStatus.Charging", "bool",
        lambda t: readings.status(t.view) == readings.CHARGING, _charging,
        assumed="reads whether it charges; writing false is a pause"),
    _member("settings.Values.ChargingEnergy.Value", "float", lambda t: t.view.settings[ENERGY_SHOWN], _energy,
        about="kWh", assumed="can be written"),
    _member("settings.Values.ChargingEnergy.Limited", "bool", lambda t: t.view.settings[ENERGY_LIMIT.setting] > 0,
        _flag(_limit), assumed="can be written"),
    _member("settings.Values.ChargingEnergy.Min", "float", lambda _: 0.5, live=False),
    _member("settings.Values.ChargingEnergy.Max", "float", lambda _: 200.0, live=False),
    _member("settings.Values.ChargingCurrent.Value", "float", lambda t: t.view.controls.current_set, _current,
        about="A"),
    _member("settings.Values.ChargingCurrent.Min", "float", lambda _: LOWEST, live=False),
    _member("settings.Values.ChargingCurrent.Max", "float", lambda t: _highest(t.view.controls)),
    *_range("Average_kWh_consumption", AVERAGE_CONSUMPTION, 0.1, 99.9),
    *_range("CostsPer_kWh", COSTS, 0.01, 2.49),
    *_range("Efficacy", EFFICACY, 10.0, 100.0),
    _member("settings.Values.Settings.BLETransmissionPower.Value", "int", lambda t: t.view.settings[BLE_POWER]),
    _member("settings.Values.Settings.BLETransmissionPower.Min", "int", lambda _: 1, live=False),
    _member("settings.Values.Settings.BLETransmissionPower.Max", "int", lambda _: 4, live=False),
    _member("settings.Values.DeviceMetadata.Name", "string", lambda t: t.view.settings[DEVICE_NAME]),
    _member("settings.Values.DeviceMetadata.Password", "optional<string>", lambda _: None, live=False),
    _member("settings.Values.DeviceMetadata.PasswordMatch", "bool", lambda t: t.password_matches,
        assumed="of the last write"),
    _member("settings.ProductType", "string", lambda t: t.view.unit.traits.model_type, live=False),
    _member("settings.HardwareVersion", "string", lambda _: "1", live=False),
    _member("settings.FirmwareVersion", "string", lambda t: t.view.firmware, live=False),
)  # fmt: skip


def _trailer(endpoint: str) -> tuple[Member, ...]:
    """How each reply ends."""
    return (
        _member(f"{endpoint}.MacAddress", "string", lambda t: t.view.unit.mac_address, live=False),
        _member(f"{endpoint}.Online", "bool", lambda t: t.online),
        _member(f"{endpoint}.Timestamp", "int64", lambda t: t.timestamp, about="unix time of the values, s"),
    )


MEMBERS: Final = (*MEASUREMENTS, *_trailer("measurements"), *SETTINGS, *_trailer("settings"))
"""In the order of the replies."""
BY_NAME: Final = {member.name: member for member in MEMBERS}
