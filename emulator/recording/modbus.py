"""Listens to Modbus TCP: a request and its answer are one entry, decoded by the vendor's registers."""

from __future__ import annotations

from ..importing.exchange import Exchange
from ..importing.frames import READS, exchange_of
from ..importing.personal import is_personal
from ..importing.registers import named_values
from ..protocols.modbus_frames import Frame, Framer, Framing
from .notes import Notes
from .registers import Registers

MOST_WAITING = 64
"""Requests without an answer that are remembered."""


class ModbusTap:
    """One connection."""

    def __init__(self, notes: Notes, registers: Registers, client: str) -> None:
        self._notes = notes
        self._registers = registers
        self._client = client
        self._requests, self._answers = Framer(Framing()), Framer(Framing())
        self._waiting: dict[int, Frame] = {}

    def sent(self, data: bytes) -> None:
        for frame in self._requests.feed(data):
            self._waiting[frame.transaction] = frame
            if len(self._waiting) > MOST_WAITING:
                self._waiting.pop(next(iter(self._waiting)))

    def answered(self, data: bytes) -> None:
        for frame in self._answers.feed(data):
            asked = self._waiting.pop(frame.transaction, None)
            found = exchange_of(asked.encode(), frame.encode()) if asked is not None else None
            if found is not None:
                self._note(found)

    def over(self) -> None:
        for asked in self._waiting.values():
            found = exchange_of(asked.encode(), None)
            if found is not None:
                self._note(found)

    def _note(self, one: Exchange) -> None:
        named = named_values(one, self._registers.table(one))
        if self._notes.redactor is not None and any(is_personal(f"modbus:{name}") for name in named):
            personal = True
            named = {name: value for name, value in named.items() if not is_personal(f"modbus:{name}")}
        else:
            personal = False
        detail: dict[str, object] = {"unit": one.unit, "address": one.address, "count": one.count}
        if one.written:
            detail["written"] = list(one.written)
        if one.values is not None and not personal:
            detail["registers"] = list(one.values)
        if one.exception is not None:
            detail["exception"] = one.exception
        if named:
            detail["values" if one.function in READS else "as"] = named
        name = f"function {one.function}, {one.address}"
        cause = self._notes.add("request", name, detail, interface="modbus", client=self._client)
        if one.written and one.exception is None:
            value = one.written[0] if len(one.written) == 1 else list(one.written)
            written = {"value": value, "ok": True, "as": named}
            self._notes.add(
                "write", f"modbus.{one.address}", written, interface="modbus", client=self._client, cause=cause
            )
