"""The charge tracker: which charge is running.

The one rule: one charge from release to unplugging, however often it is paused; it looks once a second.
Source: Tinkerforge esp32-firmware, `modules/charge_tracker`, `modules/evse_common`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ....core.instant import MILLISECOND, Instant
from ..api.confirm import CONFIRMATION, unsure
from ..api.documents import Doc
from ..api.rows import AnyRow, Source
from ..api.schema import I8, I16, U8, U16, U32, Float, Int, Str, uint
from ..api.shapes import Arr, Raw, obj
from ..evse.controller import Controller
from ..evse.memory import HIGHEST, SlotId
from ..meters.slots import Meters
from ..module import Module
from ..platform import Platform
from ..settings import RUNNING_CHARGE
from ..view import View
from .chargelog import ChargeLog, Record
from .require_meter import RequireMeter
from .users import Users

FW: Final = Source("fw: modules/charge_tracker")
CURRENT: Final = "charge_tracker/current_charge"
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


class Tracker(Module):
    """The charge tracker of one wallbox."""

    def __init__(
        self,
        platform: Platform,
        controller: Controller,
        meters: Meters,
        require_meter: RequireMeter,
        users: Users,
        charges: ChargeLog,
    ) -> None:
        super().__init__(platform)
        self.controller = controller
        self.meters = meters
        self.require_meter = require_meter
        self.users = users
        self.charges = charges
        self.began: Callable[[View], None] = lambda _: None
        """Called when a charge begins."""
        self.ended: Callable[[], None] = lambda: None
        """Called when a charge ends."""
        self._state = 0
        """`charger_state` at the last look."""
        self._logged_state: int | None = None
        """`charger_state` as the log knows it; None: whatever it is at the first look."""
        require_meter.missing = self.end

    @property
    def running(self) -> Doc | None:
        found = self.api.doc(CURRENT)
        return found if found["user_id"] != -1 else None

    def boot(self) -> None:
        """A charge that ran when the network processor restarted goes on, but nobody knows who authorised it."""
        self.charges.boot()
        stored = self.settings[RUNNING_CHARGE]
        view = self.platform.view()
        self._state, self._logged_state = 0, None
        if stored is not None:
            self.api.put(CURRENT, stored | {"authorization_type": LOST, "authorization_info": None})
            self._state = view.evse.charger_state
            if self._state == 0:
                self.end()

    def begin(self, user_id: int, kind: int = NOBODY, info: object = None) -> bool:
        """A charge begins. False: the meter has no energy value yet, so it is refused."""
        view = self.platform.view()
        energy = self.meters.energy(view)
        if self.require_meter.refuses(energy):
            return False
        charge = {
            "user_id": user_id,
            "meter_start": energy,
            "evse_uptime_start": (view.evse.at - view.evse.memory.started) // MILLISECOND,
            "timestamp_minutes": self.platform.clock.minutes,
            "authorization_type": kind,
            "authorization_info": info,
            "charger_name": self.platform.serial,
        }
        self.settings.put(RUNNING_CHARGE, charge)
        self.api.put(CURRENT, charge)
        user = self.users.find(user_id)
        current = user.integer("current") if user is not None and kind != NOBODY else HIGHEST
        self.controller.put(SlotId.USER, current=current)
        self.began(view)
        self.log("charge_tracker", "Tracked start of charge for local charger.")
        return True

    def end(self) -> None:
        """The running charge ends, if there is one."""
        charge = self.running
        if charge is None:
            return
        view = self.platform.view()
        uptime = (view.evse.at - view.evse.memory.started) // MILLISECOND
        record = Record(
            charge.integer("timestamp_minutes"),
            max(0, uptime - charge.integer("evse_uptime_start")) // 1000,
            charge.integer("user_id"),
            charge.known("meter_start"),
            self.meters.energy(view),
        )
        self.charges.append(record)
        self.settings.put(RUNNING_CHARGE, None)
        self.api.put(CURRENT, IDLE | {"charger_name": charge["charger_name"]})
        self.controller.put(SlotId.USER, current=0)
        self.ended()
        self.log("charge_tracker", "Tracked end of charge for local charger.")

    def second(self, at: Instant, v: View) -> Instant | None:
        """Begins and ends anonymous charges, ends those of an unplugged vehicle."""
        before, now = self._state, v.evse.charger_state
        self._state = now
        if self._logged_state not in (None, now):
            self.log("users", f"Charger state changed from {self._logged_state} to {now}")
        self._logged_state = now
        if now == before:
            return None
        if now == 0:
            self.end()
        elif now in (2, 3) and self.running is None and not v.evse.memory.slots[SlotId.USER].active:
            self.begin(0)
        return None

    def last_charges(self, v: View) -> object:
        return [
            {
                "timestamp_minutes": record.minutes,
                "charge_duration": record.duration,
                "user_id": record.user,
                "energy_charged": record.energy,
                "charger_name": self.platform.serial,
            }
            for record in self.charges.newest(SHOWN)
        ]

    def state(self, v: View) -> object:
        return {
            "tracked_charges": self.charges.count,
            "first_charge_timestamp": self.charges.first_minutes,
            "generator_state": 0,
        }

    def forget(self, _: Doc) -> None:
        """All charges are forgotten, and the network processor restarts."""

        def act() -> None:
            self.charges.clear()
            self.platform.reboot()

        self.platform.later(1.0, act)


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
ROWS: Final[tuple[AnyRow[Tracker], ...]] = (
    FW.config("charge_tracker/config", obj(electricity_price=U16, remote_upload_configs=Arr(_UPLOAD, 5))),
    FW.config("charge_tracker/pdf_letterhead_config", obj(letterhead=Str(0, 512))),
    FW.state(
        "charge_tracker/last_charges",
        Arr(
            obj(
                timestamp_minutes=U32,
                charge_duration=U32,
                user_id=U8,
                energy_charged=Float(None),
                charger_name=Str(0, 32),
            ),
            SHOWN,
        ),
        Tracker.last_charges,
    ),
    FW.document(
        "charge_tracker/current_charge",
        obj(
            user_id=Int(16, True, value=-1),
            meter_start=Float(0.0),
            evse_uptime_start=U32,
            timestamp_minutes=U32,
            authorization_type=U8,
            authorization_info=Raw("object or null"),
            charger_name=Str(0, 32),
        ),
    ),
    FW.state(
        "charge_tracker/state", obj(tracked_charges=U32, first_charge_timestamp=U32, generator_state=U8), Tracker.state
    ),
    FW.command(
        "charge_tracker/remove_all_charges",
        Tracker.forget,
        CONFIRMATION,
        validate=unsure("Tracked charges will NOT be removed"),
        action=True,
        about="reboots after 1 s",
    ),
)
