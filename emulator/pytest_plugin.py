"""The pytest plugin: fixtures, marker `scenario`, broken rules, and what is shown and written beside a failure.

The one rule: it is loaded by every pytest run where the package is installed, so it imports nothing until it is used.
"""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from .errors import EmulatorError

if TYPE_CHECKING:
    from .explore.asserting import Explore
    from .scenario.variants import Variant
    from .testing import EmulatorFixture

LOOPBACK: Final = ["127.0.0.1", "127.0.0.0/8", "::1", "localhost"]
"""What a test that uses an emulator may connect to where pytest-socket blocks everything."""


def pytest_addoption(parser: pytest.Parser) -> None:
    about = (
        "write journal, report.html, report.json and junit.xml of every emulator of a failing test below this folder"
    )
    group = parser.getgroup("charger emulator")
    group.addoption("--emulator-report", metavar="DIR", type=Path, default=None, help=about)
    parser.addini("emulator_report", f"{about} (default of --emulator-report)", default="")
    parser.addini(
        "emulator_strict",
        "fail as well if something passed only because nothing came to it",
        type="bool",
        default=False,
    )
    parser.addini("emulator_scenarios", "folder in which the marker `scenario` looks for files", default="")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "scenario(file, strict=False, matrix=None): load this scenario into the `emulator` fixture before the test; "
        "strict: fail as well if something passed only because nothing came to it; "
        "matrix: once for each model, firmware or vehicle, such as 'firmware=all,vehicle=all'",
    )


# --- fixtures --------------------------------------------------------------------------------------------------------


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
    yield from _emulator(request)


@pytest.fixture(scope="class")
def class_emulator(request: pytest.FixtureRequest) -> Iterator[EmulatorFixture]:
    """One `emulator` for the tests of a class; `class_emulator.reset()` puts everything back between them."""
    yield from _emulator(request)


@pytest.fixture(scope="module")
def module_emulator(request: pytest.FixtureRequest) -> Iterator[EmulatorFixture]:
    """One `emulator` for the tests of a module."""
    yield from _emulator(request)


@pytest.fixture(scope="session")
def session_emulator(request: pytest.FixtureRequest) -> Iterator[EmulatorFixture]:
    """One `emulator` for all tests."""
    yield from _emulator(request)


FIXTURES: Final = ("emulator", "class_emulator", "module_emulator", "session_emulator")


def _emulator(request: pytest.FixtureRequest) -> Iterator[EmulatorFixture]:
    from .testing import EmulatorFixture

    _open_loopback()
    with EmulatorFixture() as fixture:
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
        strict = request.config.getini("emulator_strict") is True
        if marker is not None and "strict" in marker.kwargs:
            strict = marker.kwargs["strict"] is True
        try:
            fixture.judge(strict=strict)
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
    """A file beside the test, in the folder of the settings, or under the root of the tests; else what comes along."""
    root = config.rootpath
    for folder in (test.parent, root / str(config.getini("emulator_scenarios"))):
        if (folder / name).exists():
            return folder / name
    return root / name if (root / name).exists() else Path(name)


def _open_loopback() -> None:
    """Where pytest-socket has closed every socket (Home Assistant's tests do), this test may use those of loopback."""
    if socket.socket.__module__ == "pytest_socket":
        blocker = sys.modules["pytest_socket"]
        blocker.enable_socket()
        blocker.socket_allow_hosts(LOOPBACK, allow_unix_socket=True)


# --- around a test ---------------------------------------------------------------------------------------------------


def _emulators(item: pytest.Item) -> dict[str, EmulatorFixture]:
    """The emulators a test has got, by the name of the fixture: of ours, not of what others call by these names."""
    found: dict[str, object] = getattr(item, "funcargs", {})
    named = {name: found[name] for name in FIXTURES if name in found}
    if not named:
        return {}
    from .testing import EmulatorFixture

    return {name: fixture for name, fixture in named.items() if isinstance(fixture, EmulatorFixture)}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """The thread of emulators is there before a fixture counts threads, as Home Assistant's `verify_cleanup` does."""
    if set(FIXTURES) & set(getattr(item, "fixturenames", ())):
        from .testing import Background

        Background.shared()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    if _emulators(item):  # one of an earlier test of the scope, too
        _open_loopback()
    yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and report.when in ("call", "teardown"):
        for name, fixture in _emulators(item).items():
            title = "emulator journal" if name == "emulator" else f"journal of {name}"
            report.sections.append((title, fixture.tail()))
            folder = _report_folder(item, name, report.when)
            if folder is not None and fixture.write_report(folder):
                report.sections.append((f"report of {name}", str(folder)))
    return report


def _report_folder(item: pytest.Item, name: str, when: str) -> Path | None:
    """Where the report of a failing test goes: a folder by the test's name."""
    stated = item.config.getoption("--emulator-report") or item.config.getini("emulator_report")
    if not stated:
        return None
    test = re.sub(r"[^\w.=-]+", "_", item.nodeid).strip("_")
    parts = [test] + [name] * (name != "emulator") + [when] * (when != "call")
    return Path(item.config.rootpath, stated, "-".join(parts))


def pytest_unconfigure() -> None:
    testing = sys.modules.get("emulator.testing")
    if testing is not None:
        testing.Background.stop_shared()
