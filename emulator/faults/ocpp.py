"""Faults of the conversation between a charge point and its central system (OCPP-J).

The one rule: a frame is a JSON list, and what is no frame is left alone; messages of either side are disturbed alike.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from ..devices.traffic import ProtocolName
from ..language.arguments import Text
from ..language.fields import About
from .effect import ChangesText, OnMessages

if TYPE_CHECKING:
    from .candidate import Candidate

_OCPP: tuple[ProtocolName, ...] = ("ocpp",)
CALL, RESULT, ERROR = 2, 3, 4
SAME_ID: Final = "1"


def _frame(text: str) -> list[object] | None:
    """The parts of a frame; None: it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) and len(found) > 2 else None


def _written(parts: list[object]) -> str:
    return json.dumps(parts, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallError(OnMessages, ChangesText):
    """Calls are answered with CALLERROR; `direction: in` hits answers of the central system."""

    primitive: ClassVar[str] = "P12"
    protocols: ClassVar[tuple[ProtocolName, ...]] = _OCPP

    code: Annotated[str, Text(), About("the error code")] = "InternalError"
    description: str = ""

    def text(self, candidate: Candidate, text: str) -> str:
        parts = _frame(text)
        if parts is None or parts[0] != RESULT:
            return text
        return _written([ERROR, parts[1], self.code, self.description, {}])


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateCallId(OnMessages, ChangesText):
    """Every call comes with the same id."""

    primitive: ClassVar[str] = "P12"
    protocols: ClassVar[tuple[ProtocolName, ...]] = _OCPP

    def text(self, candidate: Candidate, text: str) -> str:
        parts = _frame(text)
        return text if parts is None or parts[0] != CALL else _written([CALL, SAME_ID, *parts[2:]])
