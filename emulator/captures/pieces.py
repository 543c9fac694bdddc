"""A paste cut into pieces: a JSON value, alone or behind its topic; a pair of key and text; a register.

The one rule: which device a piece is from is not asked here; what is no piece is remembered with its line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from ..devices.documents import NotJson
from .capture import Field, Remark
from .spelling import Brackets, fields, is_scalar, mended
from .wrappers import unwrapped

Shape = Literal["json", "pair", "register"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing in a paste. The value of a pair is a text, spelled as JSON would."""

    shape: Shape
    label: str
    """Topic, key or address; of a bare JSON value what stood before it, or empty."""
    fields: tuple[Field, ...]
    complete: bool = True

    @property
    def line(self) -> int:
        return self.fields[0].line

    def data(self) -> object:
        return self.fields[0].data

    def names(self) -> set[str]:
        """Names of the members of the object that it is."""
        return {found.path[0] for found in self.fields if len(found.path) == 1}


_LOGGER: Final = re.compile(r"^\[[^\]]{1,20}\] (?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL) +\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ?")
_LEADS: Final = (
    re.compile(r"^(?:recv|send) (?P<label>[^\s:]+): '(?P<payload>.*)'$"),
    re.compile(r"^(?:ws|websocket:) event (?P<label>[^\s:]+): (?P<payload>.*)$"),
    re.compile(r"""^ ?"(?P<label>[\w/]+/[\w/]+)": ?(?P<payload>.*?)[,}]?$"""),  # a debug report without its beginning
)
"""How loggers write a topic and its payload."""
_NOISE: Final = re.compile(r"^(?:#|//|;|--|==|\*\*|\S{0,40}[#$] |[0-9a-fA-F]{1,4}$|\(null\)$)|^[\W_]*$")
"""Comments, headings, rules, shell prompts, sizes of HTTP chunks."""
_TOPIC: Final = re.compile(r"^(?P<label>/?[A-Za-z][\w/.+-]*)(?:[ \t]+|[ \t]*=[ \t]*)(?P<payload>\S.*)$")
_RECORD: Final = re.compile(r'^(?:/?[A-Za-z][\w/.+-]*[ \t]+(?:[\[{"\d-]|true$|false$|null$)|\[[^\]]{1,20}\] [A-Z]+ )')
"""A line that begins something new, even where a JSON value has not ended."""
_NUMBER: Final = r"(?:0[xX][0-9a-fA-F]{1,4}|-?\d{1,10})"
_REGISTER: Final = re.compile(
    rf"^(?!\d{{1,7}},\d{{3}} +\|)(?:reg(?:ister)?\s*)?(?P<address>0[xX][0-9a-fA-F]{{1,4}}|\d{{1,5}})\s*[\s:=,;|]\s*"
    rf"(?P<values>{_NUMBER}(?:[\s,;|]+{_NUMBER})*)\s*(?:[^\s\d].*)?$",
    re.IGNORECASE,
)
_PAIR: Final = re.compile(r"^(?P<label>\w+):(?P<text>.*)$")
_LABEL: Final = re.compile(r"(?P<label>[\w/.+-]+)\s*[:=]?\s*$")
_UNQUOTED: Final = re.compile(r'("(?:[^"\\]|\\.)*")|(?<=[:\[,])(\s*)([^\s",{}\[\]]+)(?=\s*[,}\]])')
"""A text, or else a value without quotation marks."""
_MARK: Final = '"\u2588"'
_TRAILING: Final = re.compile(r",(?=\s*[}\]])")


