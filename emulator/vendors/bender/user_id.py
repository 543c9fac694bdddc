"""A user id that a client writes in pieces of two characters, into registers 1110 to 1119.

The one rule: nothing happens before the last two characters; then it acts like a card that is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ...core.messages import DONE, Outcome, Reason
from ...devices.interfaces import Origin
from ...devices.registers import Recorder

USER_ID: Final = range(1110, 1120)
NOT_ALLOWED: Final = Outcome(refused=Reason.NOT_ALLOWED, message="start and stop of transactions is switched off")
NO_USER: Final = Outcome(refused=Reason.UNAUTHORISED, message="no user id")
_BLANK: Final = 0x2020


@dataclass(slots=True)
class UserId:
    """The user id that is being written."""

    allowed: Callable[[], bool]
    authorise: Callable[[str], Outcome]
    recorder: Recorder
    _words: list[int] = field(init=False, default_factory=lambda: [_BLANK] * len(USER_ID))

    def forget(self) -> None:
        self._words = [_BLANK] * len(USER_ID)

    def write(self, index: int, word: int, origin: Origin) -> Outcome:
        if not self.allowed():
            return NOT_ALLOWED
        self._words[index] = word
        if index < len(USER_ID) - 1:
            return DONE
        data = b"".join(part.to_bytes(2, "big") for part in self._words)
        self.forget()
        user = data.decode("ascii", "replace").strip(" \0")
        outcome = self.authorise(user) if user else NO_USER
        self.recorder.record_write("user_id", user, outcome, origin)
        return outcome
