"""Modbus TCP of the wallbox: one server, three register tables to choose from.

The one rule: a table says what an address means; here is what the server makes of a request before and after: who may
write, which features it has noticed, what it counts. Source: Tinkerforge esp32-firmware, `modules/modbus_tcp`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from ....core.messages import Outcome, Reason
from ....devices.interfaces import Interface, ModbusInterface, ModbusReply, ModbusRequest, Origin
from ....devices.points import Fidelity
from ....devices.register_table import RegisterTable
from ....devices.registers import ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, READS, WRITES, Layout
from ....language.digits import is_index
from ..api.rows import AnyRow, Source
from ..api.schema import BOOL, U32, Bool, Int, uint
from ..api.shapes import obj
from ..evse.memory import SlotId
from ..module import Module
from ..system.features import EVSE
from . import bender as modbus_bender
from . import keba as modbus_keba
from . import own as modbus_own
from .view import FW, Reach, Seen, Server

SOURCE: Final = Source(FW)
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


class Table(NamedTuple):
    """One of the register tables."""

    layout: Callable[..., Layout[Seen, Server]]
    noticed: Mapping[int, frozenset[str]]


TABLES: Final = (
    Table(modbus_own.layout, modbus_own.NOTICED),
    Table(modbus_bender.layout, modbus_bender.NOTICED),
    Table(modbus_keba.layout, modbus_keba.NOTICED),
)
"""By `table` of the configuration."""
EVERYTHING: Final = frozenset().union(*TABLES[0].noticed.values())


class Chosen(NamedTuple):
    """What is in force since something happened last."""

    revision: int
    kind: Table
    table: RegisterTable[Seen, Server]
    defects: bool

    def noticed(self, function: int) -> frozenset[str]:
        """Features that a request with this function may make it notice."""
        return self.kind.noticed.get(function, frozenset()) if self.defects else EVERYTHING


class Modbus(Module):
    """The Modbus server of one wallbox."""

    def __init__(self, reach: Reach, defects: Callable[[], bool]) -> None:
        """`defects`: whether the mistakes of the firmware are reproduced."""
        super().__init__(reach.platform)
        self.server = Server(reach)
        reach.evse.modbus_switched = self.changed
        self._defects = defects
        self.errors: Mapping[str, int] = {}
        self._announced_by: tuple[int, list[str]] = (-1, [])
        """Features, and when they were looked at."""
        """`modbus_tcp/error_counters`"""
        self._restarting = False
        self._kept: Chosen | None = None
        self._tables: dict[tuple[int, bool, bool, str], RegisterTable[Seen, Server]] = {}
        self._forget()
        self.interfaces: Mapping[str, Interface] = {
            "modbus": ModbusInterface(
                port=502,
                handle=self.serve,
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
    def _announced(self) -> list[str]:
        """Looked at when something has happened."""
        revision = self.platform.moments.now().revision
        if self._announced_by[0] != revision:
            self._announced_by = (revision, self.server.reach.features.announced())
        return self._announced_by[1]

    @property
    def _chosen(self) -> Chosen:
        """Looked at when something has happened."""
        revision, found = self.platform.moments.revision, self._kept
        if found is None or found.revision != revision:
            kind = self.api.integer(CONFIG, "table")
            table = self._table(kind, strict=self.api.flag(CONFIG, "send_illegal_data_address"))
            found = self._kept = Chosen(revision, TABLES[kind], table, self._defects())
        return found

    @property
    def table(self) -> RegisterTable[Seen, Server]:
        """The table that is configured."""
        return self._chosen.table

    def _table(self, kind: int, *, strict: bool) -> RegisterTable[Seen, Server]:
        key = (kind, strict, self._defects(), self.platform.profile.firmware.text)
        found = self._tables.get(key)
        if found is None:
            layout = TABLES[kind].layout(strict=strict, defects=self._defects())
            found = self._tables[key] = RegisterTable(layout, self.platform.profile, self.platform.moments)
        return found

    def _enabled(self) -> bool:
        api = self.api
        return not self._restarting and api.flag(CONFIG, "enable") and api.integer(CONFIG, "port") != 0

    def _forget(self) -> None:
        self.errors = dict.fromkeys(("illegal_data_address", "illegal_function", "ignored_write"), 0)
        self.server.forget()

    def boot(self) -> None:
        """The network processor runs again."""
        self._forget()

    def changed(self) -> None:
        """Its configuration or the switch of its slots was changed: it starts over, and every client is dropped."""
        self._forget()
        self._restarting = True
        self.platform.changed()
        self._restarting = False
        self.platform.changed()

    # --- one request -------------------------------------------------------------------------------------------------

    def serve(self, request: ModbusRequest) -> ModbusReply | None:
        """The device's reply."""
        function, chosen = request.function, self._chosen
        if function in WRITES and not self._writable():
            return self._not_writable(request)
        if function not in chosen.kind.noticed:
            if function in KNOWN:
                self._count("illegal_function")
            return ModbusReply(exception=ILLEGAL_FUNCTION)
        if not chosen.noticed(function) <= self.server.noticed:
            self._notice(function)
        self.server.request = request
        try:
            reply = self.table.serve(request, self._seen, self.server)
        finally:
            self.server.request = None
        if reply is not None and reply.exception == ILLEGAL_ADDRESS:
            self._count("illegal_data_address")
        if function in WRITES:
            self.platform.changed()
        if reply is not None and function in BITS and chosen.defects and reply.values and request.count % 8 == 0:
            return ModbusReply(values=(*reply.values[:-8], *[0] * 8), journal=reply.journal)
        return reply

    def _writable(self) -> bool:
        known = EVSE in self.server.noticed or EVSE in self._announced
        return known and self.platform.view().evse.memory.slots[SlotId.MODBUS_CURRENT].active

    def _not_writable(self, request: ModbusRequest) -> ModbusReply:
        values: object = request.values[0] if len(request.values) == 1 else list(request.values)
        self.platform.record_write(f"modbus.{request.address}", values, READ_ONLY, request.origin)
        if self.api.flag(CONFIG, "ignore_writes"):
            self._count("ignored_write")
            return ModbusReply(journal={"ignored": True})
        self._count("illegal_function")
        return ModbusReply(exception=ILLEGAL_FUNCTION, journal={"refused": str(Reason.READ_ONLY)})

    def _count(self, name: str) -> None:
        self.errors = {**self.errors, name: self.errors[name] + 1}
        self.platform.changed()

    # --- what it sees ------------------------------------------------------------------------------------------------

    def _notice(self, function: int) -> None:
        """What a request with this function makes it notice."""
        more = self._noticing(function)
        if not more <= self.server.noticed:
            self.server.noticed |= more
            self.platform.touch()

    def _noticing(self, function: int) -> set[str]:
        """Features that a request with this function makes it notice."""
        found = self._chosen.noticed(function)
        return set(found & set(self._announced)) if not found <= self.server.noticed else set()

    def _seen(self, function: int | None = None) -> Seen:
        """The wallbox as a row sees it; `function`: with what a request with it would notice."""
        more = set() if function is None else self._noticing(function)
        return Seen(
            self.server.reach,
            self.platform.view(),
            self.server.noticed | more,
            defects=self._chosen.defects,
            injecting=bytes(self.server.injecting),
        )

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
        if not self.platform.up:
            return Outcome(refused=Reason.UNREACHABLE, message="the wallbox is off or restarting")
        refused = None if self._writable() else READ_ONLY
        if refused is None:
            self._notice(next(iter(self._codes(address, WRITES)), WRITES[0]))
            try:
                outcome = self.table.write_address(self.server, address, value, origin)
            except KeyError:
                if not self._elsewhere(address, WRITES):
                    raise
                refused = NOT_SERVED
        if refused is not None:
            outcome = refused
            self.platform.record_write(f"modbus.{address}", value, outcome, origin)
        self.platform.changed()
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
            for kind in range(len(TABLES))
            for item in (self._table(kind, strict=True).items(code, int(number), 1) if is_index(number) else ())
        )

    def addresses(self) -> Iterable[str]:
        """Everything that can be read, with the function that reads it."""
        table = self.table
        for function in READS:
            for bank in table.tables_of(function):
                for item in bank.items:
                    if item.may(function):
                        yield f"{function}.{item.start}"

    def all_tables(self) -> Iterable[RegisterTable[Seen, Server]]:
        """The tables that can be configured."""
        return (self._table(kind, strict=True) for kind in range(len(TABLES)))

    def fidelity(self) -> Iterable[Fidelity]:
        """The rows of all three tables."""
        for table in self.all_tables():
            yield from table.fidelity()


ROWS: Final[tuple[AnyRow[Modbus], ...]] = (
    SOURCE.config(
        CONFIG,
        obj(
            enable=BOOL,
            port=Int(16, value=502),
            table=uint(0, 2, width=8),
            send_illegal_data_address=Bool(True),
            ignore_writes=BOOL,
        ),
        applied=lambda m, _, __: m.changed(),
    ),
    SOURCE.state(
        "modbus_tcp/error_counters",
        obj(illegal_data_address=U32, illegal_function=U32, ignored_write=U32),
        lambda m, v: m.errors,
    ),
)
