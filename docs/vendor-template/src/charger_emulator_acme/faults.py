"""A kind of fault of one's own: its fields are its arguments in YAML, on the command line and in Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from emulator.devices.documents import Path
from emulator.faults.candidate import Candidate
from emulator.faults.effect import ChangesValues
from emulator.language.fields import About


@dataclass(frozen=True, slots=True, kw_only=True)
class Coarse(ChangesValues):
    """A value is rounded, as by a meter of low resolution."""

    step: Annotated[float, About("the resolution, as on the wire")]

    def value(self, candidate: Candidate, path: Path, old: object) -> object:
        return round(old / self.step) * self.step if isinstance(old, int | float) else old
