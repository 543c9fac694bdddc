"""E-mobility: the charging station (EVSECC) and the vehicle (EVCC) that comes and goes, and limits per phase (OPEV).

The one rule: the vehicle is an entity that exists exactly while it is plugged.
Source: EEBUS use cases "EVSE Commissioning and Configuration" 1.0.1, "EV Commissioning and Configuration" 1.0.1 and
"Overload Protection by EV Charging Current Curtailment" 1.0.1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from .coding import Data, flag, objects, scaled, scaled_number
from .limitation import KEY_DESCRIPTIONS, KEY_VALUES, LIMIT_DESCRIPTIONS, LIMITS, Wrote, not_told
from .measuring import LINES, describe_parameters
from .model import ErrorNumber, Feature, Refusal
from .spine import Device, Watch

EVSECC: Final = "evseCommissioningAndConfiguration"
EVCC: Final = "evCommissioningAndConfiguration"
OPEV: Final = "overloadProtectionByEvChargingCurrentCurtailment"
MANUFACTURER: Final = "deviceClassificationManufacturerData"
DIAGNOSIS: Final = "deviceDiagnosisStateData"
IDENTIFICATION: Final = "identificationListData"
PERMITTED: Final = "electricalConnectionPermittedValueSetListData"

COMMUNICATION, ASYMMETRIC = 1, 2
"""Key ids of a vehicle's configuration. ASSUMED."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manufacturer:
    """What a device says of itself."""

    name: str
    code: str = ""
    serial: str = ""
    software: str = ""
    vendor: str = ""
    brand: str = ""

    def data(self) -> Data:
        members = (
            ("deviceName", self.name),
            ("deviceCode", self.code),
            ("serialNumber", self.serial),
            ("softwareRevision", self.software),
            ("vendorName", self.vendor),
            ("brandName", self.brand),
        )
        return {name: value for name, value in members if value}


def serve_station(
    device: Device,
    diagnosis: Feature,
    classification: Feature,
    manufacturer: Callable[[], Manufacturer],
    failed: Callable[[], bool],
) -> Watch:
    """EVSECC; what of it changes."""
    classification.serve(MANUFACTURER, lambda: manufacturer().data())
    diagnosis.serve(DIAGNOSIS, lambda: {"operatingState": "failure" if failed() else "normalOperation"})
    return Watch(device, (diagnosis, DIAGNOSIS))


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleFacts:
    """What EVCC tells of a vehicle."""

    communication: str = "iec61851"
    asymmetric: bool = False
    mac: str = ""
    least_power: float
    """W"""
    greatest_power: float
    """W"""
    standby_power: float = 0.0
    state: str = "normalOperation"
    """Or `standby`, `finished`, `failure`."""


def serve_vehicle(
    device: Device,
    diagnosis: Feature,
    configuration: Feature,
    identification: Feature,
    classification: Feature,
    electrical: Feature,
    facts: Callable[[], VehicleFacts],
    *,
    power_parameter: int,
    currents: Callable[[], tuple[float, float]] | None = None,
) -> Watch:
    """EVCC; what of it changes.

    `power_parameter`: of the total power. `currents`: least and greatest per phase [A], for OPEV.
    """
    diagnosis.serve(DIAGNOSIS, lambda: {"operatingState": facts().state})
    configuration.serve(
        KEY_DESCRIPTIONS,
        lambda: {
            "deviceConfigurationKeyValueDescriptionData": [
                {"keyId": COMMUNICATION, "keyName": "communicationsStandard", "valueType": "string"},
                {"keyId": ASYMMETRIC, "keyName": "asymmetricChargingSupported", "valueType": "boolean"},
            ]
        },
    )
    configuration.serve(
        KEY_VALUES,
        lambda: {
            "deviceConfigurationKeyValueData": [
                {"keyId": COMMUNICATION, "value": {"string": facts().communication}},
                {"keyId": ASYMMETRIC, "value": {"boolean": facts().asymmetric}},
            ]
        },
    )
    identification.serve(IDENTIFICATION, lambda: _identity(facts().mac))
    classification.serve(MANUFACTURER, dict)

    def permitted() -> Data:
        known = facts()
        power = _range(power_parameter, known.least_power, known.greatest_power, known.standby_power)
        least, greatest = currents() if currents is not None else (0.0, 0.0)
        lines = [] if currents is None else [_range(1 + k, least, greatest, 0.0) for k in range(3)]
        return {"electricalConnectionPermittedValueSetData": [*lines, power]}

    electrical.serve(PERMITTED, permitted)
    power = {
        "electricalConnectionId": 1,
        "parameterId": power_parameter,
        "acMeasuredPhases": "abc",
        "scopeType": "acPowerTotal",
    }
    describe_parameters(electrical, lambda: [power])
    return Watch(device, (diagnosis, DIAGNOSIS), (identification, IDENTIFICATION), (electrical, PERMITTED))


