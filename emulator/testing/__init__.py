"""The emulator for tests in Python: synchronous, with a frozen clock, on a thread of its own.

The one rule: a call returns when what it asked for has happened and the sockets agree with the site, so that a test
needs no sleep; it works alike from synchronous tests and from a test's own event loop.
"""

from __future__ import annotations

from .background import Background
from .fixture import EmulatorFixture
from .wallbox import WallboxFixture

__all__ = ["Background", "EmulatorFixture", "WallboxFixture"]
