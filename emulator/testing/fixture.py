"""The fixture `emulator`: an emulator as tests see it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from .. import vendors
from ..core.instant import seconds
from ..devices.realism import Realism
from ..errors import EmulatorError, did_you_mean
from ..reports.writing import write_reports
from ..scenario.adding import AddedWallbox
from ..scenario.loader import load
from ..scenario.plan import Scenario
from ..scenario.player import failed
from ..scenario.playing import checks, expect
from ..scenario.steps.vocabulary import make_step
from ..scenario.variants import Variant
from ..service.emulator import Emulator, Options
from ..verdict.engine import RuleVerdict, VerdictEngine
from ..verdict.reading import rules_from
from ..world.quantities import charger_view, read
from .arguments import duration, items, plain
from .background import Background
from .snapshot import SnapshotFixture
from .steps import Steps
from .tail import MOST, tail
from .wallbox import WallboxFixture

if TYPE_CHECKING:
    from ..devices.wallbox import Wallbox

T = TypeVar("T")


class EmulatorFixture(Steps):
    """What the fixture `emulator` is: an emulator that does what it is told and otherwise stands still.

    Every step of the scenario language is a method, with arguments as in YAML: `plug_in(vehicle="vw_id3")`,
    `trip_rcd(residual_current="35 mA")`, `set(settings={"amp": 10})`.
    """

    def __init__(self) -> None:
        self._background = Background.shared()
        self._stack = AsyncExitStack()
        self._emulator: Emulator | None = None
        self._last: Emulator | None = None
        """The one that runs or ran last: what it saw can still be looked at when it is off."""
        self._failures = 0
        self._engine: VerdictEngine | None = None
        self._judged: list[RuleVerdict] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def call(self, function: Callable[[], T]) -> T:
        """Call a function on the emulator's thread: its objects belong to it."""
        return self._background.call(function)

    @property
    def running(self) -> Emulator:
        """The emulator itself, started when first needed. Touch it on its own thread only (`call`)."""
        if self._emulator is None:
            self.serve(Scenario())
            assert self._emulator is not None
        return self._emulator

    def serve(self, scenario: Scenario) -> Self:
        """Run a scenario from its start, on new ports."""
        self.stop()
        options = Options(any_port=True, speed=0.0, announce=False)

        async def begin() -> Emulator:
            stack = AsyncExitStack()
            emulator = await stack.enter_async_context(Emulator(scenario, options))
            self._stack = stack
            return emulator

        self._emulator = self._last = self._background.run(begin())
        self._failures = 0
        self._engine = None
        self._judged = []
        return self

    def stop(self) -> None:
        """Everything off, ports free; the next call starts a new emulator."""
        self._emulator = None
        self._background.run(self._stack.aclose())

    # --- building ----------------------------------------------------------------------------------------------------

    def start(
        self,
        vendor: str,
        *,
        name: str | None = None,
        model: str | None = None,
        firmware: str | None = None,
        serial: str | None = None,
        settings: Mapping[str, object] | None = None,
        charger: str | Mapping[str, object] = "charger",
        address: str | None = None,
        ocpp: str | None = None,
        realism: Realism | None = None,
    ) -> WallboxFixture:
        """A wallbox of this vendor (or model), served at once with every interface on and open access.

        `ocpp`: URL of its central system, or `embedded`. `realism`: `off`, `latency` (answers take as long as the
        device's) or `full` (its meter is noisy, too); by default `full` in real time and `off` while time stands still.

        `charger` is the charger's name, or its hardware as in YAML (`{"connector": "socket", "phases": 1}`).
        A second wallbox on the same charger runs beside the first. EmulatorError if anything is wrong.
        """
        if vendor in vendors.VENDOR_OF_MODEL and model is None:
            vendor, model = vendors.VENDOR_OF_MODEL[vendor], vendor
        stated = {"model": model, "firmware": firmware, "serial": serial, "settings": settings, "address": address}
        stated |= {"ocpp": ocpp, "realism": realism}
        wallbox: dict[str, object] = {"vendor": vendor} | {
            key: value for key, value in stated.items() if value is not None
        }
        where = charger if isinstance(charger, str) else "charger"
        growth, known = self.running.growth, self.running.simulation.chargers
        hardware = None if isinstance(charger, str) or where in known else charger
        added = AddedWallbox(name=name or vendor, stated=wallbox, everything=True)
        return self.wallbox(self._background.run(growth.add(where, added, hardware)))

    def load(self, file: str | Path, variant: Variant | None = None) -> Self:
        """Run a scenario from its start: its timeline is played as time is moved. ScenarioError if it is wrong.

        `variant`: with another model, firmware or vehicle.
        """
        return self.serve(load(file, variant=variant))

    def run(self, work: Coroutine[object, None, T]) -> T:
        """Let the emulator's event loop do `work`, and wait for it."""
        return self._background.run(work)

    def wallbox(self, name: str | None = None) -> WallboxFixture:
        """A wallbox by name, `garage.goe` or `goe`; where there is one only it need not be said."""
        site = self.running.site
        names = site.names

        def find() -> Wallbox:
            return site.wallboxes[names.only_wallbox() if name is None else names.wallbox(name)]

        return WallboxFixture(self._background, self.running, self.call(find))

    @property
    def broker(self) -> tuple[str, int]:
        """Host and port of the MQTT broker."""
        broker = self.running.broker
        if broker is None:
            raise EmulatorError("no wallbox uses MQTT, so there is no broker")
        return broker.host, broker.port

    # --- time --------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Simulated seconds since the start."""
        return seconds(self.call(lambda: self.running.simulation.now()))

    def advance(
        self,
        by: str | timedelta | None = None,
        *,
        until: Mapping[str, object] | None = None,
        within: str | timedelta = "10 min",
    ) -> list[dict[str, object]]:
        """Jump ahead (`"1 h 30 min"`), or until something holds; the chargers' events on the way, as journal entries.

        AssertionError if what was waited for did not come, or if an expectation of a loaded scenario failed.
        """
        __tracebackhide__ = True
        emulator = self.running
        if (by is None) == (until is None):
            raise EmulatorError('advance: expected a duration such as "1 h", or until={...}')
        if until is not None:
            expected = self.call(lambda: checks(emulator.site, until))
            passage = self._background.run(emulator.advance_until(expected, duration(within)))
        else:
            assert by is not None
            passage = self._background.run(emulator.advance(duration(by)))
        if not passage.ok:
            raise AssertionError(f"not within {within}:\n{items(passage.items)}")
        self._check_failures()
        return [entry.as_json() for entry in passage.events]

    def wait_until(
        self, expected: Mapping[str, object] | None = None, /, within: str | timedelta = "10 min", **named: object
    ) -> list[dict[str, object]]:
        """Jump ahead until quantities are as expected. AssertionError if they are not in time."""
        __tracebackhide__ = True
        return self.advance(until={**(expected or {}), **named}, within=within)

    def finish(self) -> None:
        """Play the loaded scenario to its end. AssertionError with everything that was not as it says."""
        __tracebackhide__ = True
        emulator = self.running
        self._background.run(emulator.advance_to_end())
        self.call(emulator.conclude)
        self._check_failures()

    def _check_failures(self) -> None:
        __tracebackhide__ = True
        failures = self.call(lambda: self.running.result.failures)
        new, self._failures = failures[self._failures :], len(failures)
        if new:
            raise AssertionError("\n".join(str(failure) for failure in new))

    # --- what happens ------------------------------------------------------------------------------------------------

    def step(self, name: str, argument: object = None, /, **arguments: object) -> dict[str, object]:
        """Do a step now and return what came of it. EmulatorError if it is refused or makes no sense."""
        __tracebackhide__ = True
        emulator = self.running
        given = {key: plain(value) for key, value in arguments.items()}
        made = self.call(lambda: make_step(name, emulator.site.names, plain(argument), **given))
        outcome = self._background.run(emulator.apply([made]))[0]
        if failed(outcome):
            raise EmulatorError(f"{name}: {outcome.message or outcome.refused}")
        return dict(outcome.detail)

    def expect(self, expected: Mapping[str, object] | None = None, /, **named: object) -> None:
        """Quantities are as expected, or AssertionError: `expect(power="> 3 kW")`, `expect({"goe.car": 2})`."""
        __tracebackhide__ = True
        emulator = self.running
        outcome = self.call(lambda: expect(emulator.site, {**(expected or {}), **named}))
        if failed(outcome):
            raise AssertionError(outcome.message)

    def reset(self, scenario: Scenario | None = None) -> None:
        """Everything back to its start, on the same ports: time, physics, settings, journal. Rules are gone.

        `scenario`: another timeline for the same chargers and wallboxes.
        """
        self._background.run(self.running.reset(scenario))
        self._failures = 0
        self._engine = None
        self._judged = []

    # --- judging the client ------------------------------------------------------------------------------------------

    def rule(self, rule: Mapping[str, object] | None = None, /, **named: object) -> None:
        """A rule as in a scenario's `rules:`, in force from now on until `verdict`.

        `emulator.rule({"never": {"client": {"writes": "goe.amp", "value": "> 16"}}})`, or by keywords;
        `emulator.rule(include="goe/recommended")` for a ready-made set. ScenarioError with every mistake in it.
        """
        stated = {**(rule or {}), **{name.rstrip("_"): value for name, value in named.items()}}
        site = self.running.site

        def add() -> None:
            if self._engine is None:
                self._engine = VerdictEngine(site)
            for rule in rules_from(stated, site.names):
                self._engine.add(rule)

        self.call(add)

    def verdict(self) -> list[dict[str, object]]:
        """How the rules came out, those of a loaded scenario first. AssertionError that explains each broken one."""
        __tracebackhide__ = True
        emulator, engine = self.running, self._engine

        def conclude() -> list[RuleVerdict]:
            emulator.player.conclude()
            found = list(emulator.player.result().rules)
            if engine is not None:
                engine.conclude(emulator.simulation.now())
                judged = engine.verdicts()
                self._judged += judged
                found += judged
            return found

        verdicts = self.call(conclude)
        self._engine = None
        self._failures = len(self.call(lambda: emulator.result.failures))
        broken = [f'rule "{verdict.name}": {verdict.text}' for verdict in verdicts if not verdict.ok]
        if broken:
            raise AssertionError("\n".join(broken))
        return [verdict.as_json() for verdict in verdicts]

    def snapshot(self, name: str | None = None) -> SnapshotFixture:
        """The whole world as it is now, to go back to with `.restore()` as often as wanted."""
        emulator = self.running
        name = name if name is not None else f"snapshot-{len(emulator.snapshots.all()) + 1}"
        self._background.run(emulator.snapshots.take(name))
        return SnapshotFixture(name, lambda: self._background.run(emulator.snapshots.restore(name)))

    def judge(self, *, strict: bool = False) -> None:
        """The test is over: AssertionError if a rule is broken that nobody has asked about.

        `strict` (or `strict: true` in a loaded scenario): also if something passed only because nothing came to it.
        """
        __tracebackhide__ = True
        if self._emulator is None:
            return
        bugs = self._emulator.bugs
        if found := self.call(lambda: [bug.traceback for bug in bugs.found.values()]):
            raise AssertionError("the emulator itself failed:\n" + "\n".join(found))
        if self._engine is not None:
            self.verdict()
        self._check_failures()
        if strict or self._emulator.scenario.strict:
            emulator = self._emulator
            untested = self.call(lambda: emulator.player.result().untested)
            if untested:
                raise AssertionError("\n".join(f"not tested: {found}" for found in untested))

    # --- looking -----------------------------------------------------------------------------------------------------

    def read(self, quantity: str) -> object:
        """A quantity (`power`, `garage.vehicle.state_of_charge`) or vendor value (`goe.car`)."""
        emulator = self.running
        return self.call(lambda: read(emulator.site, quantity))

    def charger(self, name: str | None = None) -> dict[str, object]:
        """All quantities of a charger; where there is one only it need not be named."""
        emulator = self.running
        names = emulator.site.names

        def view() -> dict[str, object]:
            found = names.only_charger() if name is None else names.charger(name)
            return charger_view(emulator.simulation.observe(found))

        return self.call(view)

    def journal(self, *, after: int = 0, **wanted: object) -> list[dict[str, object]]:
        """Journal entries whose members are as wanted: `journal(kind="write", interface="http", name="amp")`."""
        emulator = self._last
        if emulator is None:
            return []
        found = self.call(lambda: [entry.as_json() for entry in emulator.simulation.journal.after(after)])
        for name in wanted:
            if found and name not in found[0]:
                raise EmulatorError(f'journal entries have no "{name}"{did_you_mean(name, found[0])}')
        return [entry for entry in found if all(entry[name] == value for name, value in wanted.items())]

    def write_report(self, directory: str | Path) -> bool:
        """`journal.jsonl`, `junit.xml`, `report.json` and `report.html`, as `--report` does; False if nothing ran."""
        emulator = self._last
        if emulator is None:
            return False
        rules = [*self._judged, *([] if self._engine is None else self._engine.verdicts())]

        def write() -> None:
            result = emulator.player.result()
            held = all(verdict.ok for verdict in rules)
            full = replace(result, ok=result.ok and held, rules=(*result.rules, *rules))
            earlier = [(emulator.scenario, before) for before in emulator.earlier]
            write_reports(Path(directory), [(emulator.scenario, full)], earlier)

        self.call(write)
        return True

    def tail(self, count: int = MOST) -> str:
        """The newest journal entries for a reader, as shown beside a failing test."""
        return tail(self.journal(), count)
