"""EEBUS: peers a client may add, and what the use cases tell them.

The one rule: this is the local API; the node itself is in `eebus_node`, which is loaded when EEBUS is switched on.
Source: Tinkerforge esp32-firmware, `modules/eebus`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ....core.instant import Instant, later
from ....core.messages import Outcome, Reason
from ....devices.interfaces import Interface, MdnsService, Origin, ShipInterface
from ....devices.interfaces.ship import SHIP_PATH, SHIP_PORT, Discovered, ShipTarget
from ..api.documents import Doc, plain_docs
from ..api.rows import AnyRow, Source
from ..api.schema import BOOL, U16, Bool, Str, uint
from ..api.shapes import Arr, Obj, obj
from ..charging.vehicle import KnownVehicle
from ..evse.controller import Controller
from ..meters.slots import Meters
from ..models import WARP2_UP
from ..module import Module
from ..platform import Platform
from ..view import View
from .eebus_documents import NODE, SHOWN, USE_CASES, charging, limit
from .mpc import MPC, NO_VALUE, measured
from .p14a import P14a
from .power import PowerManager

if TYPE_CHECKING:
    from ....eebus.coding import Data
    from ....eebus.emobility import Manufacturer, VehicleFacts
    from ....eebus.model import Refusal
    from ....eebus.node import Node
    from .eebus_node import EebusNode, Facts

FW: Final = Source("fw: modules/eebus", models=WARP2_UP, since="2.10.0")
CONFIG: Final = "eebus/config"
PEERS: Final = 4
"""Peers that are remembered."""
DISCOVERED: Final = 16
"""ASSUMED: peers that a scan may add."""
INIT: Final = 1
DISCONNECTED, LOADED = 0, 5
"""States of a peer while EEBUS is off."""
READY, SCANNING, SCAN_DONE = range(3)
SCAN: Final = 5.0
"""ASSUMED s that a scan takes."""
MEASURED: Final = 10.0
"""ASSUMED s between looks at the meter while peers are connected."""
NO_SKI: Final = "Can't add peer. Ski is missing."
FULL: Final = "Can't add peer. Already have the maximum number of peers."
NO_SKI_TO_REMOVE: Final = "Can't remove peer. Ski is missing."


class Eebus(Module):
    """The peers of one wallbox, and its node while EEBUS is on."""

    def __init__(
        self,
        platform: Platform,
        controller: Controller,
        meters: Meters,
        power: PowerManager,
        vehicle: KnownVehicle,
        p14a: P14a,
    ) -> None:
        super().__init__(platform)
        self.controller = controller
        self.meters = meters
        self.power = power
        self.vehicle = vehicle
        self.p14a = p14a
        p14a.by_eebus = self.order
        self.discovery = READY
        self._others: dict[str, Doc] = {}
        """Peers that are not to be remembered, by their SKI."""
        self._loaded: set[str] = set()
        """Peers that the boot has found in the configuration, until they are tried, by their SKI."""
        self._node: EebusNode | None = None
        self._running = False
        self.interfaces: Mapping[str, Interface] = (
            {"ship": ShipInterface(node=self._ship_node, pair=self.pair, enabled=lambda: self._running)}
            if platform.profile.model.id in WARP2_UP and platform.profile.has("2.10.0")
            else {}
        )

    @property
    def enabled(self) -> bool:
        return self.api.flag(CONFIG, "enable")

    @property
    def remembered(self) -> list[Doc]:
        return self.api.doc(CONFIG).docs("peers")

    # --- life --------------------------------------------------------------------------------------------------------

    def boot(self) -> None:
        self.discovery = READY
        self._others.clear()
        self._node = None
        self._running = False
        if CONFIG in self.api.states:
            self._loaded = {peer.text("ski").lower() for peer in self.remembered}
            self.apply()

    def stop(self) -> None:
        if self._node is not None and self._running:
            self._running = False
            self._node.stop()

    def apply(self) -> None:
        """The configuration is in force: switched on or off, and whom it trusts."""
        if not self.enabled:
            self.stop()
            self.p14a.boot()
            return
        node = self._started()
        known = {peer.text("ski").lower() for peer in (*self.remembered, *self._others.values())}
        for ski in [*node.targets]:
            if ski not in known:
                node.forget(ski)
        for peer in self.remembered:
            self._trust(peer)

    def _started(self) -> Node:
        from .eebus_node import EebusNode

        if self._node is None:
            self._node = EebusNode(self._facts())
            self._node.node.loaded = self._loaded
            self._node.node.on_change = self.platform.changed
            self._node.node.on_stranger = self._stranger
        if not self._running:
            self._running = True
            self._node.start()
        return self._node.node

    def _facts(self) -> Facts:
        from .eebus_node import Facts
        from .eebus_quirks import shown

        platform = self.platform
        return Facts(
            simulation=platform.simulation,
            name=platform.device_name,
            random=platform.random32,
            disturbance=platform.eebus_disturbance,
            manufacturer=self._manufacturer,
            snapshot=platform.snapshot,
            vehicle=self._vehicle_facts,
            failed=lambda: platform.view().evse.charger_state == 4,
            metered=platform.meter_type > 0,
            quirks=shown(platform.shows),
            wrote=self._wrote,
            limited=self._limited,
        )

    def _ship_node(self) -> Node:
        assert self._node is not None
        return self._node.node

    def second(self, at: Instant, v: View) -> Instant | None:
        """The node follows the charger."""
        if self._node is None or not self._running:
            return None
        self._node.node.look()
        hidden = self.platform.eebus_disturbance().hides_vehicle
        self._node.follow(v.evse.charger_state != 0 and not hidden)
        return later(at, MEASURED) if self._node.device.sessions else None

    def services(self, host: str) -> tuple[MdnsService, ...]:
        """What it announces by mDNS while EEBUS is on."""
        if not self._running:
            return ()
        name = self.platform.device_name
        txt = (
            ("txtvers", "1"),
            ("id", name),
            ("path", SHIP_PATH),
            ("ski", self.ski),
            ("register", "false"),
            ("brand", "Tinkerforge"),
            ("model", self.platform.traits.product),
            ("type", "ChargingStation"),
        )
        return (MdnsService(type="_ship._tcp", instance=name, host=host, interface="ship", txt=txt),)

    # --- the limit ---------------------------------------------------------------------------------------------------

    def order(self) -> tuple[bool, int]:
        """Whether an energy guard limits the wallbox, and to how many W."""
        obeyed = self._node.system.obeyed if self._node is not None and self._running else None
        return (False, 0) if obeyed is None else (True, int(obeyed))

    def _wrote(self, ski: str, value: Data, refusal: Refusal | None) -> None:
        """An energy guard has written a limit."""
        outcome = Outcome() if refusal is None else Outcome(refused=Reason.INVALID, message=refusal.description)
        self.platform.record_write("eebus/usecases.lpc", dict(value), outcome, Origin(interface="ship", client=ski))

    def _limited(self) -> None:
        self.p14a.boot()
        self.platform.changed()

    # --- peers -------------------------------------------------------------------------------------------------------

    def peers(self) -> list[dict[str, object]]:
        """All of them as shown."""
        known = [peer.changed(state=self._peer_state(peer), persistent=True) for peer in self.remembered]
        others = self._others.values()
        return known + [peer.changed(state=self._peer_state(peer), persistent=False) for peer in others]

    def _peer_state(self, peer: Doc) -> int:
        ski = peer.text("ski").lower()
        if self._node is None or not self._running:
            return LOADED if ski in self._loaded else DISCONNECTED
        return int(self._node.node.state(ski))

    def add(self, wanted: Doc) -> None:
        """Add a peer, or change one with this SKI. A trusted one is always remembered."""
        ski = wanted.text("ski")
        found = next((peer for peer in (*self.remembered, *self._others.values()) if peer["ski"] == ski), None)
        given = [name for name in ("ip", "port") if wanted[name]]
        members = {name: wanted[name] for name in ("trusted", "dns_name", "wss_path", "ski", *given)}
        peer = (Doc(Obj(NODE).default()) if found is None else found).changed(**members)
        rest = self._without(ski)
        self._others.pop(ski, None)
        if wanted.flag("persistent") or wanted.flag("trusted"):
            self.api.update(CONFIG, peers=[*rest, peer])
        else:
            self.api.update(CONFIG, peers=rest)
            self._others[ski] = Doc(peer)
        if self._running:
            self._trust(Doc(peer))
            self._ship_node().connect_in(0.0)
        self.platform.touch()

    def pair(self, ski: str) -> None:
        """The owner trusts a peer, in the web interface."""
        peer = Doc(Obj(NODE).default()).changed(ski=ski, trusted=True)
        self.add(Doc({**peer, "ip": "", "port": 0, "persistent": True}))

    def _trust(self, peer: Doc) -> None:
        """Let the node know a peer: whether it is trusted, and where it is."""
        node, ski = self._ship_node(), peer.text("ski").lower()
        address = next((peer.text(name) for name in ("ip", "dns_name") if peer.text(name) not in ("", "0.0.0.0")), "")
        if address:
            node.targets[ski] = ShipTarget(
                host=address, port=peer.integer("port") or SHIP_PORT, path=peer.text("wss_path") or SHIP_PATH, ski=ski
            )
        node.decide(ski, True if peer.flag("trusted") else None)

    def _stranger(self, ski: str, address: str) -> None:
        """Somebody nobody knows has connected: a peer that waits for approval."""
        known = (*self.remembered, *self._others.values())
        if len(self._others) < DISCOVERED and all(peer.text("ski").lower() != ski for peer in known):
            self._others[ski] = Doc(Doc(Obj(NODE).default()).changed(ski=ski, ip=address))

    def _without(self, ski: str) -> list[object]:
        return plain_docs(peer for peer in self.remembered if peer["ski"] != ski)

    def remove(self, doc: Doc) -> None:
        """While EEBUS is off, and for a peer nobody knows, nothing happens; the client is not told."""
        if self.enabled:
            self._others.pop(doc.text("ski"), None)
            self.api.update(CONFIG, peers=self._without(doc.text("ski")))
            if self._running:
                self._ship_node().forget(doc.text("ski").lower())
            self.platform.touch()

    def refuse(self, doc: Doc) -> str | None:
        if not doc["ski"]:
            return NO_SKI
        return FULL if len(self.remembered) == PEERS else None

    def scan(self, _: Doc) -> None:
        """While EEBUS is off, or a scan runs, nothing happens and the client is not told."""
        if self.enabled and self.discovery != SCANNING:
            self.discovery = SCANNING
            self.platform.later(SCAN, self._scanned)

    def _scanned(self) -> None:
        self.discovery = SCAN_DONE
        if self._running:
            node = self._ship_node()
            for record in node.found.values():
                self._found(record)
            node.connect_in(0.0)
        self.platform.changed()

    def _found(self, record: Discovered) -> None:
        """A scan has found a node: a peer that may be added, or where a known one is."""
        members = {
            "ip": record.host,
            "port": record.port,
            "id": record.id,
            "wss_path": record.path,
            "autoregister": record.register,
            "model_brand": record.brand,
            "model_model": record.model,
            "model_type": record.type,
        }
        if all(peer.text("ski").lower() != record.ski for peer in self.remembered):
            known = self._others.get(record.ski, Doc(Obj(NODE).default()))
            if record.ski in self._others or len(self._others) < DISCOVERED:
                self._others[record.ski] = Doc(known.changed(**members, ski=record.ski))

    # --- what is shown -----------------------------------------------------------------------------------------------

    @property
    def ski(self) -> str:
        """Of the wallbox's own certificate, made when EEBUS is switched on. ASSUMED: empty before."""
        return self._ship_node().credentials().ski if self._running else ""

    def state(self, v: View) -> object:
        return {"ski": self.ski, "discovery_state": self.discovery, "peers": self.peers()}

    def _manufacturer(self) -> Manufacturer:
        from ....eebus.emobility import Manufacturer

        platform = self.platform
        product = platform.traits.product
        return Manufacturer(
            name=platform.device_name,
            code=product,
            serial=platform.serial,
            software=platform.firmware_text,
            vendor="Tinkerforge GmbH",
            brand="Tinkerforge",
        )

    def _powers(self, v: View) -> tuple[int, int]:
        """The least and the most a vehicle can be given [W]."""
        top = min(self.controller.rated, self.controller.cable)
        switching, phases = self.power.offered, v.snapshot.phases
        few = 1 if switching or phases == 1 else 3
        many = 3 if switching or phases == 3 else 1
        return 6 * few * 230, top * many * 230

    def _vehicle_facts(self) -> VehicleFacts:
        from ....eebus.emobility import VehicleFacts

        least, greatest = self._powers(self.platform.view())
        return VehicleFacts(mac=self.vehicle.mac, least_power=least, greatest_power=greatest)

    def use_cases(self, v: View) -> object:
        """What a peer would read. ASSUMED: amperes and watts as integers, energy of the session."""
        shown: dict[str, dict[str, object]] = {"lpc": {"usecase_state": INIT}, "mpc": dict.fromkeys(MPC, NO_VALUE)}
        counted: dict[str, object] = {}
        if self._node is not None and self._running:
            metered = bool(self.platform.meter_type)
            shown |= charging(v, *self._powers(v), self.vehicle.mac, metered=metered)
            shown["lpc"] |= limit(self._node.system)
            shown["mpc"] = measured(self.meters, v)
            device = self._node.device
            counted = {"commands_received": device.received & 0xFFFF, "commands_sent": device.sent & 0xFFFF}
        values = USE_CASES.default()
        return {
            name: value if name not in shown else Doc(value).changed(**shown[name]) for name, value in values.items()
        } | counted


