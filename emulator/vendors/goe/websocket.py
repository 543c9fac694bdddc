"""The conversation on `/ws`: hello, log-in, full status, changes, and writes that carry a signature.

The one rule: a conversation takes frames and gives frames; the keys are the one table of the box, with the developer
keys the API hides. Clients always send JSON text; the box sends text, or MessagePack if the setting says so.
Source: ha-goecharger-api2, wattpilot, captured messages. ASSUMED: tokens of 32 digits, how a status is split, what is
answered to messages that make no sense, that the connection stays open after a failed log-in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from ...core.instant import Instant
from ...devices.interfaces import Frame, Origin, WebSocketEndpoint
from . import keys, login, messagepack
from .arduino import JsonError, parse
from .changes import Changes
from .readings import View
from .refusals import Refusal, invalid_json
from .status import Row, Status

if TYPE_CHECKING:
    from .wallbox import Goe

PART: Final = 50
"""Keys in one message of a full status. ASSUMED."""
LONGEST: Final = 8192
"""Bytes of a message from a client; a longer one ends the connection with code 1009. ASSUMED."""
CLIENTS: Final = 8
"""ASSUMED"""
QUIET: Final = 20.0
"""Wall seconds between pings, and between signs of life while simulated time stands still: clients take 50 s of
silence for a lost connection."""
HASH_NAMED_SINCE: Final = "59"
"""ASSUMED: older boxes do not say which hash they want, and know no `devicefamily` and `proto` in their hello."""
NOT_LOGGED_IN: Final = "not authenticated"
UNSIGNED: Final = "message must be secured"
BAD_SIGNATURE: Final = "invalid hmac"
BAD_MESSAGE: Final = "invalid message"


class WebSocketApi:
    """The web socket of one box."""

    def __init__(self, box: Goe) -> None:
        self._box = box
        self._visitors = 0
        self.compile()

    def compile(self) -> None:
        """The table of the profile in force."""
        self.keys = keys.developer(self._box.profile)
        self.status = Status(self._box.profile, self.keys)

    def endpoint(self) -> WebSocketEndpoint:
        return WebSocketEndpoint(
            open=self.open,
            period=1.0,
            ping=QUIET,
            heartbeat=lambda: '{"type":"deltaStatus","status":{}}',
            max_clients=CLIENTS,
            max_message=LONGEST,
        )

    def open(self, origin: Origin) -> Conversation:
        self._visitors += 1
        return Conversation(self._box, self, origin, self._visitors)

    @property
    def scheme(self) -> login.Scheme:
        stated = self._box.settings["websocket_hash"]
        if stated is not None:
            return cast("login.Scheme", stated)
        return "bcrypt" if self._box.trait("bcrypt") else "pbkdf2"

    def hello(self) -> dict[str, object]:
        box = self._box
        newer = box.has(HASH_NAMED_SINCE)
        subtype = box.trait("subtype")
        members = {
            "type": "hello",
            "serial": box.serial,
            "hostname": box.hostname,
            "friendly_name": box.friendly_name,
            "manufacturer": "go-e",
            "devicefamily": "goecharger" if newer else None,
            "devicetype": box.trait("typ"),
            "devicesubtype": subtype,
            "version": box.firmware_text,
            "protocol": 2,
            "proto": 4 if newer else None,
            "secured": True,
        }
        return {name: value for name, value in members.items() if value is not None}

    def token(self, visitor: int, number: int) -> str:
        """Random to a client, the same in every run."""
        box = self._box
        seen = f"{box.simulation.seed} {box.address} {box.simulation.at} {visitor} {number}"
        return hashlib.sha256(seen.encode()).hexdigest()[:32]


class Conversation:
    """One client, from its hello to its end."""

    def __init__(self, box: Goe, api: WebSocketApi, origin: Origin, visitor: int) -> None:
        self._box = box
        self._api = api
        self._origin = origin
        self._scheme = api.scheme
        self._password = box.settings.text("password")
        self._token1, self._token2 = api.token(visitor, 1), api.token(visitor, 2)
        self._changes = Changes(box, api.status.rows)
        self._known = False
        """Whether the client has logged in."""

    @property
    def _secret(self) -> str:
        """What stands for the password."""
        return login.hashed(self._scheme, self._password, self._box.serial)

    # --- what the box says -------------------------------------------------------------------------------------------

    def opened(self) -> Iterable[Frame]:
        login.prepare(self._scheme, self._password, self._box.serial)
        wanted: dict[str, object] = {"type": "authRequired", "token1": self._token1, "token2": self._token2}
        if self._scheme == "bcrypt" or self._box.has(HASH_NAMED_SINCE):
            wanted["hash"] = self._scheme
        return [self._frame(self._api.hello()), self._frame(wanted)]

    def published(self, at: Instant) -> Iterable[Frame]:
        if not self._known:
            return ()
        changed = list(self._changes.at(at))
        return [self._status('"deltaStatus"', changed)] if changed else ()

    def closed(self) -> None:
        """Nothing is left of it."""

    def _full_status(self) -> Iterable[Frame]:
        rows = self._changes.everything()
        for start in range(0, len(rows), PART):
            last = "false" if start + PART >= len(rows) else "true"
            yield self._status(f'"fullStatus","partial":{last}', rows[start : start + PART])

    def _status(self, head: str, rows: Sequence[Row]) -> Frame:
        body = b",".join([row.printed for row in rows]).decode()
        return self._coded(f'{{"type":{head},"status":{{{body}}}}}')

    def _frame(self, message: Mapping[str, object]) -> Frame:
        return self._coded(self._box.print_json(message))

    def _coded(self, text: str) -> Frame:
        match self._box.settings["websocket_format"]:
            case "msgpack":
                return messagepack.pack(json.loads(text))
            case "msgpack_after_zero":
                return b"\0" + messagepack.pack(json.loads(text))
            case _:
                return text

    # --- what the client says ----------------------------------------------------------------------------------------

    def received(self, frame: str | bytes) -> Iterable[Frame]:
        try:
            message = parse(frame if isinstance(frame, str) else frame.decode("utf-8", "replace"))
        except JsonError as error:
            return [self._failure(None, invalid_json(error.name).over_websocket())]
        if not isinstance(message, dict):
            return [self._failure(None, BAD_MESSAGE)]
        if message.get("type") == "auth":
            return self._auth(message)
        if not self._known:
            return [self._failure(message, NOT_LOGGED_IN)]
        if message.get("type") == "securedMsg":
            return self._secured(message)
        return [self._failure(message, UNSIGNED if message.get("type") == "setValue" else BAD_MESSAGE)]

    def _auth(self, message: Mapping[str, object]) -> Iterable[Frame]:
        token3, found = message.get("token3"), message.get("hash")
        echo = {"token3": token3, "hash": found}
        right = isinstance(token3, str) and login.same(
            found, login.proof(self._secret, self._token1, self._token2, token3)
        )
        if not right:
            return [self._frame({"type": "authError", **echo, "message": "Wrong password"})]
        self._known = True
        return [self._frame({"type": "authSuccess", **echo}), *self._full_status()]

    def _secured(self, message: Mapping[str, object]) -> Iterable[Frame]:
        data = message.get("data")
        if not isinstance(data, str):
            return [self._failure(message, BAD_MESSAGE)]
        if not login.same(message.get("hmac"), login.signature(self._secret, data)):
            return [self._failure(_inner(data), BAD_SIGNATURE)]
        inner = _inner(data)
        if inner is None or inner.get("type") != "setValue" or not isinstance(inner.get("key"), str):
            return [self._failure(inner, BAD_MESSAGE)]
        return [self._set(inner, cast("str", inner["key"]))]

    def _set(self, message: Mapping[str, object], name: str) -> Frame:
        value = message.get("value")
        refusal = self._write(name, value)
        if refusal is not None:
            return self._failure(message, refusal.over_websocket())
        answer = {"type": "response", **_request_id(message), "success": True}
        row = self._api.status.rows.get(name)
        shown = self._box.print_json(value) if row is None else row.text(View(self._box))
        head = self._box.print_json(answer)[:-1]
        return self._coded(f'{head},"status":{{{self._box.print_json(name)}:{shown}}}}}')

    def _write(self, name: str, value: object) -> Refusal | None:
        if self._box.forgets(name, self._origin):
            self._box.swallow(name, value, self._origin)
            return None
        return self._box.write_value(name, value, self._origin, app=True)

    def _failure(self, message: Mapping[str, object] | None, text: str) -> Frame:
        return self._frame({"type": "response", **_request_id(message), "success": False, "message": text})


def _inner(data: str) -> Mapping[str, object] | None:
    """The message in a secured one, if it is one."""
    try:
        found = parse(data)
    except JsonError:
        return None
    return found if isinstance(found, dict) else None


def _request_id(message: Mapping[str, object] | None) -> dict[str, object]:
    """Source: the inner message's id as a text, left out if it had none."""
    found = None if message is None else message.get("requestId")
    return {"requestId": str(found)} if isinstance(found, int | str) else {}
