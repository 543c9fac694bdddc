"""The seam between what a wallbox says and what its clients hear.

The one rule: every message passes here once, in either direction; where nothing intercepts it, it costs one look.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from ..core.messages import Command
from .delivery import Copy, Delivery, M
from .interfaces import BrokerAccess, HttpReply, HttpRequest, ModbusReply, ModbusRequest
from .interfaces.ship import UNDISTURBED, Disturbance
from .traffic import Message

MOST_FORMS: Final = 256
"""Forms of messages of which it is known that they are left alone."""


class HiddenError(KeyError):
    """A fault hides a value from clients."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


class Interception:
    """What happens to one message, or to a request and its reply. This one: nothing."""

    def lost(self) -> bool:
        """Whether it never gets to the wallbox."""
        return False

    def handling(self) -> AbstractContextManager[None]:
        """While the wallbox handles it, it may be kept from having an effect."""
        return nullcontext()

    def http(self, request: HttpRequest, ask: Callable[[HttpRequest], HttpReply]) -> HttpReply:
        """The reply that goes to the client."""
        return ask(request)

    def modbus(self, request: ModbusRequest, ask: Callable[[ModbusRequest], ModbusReply | None]) -> ModbusReply | None:
        """The reply that goes to the client; None: no reply."""
        return ask(request)

    def content(self, data: bytes) -> bytes:
        """What a text message says instead; the very same bytes if nothing changes."""
        return data

    def deliver(self, data: bytes) -> Delivery:
        """What becomes of its bytes."""
        return Delivery(data=data)

    def copies(self, copies: Sequence[Copy[M]]) -> Sequence[Copy[M]]:
        """What becomes of datagrams or publications: fewer, more, later, or in another order."""
        return copies


UNTOUCHED: Final = Interception()


class Interceptor:
    """What stands between one wallbox and its clients. This one: nothing."""

    active: bool = False
    """Whether it wants to see messages."""
    revision: int = 0
    """Another one whenever it may do something else with messages."""
    by_client: bool = False
    """What it does may depend on the address of the client."""

    def concerns(self, interface: str) -> bool:
        """Whether it may have anything to do with messages on an interface now."""
        return self.active

    def intercept(self, message: Message, *, peek: bool = False) -> Interception:
        """What happens to a message; `peek`: what would happen to it, which nothing counts."""
        return UNTOUCHED

    def reachable(self, interface: str) -> bool:
        """Whether an interface is there at all."""
        return True

    def mute(self, interface: str) -> bool:
        """Whether not even pings are answered."""
        return False

    def connection_limit(self, interface: str, limit: int) -> int:
        """How many connections an interface takes, instead of `limit`."""
        return limit

    def broker_access(self, interface: str, access: BrokerAccess) -> BrokerAccess:
        """Where and how the wallbox connects to its broker instead. OSError: it does not."""
        return access

    def eebus(self, interface: str) -> Disturbance:
        """What is wrong with the EEBUS node of an interface."""
        return UNDISTURBED

    def swallows(self, command: Command) -> bool:
        """Whether a command of the firmware has no effect."""
        return False

    def seen(self, point: str, value: object) -> object:
        """A vendor value as the next client would see it. HiddenError if it would not."""
        return value


class _TakenDown(Interceptor):
    """In front of a wallbox that is not there any more: whatever it still does reaches nobody."""

    def reachable(self, interface: str) -> bool:
        return False

    def swallows(self, command: Command) -> bool:
        return True


NOBODY: Final = Interceptor()


class Gate:
    """What an interceptor is known to leave alone, on some interfaces, until it changes."""

    __slots__ = ("_interceptor", "_passed", "_revision", "closed")

    def __init__(self, interceptor: Interceptor, interfaces: Iterable[str]) -> None:
        self._interceptor = interceptor
        self._revision = interceptor.revision
        self._passed: set[Hashable] = set()
        self.closed = interceptor.active and any(map(interceptor.concerns, interfaces))
        """Whether messages have to be looked at."""

    def holds(self, interceptor: Interceptor) -> bool:
        """Whether it is still as the interceptor is."""
        return self._interceptor is interceptor and self._revision == interceptor.revision

    def knows(self, form: Hashable, client: str | None) -> bool:
        """Whether messages of this form are left alone."""
        return ((form, client) if self._interceptor.by_client else form) in self._passed

    def learn(self, form: Hashable, client: str | None) -> None:
        """Messages of this form are left alone."""
        if len(self._passed) >= MOST_FORMS:
            self._passed.clear()
        self._passed.add((form, client) if self._interceptor.by_client else form)


TAKEN_DOWN: Final = _TakenDown()
