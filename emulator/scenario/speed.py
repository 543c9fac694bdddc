"""How fast simulated time runs, as it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..core.values import terse
from ..language.arguments import ArgumentType, Schema, Scope
from ..language.nodes import Node
from ..runtime.clock import MAX_SPEED

_SPEEDS: Final[Mapping[str, object]] = {"realtime": 1.0, "frozen": 0.0}


@terse
class Speed(ArgumentType[float]):
    """Simulated seconds per second: a number, `realtime` or `frozen`."""

    @property
    def text(self) -> str:
        return f"realtime, frozen, or a speed factor 0..{MAX_SPEED:.0f}"

    def read(self, node: Node, scope: Scope) -> float:
        value = _SPEEDS.get(node.text, node.scalar) if node.is_scalar else None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_SPEED:
            self.wrong(node, scope)
        return float(value)

    def schema(self) -> Schema:
        return {"anyOf": [{"enum": ["realtime", "frozen"]}, {"type": "number", "minimum": 0, "maximum": MAX_SPEED}]}
