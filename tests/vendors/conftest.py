"""What vendor tests share. See `worlds`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from worlds import SmallWorld


@pytest.fixture
def goe() -> Callable[..., SmallWorld]:
    """Makes a world with one go-e box whose HTTP API is on."""

    def make(model: str | None = None, firmware: str | None = None, **settings: object) -> SmallWorld:
        return SmallWorld("goe", model, firmware, settings={"hai": True, **settings})

    return make
