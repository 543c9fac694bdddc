"""Two controllers in one wallbox: the first knows the state of the second.

The one rule: only the state crosses over. Source: `slave_state` of the seed document; the second connector has a Modbus
server of its own on the next port.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ...runtime.simulation import Simulation

_KEY: Final = "bender.controllers"


class Controllers:
    """The controllers of one simulation that another one may be wired to, by their address."""

    def __init__(self) -> None:
        self.states: dict[str, Callable[[], str]] = {}
        """`ocpp_state` of each."""

    @classmethod
    def of(cls, simulation: Simulation) -> Controllers:
        found = simulation.extensions.setdefault(_KEY, cls())
        assert isinstance(found, cls)
        return found
