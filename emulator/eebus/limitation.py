"""LPC on a device of ours: the rows of a controllable system, and the heartbeats of its energy guards.

The one rule: what is written goes to the machine in `lpc`, which decides; the rows only say what it says.
Source: EEBUS use case "Limitation of Power Consumption" 1.0.0, chapter 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ..runtime.simulation import Simulation
from .coding import Data, duration, flag, obj, objects, scaled, scaled_number, seconds_of, text
from .functions import entry_of
from .heartbeat import HEARTBEAT
from .lpc import NOT_ACCEPTED, ControllableSystem
from .model import Address, ErrorNumber, Feature, Refusal
from .session import Session
from .spine import Device

LPC: Final = "limitationOfPowerConsumption"
LIMITS: Final = "loadControlLimitListData"
LIMIT_DESCRIPTIONS: Final = "loadControlLimitDescriptionListData"
KEY_VALUES: Final = "deviceConfigurationKeyValueListData"
KEY_DESCRIPTIONS: Final = "deviceConfigurationKeyValueDescriptionListData"
CHARACTERISTICS: Final = "electricalConnectionCharacteristicListData"
SHORTEST_FAILSAFE: Final = 7200.0
LONGEST_FAILSAFE: Final = 86400.0


Wrote = Callable[[str, Data, Refusal | None], None]
"""(SKI of the peer, what it wrote, why it was refused)"""


def not_told(_ski: str, _value: Data, _refusal: Refusal | None) -> None:
    """Nobody keeps a journal of this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """How a device numbers what LPC needs."""

    limit: int = 1
    measurement: int = 1
    """Of the total power."""
    failsafe_power: int = 1
    failsafe_duration: int = 2
    characteristic: str = "powerConsumptionNominalMax"
    """What it calls the most that it can consume."""


