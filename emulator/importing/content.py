"""What the text of a record says: the notations in which clients print what they send and get.

The one rule: decided by the text, never by who wrote it; every notation is one row.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ..captures.spelling import is_scalar
from .exchanges import Exchanges
from .records import Record
from .shown import shown_values
from .talk import Datagram, Document, Frame, Said, Shown, Topic

_REPLY: Final = re.compile(r"^(?:Get-Response|Response|response|Reply)[^:{]*: ?(?=\{)")
"""openWB and others."""
_REQUEST_LINE: Final = re.compile(r"^(?:GET|PUT|POST|PATCH|DELETE) \S+")
_LISTED: Final = re.compile(r"^(?P<topic>/?[A-Za-z][\w.+-]*(?:/[\w.+-]+)*)(?:\s+|\s*=\s*)(?P<payload>\S.*)$", re.DOTALL)
_PAIR: Final = re.compile(r"^(?:[a-z][a-z0-9]*_\w+:|(?:0x)?[0-9A-Fa-f]{1,5}\s*[:=,;\s]\s*(?:0x)?-?\w+\s*$)")
"""Bender's `key:value`, a register and its value."""
_HEX: Final = r"(?:0x)?[0-9a-fA-F]{1,4}(?:[\s:,]+(?:0x)?[0-9a-fA-F]{1,4})*"
"""Octets; two of them stand together where a line was broken between them."""
_IP: Final = r"[\w.:-]+?"


@dataclass(frozen=True, slots=True)
class Notation:
    """One way to print a message."""

    pattern: re.Pattern[str]
    read: Callable[[re.Match[str], Record], Iterator[Said]]


def _frame(found: re.Match[str], record: Record) -> Iterator[Said]:
    try:
        data = b"".join(map(_octets, re.split(r"[\s:,]+", found["hex"].strip())))
    except ValueError:
        return
    sent = found["way"].lower() in ("send", "sent", "tx", "transmit", "write", ">>")
    yield Frame(at=record.at, line=record.line, area=record.area, data=data, sent=sent)


def _octets(text: str) -> bytes:
    digits = text.lower().removeprefix("0x")
    return bytes.fromhex(digits if len(digits) > 2 else digits.zfill(2))


def _datagram(found: re.Match[str], record: Record) -> Iterator[Said]:
    given = found.groupdict()
    text = (given.get("text") or "").strip()
    sent = found["way"].lower() in ("send", "sent")
    if not sent and given.get("quote"):
        text = _unquoted(text, given["quote"])
    if given.get("broadcast"):
        return  # ioBroker prints it a second time
    if sent:
        text = text.splitlines()[0].strip().strip("\"'") if text else ""
    yield Datagram(at=record.at, line=record.line, area=record.area, peer=found["peer"], text=text, sent=sent)


def _unquoted(text: str, quote: str) -> str:
    """The text between quotes, which may itself hold unescaped ones; Python's escapes are undone."""
    inner = text.rstrip().removesuffix(quote)
    if "\\n" not in inner:
        return inner
    try:
        undone = ast.literal_eval(quote * 3 + inner.replace(quote * 3, "") + quote * 3)
    except (ValueError, SyntaxError, MemoryError):
        return inner.replace("\\n", "\n").replace("\\r", "")
    return str(undone)


def _topic(found: re.Match[str], record: Record) -> Iterator[Said]:
    payload = found["payload"].strip()
    for quote in ("'", '"'):
        if payload.startswith((quote, f"b{quote}")):
            payload = payload.removeprefix("b").removeprefix(quote)
            payload = payload.removesuffix(quote)
            break
    sent = found["way"].lower() in ("send", "transmitting", "publish", "publishing", "sending")
    yield Topic(
        at=record.at, line=record.line, area=record.area, topic=found["topic"].strip("'\""), payload=payload, sent=sent
    )


def _event(found: re.Match[str], record: Record) -> Iterator[Said]:
    yield Topic(
        at=record.at,
        line=record.line,
        area=record.area,
        topic=found["topic"],
        payload=found["payload"].strip(),
        over="websocket",
    )


def _rows(*rows: tuple[str, Callable[[re.Match[str], Record], Iterator[Said]]]) -> tuple[Notation, ...]:
    return tuple(Notation(re.compile(pattern, re.DOTALL), read) for pattern, read in rows)


