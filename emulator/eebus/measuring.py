"""Measurements of a device: MPC for the charging station, EVCEM for the vehicle.

The one rule: a quantity is a row; descriptions, constraints, parameters and values are all made from the rows.
Source: EEBUS use cases "Monitoring of Power Consumption" 1.0.0 and "Measurement of Electricity During EV Charging"
1.0.1; SPINE 1.3.0, `Measurement` and `ElectricalConnection`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ..core.snapshot import Snapshot
from .coding import Data, objects, scaled_number
from .model import Feature
from .spine import Device

MPC: Final = "monitoringOfPowerConsumption"
EVCEM: Final = "measurementOfElectricityDuringEvCharging"
MEASUREMENTS: Final = "measurementListData"
PARAMETERS: Final = "electricalConnectionParameterDescriptionListData"
PARAMETER: Final = "electricalConnectionParameterDescriptionData"
LINES: Final = ("a", "b", "c")
PAIRS: Final = ("ab", "bc", "ac")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One measurement."""

    id: int
    type: str
    """`power`"""
    unit: str
    scope: str
    read: Callable[[Snapshot], float | None]
    phases: str = ""
    """`a`, `abc`; empty: it is of no phases."""
    reference: str = ""
    scenario: int
    """Of the use case."""
    digits: int = 0

    def description(self) -> Data:
        return {
            "measurementId": self.id,
            "measurementType": self.type,
            "commodityType": "electricity",
            "unit": self.unit,
            "scopeType": self.scope,
        }

    def parameter(self) -> Data:
        found: dict[str, object] = {
            "electricalConnectionId": 1,
            "parameterId": self.id,
            "measurementId": self.id,
            "voltageType": "ac",
        }
        if self.phases:
            found["acMeasuredPhases"] = self.phases
            found["acMeasuredInReferenceTo"] = self.reference or "neutral"
            found["acMeasurementType"] = "apparent" if self.type == "voltage" else "real"
            found["acMeasurementVariant"] = "rms"
        return found

    def value(self, snapshot: Snapshot) -> Data:
        value = self.read(snapshot)
        found: dict[str, object] = {"measurementId": self.id, "valueType": "value"}
        if value is not None:
            found["value"] = scaled_number(value, self.digits)
        return {**found, "valueSource": "measuredValue", "valueState": "normal" if value is not None else "outOfRange"}


def _power(line: int) -> Callable[[Snapshot], float]:
    return lambda s: s.active_power[line]


def _current(line: int) -> Callable[[Snapshot], float]:
    return lambda s: s.phase_current[line]


def _voltage(line: int) -> Callable[[Snapshot], float]:
    return lambda s: s.phase_voltage[line]


CONSUMPTION: Final[tuple[Quantity, ...]] = (
    Quantity(
        id=1, type="power", unit="W", scope="acPowerTotal", phases="abc", scenario=1, read=lambda s: s.power, digits=1
    ),
    *(
        Quantity(
            id=2 + k, type="power", unit="W", scope="acPower", phases=LINES[k], scenario=1, read=_power(k), digits=1
        )
        for k in range(3)
    ),
    Quantity(
        id=5,
        type="energy",
        unit="Wh",
        scope="acEnergyConsumed",
        phases="abc",
        scenario=2,
        read=lambda s: s.total_energy,
    ),
    Quantity(id=6, type="energy", unit="Wh", scope="acEnergyProduced", phases="abc", scenario=2, read=lambda s: 0.0),
    *(
        Quantity(
            id=7 + k,
            type="current",
            unit="A",
            scope="acCurrent",
            phases=LINES[k],
            scenario=3,
            read=_current(k),
            digits=3,
        )
        for k in range(3)
    ),
    *(
        Quantity(
            id=10 + k,
            type="voltage",
            unit="V",
            scope="acVoltage",
            phases=LINES[k],
            scenario=4,
            read=_voltage(k),
            digits=1,
        )
        for k in range(3)
    ),
    Quantity(id=16, type="frequency", unit="Hz", scope="acFrequency", scenario=5, read=lambda s: s.frequency, digits=3),
)
"""MPC."""
CHARGING: Final[tuple[Quantity, ...]] = (
    *(
        Quantity(
            id=1 + k,
            type="current",
            unit="A",
            scope="acCurrent",
            phases=LINES[k],
            scenario=1,
            read=_current(k),
            digits=3,
        )
        for k in range(3)
    ),
    *(
        Quantity(
            id=4 + k, type="power", unit="W", scope="acPower", phases=LINES[k], scenario=2, read=_power(k), digits=1
        )
        for k in range(3)
    ),
    Quantity(id=7, type="energy", unit="Wh", scope="charge", scenario=3, read=lambda s: s.session_energy),
)
"""EVCEM."""


def describe_parameters(electrical: Feature, rows: Callable[[], list[Data]]) -> None:
    """Describe parameters beside those that another use case describes at this feature."""
    others = electrical.functions.get(PARAMETERS)

    def read() -> Data:
        before = objects(others.read(), PARAMETER) if others is not None else []
        return {PARAMETER: [*before, *rows()]}

    electrical.serve(PARAMETERS, read)


class Measurements:
    """The rows of one entity."""

    def __init__(
        self,
        device: Device,
        quantities: Sequence[Quantity],
        snapshot: Callable[[], Snapshot],
        phases: Callable[[], int],
    ) -> None:
        """`phases`: how many are connected."""
        self._device = device
        self._quantities = quantities
        self._snapshot = snapshot
        self._phases = phases
        self._feature: Feature | None = None
        self._told: Data | None = None

    @property
    def scenarios(self) -> tuple[int, ...]:
        return tuple(sorted({quantity.scenario for quantity in self._quantities}))

    def serve(self, electrical: Feature, measurement: Feature) -> None:
        self._feature = measurement
        electrical.serve(
            "electricalConnectionDescriptionListData",
            lambda: {
                "electricalConnectionDescriptionData": [
                    {
                        "electricalConnectionId": 1,
                        "powerSupplyType": "ac",
                        "acConnectedPhases": self._phases(),
                        "positiveEnergyDirection": "consume",
                    }
                ]
            },
        )
        describe_parameters(electrical, lambda: [each.parameter() for each in self._quantities])
        measurement.serve(
            "measurementDescriptionListData",
            lambda: {"measurementDescriptionData": [each.description() for each in self._quantities]},
        )
        measurement.serve(
            "measurementConstraintsListData",
            lambda: {"measurementConstraintsData": [{"measurementId": each.id} for each in self._quantities]},
        )
        measurement.serve(MEASUREMENTS, self.values)

    def values(self) -> Data:
        snapshot = self._snapshot()
        return {"measurementData": [each.value(snapshot) for each in self._quantities]}

    def look(self) -> None:
        """Tell subscribers what is different."""
        if self._feature is not None and self._device.sessions:
            values = self.values()
            if values != self._told:
                self._told = values
                self._device.notify(self._feature, MEASUREMENTS)
