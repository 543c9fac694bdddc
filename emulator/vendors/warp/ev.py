"""WARP4: the vehicle the box knows, ISO 15118, factory data.

The one rule: a vehicle is known from its identification (injected by the API here) until state A.
Source: Tinkerforge esp32-firmware, `modules/ev`, `modules/iso15118`, `modules/factory_data`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, cast

from ...core.instant import MILLISECOND, Instant
from ...devices.interfaces import Origin
from .models import WARP4
from .nfc import ACK, NACK, START
from .rows import AnyRow, Command, Config, Document, State
from .schema import BOOL, I8, I16, I52, U8, U16, Arr, Float, Int, Str, many, obj
from .tracking import EV_INJECTED

if TYPE_CHECKING:
    from .view import View
    from .wallbox import Warp

FW: Final = "fw: modules/ev"
ISO: Final = "fw: modules/iso15118"
EFFICIENCY: Final = 0.92
_MAC: Final = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}")
_PATTERN: Final = re.compile(r"([0-9A-Fa-f]{2}|[xX]{2})(:([0-9A-Fa-f]{2}|[xX]{2})){5}")


class KnownVehicle:
    """The vehicle that identified itself in this session."""

    def __init__(self, box: Warp) -> None:
        self._box = box
        self.mac = ""
        self.index = -1
        self._soc: float | None = None
        self._soc_energy = 0.0
        self.seen: list[tuple[str, Instant]] = []

    @property
    def source(self) -> int:
        """1: known from the API."""
        return 1 if self._soc is not None else 0

    @property
    def entry(self) -> dict[str, Any] | None:
        if self._box.generation != 4 or self.index < 0:
            return None
        evs = cast("dict[str, Any]", self._box.api.document("ev/config"))["evs"]
        return cast("dict[str, Any]", evs[self.index]) if self.index < len(evs) else None

    def clear(self) -> None:
        self.mac, self.index, self._soc = "", -1, None

    def soc(self, at: Instant) -> float | None:
        """Percent, extrapolated with what the meter counted since the last reading."""
        entry = self.entry
        if self._soc is None:
            return None
        capacity = entry["capacity"] if entry else 0.0
        if not capacity:
            return self._soc
        gained = (self._box.simulation.observe_at(self._box.charger, at).total_energy - self._soc_energy) / 1000
        efficiency = entry["charging_efficiency"] if entry else EFFICIENCY
        return min(100.0, self._soc + gained * efficiency / capacity * 100)

    def meter_values(self) -> tuple[float | None, float | None, float | None]:
        """State of charge, capacity, DC power for the ISO 15118 meter."""
        if self._box.generation != 4:
            return (None, None, None)
        entry = self.entry
        return (self.soc(self._box.simulation.at), entry["capacity"] if entry else None, None)

    def inject_soc(self, soc: float) -> None:
        self._soc = soc
        self._soc_energy = self._box.snapshot().total_energy
        self._box.touch()

    def inject(self, mac: str) -> None:
        """A vehicle with this address says who it is."""
        box = self._box
        self.mac = mac.upper()
        evs = cast("dict[str, Any]", box.api.document("ev/config"))["evs"]
        self.index = next((k for k, ev in enumerate(evs) if matches(ev["mac"], self.mac)), -1)
        at = box.simulation.at
        self.seen = [(self.mac, at), *[item for item in self.seen if item[0] != self.mac]][:8]
        info = {"mac": self.mac}
        box.nfc.seen_vehicle(EV_INJECTED, info)
        box.touch()
        if not box.api.flag("iso15118/config", "autocharge"):
            return
        entry = self.entry
        if entry is None:
            box.controller.indicate(NACK, 2000)
            return
        box.controller.indicate(ACK, 2000)
        box.nfc.offer(EV_INJECTED, entry["user_id"], info, START)


def matches(pattern: str, mac: str) -> bool:
    """Whether an address fits one with `xx` wildcards."""
    pairs = zip(pattern.upper().split(":"), mac.upper().split(":"), strict=False)
    return all(wanted in (found, "XX") for wanted, found in pairs)


def _check_config(box: Warp, value: object) -> str | None:
    evs = cast("dict[str, Any]", value)["evs"]
    for index, ev in enumerate(evs):
        if not ev["mac"]:
            return "Empty MAC address is not allowed"
        if not _PATTERN.fullmatch(ev["mac"]):
            return (
                f"Invalid MAC address format at index {index}. Expected format: AA:BB:CC:DD:EE:FF or AA:BB:CC:xx:xx:xx"
            )
        for other in range(index):
            if evs[other]["mac"].upper() == ev["mac"].upper():
                return f"Duplicate MAC address at index {other} and {index}"
        if box.users.find(ev["user_id"]) is None:
            return f"Unknown user_id at index {index}"
    return None


def _check_mac(_: Warp, value: object) -> str | None:
    mac = cast("dict[str, str]", value)["mac"]
    if not mac:
        return "MAC address must not be empty."
    if not _MAC.fullmatch(mac):
        return "Invalid MAC address format. Expected format: AA:BB:CC:DD:EE:FF"
    return None


def _check_soc(_: Warp, value: object) -> str | None:
    soc = cast("dict[str, float]", value)["soc"]
    return None if 0 <= soc <= 100 else "SoC must be between 0 and 100"


def _inject_soc(box: Warp, value: object, _: Origin) -> str | None:
    box.ev.inject_soc(cast("dict[str, float]", value)["soc"])
    return None


def _inject_ev(box: Warp, value: object, _: Origin) -> str | None:
    box.ev.inject(cast("dict[str, str]", value)["mac"])
    return None


def _state(v: View) -> object:
    ev, entry = v.box.ev, v.box.ev.entry
    return {
        "active_ev_index": ev.index,
        "name": entry["name"] if entry else "",
        "mac": ev.mac,
        "soc": ev.soc(v.at),
        "capacity": entry["capacity"] if entry else None,
        "charging_efficiency": entry["charging_efficiency"] if entry else EFFICIENCY,
    }


def _seen(v: View) -> object:
    return [{"mac": mac, "seen_at": (at - v.box.booted_at) // MILLISECOND} for mac, at in v.box.ev.seen]


def _sku(_: Warp, value: object) -> str | None:
    sku = cast("dict[str, str]", value)["sku_override"]
    return None if re.fullmatch(r"[A-Z0-9-]*", sku) else "SKU is malformed"


def _debug(box: Warp, value: object, _: Origin) -> str | None:
    box.api.put("iso15118/debug", value)
    return None


_DEBUG: Final = obj(enable=BOOL, current=Int(16, value=6000), phases=Int(8, value=3))
_SESSION: Final = {"state": U8, "session_id": many(U8, 8), "evcc_id": Arr(U8, 8)}
ROWS: Final[tuple[AnyRow, ...]] = (
    Config(
        name="ev/config",
        schema=obj(
            evs=Arr(
                obj(
                    name=Str(0, 16),
                    mac=Str(0, 17),
                    capacity=Float(0.0),
                    charging_efficiency=Float(EFFICIENCY),
                    user_id=U8,
                ),
                16,
            )
        ),
        validate=_check_config,
        models=WARP4,
        source=FW,
    ),
    State(
        name="ev/state",
        schema=obj(
            active_ev_index=I8,
            name=Str(0, 16),
            mac=Str(0, 17),
            soc=Float(None),
            capacity=Float(None),
            charging_efficiency=Float(EFFICIENCY),
        ),
        read=_state,
        models=WARP4,
        source=FW,
    ),
    State(name="ev/seen_macs", schema=Arr(obj(mac=Str(0, 17), seen_at=I52), 8), read=_seen, models=WARP4, source=FW),
    Command(
        name="ev/inject_soc",
        schema=obj(soc=Float(0.0)),
        run=_inject_soc,
        validate=_check_soc,
        action=True,
        models=WARP4,
        source=FW,
    ),
    Command(
        name="ev/inject_ev",
        schema=obj(mac=Str(0, 64)),
        run=_inject_ev,
        validate=_check_mac,
        action=True,
        models=WARP4,
        source=FW,
    ),
)


def _idle(name: str, schema: Any) -> Document:
    return Document(
        name=name, schema=schema, models=WARP4, source=ISO, live=False, about="idle: no vehicle speaks ISO 15118 here"
    )


ISO_ROWS: Final[tuple[AnyRow, ...]] = (
    Config(
        name="iso15118/config",
        schema=obj(autocharge=BOOL, read_soc=BOOL, charge_via_iso15118=BOOL, min_charge_current=Int(16, value=1000)),
        models=WARP4,
        source=ISO,
    ),
    _idle(
        "iso15118/state_slac",
        obj(
            state=U8,
            modem_found=BOOL,
            modem_initialization_tries=U8,
            atten_char_indication_tries=U8,
            attenuation_profile=many(U8, 58),
            received_aag_lists=U8,
            received_sounds=U8,
            nmk=many(U8, 16),
            nid=many(U8, 7),
            evse_mac=many(U8, 6),
            evse_mac_modem=many(U8, 6),
            pev_mac=many(U8, 6),
            pev_mac_modem=many(U8, 6),
            pev_run_id=many(U8, 8),
        ),
    ),
    _idle(
        "iso15118/state_sdp",
        obj(
            state=U8,
            evse_ip_address=many(U8, 4),
            evse_port=U16,
            evse_security=Int(8, True, value=-1),
            evse_tranport_protocol=Int(8, True, value=-1),
            ev_security=Int(8, True, value=-1),
            ev_tranport_protocol=Int(8, True, value=-1),
        ),
    ),
    _idle("iso15118/state_common", obj(state=U8, supported_protocols=Arr(Str(), 8), protocol=Str(), encryption=U8)),
    _idle("iso15118/state_din70121", obj(**_SESSION, soc=I16)),
    _idle("iso15118/state_iso2", obj(**_SESSION, soc=Int(16, True, value=-1), energy_capacity=Int(32, True, value=-1))),
    _idle(
        "iso15118/state_iso20",
        obj(
            state=U8,
            session_id=Str(),
            evcc_id=Str(),
            soc=Int(16, True, value=-1),
            active_power=Int(32, True, value=-1),
            energy_capacity=Int(32, True, value=-1),
        ),
    ),
    Document(name="iso15118/debug", schema=_DEBUG, models=WARP4, source=ISO),
    Command(
        name="iso15118/debug_update",
        schema=_DEBUG,
        run=_debug,
        models=WARP4,
        source=ISO,
        current=lambda box: box.api.document("iso15118/debug"),
    ),
)
_FACTORY: Final = obj(sku=Str(0, 32), sku_product=U8, sku_model=U8, sku_material=U8, sku_type2=U8, sku_engraving=U8)
FACTORY_ROWS: Final[tuple[AnyRow, ...]] = (
    Document(
        name="factory_data/state",
        schema=_FACTORY,
        initial=lambda box: {
            **cast("dict[str, object]", _FACTORY.default()),
            "sku_model": box.profile.model.traits["sku_model"],
        },
        assumed="the article number itself and its other parts",
        models=WARP4,
        source="fw: modules/factory_data",
        live=False,
    ),
    Config(
        name="factory_data/config",
        schema=obj(sku_override=Str(0, 32)),
        validate=_sku,
        models=WARP4,
        source="fw: modules/factory_data",
    ),
)
