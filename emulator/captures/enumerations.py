"""Which values the vendors' documents list for what is an enumeration.

The one rule: complete lists; a value outside of them is one that nobody has described.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Place = tuple[str, str, str]
"""Vendor, source of the document, path inside it (empty: the document itself)."""


def _first(count: int) -> frozenset[object]:
    return frozenset(range(count))


def _words(text: str) -> frozenset[object]:
    return frozenset(text.split())


_GOE: Final[Mapping[str, frozenset[object]]] = {
    "car": _first(7) | {None},
    "err": _first(25),
    "modelStatus": _first(42),
    "lck": _first(4),
    "cus": _first(6),
    "ffb": _first(3),
    "pwm": _first(3),
    "tsss": _first(3),
    "ocs": _first(4),
    "rr": _first(11),
    "wst": _first(11),
    "wsms": _first(4),
    "scas": _first(4),
    "fem": _first(3),
    "frc": _first(3),
    "lmo": frozenset({3, 4, 5}),
    "psm": _first(3),
    "acs": _first(3),
    "ust": _first(3),
    "frm": _first(3),
    "tds": _first(4),
    "loty": _first(2),
    "bac": _first(4) | {True, False},
}
_GOE_V1: Final[Mapping[str, frozenset[object]]] = {
    "car": frozenset("01234"),
    "ast": frozenset("012"),
    "alw": frozenset("01"),
    "ust": frozenset("0123"),
    "stp": frozenset("02"),
}
_NRGKICK: Final = ("status", "rcd_trigger", "relay_state", "warning_code", "error_code")
_LEKTRICO: Final[Mapping[str, frozenset[object]]] = {
    "charger_state": _words("A B C D E F"),
    "extended_charger_state": _words("A B B_AUTH B_PAUSE B_SCHEDULER C D E F OTA LOCKED"),
    "current_limit_reason": _first(12),
    "relay_mode": frozenset({0, 1, 3}),
    "load_balancing_mode": _first(5),
}
_KEBA: Final[Mapping[tuple[str, str], frozenset[object]]] = {
    ("report 1", "timeQ"): _first(4),
    ("report 2", "State"): _first(6),
    ("report 2", "Plug"): frozenset({0, 1, 3, 5, 7}),
    ("report 2", "AuthON"): _first(2),
    ("report 2", "Authreq"): _first(2),
    ("report 2", "X2 phaseSwitch source"): _first(5),
    ("1000", ""): _first(6),
    ("1004", ""): frozenset({0, 1, 3, 5, 7}),
    ("1550", ""): _first(5),
}
_BENDER: Final[Mapping[str, frozenset[object]]] = {
    "conn_state": _words(
        "no_vehicle_connected vehicle_connected_type2 vehicle_charging_type2 vehicle_connected_schuko "
        "vehicle_charging_schuko vehicle_connector_error"
    ),
    "auth_state": _words("not_authorized_for_charging wait_for_auth authorized_for_charging auth_timeout"),
    "ocpp_state": _words(
        "available occupied reserved unavailable faulted preparing charging suspendedevse suspendedev finishing"
    ),
    "type2_state": _words("a b c d e"),
    "type2_proximity": _words("no_cable 13 20 32 63 cable_attached short_circuit"),
    "schuko_state": _words("idle connected power_on"),
    "backend_conn_state": _words(
        "pending connected not_reacheable not_connected connecting connecting_proxy_ok rejected"
    ),
    "free_charging": _words("on off"),
    "rcmb_state": _words("okay triggered"),
    "cable_attached": _words("on off"),
    "schuko_cfg": _words("disable enable"),
    "wlan_state": _words("wlan_disconnected wlan_connected"),
    "rcd_state": _words("disable okay triggered"),
    "mcb_type2_state": _words("disable okay triggered"),
    "mcb_schuko_state": _words("disable okay triggered"),
}
_WARP: Final[Mapping[str, frozenset[object]]] = {
    "charger_state": _first(5),
    "iec61851_state": _first(5),
    "error_state": _first(6),
    "dc_fault_current_state": _first(7),
    "lock_state": _first(6),
}


def _nrgkick(name: str) -> frozenset[object]:
    from ..vendors.nrgkick import enums

    tables = {
        "status": enums.STATUS,
        "rcd_trigger": enums.RCD_TRIGGER,
        "relay_state": enums.RELAY_STATE,
        "warning_code": enums.WARNING,
        "error_code": enums.ERROR,
    }
    return frozenset({*tables[name], *tables[name].values()})


KNOWN: Final[Mapping[Place, frozenset[object]]] = {
    **{("goe", key, ""): values for key, values in _GOE.items()},
    **{("goe", "/api/status", key): values for key, values in _GOE.items()},
    **{("goe", source, key): values for source in ("/status", "status") for key, values in _GOE_V1.items()},
    **{("nrgkick", "/values", f"general.{name}"): _nrgkick(name) for name in _NRGKICK},
    **{
        ("lektrico", method, key): values
        for method in ("charger_info.get", "app_config.get", "dynamic_current.get")
        for key, values in _LEKTRICO.items()
    },
    **{("keba", *place): values for place, values in _KEBA.items()},
    **{("bender", "full_state", key): values for key, values in _BENDER.items()},
    **{("warp", "evse/state", key): values for key, values in _WARP.items()},
    ("warp", "power_manager/state", "external_control"): _first(4),
}
