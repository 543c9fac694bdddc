"""One module of the firmware: what it registers with the API is its table of rows, what it keeps is in it.

The one rule: a module gets the platform and the other modules it uses; nothing in it knows the whole wallbox.
Source: Tinkerforge esp32-firmware, `module.h`.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...core.instant import Instant
from ...core.messages import Event
from .platform import Handlers, Platform
from .view import View


class Module:
    """A module of one wallbox; most do nothing but answer."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.api = platform.api
        self.settings = platform.settings
        self.log = platform.log

    def boot(self) -> None:
        """The network processor starts: documents are loaded, everything else begins from nothing."""

    def stop(self) -> None:
        """The network processor stops: timers are cleared."""

    def handle(self, event: Event) -> None:
        """Something happened in the charger."""

    def second(self, at: Instant, v: View) -> Instant | None:
        """Look at the whole second after something happened; when to look again at the latest, None: not needed."""
        return None

    def routes(self) -> Mapping[str, Handlers]:
        """Paths that only HTTP has, and their handlers by method."""
        return {}
