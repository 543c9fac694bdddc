"""Twelve long scenarios give the journals whose hashes are recorded, whatever runs them, and however."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.scenario.playing import play

from . import SHARED, TWELVE, headless, history, lines, of_processes, recorded, shared_out

ROOT = Path(__file__).parents[2]
CHANGED = (
    "the journal is another one than before: state in CHANGELOG.md what behaves differently, "
    "and write the hash anew with `python -m tests.determinism --write`"
)


def test_there_are_twelve() -> None:
    assert list(recorded()) == list(TWELVE)
    assert len(TWELVE) == 12


@pytest.mark.parametrize("name", TWELVE)
def test_headless(name: str) -> None:
    assert headless(name) == recorded()[name], CHANGED


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("name", SHARED)
def test_shared_out(name: str, count: int) -> None:
    """The chargers in several worlds: their journals are that of one, line for line."""
    assert shared_out(name, count) == recorded()[name], CHANGED


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("name", SHARED)
async def test_processes(name: str, count: int, tmp_path: Path) -> None:
    """On sockets, in so many processes led by this one."""
    assert await of_processes(name, count, tmp_path) == lines(iter(play(TWELVE[name](), record=True).journal))


def test_with_another_hash_seed() -> None:
    """Sets and dictionaries of texts are in another order in each process, unless it is told which."""
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.determinism", "--print"]
    shown = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
    assert json.loads(shown) == recorded(), CHANGED


@pytest.mark.parametrize("name", TWELVE)
async def test_frozen(name: str) -> None:
    """On sockets, with the clock standing still between two events: the same happens in the same order."""
    assert await history(name) == lines(iter(play(TWELVE[name](), record=True).journal))
