"""OCPP: a client without a back end.

The one rule: what has no effect here is stored, checked and shown as in the device.
Source: Tinkerforge esp32-firmware, `modules/ocpp`.
"""

from __future__ import annotations

from typing import Final

from ..api.documents import Doc
from ..api.rows import AnyRow, Source
from ..api.schema import BOOL, U8, U32, Int, Str
from ..api.shapes import Raw, obj
from ..models import WARP2_UP
from ..module import Module

FW: Final = Source("fw: modules/ocpp", models=WARP2_UP)
NO_TRANSACTION: Final = 0x7FFFFFFF


def _refuse(m: Module, _: Doc) -> str | None:
    if m.api.integer("ocpp/state", "txn_id") == NO_TRANSACTION:
        return None
    return "OCPP config may not be updated while a transaction is in progress! Unplug the vehicle."


_CONFIG: Final = obj(
    enable=BOOL,
    url=Str(0, 128),
    identity=Str(0, 64),
    enable_auth=BOOL,
    **{"pass": Str(0, 64)},
    cert_id=Int(8, True, value=-1),
)
ROWS: Final[tuple[AnyRow[Module], ...]] = (
    FW.config(
        "ocpp/config",
        _CONFIG,
        initial=lambda m: {**_CONFIG.default(), "identity": m.platform.device_name},
        validate=_refuse,
        censor=("pass",),
    ),
    FW.document(
        "ocpp/state",
        obj(
            charge_point_state=U8,
            charge_point_status=U8,
            next_profile_eval=U32,
            connector_state=U8,
            connector_status=U8,
            tag_id=Str(0, 20),
            parent_tag_id=Str(0, 20),
            tag_expiry_date=U32,
            tag_timeout=U32,
            cable_timeout=U32,
            last_rejected_tag=Str(0, 20),
            last_rejected_tag_reason=U8,
            txn_id=Int(32, True, value=NO_TRANSACTION),
            txn_start_time=U32,
            current=U32,
            txn_with_invalid_id=BOOL,
            unavailable_requested=BOOL,
            message_in_flight_type=U8,
            message_in_flight_id_high=U32,
            message_in_flight_id_low=U32,
            message_in_flight_len=U32,
            message_timeout=U32,
            txn_msg_retry_timeout=U32,
            message_queue_depth=U8,
            status_queue_depth=U8,
            txn_msg_queue_depth=U8,
            connected=BOOL,
            connected_change_time=U32,
            last_ping_sent=U32,
            pong_timeout=U32,
        ),
        live=False,
        about="no back end is connected",
    ),
    FW.document(
        "ocpp/configuration",
        Raw("object of strings"),
        initial=lambda _: {},
        live=False,
        assumed="empty while OCPP is off",
    ),
    FW.command("ocpp/reset", lambda _, __: None, action=True),
)
