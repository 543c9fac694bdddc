"""Error codes of the API, and what each of them is in the emulator's vocabulary.

The one rule: everything that can go wrong is a `Refusal`; how it is put on the wire is the business of `rpc`.
Source: Charger local API, chapter 2; codes of the RPC framework. Only the text of -6 has been seen; clients compare
no texts. ASSUMED: the texts of the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ...core.messages import Outcome, Reason


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error object `{"code", "message"}`."""

    reason: Reason
    code: int
    message: str

    def outcome(self) -> Outcome:
        return Outcome(refused=self.reason, message=self.message, detail={"code": self.code})

    def error(self) -> dict[str, object]:
        return {"code": self.code, "message": self.message}


GENERAL: Final = Refusal(Reason.NOT_NOW, -1, "Error general fail.")
FORMAT: Final = Refusal(Reason.INVALID, -2, "Error JSON format.")
"""A key that is needed is missing."""
LENGTH: Final = Refusal(Reason.WRONG_LENGTH, -3, "Error key length.")
RANGE: Final = Refusal(Reason.OUT_OF_RANGE, -4, "Error key range.")
TYPE: Final = Refusal(Reason.WRONG_TYPE, -5, "Error key format.")
UNKNOWN_KEY: Final = Refusal(Reason.UNKNOWN, -6, "Error uknown key.")
PROHIBITED: Final = Refusal(Reason.NOT_ALLOWED, -7, "Error prohibited action.")
"""Newer firmware; older firmware answers -1."""


def no_handler(method: str) -> Refusal:
    """Source: rpc-common, mg_rpc.c."""
    return Refusal(Reason.UNKNOWN, 404, f"No handler for {method}")


def shutting_down(milliseconds: int) -> Refusal:
    """In the last moment before a restart. Source: rpc-common, mgos_rpc.c."""
    return Refusal(Reason.UNREACHABLE, 418, f"shutting down in {milliseconds} ms")
