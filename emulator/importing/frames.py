"""Modbus as clients print it: frames, paired to exchanges, and whose registers they are about.

The one rule: a reply belongs to the request with its number, or where there is none to the one before it; what a
register means is asked of the vendor's own tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ..captures.formats.modbus import VENDORS, addresses
from .exchange import Exchange
from .talk import Frame, Said

READS: Final = (1, 2, 3, 4)
SINGLE: Final = (5, 6)
SEVERAL: Final = (15, 16)
_AREAS: Final = {"keba": "keba", "bender": "bender", "nrgg": "nrgkick", "nrg": "nrgkick", "go-e": "goe", "warp": "warp"}
"""How clients call their devices, where registers leave it open."""


def exchanges_of(frames: Sequence[Frame], vendor: str | None) -> Iterator[tuple[str, str, list[Exchange]]]:
    """Exchanges by vendor, and by the one who wrote them where several have boxes of one vendor."""
    areas: dict[tuple[str, int], list[Frame]] = {}
    for frame in frames:
        unit = _unit(frame.data)
        if unit is None:
            continue
        areas.setdefault((frame.area, unit), []).append(frame)
    several: dict[str, list[str]] = {}
    for (area, unit), found in areas.items():
        exchanges = list(_paired(found))
        if not exchanges:
            continue
        owner = vendor or whose(exchanges, area)
        if owner is None:
            continue
        known = several.setdefault(owner, [])
        peer = "" if not known else f"{area}#{unit}"
        known.append(area)
        yield owner, peer, exchanges


def _unit(data: bytes) -> int | None:
    if _is_tcp(data):
        return data[6]
    return data[0] if len(data) >= 4 else None


def _is_tcp(data: bytes) -> bool:
    return len(data) >= 8 and data[2:4] == b"\0\0" and int.from_bytes(data[4:6], "big") == len(data) - 6


def _pdu(data: bytes) -> tuple[int, bytes] | None:
    """Number of the transaction and what follows the unit; without a header the number is -1."""
    if _is_tcp(data):
        return int.from_bytes(data[:2], "big"), data[7:]
    if len(data) >= 4:
        return -1, data[1:-2]  # RTU, with its checksum
    return None


def _paired(frames: Iterable[Frame]) -> Iterator[Exchange]:
    waiting: dict[int, tuple[Frame, bytes]] = {}
    for frame in frames:
        found = _pdu(frame.data)
        if found is None or not found[1]:
            continue
        number, pdu = found
        if frame.sent:
            if number in waiting and waiting[number][0].data != frame.data:
                yield from _exchange(*waiting.pop(number), None)
            waiting[number] = (frame, pdu)
        elif number in waiting:
            yield from _exchange(*waiting.pop(number), (frame, pdu))
    for frame, pdu in waiting.values():
        yield from _exchange(frame, pdu, None)


def _exchange(asked: Frame, pdu: bytes, answer: tuple[Frame, bytes] | None) -> Iterator[Exchange]:
    function, unit = pdu[0], _unit(asked.data) or 0
    if len(pdu) < 5:
        return
    address, second = int.from_bytes(pdu[1:3], "big"), int.from_bytes(pdu[3:5], "big")
    reply = answer[1] if answer is not None else b""
    exception = reply[1] if len(reply) > 1 and reply[0] == function | 0x80 else None
    line = (answer[0] if answer is not None else asked).line
    if function in READS:
        values = _words(reply[2:]) if answer is not None and exception is None and reply[:1] == pdu[:1] else None
        if values is not None and function in (3, 4) and len(values) != second:
            values = None  # cut off, or the answer to something else
        yield Exchange(asked.at, line, unit, function, address, second, (), values, exception)
    elif function in SINGLE:
        yield Exchange(asked.at, asked.line, unit, function, address, 1, (second,), None, exception)
    elif function in SEVERAL and len(pdu) >= 6:
        words = _words(pdu[6:]) if function == 16 else ()
        yield Exchange(asked.at, asked.line, unit, function, address, second, words, None, exception)


def exchange_of(request: bytes, reply: bytes | None) -> Exchange | None:
    """A request and its reply as they are on the wire; None: it cannot be read."""
    asked = Frame(at=None, line=0, area="", data=request, sent=True)
    answer = Frame(at=None, line=0, area="", data=reply, sent=False) if reply is not None else None
    pdu, answered = _pdu(request), _pdu(reply) if reply is not None else None
    if pdu is None or not pdu[1]:
        return None
    both = (answer, answered[1]) if answer is not None and answered is not None else None
    return next(_exchange(asked, pdu[1], both), None)


def _words(data: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data) - 1, 2))


def listed_registers(found: Iterable[tuple[Said, int, int]]) -> Iterator[Exchange]:
    """A listing of addresses and values as reads of what stands next to each other."""
    run: list[int] = []
    first: tuple[Said, int] | None = None
    for said, address, value in found:
        if first is None or address != first[1] + len(run):
            if first is not None:
                yield _listed(*first, run)
            first, run = (said, address), []
        run.append(value & 0xFFFF)
    if first is not None:
        yield _listed(*first, run)


def _listed(said: Said, address: int, run: Sequence[int]) -> Exchange:
    return Exchange(said.at, said.line, 1, 3, address, len(run), (), tuple(run))


def whose(exchanges: Sequence[Exchange], area: str) -> str | None:
    """The vendor whose registers fit best; the client's own word decides where several fit."""

    def fits(vendor: str) -> int:
        known = addresses(vendor)
        return sum(1 for one in exchanges if one.address in known or one.written)

    named = next((vendor for word, vendor in _AREAS.items() if area.lower().startswith(word)), None)
    best = max(fits(vendor) for vendor in VENDORS)
    if best == 0:
        return None
    if named is not None and fits(named) * 2 >= best:
        return named
    return next(vendor for vendor in VENDORS if fits(vendor) == best)
