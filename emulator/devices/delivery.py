"""What becomes of the bytes of a message.

The one rule: delays and rates are wall time, because they are aimed at a client's time-outs.
"""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from ..core.values import value

M = TypeVar("M")


@value
class Delivery:
    """How one message goes to the client."""

    data: bytes
    delay: float = 0.0
    """Before the first byte [wall s]."""
    rate: float | None = None
    """Bytes per wall second; None: all at once."""
    silent: bool = False
    """Nothing is sent, and the connection stays open."""
    then: Literal["keep", "close", "reset"] = "keep"


@value
class Copy(Generic[M]):
    """One copy of a message that may get lost, come late or come twice: a datagram, a publication."""

    message: M
    """As it was sent."""
    data: bytes
    delay: float = 0.0
    """Before it goes on [wall s]."""