ROWS: Final[tuple[AnyRow[Eebus], ...]] = (
    FW.config(CONFIG, obj(enable=BOOL, peers=Arr(Obj(NODE), PEERS)), applied=lambda m, _, __: m.apply()),
    FW.state(
        "eebus/state",
        obj(ski=Str(0, 40), discovery_state=uint(0, 3, width=8), peers=Arr(SHOWN, PEERS + DISCOVERED)),
        Eebus.state,
        assumed="SKI empty while EEBUS is off",
    ),
    FW.state(
        "eebus/usecases",
        USE_CASES,
        Eebus.use_cases,
        assumed="units of the vehicle's currents",
    ),
    FW.command(
        "eebus/add",
        Eebus.add,
        obj(
            ip=Str(0, 150),
            port=U16,
            trusted=BOOL,
            dns_name=Str(0, 63),
            wss_path=Str(0, 32),
            ski=Str(0, 40),
            persistent=Bool(True),
        ),
        validate=Eebus.refuse,
        nulls=False,
        action=True,
    ),
    FW.command(
        "eebus/remove",
        Eebus.remove,
        obj(ski=Str(0, 40)),
        validate=lambda _, doc: None if doc["ski"] else NO_SKI_TO_REMOVE,
        action=True,
    ),
    FW.command("eebus/scan", Eebus.scan, action=True),
)
