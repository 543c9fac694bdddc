"""Documents of EEBUS in the local API: a peer, and what the use cases show.

The one rule: schemas, and plain functions that fill them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..api.schema import BOOL, I32, U16, U32, Schema, Str, uint
from ..api.shapes import Obj, obj
from ..view import View
from .mpc import MPC

if TYPE_CHECKING:
    from ....eebus.lpc import ControllableSystem

NODE: Final[dict[str, Schema]] = {
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
SHOWN: Final = Obj({**NODE, "state": uint(0, 7, width=8), "persistent": BOOL})


USE_CASES: Final = obj(
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
    mpc=Obj({"active": BOOL, **dict.fromkeys(MPC, I32)}),
)


def limit(system: ControllableSystem) -> dict[str, object]:
    """Members of `lpc` that the machine decides."""
    return {
        "usecase_state": int(system.state),
        "limit_active": system.limit_active,
        "current_limit": min(0xFFFF, int(system.limit_power)),
        "failsafe_limit_power_w": min(0xFFFF, int(system.failsafe_power)),
        "failsafe_limit_duration_s": int(system.failsafe_duration),
        "outstanding_duration_s": int(system.remaining or 0),
    }


def charging(v: View, least: int, greatest: int, mac: str, *, metered: bool) -> dict[str, dict[str, object]]:
    """Members that follow the charger while EEBUS is on. `least`, `greatest`: what a vehicle can be given [W]."""
    snapshot, evse = v.snapshot, v.evse
    connected = evse.charger_state != 0
    found: dict[str, dict[str, object]] = {
        "lpc": {"constraints_power_maximum": greatest},
        "evcc": {
            "ev_connected": connected,
            "communication_standard": "iec61851" if connected else "",
            "mac_address": mac,
            "minimum_power": least,
            "maximum_power": greatest,
        },
        "evsecc": {"evse_failure": evse.charger_state == 4},
    }
    if connected and metered:
        lines = range(3)
        found["evcem"] = {
            **{f"amps_phase_{k + 1}": round(snapshot.phase_current[k]) for k in lines},
            **{f"power_phase_{k + 1}": max(0, round(snapshot.active_power[k])) for k in lines},
            "active": True,
            "charged_wh": round(snapshot.session_energy),
            "charged_valuesource_measured": True,
        }
    return found
