"""An energy manager that charges with what the sun gives, and ten mistakes that programs like it make.

The one rule: a mistake is one overridden method; everything else is the careful client.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from typing import Any, ClassVar, Final

from emulator.testing import EmulatorFixture

PATIENCE: Final = 10.0
"""Wall seconds for an answer."""
SCENARIO: Final = """\
about: An energy manager charges with what the sun gives, and pauses in the dark.
wallbox: {vendor: goe, model: gemini-22, http: true}
vehicles: {id3: {model: vw_id3, state_of_charge: 30 %}}
steps: [plug_in: {vehicle: id3}]
rules:
  - {name: no more than the fuse, never: {client: {writes: goe.amp, value: "> 16"}}}
  - {name: no less than a vehicle takes, never: {client: {writes: goe.amp, value: "< 6"}}}
  - {name: nothing is refused, never: {client: {writes: goe, failed: true}}}
  - {name: asks politely, client: {requests: goe.http, matching: GET /api/status}, apart: 5 s}
  - {name: pauses in the dark, after: {note: dark}, within: 2 min, expect: {power: "< 100 W"}, unless: {note: sun}}
  - {name: keeps to the sun, never: {phase_current: "> 6.3 A"}, for: 2 min, after: {note: low sun}, until: {note: sun}}
  - {name: does not wear out the flash, client: {writes: goe.amp}, same_value_apart: 15 s}
  - {name: gives back what it took, releases: {client: {writes: goe.frc}}, to: 0}
  - {name: is there to the end, eventually: {note: the end}}
end: 14 min
"""
WORDS: Final = """\
# Disturbances that pass: a careful client gets over every one of them within two minutes.
steps: 4
pauses: [0 s, 30 s, 90 s]
rest: 1 min
words:
  - {weight: 4, fault: {on: goe.http, kind: status, status: {one_of: [500, 503]}, count: {one_of: [1, 2]}}}
  - {weight: 4, fault: {on: goe.http, kind: {one_of: [refuse, dead]}, for: {one_of: [10 s, 40 s]}}}
  - {weight: 4, fault: {on: goe.http, kind: acknowledged_but_ineffective, count: {one_of: [1, 2]}}}
  - {weight: 4, fault: {on: goe.http, kind: {one_of: [close, reset, truncate]}, count: 1}}
  - {weight: 4, fault: {on: goe.http, kind: override, count: 1, value: 0, match: {key: {one_of: [nrg.0, nrg.11]}}}}
  - {weight: 4, fault: {on: goe.http, kind: hide, count: 1, match: {key: {one_of: [amp, frc, nrg, car]}}}}
  - {weight: 4, fault: {on: goe, kind: act, write: {one_of: [{amp: 16}, {frc: 0}]}}}
  - {weight: 1, unplug: }
  - {weight: 1, plug_in: {vehicle: id3}}
"""


class Manager:
    """The careful client."""

    SUN: ClassVar = (16, 20, 20, 10, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 12)
    """What there is every 20 s [A]."""
    period: ClassVar = "20 s"
    release: ClassVar = 0

    def __init__(self, emulator: EmulatorFixture) -> None:
        self.emulator = emulator
        self.url = emulator.wallbox("goe").http_url
        self._word = ""

    def run(self) -> None:
        """Charge through the day, and give back what was taken."""
        for sun in self.SUN:
            self.say("dark" if sun < 6 else "low sun" if sun == 6 else "sun")
            self.cycle(sun)
            self.emulator.advance(self.period)
        for _ in range(12):
            if self.give_back():
                break
            self.emulator.advance(self.period)
        self.say("the end")

    def say(self, word: str) -> None:
        """A note when the weather changes."""
        if word != self._word:
            self._word = word
            self.emulator.step("note", word)

    def cycle(self, sun: int) -> None:
        status = self.status()
        if status is None:
            return
        if sun < 6:
            self.pause(status)
            return
        if status.get("frc") == 1:
            self.put("frc", 0)
        wanted = self.wanted(sun, status)
        if status.get("amp") is not None and status["amp"] != wanted:
            self.put("amp", wanted)

    def wanted(self, sun: int, status: dict[str, Any]) -> int:
        return min(16, max(6, sun))

    def pause(self, status: dict[str, Any]) -> None:
        if status.get("frc") != 1:
            self.put("frc", 1)

    def give_back(self) -> bool:
        """Whether nothing is forced any more."""
        status = self.status()
        if status is None or status.get("frc") is None:
            return False
        if status["frc"] != self.release:
            self.put("frc", self.release)
            return False
        return True

    def status(self) -> dict[str, Any] | None:
        """None: no answer, or none that makes sense."""
        try:
            found = json.loads(self.get("/api/status?filter=amp,frc,nrg,car"))
        except (OSError, ValueError, HTTPException):
            return None
        return found if isinstance(found, dict) else None

    def put(self, key: str, value: int) -> None:
        try:
            self.get(f"/api/set?{key}={value}")
        except (OSError, ValueError, HTTPException):
            return

    def get(self, target: str) -> str:
        with urllib.request.urlopen(self.url + target, timeout=PATIENCE) as reply:
            return str(reply.read().decode())


class NoUpperLimit(Manager):
    """Sets whatever the sun gives, the fuse notwithstanding."""

    def wanted(self, sun: int, status: dict[str, Any]) -> int:
        return max(6, sun)


class NoLowerLimit(Manager):
    """Throttles below what a vehicle takes, instead of pausing."""

    def pause(self, status: dict[str, Any]) -> None:
        self.put("amp", 4)


class Milliamperes(Manager):
    """Takes the unit of another box."""

    def put(self, key: str, value: int) -> None:
        super().put(key, value * 1000 if key == "amp" else value)


class Hasty(Manager):
    """Polls every second."""

    period = "1 s"


class NeverGivesBack(Manager):
    """Leaves the forced state as it is."""

    release = 1


class Believes(Manager):
    """Pauses once, and believes that it worked."""

    paused = False

    def pause(self, status: dict[str, Any]) -> None:
        if not self.paused:
            self.paused = True
            self.put("frc", 1)


class Remembers(Manager):
    """Compares with what it wrote the last time, not with what the box says."""

    written = 0

    def wanted(self, sun: int, status: dict[str, Any]) -> int:
        wanted = super().wanted(sun, status)
        if wanted == self.written:
            return int(status["amp"])
        self.written = wanted
        return wanted


class Fragile(Manager):
    """Is not prepared for anybody not answering."""

    def status(self) -> dict[str, Any] | None:
        found = json.loads(self.get("/api/status?filter=amp,frc,nrg,car"))
        assert isinstance(found, dict)
        return found


class Divides(Manager):
    """Reckons with the voltage, whatever it is."""

    def wanted(self, sun: int, status: dict[str, Any]) -> int:
        return min(16, max(6, round(sun * 230 / float(status["nrg"][0]))))


class Impatient(Manager):
    """Asks again at once, until there is an answer."""

    def status(self) -> dict[str, Any] | None:
        for _ in range(5):
            found = super().status()
            if found is not None:
                return found
        return None


MISTAKES: Final[tuple[type[Manager], ...]] = (
    NoUpperLimit,
    NoLowerLimit,
    Milliamperes,
    Hasty,
    NeverGivesBack,
    Believes,
    Remembers,
    Fragile,
    Divides,
    Impatient,
)


def client(kind: type[Manager]) -> Callable[[EmulatorFixture], None]:
    """A manager, as `explore` calls it."""
    return lambda emulator: kind(emulator).run()
