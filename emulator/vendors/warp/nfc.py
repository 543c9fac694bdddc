"""NFC: tags at the reader and injected ones, and what they authorise.

The one rule: a tag counts as new when it was not in the list, or was last seen two seconds ago or more.
Source: Tinkerforge esp32-firmware, `modules/nfc`, `modules/charge_authorization`, `modules/evse_common`.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from ...core.instant import HOUR, MILLISECOND, SECOND, Instant, grid, next_grid
from ...devices.interfaces import Origin
from .controller import SlotId
from .evseview import Iec
from .models import WARP1, WARP2_UP
from .rows import AnyRow, Command, Config, State
from .schema import I52, U8, U16, U32, Arr, Int, Raw, Str, many, obj, uint
from .tracking import NFC, NFC_INJECTED

if TYPE_CHECKING:
    from .view import View
    from .wallbox import Warp

FW: Final = "fw: modules/nfc"
UPDATE: Final = 300 * MILLISECOND
NEW_AFTER: Final = 2 * SECOND
FORGOTTEN: Final = 24 * HOUR
INJECTED: Final = 8
TOGGLE, START, STOP = range(3)
ACK, NACK = 1001, 1002
_TAIL: Final = 'Expected format is uppercase hex bytes separated by colons. For example "01:23:AB:3D".'


@dataclass(frozen=True, slots=True)
class Tag:
    type: int
    id: str
    seen: Instant


def wrong_id(tag_id: str) -> str | None:
    """What is wrong with a tag id; None: nothing."""
    if tag_id and (len(tag_id) % 3 != 2 or len(tag_id) > 29):
        return f"Tag ID has unexpected length. {_TAIL}"
    for index, letter in enumerate(tag_id):
        fits = letter == ":" if index % 3 == 2 else letter in "0123456789abcdefABCDEF"
        if not fits:
            return f"Tag ID contains unexpected character. {_TAIL}"
    return None


def spelled(tag: str) -> str:
    """A card's hexadecimal id as this firmware spells it: `04:A1:B2:C3`."""
    digits = re.sub(r"[^0-9A-Fa-f]", "", tag).upper()
    return ":".join(digits[k : k + 2] for k in range(0, len(digits), 2))


class Nfc:
    """The reader, and the authorisation behind it."""

    def __init__(self, box: Warp) -> None:
        self._box = box
        self._timer = box.timer(self._due)
        self._waiting: deque[tuple[int, int, object, int, bool]] = deque()
        """(kind, user id, info, action, physical) until the next look of the firmware."""
        self._read: list[Tag] = []
        self._injected: Tag | None = None
        self._dead_until: Instant = 0
        self.last_seen: list[tuple[Instant, int, object]] = []

    def boot(self) -> None:
        self._read.clear()
        self._injected = None
        self._waiting.clear()
        self._timer.clear()
        self.last_seen.clear()
        self._dead_until = 0

    @property
    def tags(self) -> list[dict[str, Any]]:
        config = cast("dict[str, Any]", self._box.api.document("nfc/config"))
        return cast("list[dict[str, Any]]", config["authorized_tags"])

    def forget_user(self, user_id: int) -> None:
        self._box.api.update("nfc/config", authorized_tags=[tag for tag in self.tags if tag["user_id"] != user_id])

    def seen(self, v: View) -> list[dict[str, object]]:
        """The nine entries: eight of the reader, newest first, and the injected one."""
        now = grid(v.at, UPDATE, v.box.booted_at)
        entries: list[Tag | None] = [*self._read[:INJECTED], *[None] * (INJECTED - len(self._read)), self._injected]
        return [_entry(tag, now, v.at) for tag in entries]

    # --- tags --------------------------------------------------------------------------------------------------------

    def present(self, tag: str, kind: int | None = None) -> None:
        """A card is held to the reader."""
        tag_id = spelled(tag)
        if kind is None:
            known = (entry["tag_type"] for entry in self.tags if entry["tag_id"].upper() == tag_id)
            kind = next(known, 0)
        at = self._box.simulation.at
        before = next((t for t in self._read if t.id == tag_id and t.type == kind), None)
        self._read = [Tag(kind, tag_id, at), *[t for t in self._read if t is not before]][:INJECTED]
        if before is None or at - before.seen >= NEW_AFTER:
            self._new(kind, tag_id, TOGGLE, physical=True)

    def inject(self, kind: int, tag_id: str, action: int) -> None:
        """As if a tag had been seen, by the API."""
        tag_id = tag_id.upper()
        at, before = self._box.simulation.at, self._injected
        same = before is not None and (before.type, before.id) == (kind, tag_id)
        self._injected = Tag(kind, tag_id, at)
        if before is None or not same or at - before.seen >= NEW_AFTER:
            self._new(kind, tag_id, action, physical=False)

    def _new(self, kind: int, tag_id: str, action: int, *, physical: bool) -> None:
        box = self._box
        box.automation.tag_seen(kind, tag_id)
        entry = next((t for t in self.tags if t["tag_id"].upper() == tag_id and t["tag_type"] == kind), None)
        user = 0 if entry is None else cast("int", entry["user_id"])
        info = {"tag_type": kind, "tag_id": tag_id}
        how = NFC if physical else NFC_INJECTED
        self.last_seen = [(box.simulation.at, how, info), *self.last_seen][:3]
        if user == 0:
            box.controller.indicate(NACK, 2000)
            box.log("nfc", f"Unknown tag {tag_id}")
            return
        box.controller.indicate(ACK, 2000)
        self.offer(how, user, info, action, physical=physical)

    def offer(self, how: int, user: int, info: object, action: int, *, physical: bool = False) -> None:
        """Somebody who may charge has identified; looked at in the firmware's next round."""
        self._waiting.append((how, user, info, action, physical))
        self._timer.set(next_grid(self._box.simulation.at, UPDATE, self._box.booted_at))
        self._box.touch()
        self._box.simulation.wake()

    def seen_vehicle(self, how: int, info: object) -> None:
        self.last_seen = [(self._box.simulation.at, how, info), *self.last_seen][:3]

    def _due(self, at: Instant) -> None:
        while self._waiting:
            self._authorise(at, *self._waiting.popleft())
        self._box.changed()

    def _authorise(self, at: Instant, how: int, user: int, info: object, action: int, physical: bool) -> None:
        box = self._box
        evse = box.view().evse
        if not evse.memory.slots[SlotId.USER].active or (physical and at < self._dead_until):
            return
        charge = box.tracker.running
        if charge is None:
            if evse.iec is Iec.B and not evse.error and action != STOP and box.tracker.begin(user, how, info):
                dead = box.api.integer("nfc/config", "deadtime_post_start")
                self._dead_until = at + dead * SECOND
            return
        if charge["user_id"] != user or action == START or evse.iec not in (Iec.B, Iec.C) or evse.error:
            return
        if evse.iec is Iec.C and at - evse.memory.iec_since <= 3 * SECOND:
            return
        box.tracker.end()
        self._dead_until = at + 3 * SECOND


