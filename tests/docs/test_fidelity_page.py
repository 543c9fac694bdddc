"""The page about fidelity shows the rows that there are, and the output it shows is the command's."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from docs.fidelity_page import PAGE, page
from emulator.captures.emulated import asked
from emulator.cli import application
from emulator.vendors import vendor
from emulator.vendors.specimen import specimen


def test_the_generated_part_is_current() -> None:
    assert page() == PAGE.read_text("utf-8"), "run python -m docs.fidelity_page in tests"


def test_the_output_on_the_page_is_what_the_command_prints(tmp_path: Path) -> None:
    keba = vendor("keba")
    wallbox = specimen(keba, keba.profile("keba-p30-c-32", "3.10.57"))
    wallbox.start()
    wallbox.simulation.jump(60_000_000)
    file = tmp_path / "dump.txt"
    file.write_text(asked(wallbox, ("report 1", "report 2")).replace('"Plug": 3', '"Plug": 2'))
    shown = CliRunner().invoke(application, ["compare", str(file)], standalone_mode=False).output
    assert f"$ charger-emulator compare dump.txt\n{shown}```" in PAGE.read_text("utf-8")
