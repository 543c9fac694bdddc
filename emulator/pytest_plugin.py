"""The pytest plugin: fixture `emulator`, marker `scenario`, broken rules, and the journal's tail beside a failure.

The one rule: it is loaded by every pytest run where the package is installed, so it imports nothing until it is used.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .testing import EmulatorFixture

FIXTURE = pytest.StashKey["EmulatorFixture"]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "scenario(file, strict=False): load this scenario into the `emulator` fixture before the test; "
        "strict: fail as well if something passed only because nothing came to it",
    )


@pytest.fixture
def emulator(request: pytest.FixtureRequest) -> Iterator[EmulatorFixture]:
    """A charger emulator with a frozen clock, free ports and no wallbox yet; see `emulator.testing.EmulatorFixture`."""
    from .testing import EmulatorFixture

    with EmulatorFixture() as fixture:
        request.node.stash[FIXTURE] = fixture
        marker = request.node.get_closest_marker("scenario")
        if marker is not None:
            if len(marker.args) != 1 or marker.kwargs.keys() - {"strict"}:
                text = "the marker takes one file: @pytest.mark.scenario('night.yaml', strict=True)"
                pytest.fail(text, pytrace=False)
            fixture.load(_found(request, marker.args[0]))
        yield fixture
        try:
            fixture.judge(strict=marker is not None and marker.kwargs.get("strict") is True)
        except AssertionError as error:
            pytest.fail(str(error), pytrace=False)


def _found(request: pytest.FixtureRequest, name: str) -> Path:
    """A file beside the test, or under the root of the tests."""
    beside = request.path.parent / name
    return beside if beside.exists() else request.config.rootpath / name


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    fixture = item.stash.get(FIXTURE, None)
    if report.failed and report.when in ("call", "teardown") and fixture is not None:
        report.sections.append(("emulator journal", fixture.tail()))
    return report


def pytest_unconfigure() -> None:
    import sys

    testing = sys.modules.get("emulator.testing")
    if testing is not None:
        testing.Background.stop_shared()
