"""The boxes of a log: what each of them said, value by value, and what was asked of it.

The one rule: whose a message is, is told by the formats of captures; a value keeps its line and its time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ..captures.capture import Document, Field
from ..captures.formats import FORMATS
from ..captures.formats.format import Format
from ..captures.pieces import Piece, Pieces
from ..vendors.nrgkick import enums
from . import asking
from .asking import Ask
from .exchange import Exchange
from .frames import exchanges_of, listed_registers, whose
from .talk import Datagram, Exchanged, Frame, Http, Known, Said, Shown, Topic
from .talk import Document as SaidDocument

_BY_VENDOR: Final[Mapping[str, Format]] = {form.vendor: form for form in reversed(FORMATS)}
"""The format that knows documents comes before the one that knows registers."""

BROKEN: Final = " " * 20
"""What a narrow screen leaves where it broke a line."""
NEAR: Final = 2.0
"""s between a request and what a client prints about it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One value that a box told."""

    at: float | None
    """Time in the log [s]."""
    line: int
    interface: str
    address: str
    """As scenarios have it: `nrg.11`, `evse/state.charger_state`, `report2.State`, `modbus.220`."""
    value: object
    name: str = ""
    """What meanings are looked up by, if not the address."""
    scale: float = 1.0
    """What the value is multiplied with on the wire."""
    pushed: bool = False
    """The box told it by itself, because it had changed."""

    @property
    def known_as(self) -> str:
        return self.name or self.address


@dataclass
class Box:
    """Everything about one wallbox in a log."""

    vendor: str
    peer: str = ""
    readings: list[Reading] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    asked: int = 0
    """Requests that were sent to it."""
    answers: int = 0
    shown: bool = False
    """All that is known is what a client printed about its charger."""

    @property
    def first(self) -> float | None:
        """When the log begins for it."""
        times = [at for at in (*(r.at for r in self.readings), *(a.at for a in self.asks)) if at is not None]
        return min(times, default=None)


@dataclass
class Boxes:
    """Sorts messages by box."""

    vendor: str | None = None
    """Whose box it is where the log does not tell."""
    found: list[Box] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    exchanged: list[Exchanged] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    registers: list[tuple[Said, int, int]] = field(default_factory=list)
    """Of a listing: address and value."""
    unclaimed: list[int] = field(default_factory=list)
    """Lines of messages that are nobody's."""
    damaged: list[tuple[int, str]] = field(default_factory=list)
    """Lines of documents of which something is missing, and what."""

    def take(self, messages: Iterable[Said]) -> list[Box]:
        """The boxes, the one with the most to say first."""
        for said in messages:
            self._take(said)
        self._modbus()
        found = [box for box in self._joined() if box.readings or box.exchanges or box.asked > 2]
        if not any(box.readings or box.exchanges for box in found) and self.shown:
            found = [self._printed()]
        self._printed_asks(found)
        return sorted(found, key=lambda box: -len(box.readings) - len(box.exchanges))

    # --- one message -------------------------------------------------------------------------------------------------

    def _take(self, said: Said) -> None:
        match said:
            case Frame():
                self.frames.append(said)
            case Exchanged():
                self.exchanged.append(said)
            case Shown():
                self.shown.append(said)
            case Topic():
                self._topic(said)
            case Datagram():
                self._datagram(said)
            case Http():
                self._http(said)
            case SaidDocument():
                self._document(said, said.text, "", "")
            case Known():
                self._known(said)

    def _topic(self, said: Topic) -> None:
        vendor, peer, tail = asking.split_topic(said.topic)
        ask = asking.on_topic(vendor, tail, said)
        if ask is not None:
            self._box(vendor or self.vendor or "warp", peer or said.peer).asks.append(ask)
            return
        if said.sent or tail.endswith(("/result", "/set")):
            return
        inner = asking.unbridged(said.payload)
        self._document(replace(said, peer=peer), inner, tail if vendor != "goe" else said.topic.lstrip("/"), said.over)

    def _datagram(self, said: Datagram) -> None:
        box = self._box("keba", said.peer)
        if said.sent:
            box.asked += 1
            ask = asking.by_datagram(said)
            if ask is not None:
                box.asks.append(ask)
            return
        box.answers += 1
        self._document(said, said.text, "", "udp")

    def _http(self, said: Http) -> None:
        ask = asking.by_http(said)
        if ask is not None:
            vendor = asking.vendor_of_path(said.path) or "goe"
            self._box(vendor, said.peer).asks.append(ask)
            return
        if said.reply is not None:
            self._document(said, said.reply, asking.label_of(said), "http")

    def _known(self, said: Known) -> None:
        if said.vendor not in _BY_VENDOR:
            return
        box = self._box(said.vendor, said.peer)
        box.asks += [asking.by_name(said, name, value) for name, value in said.writes.items()]
        for address, value in said.values.items():
            whole = address.startswith(("modbus.", "charger:"))
            leaves = [(address, value)] if whole else list(_leaves(address, value))
            box.readings += [
                Reading(said.at, said.line, said.interface, name, leaf, pushed=address.startswith("charger:"))
                for name, leaf in leaves
            ]

    def _document(self, said: Said, text: str, label: str, interface: str) -> None:
        words = asking.unframed(text)
        if words is None:
            return
        pieces, found = self._read(words, label)
        for piece in found:
            if piece.shape == "register":
                self.registers.append((said, int(piece.label), int(str(piece.data()))))
                continue
            form, documents = _claimed(piece, self.vendor)
            if form is None:
                self.unclaimed.append(said.line)
                continue
            box = self._box(form.vendor, said.peer)
            box.documents += documents
            for document in documents:
                over = document.interface if interface == "" else interface
                box.readings += readings_of(form.vendor, document, said, over)
        told = (remark for remark in pieces.remarks if not remark.text.startswith("not understood"))
        self.damaged += [(said.line + remark.line - 1, remark.text) for remark in told]

    def _read(self, text: str, label: str) -> tuple[Pieces, list[Piece]]:
        """The pieces of a text; of one that was broken in the middle of words, in the form that says most."""
        best: tuple[Pieces, list[Piece]] | None = None
        for form in _forms(text):
            pieces = Pieces(f"{label} {form}" if label else form)
            found = list(pieces)
            if best is None or _size(found) > _size(best[1]):
                best = pieces, found
        assert best is not None
        return best

    def _box(self, vendor: str, peer: str) -> Box:
        for box in self.found:
            if box.vendor == vendor and box.peer == peer:
                return box
        box = Box(vendor, peer)
        self.found.append(box)
        return box

    # --- all of them -------------------------------------------------------------------------------------------------

    def _modbus(self) -> None:
        for area in dict.fromkeys(said.area for said in self.exchanged):
            some = [said.exchange for said in self.exchanged if said.area == area]
            name = area.rpartition(".")[2]
            vendor = self.vendor or (name if name in _BY_VENDOR else whose(some, name))
            if vendor is not None:
                self._box(vendor, area).exchanges += some
        listed = list(listed_registers(self.registers))
        if listed and (vendor := self.vendor or whose(listed, "")) is not None:
            self._box(vendor, "").exchanges += listed
        for vendor, peer, exchanges in exchanges_of(self.frames, self.vendor):
            self._box(vendor, peer).exchanges += exchanges

    def _joined(self) -> list[Box]:
        """One box where the same is told with its address and without it."""
        found: list[Box] = []
        for box in self.found:
            same = [other for other in found if other.vendor == box.vendor and "" in (other.peer, box.peer)]
            if not same or (box.asked > box.answers and not box.readings and not box.exchanges):
                found.append(box)
                continue
            other = same[0]
            other.peer = other.peer or box.peer
            other.readings += box.readings
            other.asks += box.asks
            other.documents += box.documents
            other.exchanges += box.exchanges
            other.asked += box.asked
            other.answers += box.answers
        return found

    def _printed_asks(self, found: Sequence[Box]) -> None:
        """What a client printed that it asks for, where the log does not show how it did."""
        areas = {said.area for said in self.shown if any(name.startswith("!") for name in said.values)}
        if len(found) != 1 or len(areas) != 1 or found[0].shown:
            return
        box = found[0]
        written = [one for one in box.exchanges if one.written]
        seen = [ask.at for ask in box.asks] + [one.at for one in written]
        for said in self.shown:
            for name, value in said.values.items():
                near = any(said.at is not None and abs(at - said.at) <= NEAR for at in seen if at is not None)
                if name.startswith("!") and not near:
                    box.asks.append(asking.printed(said, name[1:], value))

    def _printed(self) -> Box:
        """A box of which nothing is known but what a client printed."""
        area = self.shown[0].area
        box = Box(self.vendor or "goe", shown=True)
        for said in self.shown:
            if said.area != area:
                continue
            for name, value in said.values.items():
                if name.startswith("!"):
                    box.asks.append(asking.printed(said, name[1:], value))
                else:
                    box.readings.append(Reading(said.at, said.line, "charger", f"charger:{name}", value))
        return box


