"""What stands between a wallbox and its clients: the faults on its interfaces.

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
from ..devices.interception import UNTOUCHED, HiddenError, Interception, Interceptor
from ..devices.interfaces import BrokerAccess, HttpReply, HttpRequest, ModbusReply, ModbusRequest, MqttInterface
from ..devices.interfaces.ship import UNDISTURBED, Disturbance
from ..devices.traffic import Message, ProtocolName
from ..runtime.journal import Entry
from . import registers
from .candidate import Candidate
from .edits import HIDE, KEEP, edit
from .eebus import DisturbsEebus
from .effect import (
    AdjustsWrites,
    ChangesBrokerAccess,
    ChangesCopies,
    ChangesDelivery,
    ChangesHttpReply,
    ChangesModbusReply,
    ChangesText,
    ChangesValues,
    ClosesInterface,
    DropsRequests,
    Effect,
    LimitsConnections,
    MutesConnections,
    OnMessages,
    SwallowsWrites,
    WatchesRequests,
)

if TYPE_CHECKING:
    from ..devices.wallbox import Wallbox
    from .active import ActiveFault

NOWHERE: Final = "/hidden-by-a-fault"
"""What no wallbox serves: where all of a reply is hidden, it answers as there."""
TOPICAL: Final = ("mqtt", "websocket")
"""Where the paths of values begin with their topic."""


class FaultInterception(Interception):
    """One message on its way past the faults that may be about it."""

    def __init__(
        self,
        interceptor: FaultInterceptor,
        message: Message,
        candidates: Sequence[Candidate],
        watching: Sequence[Candidate],
    ) -> None:
        """`candidates`: what may hit the message; `watching`: what only looks on while it is handled."""
        self.message = message
        self._interceptor = interceptor
        self._candidates = candidates
        self._watching = watching
        self._emptied = False
        """A fault has taken away all of a content."""

    def _hitting(self) -> Iterator[Candidate]:
        """What changes whole messages, as far as it hits."""
        return (each for each in self._candidates if not each.selects and each.fire())

    # --- before the wallbox ------------------------------------------------------------------------------------------

    def lost(self) -> bool:
        lost = False
        for each in self._candidates:
            if (each.selects or each.fire()) and isinstance(each.effect, DropsRequests):
                lost = each.effect.drops(each) or lost
        return lost

    @contextmanager
    def handling(self) -> Iterator[None]:
        watching = [(each, each.effect) for each in self._watching if isinstance(each.effect, WatchesRequests)]
        for each, effect in watching:
            effect.before(each)
        outer, self._interceptor.handled = self._interceptor.handled, self._candidates
        try:
            if watching:
                with self._interceptor.recording() as written:
                    yield
                for each, effect in watching:
                    effect.after(each, written)
            else:
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
                    reply = _resized(reply, body) if body.strip() else ask(replace(request, target=NOWHERE))
        for each in self._candidates:
            if each.fired and isinstance(each.effect, ChangesHttpReply):
                reply = each.effect.http_reply(each, reply)
        return reply

    def modbus(self, request: ModbusRequest, ask: Callable[[ModbusRequest], ModbusReply | None]) -> ModbusReply | None:
        if self.lost():
            reply = None
        else:
            with self.handling():
                reply = ask(request)
        for each in self._candidates:
            effect = each.effect
            if isinstance(effect, ChangesModbusReply) and (each.fired or each.selects):
                reply = effect.modbus_reply(each, reply)
            elif isinstance(effect, ChangesValues) and reply is not None and reply.values:
                reply = self._registers(each, effect, request, reply)
        return reply

    def _registers(
        self, candidate: Candidate, effect: ChangesValues, request: ModbusRequest, reply: ModbusReply
    ) -> ModbusReply:
        words = list(reply.values)
        for cell in registers.cells(self._interceptor.wallbox, request, candidate.fault.injection.match):
            part = slice(cell.start - request.address, cell.start - request.address + cell.length)
            new = registers.changed(candidate, effect, cell, tuple(words[part]))
            if new is None:
                return ModbusReply(exception=registers.ILLEGAL_ADDRESS, journal=reply.journal)
            words[part] = new
        return reply if tuple(words) == reply.values else replace(reply, values=tuple(words), packed=None)

    def content(self, data: bytes) -> bytes:
        try:
            old = data.decode()
        except UnicodeDecodeError:
            return data
        new = old
        for each in self._candidates:
            if isinstance(each.effect, ChangesValues):
                new = _edited(each, each.effect, new)
            elif isinstance(each.effect, ChangesText) and (each.selects or each.fired):
                new = each.effect.text(each, new)
        self._emptied = not new and bool(old)
        return data if new == old else new.encode()

    def deliver(self, data: bytes) -> Delivery:
        delivery = Delivery(data=data, silent=self._emptied and not data)
        for each in self._hitting():
            if isinstance(each.effect, ChangesDelivery):
                delivery = each.effect.deliver(each, delivery)
        return delivery

    def copies(self, copies: Sequence[Copy[M]]) -> Sequence[Copy[M]]:
        copies = [copy for copy in copies if copy.data or not self._emptied]
        for each in self._hitting():
            if isinstance(each.effect, ChangesCopies):
                copies = each.effect.copies(each, copies)
        passed = []
        for copy in copies:
            delivery = self.deliver(copy.data)
            if not delivery.silent:
                passed.append(replace(copy, data=delivery.data, delay=copy.delay + delivery.delay))
        return passed


class FaultInterceptor(Interceptor):
    """The faults on the interfaces of one wallbox."""

    active = True

    def __init__(self, wallbox: Wallbox) -> None:
        self.wallbox = wallbox
        self.handled: Sequence[Candidate] = ()
        """Faults that the request being handled may meet."""
        self._faults: list[ActiveFault] = []
        self._hitting: Sequence[tuple[ActiveFault, OnMessages]] | None = None
        self._effects: dict[str, Sequence[Effect]] = {}

    def add(self, fault: ActiveFault) -> None:
        self._faults.append(fault)
        self.stirred()

    def stirred(self) -> None:
        """A fault has come, or has moved on in its life."""
        self.revision += 1
        self._hitting = None
        self._effects.clear()
        self.by_client = any(fault.injection.match.client is not None for fault in self._faults)

    def remove(self, fault: ActiveFault) -> bool:
        """A fault is over; whether none is left."""
        if fault in self._faults:
            self._faults.remove(fault)
            self.stirred()
        return not self._faults

    def concerns(self, interface: str) -> bool:
        return any(
            fault.target.reaches(interface) or (isinstance(effect, WatchesRequests) and effect.everywhere)
            for fault, effect in self._may_hit()
        )

    def intercept(self, message: Message, *, peek: bool = False) -> Interception:
        found: list[Candidate] = []
        watching: list[Candidate] = []
        prefix = self._prefix if message.topics else ""
        for fault, effect in self._may_hit():
            match = fault.injection.match
            fits = self._about(fault, effect, message) and match.fits(message, key=not effect.selects, prefix=prefix)
            watches = isinstance(effect, WatchesRequests) and message.direction == "in" and (fits or effect.everywhere)
            if fits or watches:
                candidate = Candidate(fault, message, self.wallbox, peek=peek, prefix=prefix)
                if fits:
                    found.append(candidate)
                if watches:
                    watching.append(candidate)
        return FaultInterception(self, message, found, watching) if found or watching else UNTOUCHED

    @contextmanager
    def recording(self) -> Iterator[list[str]]:
        """Meanwhile the values are noted that a request is recorded to write."""
        written: list[str] = []

        def heard(entry: Entry) -> None:
            if entry.kind == "write" and (entry.charger, entry.wallbox) == (self.wallbox.charger, self.wallbox.name):
                written.append(entry.name)

        silence = self.wallbox.simulation.journal.listen(heard)
        try:
            yield written
        finally:
            silence()

    @property
    def _prefix(self) -> str:
        """What the wallbox's topics begin with."""
        found = (each.prefix() for each in self.wallbox.interfaces.values() if isinstance(each, MqttInterface))
        return next(found, "")

    def _may_hit(self) -> Sequence[tuple[ActiveFault, OnMessages]]:
        """The faults that may hit messages now."""
        found = self._hitting
        if found is None:
            every = ((fault, fault.effect) for fault in self._faults if fault.may_hit)
            found = self._hitting = tuple((fault, effect) for fault, effect in every if isinstance(effect, OnMessages))
        return found

    def _about(self, fault: ActiveFault, effect: OnMessages, message: Message) -> bool:
        """Whether a fault may hit messages of this protocol on this interface."""
        return message.protocol in effect.protocols and fault.target.reaches(message.interface)

    # --- states ------------------------------------------------------------------------------------------------------

    def _in_force(self, interface: str) -> Sequence[Effect]:
        found = self._effects.get(interface)
        if found is None:
            reaching = (fault for fault in self._faults if fault.in_force and fault.target.reaches(interface))
            found = self._effects[interface] = tuple(fault.effect for fault in reaching)
        return found

    def reachable(self, interface: str) -> bool:
        return not any(isinstance(effect, ClosesInterface) for effect in self._in_force(interface))

    def mute(self, interface: str) -> bool:
        return any(isinstance(effect, MutesConnections) for effect in self._in_force(interface))

    def broker_access(self, interface: str, access: BrokerAccess) -> BrokerAccess:
        for effect in self._in_force(interface):
            if isinstance(effect, ChangesBrokerAccess):
                access = effect.broker_access(access)
        return access

    def connection_limit(self, interface: str, limit: int) -> int:
        for effect in self._in_force(interface):
            if isinstance(effect, LimitsConnections):
                limit = effect.connection_limit(limit)
        return limit

    def eebus(self, interface: str) -> Disturbance:
        found = UNDISTURBED
        for effect in self._in_force(interface):
            if isinstance(effect, DisturbsEebus):
                found = effect.eebus(found)
        return found

    # --- effects of requests -----------------------------------------------------------------------------------------

    def adjusted(self, name: str, value: object) -> object:
        """What is stored instead of a value that the present request leads to."""
        for each in self.handled:
            if isinstance(each.effect, AdjustsWrites):
                value = each.effect.adjusted(each, name, value)
        return value

    def swallows_setting(self, name: str, value: object) -> bool:
        """Whether a setting that the present request leads to stays as it is."""
        return _swallowed(self.handled, (name, value), always=False)

    def swallows(self, command: Command) -> bool:
        message = Message(protocol="http", interface="", label="command")
        by_request = _swallowed(self.handled, command, always=False)
        every = [Candidate(fault, message, self.wallbox) for fault in self._faults if fault.may_hit]
        return _swallowed(every, command, always=True) or by_request

    # --- looking -----------------------------------------------------------------------------------------------------

    def seen(self, point: str, value: object) -> object:
        path = address(point)
        served = self.wallbox.traffic
        interface = path[0] if path[0] in served else _main(self.wallbox.speaks, served)
        message = Message(protocol=served.get(interface, "http"), interface=interface, prefix=path, label=point)
        for fault, effect in self._may_hit():
            if effect.selects and self._about(fault, effect, message):
                value = _seen(Candidate(fault, message, self.wallbox, peek=True), path, value)
        return value


