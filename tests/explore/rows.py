"""Rows of the museum without what went wrong in them: a site, a client, and what the client is expected to keep.

The one rule: nothing here says what to do to the client; that is for `explore` to find.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from museum.clients import Gone, Site
from museum.test_pairs import PAIRS, Client, Pair

from emulator.explore.search import Search
from emulator.testing import EmulatorFixture

PATIENCE: Final = 2.0
"""Wall seconds a client waits for an answer."""


@dataclass(frozen=True)
class Row:
    """A client and its site. `causes`: kinds of faults that stage the same bug as the museum does."""

    row: str
    scenario: str
    causes: frozenset[str]
    lead: float = 0.0
    """The client begins so many seconds after the start."""

    @property
    def pair(self) -> Pair:
        return next(pair for pair in PAIRS if pair.row == self.row)

    def client(self, *, careful: bool = False) -> Callable[[EmulatorFixture], None]:
        """The client, as `explore` calls it."""
        chosen = self.pair.careful if careful else self.pair.naive

        def call(emulator: EmulatorFixture) -> None:
            emulator.run(self._visit(chosen, Site(emulator.running, PATIENCE)))

        return call

    async def _visit(self, client: Client, site: Site) -> None:
        await site.wait(self.lead)
        with suppress(Gone):  # nobody answers: such a client ends quietly
            await client(site)

    def rediscovered(self, search: Search) -> list[int]:
        """For every failure that is the museum's bug, to how many steps it was shrunk."""
        return [
            len(failure.trial.walk)
            for failure in search.failures
            if failure.trial.result is not None
            and self.causes & set(failure.cause)
            and self.pair.trapped(list(failure.trial.result.journal))
        ]


def _row(row: str, causes: str, scenario: str, lead: float = 0.0) -> Row:
    return Row(row, scenario.strip() + "\n", frozenset(causes.split()), lead)


NRGKICK: Final = "wallbox: {vendor: nrgkick, http: true}\nsteps: [plug_in: {vehicle: generic}]\n"
GOE: Final = "wallbox: {vendor: goe, model: gemini-22, http: true}\nsteps: [plug_in: {vehicle: generic}]\n"
BENDER: Final = (
    "wallbox: {vendor: bender, model: cc612, modbus: true}\nsteps: [{at: 3 min, plug_in: {vehicle: generic}}]\n"
)
LEKTRICO: Final = "wallbox: {vendor: lektrico, model: 3p22k, http: true}\n"
KEBA: Final = "wallbox: {vendor: keba, model: keba-p30-x-32, udp: true}\n"

ROWS: Final = (
    _row(
        "B59",
        "acknowledged_but_ineffective",
        NRGKICK + "rules: [{name: pauses, after: {client: {writes: nrgkick.control.charge_pause, value: 1}},"
        ' within: 30 s, expect: {power: "< 100 W"}}]',
        lead=60,
    ),
    _row(
        "B63",
        "acknowledged_but_ineffective",
        "wallbox: {vendor: nrgkick, http: true, settings: {phase_switching: true}}\n"
        "steps: [plug_in: {vehicle: generic}]\n"
        'rules: [{name: one phase of 16 A, never: {power: "> 4 kW"}, for: 30 s}]',
    ),
    _row(
        "B78",
        "acknowledged_but_ineffective adjusted_write",
        BENDER + 'rules: [{name: stopped is stopped, never: {power: "> 1 kW"}, for: 1 min, after: {note: stopped}}]',
    ),
    _row(
        "B61",
        "act",
        NRGKICK + "rules: [{name: stays paused, after: {client: {writes: nrgkick.control.charge_pause, value: 1}},"
        ' never: {power: "> 1 kW"}, for: 1 min}]',
    ),
    _row(
        "B25",
        "override rescale frozen_value frozen_reply set_firmware",
        GOE + "rules: [{name: does not start what runs, never: {client: {writes: goe.frc, value: 2},"
        ' while: {power: "> 1 kW"}}}]',
    ),
    _row(
        "B28",
        "rescale override",
        GOE + "rules: [{name: throttles an overload only, never: {client: {writes: goe.amp, value: 6},"
        ' while: {power: "< 11.5 kW"}}}]',
    ),
    _row("B33", "override", GOE + "rules: [{name: sets the current, eventually: {client: {writes: goe.amp}}}]", 60),
    _row(
        "B34",
        "counter_dip counter_reset override rescale",
        GOE + "rules: [{name: bills what was charged, never: {note: billed 0}, after: {event: current_started}}]",
    ),
    _row("B39", "add", GOE + "rules: [{name: sets the current, eventually: {client: {writes: goe.amp}}}]", 60),
    _row(
        "B66",
        "override rescale",
        "wallbox: {vendor: nrgkick, http: true}\nsupply: {phases: 1}\n"
        "rules: [{name: sees one phase, never: {client: {writes: nrgkick.control.current_set, value: 6}}}]",
        lead=60,
    ),
    _row("B67", "hide set_firmware", LEKTRICO + "rules: [{name: sets up, never: {note: set-up failed}}]"),
    _row("B68", "hide set_firmware", LEKTRICO + "rules: [{name: sets up, never: {note: set-up failed}}]"),
    _row("B72", "override", BENDER + "rules: [{name: is not full, never: {note: full}}]"),
    _row("B74", "override rescale", BENDER + "rules: [{name: no overload, never: {note: shed load}}]"),
    _row(
        "B75",
        "modbus_exception",
        BENDER + 'rules: [{name: reads the power, eventually: {client: {requests: bender.modbus, matching: "*206*"}}}]',
    ),
    _row(
        "B29",
        "status hang",
        GOE + 'rules: [{name: does not hammer, client: {requests: goe.http}, count: "<= 3", per: 1 s}]',
        lead=60,
    ),
    _row("B30", "dead refuse", GOE + "rules: [{name: recovers, eventually: {note: recovered}}]"),
    _row("B40", "refuse dead close reset", GOE + "rules: [{name: supported, never: {note: not supported}}]", 60),
    _row(
        "B42",
        "refuse dead power_cut reboot",
        GOE + "rules: [{name: starts, never: {note: the whole system does not start}}]",
        60,
    ),
    _row("B38", "status", GOE + "rules: [{name: connects, eventually: {note: connected}}]", 60),
    _row(
        "B48",
        "close reset",
        "wallbox: {vendor: keba, model: keba-p40, modbus: true, settings: {modbus_in_app: true}}\n"
        "rules: [{name: keeps the box, never: {note: box lost}}]",
    ),
    _row(
        "B62",
        "power_cut refuse dead reboot",
        NRGKICK + "rules: [{name: pauses, eventually: {client: {writes: nrgkick.control.charge_pause}}}]",
        lead=60,
    ),
    _row("B64", "refuse reset close dead", NRGKICK + "rules: [{name: keeps the box, never: {note: removed}}]", 60),
    _row("B50", "stray_datagram", KEBA + "rules: [{name: sees the answer, never: {note: refused}}]"),
    _row("B51", "delay", KEBA + "rules: [{name: finds it, never: {note: no charging station found}}]"),
)
