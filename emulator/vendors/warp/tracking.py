"""The charge tracker: which charge is running, and the log of those that ended.

The one rule: one charge from release to unplugging, however often it is paused; it looks once a second.
Source: Tinkerforge esp32-firmware, `modules/charge_tracker`, `modules/evse_common`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from ...core.instant import MILLISECOND, Instant
from ...devices.interfaces import Origin
from .controller import HIGHEST, SlotId
from .rows import AnyRow, Command, Config, Document, State
from .schema import BOOL, I8, I16, U8, U16, U32, Arr, Float, Int, Raw, Str, obj, uint

if TYPE_CHECKING:
    from .view import View
    from .wallbox import Warp

FW: Final = "fw: modules/charge_tracker"
FILE: Final = 256
"""Records of one file; the oldest file is dropped as a whole."""
SHOWN: Final = 30
IDLE: Final = {
    "user_id": -1,
    "meter_start": 0.0,
    "evse_uptime_start": 0,
    "timestamp_minutes": 0,
    "authorization_type": 0,
    "authorization_info": None,
    "charger_name": "",
}
NOBODY, LOST, NFC, NFC_INJECTED, EV, EV_INJECTED = range(6)


@dataclass(frozen=True, slots=True)
class Record:
    """One complete charge. `start`, `end`: meter in kWh, None if it was unknown."""

    minutes: int
    """Unix time of the start; 0: the clock was not set."""
    duration: int
    user: int
    start: float | None
    end: float | None

    @property
    def energy(self) -> float | None:
        """kWh; None where the meter readings make no sense."""
        if self.start is None or self.end is None or self.end < self.start:
            return None
        return self.end - self.start

    def packed(self) -> bytes:
        """16 bytes, little-endian."""
        nan = float("nan")
        start = nan if self.start is None else self.start
        end = nan if self.end is None else self.end
        duration = min(self.duration, 0xFFFFFF).to_bytes(3, "little")
        return struct.pack("<IfB", self.minutes, start, self.user) + duration + struct.pack("<f", end)


class Tracker:
    """The charge tracker of one box."""

    def __init__(self, box: Warp) -> None:
        self._box = box
        self._state = 0
        """`charger_state` at the last look."""
        self.first_minutes = 0

    # --- the log -----------------------------------------------------------------------------------------------------

    @property
    def records(self) -> list[Record]:
        """Complete charges, oldest first."""
        return [Record(*item) for item in self._stored]

    @property
    def count(self) -> int:
        return len(self._stored)

    def newest(self, count: int) -> list[Record]:
        """The last `count` of them."""
        return [Record(*item) for item in self._stored[-count:]]

    @property
    def _stored(self) -> list[tuple[int, int, int, float | None, float | None]]:
        return cast("list[tuple[int, int, int, float | None, float | None]]", self._box.settings["charge_log"])

    def has_charged(self, user_id: int) -> bool:
        return any(item[2] == user_id for item in self._stored)

    def _append(self, record: Record) -> None:
        stored = list(self._stored)
        stored.append((record.minutes, record.duration, record.user, record.start, record.end))
        if len(stored) > cast("int", self._box.profile.model.traits["charges"]):
            del stored[:FILE]
            self.first_minutes = stored[0][0]
        self._box.settings.put("charge_log", stored)

    def clear(self) -> None:
        self._box.settings.put("charge_log", [])
        self._box.settings.put("running_charge", None)

    # --- the running charge ------------------------------------------------------------------------------------------

    @property
    def running(self) -> dict[str, Any] | None:
        found = cast("dict[str, Any]", self._box.api.document("charge_tracker/current_charge"))
        return found if found["user_id"] != -1 else None

    def boot(self) -> None:
        """A charge that ran when the network processor restarted goes on, but nobody knows who authorised it."""
        self.first_minutes = self._stored[0][0] if self._stored else 0
        stored = self._box.settings["running_charge"]
        view = self._box.view()
        self._state = 0
        if isinstance(stored, dict):
            self._box.api.put(
                "charge_tracker/current_charge", stored | {"authorization_type": LOST, "authorization_info": None}
            )
            self._state = view.evse.charger_state
            if self._state == 0:
                self.end()

    def begin(self, user_id: int, kind: int = NOBODY, info: object = None) -> bool:
        """A charge begins. False: the meter has no energy value yet, so it is refused."""
        box = self._box
        view = box.view()
        energy = box.meters.energy(view)
        if box.require_meter.refuses(energy):
            return False
        charge = {
            "user_id": user_id,
            "meter_start": energy,
            "evse_uptime_start": (view.evse.at - view.evse.memory.started) // MILLISECOND,
            "timestamp_minutes": box.unix_time() // 60 if box.clock_known else 0,
            "authorization_type": kind,
            "authorization_info": info,
            "charger_name": box.serial,
        }
        box.settings.put("running_charge", charge)
        box.api.put("charge_tracker/current_charge", charge)
        user = box.users.find(user_id)
        current = user["current"] if user is not None and kind != NOBODY else HIGHEST
        box.controller.put(SlotId.USER, current=current)
        box.limits.begin(view)
        box.log("charge_tracker", f"Tracking charge of user {user_id}")
        return True

    def end(self) -> None:
        """The running charge ends, if there is one."""
        charge = self.running
        if charge is None:
            return
        box = self._box
        view = box.view()
        uptime = (view.evse.at - view.evse.memory.started) // MILLISECOND
        duration = max(0, uptime - charge["evse_uptime_start"]) // 1000
        record = Record(
            charge["timestamp_minutes"], duration, charge["user_id"], charge["meter_start"], box.meters.energy(view)
        )
        self._append(record)
        box.settings.put("running_charge", None)
        box.api.put("charge_tracker/current_charge", IDLE | {"charger_name": charge["charger_name"]})
        box.controller.put(SlotId.USER, current=0)
        box.limits.end()
        box.log("charge_tracker", "Tracked end of charge.")

    def second(self, at: Instant, v: View) -> Instant | None:
        """Once a second: begins and ends anonymous charges, ends those of an unplugged vehicle."""
        before, now = self._state, v.evse.charger_state
        self._state = now
        if now == before:
            return None
        if now == 0:
            self.end()
        elif now in (2, 3) and self.running is None and not v.evse.memory.slots[SlotId.USER].active:
            self.begin(0)
        return None


# --- rows ------------------------------------------------------------------------------------------------------------


def _last_charges(v: View) -> object:
    return [
        {
            "timestamp_minutes": record.minutes,
            "charge_duration": record.duration,
            "user_id": record.user,
            "energy_charged": record.energy,
            "charger_name": v.box.serial,
        }
        for record in v.box.tracker.newest(SHOWN)
    ]


def _state(v: View) -> object:
    tracker = v.box.tracker
    return {
        "tracked_charges": tracker.count,
        "first_charge_timestamp": tracker.first_minutes,
        "generator_state": 0,
    }


def _refuse_clearing(box: Warp, value: object) -> str | None:
    sure = cast("dict[str, Any]", value)["do_i_know_what_i_am_doing"]
    return None if sure else "Tracked charges will NOT be removed"


def _clear(box: Warp, value: object, _: Origin) -> str | None:
    def act() -> None:
        box.tracker.clear()
        box.reboot()

    box.later(1.0, act)
    return None


_UPLOAD: Final = obj(
    user_id=I16,
    file_type=uint(0, 1, width=8),
    language=uint(0, 1, width=8),
    letterhead=Str(0, 512),
    user_filter=I8,
    device_filter=I8,
    csv_delimiter=uint(0, 1, width=8),
    last_upload_timestamp_min=U32,
)
ROWS: Final[tuple[AnyRow, ...]] = (
    State(
        name="charge_tracker/last_charges",
        schema=Arr(
            obj(
                timestamp_minutes=U32,
                charge_duration=U32,
                user_id=U8,
                energy_charged=Float(None),
                charger_name=Str(0, 32),
            ),
            SHOWN,
        ),
        read=_last_charges,
        source=FW,
    ),
    Document(
        name="charge_tracker/current_charge",
        schema=obj(
            user_id=Int(16, True, value=-1),
            meter_start=Float(0.0),
            evse_uptime_start=U32,
            timestamp_minutes=U32,
            authorization_type=U8,
            authorization_info=Raw("object or null"),
            charger_name=Str(0, 32),
        ),
        source=FW,
    ),
    State(
        name="charge_tracker/state",
        schema=obj(tracked_charges=U32, first_charge_timestamp=U32, generator_state=U8),
        read=_state,
        source=FW,
    ),
    Config(
        name="charge_tracker/config",
        schema=obj(electricity_price=U16, remote_upload_configs=Arr(_UPLOAD, 5)),
        source=FW,
    ),
    Config(name="charge_tracker/pdf_letterhead_config", schema=obj(letterhead=Str(0, 512)), source=FW),
    Command(
        name="charge_tracker/remove_all_charges",
        schema=obj(do_i_know_what_i_am_doing=BOOL),
        run=_clear,
        validate=_refuse_clearing,
        action=True,
        source=FW,
        about="reboots after 1 s",
    ),
)
