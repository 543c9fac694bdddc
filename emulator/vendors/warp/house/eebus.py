"""EEBUS: peers a client may add, and what the use cases would tell them.

The one rule: no peer ever connects here; what a peer would read follows the charger while EEBUS is on.
Source: Tinkerforge esp32-firmware, `modules/eebus`.
"""

from __future__ import annotations

from typing import Final

from ..api.documents import Doc, plain_docs
from ..api.rows import AnyRow, Source
from ..api.schema import BOOL, I32, U16, U32, Bool, Schema, Str, uint
from ..api.shapes import Arr, Obj, obj
from ..charging.vehicle import KnownVehicle
from ..evse.controller import Controller
from ..models import WARP2_UP
from ..module import Module
from ..platform import Platform
from ..view import View
from .power import PowerManager

FW: Final = Source("fw: modules/eebus", models=WARP2_UP, since="2.10.0")
CONFIG: Final = "eebus/config"
PEERS: Final = 4
"""Peers that are remembered."""
DISCOVERED: Final = 16
"""ASSUMED: peers that a scan may add."""
NO_VALUE: Final = -(1 << 31)
STARTUP, INIT = range(2)
READY, SCANNING, SCAN_DONE = range(3)
SCAN: Final = 5.0
"""ASSUMED s that a scan takes."""
NO_SKI: Final = "Can't add peer. Ski is missing."
FULL: Final = "Can't add peer. Already have the maximum number of peers."
NO_SKI_TO_REMOVE: Final = "Can't remove peer. Ski is missing."

_NODE: Final[dict[str, Schema]] = {
    "ip": Str(7, 150, "0.0.0.0"),
    "port": U16,
    "trusted": BOOL,
    "dns_name": Str(0, 63),
    "id": Str(0, 63),
    "wss_path": Str(0, 32),
    "ski": Str(0, 40),
    "autoregister": BOOL,
    "model_brand": Str(0, 32),
    "model_model": Str(0, 32),
    "model_type": Str(0, 32),
}
_SHOWN: Final = Obj({**_NODE, "state": uint(0, 5, width=8), "persistent": BOOL})


_MPC: Final = (
    "total_power_w",
    *(f"power_phase_{k}_w" for k in (1, 2, 3)),
    "energy_consumed_wh",
    "energy_produced_wh",
    *(f"current_phase_{k}_ma" for k in (1, 2, 3)),
    *(f"voltage_phase_{k}_v" for k in (1, 2, 3)),
    *(f"voltage_phase_{pair}_v" for pair in ("1_2", "2_3", "3_1")),
    "frequency_mhz",
)
_USE_CASES: Final = obj(
    commands_received=U16,
    commands_sent=U16,
    lpc=obj(
        usecase_state=uint(0, 5, width=8),
        limit_active=BOOL,
        current_limit=U16,
        failsafe_limit_power_w=U16,
        failsafe_limit_duration_s=U32,
        constraints_power_maximum=U16,
        outstanding_duration_s=U32,
    ),
    evcc=obj(
        ev_connected=BOOL,
        communication_standard=Str(0, 16),
        asymmetric_charging_supported=BOOL,
        mac_address=Str(0, 64),
        minimum_power=U16,
        maximum_power=U16,
        standby_power=U16,
        standby_mode=BOOL,
    ),
    evsecc=obj(evse_failure=BOOL, evse_failure_description=Str(0, 64)),
    evcem=Obj(
        {
            "active": BOOL,
            **{f"amps_phase_{k}": U16 for k in (1, 2, 3)},
            **{f"power_phase_{k}": U16 for k in (1, 2, 3)},
            "charged_wh": U32,
            "charged_valuesource_measured": BOOL,
        }
    ),
    mpc=Obj({"active": BOOL, **dict.fromkeys(_MPC, I32)}),
)


