"""Simulators that other people use, as ceilings: they send what the wallbox said, with the framing of their own.

The one rule: what is not installed is left out with a word. Packages of Node go, in the versions stated here and only
when asked for (`--node`), into a folder of the user's cache, never into the tree.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Self

from .load import LOCAL, HttpLoad, Load
from .process import SERVER_CORE, Served

PACKAGES: Final[Mapping[str, str]] = {"@mockoon/cli": "9.9.0", "json-server": "0.17.4"}
LEWIS: Final = "1.4.0"
PATIENCE: Final = 60.0
"""Wall seconds that one of them has to start."""


class MissingError(Exception):
    """It is not installed; the text says what would."""


def cache() -> Path:
    """Where packages of Node are installed."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "charger-emulator-benchmarks" / "node"


def install() -> None:
    """Fetch the packages of Node. MissingError without npm."""
    npm = shutil.which("npm")
    if npm is None:
        raise MissingError("npm is not installed")
    cache().mkdir(parents=True, exist_ok=True)
    wanted = [f"{name}@{version}" for name, version in PACKAGES.items()]
    command = [npm, "install", "--prefix", str(cache()), "--no-audit", "--no-fund", "--ignore-scripts", *wanted]
    subprocess.run(command, check=True, stdout=sys.stderr)


class Other(Served):
    """A server that says nothing about itself: it is there once its port is."""

    def __init__(self, command: Callable[[Path, int], Sequence[str]]) -> None:
        """`command`: what starts it on a port, with its files in a folder."""
        super().__init__(())
        self._of = command

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory()
        port = _free_port()
        self._command = list(self._of(Path(self._folder.name), port))
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
        )
        os.sched_setaffinity(self._process.pid, {SERVER_CORE})
        self.told = {"port": port}
        try:
            self._wait(port)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._folder.cleanup()

    def _wait(self, port: int) -> None:
        until = time.monotonic() + PATIENCE
        while self._process.poll() is None and time.monotonic() < until:
            try:
                socket.create_connection((LOCAL, port)).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"{' '.join(self._command)} did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOCAL, 0))
        port: int = probe.getsockname()[1]
        return port


def _script(package: str, path: str) -> list[str]:
    """What runs a script of an installed package. MissingError if it is not."""
    node, script = shutil.which("node"), cache() / "node_modules" / package / path
    if node is None:
        raise MissingError("Node is not installed")
    if not script.exists():
        raise MissingError(f"{package} {PACKAGES[package]} is not installed: --node does that")
    return [node, str(script)]


def _body(load: Load, port: int) -> str:
    assert isinstance(load, HttpLoad)
    return load.reply(port)[1].decode()


def mockoon(load: Load, port: int) -> Served:
    """Mockoon's command line, with the reply as it was captured from the wallbox."""
    start = _script("@mockoon/cli", "bin/run.js")
    body = _body(load, port)

    def command(folder: Path, own: int) -> Sequence[str]:
        data = folder / "environment.json"
        data.write_text(json.dumps(_environment(body)))
        where = ["--data", str(data), "--port", str(own), "--hostname", LOCAL]
        return [*start, "start", *where, "--disable-log-to-file"]

    return Other(command)


def _environment(body: str) -> dict[str, object]:
    """One route that answers with `body`."""
    response = {
        "uuid": "response",
        "body": body,
        "latency": 0,
        "statusCode": 200,
        "headers": [{"key": "Content-Type", "value": "application/json"}],
        "bodyType": "INLINE",
        "rules": [],
        "rulesOperator": "OR",
        "disableTemplating": True,
        "default": True,
    }
    route = {"uuid": "route", "type": "http", "method": "get", "endpoint": "api/status", "responses": [response]}
    root = [{"type": "route", "uuid": "route"}]
    return {
        "uuid": "environment",
        "lastMigration": 33,
        "name": "box",
        "port": 0,
        "routes": [route],
        "rootChildren": root,
    }


def json_server(load: Load, port: int) -> Served:
    """json-server, with the status as a resource that has one value."""
    start = _script("json-server", "lib/cli/bin.js")
    body = _body(load, port)

    def command(folder: Path, own: int) -> Sequence[str]:
        data, routes = folder / "db.json", folder / "routes.json"
        data.write_text(json.dumps({"status": json.loads(body)}))
        routes.write_text(json.dumps({"/api/*": "/$1"}))
        where = ["--host", LOCAL, "--port", str(own)]
        return [*start, *where, "--quiet", "--routes", str(routes), str(data)]

    return Other(command)


def lewis(_load: Load, _port: int) -> Served:
    """lewis, with its own example of a Modbus device: constants, and a simulation that goes on beside them."""
    if find_spec("lewis") is None:
        raise MissingError(f"lewis is not installed: pip install lewis=={LEWIS}")
    start = [sys.executable, "-m", "lewis", "-k", "lewis.examples", "modbus_device", "-o", "none"]
    return Other(lambda _folder, own: [*start, "-p", f"modbus: {{bind_address: {LOCAL}, port: {own}}}"])
