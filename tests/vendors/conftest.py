"""What vendor tests share. See `bench`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bench import Bench


@pytest.fixture
def goe() -> Callable[..., Bench]:
    """Makes a world with one go-e wallbox whose HTTP API is on."""

    def make(model: str | None = None, firmware: str | None = None, **stated: object) -> Bench:
        return Bench("goe", model, firmware, settings={"hai": True, **stated})

    return make
