"""One running wallbox: a vendor's firmware on a charger.

The one rule: a wallbox sees the world through its simulation only, and what a client writes passes `record_write`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import Final

from ..core.agenda import Action, Timer
from ..core.instant import MINUTE, Instant, later
from ..core.messages import Command, Event, Outcome, SetAuthorisation
from ..core.snapshot import Snapshot
from ..core.specs import ChargerSpec
from ..core.values import value
from ..runtime.simulation import Simulation
from .catalogue import Catalogue
from .charge_control import IGNORED, ChargeControl
from .done import DONE_TO_IT, counted
from .firmware import Profile
from .interception import NOBODY, TAKEN_DOWN, Interceptor
from .interfaces import HttpInterface, Interface, ModbusInterface, MqttInterface, OcppInterface, Origin, RegisterMap
from .points import Fidelity
from .quirks import Quirk
from .realism import Realism, Realist
from .registers import NO_NAMES
from .rendering import Moments
from .settings import Settings
from .traffic import ProtocolName

RECENT: Final[Instant] = 15 * MINUTE
"""How far back a wallbox reads, where its vendor says nothing else: meters are refreshed every second or so."""


@value
class Context:
    """What a wallbox is made of."""

    vendor: Catalogue
    profile: Profile
    simulation: Simulation
    charger: str
    """Name of the charger it runs on."""
    name: str
    """Its own name; `<charger>.<name>` is unique."""
    serial: str
    settings: Mapping[str, object] = field(default_factory=dict)
    address: str = "127.0.0.1"
    """IP address its clients see."""
    broker: tuple[str, int] | None = None
    """Host and port of the scenario's broker, where `embedded` or nothing else was set."""
    realism: Realism | None = None
    """None: as the clock runs, see `Realist`."""


