"""Answers of a Modbus server: what a reply of the device becomes on its way to the client.

The one rule: nothing here knows a connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from ..devices.delivery import Delivery
from ..devices.interception import UNTOUCHED, Interception
from ..devices.interfaces import ModbusReply
from ..runtime.sizes import Detail
from .modbus_frames import Frame, framed

DRIP: Final = 0.1
"""Wall seconds between two pieces of an answer that comes slowly."""


@dataclass(slots=True)
class Answer:
    """What a connection does about one request."""

    data: bytes
    """Empty: no reply."""
    delay: float = 0.0
    """Wall seconds, counted from the request. Later replies on the connection wait as well."""
    rate: float | None = None
    """Bytes per wall second; None: in one write."""
    then: Literal["keep", "close", "reset"] = "keep"
    """What becomes of the connection afterwards."""


def answer(frame: Frame, pdu: bytes | None, reply: ModbusReply | None, detail: Detail) -> Answer:
    """The answer that a reply becomes; `detail` says what it was."""
    if reply is None:
        detail.complete({"silent": True})
        return Answer(b"")
    detail.complete(reply.journal)
    if reply.close:
        detail.complete({"closed": True})
    if reply.exception is not None:
        detail.complete({"exception": reply.exception})
    data = b"" if pdu is None else framed(frame.transaction, frame.unit, pdu)
    return Answer(data, then="close") if reply.close else Answer(data)


def hangs_up(reply: ModbusReply) -> bool:
    """Whether the device ends the connection without a word."""
    return reply.close and reply.exception is None


def pieces(answer: Answer) -> Iterator[tuple[float, Answer]]:
    """An answer that comes slowly as several, with the wall seconds between it and each."""
    data, rate = answer.data, answer.rate
    if rate is None or len(data) < 2:
        yield 0.0, answer
        return
    size = max(1, round(rate * DRIP))
    for start in range(0, len(data), size):
        last = start + size >= len(data)
        part = replace(answer, data=data[start : start + size], rate=None, then=answer.then if last else "keep")
        yield start / size * DRIP, part


def passed(answer: Answer, interception: Interception) -> Answer:
    """What is left of an answer."""
    if interception is UNTOUCHED:
        return answer
    delivery = interception.deliver(answer.data)
    if delivery == Delivery(data=answer.data):
        return answer
    return replace(
        answer,
        data=b"" if delivery.silent else delivery.data,
        delay=delivery.delay,
        rate=delivery.rate,
        then=answer.then if delivery.then == "keep" else delivery.then,
    )
