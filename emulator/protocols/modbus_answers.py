"""Answers of a Modbus server: what a reply of the device becomes on its way to the client.

The one rule: nothing here knows a connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, Literal

from ..core.values import value
from ..devices.delivery import Delivery
from ..devices.interception import UNTOUCHED, Interception
from ..devices.interfaces import ModbusReply
from .modbus_frames import Frame

DRIP: Final = 0.1
"""Wall seconds between two pieces of an answer that comes slowly."""


@value
class Answer:
    """What a connection does about one request."""

    frame: Frame | None
    """None: no reply."""
    raw: bytes | None = None
    """Sent instead of the frame: cut, garbled."""
    delay: float = 0.0
    """Wall seconds, counted from the request. Later replies on the connection wait as well."""
    rate: float | None = None
    """Bytes per wall second; None: in one write."""
    then: Literal["keep", "close", "reset"] = "keep"
    """What becomes of the connection afterwards."""

    @property
    def data(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return b"" if self.frame is None else self.frame.encode()


def answer(frame: Frame, pdu: bytes | None, reply: ModbusReply | None, detail: dict[str, object]) -> Answer:
    """The answer that a reply becomes; `detail` says what it was."""
    if reply is None:
        detail["silent"] = True
        return Answer(frame=None)
    detail.update(reply.journal)
    if reply.close:
        detail["closed"] = True
    if hangs_up(reply):
        return Answer(frame=None, then="close")
    if reply.exception is not None:
        detail["exception"] = reply.exception
    answer = framed(frame, pdu)
    return replace(answer, then="close") if reply.close else answer


def hangs_up(reply: ModbusReply) -> bool:
    """Whether the device ends the connection without a word."""
    return reply.close and reply.exception is None


def framed(frame: Frame, pdu: bytes | None) -> Answer:
    return Answer(frame=None if pdu is None else Frame(frame.transaction, frame.unit, pdu))


def pieces(answer: Answer) -> Iterator[tuple[float, Answer]]:
    """An answer that comes slowly as several, with the wall seconds between it and each."""
    data, rate = answer.data, answer.rate
    if rate is None or len(data) < 2:
        yield 0.0, answer
        return
    size = max(1, round(rate * DRIP))
    for start in range(0, len(data), size):
        last = start + size >= len(data)
        part = replace(answer, raw=data[start : start + size], rate=None, then=answer.then if last else "keep")
        yield start / size * DRIP, part


def passed(answer: Answer, interception: Interception) -> Answer:
    """What is left of an answer."""
    if interception is UNTOUCHED:
        return answer
    whole = answer.data
    delivery = interception.deliver(whole)
    if delivery == Delivery(data=whole):
        return answer
    return replace(
        answer,
        raw=b"" if delivery.silent else delivery.data,
        delay=delivery.delay,
        rate=delivery.rate,
        then=answer.then if delivery.then == "keep" else delivery.then,
    )
