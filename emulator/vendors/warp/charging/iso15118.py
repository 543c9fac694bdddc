"""ISO 15118 (WARP4): the states of a communication that never begins here.

The one rule: no vehicle speaks it, so everything stays idle. Source: Tinkerforge esp32-firmware, `modules/iso15118`.
"""

from __future__ import annotations

from typing import Final

from ..api.rows import AnyRow, Document, Source
from ..api.schema import BOOL, I16, U8, U16, Int, Schema, Str
from ..api.shapes import Arr, many, obj
from ..models import WARP4
from ..module import Module

ISO: Final = Source("fw: modules/iso15118", models=WARP4)
_DEBUG: Final = obj(enable=BOOL, current=Int(16, value=6000), phases=Int(8, value=3))
_SESSION: Final = {"state": U8, "session_id": many(U8, 8), "evcc_id": Arr(U8, 8)}


def _idle(name: str, schema: Schema) -> Document[Module]:
    return ISO.document(name, schema, live=False, about="idle: no vehicle speaks ISO 15118 here")


ROWS: Final[tuple[AnyRow[Module], ...]] = (
    ISO.config(
        "iso15118/config",
        obj(autocharge=BOOL, read_soc=BOOL, charge_via_iso15118=BOOL, min_charge_current=Int(16, value=1000)),
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
    *ISO.kept("iso15118/debug", _DEBUG, lambda m, doc: m.api.put("iso15118/debug", doc.value)),
)
