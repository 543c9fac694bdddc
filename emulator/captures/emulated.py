"""What the emulated wallbox says to the same questions, at rest and while a vehicle comes, charges and leaves.

The one rule: answers are asked of the interfaces a client uses, and read by the same reader as a capture.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from ..core.instant import SECOND
from ..core.messages import PlugIn, SetSupply, Unplug
from ..core.specs import VehicleSpec
from ..devices.documents import Path
from ..devices.firmware import Profile
from ..devices.interfaces import HttpInterface, HttpRequest, ModbusInterface, ModbusRequest, MqttInterface, Origin
from ..devices.interfaces.udp import UdpInterface
from ..devices.wallbox import Wallbox
from ..vendors import vendor
from ..vendors.specimen import EPOCH, specimen
from .capture import Document
from .formats import goe, lektrico, nrgkick
from .reading import read

_CLIENT: Final = Origin(interface="compare", client="127.0.0.1:50000")
_VEHICLE: Final = VehicleSpec(max_current=32.0, capacity=60_000.0)
_SMALL: Final = (
    VehicleSpec(max_current=6.7, reactive_current=2.3),
    VehicleSpec(max_current=13.7, reactive_current=2.3, phases=1),
)
"""Vehicles with a poor power factor, the second one with a current in the neutral conductor."""
_SUPPLY: Final = SetSupply(phase_voltages=(231.37, 229.84, 233.19), frequency=49.967)
"""No round numbers, so that values show their decimals."""
_REST: Final = 60.0
_METERED: Final = 241.3
"""Seconds between two looks at what moves."""

_CHEAP: Final = [{"start": 0, "end": 2**31 - 1, "marketprice": 8.333}]

SITUATIONS: Final[Mapping[str, tuple[Mapping[str, object], ...]]] = {
    "goe": (
        {},
        {"adi": True, "lmo": 4, "awe": True, "awpl": _CHEAP, "awp": 21, "loe": True, "loa": 10},
        {"clock_error": -round(EPOCH.timestamp() * SECOND)},
    ),
    "warp": ({}, {"evse/management_enabled": {"enabled": True}}),
}
"""Settings under which documents have members that they have not otherwise: each wallbox lives once in each."""
FITTED: Final[Mapping[str, tuple[str, tuple[object, ...], str]]] = {"warp": ("meter_type", tuple(range(12)), "meter")}
"""Setting that says what is fitted, where that decides what the wallbox can know; what there is; and how the documents
begin that are about it."""

Sources = Collection[str]
"""Which documents are wanted."""


@dataclass(frozen=True)
class Emulated:
    """The documents of one emulated wallbox, by source, one for each look at it."""

    vendor: str
    profile: Profile
    looks: tuple[Mapping[str, Document], ...]
    types: Mapping[str, str] = field(default_factory=dict)
    """What its tables say a value is, by its name there."""
    registers: Mapping[str, str] = field(default_factory=dict)
    """Names of registers, by address."""

    def of(self, source: str) -> list[Document]:
        return [look[source] for look in self.looks if source in look]

    def name(self, source: str) -> str:
        """What the vendor calls a document."""
        return self.registers.get(source, source)

    def type(self, source: str, path: Path) -> str:
        """What a table says a value is; empty: nothing."""
        if path and source.startswith("/"):
            return self.types.get(".".join(path), "")
        return "" if path else self.types.get(source, "")

    def sources(self) -> list[str]:
        """Everything it says, in its order."""
        return list(dict.fromkeys(source for look in self.looks for source in look))


def emulated(
    vendor_name: str, profile: Profile, wanted: Sequence[Document], fitted: Mapping[str, object] | None = None
) -> Emulated:
    """Ask an emulated wallbox of a profile what these documents say. `fitted`: settings of its hardware."""
    raw = any(nrgkick.is_raw(document) for document in wanted)
    sources = dict.fromkeys(document.source for document in wanted)
    if raw:
        sources = dict.fromkeys(f"{source}?raw" if source != "/control" else source for source in sources)
    return _emulated(vendor_name, profile, tuple(sources), tuple((fitted or {}).items()))


@lru_cache(maxsize=16)
def _emulated(
    vendor_name: str, profile: Profile, sources: tuple[str, ...], fitted: tuple[tuple[str, object], ...]
) -> Emulated:
    looks: list[Mapping[str, Document]] = []
    types: dict[str, str] = {}
    for situation in SITUATIONS.get(vendor_name, ({},)):
        wallbox = specimen(vendor(vendor_name), profile, {**situation, **dict(fitted)})
        wallbox.start()
        for _ in _life_of(wallbox):
            looks.append({said.source: said for said in _said(wallbox, sources, everything=not looks)})
        types |= {row.name: row.type for row in wallbox.fidelity()}
    registers = dict(name.split(" ", 1) for name in types if name[:1].isdigit() and " " in name)
    return Emulated(vendor_name, profile, tuple(looks), types, registers)


def _life_of(wallbox: Wallbox) -> Iterator[None]:
    """Stops at rest, twice while a vehicle charges, when it has left, and while small ones charge."""
    simulation, charger = wallbox.simulation, wallbox.charger
    simulation.apply(charger, _SUPPLY)
    simulation.jump(round(_REST * SECOND))
    yield
    simulation.apply(charger, PlugIn(name="car", vehicle=_VEHICLE))
    simulation.jump(round(_REST * SECOND))
    yield
    simulation.jump(round(_METERED * SECOND))
    yield
    simulation.apply(charger, Unplug())
    simulation.jump(round(_REST * SECOND))
    yield
    for vehicle in _SMALL:
        simulation.apply(charger, PlugIn(name="small", vehicle=vehicle))
        simulation.jump(round(_METERED * SECOND))
        yield
        simulation.apply(charger, Unplug())
        simulation.jump(round(_REST * SECOND))


def _said(wallbox: Wallbox, sources: Sources, *, everything: bool) -> tuple[Document, ...]:
    """`everything`: all that is said without being asked for, not only what is wanted of it."""
    text = asked(wallbox, sources, everything=everything)
    return read(text, vendor=wallbox.vendor.id).documents if text.strip() else ()


def asked(wallbox: Wallbox, sources: Sources, *, everything: bool = True) -> str:
    """What a wallbox says now to whoever asks for these documents, as a capture."""
    said = _ASKING[wallbox.vendor.id](wallbox, sources)
    lines = [line for line in said if everything or _TOPIC.match(line) is None or _topic(line) in sources]
    return "\n".join([*lines, *_registers(wallbox, sources)])


_TOPIC: Final = re.compile(r'^(?:\{"topic":"([^"]+)"|/?go-eCharger/[^/]+/(\w+) )')


def _topic(line: str) -> str:
    found = _TOPIC.match(line)
    assert found is not None
    return found[1] or found[2]


def _get(wallbox: Wallbox, target: str) -> str:
    """The body of a reply."""
    server = wallbox.interfaces["http"]
    assert isinstance(server, HttpInterface)
    return server.answer(HttpRequest(method="GET", target=target, origin=_CLIENT)).body.decode()


def _goe(wallbox: Wallbox, sources: Sources) -> Iterable[str]:
    if goe.V2 in sources:
        yield _get(wallbox, goe.V2)
    if goe.V1 in sources:
        yield _get(wallbox, goe.V1)
    client = wallbox.interfaces.get("mqtt")
    if isinstance(client, MqttInterface) and any(not source.startswith("/") for source in sources):
        for published in client.connected(_CLIENT):
            yield f"{published.topic} {published.payload.decode()}"


def _warp(wallbox: Wallbox, _: Sources) -> Iterable[str]:
    server = wallbox.interfaces["http"]
    assert isinstance(server, HttpInterface)
    for frame in server.websockets["/ws"].open(_CLIENT).opened():
        assert isinstance(frame, str)
        yield from frame.splitlines()


_OF_CONNECT: Final = ("/measurements", "/settings")


def _nrgkick(wallbox: Wallbox, sources: Sources) -> Iterable[str]:
    for source in sources:
        if source in _OF_CONNECT:
            yield _get(wallbox, f"/api{source}/{wallbox.read('measurements.MacAddress')}")
        elif source.startswith("/"):
            yield _get(wallbox, source)


def _lektrico(wallbox: Wallbox, sources: Sources) -> Iterable[str]:
    return (f"/rpc/{method} {_get(wallbox, f'/rpc/{method}')}" for method in sources if method in lektrico.METHODS)


def _bender(wallbox: Wallbox, sources: Sources) -> Iterable[str]:
    return [_get(wallbox, "/rest/full_state")] if "full_state" in sources else []


def _keba(wallbox: Wallbox, sources: Sources) -> Iterable[str]:
    service = wallbox.interfaces.get("udp")
    for source in sources:
        if isinstance(service, UdpInterface) and source.startswith("report "):
            yield from (answer.data.decode("cp437") for answer in service.handle(source.encode(), _CLIENT))


_ASKING: Final[Mapping[str, Callable[[Wallbox, Sources], Iterable[str]]]] = {
    "goe": _goe,
    "warp": _warp,
    "nrgkick": _nrgkick,
    "lektrico": _lektrico,
    "bender": _bender,
    "keba": _keba,
}


_UNITS: Final = {"keba": 255}
"""Modbus unit that answers, where it is not 1."""


def _registers(wallbox: Wallbox, sources: Sources) -> Iterable[str]:
    """Address and value of the registers that are wanted."""
    server = wallbox.interfaces.get("modbus")
    if not isinstance(server, ModbusInterface):
        return
    for address in sorted(int(source) for source in sources if source.isdigit()):
        for function in (3, 4):
            value = _register(server, _UNITS.get(wallbox.vendor.id, 1), function, address)
            if value is not None:
                yield f"{address} {value}"
                break


def _register(server: ModbusInterface, unit: int, function: int, address: int) -> int | None:
    """The item at an address as an unsigned number; None: there is none."""
    table = server.table() if server.table is not None else None
    found = next(iter(table.items(function, address, 1)), None) if table is not None else None
    if found is None:
        return None
    reply = server.handle(
        ModbusRequest(unit=unit, function=function, address=found.start, count=found.end - found.start, origin=_CLIENT)
    )
    if reply is None or reply.exception is not None:
        return None
    value = 0
    for word in reply.values:
        value = value << 16 | word
    return value if found.end - found.start <= 2 else reply.values[address - found.start]
