"""What all tests share: examples of property tests have no deadline, machines are too different for one."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

import emulator

PACKAGE = Path(emulator.__file__).parent

settings.register_profile("everywhere", deadline=None)
settings.load_profile("everywhere")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("fuzzing")
    group.addoption("--fuzz-minutes", metavar="N", type=float, help="attack every server for so long (tests/fuzz)")
    group.addoption("--fuzz-inputs", metavar="N", type=int, help="with so many inputs to each server in all")
    group.addoption("--api-examples", metavar="N", type=int, help="requests to each operation (tests/control)")
    group.addoption("--fuzz-report", metavar="FILE", type=Path, help="where the figures of that go, as JSON")


@pytest.fixture(autouse=True)
def nobody_writes_to_a_lost_connection() -> Iterator[None]:
    """asyncio only logs it, after some such writes on one connection."""
    heard: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage() == "socket.send() raised exception.":
                stack = traceback.extract_stack(limit=14)
                if any(PACKAGE in Path(frame.filename).parents for frame in stack):  # attackers may do as they like
                    heard.append("".join(traceback.format_list(stack)))

    ear = Ear(logging.WARNING)
    log = logging.getLogger("asyncio")
    log.addHandler(ear)
    yield
    log.removeHandler(ear)
    assert not heard, heard[0]
