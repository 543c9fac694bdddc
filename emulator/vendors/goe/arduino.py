"""The device's JSON parser, as far as clients can tell it from others.

The one rule: it accepts what ArduinoJson 6.17 accepts and names its errors. That parser reads text without quotes by
its first letter and length: `new_name` begins like `null` and is an incomplete one, `true`, `nope` and `test` are
values. Source: goecharger/go-eCharger-API-v2, refusals of `fna=new_name` and of an empty value; ArduinoJson sources.
"""

from __future__ import annotations

from typing import Final

from ...devices.texts import paired

_NESTING: Final = 10
_LONGEST: Final = 63
"""Characters of text without quotes that the parser collects."""
_BARE: Final = frozenset("+-._`") | set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_WORDS: Final[dict[str, tuple[int, object]]] = {"t": (4, True), "f": (5, False), "n": (4, None)}
_ESCAPES: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class JsonError(Exception):
    """The text is no JSON; the argument is the parser's name for what is wrong."""

    @property
    def name(self) -> str:
        return str(self.args[0])


def parse(text: str) -> object:
    """The value in `text`; what follows the first value is ignored. JsonError if there is none."""
    return _Parser(text).document()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def document(self) -> object:
        if self._space() == "":
            raise JsonError("EmptyInput")
        return self._value(_NESTING)

    def _space(self) -> str:
        """The next character that is no blank, not consumed; empty at the end."""
        text = self._text
        while self._at < len(text) and text[self._at] in " \t\r\n":
            self._at += 1
        return text[self._at] if self._at < len(text) else ""

    def _value(self, depth: int) -> object:
        first = self._space()
        if first == "":
            raise JsonError("IncompleteInput")
        if first in "[{":
            if depth == 0:
                raise JsonError("TooDeep")
            return self._array(depth - 1) if first == "[" else self._object(depth - 1)
        return self._quoted(first) if first in "\"'" else self._bare()

    def _array(self, depth: int) -> list[object]:
        self._at += 1
        values: list[object] = []
        if self._space() == "]":
            self._at += 1
            return values
        while True:
            values.append(self._value(depth))
            if self._separator("]"):
                return values

    def _object(self, depth: int) -> dict[str, object]:
        self._at += 1
        members: dict[str, object] = {}
        if self._space() == "}":
            self._at += 1
            return members
        while True:
            name = self._name()
            if self._space() != ":":
                raise JsonError("IncompleteInput" if self._space() == "" else "InvalidInput")
            self._at += 1
            members[name] = self._value(depth)
            if self._separator("}"):
                return members

    def _separator(self, end: str) -> bool:
        """Consume `,` or `end`; whether it was the end."""
        found = self._space()
        self._at += 1
        if found == "":
            raise JsonError("IncompleteInput")
        if found not in ("," + end):
            raise JsonError("InvalidInput")
        return found == end

    def _name(self) -> str:
        first = self._space()
        if first and first in "\"'":
            return self._quoted(first)
        name = self._collect(len(self._text))
        if not name:
            raise JsonError("IncompleteInput" if first == "" else "InvalidInput")
        return name

    def _quoted(self, quote: str) -> str:
        text = self._text
        parts: list[str] = []
        self._at += 1
        while self._at < len(text):
            character = text[self._at]
            self._at += 1
            if character == quote:
                return paired("".join(parts))
            parts.append(self._escape() if character == "\\" else character)
        raise JsonError("IncompleteInput")

    def _escape(self) -> str:
        text = self._text
        if self._at >= len(text):
            raise JsonError("IncompleteInput")
        kind = text[self._at]
        self._at += 1
        if kind != "u":
            if kind not in "\"\\/bfnrt'":
                raise JsonError("InvalidInput")
            return _ESCAPES.get(kind, kind)
        digits = text[self._at : self._at + 4]
        self._at += 4
        try:
            return chr(int(digits, 16)) if len(digits) == 4 else ""
        except ValueError:
            raise JsonError("InvalidInput") from None

    def _collect(self, longest: int) -> str:
        start = self._at
        while self._at < len(self._text) and self._text[self._at] in _BARE and self._at - start < longest:
            self._at += 1
        return self._text[start : self._at]

    def _bare(self) -> object:
        word = self._collect(_LONGEST)
        if word[:1] in _WORDS:
            length, value = _WORDS[word[0]]
            if len(word) != length:
                raise JsonError("IncompleteInput")
            return value
        return _number(word)


def _number(word: str) -> object:
    sign = -1 if word.startswith("-") else 1
    digits = word[1:] if word[:1] in ("+", "-") else word
    if digits.isascii() and digits.isdigit():
        return sign * int(digits)
    if not digits or not (digits[0].isdigit() or digits[0] == ".") or "_" in digits:
        raise JsonError("InvalidInput")
    try:
        return sign * float(digits)
    except ValueError:
        raise JsonError("InvalidInput") from None