def _entry(tag: Tag | None, now: Instant, at: Instant) -> dict[str, object]:
    if tag is None or at - tag.seen >= FORGOTTEN:
        return {"tag_type": 0, "tag_id": "", "last_seen": 0}
    return {"tag_type": tag.type, "tag_id": tag.id, "last_seen": max(1, (now - tag.seen) // MILLISECOND)}


def _validate(box: Warp, value: object) -> str | None:
    seen: set[tuple[int, str]] = set()
    for tag in cast("dict[str, Any]", value)["authorized_tags"]:
        if (problem := wrong_id(tag["tag_id"])) is not None:
            return problem
        tag["tag_id"] = tag["tag_id"].upper()
        if box.users.find(tag["user_id"]) is None:
            return f"Unknown user with ID {tag['user_id']}."
        key = (tag["tag_type"], tag["tag_id"])
        if key in seen:
            return f"Tag ID {tag['tag_id']} is used multiple times with same tag type."
        seen.add(key)
    return None


def _check_injected(_: Warp, value: object) -> str | None:
    return wrong_id(cast("dict[str, Any]", value)["tag_id"])


def _inject(action: int) -> Any:
    def run(box: Warp, value: object, _: Origin) -> str | None:
        tag = cast("dict[str, Any]", value)
        box.nfc.inject(tag["tag_type"], tag["tag_id"], action)
        return None

    return run


def _nothing(box: Warp, _: object, __: Origin) -> str | None:
    return None


def _last_seen(v: View) -> object:
    found = v.box.nfc.last_seen
    shown: list[object] = [
        {"seen_at": (at - v.box.booted_at) // MILLISECOND, "auth_info": [how, info]} for at, how, info in found
    ]
    return shown + [{"seen_at": 0, "auth_info": [0, None]}] * (3 - len(shown))


_TAG: Final = obj(tag_type=uint(0, 6, width=8), tag_id=Str(0, 29))


def _config(count: int, models: tuple[str, ...]) -> Config:
    tag = obj(user_id=U8, tag_type=uint(0, 6, width=8), tag_id=Str(0, 29))
    return Config(
        name="nfc/config",
        schema=obj(authorized_tags=Arr(tag, count), deadtime_post_start=Int(32, value=30)),
        validate=_validate,
        models=models,
        source=FW,
    )


ROWS: Final[tuple[AnyRow, ...]] = (
    _config(16, WARP1),
    _config(32, WARP2_UP),
    State(
        name="nfc/seen_tags",
        schema=many(obj(tag_type=U8, tag_id=Str(0, 29), last_seen=U32), 9),
        read=lambda v: v.box.nfc.seen(v),
        source=FW,
    ),
    Command(name="nfc/inject_tag", schema=_TAG, run=_inject(TOGGLE), validate=_check_injected, action=True, source=FW),
    Command(
        name="nfc/inject_tag_start", schema=_TAG, run=_inject(START), validate=_check_injected, action=True, source=FW
    ),
    Command(
        name="nfc/inject_tag_stop", schema=_TAG, run=_inject(STOP), validate=_check_injected, action=True, source=FW
    ),
)
READER_ROWS: Final[tuple[AnyRow, ...]] = (
    State(
        name="nfc/identity",
        schema=obj(
            uid=Str(0, 8),
            connected_uid=Str(0, 8),
            position=Str(1, 1),
            hw_version=Str(0, 12),
            fw_version=Str(0, 12),
            device_identifier=U16,
        ),
        read=lambda v: {
            "uid": v.box.nfc_uid,
            "connected_uid": v.box.serial,
            "position": "b",
            "hw_version": "1.0.0",
            "fw_version": "2.1.2",
            "device_identifier": 286,
        },
        live=False,
        source=FW,
        assumed="hw_version, position",
    ),
    Command(name="nfc/reset", run=_nothing, action=True, source=FW),
    Command(name="nfc/reflash", run=_nothing, action=True, source=FW),
)
AUTHORIZATION_ROWS: Final[tuple[AnyRow, ...]] = (
    State(
        name="charge_authorization/last_seen",
        schema=many(obj(seen_at=I52, auth_info=Raw("[type, null or object]")), 3),
        read=_last_seen,
        source="fw: modules/charge_authorization",
    ),
)
