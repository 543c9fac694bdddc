"""Listings of Modbus registers, address and value a line: whose they are is told by the addresses."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from ..capture import Document, Identity
from ..pieces import Piece
from .format import Format, document

VENDORS: Final = ("keba", "nrgkick", "bender", "goe", "warp")
"""Who has a map of registers; where addresses fit several of them equally well, the first one is meant."""
_READS: Final = (3, 4)


@cache
def addresses(vendor_name: str) -> frozenset[int]:
    """Every register address of a vendor's models, in their newest firmware."""
    from ...vendors import vendor
    from ...vendors.specimen import specimen

    found = vendor(vendor_name)
    tables = [
        table
        for model in found.models
        for table in specimen(found, found.profile(model.id, model.firmwares[-1])).register_tables()
    ]
    return frozenset(
        address
        for table in tables
        for function in _READS
        if function in table.served
        for item in table.items(function, 0, 0x10000)
        for address in range(item.start, item.end)
    )


def _format(vendor_name: str) -> Format:
    def documents(piece: Piece) -> Sequence[Document]:
        if piece.shape != "register" or int(piece.label) not in addresses(vendor_name):
            return ()
        return [document("modbus", piece.label, piece)]

    return Format(vendor_name, documents, lambda _: Identity())


FORMATS: Final = tuple(_format(name) for name in VENDORS)