@dataclass
class Pieces:
    """Reads a paste line by line."""

    text: str
    remarks: list[Remark] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lines = unwrapped(self.text)
        self._next = 0

    def __iter__(self) -> Iterator[Piece]:
        while self._next < len(self._lines):
            line = _LOGGER.sub("", self._lines[self._next])
            self._next += 1
            bare = line.strip()
            if bare.startswith(("{", "[")) or not _NOISE.match(bare):
                yield from self._line(line)

    @property
    def _number(self) -> int:
        """Of the line being read."""
        return self._next

    def _line(self, line: str) -> Iterator[Piece]:
        bare = line.strip()
        for lead in _LEADS:
            if found := lead.match(line):
                yield from self._payload(found["label"], found["payload"].strip())
                return
        if found := _REGISTER.match(bare):
            yield from self._registers(found["address"], found["values"])
        elif (found := _TOPIC.match(bare)) and is_scalar(found["payload"]):
            yield Piece("json", found["label"], fields(found["payload"], self._number))
        elif (at := _opening(bare)) is not None:
            label = _LABEL.search(bare[:at])
            yield from self._payload(label["label"] if label else "", bare[at:])
        elif found := _PAIR.match(bare):
            yield Piece("pair", found["label"], (Field((), json.dumps(found["text"]), self._number),))
        else:
            self._not_understood(bare)

    def _registers(self, address: str, values: str) -> Iterator[Piece]:
        first = int(address, 0) if address[:2].lower() == "0x" else int(address)
        for offset, value in enumerate(re.split(r"[\s,;|]+", values.strip())):
            number = int(value, 16) if value[:2].lower() == "0x" else int(value)
            yield Piece("register", str(first + offset), (Field((), str(number), self._number),))

    def _payload(self, label: str, text: str) -> Iterator[Piece]:
        """A JSON value that begins here, with the lines it goes on for, and what stands behind it."""
        first = self._number
        if is_scalar(text):
            yield Piece("json", label, fields(text, first))
            return
        brackets, whole = Brackets(), text
        end = brackets.feed(text)
        while end is None and brackets.open and self._next < len(self._lines):
            line = self._lines[self._next]
            if _RECORD.match(line):
                break
            self._next += 1
            before = len(whole) + 1
            whole = f"{whole}\n{line}"
            if (found := brackets.feed("\n" + line)) is not None:
                end = before - 1 + found
        if brackets.too_deep:
            self.remarks.append(Remark(first, "nested too deeply to be a device's"))
            return
        yield from self._value(label, whole if end is None else whole[:end], first, complete=end is not None)
        behind = "" if end is None else whole[end:]
        if (at := _opening(behind)) is not None and label == "":
            yield from self._payload("", behind[at:])

    def _value(self, label: str, text: str, line: int, *, complete: bool) -> Iterator[Piece]:
        if not complete:
            kept = mended(text)
            self.remarks.append(Remark(line, "the end of this document is missing"))
            if kept is None:
                return
            text = kept
        try:
            yield Piece("json", label, self._tolerant(text, line), complete)
        except NotJson:
            self._not_understood(text.partition("\n")[0])

    def _tolerant(self, text: str, line: int) -> tuple[Field, ...]:
        """Fields of a JSON text; digits masked by hand and commas too many are passed over. NotJson if it is none."""
        try:
            return fields(text, line)
        except NotJson:
            every = fields(_UNQUOTED.sub(_marked, _TRAILING.sub(" ", text)), line)
        hidden = [found for found in every if found.spelled == _MARK]
        self.remarks += [Remark(found.line, f"{'.'.join(found.path)}: masked by hand") for found in hidden]
        return tuple(found for found in every if found.spelled != _MARK)

    def _not_understood(self, text: str) -> None:
        shown = text if len(text) <= 60 else f"{text[:57]}..."
        self.remarks.append(Remark(self._number, f"not understood: {shown}"))


def _marked(found: re.Match[str]) -> str:
    """A value without quotation marks that is no JSON, marked."""
    return found[0] if found[1] is not None or is_scalar(found[3]) else found[2] + _MARK


def _opening(text: str) -> int | None:
    """Where a JSON object or list begins in a line."""
    found = re.search(r'\{\s*(?:"|\}|$)|\[\s*(?:["\d\[{\]-]|true|false|null|$)', text)
    return found.start() if found else None
