"""Journals: what clients and boxes said, as recorded by the emulator or by `record`.

The one rule: the words of a box are read as anywhere else; what an entry has decoded already is not decoded again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .. import vendors
from ..captures.journal import Entry
from .exchange import Exchange
from .talk import Datagram, Exchanged, Http, Known, Said, Topic


def messages_in(entries: Sequence[tuple[int, Entry]]) -> list[Said]:
    """Every message of a journal, in its order."""
    boxes: dict[object, Entry] = {}
    for _, entry in entries:
        if entry.get("wallbox") in vendors.names():
            boxes.setdefault(entry.get("charger"), entry)
    found: list[Said] = []
    for line, entry in entries:
        if entry["kind"] == "event" and entry["name"] == "pilot_changed":
            found += _pilot(line, entry, boxes.get(entry.get("charger")))
        else:
            found += _messages(line, entry)
    return found


def _pilot(line: int, entry: Entry, box: Entry | None) -> Iterator[Said]:
    """What a charger's pilot was, told by the first of its wallboxes."""
    detail, at = entry["detail"], entry["at"]
    if box is None or not isinstance(detail, Mapping) or not isinstance(at, int | float):
        return
    where = f"{box.get('charger')}.{box.get('wallbox')}"
    yield _known(line, float(at), where, {**box, "interface": "charger"}, values={"charger:pilot": detail.get("to")})


def _messages(line: int, entry: Entry) -> Iterator[Said]:
    detail, name, kind = entry["detail"], str(entry["name"]), entry["kind"]
    at = entry["at"]
    if not isinstance(detail, Mapping) or not isinstance(at, int | float):
        return
    where = f"{entry.get('charger')}.{entry.get('wallbox')}"
    interface = str(entry.get("interface") or "")
    if kind == "request" and interface == "modbus" and "address" in detail:
        yield Exchanged(at=float(at), line=line, area=where, exchange=_exchange(float(at), line, name, detail))
    elif kind == "request" and interface == "udp" and "body" not in detail:
        yield Datagram(at=float(at), line=line, area=where, peer=where, text=name, sent=True)
    elif kind == "push" and interface == "udp":
        yield Datagram(at=float(at), line=line, area=where, peer=where, text=str(detail.get("body", "")), sent=False)
    elif kind in ("push", "request") and interface == "mqtt" and isinstance(detail.get("payload"), str):
        yield Topic(
            at=float(at), line=line, area=where, topic=name, payload=str(detail["payload"]), sent=kind == "request"
        )
    elif kind == "request" and interface == "http" and "target" in detail:
        yield Http(
            at=float(at),
            line=line,
            area=where,
            peer=where,
            method=name.partition(" ")[0],
            path=str(detail["target"]),
            body=str(detail["sent"]) if "sent" in detail else None,
            reply=str(detail["body"]) if "body" in detail else None,
        )
    elif kind == "push" and interface == "websocket" and isinstance(detail.get("values"), Mapping):
        yield _known(line, float(at), where, entry, values=dict(detail["values"]))
    elif kind == "write" and interface != "modbus" and detail.get("ok", True) and "body" not in detail:
        yield _known(line, float(at), where, entry, writes={name: detail.get("value")})


def _exchange(at: float, line: int, name: str, detail: Mapping[str, object]) -> Exchange:
    function = int(name.removeprefix("function ").partition(",")[0])
    registers, written = detail.get("registers"), detail.get("written")
    exception = detail.get("exception")
    return Exchange(
        at,
        line,
        int(str(detail.get("unit", 1))),
        function,
        int(str(detail["address"])),
        int(str(detail.get("count", 1))),
        tuple(int(one) for one in written) if isinstance(written, list) else (),
        tuple(int(one) for one in registers) if isinstance(registers, list) else None,
        exception if isinstance(exception, int) else None,
    )


def _known(
    line: int,
    at: float,
    where: str,
    entry: Entry,
    *,
    values: Mapping[str, object] | None = None,
    writes: Mapping[str, object] | None = None,
) -> Known:
    return Known(
        at=at,
        line=line,
        area=where,
        peer=where,
        vendor=str(entry.get("wallbox") or ""),
        interface=str(entry.get("interface") or "charger"),
        values=values or {},
        writes=writes or {},
    )
