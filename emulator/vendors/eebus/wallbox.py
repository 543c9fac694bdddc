"""One running EEBUS wallbox: whom it is paired with, and what limits the vehicle.

The one rule: the lower of two limits counts: that of the control box (LPC) and that of the energy manager (OPEV).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ...core.instant import SECOND, Instant, next_grid
from ...core.messages import Event, Outcome, Reason
from ...core.noise import splitmix64
from ...devices.interfaces import Interface, MdnsInterface, MdnsService, Origin, ShipInterface
from ...devices.interfaces.ship import SHIP_PATH, ShipNode, ShipTarget
from ...devices.points import Fidelity, Point
from ...devices.wallbox import Context, Wallbox
from .settings import AUTO_ACCEPT, CONNECT, ENABLED, FAILSAFE_DURATION, FAILSAFE_POWER, TRUSTED

if TYPE_CHECKING:
    from ...eebus.coding import Data
    from ...eebus.model import Refusal
    from .node import WallboxNode

PERIOD: Final = 10 * SECOND
"""Between looks at the meter while peers are connected."""
LEAST: Final = 6.0
SHIP: Final = "ship"


class EebusWallbox(Wallbox):
    """A wallbox that speaks EEBUS and nothing else."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.node: WallboxNode | None = None
        """None: off."""
        self._look = self.timer(self._looked)
        self.interfaces: Mapping[str, Interface] = {
            SHIP: ShipInterface(node=self._running, pair=self._pair, enabled=lambda: self.node is not None),
            "mdns": MdnsInterface(services=self._services, enabled=lambda: self.node is not None),
        }

    @property
    def device_name(self) -> str:
        return f"eebus-{self.serial}"

    # --- life --------------------------------------------------------------------------------------------------------

    def power_on(self) -> None:
        self._configured()

    def boot(self) -> None:
        self._configured()

    def shut_down(self) -> None:
        self._look.clear()
        if self.node is not None:
            node, self.node = self.node, None
            node.stop()
        self._obey()

    def setting_changed(self, name: str) -> None:
        if name in (FAILSAFE_POWER.name, FAILSAFE_DURATION.name):
            self._failsafe_changed(name)
        elif self.up:
            self._configured()

    def handle(self, event: Event) -> None:
        self._soon(0)

    def changed(self) -> None:
        self._soon(0)
        super().changed()

    def _configured(self) -> None:
        """Switched on or off, and whom it trusts."""
        if not self.settings[ENABLED]:
            self.shut_down()
            return
        if self.node is None:
            self.node = self._new_node()
            self.node.start()
        node = self.node.node
        trusted = self.settings[TRUSTED]
        for ski in [*node.trust]:
            if ski not in trusted and not self.settings[AUTO_ACCEPT]:
                node.forget(ski)
        for ski in trusted:
            node.decide(ski, True)
        for ski, place in zip(trusted, self.settings[CONNECT], strict=False):
            host, _, port = place.rpartition(":")
            node.targets[ski] = ShipTarget(host=host, port=int(port), ski=ski)
        node.connect_in(0.0)
        self._soon(0)

    def _failsafe_changed(self, name: str) -> None:
        """Its owner has set a failsafe value; what a peer wrote is known already."""
        if self.node is None:
            return
        system, limits, power = self.node.system, self.node.limits, self.settings[FAILSAFE_POWER]
        if name == FAILSAFE_DURATION.name:
            if (duration := self.settings[FAILSAFE_DURATION]) != system.failsafe_duration:
                limits.set_failsafe(None, duration)
        elif (power := self.node.facts.power if power is None else power) != system.failsafe_power:
            limits.set_failsafe(power, None)

    def _keep_failsafe(self, power: float, duration: float) -> None:
        """A peer has written both; clients such as eebus-go write what they do not change as well."""
        assert self.node is not None
        if self.settings[FAILSAFE_POWER] is not None or power != self.node.facts.power:
            self.settings.put(FAILSAFE_POWER, power)
        self.settings.put(FAILSAFE_DURATION, duration)

    def _new_node(self) -> WallboxNode:
        from ...eebus.emobility import Manufacturer
        from .node import Facts, WallboxNode

        spec = self.simulation.chargers[self.charger].spec
        made = WallboxNode(
            Facts(
                simulation=self.simulation,
                name=self.device_name,
                manufacturer=Manufacturer(name=self.device_name, serial=self.serial, brand="EEBUS wallbox"),
                random=self._random,
                disturbance=lambda: self.interceptor.eebus(SHIP),
                snapshot=self.snapshot,
                current=spec.rated_current,
                phases=spec.phases,
                wrote=self._wrote,
                failsafe=(self.settings[FAILSAFE_POWER], self.settings[FAILSAFE_DURATION]),
                keep=self._keep_failsafe,
                changed=self._limited,
            )
        )
        made.node.on_stranger = self._stranger
        made.node.on_change = lambda: self._soon(0)
        return made

    def _stranger(self, ski: str, _address: str) -> None:
        if not self.settings[AUTO_ACCEPT]:
            return
        assert self.node is not None
        node = self.node.node
        for gone in [each for each in node.trust if each not in {*self.settings[TRUSTED], *node.connections}]:
            node.decide(gone, None)  # whoever comes again is accepted again
        node.decide(ski, True)

    def _running(self) -> ShipNode:
        assert self.node is not None
        return self.node.node

    def _pair(self, ski: str) -> None:
        if ski not in self.settings[TRUSTED]:
            self.settings.put(TRUSTED, [*self.settings[TRUSTED], ski])

    def _random(self, what: str) -> int:
        mixed = self.simulation.seed & 0xFFFFFFFF
        for byte in f"{self.address} {self.serial} {what}".encode():
            mixed = splitmix64(mixed ^ byte)
        return mixed & 0xFFFFFFFF

    def _services(self) -> tuple[MdnsService, ...]:
        ski = self._running().credentials().ski
        txt = (
            ("txtvers", "1"),
            ("id", self.device_name),
            ("path", SHIP_PATH),
            ("ski", ski),
            ("register", "true" if self.settings[AUTO_ACCEPT] else "false"),
            ("type", "ChargingStation"),
            ("cat", "3"),
        )
        return (
            MdnsService(type="_ship._tcp", instance=self.device_name, host=self.device_name, interface=SHIP, txt=txt),
        )

    # --- limits ------------------------------------------------------------------------------------------------------

    def _wrote(self, point: str, ski: str, value: Data, refusal: Refusal | None) -> None:
        """A peer has written a limit."""
        outcome = Outcome() if refusal is None else Outcome(refused=Reason.INVALID, message=refusal.description)
        self.record_write(point, dict(value), outcome, Origin(interface=SHIP, client=ski))

    def _limited(self) -> None:
        self._obey()
        super().changed()

    def _obey(self) -> None:
        """Put the limits on the charger. ASSUMED: less than 6 A is a pause."""
        node = self.node
        power = None if node is None else node.system.obeyed
        phases = max(1, self.simulation.chargers[self.charger].spec.phases)
        self.control.limit("lpc", None if power is None else _or_pause(power / 230.0 / phases))
        current = None if node is None else node.phase_limits.current
        self.control.limit("opev", None if current is None else _or_pause(current))

    def _soon(self, delay: Instant) -> None:
        if self.up and self.node is not None:
            due = next_grid(self.simulation.at + delay, SECOND, self.booted_at)
            if self._look.due is None or due < self._look.due:
                self._look.set(due)

    def _looked(self, at: Instant) -> None:
        if self.node is not None:
            self.node.follow()
            if self.node.device.sessions:
                self._look.set(at + PERIOD)

    # --- scenarios ---------------------------------------------------------------------------------------------------

    def read(self, address: str) -> object:
        for row in ROWS:
            if row.name == address:
                return row.read(self)
        raise KeyError(address)

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        return Outcome(refused=Reason.READ_ONLY, message="only peers write, over EEBUS")

    def addresses(self) -> Iterable[str]:
        return (row.name for row in ROWS)

    def fidelity(self) -> Iterable[Fidelity]:
        return (row.documented("EEBUS", row.type, settable=False) for row in ROWS)


