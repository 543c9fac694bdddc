"""What a fault does: the base of all kinds.

The one rule: one kind is one frozen dataclass; its fields are its arguments in YAML, in the control API, on the command
line and in Python. What it has to remember is in the `Armed` fault, never in the effect.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from ..core.messages import Command
from ..devices.delivery import Copy, Delivery, M
from ..devices.documents import Path
from ..devices.interfaces import BrokerAccess, HttpReply, ModbusReply
from ..devices.traffic import PROTOCOLS, ProtocolName
from .edits import KEEP
from .matching import Match

if TYPE_CHECKING:
    from .armed import Armed
    from .passing import Shot
    from .target import Target

Level = Literal["charger", "wallbox", "interface"]
ANYWHERE: Final[tuple[Level, ...]] = ("charger", "wallbox", "interface")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Base of all kinds of faults."""

    name: ClassVar[str] = ""
    """Its word after `kind:`; default: from the name of the class."""
    primitive: ClassVar[str] = ""
    """The primitive of the catalogue of real bugs it is there for."""
    protocols: ClassVar[tuple[ProtocolName, ...]] = ()
    """The traffic it changes; none: it is about boxes or chargers."""
    levels: ClassVar[tuple[Level, ...]] = ANYWHERE
    requires: ClassVar[tuple[str, ...]] = ()
    """Arguments of which one has to be given."""
    needs_key: ClassVar[bool] = False
    """`match` has to say which value."""
    edits: ClassVar[bool] = False
    """It changes the values that `match` chooses."""
    selects: ClassVar[bool] = False
    """`match.key` chooses values inside a message, not messages."""

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

    # --- what lasts from beginning to end ----------------------------------------------------------------------------

    @property
    def lasting(self) -> bool:
        """It is a state of a box or charger: `when` and `until` are watched, and requests only set it off."""
        return not self.protocols

    def begin(self, armed: Armed, target: Target) -> None:
        """It is in force now. EmulatorError if it cannot be."""

    def end(self, armed: Armed, target: Target) -> None:
        """It is not in force any longer."""

    mute: ClassVar[bool] = False
    """While it is in force not even pings are answered."""
    closes: ClassVar[bool] = False
    """While it is in force the interface is not there at all."""

    def connections(self, most: int) -> int:
        """How many connections an interface takes while it is in force."""
        return most

    def connecting(self, armed: Armed, access: BrokerAccess) -> BrokerAccess:
        """Where and how a box connects to its broker while it is in force. OSError: it does not."""
        return access

    # --- what happens to a message; asked only where the trigger may let it ------------------------------------------

    def lost(self, shot: Shot) -> bool:
        """The request never gets to the box."""
        return False

    def before(self, shot: Shot) -> None:
        """The request is about to be handled."""

    standing: ClassVar[bool] = False
    """`swallows` is asked about everything the firmware asks for, not only about what a request leads to."""

    def swallows(self, shot: Shot, what: Command | tuple[str, object]) -> bool:
        """A command or a setting that the request leads to has no effect."""
        return False

    def http(self, shot: Shot, reply: HttpReply) -> HttpReply:
        return reply

    def modbus(self, shot: Shot, reply: ModbusReply | None) -> ModbusReply | None:
        return reply

    def wants(self, shot: Shot, path: Path) -> bool:
        """Whether a value that `match` chooses counts as one to hit."""
        return True

    def value(self, shot: Shot, path: Path, old: object) -> object:
        """A value of the message that `match` chooses: the new one, `KEEP` or `HIDE`. Asked once it has fired."""
        return KEEP

    def text(self, shot: Shot, text: str, prefix: Path) -> str:
        """The whole of a text message."""
        return text

    def wire(self, shot: Shot, delivery: Delivery) -> Delivery:
        return delivery

    def spread(self, shot: Shot, copies: Sequence[Copy[M]]) -> Sequence[Copy[M]]:
        """Datagrams or publications: fewer, more, or in another order."""
        return copies


@dataclass(frozen=True, slots=True, kw_only=True)
class OnWire(Effect):
    """Base of what disturbs the bytes of every protocol."""

    protocols: ClassVar[tuple[ProtocolName, ...]] = PROTOCOLS


@dataclass(frozen=True, slots=True, kw_only=True)
class InValues(Effect):
    """Base of what changes values inside messages."""

    protocols: ClassVar[tuple[ProtocolName, ...]] = PROTOCOLS
    needs_key: ClassVar[bool] = True
    edits: ClassVar[bool] = True
    selects: ClassVar[bool] = True
