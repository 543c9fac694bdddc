"""What the broker of a run has retained: what a client that comes now is handed at once.

The one rule: with sockets and without, every publication of a wallbox passes here, so that a step which asks the
broker gets the same answer.
"""

from __future__ import annotations

from typing import Final, Self

from ..runtime.simulation import Simulation
from .interfaces import Publish
from .topics import concerns

KEY: Final = "retained"
EXCERPT: Final = 200
"""Characters of a payload that the journal keeps."""


class Retained:
    """The retained messages of one simulation's broker, by topic."""

    def __init__(self) -> None:
        self._messages: dict[str, Publish] = {}

    @classmethod
    def of(cls, simulation: Simulation) -> Self:
        return simulation.extension(KEY, cls, cls)

    def put(self, message: Publish) -> None:
        """A message was published; an empty one that is to be retained takes back what was."""
        if message.retain and message.payload:
            self._messages[message.topic] = message
        elif message.retain:
            self._messages.pop(message.topic, None)

    def clear(self) -> None:
        """The broker was restarted."""
        self._messages.clear()

    def below(self, prefix: str, topic: str) -> list[Publish]:
        """What is retained on a topic of a wallbox with this prefix; it may hold `+` and `#`."""
        start = prefix.rstrip("/") + "/"
        mine = (message for name, message in self._messages.items() if name.startswith(start) or name == topic)
        return [message for message in mine if concerns(topic, message.topic, prefix)]


def described(message: Publish, prefix: str, *, pushed: bool) -> dict[str, object]:
    """A publication in the journal. `pushed`: by the wallbox."""
    detail: dict[str, object] = {"payload": _excerpt(message.payload)}
    if pushed:
        detail["reads"] = [message.topic.removeprefix(f"{prefix.rstrip('/')}/")]
    if message.retain:
        detail["retain"] = True
    if message.qos:
        detail["qos"] = message.qos
    return detail


def _excerpt(payload: bytes) -> str:
    text = payload[: 4 * EXCERPT].decode(errors="replace")
    return text if len(text) <= EXCERPT else text[:EXCERPT] + "…"
