"""What nobody has caught on the event loop, and what the operating system cannot give.

The one rule: the emulator goes on, and says each thing once a minute at most.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable
from typing import Any, Final

from ..errors import EmulatorError
from ..runtime.bugs import Bugs, SeldomLog

log = logging.getLogger(__name__)

SCARCE: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
Unhandled = Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object]


def unhandled(bugs: Bugs) -> Unhandled:
    """A handler for an event loop (`set_exception_handler`)."""
    seldom = SeldomLog()

    def say(text: str) -> None:
        times = seldom.due(text)
        if times is not None:
            log.error("%s%s", text, f" ({times} times since this was said last)" if times > 1 else "")

    def handle(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error, text = context.get("exception"), str(context.get("message", "unhandled"))
        if isinstance(error, OSError) and error.errno in SCARCE:
            say(f"no connection can be taken: {error.strerror}; raise `ulimit -n`, or let fewer clients connect")
        elif isinstance(error, EmulatorError | OSError):
            say(f"{text}: {error}")
        elif isinstance(error, Exception):
            bugs.caught(text, error)
        else:
            say(text)

    return handle


async def cancelled(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end, whatever it is."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
