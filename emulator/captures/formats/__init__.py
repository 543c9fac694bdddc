"""What captures of each vendor look like. The one rule: a format claims its own pieces and nothing else."""

from __future__ import annotations

from . import bender, goe, keba, lektrico, modbus, nrgkick, warp
from .format import Format

FORMATS: tuple[Format, ...] = (
    goe.FORMAT,
    warp.FORMAT,
    nrgkick.FORMAT,
    lektrico.FORMAT,
    bender.FORMAT,
    keba.FORMAT,
    *modbus.FORMATS,
)
