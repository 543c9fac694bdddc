"""NFC: tags at the reader, and injected ones.

The one rule: a tag counts as new when it was not in the list, or was last seen two seconds ago or more.
Source: Tinkerforge esp32-firmware, `modules/nfc`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ....core.instant import HOUR, MILLISECOND, SECOND, Instant, grid
from ....devices.points import Point
from ..api.bricklets import IDENTITY
from ..api.documents import Doc, plain_docs
from ..api.rows import AnyRow, Command, Config, Source
from ..api.schema import U8, U32, Int, Str, uint
from ..api.shapes import Arr, many, obj
from ..evse.controller import Controller
from ..models import WARP1, WARP2_UP
from ..module import Module
from ..platform import Platform
from ..rules import triggers
from ..view import View
from .authorization import ACK, NACK, START, STOP, TOGGLE, UPDATE, ChargeAuthorization
from .tracking import NFC, NFC_INJECTED
from .users import Users

FW: Final = Source("fw: modules/nfc")
UID: Final = "2cTm"
DEVICE: Final = 286
NEW_AFTER: Final = 2 * SECOND
FORGOTTEN: Final = 24 * HOUR
READ: Final = 8
"""Tags of the reader that are shown; the ninth is the injected one."""
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


class Nfc(Module):
    """The reader of one wallbox."""

    def __init__(
        self, platform: Platform, controller: Controller, users: Users, authorization: ChargeAuthorization
    ) -> None:
        super().__init__(platform)
        self.controller = controller
        self.users = users
        self.authorization = authorization
        self._read: list[Tag] = []
        self._injected: Tag | None = None
        self.seen_by_ocpp: Callable[[str], None] = lambda _: None
        """Called with the id of each tag that counts as new."""
        users.removed = self._forget_user

    def boot(self) -> None:
        self._read.clear()
        self._injected = None

    @property
    def tags(self) -> list[Doc]:
        """Who may charge with which tag."""
        return self.api.doc("nfc/config").docs("authorized_tags")

    def _forget_user(self, user_id: int) -> None:
        tags = plain_docs(tag for tag in self.tags if tag["user_id"] != user_id)
        self.api.update("nfc/config", authorized_tags=tags)

    def seen(self, v: View) -> list[dict[str, object]]:
        """The nine entries: eight of the reader, newest first, and the injected one."""
        entries: list[Tag | None] = [*self._read[:READ], *[None] * (READ - len(self._read)), self._injected]
        at = v.at if any(entries) else v.instant
        now = grid(at, UPDATE, self.platform.booted_at)
        return [_entry(tag, now, at) for tag in entries]

    def newest(self, v: View) -> Doc | None:
        """The entry seen last."""
        known = [Doc(entry) for entry in self.seen(v) if entry["last_seen"]]
        return min(known, key=lambda entry: entry.integer("last_seen"), default=None)

    def present(self, tag: str) -> None:
        """A card is held to the reader."""
        tag_id = spelled(tag)
        known = (entry.integer("tag_type") for entry in self.tags if entry.text("tag_id").upper() == tag_id)
        kind = next(known, 0)
        at = self.platform.at
        before = next((t for t in self._read if t.id == tag_id and t.type == kind), None)
        self._read = [Tag(kind, tag_id, at), *[t for t in self._read if t is not before]][:READ]
        if before is None or at - before.seen >= NEW_AFTER:
            self._new(kind, tag_id, TOGGLE, physical=True)

    def inject(self, kind: int, tag_id: str, action: int) -> None:
        """As if a tag had been seen, by the API."""
        tag_id = tag_id.upper()
        at, before = self.platform.at, self._injected
        same = before is not None and (before.type, before.id) == (kind, tag_id)
        self._injected = Tag(kind, tag_id, at)
        if before is None or not same or at - before.seen >= NEW_AFTER:
            self._new(kind, tag_id, action, physical=False)

    def _new(self, kind: int, tag_id: str, action: int, *, physical: bool) -> None:
        self.platform.triggers.fire(triggers.NFC, lambda t: t["tag_type"] == kind and t["tag_id"] == tag_id)
        holders = (t for t in self.tags if t.text("tag_id").upper() == tag_id and t["tag_type"] == kind)
        user = next((holder.integer("user_id") for holder in holders), 0)
        info = {"tag_type": kind, "tag_id": tag_id}
        how = NFC if physical else NFC_INJECTED
        self.authorization.seen(how, info)
        self.seen_by_ocpp(tag_id)
        self.controller.indicate(ACK if user else NACK, 2000)
        if user:
            self.authorization.offer(how, user, info, action, physical=physical)

    def check(self, doc: Doc) -> str | None:
        """Ids are saved in upper case."""
        seen: set[tuple[int, str]] = set()
        for tag in doc.docs("authorized_tags"):
            if (problem := wrong_id(tag.text("tag_id"))) is not None:
                return problem
            tag.rewrite("tag_id", tag.text("tag_id").upper())
            if self.users.find(tag.integer("user_id")) is None:
                return f"Unknown user with ID {tag['user_id']}."
            key = (tag.integer("tag_type"), tag.text("tag_id"))
            if key in seen:
                return f"Tag ID {tag['tag_id']} is used multiple times with same tag type."
            seen.add(key)
        return None


def _entry(tag: Tag | None, now: Instant, at: Instant) -> dict[str, object]:
    if tag is None or at - tag.seen >= FORGOTTEN:
        return {"tag_type": 0, "tag_id": "", "last_seen": 0}
    return {"tag_type": tag.type, "tag_id": tag.id, "last_seen": max(1, (now - tag.seen) // MILLISECOND)}


_TAG: Final = obj(tag_type=uint(0, 6, width=8), tag_id=Str(0, 29))


def _config(count: int, models: tuple[str, ...]) -> Config[Nfc]:
    tag = obj(user_id=U8, tag_type=uint(0, 6, width=8), tag_id=Str(0, 29))
    return FW.config(
        "nfc/config",
        obj(authorized_tags=Arr(tag, count), deadtime_post_start=Int(32, value=30)),
        validate=Nfc.check,
        models=models,
    )


def _inject(suffix: str, action: int) -> Command[Nfc]:
    return FW.command(
        f"nfc/inject_tag{suffix}",
        lambda m, doc: m.inject(doc.integer("tag_type"), doc.text("tag_id"), action),
        _TAG,
        validate=lambda _, doc: wrong_id(doc.text("tag_id")),
        action=True,
    )


ROWS: Final[tuple[AnyRow[Nfc], ...]] = (
    _config(16, WARP1),
    _config(32, WARP2_UP),
    FW.state("nfc/seen_tags", many(obj(tag_type=U8, tag_id=Str(0, 29), last_seen=U32), 9), Nfc.seen),
    _inject("", TOGGLE),
    _inject("_start", START),
    _inject("_stop", STOP),
)
READER_FIRMWARE: Final = Point(name="nfc/identity.fw_version", source="capture: 2.9.0", since="2.10.0")
"""The reader's firmware 2.1.2."""
READER_ROWS: Final[tuple[AnyRow[Nfc], ...]] = (
    FW.state(
        "nfc/identity",
        IDENTITY,
        lambda m, v: {
            "uid": UID,
            "connected_uid": "0",
            "position": "F",
            "hw_version": "1.0.0",
            "fw_version": "2.1.2" if READER_FIRMWARE.exists(m.platform.profile) else "2.1.1",
            "device_identifier": DEVICE,
        },
        live=False,
        about="as captured on a WARP2 with 2.9.0",
        assumed="position on WARP3 and 4, the firmware that came with 2.10.0",
    ),
    FW.command("nfc/reset", lambda _, __: None, action=True),
    FW.command("nfc/reflash", lambda _, __: None, action=True),
)
