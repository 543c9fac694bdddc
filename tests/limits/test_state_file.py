"""The state file in trouble: read-only, removed while it is in use, used by two processes, on a full disk."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from emulator.errors import EmulatorError
from emulator.runtime.state import StateFile
from emulator.scenario.loader import loads
from emulator.scenario.plan import Scenario
from emulator.scenario.steps.vocabulary import make_step
from emulator.service.emulator import Emulator
from emulator.service.keeping import Keeper

from .flash import box_of, killed, no_room, options

NOBODY = 65_534


def goe() -> Scenario:
    return loads("wallbox: {goe: {http: true}}\nbroker: none\n")


@contextmanager
def without_rights() -> Iterator[Path]:
    """A folder, and no rights but those that its files give to everybody."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        with tempfile.TemporaryDirectory() as folder:
            try:
                yield Path(folder)
            finally:
                os.chmod(folder, 0o700)
    finally:
        if root:
            os.seteuid(0)


def refusal(file: Path) -> str:
    """Why it cannot be used: one line that names the file."""
    with pytest.raises(EmulatorError) as refused:
        StateFile(file)
    text = str(refused.value)
    assert text.startswith(f"{file}: cannot be used as a state file: ")
    assert "\n" not in text
    return text.partition("state file: ")[2]


def test_a_file_that_may_only_be_read_is_refused_and_stays() -> None:
    with without_rights() as folder:
        file = folder / "state"
        with StateFile(file) as state:
            state.write("garage", {"total_energy": 7.0})
        os.chmod(file, 0o444)
        before = file.read_bytes()
        assert refusal(file) == "it may not be written to"
        assert file.read_bytes() == before
        os.chmod(file, 0o000)
        assert refusal(file)
        os.chmod(file, 0o644)
        os.chmod(folder, 0o555)
        assert refusal(file) == "its folder may not be written to"
        assert refusal(folder / "other") == "its folder may not be written to"
        os.chmod(folder, 0o755)
        with StateFile(file) as state:
            assert state.read("garage") == {"total_energy": 7.0}


def test_a_full_disk_at_the_start_is_said(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    with no_room(empty):
        assert refusal(tmp_path / "state")


def put(emulator: Emulator, amp: int) -> None:
    box_of(emulator).settings.put("amp", amp)


@pytest.mark.parametrize("what", ["file", "folder", "files"])
async def test_a_file_that_is_removed_while_it_is_used_is_made_again(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    file = folder / "state"
    async with Emulator(goe(), options(file)) as emulator:
        keeper = emulator.storage
        assert keeper is not None
        put(emulator, 9)
        box_of(emulator).settings.put("fna", "mine")
        if what == "file":
            file.unlink()
        elif what == "files":
            for path in folder.iterdir():
                path.unlink()
        else:
            shutil.rmtree(folder)
            put(emulator, 8)
            assert "unable to open database file" in str(keeper.problem)
            assert keeper.unsaved > 0
            folder.mkdir()
        put(emulator, 7)
        assert keeper.problem is None
        assert keeper.unsaved == 0
        copy = killed(file)
    async with Emulator(goe(), options(copy)) as emulator:
        assert box_of(emulator).settings["amp"] == 7
        assert box_of(emulator).settings["fna"] == "mine"


async def test_another_file_in_its_place_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "state"
    with StateFile(tmp_path / "backup") as backup:
        backup.write("charger.goe", {"amp": 13})
    async with Emulator(goe(), options(file)) as emulator:
        keeper = emulator.storage
        assert keeper is not None
        put(emulator, 9)
        (tmp_path / "backup").replace(file)
        before = file.read_bytes()
        put(emulator, 8)
        assert keeper.problem == "another file was put in its place, and is left as it is"
        assert file.read_bytes() == before
    assert file.read_bytes() == before
    async with Emulator(goe(), options(file)) as emulator:
        assert box_of(emulator).settings["amp"] == 13


def test_what_is_stored_at_once_is_stored_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    with StateFile(tmp_path / "state") as state:
        state.write("a", {"x": 1})
        with pytest.raises(TypeError):
            state.store({"a": {"x": 2}, "b": {"y": object()}}, blank=True)
        assert (state.read("a"), state.read("b")) == ({"x": 1}, {})
        state.store({"a": {"z": 3}, "b": {"y": 2}}, afresh={"a"})
        assert (state.read("a"), state.read("b")) == ({"z": 3}, {"y": 2})
        state.store({"c": {}}, blank=True)
        assert (state.read("a"), state.read("b")) == ({}, {})


async def test_a_reset_on_a_full_disk_is_made_up_for(tmp_path: Path) -> None:
    file = tmp_path / "state"
    async with Emulator(goe(), options(file)) as emulator:
        put(emulator, 9)
        keeper = emulator.storage
        assert isinstance(keeper, Keeper)
        with no_room(Path(f"{file}-wal")):
            await emulator.reset()
            assert keeper.problem is not None
            assert box_of(emulator).settings["amp"] == 16
        keeper.keep_counters()
        assert keeper.problem is None
        copy = killed(file)
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT COUNT(*) FROM kept WHERE name = 'amp'").fetchone() == (0,)
    connection.close()


async def test_what_is_counted_while_the_disk_is_full_is_not_lost(tmp_path: Path) -> None:
    file = tmp_path / "state"
    async with Emulator(goe(), options(file)) as emulator:
        keeper = emulator.storage
        assert keeper is not None
        await emulator.apply([make_step("plug_in", emulator.site.names, vehicle="vw_id3")])
        with no_room(Path(f"{file}-wal")):
            await emulator.advance(3_600_000_000)
            keeper.keep_counters()
        keeper.keep_counters()
        total = emulator.simulation.observe("charger").total_energy
        copy = killed(file)
    assert total > 1000
    async with Emulator(goe(), options(copy)) as emulator:
        assert emulator.simulation.observe("charger").total_energy == pytest.approx(total, rel=1e-3)
