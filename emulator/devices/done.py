"""What is done to a wallbox, and counts as something that happens to it, whatever a vendor makes of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, TypeVar

if TYPE_CHECKING:
    from .wallbox import Wallbox

DONE_TO_IT: Final = ("present_card", "press_button", "lose_authorisation", "write", "set_firmware", "reboot")
"""What scenarios, people and clients do to a wallbox."""
P = ParamSpec("P")
T = TypeVar("T")


def counted(done: Callable[Concatenate[Wallbox, P], T]) -> Callable[Concatenate[Wallbox, P], T]:
    """The same, as something that happens to the wallbox."""

    @wraps(done)
    def made(wallbox: Wallbox, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with wallbox.simulation.agenda.on_behalf_of(wallbox.happenings):
            return done(wallbox, *args, **kwargs)

    return made
