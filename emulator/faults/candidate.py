"""One message that a fault may hit: whether it does, and what is recorded of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ..devices.documents import Path, address
from ..devices.traffic import Message
from .effect import OnMessages

if TYPE_CHECKING:
    from ..devices.wallbox import Wallbox
    from .active import ActiveFault

CHANGES: Final = 8
"""Changed values that the journal shows of one message."""


class Candidate:
    """One message that a fault may hit."""

    def __init__(
        self, fault: ActiveFault, message: Message, wallbox: Wallbox, *, peek: bool = False, prefix: str = ""
    ) -> None:
        """`prefix`: what the wallbox's topics begin with."""
        self.fault = fault
        self.effect = fault.effect
        self.message = message
        self.wallbox = wallbox
        self.peek = peek
        """Somebody only looks: nothing counts, nothing is recorded."""
        self.wanted = False
        """What the effect has to remember between two questions about this message."""
        self.readings: Mapping[str, object] = {}
        """What the wallbox's values read before it."""
        self.detail: dict[str, object] = {}
        self.selects = isinstance(self.effect, OnMessages) and self.effect.selects
        """The fault is about values inside the message, and fires by itself."""
        self.within = tuple(address(topic) for topic in message.topics if fault.injection.match.about(topic, prefix))
        """What has the topics that `match` is about."""
        self._fired: bool | None = None

    @property
    def key(self) -> Path | None:
        """Which values `match` chooses."""
        return self.fault.injection.match.path_of_key

    @property
    def fired(self) -> bool:
        return self._fired is True

    def fire(self) -> bool:
        """Whether the fault hits this message; decided at the first call."""
        if self._fired is None:
            # Handling the message may have ended the fault, and so may a look at its condition.
            self._fired = self.fault.take(peek=self.peek) and self.fault.may_hit
            if self._fired and not self.peek:
                self.detail["message"] = self.message.label
                self.fault.hit(
                    self.detail,
                    wallbox=self.wallbox.name,
                    interface=self.message.interface,
                    client=self.message.client,
                )
        return self._fired

    def changed(self, path: Path, old: object, new: object) -> None:
        """Record a changed value."""
        shown = self.detail.setdefault("changed", {})
        if isinstance(shown, dict) and len(shown) < CHANGES:
            shown[".".join(path)] = [_plain(old), _plain(new)]


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | list | dict) or value is None else str(value)
