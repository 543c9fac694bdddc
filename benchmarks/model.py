"""A day of chargers without wallboxes, sockets and journal."""

from __future__ import annotations

import os
import resource
import time

from emulator.core.agenda import Agenda
from emulator.core.charger import LEAST_RETAINED, Charger
from emulator.core.instant import DAY, HOUR, MINUTE, Instant
from emulator.core.messages import Command, PlugIn, RequestPhases, SetLimit, Stimulus, Unplug
from emulator.core.specs import ChargerSpec
from emulator.core.vehicles import PRESETS

from .process import memory_of


def programme() -> list[tuple[Instant, Stimulus | Command]]:
    """24 h: a session with a phase switch there and back and a taper, and a second one."""
    morning = PlugIn(name="first", vehicle=PRESETS["vw_id3"], state_of_charge=0.4)
    evening = PlugIn(name="second", vehicle=PRESETS["renault_zoe"], state_of_charge=0.5)
    return [
        (6 * HOUR, SetLimit(owner="user", current=16.0)),
        (6 * HOUR, morning),
        (7 * HOUR, RequestPhases(owner="user", phases=1)),
        (8 * HOUR, RequestPhases(owner="user", phases=3)),
        (15 * HOUR, Unplug()),
        (17 * HOUR, evening),
        (23 * HOUR, Unplug()),
    ]


def day(count: int) -> tuple[float, float, float]:
    """CPU time of a day [s], memory so many chargers take at its end, and the most the process ever had [MiB]."""
    agenda = Agenda()
    before = memory_of(os.getpid())
    chargers = [
        Charger(f"c{n}", ChargerSpec(), agenda=agenda, announce=lambda _: None, retained=LEAST_RETAINED)
        for n in range(count)
    ]
    began = time.process_time()
    events = [
        (at + number * MINUTE // 7 % HOUR, number, message) for number in range(count) for at, message in programme()
    ]
    for at, number, message in sorted(events, key=lambda event: event[:2]):
        agenda.run_until(at)
        chargers[number].apply(at, message)
    agenda.run_until(DAY)
    spent = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return spent, memory_of(os.getpid()) - before, peak
