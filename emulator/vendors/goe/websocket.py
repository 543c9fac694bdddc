"""The conversation on `/ws`: hello, log-in, full status, changes, and writes that carry a signature.

The one rule: a conversation takes frames and gives frames; the keys are the one table of the wallbox, with the
developer keys the API hides. Clients always send JSON text; the wallbox sends text, or MessagePack if the setting says
so.
Source: ha-goecharger-api2, wattpilot, captured messages. ASSUMED: tokens of 32 digits, how a status is split, what is
answered to messages that make no sense, that the connection stays open after a failed log-in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ...core.instant import Instant
from ...devices.interfaces import Frame, Origin, WebSocketEndpoint
from ...devices.watching import Lockstep
from . import login, messagepack
from .arduino import JsonError, parse
from .changes import Changes, News, Told
from .device import Device
from .features import HASH_NAMED
from .readings import View
from .refusals import invalid_json
from .settings import PASSWORD, WEBSOCKET_FORMAT, WEBSOCKET_HASH
from .status import Status, Tables
from .writer import Writer

PART: Final = 50
"""Keys in one message of a full status. ASSUMED."""
LONGEST: Final = 8192
"""Longest message from a client [bytes]; a longer one ends the connection with code 1009. ASSUMED."""
CLIENTS: Final = 8
"""ASSUMED"""
QUIET: Final = 20.0
"""Wall seconds between pings, and between signs of life while simulated time stands still: clients take 50 s of
silence for a lost connection."""
NOT_LOGGED_IN: Final = "not authenticated"
UNSIGNED: Final = "message must be secured"
BAD_SIGNATURE: Final = "invalid hmac"
BAD_MESSAGE: Final = "invalid message"


def keys_in(frame: str | bytes) -> Iterable[str]:
    """The keys that a frame tells something about; none that can be read if it is not JSON."""
    message = json.loads(frame) if isinstance(frame, str) else {}
    status = message.get("status")
    return list(status) if isinstance(status, dict) and message.get("type") != "response" else ()


class WebSocketApi:
    """The web socket of one wallbox."""

    def __init__(self, address: str, device: Device, tables: Tables, writer: Writer) -> None:
        """`address`: of the wallbox, which tells its tokens apart from others'."""
        self._address = address
        self._device = device
        self._tables = tables
        self._writer = writer
        self._visitors = 0
        self._broadcast: Broadcast | None = None

    def endpoint(self) -> WebSocketEndpoint:
        return WebSocketEndpoint(
            open=self.open,
            period=1.0,
            ping=QUIET,
            heartbeat=lambda: '{"type":"deltaStatus","status":{}}',
            max_clients=CLIENTS,
            max_message=LONGEST,
            values_in=keys_in,
        )

    def open(self, origin: Origin) -> Conversation:
        self._visitors += 1
        tokens = self._token(1), self._token(2)
        table = self._tables.app_status
        if self._broadcast is None or self._broadcast.table is not table:
            self._broadcast = Broadcast(self._device, table)
        return Conversation(self._device, self._broadcast, self._writer, origin, tokens)

    def _token(self, number: int) -> str:
        """Random to a client, the same in every run."""
        processor = self._device.processor
        seen = f"{processor.simulation.seed} {self._address} {processor.at} {self._visitors} {number}"
        return hashlib.sha256(seen.encode()).hexdigest()[:32]


def scheme(device: Device) -> login.Scheme:
    """The hash that a log-in wants."""
    return device.settings[WEBSOCKET_HASH] or ("bcrypt" if device.identity.traits.newer_platform else "pbkdf2")


