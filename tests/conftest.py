"""What all tests share: examples of property tests have no deadline, machines are too different for one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("everywhere", deadline=None)
settings.load_profile("everywhere")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("fuzzing")
    group.addoption("--fuzz-minutes", metavar="N", type=float, help="attack every server for so long (tests/fuzz)")
    group.addoption("--fuzz-report", metavar="FILE", type=Path, help="where the figures of that go, as JSON")
