"""The page about exploring: its commands are run, and say what it says."""

from __future__ import annotations

import io
import re
import shlex
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
import yaml

from emulator.cli import main
from emulator.explore.asserting import Explore

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explore.md").read_text("utf-8")
SCENARIO, WORDS, WRITTEN, ACTIONS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
(PYTHON,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
EXPLORES = "charger-emulator explore pause.yaml --vocabulary disturbances.yaml --no-rule-sets --walks 100"
SAYS = dict(re.findall(r"\$ (charger-emulator .*)\n((?:[^$`].*\n)*)", PAGE))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    (tmp_path / "pause.yaml").write_text(SCENARIO, "utf-8")
    (tmp_path / "disturbances.yaml").write_text(WORDS, "utf-8")
    return tmp_path


def run(command: str) -> tuple[int, list[str]]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(shlex.split(command)[1:])
    assert isinstance(ended.value.code, int)
    return ended.value.code, out.getvalue().splitlines()


def test_the_first_one(folder: Path) -> None:
    code, told = run(EXPLORES)
    assert (code, told[:2]) == (1, SAYS[EXPLORES].splitlines()[:2])
    path = folder / "explored" / "01-what-is-paused-stands-still" / "scenario.yaml"
    found, shown = path.read_text("utf-8"), WRITTEN
    assert found[found.index("about:") :] == shown[shown.index("about:") :]
    assert run(f"charger-emulator play {path.relative_to(folder)}")[0] == 1


def test_matrix_and_shares(folder: Path) -> None:
    for command, told in SAYS.items():
        if " explore" in command or "explored" in command:
            continue
        code, lines = run(command)
        assert code == (1 if "FAILED" in told else 0)
        if "--shard" not in command:
            assert [line.split("; see")[0] for line in lines] == [line.split("; see")[0] for line in told.splitlines()]


def test_the_function_gets_over_it(folder: Path) -> None:
    space: dict[str, object] = {}
    exec(PYTHON, space)
    (folder / "garage.yaml").write_text("wallbox: {vendor: nrgkick, http: true}\nsteps: [plug_in: {}]\n", "utf-8")
    test = space["test_my_client"]
    assert callable(test)
    test(Explore(folder / "explored", None, (folder,)))


def test_the_actions_are_a_workflow() -> None:
    jobs = yaml.safe_load(ACTIONS)["jobs"]
    assert len(jobs["explore"]["strategy"]["matrix"]["share"]) == 4
    assert jobs["merge"]["needs"] == "explore"
