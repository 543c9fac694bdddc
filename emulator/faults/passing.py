"""What traffic meets on its way through a box: the faults armed on its interfaces.

The one rule: a fault is asked about each message once, in the order of arming, and is recorded when it really hits.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ..core.messages import Command
from ..devices.delivery import Copy, Delivery, M
from ..devices.documents import Path, address
from ..devices.interception import UNTOUCHED, Interception, Interceptor
from ..devices.interfaces import BrokerAccess, HttpReply, HttpRequest, ModbusReply, ModbusRequest
from ..devices.traffic import Message, ProtocolName
from . import banks
from .edits import KEEP, edit

if TYPE_CHECKING:
    from ..devices.wallbox import Wallbox
    from .armed import Armed

CHANGES: Final = 8
"""Changed values that the journal shows of one message."""


class Shot:
    """One fault and one message."""

    def __init__(self, armed: Armed, message: Message, wallbox: Wallbox, *, peek: bool = False) -> None:
        self.armed = armed
        self.effect = armed.effect
        self.message = message
        self.wallbox = wallbox
        self.peek = peek
        """Somebody only looks: nothing counts, nothing is recorded."""
        self.scratch = False
        """What the effect has to remember between two questions about this message."""
        self.detail: dict[str, object] = {}
        self._fired: bool | None = None

    @property
    def fired(self) -> bool:
        return self._fired is True

    def fire(self) -> bool:
        """Whether the fault hits this message; decided at the first call."""
        if self._fired is None:
            self._fired = self.armed.take(peek=self.peek)
            if self._fired and not self.peek:
                self.detail["message"] = self.message.label
                self.armed.hit(
                    self.detail,
                    wallbox=self.wallbox.name,
                    interface=self.message.interface,
                    client=self.message.client,
                )
        return self._fired

    def changed(self, path: Path, old: object, new: object) -> None:
        """Record a changed value."""
        shown = self.detail.setdefault("changed", {})
        if isinstance(shown, dict) and len(shown) < CHANGES:
            shown[".".join(path)] = [_plain(old), _plain(new)]


class FaultInterception(Interception):
    """One message on its way past the faults that may be about it."""

    def __init__(self, interceptor: FaultInterceptor, message: Message, shots: Sequence[Shot]) -> None:
        self.message = message
        self._interceptor = interceptor
        self._shots = shots

    def _hitting(self) -> Iterator[Shot]:
        """What changes whole messages, as far as it hits."""
        for shot in self._shots:
            if not shot.effect.selects and shot.fire():
                yield shot

    # --- before the box ----------------------------------------------------------------------------------------------

    def lost(self) -> bool:
        each = [shot.effect.lost(shot) for shot in self._shots if shot.effect.selects or shot.fire()]
        return any(each)

    @contextmanager
    def handling(self) -> Iterator[None]:
        for shot in self._shots:
            shot.effect.before(shot)
        outer, self._interceptor.handled = self._interceptor.handled, self._shots
        try:
            yield
        finally:
            self._interceptor.handled = outer

    # --- replies -----------------------------------------------------------------------------------------------------

    def http(self, request: HttpRequest, ask: Callable[[HttpRequest], HttpReply]) -> HttpReply:
        if self.lost():
            reply = HttpReply(silent=True)
        else:
            with self.handling():
                reply = ask(request)
            if reply.status != 101 and reply.body:
                body = self.content(reply.body)
                if body is not reply.body:
                    reply = _resized(reply, body)
        for shot in self._shots:
            if shot.fired:
                reply = shot.effect.http(shot, reply)
        return reply

    def modbus(self, request: ModbusRequest, ask: Callable[[ModbusRequest], ModbusReply | None]) -> ModbusReply | None:
        if self.lost():
            reply = None
        else:
            with self.handling():
                reply = ask(request)
        for shot in self._shots:
            if shot.fired or shot.effect.selects:
                reply = shot.effect.modbus(shot, reply)
            if shot.effect.edits and reply is not None and reply.values:
                reply = self._registers(shot, request, reply)
        return reply

    def _registers(self, shot: Shot, request: ModbusRequest, reply: ModbusReply) -> ModbusReply:
        words = list(reply.values)
        for cell in banks.cells(self._interceptor.wallbox, request, shot.armed.order.match):
            part = slice(cell.start - request.address, cell.start - request.address + cell.length)
            old = tuple(words[part])
            new = banks.changed(shot, cell, old)
            if new is banks.HIDDEN:
                return ModbusReply(exception=banks.ILLEGAL_ADDRESS, journal=reply.journal)
            if new != old:
                words[part] = new
        return reply if tuple(words) == reply.values else replace(reply, values=tuple(words))

    def content(self, data: bytes) -> bytes:
        try:
            old = data.decode()
        except UnicodeDecodeError:
            return data
        new = self._text(old)
        return data if new == old else new.encode()

    def _text(self, text: str) -> str:
        prefix = self.message.prefix
        for shot in self._shots:
            if shot.effect.edits:
                text = _edited(shot, text, prefix)
            if shot.effect.selects or shot.fired:
                text = shot.effect.text(shot, text, prefix)
        return text

    def deliver(self, data: bytes) -> Delivery:
        delivery = Delivery(data=data)
        for shot in self._hitting():
            delivery = shot.effect.wire(shot, delivery)
        return delivery

    def copies(self, copies: Sequence[Copy[M]]) -> Sequence[Copy[M]]:
        for shot in self._hitting():
            copies = shot.effect.spread(shot, copies)
        passed = []
        for copy in copies:
            delivery = self.deliver(copy.data)
            if not delivery.silent:
                passed.append(replace(copy, data=delivery.data, delay=copy.delay + delivery.delay))
        return passed


class FaultInterceptor(Interceptor):
    """The faults armed on the interfaces of one wallbox."""

    active = True

    def __init__(self, wallbox: Wallbox) -> None:
        self.wallbox = wallbox
        self.handled: Sequence[Shot] = ()
        """Faults that the request being handled may meet."""
        self._armed: list[Armed] = []

    def add(self, armed: Armed) -> None:
        self._armed.append(armed)

    def remove(self, armed: Armed) -> bool:
        """A fault is over; whether none is left."""
        if armed in self._armed:
            self._armed.remove(armed)
        return not self._armed

    def intercept(self, message: Message) -> Interception:
        shots = [
            Shot(armed, message, self.wallbox)
            for armed in self._armed
            if armed.may()
            and armed.order.target.reaches(message.interface)
            and message.protocol in armed.effect.protocols
            and armed.order.match.fits(message, key=not armed.effect.selects)
        ]
        return FaultInterception(self, message, shots) if shots else UNTOUCHED

    # --- states ------------------------------------------------------------------------------------------------------

    def reachable(self, interface: str) -> bool:
        return not any(
            armed.in_force and armed.effect.closes and armed.order.target.reaches(interface) for armed in self._armed
        )

    def mute(self, interface: str) -> bool:
        return any(
            armed.in_force and armed.effect.mute and armed.order.target.reaches(interface) for armed in self._armed
        )

    def broker_access(self, interface: str, access: BrokerAccess) -> BrokerAccess:
        for armed in tuple(self._armed):
            if armed.in_force and armed.order.target.reaches(interface):
                access = armed.effect.connecting(armed, access)
        return access

    def connection_limit(self, interface: str, limit: int) -> int:
        for armed in self._armed:
            if armed.in_force and armed.order.target.reaches(interface):
                limit = armed.effect.connections(limit)
        return limit

    # --- effects of requests -----------------------------------------------------------------------------------------

    def swallows_setting(self, name: str, value: object) -> bool:
        """Whether a setting that the present request leads to stays as it is."""
        each = [shot.effect.swallows(shot, (name, value)) for shot in self.handled if not shot.effect.standing]
        return any(each)

    def swallows(self, command: Command) -> bool:
        standing = [
            Shot(armed, Message(protocol="http", interface="", label="command"), self.wallbox)
            for armed in self._armed
            if armed.effect.standing and armed.may()
        ]
        handled = [shot for shot in self.handled if not shot.effect.standing]
        each = [shot.effect.swallows(shot, command) for shot in (*handled, *standing)]
        return any(each)

    # --- looking -----------------------------------------------------------------------------------------------------

    def seen(self, point: str, value: object) -> object:
        path = address(point)
        served = self.wallbox.traffic
        interface = path[0] if path[0] in served else _main(served)
        message = Message(protocol=served.get(interface, "http"), interface=interface, prefix=path, label=point)
        for armed in self._armed:
            looks = armed.may() and armed.effect.selects and armed.order.target.reaches(interface)
            if looks and message.protocol in armed.effect.protocols:
                value = self._seen(Shot(armed, message, self.wallbox, peek=True), path, value)
        return value

    def _seen(self, shot: Shot, path: Path, value: object) -> object:
        if shot.message.protocol == "modbus" and shot.effect.edits:
            new = banks.seen(shot, path, value)
        else:
            old = json.dumps(value)
            edited = _edited(shot, old, path) if shot.effect.edits else old
            text = shot.effect.text(shot, edited, path)
            new = value if text == old else json.loads(text) if text else banks.HIDDEN
        if new is banks.HIDDEN:
            raise KeyError(".".join(path))
        return new


def _main(served: Mapping[str, ProtocolName]) -> str:
    """The interface whose names a vendor's values have: HTTP, else the first that is not about registers."""
    named = [name for name, protocol in served.items() if protocol not in ("modbus", "websocket")]
    return next((name for name in named if served[name] == "http"), named[0] if named else next(iter(served), "http"))


def _edited(shot: Shot, text: str, prefix: Path) -> str:
    """A text with the values changed that the fault chooses."""
    key = shot.armed.order.match.path_of_key
    if key is None and shot.effect.needs_key:
        return text

    def change(path: Path, old: object) -> object:
        if not shot.effect.wants(shot, path) or not shot.fire():
            return KEEP
        new = shot.effect.value(shot, path, old)
        if new is not KEEP:
            shot.changed(path, old, new)
        return new

    return edit(text, prefix, key or (), change)


def _resized(reply: HttpReply, body: bytes) -> HttpReply:
    """A reply with another body, and with a length that fits where the device states it itself."""
    headers = tuple(
        (name, str(len(body)) if name.lower() == "content-length" else value) for name, value in reply.headers
    )
    return replace(reply, body=body, headers=headers)


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | list | dict) or value is None else str(value)
