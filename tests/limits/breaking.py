"""A vendor of another package whose code is wrong, installed by an entry point as any vendor's would be."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULE = '''
"""Wallboxes as KEBA's, with a mistake that is made when BREAKS says so."""

import os
from dataclasses import replace

from emulator.vendors.keba.vendor import VENDOR as KEBA

WHEN = os.environ["BREAKS"]


class Broken(KEBA.create):
    def __init__(self, context):
        super().__init__(context)
        if WHEN == "load":
            raise ZeroDivisionError("a mistake")

    def serves(self, interface):
        if WHEN == "serve":
            raise ZeroDivisionError("a mistake")
        return super().serves(interface)

    def handle(self, event):
        super().handle(event)
        if WHEN == "event" and event.name == "unplugged":
            raise ZeroDivisionError("a mistake")


VENDOR = replace(KEBA, id="broken", title="Broken", create=Broken, ocpp=None)
'''


def installed(folder: Path, when: str) -> dict[str, str]:
    """The environment of a Python that has it, beside this emulator."""
    info = folder / "broken_vendor-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "broken_vendor.py").write_text(MODULE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-vendor\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[charger_emulator.vendors]\nbroken = broken_vendor:VENDOR\n")
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT))), "BREAKS": when}