def _or_pause(current: float) -> float:
    return current if current >= LEAST else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Point):
    """What scenarios read of the wallbox."""

    type: str
    read: Callable[[EebusWallbox], object]


def _row(name: str, kind: str, about: str, read: Callable[[WallboxNode], object], off: object) -> Row:
    def value(wallbox: EebusWallbox) -> object:
        return off if wallbox.node is None else read(wallbox.node)

    return Row(name=name, type=kind, about=about, read=value, source="EEBUS use cases")


ROWS: Final = (
    _row("ski", "string", "its own SKI", lambda n: n.node.credentials().ski, ""),
    _row("peers", "array<string>", "SKIs of the peers that data is exchanged with", lambda n: [*n.device.sessions], []),
    _row("lpc.state", "uint8", "0 startup, 1 init, 2 unlimited, 3 limited, 4 failsafe, 5 autonomous",
         lambda n: int(n.system.state), 0),
    _row("lpc.active", "bool", "a limit of the control box is active", lambda n: n.system.limit_active, False),
    _row("lpc.power", "double", "its power [W]", lambda n: n.system.limit_power, 0.0),
    _row("opev.current", "optional<double>", "the lowest limit of the energy manager [A]",
         lambda n: n.phase_limits.current, None),
)  # fmt: skip