def _identity(mac: str) -> Data:
    if not mac:
        return {"identificationData": []}
    return {"identificationData": [{"identificationId": 0, "identificationType": "eui48", "identificationValue": mac}]}


def _range(parameter: int, least: float, greatest: float, pause: float) -> Data:
    return {
        "electricalConnectionId": 1,
        "parameterId": parameter,
        "permittedValueSet": [
            {
                "value": [scaled_number(pause, 1)],
                "range": [{"min": scaled_number(least, 1), "max": scaled_number(greatest, 1)}],
            }
        ],
    }


class PhaseLimits:
    """OPEV: a limit per phase, which the vehicle has to keep to [A]."""

    def __init__(self, changed: Callable[[], None], wrote: Wrote = not_told) -> None:
        self.limits: list[tuple[bool, float]] = [(False, 0.0)] * 3
        """(active, A) of each phase."""
        self._changed = changed
        self._wrote = wrote

    @property
    def current(self) -> float | None:
        """The lowest active limit [A]; None: there is none."""
        active = [value for on, value in self.limits if on]
        return min(active) if active else None

    def reset(self) -> None:
        self.limits = [(False, 0.0)] * 3
        self._changed()

    def serve(self, device: Device, load_control: Feature, refuses: Callable[[], bool]) -> None:
        """Limit and measurement ids are 1 to 3 for the phases."""

        def write(ski: str, data: Data) -> Refusal | None:
            refusal = Refusal(ErrorNumber.COMMAND_REJECTED, "Limit not accepted") if refuses() else None
            limits = [scaled(entry, "value") for entry in objects(data, "loadControlLimitData")]
            self._wrote(ski, {"currents": limits}, refusal)
            if refusal is not None:
                return refusal
            for entry in objects(data, "loadControlLimitData"):
                number, value, active = entry.get("limitId"), scaled(entry, "value"), flag(entry, "isLimitActive")
                if isinstance(number, int) and 1 <= number <= 3 and value is not None:
                    self.limits[number - 1] = (bool(active), value)
            self._changed()
            device.notify(load_control, LIMITS)
            return None

        load_control.serve(LIMIT_DESCRIPTIONS, self._descriptions)
        load_control.serve(LIMITS, self._data, write, partial=True)

    def _descriptions(self) -> Data:
        return {
            "loadControlLimitDescriptionData": [
                {
                    "limitId": 1 + k,
                    "limitType": "maxValueLimit",
                    "limitCategory": "obligation",
                    "measurementId": 1 + k,
                    "unit": "A",
                    "scopeType": "overloadProtection",
                }
                for k in range(len(LINES))
            ]
        }

    def _data(self) -> Data:
        return {
            "loadControlLimitData": [
                {
                    "limitId": 1 + k,
                    "isLimitChangeable": True,
                    "isLimitActive": active,
                    "value": scaled_number(value, 1),
                }
                for k, (active, value) in enumerate(self.limits)
            ]
        }