def _forms(text: str) -> Iterator[str]:
    yield text
    if "\n" in text and not text.rstrip().endswith(("}\n", "]\n")):
        yield text.replace("\n", " ")
        yield text.replace("\n", "")
    if BROKEN in text:
        yield re.sub(f"{BROKEN}+", "", text)


def _size(pieces: Sequence[Piece]) -> int:
    return sum(len(piece.fields) for piece in pieces)


def values_of(vendor: str, text: str, label: str) -> dict[str, object]:
    """What a message of a vendor's box says: values by their names in scenarios."""
    found: dict[str, object] = {}
    for piece in Pieces(f"{label} {text}" if label else text):
        form, documents = _claimed(piece, vendor)
        for document in documents if form is not None else ():
            said = Said(at=None, line=1, area="")
            found |= {one.address: one.value for one in readings_of(vendor, document, said, "")}
    return found


def _claimed(piece: Piece, vendor: str | None) -> tuple[Format | None, Sequence[Document]]:
    for form in FORMATS:
        if vendor not in (None, form.vendor):
            continue
        documents = form.documents(piece)
        if documents:
            return form, documents
    return None, ()


def readings_of(vendor: str, document: Document, said: Said, interface: str) -> Iterator[Reading]:
    """Every value at the ends of a document."""
    for found in document.fields:
        if found.kind in ("object", "list"):
            continue
        address = _address(vendor, document.source, found)
        if address is not None:
            line, pushed = said.line + found.line - 1, document.source == "push"
            value = in_words(address, found.data) if vendor == "nrgkick" else found.data
            yield Reading(said.at, line, interface, address, value, pushed=pushed)