class Broadcast:
    """What clients that have logged in are told: the same messages to all who were told the same."""

    def __init__(self, device: Device, table: Status) -> None:
        self.table = table
        self._device = device
        self._changes = Changes(device, table.rows.values())
        self._lockstep = Lockstep(self._step)

    def everything(self) -> tuple[Told, Sequence[Frame]]:
        """The full status, in some messages."""
        told, rows = self._changes.everything()
        frames = []
        for start in range(0, len(rows), PART):
            last = "false" if start + PART >= len(rows) else "true"
            frames.append(self._status(f'"fullStatus","partial":{last}', rows[start : start + PART]))
        return told, frames

    def next(self, told: Told, at: Instant) -> tuple[Told, Sequence[Frame]]:
        """What is said at `at` to who was told so much."""
        return self._lockstep.next(told, at, self._changes.moment)

    def _step(self, told: Told, at: Instant) -> tuple[Told, Sequence[Frame]]:
        told, changed = self._changes.at(told, at)
        return told, (self._status('"deltaStatus"', changed),) if changed else ()

    def _status(self, head: str, rows: News) -> Frame:
        body = b",".join([text for _, text in rows]).decode()
        return coded(self._device, f'{{"type":{head},"status":{{{body}}}}}')


def coded(device: Device, text: str) -> Frame:
    """A message as the wallbox sends it."""
    match device.settings[WEBSOCKET_FORMAT]:
        case "msgpack":
            return messagepack.pack(json.loads(text))
        case "msgpack_after_zero":
            return b"\0" + messagepack.pack(json.loads(text))
        case _:
            return text


class Conversation:
    """One client, from its hello to its end."""

    __slots__ = (
        "_broadcast", "_device", "_origin", "_password", "_scheme", "_token1", "_token2", "_told", "_writer",
    )  # fmt: skip

    def __init__(
        self, device: Device, broadcast: Broadcast, writer: Writer, origin: Origin, tokens: tuple[str, str]
    ) -> None:
        self._device = device
        self._broadcast = broadcast
        self._writer = writer
        self._origin = origin
        self._scheme = scheme(device)
        self._password = device.settings[PASSWORD]
        self._token1, self._token2 = tokens
        self._told: Told | None = None
        """What the client was told; None: it has not logged in."""

    @property
    def _secret(self) -> str:
        """What stands for the password."""
        return login.hashed(self._scheme, self._password, self._device.identity.serial)

    # --- what the wallbox says ---------------------------------------------------------------------------------------

    def opened(self) -> Iterable[Frame]:
        self._device.websocket_clients += 1
        login.prepare(self._scheme, self._password, self._device.identity.serial)
        wanted: dict[str, object] = {"type": "authRequired", "token1": self._token1, "token2": self._token2}
        if self._scheme == "bcrypt" or self._device.identity.has(HASH_NAMED):
            wanted["hash"] = self._scheme
        return [self._frame(self._device.identity.hello()), self._frame(wanted)]

    def published(self, at: Instant) -> Sequence[Frame]:
        if self._told is None:
            return ()
        self._told, frames = self._broadcast.next(self._told, at)
        return frames

    def closed(self) -> None:
        """Nothing is left of it."""
        self._device.websocket_clients = max(0, self._device.websocket_clients - 1)

    def _frame(self, message: Mapping[str, object]) -> Frame:
        return coded(self._device, self._device.identity.print_json(message))

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
        if self._told is None:
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
        self._told, frames = self._broadcast.everything()
        return [self._frame({"type": "authSuccess", **echo}), *frames]

    def _secured(self, message: Mapping[str, object]) -> Iterable[Frame]:
        data = message.get("data")
        if not isinstance(data, str):
            return [self._failure(message, BAD_MESSAGE)]
        if not login.same(message.get("hmac"), login.signature(self._secret, data)):
            return [self._failure(_inner(data), BAD_SIGNATURE)]
        inner = _inner(data)
        name = None if inner is None else inner.get("key")
        if inner is None or inner.get("type") != "setValue" or not isinstance(name, str):
            return [self._failure(inner, BAD_MESSAGE)]
        return [self._set(inner, name)]

    def _set(self, message: Mapping[str, object], name: str) -> Frame:
        value = message.get("value")
        refusal = self._writer.value(name, value, self._origin, app=True)
        if refusal is not None:
            return self._failure(message, refusal.over_websocket())
        answer = {"type": "response", **_request_id(message), "success": True}
        row = self._broadcast.table.rows.get(name)
        shown = self._device.identity.print_json(value) if row is None else row.value_text(View(self._device))
        head = self._device.identity.print_json(answer)[:-1]
        return coded(self._device, f'{head},"status":{{{self._device.identity.print_json(name)}:{shown}}}}}')

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
