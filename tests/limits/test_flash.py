"""Every setting of every vendor that is in flash: it has a second value, and that one survives SIGKILL."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import jsonschema
import pytest

from emulator import vendors
from emulator.devices.settings import Setting, schema_of
from emulator.scenario.loader import loads
from emulator.scenario.plan import Scenario
from emulator.scenario.steps.vocabulary import make_step
from emulator.service.emulator import Emulator

from .flash import another, box_of, killed, options, scenario

ONLY_ONE_VALUE: Mapping[tuple[str, str], str] = {}
"""(vendor, setting): why it can have no second value. None is known."""
MODELS: Mapping[str, str] = {"keba": "keba-p30-x-32"}
"""The model of a vendor that has most of its settings; the others: the vendor's first."""
NEW_AT_EVERY_START: Mapping[tuple[str, str], str] = {
    ("goe", "rbc"): "counts the restarts",
    ("goe", "booking"): "is booked",
    ("keba", "running_session"): "is written down as ended",
    ("lektrico", "session_open"): "is counted",
    ("goe", "v1_amp"): "is what the next restart brings back, and gone with it",
    ("warp", "boots"): "the log of the last boots",
    ("warp", "evse/user_enabled"): "goes off where there are no users",
    ("warp", "running_charge"): "ends where no vehicle is plugged in, and is in the charge log",
    ("warp", "users/config"): "the next free id in it is looked for",
    ("lektrico", "reset_counter"): "counts the restarts",
}
"""(vendor, setting): why a start changes it."""
ODD: tuple[object, ...] = (
    *(True, False, 0, 1, 7, -1, 2.5, "", "x", "12345678", "#123456", None),
    *([], {}, [1], ["x"], [[1, 2]], {"x": 1}, {"enable": True}),
)


@pytest.mark.parametrize("vendor", vendors.OWN)
def test_every_setting_says_what_it_takes(vendor: str) -> None:
    """As JSON Schema for editors: never narrower than what is taken."""
    for row in vendors.vendor(vendor).settings:
        schema = json.loads(json.dumps(schema_of(row.check)))
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema, row.name
        valid = jsonschema.Draft202012Validator(schema).is_valid
        for value in (*ODD, row.default, another(row, row.default)):
            if taken(row, value):
                assert valid(json.loads(json.dumps(value))), (row.name, value)


def taken(row: Setting[object], value: object) -> bool:
    try:
        row.check(value)
    except ValueError:
        return False
    return True


def second_values(vendor: str, rows: Mapping[str, Setting[object]], now: Mapping[str, object]) -> dict[str, object]:
    """Of every setting in flash; LookupError for one that says neither a second value nor why there is none."""
    found = {}
    for name, row in rows.items():
        if row.persistent and (vendor, name) not in ONLY_ONE_VALUE:
            found[name] = another(row, now[name])
    return found


@pytest.mark.parametrize("vendor", vendors.OWN)
async def test_every_setting_in_flash_survives(vendor: str, tmp_path: Path) -> None:
    state = tmp_path / "state"
    async with Emulator(scenario(MODELS.get(vendor, vendor)), options(state)) as emulator:
        settings = box_of(emulator).settings
        rows = settings.rows
        before = {name: settings[name] for name in rows}
        new = second_values(vendor, rows, before)
        assert settings.keep is not None
        for name, value in new.items():
            settings.keep(name, value)  # as `put` does, without what the firmware makes of so odd a box
        copy = killed(state)
    lost = await differing(vendor, copy, new)
    assert {name for owner, name in NEW_AT_EVERY_START if owner == vendor} <= lost.keys()
    for number, name in enumerate(lost):  # another setting may have changed it
        alone = tmp_path / str(number) / "state"
        alone.parent.mkdir()
        async with Emulator(scenario(MODELS.get(vendor, vendor)), options(alone)) as emulator:
            keep = box_of(emulator).settings.keep
            assert keep is not None
            keep(name, new[name])
            copy = killed(alone)
        left = await differing(vendor, copy, {name: new[name]})
        assert bool(left) is ((vendor, name) in NEW_AT_EVERY_START), (name, new[name], left)


@pytest.mark.parametrize("vendor", vendors.OWN)
async def test_every_default_survives(vendor: str, tmp_path: Path) -> None:
    """Where all that is in flash is written anew - after a snapshot was restored - it can be read again."""
    state = tmp_path / "state"
    async with Emulator(scenario(MODELS.get(vendor, vendor)), options(state)) as emulator:
        await emulator.snapshots.take("here")
        await emulator.snapshots.restore("here")
        kept = box_of(emulator).settings.persistent()
        assert emulator.storage is not None
        assert emulator.storage.read(f"charger.{box_of(emulator).name}").keys() == kept.keys()
        copy = killed(state)
    found = await differing(vendor, copy, kept)
    assert found.keys() <= {name for owner, name in NEW_AT_EVERY_START if owner == vendor}


async def differing(vendor: str, state: Path, expected: Mapping[str, object]) -> dict[str, object]:
    """What is not as it was after a start with this file."""
    async with Emulator(scenario(MODELS.get(vendor, vendor)), options(state)) as emulator:
        settings = box_of(emulator).settings
        return {name: settings[name] for name, value in expected.items() if settings[name] != value}


@pytest.mark.parametrize("vendor", [name for name in vendors.OWN if len(vendors.vendor(name).models[0].firmwares) > 1])
async def test_a_firmware_update_survives(vendor: str, tmp_path: Path) -> None:
    model = vendors.vendor(vendor).models[0]
    first, last = model.firmwares[0], model.firmwares[-1]

    def stated(firmware: str) -> Scenario:
        return loads(f"wallbox: {{model: {model.id}, firmware: '{firmware}'}}\nbroker: none\n")

    async with Emulator(stated(first), options(tmp_path / "state")) as emulator:
        await emulator.apply([make_step("set_firmware", emulator.site.names, firmware=last)])
        copy = killed(tmp_path / "state")
    for _ in range(2):
        async with Emulator(stated(first), options(copy)) as emulator:
            assert box_of(emulator).profile.firmware.text == last
            copy = killed(copy)
    async with Emulator(stated(first), options(copy)) as emulator:
        await emulator.reset()
        assert box_of(emulator).profile.firmware.text == first
        copy = killed(copy)
    middle = model.firmwares[len(model.firmwares) // 2]
    async with Emulator(stated(middle), options(copy)) as emulator:  # the scenario says something else now
        assert box_of(emulator).profile.firmware.text == middle
