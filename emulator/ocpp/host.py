"""The charge point of a wallbox over the box's life: none without power, another after each boot.

The one rule: this is all a vendor deals with; it says where to connect and what its station is.
"""

from __future__ import annotations

from collections.abc import Callable

from ..devices.ocpp_interface import OcppAccess, OcppInterface
from .charge_point import ChargePoint
from .profiles import VendorProfile
from .station import Memory, Station


class Host:
    """Keeps the charge point of one wallbox."""

    def __init__(self, profile: VendorProfile, station: Station, access: Callable[[], OcppAccess | None]) -> None:
        """`access`: where to connect; None: OCPP is switched off."""
        self.profile = profile
        self.station = station
        self.memory = Memory()
        self.memory.queue.numbering.next = profile.first_id
        self.charge_point: ChargePoint | None = None
        """None: off, or without power."""
        self._access = access
        self.interface = OcppInterface(access=self._wanted, conversation=self.running, reconnect=profile.reconnect)

    def power_on(self) -> None:
        """The box has booted, or OCPP has been switched on."""
        if self.charge_point is None and self._access() is not None:
            self.charge_point = ChargePoint(self.profile, self.station, self.memory)
            self.charge_point.power_on()

    def shut_down(self) -> None:
        """The box loses its memory."""
        if self.charge_point is not None:
            self.charge_point.shut_down()
            self.charge_point = None

    def configured(self) -> None:
        """The settings of OCPP are new: begin from the start with them, or stop and let the charger go."""
        self.shut_down()
        if self._access() is None:
            self.station.release()
        else:
            self.power_on()
        self.station.changed()

    def look(self) -> None:
        """Something in the charger is different."""
        if self.charge_point is not None:
            self.charge_point.look()

    def present(self, tag: str) -> None:
        """A card is held to the reader."""
        if self.charge_point is not None:
            self.charge_point.present(tag)

    def forget(self) -> None:
        """Everything kept is deleted: configuration, profiles, messages that wait."""
        self.shut_down()
        self.memory = Memory()
        self.memory.queue.numbering.next = self.profile.first_id
        self.power_on()

    def _wanted(self) -> OcppAccess | None:
        return None if self.charge_point is None else self._access()

    def running(self) -> ChargePoint:
        """The charge point. AssertionError without one: nothing is connected then."""
        assert self.charge_point is not None
        return self.charge_point