def _swallowed(candidates: Sequence[Candidate], what: Command | tuple[str, object], *, always: bool) -> bool:
    swallowed = False
    for each in candidates:
        if isinstance(each.effect, SwallowsWrites) and each.effect.always is always:
            swallowed = each.effect.swallows(each, what) or swallowed
    return swallowed


def _seen(candidate: Candidate, path: Path, value: object) -> object:
    """A value as a client would see it past one fault. HiddenError if it would not."""
    effect = candidate.effect
    if isinstance(effect, ChangesValues) and candidate.message.protocol == "modbus":
        new = registers.seen(candidate, effect, path, value)
    else:
        text = old = json.dumps(value)
        if isinstance(effect, ChangesValues):
            text = _edited(candidate, effect, old)
        elif isinstance(effect, ChangesText):
            text = effect.text(candidate, old)
        new = value if text == old else json.loads(text) if text else HIDE
    if new is HIDE:
        raise HiddenError(candidate.fault.injection.name)
    return new


def _main(speaks: str | None, served: Mapping[str, ProtocolName]) -> str:
    """The interface whose names a vendor's values have; see `Wallbox.speaks`."""
    if speaks is not None and speaks in served:
        return speaks
    named = [name for name, protocol in served.items() if protocol not in ("modbus", "websocket")]
    return next((name for name in named if served[name] == "http"), named[0] if named else next(iter(served), "http"))


def _edited(candidate: Candidate, effect: ChangesValues, text: str) -> str:
    """A text with the values changed that the fault chooses."""
    topic = candidate.fault.injection.match.topic if candidate.message.protocol in TOPICAL else None
    whole = candidate.key is None and effect.needs_key
    """The values are whole payloads."""
    if whole and topic is None:
        return text

    def chosen(path: Path) -> bool:
        if topic is None:
            return True
        return any(path == each if whole else path[: len(each)] == each for each in candidate.within)

    def change(path: Path, old: object) -> object:
        if not chosen(path) or not effect.concerns(candidate, path, old) or not candidate.fire():
            return KEEP
        new = effect.value(candidate, path, old)
        if new is not KEEP:
            candidate.changed(path, old, None if new is HIDE else new)
        return new

    return edit(text, candidate.message.prefix, candidate.key or (), change)


def _resized(reply: HttpReply, body: bytes) -> HttpReply:
    """A reply with another body, and with a length that fits where the device states it itself."""
    headers = tuple(
        (name, str(len(body)) if name.lower() == "content-length" else value) for name, value in reply.headers
    )
    return replace(reply, body=body, headers=headers)
