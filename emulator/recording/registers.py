"""The register tables of the box that is recorded."""

from __future__ import annotations

from .. import vendors
from ..devices.interfaces import RegisterMap
from ..importing.exchange import Exchange
from ..vendors.specimen import specimen


class Registers:
    """Of a vendor, and of one model and firmware if they are stated."""

    def __init__(self, vendor: str, model: str | None = None, firmware: str | None = None) -> None:
        """EmulatorError if there is no such model or firmware."""
        found = vendors.vendor(vendor)
        stated = [found.profile(model, firmware)]
        others = [found.profile(one.id) for one in found.models if model is None]
        kinds = {tuple(one.model.firmwares): one for one in reversed([*stated, *others])}
        self._tables: list[RegisterMap] = [
            table for profile in kinds.values() for table in specimen(found, profile).register_tables()
        ]

    def table(self, one: Exchange) -> RegisterMap | None:
        """The table that knows most of what is asked."""

        def known(table: RegisterMap) -> int:
            return sum(1 for _ in table.items(one.function, one.address, one.count))

        best = max(self._tables, key=known, default=None)
        return best if best is not None and known(best) else None
