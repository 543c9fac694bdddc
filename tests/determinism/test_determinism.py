"""Ten long scenarios give the journals whose hashes are recorded, whatever the interpreter and however they are run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.scenario.playing import play

from . import TEN, headless, history, lines, recorded

ROOT = Path(__file__).parents[2]
CHANGED = (
    "the journal is another one than before: state in CHANGELOG.md what behaves differently, "
    "and write the hash anew with `python -m tests.determinism --write`"
)


def test_there_are_ten() -> None:
    assert list(recorded()) == list(TEN)
    assert len(TEN) == 10


@pytest.mark.parametrize("name", TEN)
def test_headless(name: str) -> None:
    assert headless(name) == recorded()[name], CHANGED


def test_with_another_hash_seed() -> None:
    """Sets and dictionaries of texts are in another order in each process, unless it is told which."""
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.determinism", "--print"]
    shown = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
    assert json.loads(shown) == recorded(), CHANGED


@pytest.mark.parametrize("name", TEN)
async def test_frozen(name: str) -> None:
    """On sockets, with the clock standing still between two events: the same happens in the same order."""
    assert await history(name) == lines(iter(play(TEN[name](), record=True).journal))
