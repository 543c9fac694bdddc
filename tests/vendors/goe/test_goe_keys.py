"""The key table itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bench import CLIENT, Bench

from emulator.devices.points import unique
from emulator.vendors.goe import vendor as goe
from emulator.vendors.goe.key import Key
from emulator.vendors.goe.keys import KEYS, served
from emulator.vendors.goe.order import TABLE_KEYS

Make = Callable[..., Bench]
PROFILES = [(model.id, firmware) for model in goe.VENDOR.models for firmware in model.firmwares]


def test_every_key_of_the_table_has_a_row() -> None:
    assert len(TABLE_KEYS) == len(set(TABLE_KEYS)) == 174
    assert set(TABLE_KEYS) <= {key.name for key in KEYS}


def test_no_profile_has_two_rows_of_a_name() -> None:
    unique(KEYS)
    for model, firmware in PROFILES:
        profile = goe.VENDOR.profile(model, firmware)
        present = [key.name for key in KEYS if key.exists(profile)]
        assert len(present) == len(set(present)), (model, firmware)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: f"{key.name}-{key.since}")
def test_rows_say_what_they_are(key: Key) -> None:
    assert key.source
    assert key.about or key.assumed
    assert key.read is not None or key.write is not None
    assert key.setting is None or key.setting.name == key.name


def test_what_the_default_profile_leaves_out() -> None:
    profile = goe.VENDOR.profile()
    left_out = set(TABLE_KEYS) - set(served(profile))
    assert len(left_out) == 60 + 1, "the developer keys, and fwc"
    assert {"fwc", "ccu", "rfb", "wak"} <= left_out
    assert set(TABLE_KEYS) <= set(served(profile, all_table_keys=True))


def test_rows_are_in_the_order_of_the_firmware() -> None:
    names = [name for name in served(goe.VENDOR.profile(None, "53.1")) if name in TABLE_KEYS]
    assert names == list(TABLE_KEYS)


# What a client may write to every settable key of the default profile, and read back.
VALUES: dict[str, object] = {
    "uint8": 7, "uint16": 7, "uint32": 7, "uint64": 700, "int32": 20_000, "int64": 5, "bool": True, "string": "text",
    "float": 12.5, "double": 12.5,
}  # fmt: skip
SPECIAL: dict[str, object] = {
    "lmo": 4, "frc": 2, "psm": 1, "acs": 1, "ust": 2, "tds": 2, "bac": 2, "sdp": 2, "bar": 2, "frm": 2, "loty": 1,
    "ufm": 1, "ocppcm": 1, "trx": 0, "cid": "#102030", "cwc": "#102030", "cch": "#102030", "cfi": "#102030",
    "clp": [6, 9], "map": [3, 1, 2], "tof": 120, "upo": True, "lof": 6, "awpl": [], "smd": {"p": 1}, "tcl": 9,
    "mcpea": 100_000, "amp": 9, "ama": 9, "mca": 9, "wat": 1, "wbw": 2,
}  # fmt: skip
NOT_READ_BACK = {"utc", "cak", "lot", "wifis", "cards", "sch_week", "sch_satur", "sch_sund"} | {
    f"c{slot}i" for slot in range(10)
}


def value_for(key: Key) -> object:
    kind = key.type.expected
    return SPECIAL.get(key.name, VALUES.get(kind))


@pytest.mark.parametrize(
    "name",
    [
        key.name
        for key in served(goe.VENDOR.profile()).values()
        if key.write and key.read and key.name not in NOT_READ_BACK
    ],
)
def test_what_is_written_is_read_back_at_once(goe: Make, name: str) -> None:
    world = goe()
    key = world.box.tables.keys[name]  # type: ignore[attr-defined]
    value = value_for(key)
    assert world.box.write(name, value, CLIENT).ok, f"{name} = {value!r}"
    assert world.box.read(name) == value


@pytest.mark.parametrize(
    "name",
    [key.name for key in served(goe.VENDOR.profile()).values() if key.write is None and key.name != "fsp"],
)
def test_read_only_keys_have_no_setter(goe: Make, name: str) -> None:
    outcome = goe().box.write(name, 1, CLIENT)
    assert outcome.message == f"{name}: tried to set api key without setter (1)"


def test_reading(goe: Make) -> None:
    box = goe().box
    assert box.read("cll.requestedCurrent") == 16
    assert box.read("nrg.11") == 0
    for unknown in ("xyz", "rst", "nrg.16", "cll.nothing", "amp.x", "rfb"):
        with pytest.raises(KeyError):
            box.read(unknown)


def test_settings_that_a_user_states(goe: Make) -> None:
    world = goe(amp=10, lmo=4, lot=20, bac=0, fna="garage", cards=[{"name": "A", "rfid": "01"}])
    assert world.read("amp", "lmo", "lot.amp", "bac", "fna", "c0n", "c0i") == [10, 4, 20, 0, "garage", "A", True]
    world.box.configure({"amp": 12, "trx": 0})
    assert world.read("amp", "trx") == [12, 0]


def test_persistence_of_settings() -> None:
    volatile = {row.name for row in goe.VENDOR.settings if not row.persistent}
    assert {"frc", "trx", "tcl"} <= volatile
    assert not {"amp", "ama", "lmo", "psm", "acs", "dwo", "c0e", "rbc"} & volatile
