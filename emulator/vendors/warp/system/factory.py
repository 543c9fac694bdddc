"""Factory data: the article a WARP4 was sold as.

The one rule: nothing but the override can be changed. Source: Tinkerforge esp32-firmware, `modules/factory_data`.
"""

from __future__ import annotations

import re
from typing import Final

from ..api.documents import Doc
from ..api.rows import AnyRow, Source
from ..api.schema import U8, Str
from ..api.shapes import obj
from ..models import SKU_MODELS, WARP4
from ..module import Module

FW: Final = Source("fw: modules/factory_data", models=WARP4)


class FactoryData(Module):
    """The article of one wallbox."""

    def check(self, doc: Doc) -> str | None:
        return None if re.fullmatch(r"[A-Z0-9-]*", doc.text("sku_override")) else "SKU is malformed"


_FACTORY: Final = obj(sku=Str(0, 32), sku_product=U8, sku_model=U8, sku_material=U8, sku_type2=U8, sku_engraving=U8)
ROWS: Final[tuple[AnyRow[FactoryData], ...]] = (
    FW.document(
        "factory_data/state",
        _FACTORY,
        initial=lambda m: {**_FACTORY.default(), "sku_model": SKU_MODELS[m.platform.traits.kind]},
        assumed="the article number itself and its other parts",
        live=False,
    ),
    FW.config("factory_data/config", obj(sku_override=Str(0, 32)), validate=FactoryData.check),
)