class Eebus(Module):
    """The peers of one wallbox."""

    def __init__(self, platform: Platform, controller: Controller, power: PowerManager, vehicle: KnownVehicle) -> None:
        super().__init__(platform)
        self.controller = controller
        self.power = power
        self.vehicle = vehicle
        self.discovery = READY
        self._others: dict[str, Doc] = {}
        """Peers that are not to be remembered, by their SKI."""

    @property
    def enabled(self) -> bool:
        return self.api.flag(CONFIG, "enable")

    @property
    def remembered(self) -> list[Doc]:
        return self.api.doc(CONFIG).docs("peers")

    def boot(self) -> None:
        self.discovery = READY
        self._others.clear()

    def peers(self) -> list[dict[str, object]]:
        """All of them as shown; none is ever connected."""
        known = [peer.changed(state=0, persistent=True) for peer in self.remembered]
        return known + [peer.changed(state=0, persistent=False) for peer in self._others.values()]

    def add(self, wanted: Doc) -> None:
        """Add a peer, or change one with this SKI. A trusted one is always remembered."""
        ski = wanted.text("ski")
        found = next((peer for peer in (*self.remembered, *self._others.values()) if peer["ski"] == ski), None)
        given = [name for name in ("ip", "port") if wanted[name]]
        members = {name: wanted[name] for name in ("trusted", "dns_name", "wss_path", "ski", *given)}
        peer = (Doc(Obj(_NODE).default()) if found is None else found).changed(**members)
        rest = self._without(ski)
        self._others.pop(ski, None)
        if wanted.flag("persistent") or wanted.flag("trusted"):
            self.api.update(CONFIG, peers=[*rest, peer])
        else:
            self.api.update(CONFIG, peers=rest)
            self._others[ski] = Doc(peer)
        self.platform.touch()

    def _without(self, ski: str) -> list[object]:
        return plain_docs(peer for peer in self.remembered if peer["ski"] != ski)

    def remove(self, doc: Doc) -> None:
        """While EEBUS is off, and for a peer nobody knows, nothing happens; the client is not told."""
        if self.enabled:
            self._others.pop(doc.text("ski"), None)
            self.api.update(CONFIG, peers=self._without(doc.text("ski")))
            self.platform.touch()

    def refuse(self, doc: Doc) -> str | None:
        if not doc["ski"]:
            return NO_SKI
        return FULL if len(self.remembered) == PEERS else None

    def scan(self, _: Doc) -> None:
        """Finds nobody; while EEBUS is off, or a scan runs, nothing happens and the client is not told."""
        if self.enabled and self.discovery != SCANNING:
            self.discovery = SCANNING
            self.platform.later(SCAN, self._scanned)

    def _scanned(self) -> None:
        self.discovery = SCAN_DONE
        self.platform.changed()

    @property
    def ski(self) -> str:
        """Of the wallbox's own certificate, made when EEBUS is switched on. ASSUMED: empty before."""
        if not self.enabled:
            return ""
        return "".join(f"{self.platform.random32(f'ski{part}'):08x}" for part in range(5))

    def state(self, v: View) -> object:
        return {"ski": self.ski, "discovery_state": self.discovery, "peers": self.peers()}

    def use_cases(self, v: View) -> object:
        """What a peer would read. ASSUMED: amperes and watts as integers, energy of the session."""
        shown: dict[str, dict[str, object]] = {"lpc": {"usecase_state": INIT}, "mpc": dict.fromkeys(_MPC, NO_VALUE)}
        if self.enabled:
            shown |= self._charging(v)
        values = _USE_CASES.default()
        return {
            name: value if name not in shown else Doc(value).changed(**shown[name]) for name, value in values.items()
        }

    def _charging(self, v: View) -> dict[str, dict[str, object]]:
        """Members that follow the charger while EEBUS is on."""
        snapshot, evse = v.snapshot, v.evse
        top = min(self.controller.rated, self.controller.cable)
        switching = self.power.offered
        few = 1 if switching or snapshot.phases == 1 else 3
        many = 3 if switching or snapshot.phases == 3 else 1
        connected = evse.charger_state != 0
        found: dict[str, dict[str, object]] = {
            "lpc": {"usecase_state": INIT, "constraints_power_maximum": top * many * 230},
            "evcc": {
                "ev_connected": connected,
                "communication_standard": "iec61851" if connected else "",
                "mac_address": self.vehicle.mac,
                "minimum_power": 6 * few * 230,
                "maximum_power": top * many * 230,
            },
            "evsecc": {"evse_failure": evse.charger_state == 4},
        }
        if not self.platform.traits.pro:
            return found
        lines = range(3)
        if connected:
            found["evcem"] = {
                **{f"amps_phase_{k + 1}": round(snapshot.phase_current[k]) for k in lines},
                **{f"power_phase_{k + 1}": max(0, round(snapshot.active_power[k])) for k in lines},
                "active": True,
                "charged_wh": round(snapshot.session_energy),
                "charged_valuesource_measured": True,
            }
        found["mpc"] = {
            **dict.fromkeys(_MPC, NO_VALUE),
            "active": True,
            "total_power_w": round(snapshot.power),
            "energy_consumed_wh": round(snapshot.total_energy),
            "energy_produced_wh": 0,
            "frequency_mhz": round(snapshot.frequency * 1000),
            **{f"power_phase_{k + 1}_w": round(snapshot.active_power[k]) for k in lines},
            **{f"current_phase_{k + 1}_ma": round(snapshot.phase_current[k] * 1000) for k in lines},
            **{f"voltage_phase_{k + 1}_v": round(snapshot.phase_voltage[k]) for k in lines},
        }
        return found


ROWS: Final[tuple[AnyRow[Eebus], ...]] = (
    FW.config(CONFIG, obj(enable=BOOL, peers=Arr(Obj(_NODE), PEERS))),
    FW.state(
        "eebus/state",
        obj(ski=Str(0, 40), discovery_state=uint(0, 3, width=8), peers=Arr(_SHOWN, PEERS + DISCOVERED)),
        Eebus.state,
        assumed="SKI empty while EEBUS is off",
    ),
    FW.state(
        "eebus/usecases",
        _USE_CASES,
        Eebus.use_cases,
        assumed="units of the currents, and that line voltages between phases are not filled",
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
