"""Modbus TCP of the box: the place where its interface is added.

The one rule: `modbus_tcp/config`, its counters and the slots' switch `evse/modbus_tcp_enabled` belong to the API and
are kept there; what happens on the wire is here, on top of the box's registry, controller and views.

Hooks: `create` is asked once per box; the object it returns serves `modbus.*` addresses and is told of changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from ...core.messages import Outcome
from ..interfaces import Interface, Origin
from ..points import Fidelity

if TYPE_CHECKING:
    from .wallbox import Warp


class ModbusSide(Protocol):
    """What the box asks of its Modbus part."""

    interfaces: Mapping[str, Interface]
    """`modbus`: the interface of the TCP server."""
    errors: Mapping[str, int]
    """`modbus_tcp/error_counters`"""

    def changed(self) -> None:
        """`modbus_tcp/config` was written or `evse/modbus_tcp_enabled` changed: the server restarts."""
        ...

    def boot(self) -> None:
        """The network processor runs again."""
        ...

    def read(self, address: str) -> object:
        """Value at `modbus.<address>`; KeyError if unknown."""
        ...

    def write(self, address: str, value: object, origin: Origin) -> Outcome: ...

    def addresses(self) -> Iterable[str]: ...

    def fidelity(self) -> Iterable[Fidelity]: ...


def create(box: Warp) -> ModbusSide | None:
    """The Modbus part of a box; None: it has none."""
    return None
