"""Valid messages made hostile: bits, bytes, lengths, numbers, nesting, repeats, and pieces of other messages.

The one rule: everything follows from the seed, so that what broke something can be sent again.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import Final

LARGEST: Final = 60_000
"""Bytes of a mutated message, unless the original was longer."""
NUMBERS: Final = (
    b"0", b"-1", b"-0", b"1e308", b"1e999", b"-1e-999", b"NaN", b"Infinity", b"-Infinity", b"2147483648", b"4294967296",
    b"9223372036854775808", b"18446744073709551616", b"9" * 39, b"9" * 400, b"9" * 5000, b"0x10", b"010", b"1.5", b"+1",
    b"1_000", b"\xd9\xa1", b"0." + b"1" * 400, b"65535", b"65536", b"32768", b"-32769",
)  # fmt: skip
VALUES: Final = (
    b"null", b"true", b"false", b"{}", b"[]", b'""', b'"x"', b"[[]]", b'{"":{}}', b'"\\ud800"', b'"\\u0000"', b"[null]",
    b'{"a":1,"a":2}', b'"' + b"x" * 5000 + b'"', b"[" * 200, b"{}" * 50, b'{"a":' * 150, b"[0" + b",0" * 2000 + b"]",
)  # fmt: skip
TOKENS: Final = (
    b"\x00", b"\xff", b"\xff\xfe", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\r\n", b"\n", b"\r\n\r\n", b" ", b"\t", b"%00",
    b"%", b"%zz", b"%ff", b"../", b"//", b"#", b"+", b"?", b"&", b"=", b"=&=", b";", b",", b":", b"'", b'"', b"\\",
    b"${jndi}", b"{{", b"<script>", b"\x1b[2J", b"A" * 300, b"\xe2\x80\xae", b"\xf0\x9f\x9a\x97", b"$share/", b"+/+/#",
)  # fmt: skip
LENGTHS: Final = (0, 1, 2, 3, 5, 126, 127, 128, 255, 256, 260, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF)
NUMBER: Final = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
VALUE: Final = re.compile(rb"(?<=[:,\[=])\s*(?:\"[^\"]*\"|[^\s,\]}&:\[{\"]+)")


class Mutator:
    """Makes messages of those of a corpus."""

    def __init__(self, random: random.Random, corpus: Sequence[bytes]) -> None:
        assert corpus, "nothing to start from"
        self.random = random
        self.corpus = corpus

    def original(self) -> bytes:
        return self.random.choice(self.corpus)

    def __call__(self) -> bytes:
        """A mutated one; one in twenty is left as it was, so that there is some way into the deeper states."""
        return self.of(self.original())

    def of(self, message: bytes) -> bytes:
        """This message, mutated."""
        if self.random.random() < 0.05:
            return message
        most = max(LARGEST, len(message))
        for _ in range(self.random.choice((1, 1, 1, 2, 3, 6))):
            message = self.random.choice(WAYS)(self, message)[:most]
        return message

    def _place(self, message: bytes) -> int:
        return self.random.randrange(len(message) + 1)

    def _piece(self, message: bytes) -> tuple[int, int]:
        start = self._place(message)
        return start, min(len(message), start + self.random.choice((1, 1, 2, 4, 8, 16, 64, 256)))


def _bit(of: Mutator, message: bytes) -> bytes:
    if not message:
        return message
    changed = bytearray(message)
    changed[of.random.randrange(len(message))] ^= 1 << of.random.randrange(8)
    return bytes(changed)


def _byte(of: Mutator, message: bytes) -> bytes:
    start, end = of._piece(message)
    return message[:start] + of.random.randbytes(end - start) + message[end:]


def _cut(of: Mutator, message: bytes) -> bytes:
    return message[: of._place(message)]


def _without(of: Mutator, message: bytes) -> bytes:
    start, end = of._piece(message)
    return message[:start] + message[end:]


def _repeated(of: Mutator, message: bytes) -> bytes:
    start, end = of._piece(message)
    return message[:start] + message[start:end] * of.random.choice((2, 2, 3, 8, 60, 700)) + message[end:]


def _spliced(of: Mutator, message: bytes) -> bytes:
    other = of.original()
    return message[: of._place(message)] + other[of._place(other) :]


def _token(of: Mutator, message: bytes) -> bytes:
    at = of._place(message)
    return message[:at] + of.random.choice(TOKENS) + message[at:]


def _length(of: Mutator, message: bytes) -> bytes:
    """Two bytes become a number that a length might be."""
    at = of._place(message)
    return message[:at] + of.random.choice(LENGTHS).to_bytes(2) + message[at + 2 :]


def _swapped(pattern: re.Pattern[bytes], values: Sequence[bytes]) -> Callable[[Mutator, bytes], bytes]:
    """Something that looks like a value becomes another one."""

    def way(of: Mutator, message: bytes) -> bytes:
        chosen = pattern.search(message, of._place(message)) or pattern.search(message)
        if chosen is None:
            return _token(of, message)
        return message[: chosen.start()] + of.random.choice(values) + message[chosen.end() :]

    return way


def _nested(of: Mutator, message: bytes) -> bytes:
    at, depth = of._place(message), of.random.choice((2, 30, 45, 700, 5000))
    opened, closed = of.random.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"(", b")"), (b"- ", b"")))
    return message[:at] + opened * depth + message[at:] + closed * of.random.choice((0, depth))


WAYS: Final[tuple[Callable[[Mutator, bytes], bytes], ...]] = (
    _bit, _bit, _byte, _cut, _without, _repeated, _spliced, _token, _token, _length, _swapped(NUMBER, NUMBERS),
    _swapped(NUMBER, NUMBERS), _swapped(VALUE, VALUES + NUMBERS), _swapped(VALUE, VALUES + NUMBERS), _nested,
)  # fmt: skip