_TEXTS: Final = {
    "info.connector.type": enums.CONNECTOR_TYPE,
    "info.grid.phases": enums.GRID_PHASES,
    "info.cellular.mode": enums.CELLULAR_MODE,
    "values.general.status": enums.STATUS,
    "values.general.relay_state": enums.RELAY_STATE,
    "values.general.rcd_trigger": enums.RCD_TRIGGER,
    "values.general.warning_code": enums.WARNING,
    "values.general.error_code": enums.ERROR,
}


def in_words(address: str, value: object) -> object:
    """What an NRGkick tells as a number when it is asked for `raw`, as it tells it otherwise."""
    texts = _TEXTS.get(address)
    return texts.get(value, value) if texts is not None and isinstance(value, int) else value


def _address(vendor: str, source: str, found: Field) -> str | None:
    """What scenarios call a value of a document."""
    below = ".".join(found.path)
    match vendor:
        case "goe":
            if source == "/api/status":
                return below
            if source.lstrip("/") == "status":  # the old API, over HTTP or MQTT
                return f"v1.{below}"
            return f"{source}.{below}" if below else source
        case "keba":
            if source == "push":
                return f"report{3 if below == 'E pres' else 2}.{below}"
            return None if below == "ID" else f"report{source.removeprefix('report ')}.{below}"
        case "bender":
            return f"rest.{below}" if source == "full_state" else f"modbus.{source}"
        case "nrgkick":
            return f"{source.lstrip('/')}.{below}" if not source.isdigit() else f"modbus.{source}"
    if source.isdigit():
        return f"modbus.{source}"
    return f"{source}.{below}" if below else source


def _leaves(address: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(f"{address}.{name}", inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(f"{address}.{index}", inner)
    else:
        yield address, value
