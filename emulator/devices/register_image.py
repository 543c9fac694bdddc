"""What a register table keeps of what it read: the registers of each row, and whole replies.

The one rule: a row is read again when something has happened, or when what it read has run out; only a value that is
another one is encoded again.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final, Generic

from ..core.freshness import FOREVER, HOLDS
from ..core.messages import Reason
from .interfaces import ModbusReply
from .registers import WRITES, Floating, Integer, Octets, Register, RegisterOrder, Registers, V, W
from .rendering import Kept, Moment

PLAIN: Final = RegisterOrder()


class Item(Kept, Generic[V, W]):
    """One row with what can be computed once, and the registers of the value it had last."""

    __slots__ = (
        "_keeps_nan", "_kind", "_last", "_missing", "_packed", "_words", "end", "name", "octets", "packed", "read",
        "row", "start", "value_read",
    )  # fmt: skip

    def __init__(self, row: Register[V, W]) -> None:
        super().__init__()
        self.row = row
        self.name = row.name
        self.read = row.read or _nothing
        self.start = row.address
        self.end = row.end
        self.octets = isinstance(row.type, Octets)
        kind = row.type.wrapping if isinstance(row.type, Integer) else row.type
        self._missing = kind.blank if row.missing is None else kind.encode(row.missing)
        self._keeps_nan = isinstance(kind, Floating) and row.missing is None
        self._last: object = None
        self._kind: type = type(None)
        self._words = self._missing
        self.value_read: object = None
        """Read last."""
        self._packed: Registers = ()
        self.packed = b""
        """Its registers then, and as they go over the wire."""

    def renew(self, view: V, moment: Moment | None) -> None:
        """Read it again, if it may have changed since it was read last."""
        if moment is not None and self.holds(moment):
            return
        HOLDS.until = FOREVER
        value = self.value_read = self.read(view)
        self.until, self.moment = HOLDS.until, moment
        if value.__class__ is not Reason:
            words = self.words(value)
            if words is not self._packed:
                self._packed, self.packed = words, packed(words)

    def words(self, value: object) -> Registers:
        """What `value` is on the wire; None (and a NaN where there is none) is the row's "no value"."""
        if value == self._last and value.__class__ is self._kind and value != 0:  # 0.0 may be -0.0
            return self._words
        if value is None or (value != value and not self._keeps_nan):
            return self._missing
        words = self._words = self.row.type.encode(value, self.row.scale)
        self._last = value
        self._kind = value.__class__
        return words

    def value(self, words: Registers) -> object:
        """The value of `words` in the row's unit; None for the sentinel."""
        if self.row.missing is not None and words == self._missing:
            return None
        return self.row.type.decode(words, self.row.scale)

    def may(self, function: int) -> bool:
        """Whether the row can be touched with this function."""
        row = self.row
        if row.functions is not None and function not in row.functions:
            return False
        return (row.write if function in WRITES else row.read) is not None


class Plan(Kept, Generic[V, W]):
    """A read, worked out: items and (None) fillers, whose registers after the first `skip` are sent.

    Keeps the image it sent last; of that, only what may have changed is read again.
    """

    def __init__(
        self,
        steps: tuple[Item[V, W] | None, ...],
        skip: int,
        refused: tuple[Reason, int] | None = None,
        reads: tuple[str, ...] = (),
    ) -> None:
        """`refused`: why not, and the address it is about; `reads`: the vendor's values behind the items."""
        super().__init__()
        self.steps = steps
        self.skip = skip
        self.refused = refused
        self.reads = reads
        self.reply = ModbusReply()
        """Sent last."""
        self._moving: Sequence[int] = ()
        """Of the steps that follow the time."""
        self._parts: list[bytes] = []
        self._values: dict[str, object] = {}

    def renew(self, view: V, moment: Moment | None, order: RegisterOrder, fill: bytes) -> tuple[Reason, int] | None:
        """Read what may have changed; the reason and the address of what refuses to be read."""
        before, self.moment = self.moment, None
        again = before is not None and moment is not None and before.revision == moment.revision
        if not again:
            self._parts = [fill] * len(self.steps)
        values = dict(self._values) if again else {}
        moving: list[int] = []
        until = FOREVER
        for index in self._moving if again else range(len(self.steps)):
            step = self.steps[index]
            if step is None:
                continue
            step.renew(view, moment)
            value = step.value_read
            if value.__class__ is Reason:
                return Reason(value), step.start
            values[step.name] = plain(value) if step.octets else value
            self._parts[index] = step.packed if order is PLAIN else packed(order.apply(unpacked(step.packed)))
            if step.until != FOREVER:
                moving.append(index)
                until = min(until, step.until)
        self._values, self._moving, self.until, self.moment = values, moving, until, moment
        return None

    def image(self, count: int) -> ModbusReply:
        """The reply of what was read."""
        data = b"".join(self._parts)[2 * self.skip : 2 * (self.skip + count)]
        journal = {"values": self._values, "reads": self.reads} if self.reads else {"values": self._values}
        self.reply = ModbusReply(values=unpacked(data), packed=data, journal=journal)
        return self.reply


def packed(words: Registers) -> bytes:
    """Registers as they go over the wire."""
    return struct.pack(f">{len(words)}H", *words)


def unpacked(data: bytes) -> Registers:
    return struct.unpack(f">{len(data) // 2}H", data)


def _nothing(_view: object) -> object:
    return None


def plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value