class LimitServer:
    """The rows of a controllable system."""

    def __init__(
        self,
        simulation: Simulation,
        device: Device,
        system: ControllableSystem,
        greatest: Callable[[], float],
        numbers: Numbers,
        *,
        refuses: Callable[[], bool] = lambda: False,
        wrote: Wrote = not_told,
        kept: Callable[[], None] = lambda: None,
    ) -> None:
        """`greatest`: the most the device can consume [W]. `refuses`: every limit. `wrote`: for the journal.

        `kept`: called after failsafe values were written, which the device should keep over a restart.
        """
        self.system = system
        self._simulation = simulation
        self._device = device
        self._greatest = greatest
        self._numbers = numbers
        self._refuses = refuses
        self._wrote = wrote
        self._kept = kept
        self._load_control: Feature | None = None
        self._configuration: Feature | None = None
        self._told = self._said()
        if not system.quirks.tells_writes_only:
            system.unwritten = self._look

    def serve(self, load_control: Feature, configuration: Feature, electrical: Feature) -> None:
        self._load_control = load_control
        self._configuration = configuration
        load_control.serve(LIMIT_DESCRIPTIONS, self.descriptions)
        load_control.serve(LIMITS, self.limits, self._write_limit, partial=True)
        configuration.serve(KEY_DESCRIPTIONS, self.key_descriptions)
        configuration.serve(KEY_VALUES, self.key_values, self._write_keys)
        electrical.serve(CHARACTERISTICS, self.characteristics)

    def changed(self) -> None:
        """Tell subscribers of a limit that was written."""
        self._told = self._said()
        if self._load_control is not None:
            self._device.notify(self._load_control, LIMITS)

    def _said(self) -> tuple[bool, float]:
        """What a read says of the limit, but for the time that it has left."""
        return self.system.limit_active, self.system.limit_power

    def _look(self) -> None:
        """Tell subscribers of a limit that is another one although nobody wrote it."""
        if self._said() != self._told:
            self.changed()

    def descriptions(self) -> Data:
        one = {
            "limitId": self._numbers.limit,
            "limitType": "signDependentAbsValueLimit",
            "limitCategory": "obligation",
            "limitDirection": "consume",
            "measurementId": self._numbers.measurement,
            "unit": "W",
            "scopeType": "activePowerLimit",
        }
        return {"loadControlLimitDescriptionData": [one]}

    def limits(self) -> Data:
        one: dict[str, object] = {
            "limitId": self._numbers.limit,
            "isLimitChangeable": True,
            "isLimitActive": self.system.limit_active,
        }
        remaining = self.system.remaining
        if remaining is not None:
            one["timePeriod"] = {"endTime": duration(remaining)}
        one["value"] = scaled_number(self.system.limit_power)
        return {"loadControlLimitData": [one]}

    def _write_limit(self, ski: str, data: Data) -> Refusal | None:
        entry = entry_of(LIMITS, data, limitId=self._numbers.limit)
        power, active = scaled(entry, "value"), flag(entry, "isLimitActive")
        if power is None:
            power = self.system.limit_power
        if active is None:
            active = self.system.limit_active
        end = text(entry, "timePeriod", "endTime")
        period = self._period(end) if end else None
        refused = NOT_ACCEPTED if self._refuses() else self.system.write(active, power, period)
        refusal = None if refused is None else Refusal(ErrorNumber.COMMAND_REJECTED, refused)
        self._wrote(ski, {"active": active, "power": power, "duration": period}, refusal)
        if refusal is None:
            self.changed()
        return refusal

    def _period(self, end: str) -> float | None:
        """Seconds until the end of a time period, which is a duration or an instant."""
        if (period := seconds_of(end)) is not None:
            return period
        try:
            instant = datetime.fromisoformat(end)
        except ValueError:
            return None
        now = self._simulation.calendar()
        instant = instant if instant.tzinfo is not None else instant.replace(tzinfo=now.tzinfo)
        return max(0.0, (instant - now).total_seconds())

    def key_descriptions(self) -> Data:
        return {
            "deviceConfigurationKeyValueDescriptionData": [
                {
                    "keyId": self._numbers.failsafe_power,
                    "keyName": "failsafeConsumptionActivePowerLimit",
                    "valueType": "scaledNumber",
                    "unit": "W",
                },
                {
                    "keyId": self._numbers.failsafe_duration,
                    "keyName": "failsafeDurationMinimum",
                    "valueType": "duration",
                },
            ]
        }

    def key_values(self) -> Data:
        power, period = self.system.failsafe_power, self.system.failsafe_duration
        values: tuple[tuple[int, Data], ...] = (
            (self._numbers.failsafe_power, {"scaledNumber": scaled_number(power)}),
            (self._numbers.failsafe_duration, {"duration": duration(period)}),
        )
        return {
            "deviceConfigurationKeyValueData": [
                {"keyId": key, "value": value, "isValueChangeable": True} for key, value in values
            ]
        }

    def _write_keys(self, _ski: str, data: Data) -> Refusal | None:
        power = scaled(entry_of(KEY_VALUES, data, keyId=self._numbers.failsafe_power), "value", "scaledNumber")
        entry = entry_of(KEY_VALUES, data, keyId=self._numbers.failsafe_duration)
        period = seconds_of(text(entry, "value", "duration"))
        if power is not None and power < 0:
            return Refusal(ErrorNumber.COMMAND_REJECTED, "failsafe limit out of range")
        if period is not None and not SHORTEST_FAILSAFE <= period <= LONGEST_FAILSAFE:
            return Refusal(ErrorNumber.COMMAND_REJECTED, "failsafe duration out of range")
        self.set_failsafe(power, period)
        self._kept()
        return None

    def set_failsafe(self, power: float | None, period: float | None) -> None:
        """Other failsafe values [W, s], of which subscribers are told; None: as it was."""
        before = self._said()
        self.system.set_failsafe(power, period)
        if self._configuration is not None:
            self._device.notify(self._configuration, KEY_VALUES)
        if self._said() != before:
            self.changed()

    def characteristics(self) -> Data:
        one = {
            "electricalConnectionId": 1,
            "parameterId": 1,
            "characteristicId": 1,
            "characteristicContext": "entity",
            "characteristicType": self._numbers.characteristic,
            "value": scaled_number(self._greatest()),
            "unit": "W",
        }
        return {"electricalConnectionCharacteristicData": [one]}


class EnergyGuards:
    """Listens for the heartbeats of the peers that may set the limit (a `Client`)."""

    def __init__(self, system: ControllableSystem, source: Address) -> None:
        """`source`: our feature that subscribes."""
        self._system = system
        self._source = source
        self._guards: set[tuple[str, Address]] = set()

    def known(self, session: Session) -> None:
        self._guards = {each for each in self._guards if each[0] != session.ski or each[1].entity in session.entities}
        for case in session.supports(LPC, "EnergyGuard"):
            diagnosis = session.entities[case.entity].server("DeviceDiagnosis")
            if diagnosis is not None and (session.ski, diagnosis.address) not in self._guards:
                self._guards.add((session.ski, diagnosis.address))
                session.subscribe(self._source, diagnosis)
                session.ask(self._source, diagnosis.address, HEARTBEAT)

    def heard(self, session: Session, source: Address, function: str, data: Data) -> None:
        if function == HEARTBEAT and (session.ski, source) in self._guards:
            timeout = seconds_of(text(data, "heartbeatTimeout"))
            if timeout is not None and data.get("heartbeatCounter") is not None:
                self._system.heartbeat(timeout)

    def lost(self, session: Session) -> None:
        self._guards = {(ski, address) for ski, address in self._guards if ski != session.ski}


def described_limit(data: Data) -> int | None:
    """The id of the limit that is LPC's, among a peer's descriptions."""
    for each in objects(data, "loadControlLimitDescriptionData"):
        if text(each, "scopeType") == "activePowerLimit" and text(each, "limitDirection") == "consume":
            found = obj(each).get("limitId")
            return found if isinstance(found, int) else None
    return None
