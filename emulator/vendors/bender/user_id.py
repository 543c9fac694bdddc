"""A user id that a client writes in pieces of two characters, into registers 1110 to 1119.

The one rule: nothing happens before the last two characters; then it acts like a card that is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ...core.messages import DONE, Outcome, Reason
from ...devices.interfaces import Origin
from ...devices.registers import Recorder

USER_ID: Final = range(1110, 1120)
NOT_ALLOWED: Final = Outcome(refused=Reason.NOT_ALLOWED, message="start and stop of transactions is switched off")
NO_USER: Final = Outcome(refused=Reason.UNAUTHORISED, message="no user id")
_BLANK: Final = 0x2020


class UserId:
    """The user id that is being written."""

    def __init__(self, allowed: Callable[[], bool], authorise: Callable[[str], Outcome], recorder: Recorder) -> None:
        self._allowed = allowed
        self._authorise = authorise
        self._recorder = recorder
        self.forget()

    def forget(self) -> None:
        self._words = [_BLANK] * len(USER_ID)

    def write(self, index: int, word: int, origin: Origin) -> Outcome:
        if not self._allowed():
            return NOT_ALLOWED
        self._words[index] = word
        if index < len(USER_ID) - 1:
            return DONE
        data = b"".join(part.to_bytes(2, "big") for part in self._words)
        self.forget()
        user = data.decode("ascii", "replace").strip(" \0")
        outcome = self._authorise(user) if user else NO_USER
        self._recorder.record_write("user_id", user, outcome, origin)
        return outcome
