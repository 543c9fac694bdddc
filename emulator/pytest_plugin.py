"""The pytest plugin: fixtures `emulator` and `explore`, marker `scenario`, the journal's tail beside a failure.

The one rule: it is loaded by every pytest run where the package is installed, so it imports nothing until it is used.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .errors import EmulatorError

if TYPE_CHECKING:
    from .explore.asserting import Explore
    from .scenario.variants import Variant
    from .testing import EmulatorFixture

FIXTURE = pytest.StashKey["EmulatorFixture"]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "scenario(file, strict=False, matrix=None): load this scenario into the `emulator` fixture before the test; "
        "strict: fail as well if something passed only because nothing came to it; "
        "matrix: once for each model, firmware or vehicle, such as 'firmware=all,vehicle=all'",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("scenario")
    matrix = marker.kwargs.get("matrix") if marker is not None else None
    if marker is None or matrix is None or "emulator" not in metafunc.fixturenames:
        return
    from .scenario.loader import load
    from .scenario.variants import variants

    found = variants(matrix, load(_found(metafunc.definition.path, metafunc.config, marker.args[0])))
    metafunc.parametrize("emulator", found, indirect=True, ids=[variant.label for variant in found])


@pytest.fixture
def emulator(request: pytest.FixtureRequest) -> Iterator[EmulatorFixture]:
    """A charger emulator with a frozen clock, free ports and no wallbox yet; see `emulator.testing.EmulatorFixture`."""
    from .testing import EmulatorFixture

    with EmulatorFixture() as fixture:
        request.node.stash[FIXTURE] = fixture
        marker = request.node.get_closest_marker("scenario")
        if marker is not None:
            if len(marker.args) != 1 or marker.kwargs.keys() - {"strict", "matrix"}:
                text = "the marker takes one file: @pytest.mark.scenario('night.yaml', strict=True)"
                pytest.fail(text, pytrace=False)
            file = _found(request.path, request.config, marker.args[0])
            variant: Variant | None = getattr(request, "param", None)
            try:
                fixture.load(file, variant)
            except EmulatorError as error:
                if variant is None:
                    raise
                pytest.skip(f"not possible: {error}")
        yield fixture
        try:
            fixture.judge(strict=marker is not None and marker.kwargs.get("strict") is True)
        except AssertionError as error:
            pytest.fail(str(error), pytrace=False)


@pytest.fixture
def explore(request: pytest.FixtureRequest, tmp_path: Path) -> Explore:
    """Random walks against a client, shrunk to what breaks it; see `emulator.explore.asserting.Explore`."""
    from .explore.asserting import Explore

    cache: pytest.Cache | None = getattr(request.config, "cache", None)  # there is none with `-p no:cacheprovider`
    database = None if cache is None else cache.mkdir("charger-emulator-failures")
    roots = (request.path.parent, request.config.rootpath)
    return Explore(tmp_path / "explored", database, roots)


def _found(test: Path, config: pytest.Config, name: str) -> Path:
    """A file beside the test, or under the root of the tests."""
    beside = test.parent / name
    return beside if beside.exists() else config.rootpath / name


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
