"""The charge point of a wallbox over the wallbox's life: none without power, another after each boot.

The one rule: this is all a vendor deals with; it says where to connect and what its station is. Nothing else of this
package is imported before OCPP is switched on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ..devices.interfaces import OcppAccess, OcppInterface
from ..devices.settings import Setting, Settings, takes

if TYPE_CHECKING:
    from .charge_point import ChargePoint
    from .profiles import VendorProfile
    from .station import Memory, Station


_TAGS: Final = {"type": "object", "additionalProperties": {"examples": [["Accepted", None, None]]}}
_NUMBER: Final = {"type": "integer", "minimum": 0}


@takes(
    {
        "type": ["object", "null"],
        "properties": {
            "configuration": {"type": "object", "additionalProperties": {"type": "string"}},
            "next_id": _NUMBER,
            "inoperative": {"type": "boolean"},
            "station_inoperative": {"type": "boolean"},
            "transactions": {"type": "array"},
            "running": {"type": ["integer", "null"]},
            "messages": {"type": "array"},
            "profiles": {"type": "array"},
            "cache": _TAGS,
            "local_list": _TAGS,
            "local_list_version": _NUMBER,
        },
    }
)
def _document(value: object) -> Mapping[str, object] | None:
    if value is not None and not isinstance(value, Mapping):
        raise ValueError("expected an object or null")
    return value


MEMORY: Final[Setting[Mapping[str, object] | None]] = Setting(
    "ocpp_memory", None, _document, "what the charge point (OCPP) keeps without power"
)


class Host:
    """Keeps the charge point of one wallbox."""

    def __init__(
        self,
        settings: Settings,
        access: Callable[[], OcppAccess | None],
        made_of: Callable[[], tuple[VendorProfile, Station]],
    ) -> None:
        """`access`: where to connect; None: OCPP is switched off. `made_of`: asked when it is switched on first."""
        self._settings = settings
        self.charge_point: ChargePoint | None = None
        """None: off, or without power."""
        self._access = access
        self._made_of = made_of
        self._made: Made | None = None
        self.interface: Final = OcppInterface(
            access=self._wanted, conversation=self.running, reconnect=lambda: self.made.profile.reconnect
        )

    @property
    def made(self) -> Made:
        """What the charge point is made of."""
        if self._made is None:
            self._made = Made(*self._made_of(), self._settings[MEMORY])
        return self._made

    @property
    def memory(self) -> Memory:
        return self.made.memory

    def power_on(self) -> None:
        """The wallbox has booted, or OCPP has been switched on."""
        if self.charge_point is None and self._access() is not None:
            from .charge_point import ChargePoint

            made = self.made
            self.charge_point = ChargePoint(made.profile, made.station, made.memory)
            self.charge_point.keep = self._keep
            self.charge_point.power_on()

    def shut_down(self) -> None:
        """The wallbox loses its memory."""
        if self.charge_point is not None:
            self._end()
            self.made.station.shut_down()

    def _end(self) -> None:
        if self.charge_point is not None:
            self.charge_point.shut_down()
            self.charge_point = None

    def configured(self) -> None:
        """The settings of OCPP are new: begin from the start with them, or stop and let the charger go."""
        if self._made is None and self._access() is None:
            return
        self._end()
        if self._access() is None:
            self.made.station.release()
        else:
            self.power_on()
        self.made.station.changed()

    def look(self) -> None:
        """Something in the charger is different."""
        if self.charge_point is not None:
            self.charge_point.look()

    def present(self, tag: str) -> None:
        """A card is held to the reader."""
        if self.charge_point is not None:
            self.charge_point.present(tag)

    def make_available(self, operative: bool) -> None:
        """The box's own availability, a setting, has this value."""
        if self.charge_point is not None and self.memory.operative is not operative:
            self.charge_point.make_available(operative, station=True)

    def changed(self, name: str) -> None:
        """A configuration key that the vendor keeps itself has another value."""
        if self.charge_point is not None:
            self.charge_point.configuration.changed(name)

    def forget(self) -> None:
        """Everything kept is deleted: configuration, profiles, messages that wait."""
        if self._made is not None:
            self._end()
            self._made.forget()
            self._settings.put(MEMORY, None)
            self.power_on()

    def _keep(self) -> None:
        """Store what a restart of the emulator is not to lose."""
        from .keeping import document

        point = self.charge_point
        if point is not None:
            self.memory.profiles = point.profiles.installed
            self._settings.put(MEMORY, document(self.memory, point.outbox.in_flight))

    def _wanted(self) -> OcppAccess | None:
        return None if self.charge_point is None else self._access()

    def running(self) -> ChargePoint:
        """The charge point. AssertionError without one: nothing is connected then."""
        assert self.charge_point is not None
        return self.charge_point


class Made:
    """What a charge point is made of, over all its lives."""

    def __init__(self, profile: VendorProfile, station: Station, kept: Mapping[str, object] | None) -> None:
        """`kept`: what an earlier run of the emulator stored."""
        self.profile: Final = profile
        self.station: Final = station
        self.forget()
        if kept is not None:
            self._restore(kept)

    def _restore(self, kept: Mapping[str, object]) -> None:
        from .keeping import UnreadableError, restored

        try:
            self.memory = restored(kept)
        except UnreadableError as error:
            self.station.note("ocpp_memory_unreadable", {"why": str(error)})

    def forget(self) -> None:
        from .station import Memory

        self.memory = Memory()
        self.memory.queue.numbering.next = self.profile.first_id
