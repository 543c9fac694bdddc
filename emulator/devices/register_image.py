"""What a register table keeps of what it read: the registers of each row, and whole replies.

The one rule: a row is read again when something has happened, or when what it read has run out; only a value that is
another one is encoded again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Generic

from ..core.freshness import FOREVER, HOLDS, ONCE
from ..core.messages import Reason
from ..runtime.sizes import Compact
from .interfaces import ModbusReply
from .registers import WRITES, Floating, Integer, Octets, Register, RegisterOrder, Registers, V, W
from .rendering import Kept, Moment
from .wire_types import Words, packed, packer, unpacked

PLAIN: Final = RegisterOrder()


class Item(Kept, Generic[V, W]):
    """One row with what can be computed once, and the registers of the value it had last."""

    __slots__ = (
        "_keeps_nan", "_kind", "_missing", "_pack", "_read", "end", "name", "octets", "packed", "row", "start",
        "value_read",
    )  # fmt: skip

    def __init__(self, row: Register[V, W]) -> None:
        super().__init__()
        self.row = row
        self.name = row.name
        self._read = row.read or _nothing
        self.start = row.address
        self.end = row.end
        self.octets = isinstance(row.type, Octets)
        kind = row.type.wrapping if isinstance(row.type, Integer) else row.type
        self._missing = packed(kind.blank if row.missing is None else kind.encode(row.missing))
        self._keeps_nan = isinstance(kind, Floating) and row.missing is None
        self._pack = packer(row.type, row.scale)
        self._kind: type = type(None)
        self.value_read: object = None
        """Read last."""
        self.packed = self._missing
        """Its registers then, as they go over the wire."""

    def renew(self, view: V, moment: Moment | None) -> object:
        """Read it again, if it may have changed since it was read last; what it is."""
        before = self.moment
        if before is not None and moment is not None and before[0] == moment[0]:
            at, until = moment[1], self.until
            if at < until or (at == before[1] and until != ONCE):
                return self.value_read
        holds = HOLDS
        holds.until = FOREVER
        value = self._read(view)
        self.until, self.moment = holds.until, moment
        kind = value.__class__
        if kind is self._kind and value == self.value_read and (value or kind is not float):  # 0.0 may be -0.0
            return self.value_read
        self.value_read = value
        self._kind = kind
        if kind is not Reason:
            self.packed = self.bytes(value)
        return value

    def bytes(self, value: object) -> bytes:
        """What `value` is on the wire; None (and a NaN where there is none) is the row's "no value"."""
        if value is None or (value != value and not self._keeps_nan):
            return self._missing
        return self._pack(value)

    def words(self, value: object) -> Registers:
        """As `bytes`, in registers."""
        return unpacked(self.bytes(value))

    def value(self, words: Registers) -> object:
        """The value of `words` in the row's unit; None for the sentinel."""
        if self.row.missing is not None and packed(words) == self._missing:
            return None
        return self.row.type.decode(words, self.row.scale)

    def may(self, function: int) -> bool:
        """Whether the row can be touched with this function."""
        row = self.row
        if row.functions is not None and function not in row.functions:
            return False
        return (row.write if function in WRITES else row.read) is not None


class Told(Compact):
    """What the journal says of a read: the values by their names, and what else they are called."""

    __slots__ = ("_names", "_reads", "_values")

    def __init__(self, names: Sequence[str | None], values: Sequence[object], reads: Sequence[str]) -> None:
        """`names`: None where nothing is."""
        self._names = names
        self._values = values
        self._reads = reads

    def __getitem__(self, name: str) -> object:
        if name == "values":
            pairs = zip(self._names, self._values, strict=True)
            return {name: value for name, value in pairs if name is not None}
        if name == "reads" and self._reads:
            return self._reads
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(("values", "reads") if self._reads else ("values",))

    def __len__(self) -> int:
        return 2 if self._reads else 1

    def __repr__(self) -> str:
        return repr(dict(self))

    @property
    def bytes(self) -> int:
        return 120 + 20 * len(self._values)


class Plan(Kept, Generic[V, W]):
    """A read, worked out: items and (None) fillers, whose registers after the first `skip` are sent.

    Keeps the reply it sent last; of that, only what may have changed is read again.
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
        self.refused = refused
        self.reply = ModbusReply()
        """Sent last."""
        self._reads = reads
        self._skip = 2 * skip
        self._names = tuple(None if step is None else step.name for step in steps)
        self._every = tuple((index, step) for index, step in enumerate(steps) if step is not None)
        self._moving = self._every
        """Those of the steps that follow the time."""
        self._parts: list[bytes] = []
        self._values: list[object] = [None] * len(steps)
        """As the journal shows them."""

    def renew(
        self, view: V, moment: Moment | None, order: RegisterOrder, fill: bytes, count: int
    ) -> tuple[Reason, int] | None:
        """Read what may have changed; the reason and the address of what refuses to be read."""
        before, self.moment = self.moment, None
        again = before is not None and moment is not None and before[0] == moment[0]
        if not again:
            self._parts = [fill] * len(self.steps)
            self._moving = self._every
        values, parts = self._values, self._parts
        moving: list[tuple[int, Item[V, W]]] = []
        until = FOREVER
        changed = not again
        for index, step in self._moving:
            value = step.renew(view, moment)
            if value.__class__ is Reason:
                return Reason(value), step.start
            part = step.packed
            if order is not PLAIN:
                part = packed(order.apply(unpacked(part)))
            if value is not values[index] or part is not parts[index]:
                changed = True
                values[index] = plain(value) if step.octets else value
                parts[index] = part
            ends = step.until
            if ends != FOREVER:
                moving.append((index, step))
                if ends < until:
                    until = ends
        if changed:
            self._make(count)
        if len(moving) != len(self._moving):
            self._moving = tuple(moving)
        self.until, self.moment = until, moment
        return None

    def _make(self, count: int) -> None:
        """The reply of what was read."""
        data = b"".join(self._parts)
        if self._skip or len(data) != 2 * count:
            data = data[self._skip : self._skip + 2 * count]
        told = Told(self._names, tuple(self._values), self._reads)
        self.reply = ModbusReply(Words(data), data, None, False, told)


def _nothing(_view: object) -> object:
    return None


def plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value
