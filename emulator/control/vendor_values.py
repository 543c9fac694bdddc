"""The values of a wallbox, as its vendor calls them: what clients read and write, and what its owner sets.

The one rule: a value is read as a client would read it now; what it means is said by the row of its table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from ..devices.interception import HiddenError
from ..errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..devices.points import Fidelity
    from ..devices.wallbox import Wallbox

FUNCTIONS: Final[Mapping[str, str]] = {"1": "coil", "2": "discrete", "3": "holding", "4": "input"}
"""Kinds of Modbus registers by the function that reads them, as tables and addresses name them."""
_REGISTER: Final = re.compile(r"modbus\.(?:(\d)\.)?(\d+)")
_NUMBERED: Final = re.compile(r"(\d+) ")


class Rows:
    """The rows of a wallbox's tables, found by the addresses of its values."""

    def __init__(self, rows: Iterable[Fidelity]) -> None:
        self.named: dict[str, Fidelity] = {}
        self._numbered: dict[int, list[Fidelity]] = {}
        for row in rows:
            found = _NUMBERED.match(row.name)
            if found is not None and "odbus" in row.table:
                self._numbered.setdefault(int(found[1]), []).append(row)
            else:
                self.named.setdefault(row.name, row)

    def of(self, address: str) -> Fidelity | None:
        """The row of a value, or of what it is a part of."""
        register = _REGISTER.fullmatch(address)
        if register is not None:
            rows = self._numbered.get(int(register[2]), [])
            kind = FUNCTIONS.get(register[1] or "", "")
            return next((row for row in rows if kind in row.table.lower()), rows[0] if rows else None)
        while address not in self.named and "." in address:
            address = address.rpartition(".")[0]
        return self.named.get(address)


def tables(wallbox: Wallbox) -> dict[str, object]:
    """What there is to read and to write, and what its owner can set."""
    return {
        "wallbox": wallbox.address,
        "values": [*_readable(wallbox), *_only_written(wallbox)],
        "settings": [
            {
                "name": row.name,
                "about": row.about,
                "persistent": row.persistent,
                "schema": row.schema,
                "expected": row.expected,
            }
            for row in wallbox.settings.rows.values()
        ],
    }


def _readable(wallbox: Wallbox) -> Iterator[dict[str, object]]:
    rows = Rows(wallbox.fidelity())
    for address in wallbox.addresses():
        row = rows.of(address)
        register = _REGISTER.fullmatch(address)
        yield {
            "address": address,
            "name": row.name.partition(" ")[2] if row is not None and register is not None else "",
            "table": row.table if row is not None else address.partition(".")[0],
            "type": row.type if row is not None and (register or row.name == address) else "",
            "about": row.about if row is not None else "",
            "readable": True,
            "settable": row is not None and row.settable,
            "live": row is None or row.live,
            "source": row.source if row is not None else "",
            "assumed": row.assumed if row is not None else None,
        }


def _only_written(wallbox: Wallbox) -> Iterator[dict[str, object]]:
    known = set(wallbox.addresses())
    for row in wallbox.fidelity():
        if row.settable and row.name not in known and not row.name[:1].isdigit() and row.name[:1] != "/":
            yield {
                "address": row.name,
                "name": "",
                "table": row.table,
                "type": row.type,
                "about": row.about,
                "readable": False,
                "settable": True,
                "live": row.live,
                "source": row.source,
                "assumed": row.assumed,
            }


def values(wallbox: Wallbox) -> dict[str, object]:
    """Every value and every setting now."""
    found: dict[str, object] = {}
    hidden: dict[str, str] = {}
    with wallbox.simulation.exchange(None):
        for address in wallbox.addresses():
            try:
                found[address] = wallbox.interceptor.seen(address, wallbox.read(address))
            except HiddenError as error:
                hidden[address] = error.fault
            except (EmulatorError, KeyError):
                continue
        settings = {name: wallbox.settings[name] for name in wallbox.settings.rows}
    return {"wallbox": wallbox.address, "up": wallbox.up, "values": found, "hidden": hidden, "settings": settings}