class Wallbox(ABC):
    """Base of every vendor's wallbox: identity, settings, power, and the way to the charger.

    A vendor's subclass declares its interfaces and reacts to the charger's events.
    """

    boot_time: float = 15.0
    """s from power to an answering network processor. ASSUMED unless a vendor says otherwise."""

    def __init_subclass__(cls) -> None:
        """What is done to a wallbox counts as something that happens to it, whatever a vendor makes of it."""
        for name in DONE_TO_IT:
            if name in cls.__dict__:
                setattr(cls, name, counted(cls.__dict__[name]))

    speaks: str | None = None
    """The interface whose names its values have in scenarios; None: HTTP, else the first that has no registers."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.vendor = context.vendor
        self.profile = context.profile
        self.simulation = context.simulation
        self.charger = context.charger
        self.name = context.name
        self.serial = context.serial
        self.address = f"{context.charger}.{context.name}"
        """Name in scenarios, `garage.goe`."""
        self.up = True
        """Whether the network side is powered and booted; while False every interface is gone."""
        self.booted_at: Instant = 0
        """When the network processor started last."""
        self.interceptor: Interceptor = NOBODY
        """What stands between this wallbox and its clients."""
        self.realism = Realist(
            context.vendor.habits, context.simulation, context.charger, self.address, context.realism
        )
        self.on_firmware: Callable[[], None] = lambda: None
        """Called when it has another firmware."""
        self.clock_offset = timedelta()
        """How much its clock is fast."""
        self.simulation.chargers[self.charger].remember(RECENT)
        self.happenings = self.simulation.chargers[self.charger].happenings
        """What happens to its charger and to itself."""
        self.moments = Moments(self.simulation, self.charger)
        self._values: tuple[int, frozenset[str]] = (-1, frozenset())
        """What its values are called, and when that was looked at."""
        self.settings = Settings(context.vendor.by_setting, self.happenings)
        self.settings.configure(context.settings)
        self.control = ChargeControl(self.name, self.submit)
        """The way to the charge controller."""
        self._listeners: list[Callable[[Instant], None]] = []
        self._boot_timer = self.timer(self._booted)
        self._unlisten = self.simulation.listen(self.charger, self._on_event)

    # --- what a vendor provides --------------------------------------------------------------------------------------

    interfaces: Mapping[str, Interface]
    """By name (`http`, `modbus`, `mqtt`, `mdns`, `udp`): set once, in the subclass's constructor."""

    @abstractmethod
    def power_on(self) -> None:
        """The wallbox has power for the first time: put limits and permissions on the charger."""

    @abstractmethod
    def handle(self, event: Event) -> None:
        """Something happened in the charger."""

    @abstractmethod
    def read(self, address: str) -> object:
        """A vendor value as a client would see it: `car`, `evse/state.iec61851_state`, `modbus.210`.

        KeyError if there is none of that name.
        """

    @abstractmethod
    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        """Write a vendor value as a client would through the interface of `origin`."""

    @abstractmethod
    def addresses(self) -> Iterable[str]:
        """Every address `read` knows, for suggestions and documentation."""

    @abstractmethod
    def fidelity(self) -> Iterable[Fidelity]:
        """Every row of every table of this profile."""

    def written_names(self) -> Iterable[str]:
        """Names under which writes of its clients are recorded (`modbus.<register>` apart)."""
        settable = (row.name for row in self.fidelity() if row.settable and not row.name[:1].isdigit())
        return (*self.addresses(), *settable)

    def written_topics(self) -> Iterable[str]:
        """What it takes on MQTT where it subscribes to everything below its prefix."""
        return (row.name for row in self.fidelity() if row.settable and not row.name[:1].isdigit())

    def register_tables(self) -> Iterable[RegisterMap]:
        """What its Modbus registers mean, whichever of its tables is chosen."""
        for interface in self.interfaces.values():
            if isinstance(interface, ModbusInterface) and interface.table is not None:
                yield interface.table()

    def request_words(self) -> Iterable[str]:
        """What requests are called that neither read nor write one single value."""
        return ()

    def http_paths(self) -> Iterable[str]:
        """Paths of HTTP and of WebSockets; `/*` at the end takes everything below."""
        for interface in self.interfaces.values():
            if isinstance(interface, HttpInterface):
                yield from (route.path for route in interface.routes)
                yield from interface.websockets

    def present_card(self, tag: str) -> Outcome:
        """A card is held to the reader (hexadecimal id). Default: this wallbox has no reader."""
        return Outcome(detail={"ignored": "no card reader"})

    def press_button(self, duration: float = 0.2) -> Outcome:
        """The button of the wallbox is pressed for `duration` s. Default: it has none."""
        return Outcome(detail={"ignored": "no button"})

    @property
    def sensors(self) -> tuple[str, ...]:
        """Temperature sensors it has, by their names in a snapshot. Default: all but that of a domestic plug."""
        return tuple(name for name in self.snapshot().temperature if name != "domestic_pin")

    def lose_authorisation(self) -> None:
        """The authorisation of the present session is gone, and nobody asked for that. Default: the charger's only."""
        for owner, granted in self.snapshot().authorisations.items():
            if granted and owner.partition(".")[0] == self.name:
                self.submit(SetAuthorisation(owner=owner, granted=False))

    def setting_changed(self, name: str) -> None:  # noqa: B027 - most need nothing here
        """A setting has a new value."""

    def shut_down(self) -> None:  # noqa: B027 - most need nothing here
        """The network processor stops: drop what lives in its memory. Volatile settings are dropped for you."""

    def boot(self) -> None:  # noqa: B027 - most need nothing here
        """The network processor runs again."""

    # --- what it shows to the network --------------------------------------------------------------------------------

    def serves(self, interface: str) -> bool:
        """Whether an interface is there: powered, booted, switched on, and not taken away."""
        if not self.up or not self.interceptor.reachable(interface):
            return False
        declared = self.interfaces["http" if interface == "websocket" else interface]
        return isinstance(declared, (MqttInterface, OcppInterface)) or declared.enabled()

    def switched_off_by(self, interface: str) -> Mapping[str, object]:
        """Settings that keep an interface from answering, with the values that would let it; empty: none does."""
        wanted = self.vendor.enabling(self.profile.model, interface)
        return {name: value for name, value in wanted.items() if value and self.settings[name] in (False, "disabled")}

    @property
    def traffic(self) -> Mapping[str, ProtocolName]:
        """The protocol of everything that carries messages, by the interface's name."""
        found: dict[str, ProtocolName] = {}
        for name, interface in self.interfaces.items():
            if interface.protocol != "mdns":
                found[name] = interface.protocol
            if isinstance(interface, HttpInterface) and interface.websockets:
                found["websocket"] = "websocket"
        return found

    def has_value(self, name: str) -> bool:
        """Whether a bare name is one of its settings or values."""
        if name in self.settings:
            return True
        revision = self.moments.revision
        if self._values[0] != revision:
            self._values = revision, frozenset(point.rpartition(".")[2] for point in self.addresses())
        return name in self._values[1]

    # --- what it may use ---------------------------------------------------------------------------------------------

    def shows(self, quirk: Quirk) -> bool:
        """Whether this wallbox shows a quirk: as its owner states, else as its model and firmware do."""
        stated = self.settings[quirk.setting]
        return quirk.exists(self.profile) if stated is None else stated

    def snapshot(self) -> Snapshot:
        """The charger as it is: for the firmware's logic."""
        return self.simulation.observe(self.charger)

    def measured(self, at: Instant | None = None) -> Snapshot:
        """The charger as the wallbox's meter shows it to clients, now or at an instant of the recent past."""
        return self.realism.measured(at)

    def submit(self, command: Command) -> Outcome:
        """Ask the charge controller."""
        self.happenings.count += 1
        if self.interceptor.swallows(command):
            return IGNORED
        return self.simulation.submit(self.charger, command, wallbox=self.name)

    def calendar(self, at: Instant | None = None) -> datetime:
        """Calendar time of an instant (default: now), by the clock of the wallbox."""
        return self.simulation.calendar(at) + self.clock_offset

    def timer(self, action: Action) -> Timer:
        """A timer in simulated time, for this firmware's logic."""
        return self.simulation.timer(action)

    def uptime(self, at: Instant) -> Instant:
        """µs since the network processor started."""
        return at - self.booted_at

    def note(self, name: str, detail: Mapping[str, object] | None = None) -> None:
        """Record something the firmware did by itself."""
        if self.interceptor is TAKEN_DOWN:
            return
        self.happenings.count += 1
        self.simulation.journal.record(
            self.simulation.at, "firmware", name, detail, charger=self.charger, wallbox=self.name
        )

    def record_write(
        self, point: str, value: object, outcome: Outcome, origin: Origin, names: Mapping[str, object] = NO_NAMES
    ) -> None:
        """Record that a client wrote `value` to `point`; every protocol's writes pass here, decoded.

        `names`: what else the value is called, the vendor's own name last, with the value as it is there.
        """
        self.happenings.count += 1
        if origin.recorded:
            return
        detail: dict[str, object] = {"value": value, "ok": outcome.ok}
        if names:
            detail["as"] = dict(names)
        if outcome.refused is not None:
            detail |= {"refused": str(outcome.refused), "message": outcome.message}
        with self.simulation.because(origin.cause):
            self.simulation.journal.record(
                self.simulation.at,
                "write",
                point,
                detail,
                charger=self.charger,
                wallbox=self.name,
                interface=origin.interface,
                client=origin.client,
            )

    def changed(self) -> None:
        """Tell the push interfaces that something may look different now."""
        self.happenings.count += 1
        at = self.simulation.at
        for listener in tuple(self._listeners):
            listener(at)

    def listen(self, listener: Callable[[Instant], None]) -> Callable[[], None]:
        """Call `listener` with the instant of every discrete change; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    # --- power -------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Power-on in the simulated world; from now on changes of settings are acted on."""
        self.booted_at = self.simulation.now()
        self.settings.listen(self.setting_changed)
        self.power_on()

    def take_down(self) -> None:
        """It is taken off the wall, for good: nothing that it asked of the charger counts any more."""
        self._go_down()
        self._boot_timer.clear()
        self._unlisten()
        self.control.withdraw()
        self.interceptor = TAKEN_DOWN
        self.settings.keep = None

    def resume(self) -> None:
        """It was running before, in an earlier run of the emulator: it boots with what was in flash."""
        self.boot()
        self.changed()

    def configure(self, settings: Mapping[str, object]) -> None:
        """The owner changes settings, with the vendor's app or at the wallbox. EmulatorError if any is wrong."""
        self.settings.configure(settings)
        self.changed()

    def set_firmware(self, firmware: str, *, offered: bool = False) -> None:
        """The firmware is replaced; the wallbox reboots into it. EmulatorError if there is no such profile.

        `offered`: by an update server; what is newer than every profile behaves as the newest.
        """
        self.profile = self.vendor.profile(self.profile.model.id, firmware, offered=offered)
        self.happenings.count += 1
        self.on_firmware()
        self.reboot()

    def reboot(self, duration: float | None = None) -> None:
        """The network processor restarts: every interface is gone for `duration` s (default: the boot time)."""
        self._go_down()
        self._boot_timer.set(later(self.simulation.now(), self.boot_time if duration is None else duration))
        self.simulation.wake()

    def _go_down(self) -> None:
        if self.up:
            self.up = False
            self.shut_down()
            self.settings.forget_volatile()
            self.note("shut_down")
            self.changed()

    def _booted(self, at: Instant) -> None:
        self.up = True
        self.booted_at = at
        self.boot()
        self.note("booted")
        self.changed()

    def _on_event(self, event: Event) -> None:
        self.happenings.count += 1
        if event.name == "supply_lost":
            self._go_down()
            self._boot_timer.clear()
        elif event.name == "supply_restored":
            self._boot_timer.set(later(event.at, self.boot_time))
        with self.simulation.agenda.on_behalf_of(self.happenings):
            self.handle(event)
            self.changed()


def charger_defaults(profile: Profile) -> ChargerSpec:
    """The hardware a model of this profile is built on."""
    model = profile.model
    return ChargerSpec(
        rated_current=model.rated_current,
        phases=model.phases,
        connector="socket" if model.connector == "socket" else "tethered",
        evse=model.evse,
    )
