"""Modbus TCP of the box: one server, three register tables to choose from.

The one rule: a table says what an address means; here is what the server makes of a request before and after: who may
write, which features it has noticed, what it counts. Source: Tinkerforge esp32-firmware, `modules/modbus_tcp`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from ...core.messages import Outcome, Reason
from ...devices.interfaces import Interface, ModbusInterface, ModbusReply, ModbusRequest, Origin
from ...devices.points import Fidelity
from ...devices.register_table import READS, WRITES, RegisterTable
from ...devices.registers import ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, Layout
from . import modbus_bender, modbus_keba, modbus_own
from .memory import SlotId
from .modbus_groups import BUFFER
from .modbus_view import Seen
from .system import features

CONFIG: Final = "modbus_tcp/config"
CLIENTS: Final = 8
SHORTEST, LONGEST = 6, 253
"""Values of the length field. Source: Tinkerforge tfnetwork, TFModbusTCPServer."""
EVICT_AFTER: Final = 30.0
"""Wall seconds of silence after which a client makes room for a new one."""
IDLE: Final = 7200.0
"""Wall seconds of silence after which a client is dropped."""
MASK_WRITE: Final = 22
KNOWN: Final = (1, 2, 3, 4, 5, 6, 15, 16, MASK_WRITE)
"""Functions that reach the tables; others are refused without being counted."""
READ_ONLY: Final = Outcome(refused=Reason.READ_ONLY, message="modbus_tcp_enabled is off: clients may only read")
NOT_SERVED: Final = Outcome(refused=Reason.UNKNOWN, message="the register table that is chosen has no such address")
BITS: Final = (1, 2)


class Kind(NamedTuple):
    """One of the register tables."""

    layout: Callable[..., Layout[Seen, Warp]]
    noticed: Mapping[int, frozenset[str]]


KINDS: Final = (
    Kind(modbus_own.layout, modbus_own.NOTICED),
    Kind(modbus_bender.layout, modbus_bender.NOTICED),
    Kind(modbus_keba.layout, modbus_keba.NOTICED),
)
"""By `table` of the configuration."""


class ModbusApi:
    """The Modbus server of one box."""

    def __init__(self, box: Warp) -> None:
        self._box = box
        self.errors: Mapping[str, int] = {}
        """`modbus_tcp/error_counters`"""
        self.features: set[str] = set()
        """What it has noticed since it started."""
        self.injecting = bytearray(BUFFER)
        """A tag that is being injected."""
        self._request: ModbusRequest | None = None
        self._restarting = False
        self._tables: dict[tuple[int, bool, bool, str], RegisterTable[Seen, Warp]] = {}
        self._forget()
        self.interfaces: Mapping[str, Interface] = {
            "modbus": ModbusInterface(
                port=502,
                handle=self.handle,
                enabled=self._enabled,
                max_connections=CLIENTS,
                when_full="evict_oldest",
                evict_after=EVICT_AFTER,
                idle_timeout=IDLE,
                exact_lengths=True,
                shortest=SHORTEST,
                longest=LONGEST,
                table=lambda: self.table,
            )
        }

    # --- what it is --------------------------------------------------------------------------------------------------

    @property
    def _kind(self) -> int:
        return self._box.api.integer(CONFIG, "table")

    @property
    def defects(self) -> bool:
        return self._box.settings.flag("modbus_defects")

    @property
    def table(self) -> RegisterTable[Seen, Warp]:
        """The table that is configured."""
        return self._table(self._kind, strict=self._box.api.flag(CONFIG, "send_illegal_data_address"))

    def _table(self, kind: int, *, strict: bool) -> RegisterTable[Seen, Warp]:
        key = (kind, strict, self.defects, self._box.profile.firmware.text)
        found = self._tables.get(key)
        if found is None:
            layout = KINDS[kind].layout(strict=strict, defects=self.defects)
            found = self._tables[key] = RegisterTable(layout, self._box.profile)
        return found

    def _enabled(self) -> bool:
        api = self._box.api
        return not self._restarting and api.flag(CONFIG, "enable") and api.integer(CONFIG, "port") != 0

    def _forget(self) -> None:
        self.errors = dict.fromkeys(("illegal_data_address", "illegal_function", "ignored_write"), 0)
        self.features.clear()
        self.injecting[:] = bytes(BUFFER)

    def boot(self) -> None:
        """The network processor runs again."""
        self._forget()

    def changed(self) -> None:
        """Its configuration or the switch of its slots was changed: it starts anew, and every client is dropped."""
        self._forget()
        self._restarting = True
        self._box.changed()
        self._restarting = False
        self._box.changed()

    # --- one request -------------------------------------------------------------------------------------------------

    def handle(self, request: ModbusRequest) -> ModbusReply | None:
        """The device's reply."""
        box, function, kind = self._box, request.function, KINDS[self._kind]
        if function in WRITES and not self._writable():
            return self._not_writable(request)
        if function not in kind.noticed:
            if function in KNOWN:
                self._count("illegal_function")
            return ModbusReply(exception=ILLEGAL_FUNCTION)
        self.features |= self._noticing(function)
        self._request = request
        try:
            reply = self.table.serve(request, self._seen, box)
        finally:
            self._request = None
        if reply is not None and reply.exception == ILLEGAL_ADDRESS:
            self._count("illegal_data_address")
        if function in WRITES:
            box.changed()
        if reply is not None and function in BITS and self.defects and reply.values and request.count % 8 == 0:
            return ModbusReply(values=(*reply.values[:-8], *[0] * 8), journal=reply.journal)
        return reply

    def asked(self, start: int, stop: int) -> tuple[int, ...] | None:
        """The words of registers `start` to `stop` of the write being served; None: it does not have all of them."""
        request = self._request
        if request is None or start < request.address or stop > request.address + len(request.values):
            return None
        return request.values[start - request.address : stop - request.address]

    def _writable(self) -> bool:
        known = "evse" in self.features or "evse" in features(self._box)
        return known and self._box.view().evse.memory.slots[SlotId.MODBUS_CURRENT].active

    def _not_writable(self, request: ModbusRequest) -> ModbusReply:
        values: Any = request.values[0] if len(request.values) == 1 else list(request.values)
        self._box.record_write(f"modbus.{request.address}", values, READ_ONLY, request.origin)
        if self._box.api.flag(CONFIG, "ignore_writes"):
            self._count("ignored_write")
            return ModbusReply(journal={"ignored": True})
        self._count("illegal_function")
        return ModbusReply(exception=ILLEGAL_FUNCTION, journal={"refused": str(Reason.READ_ONLY)})

    def _count(self, name: str) -> None:
        self.errors = {**self.errors, name: self.errors[name] + 1}
        self._box.changed()

    # --- what it sees ------------------------------------------------------------------------------------------------

    def _noticing(self, function: int) -> set[str]:
        """Features that a request with this function makes it notice."""
        found = KINDS[self._kind].noticed.get(function, frozenset())
        if not self.defects:
            found = frozenset().union(*KINDS[0].noticed.values())
        return set(found & set(features(self._box))) if not found <= self.features else set()

    def _seen(self, function: int | None = None) -> Seen:
        """The box as a row sees it; `function`: with what a request with it would notice."""
        more = set() if function is None else self._noticing(function)
        return Seen(self._box.view(), self.features | more, defects=self.defects, injecting=bytes(self.injecting))

    # --- scenarios ---------------------------------------------------------------------------------------------------

    def read(self, address: str) -> object:
        """The wire value at `1000` or `4.1000` (by function); NaN, which JSON cannot hold, is null.

        None for what only the other tables have. KeyError for what none has.
        """
        for code in self._codes(address, READS):
            try:
                value = self.table.read_address(self._seen(code), f"{code}.{address.rpartition('.')[2]}")
            except KeyError:
                continue
            return None if isinstance(value, float) and not math.isfinite(value) else value
        if self._elsewhere(address, READS):
            return None
        raise KeyError(address)

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        """One whole item, as a client would. KeyError if no table has it."""
        if not self._box.up:
            return Outcome(refused=Reason.UNREACHABLE, message="the box is off or restarting")
        refused = None if self._writable() else READ_ONLY
        if refused is None:
            self.features |= self._noticing(next(iter(self._codes(address, WRITES)), WRITES[0]))
            try:
                outcome = self.table.write_address(self._box, address, value, origin)
            except KeyError:
                if not self._elsewhere(address, WRITES):
                    raise
                refused = NOT_SERVED
        if refused is not None:
            outcome = refused
            self._box.record_write(f"modbus.{address}", value, outcome, origin)
        self._box.changed()
        return outcome

    @staticmethod
    def _codes(address: str, functions: Iterable[int]) -> tuple[int, ...]:
        """Those of the functions that an address may be about."""
        function, dot, _ = address.rpartition(".")
        return tuple(code for code in functions if not dot or function == str(code))

    def _elsewhere(self, address: str, functions: Iterable[int]) -> bool:
        """Whether any of the three tables has an item there."""
        number = address.rpartition(".")[2]
        return any(
            item.start == int(number) and item.may(code)
            for code in self._codes(address, functions)
            for kind in range(len(KINDS))
            for item in (self._table(kind, strict=True).items(code, int(number), 1) if number.isdecimal() else ())
        )

    def addresses(self) -> Iterable[str]:
        """Everything that can be read, with the function that reads it."""
        table = self.table
        for function in READS:
            for bank in table.layout.functions.get(function, ()):
                for item in table.tables[id(bank)].items:
                    if item.may(function):
                        yield f"{function}.{item.start}"

    def fidelity(self) -> Iterable[Fidelity]:
        """The rows of all three tables."""
        for kind in range(len(KINDS)):
            yield from self._table(kind, strict=True).fidelity()


def create(box: Warp) -> ModbusApi:
    """The Modbus part of a box."""
    return ModbusApi(box)