NOTATIONS: Final = _rows(
    # Modbus: evcc; pymodbus; mbpoll and gateways
    (rf"^(?:modbus: ?)?(?P<way>send|recv|sent|received):? (?P<hex>{_HEX})\s*(?:old_data.*)?$", _frame),
    (rf"^(?:.*\s)?(?P<way>SEND|RECV|TX|RX): ?(?P<hex>{_HEX})\s*$", _frame),
    # KEBA: evcc since 0.309.2, evcc before, Home Assistant's library 2 and 3, ioBroker
    (rf"^(?P<way>send|recv) (?P<peer>{_IP}):7090: ?(?P<text>.*)$", _datagram),
    (rf"^(?P<way>send|recv) (?:to|from) (?P<peer>{_IP}):7090:? (?P<text>.*)$", _datagram),
    (r"^Datagram (?P<way>rec\w+) from \('(?P<peer>[^']+)', \d+\): ?b?(?P<quote>['\"])(?P<text>.*)$", _datagram),
    (rf"^Datagram (?P<way>rec\w+) from (?P<peer>{_IP}):? (?P<text>(?=[{{T\"]|\s).*)$", _datagram),
    (rf"^(?P<way>Send) (?P<text>.+?) to (?P<peer>{_IP})\s*$", _datagram),
    (rf"^(?P<way>Sent) \"(?P<text>.*)\" to (?P<peer>{_IP}):\d+.*$", _datagram),
    (
        rf"^(?P<way>UDP) (?P<broadcast>broadcast )?datagram from (?P<peer>{_IP}):\d+: ?(?P<quote>['\"])(?P<text>.*)$",
        _datagram,
    ),
    # MQTT: evcc, Home Assistant
    (r"^(?P<way>recv|send) (?P<topic>[^\s:']+(?:/[^\s:']*)*): ?(?P<payload>.*)$", _topic),
    (
        r"^(?P<way>Received)(?: retained)? message on (?P<topic>\S+?)(?: \(qos=\d\)[^:]*)?: ?(?P<payload>.*)$",
        _topic,
    ),
    (
        r"^(?P<way>Transmitting)(?: retained)? message on (?P<topic>\S+?)(?: \(qos=\d\)[^:]*)?: ?(?P<payload>.*)$",
        _topic,
    ),
    # WARP's WebSocket
    (r"^(?:websocket: |ws )event (?P<topic>[\w./-]+): ?(?P<payload>.*)$", _event),
)


def messages_of(records: Iterable[Record], unread: list[int] | None = None) -> list[Said]:
    """Every message of the records, in their order. `unread` gets the lines of records that are none."""
    found: list[Said] = []
    http = Exchanges(found.append)
    for record in records:
        read = list(_read(record))
        if read:
            found += read
            continue
        if not http.take(record) and unread is not None:
            unread.append(record.line)
    http.finish()
    return found


def _read(record: Record) -> Iterator[Said]:
    text = record.text.strip()
    if record.area.lower() in ("db", "httpd", "cache", "mqtt-server", "influx", "push"):
        return  # nothing of the box, and passwords
    forms = dict.fromkeys((text, text.partition("\n")[0], " ".join(text.split("\n"))))
    for notation in NOTATIONS:  # what a client prints behind a message is not part of it; mail breaks lines at blanks
        for form in forms:
            if (found := notation.pattern.match(form)) is not None:
                yield from notation.read(found, record)
                return
    if (values := shown_values(text)) is not None:
        yield Shown(at=record.at, line=record.line, area=record.area, values=values)
        return
    if found := _REPLY.match(text):
        yield Document(at=record.at, line=record.line, area=record.area, text=text[found.end() :])
    elif not record.area and not _REQUEST_LINE.match(text):
        yield from _listed(text, record)


def _listed(text: str, record: Record) -> Iterator[Said]:
    """A line of a listing, or a document that stands for itself."""
    found = _LISTED.match(text)
    if found is not None and ("/" in found["topic"] or is_scalar(found["payload"])):
        topic, payload = found["topic"], found["payload"].strip()
        yield Topic(at=record.at, line=record.line, area="", topic=topic, payload=payload)
    elif text[:1] in ("{", "[", '"') or _PAIR.match(text) or "\n{" in text:
        yield Document(at=record.at, line=record.line, area="", text=text)
