"""The generated documentation of what is reproduced."""

from __future__ import annotations

import re

import pytest
from bench import Bench
from click.testing import CliRunner

from emulator import vendors
from emulator.commands.listing import command
from emulator.errors import EmulatorError
from emulator.vendors.fidelity import document, rows


@pytest.mark.parametrize("name", vendors.OWN)
def test_every_row_has_its_line(name: str) -> None:
    text = document(name)
    for row in Bench(name).wallbox.fidelity():
        assert f"\n| `{row.name.replace('|', chr(92) + '|')}` | " in text, row.name
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in tables} == {10}


def test_a_row_that_several_firmwares_share_is_listed_once() -> None:
    found = rows(vendors.vendor("goe"))
    assert len(found) == len(set(found))
    cards = [row for row in found if (row.table, row.name) == ("API keys", "cards")]
    assert sorted(str(row.since) for row in cards) == ["60.3", "None"]


def test_on_the_command_line() -> None:
    run = CliRunner().invoke
    assert run(command, ["fidelity", "goe"]).output == document("goe") + "\n"
    assert isinstance(run(command, ["fidelity", "goo"]).exception, EmulatorError)
    assert run(command, ["vendors", "goe"]).exit_code == 2
