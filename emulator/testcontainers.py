"""The emulator in a container of its own, for tests in Python that use Testcontainers.

The one rule: importing this needs nothing; only starting a container needs the extra `charger-emulator[testcontainers]`
and a Docker engine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

from .control.client import ControlClient
from .errors import EmulatorError, did_you_mean

CONTROL: Final = 8000
PATIENCE: Final = 60.0
"""Wall seconds a container may take to answer."""


class Container(Protocol):
    """What is used of a container: that of Testcontainers, or anything like it."""

    def start(self) -> object: ...

    def stop(self) -> object: ...

    def get_container_host_ip(self) -> str: ...

    def get_exposed_port(self, port: int) -> int | str: ...


class ChargerEmulatorContainer:
    """A running emulator, used as `with`. Without a scenario: every vendor on one charger. Time stands still.

    `create`: makes the container from image, command, ports and volumes; default: Testcontainers' `DockerContainer`.
    """

    def __init__(
        self,
        image: str = "charger-emulator",
        *,
        scenario: str | Path | None = None,
        seed: int | None = None,
        ports: tuple[int, ...] = (CONTROL, 1883, 8101, 8102, 8103, 8104, 8105, 4432, 5021, 5022, 5023, 5025, 5026),
        create: Callable[[str, list[str], tuple[int, ...], dict[str, str]], Container] | None = None,
    ) -> None:
        command = ["run", "--frozen"]
        volumes: dict[str, str] = {}
        if scenario is not None:
            file = Path(scenario).resolve()
            volumes[str(file.parent)] = "/scenario"
            command += [f"/scenario/{file.name}", "--keep-running"]
        if seed is not None:
            command += ["--seed", str(seed)]
        self._container = (create or _docker)(image, command, ports, volumes)
        self._client: ControlClient | None = None

    def __enter__(self) -> Self:
        self._container.start()
        try:
            self._client = self._connected()
        except BaseException:
            self._container.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._client.close()
        self._container.stop()

    def _connected(self) -> ControlClient:
        client = ControlClient(self.control_url)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                client.get("/healthz")
            except EmulatorError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return client

    # --- where things are --------------------------------------------------------------------------------------------

    @property
    def host(self) -> str:
        return self._container.get_container_host_ip()

    @property
    def control_url(self) -> str:
        """The control API, and the dashboard."""
        return f"http://{self.host}:{self._container.get_exposed_port(CONTROL)}"

    def wallbox(self, name: str) -> Mapping[str, Any]:
        """What the control API says about a wallbox, `charger.goe` or `goe`. EmulatorError if there is none."""
        wallboxes = {str(wallbox["name"]): wallbox for wallbox in self.call("GET", "/api/wallboxes")["wallboxes"]}
        fitting = [wallbox for known, wallbox in wallboxes.items() if name in (known, known.partition(".")[2])]
        if len(fitting) != 1:
            raise EmulatorError(f'there is no wallbox "{name}"{did_you_mean(name, wallboxes)}')
        found: Mapping[str, Any] = fitting[0]
        return found

    def port(self, wallbox: str, interface: str = "http") -> int:
        """The port on this machine of an interface."""
        inside = {at["name"]: at["port"] for at in self.wallbox(wallbox)["interfaces"] if at["port"]}
        if interface not in inside:
            raise EmulatorError(f'{wallbox} listens on no "{interface}"{did_you_mean(interface, inside)}')
        return int(self._container.get_exposed_port(inside[interface]))

    def url(self, wallbox: str) -> str:
        """`http://localhost:49153`: where a client finds the HTTP interface of a wallbox."""
        return f"http://{self.host}:{self.port(wallbox)}"

    # --- doing -------------------------------------------------------------------------------------------------------

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Anything of the control API. EmulatorError with its own words if it refuses."""
        if self._client is None:
            raise EmulatorError(
                "the container is not running; use it as `with ChargerEmulatorContainer() as emulator:`"
            )
        return self._client.request(method, path, body)

    def step(self, name: str, /, **arguments: object) -> Mapping[str, Any]:
        """Do a step of the scenario language. EmulatorError if it is refused."""
        outcome: Mapping[str, Any] = self.call("POST", "/api/steps", {name: arguments or None})
        if not outcome["ok"]:
            raise EmulatorError(f"{name}: {outcome['message'] or outcome['refused']}")
        return outcome

    def advance(
        self, by: str | None = None, *, until: Mapping[str, object] | None = None, within: str = "10 min"
    ) -> list[Mapping[str, Any]]:
        """Jump ahead, or until something holds; the events on the way. AssertionError if it did not come."""
        body = {"until": dict(until), "within": within} if until is not None else {"by": by}
        found = self.call("POST", "/api/clock/advance", body)
        if not found["reached"]:
            raise AssertionError(f"not within {within}:\n{_items(found['items'])}")
        events: list[Mapping[str, Any]] = found["events"]
        return events

    def expect(self, expected: Mapping[str, object]) -> None:
        """Quantities are as expected, or AssertionError."""
        found = self.call("POST", "/api/expect", dict(expected))
        if not found["ok"]:
            raise AssertionError(_items(found["items"]))

    def rule(self, rule: Mapping[str, object]) -> None:
        """A rule for the client, in force from now on."""
        self.call("POST", "/api/rules", dict(rule))

    def verdict(self) -> list[Mapping[str, Any]]:
        """How the rules came out. AssertionError that explains each broken one, and each failed expectation."""
        found = self.call("POST", "/api/verdict")
        if not found["ok"]:
            raise AssertionError("\n".join(failure["text"] for failure in found["failures"]))
        rules: list[Mapping[str, Any]] = found["rules"]
        return rules

    def journal(self, after: int = 0) -> list[Mapping[str, Any]]:
        """Journal entries after a number, oldest first."""
        entries: list[Mapping[str, Any]] = self.call("GET", f"/api/journal?after={after}")["entries"]
        return entries

    def reset(self) -> None:
        """Everything back to the start."""
        self.call("POST", "/api/reset")


def _items(items: list[Mapping[str, Any]]) -> str:
    wrong = (item for item in items if not item["ok"])
    return "\n".join(f"{item['quantity']} is {item['found']!r}, expected {item['expected']}" for item in wrong)


def _docker(image: str, command: list[str], ports: tuple[int, ...], volumes: dict[str, str]) -> Container:
    try:
        from testcontainers.core.container import DockerContainer  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise EmulatorError("this needs Testcontainers: pip install 'charger-emulator[testcontainers]'") from None
    container = DockerContainer(image).with_command(command).with_exposed_ports(*ports)
    for there, inside in volumes.items():
        container = container.with_volume_mapping(there, inside, "ro")
    made: Container = container
    return made
