"""What a fault does: the base of all types of faults, and the families of what they act on.

The one rule: one type is one frozen dataclass; its fields are its arguments in YAML, in the control API, on the command
line and in Python. It is in exactly those families that it does something for. What it has to remember is in the
`ActiveFault`, never in the effect.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from ..core.messages import Command
from ..devices.delivery import Copy, Delivery, M
from ..devices.documents import Path
from ..devices.interfaces import BrokerAccess, HttpReply, ModbusReply
from ..devices.traffic import PROTOCOLS, ProtocolName
from .match import Match

if TYPE_CHECKING:
    from .active import ActiveFault
    from .candidate import Candidate

Level = Literal["charger", "wallbox", "interface"]
ANYWHERE: Final[tuple[Level, ...]] = ("charger", "wallbox", "interface")
WALLBOXES: Final[tuple[Level, ...]] = ("wallbox", "charger")
ON_NETWORK: Final[tuple[Level, ...]] = ("wallbox", "interface")
CHARGER: Final[tuple[Level, ...]] = ("charger",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Base of all types of faults."""

    name: ClassVar[str] = ""
    """Its word after `kind:`; default: from the name of the class."""
    primitive: ClassVar[str] = ""
    """The primitive of the catalogue of real bugs it is there for."""
    protocols: ClassVar[tuple[ProtocolName, ...]] = ()
    """The traffic it changes; none: it is about wallboxes or chargers."""
    levels: ClassVar[tuple[Level, ...]] = ANYWHERE
    requires: ClassVar[tuple[str, ...]] = ()
    """Arguments of which one has to be given."""
    needs_key: ClassVar[bool] = False
    """`match` has to say which value."""

    @classmethod
    def kind(cls) -> str:
        return cls.name or re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @property
    def title(self) -> str:
        """Its kind, for a reader."""
        return self.kind()

    def problem(self, match: Match) -> str | None:
        """What is wrong with the arguments together; None: nothing."""
        return None


# --- states of wallboxes and chargers --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting(Effect, ABC):
    """Base of states: there from beginning to end."""

    hits_by_itself: ClassVar[bool] = True
    """Its beginning is its hit; otherwise it says when it affects somebody."""

    @property
    def momentary(self) -> bool:
        """Done once it has begun: over, unless something is said about its end."""
        return False

    @abstractmethod
    def begin(self, fault: ActiveFault) -> None:
        """It is in force now. EmulatorError if it cannot be."""

    def end(self, fault: ActiveFault) -> None:
        """It is not in force any longer."""


class ClosesInterface:
    """While it is in force the interface is not there at all."""

    __slots__ = ()


class MutesConnections:
    """While it is in force not even pings are answered."""

    __slots__ = ()


class LimitsConnections(ABC):
    """Changes how many connections an interface takes."""

    __slots__ = ()

    @abstractmethod
    def connection_limit(self, limit: int) -> int: ...


class ChangesBrokerAccess(ABC):
    """Changes where and how a wallbox connects to its broker."""

    __slots__ = ()

    @abstractmethod
    def broker_access(self, access: BrokerAccess) -> BrokerAccess:
        """OSError: it does not."""


# --- messages: asked only where the trigger may let it ---------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OnMessages(Effect):
    """Base of what disturbs messages; of every protocol unless it says otherwise."""

    protocols: ClassVar[tuple[ProtocolName, ...]] = PROTOCOLS
    selects: ClassVar[bool] = False
    """`match.key` chooses values inside a message, not messages."""


class DropsRequests(ABC):
    """Requests may never get to the wallbox."""

    __slots__ = ()

    @abstractmethod
    def drops(self, candidate: Candidate) -> bool: ...


class DropsUnlessHandled(DropsRequests):
    """The same, by an argument."""

    __slots__ = ()

    handled: bool

    def drops(self, candidate: Candidate) -> bool:
        return not self.handled


class WatchesRequests(ABC):
    """Looks at requests before and after they are handled."""

    __slots__ = ()

    everywhere: ClassVar[bool] = False
    """Also those of other interfaces, and those that `match` is not about: it only says what is shown."""

    @abstractmethod
    def before(self, candidate: Candidate) -> None: ...

    def after(self, candidate: Candidate, written: Sequence[str]) -> None:  # noqa: B027 - most only look before
        """The request was handled. `written`: the values that it was recorded to write."""


class SwallowsWrites(ABC):
    """Keeps requests from having an effect."""

    __slots__ = ()

    always: ClassVar[bool] = False
    """Asked about everything the firmware asks for, not only about what a request leads to."""

    @abstractmethod
    def swallows(self, candidate: Candidate, what: Command | tuple[str, object]) -> bool:
        """A command or a setting that the request leads to has no effect."""


class AdjustsWrites(ABC):
    """Changes what a request stores."""

    __slots__ = ()

    @abstractmethod
    def adjusted(self, candidate: Candidate, name: str, value: object) -> object: ...


class ChangesHttpReply(ABC):
    """Asked once it has fired."""

    __slots__ = ()

    @abstractmethod
    def http_reply(self, candidate: Candidate, reply: HttpReply) -> HttpReply: ...


class ChangesModbusReply(ABC):
    """Asked once it has fired, or of what `selects` always."""

    __slots__ = ()

    @abstractmethod
    def modbus_reply(self, candidate: Candidate, reply: ModbusReply | None) -> ModbusReply | None: ...


class ChangesText(ABC):
    """Changes the whole of a text message."""

    __slots__ = ()

    @abstractmethod
    def text(self, candidate: Candidate, text: str) -> str: ...


class ChangesDelivery(ABC):
    """Changes how the bytes of a message go to the client."""

    __slots__ = ()

    @abstractmethod
    def deliver(self, candidate: Candidate, delivery: Delivery) -> Delivery: ...


class ChangesCopies(ABC):
    """Datagrams or publications: fewer, more, or in another order."""

    __slots__ = ()

    @abstractmethod
    def copies(self, candidate: Candidate, copies: Sequence[Copy[M]]) -> Sequence[Copy[M]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesValues(OnMessages, ABC):
    """Base of what changes the values inside messages that `match` chooses."""

    needs_key: ClassVar[bool] = True
    selects: ClassVar[bool] = True

    def concerns(self, candidate: Candidate, path: Path, old: object) -> bool:
        """Whether a value counts as one to hit."""
        return True

    @abstractmethod
    def value(self, candidate: Candidate, path: Path, old: object) -> object:
        """The new value, `KEEP` or `HIDE`. Asked once it has fired."""
