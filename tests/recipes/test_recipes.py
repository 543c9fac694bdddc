"""The recipes for other languages run against an emulator as they stand in the documentation."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from emulator.errors import EmulatorError
from emulator.testcontainers import CONTROL, ChargerEmulatorContainer

RECIPES = Path(__file__).parents[2] / "docs" / "recipes"
PATIENCE = 180


class Process:
    """An emulator in a process of its own, where a container would be."""

    def __init__(self, image: str, command: list[str], ports: tuple[int, ...], volumes: dict[str, str]) -> None:
        self.image, self.volumes = image, volumes
        folders = {inside: there for there, inside in volumes.items()}
        self._command = [self._outside(word, folders) for word in command]
        self._process: subprocess.Popen[str] | None = None
        self._control = 0

    @staticmethod
    def _outside(word: str, folders: dict[str, str]) -> str:
        inside = next((folder for folder in folders if word.startswith(folder + "/")), None)
        return word if inside is None else folders[inside] + word.removeprefix(inside)

    def start(self) -> object:
        command = [sys.executable, "-m", "emulator", *self._command, "--control-port", "0"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if found := re.search(r"dashboard +http://127\.0\.0\.1:(\d+)", line):
                self._control = int(found[1])
            if line.startswith("running"):
                return self
        raise AssertionError("it did not start")

    def stop(self) -> object:
        assert self._process is not None
        self._process.terminate()
        self._process.communicate(timeout=120)
        return self

    def get_container_host_ip(self) -> str:
        return "127.0.0.1"

    def get_exposed_port(self, port: int) -> int:
        return self._control if port == CONTROL else port


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChargerEmulatorContainer]:
    file = tmp_path_factory.mktemp("scenario") / "one.yaml"
    file.write_text("wallbox: {vendor: goe, http: 0}\n")
    with ChargerEmulatorContainer(scenario=file, seed=3, create=Process) as running:
        yield running


@pytest.mark.parametrize(
    ("tool", "command"),
    [
        ("curl", ["sh", "drive.sh"]),
        ("go", ["go", "run", "drive.go"]),
        ("node", ["node", "drive.mjs"]),
        ("java", ["java", "Drive.java"]),
    ],
    ids=["shell", "go", "node", "java"],
)
def test_a_program_drives_the_emulator(
    tool: str, command: list[str], emulator: ChargerEmulatorContainer, tmp_path: Path
) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed here")
    surroundings = {"GOCACHE": str(tmp_path / "go"), "GO111MODULE": "off"} | os.environ
    if "HOME" in os.environ:  # where the compiled standard library may already be
        surroundings.pop("GOCACHE", None)
    surroundings["CONTROL"] = emulator.control_url
    done = subprocess.run(command, cwd=RECIPES, env=surroundings, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (0, "passed\n"), done.stderr
    writes = [entry for entry in emulator.journal() if entry["kind"] == "write"]
    assert [(entry["name"], entry["detail"]["value"]) for entry in writes] == [("amp", 10)]


def test_a_program_fails_when_the_box_does_not_obey(emulator: ChargerEmulatorContainer, tmp_path: Path) -> None:
    script = (RECIPES / "drive.sh").read_text().replace("amp=10", "amp=11")
    (tmp_path / "drive.sh").write_text(script)
    surroundings = {**os.environ, "CONTROL": emulator.control_url}
    done = subprocess.run(
        ["sh", str(tmp_path / "drive.sh")], env=surroundings, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 1
    assert "not so: " in done.stderr


def test_a_container_in_python(emulator: ChargerEmulatorContainer) -> None:
    import urllib.request

    emulator.reset()
    emulator.rule({"name": "house limit", "never": {"client": {"writes": "goe.amp", "value": "> 16"}}})
    emulator.step("plug_in", vehicle="vw_id3")
    events = emulator.advance(until={"power": "> 10 kW"})
    assert "plugged" in {event["name"] for event in events}
    urllib.request.urlopen(f"{emulator.url('goe')}/api/set?amp=10", timeout=60).read()
    emulator.advance("10 s")
    emulator.expect({"offered_current": "10 A"})
    assert [rule["ok"] for rule in emulator.verdict()] == [True]
    with pytest.raises(AssertionError, match=r"offered_current is 10, expected > 11 A"):
        emulator.expect({"offered_current": "> 11 A"})
    with pytest.raises(AssertionError, match="not within 1 min"):
        emulator.advance(until={"power": "> 20 kW"}, within="1 min")
    with pytest.raises(EmulatorError, match='there is no wallbox "geo"'):
        emulator.url("geo")
    with pytest.raises(EmulatorError, match="listens on no"):
        emulator.port("goe", "udp")


def test_a_broken_rule_is_told(emulator: ChargerEmulatorContainer) -> None:
    import urllib.request

    emulator.reset()
    emulator.rule({"name": "house limit", "never": {"client": {"writes": "goe.amp", "value": "> 16"}}})
    urllib.request.urlopen(f"{emulator.url('goe')}/api/set?amp=20", timeout=60).read()
    with pytest.raises(AssertionError, match='rule "house limit": it happened at 0 s'):
        emulator.verdict()


def test_without_testcontainers() -> None:
    try:
        import testcontainers.core.container  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ImportError:
        with pytest.raises(EmulatorError, match=r"pip install 'charger-emulator\[testcontainers\]'"):
            ChargerEmulatorContainer()


def test_documents_are_well_formed() -> None:
    for name in ("github-actions.md", "compose.md"):
        blocks = re.findall(r"^```yaml\n(.*?)^```$", (RECIPES / name).read_text(), re.DOTALL | re.MULTILINE)
        assert blocks
        for block in blocks:
            assert yaml.safe_load(block)


def test_linked_files_exist() -> None:
    for page in [*RECIPES.glob("*.md"), *(RECIPES.parent / "examples").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
