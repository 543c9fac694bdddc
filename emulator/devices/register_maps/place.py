"""A place in a register map that several vendors share.

The one rule: what a value is, which registers exist and what is refused is each vendor's own; `Place.row` makes a row
of it for any view and any target.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, Unpack

from ...core.messages import Outcome
from ..interfaces import Origin
from ..registers import U16, Recorder, Register, RegisterFacts, WireType

V = TypeVar("V")
W = TypeVar("W", bound=Recorder)


@dataclass(frozen=True, slots=True)
class Place:
    """One item: where it is, what it is called here, its type, and what one count of it means."""

    address: int
    name: str
    type: WireType = U16
    unit: str = ""

    def row(
        self,
        read: Callable[[V], object] | None,
        write: Callable[[W, object, Origin], Outcome] | None = None,
        *,
        source: str,
        type: WireType | None = None,  # noqa: A002 - the field's name
        **facts: Unpack[RegisterFacts],
    ) -> Register[V, W]:
        """The item as a row of a vendor's table; `type`: if it is not the common one."""
        facts.setdefault("about", self.unit)
        return Register(self.name, self.address, type or self.type, read=read, write=write, source=source, **facts)
