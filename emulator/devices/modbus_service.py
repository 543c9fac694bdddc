"""The Modbus TCP server of a wallbox: its register table in force, and the declaration that a protocol server runs.

The one rule: a table says what an address means; what a device does before or after a request is a vendor's `handle`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Generic

from ..core.messages import Outcome
from .interfaces import ModbusInterface, ModbusReply, ModbusRequest, Origin, always
from .points import Fidelity
from .register_table import RegisterTable
from .registers import V, W


class ModbusService(Generic[V, W]):
    """One register table, served. A vendor whose device does more than that overrides `handle`."""

    def __init__(
        self,
        compiled: Callable[[], RegisterTable[V, W]],
        view: Callable[[], V],
        target: W,
        *,
        enabled: Callable[[], bool] = always,
    ) -> None:
        """`compiled` makes the table of the profile and settings in force; `target` takes and records the writes."""
        self._compiled = compiled
        self._view = view
        self.target = target
        self._enabled = enabled
        self._table: RegisterTable[V, W] | None = None

    def compile(self) -> None:
        """Make the table again: the profile, or a setting it depends on, has changed."""
        self._table = None

    @property
    def table(self) -> RegisterTable[V, W]:
        """The table in force, made when it is first asked for."""
        if self._table is None:
            self._table = self._compiled()
        return self._table

    def interface(self) -> ModbusInterface:
        return ModbusInterface(port=502, handle=self.handle, enabled=self._enabled, table=lambda: self.table)

    def handle(self, request: ModbusRequest) -> ModbusReply | None:
        """The device's reply; None: silence."""
        return self.serve(request)

    def serve(self, request: ModbusRequest) -> ModbusReply | None:
        """What the table answers."""
        return self.table.serve(request, self._view, self.target)

    def read(self, address: str) -> object:
        """The wire value at `modbus.210` or `modbus.4.332`; what JSON cannot hold (infinity, NaN) is null."""
        value = self.table.read_address(self._view(), address)
        return None if isinstance(value, float) and not math.isfinite(value) else value

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        """Write one whole item by its wire value, as a client would."""
        return self.table.write_address(self.target, address, value, origin)

    def addresses(self) -> Iterable[str]:
        return self.table.addresses()

    def fidelity(self) -> Iterable[Fidelity]:
        return self.table.fidelity()
