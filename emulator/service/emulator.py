"""The emulator: a scenario's site, served on sockets and paced by the wall clock.

The one rule: whoever drives it - command line, control API, pytest - does so through the methods here, on its event
loop; they leave sockets and site in agreement when they return.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from ..core.instant import Instant, seconds
from ..core.messages import Outcome
from ..errors import EmulatorError, Place
from ..faults.engine import FaultEngine
from ..protocols.ocpp import OcppDevice
from ..protocols.push import moved
from ..protocols.server import Server
from ..runtime.bugs import Bugs
from ..runtime.clock import Clock
from ..runtime.pacer import Pacer
from ..scenario.plan import Scenario
from ..scenario.player import FOREVER, Failure, Player, Result
from ..scenario.playing import AdvanceResult, apply_steps, expect, perform, reached
from ..scenario.steps.base import TimedStep
from ..scenario.steps.checks import PATIENCE, Expect
from ..world.checks import Check
from ..world.conditions import Wait
from ..world.evaluation import Evaluation, remember
from .beginning import Beginning
from .endpoints import reserve_descriptors
from .growth import Growth
from .keeping import Keeper
from .logs import log_entries
from .options import MOST_EARLIER
from .options import Options as Options
from .snapshots import Snapshots, World
from .sockets import Sockets
from .travel import LATEST, Hold, broken_off, catch_up, standing, travel, until_as_noted
from .trouble import cancelled, unhandled

if TYPE_CHECKING:
    from ..protocols.broker import Broker
    from ..protocols.central_system import CentralSystemServer
    from ..protocols.mqtt import MqttDevice
    from ..runtime.simulation import Simulation
    from ..world.site import Site


class Emulator:
    """A running scenario, as `async with`."""

    def __init__(self, scenario: Scenario, options: Options | None = None) -> None:
        self.scenario = scenario
        self.options = options if options is not None else Options()
        self.sockets = Sockets(scenario, self.options)
        self.bugs = Bugs()
        """Mistakes of the emulator itself, from its start on."""
        self.finished = asyncio.Event()
        """The scenario is over: `result` is final."""
        self.earlier: list[Result] = []
        """What was run before each reset, the newest last, if it is recorded for a report."""
        self.failed_before = False
        """Whether the scenario or its rules failed in any of them; what was posted has told whoever posted it."""
        self.snapshots = Snapshots(self)
        self.on_reset: list[Callable[[], None]] = []
        """Called when there is a new world."""
        stated = self.options.speed if self.options.speed is not None else scenario.speed
        self._speed = 1.0 if stated is None else stated
        self.stack = AsyncExitStack()
        """Closed at the end."""
        self.busy = Hold()
        """Held by whoever moves the world."""
        self._beginning = Beginning(self.options)
        self.growth = Growth(self)
        """What was added to the scenario's chargers and wallboxes."""
        self._pacing: asyncio.Task[None] | None = None
        self._keeper: Keeper | None = None

    # --- life --------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await self._start(stack)
            self.stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stack.aclose()

    async def _start(self, stack: AsyncExitStack) -> None:
        loop = asyncio.get_running_loop()
        stack.callback(loop.set_exception_handler, loop.get_exception_handler())
        loop.set_exception_handler(unhandled(self.bugs))
        wallboxes = sum(len(charger.wallboxes) for charger in self.scenario.chargers)
        reserve_descriptors(2 * wallboxes, shared=self.sockets.shares)
        if self.options.state is not None:
            self._keeper = stack.enter_context(Keeper(self.options.state, shared=self.options.shared))
        if self.scenario.wants_broker or self.scenario.broker is not None:
            await self.sockets.start_broker(stack)
        if self._keeper is None:
            self._build(self.scenario)
        else:
            self._keeper.begin(self.scenario, self._build)
            self.growth.load(self._keeper)
            await self.growth.provide(stack)
            self._keeper.fitting(self.growth.again)
        self._pacer = Pacer(self.simulation)
        if self.scenario.wants_central_system:
            await self.sockets.start_central_system(stack, self.simulation)
        await self.sockets.open(stack)
        for address in self.site.wallboxes:
            await self.sockets.serve(self.site, address)
        self._pacing = asyncio.create_task(self._pacer.run(), name="pacer")
        stack.push_async_callback(cancelled, self._pacing)
        if self._keeper is not None:
            keeping = asyncio.create_task(self._keeper.keep_on(), name="keeper")
            stack.push_async_callback(cancelled, keeping)
            stack.callback(self._keeper.keep_counters)
        self.player.start()
        if not self.options.held:
            self.begin()

    def begin(self) -> None:
        """Let time run from here."""
        self.clock.set_speed(self._speed)
        self.simulation.wake()

    @property
    def storage(self) -> Keeper | None:
        """What keeps settings and counters across runs."""
        return self._keeper

    def _build(self, scenario: Scenario) -> None:
        self._begin(scenario, self._beginning.first(scenario, self._speed, self.sockets.broker_address))

    def _begin(self, scenario: Scenario, site: Site) -> None:
        """There is a new site, its time at 0."""
        self.site = site
        self._adopt()
        self.player = Player(
            self.site, scenario, finished=self._over, open_ended=scenario.end is None, record=self.options.record
        )
        self.performances: list[Player] = []
        """Of timelines that were added to the scenario's own."""
        self._posted: list[Failure] = []
        """Expectations that somebody else looked at and that did not hold."""
        self.finished.clear()

    def _adopt(self) -> None:
        """What stands outside of the world listens to the present one."""
        self.simulation.bugs, self.simulation.served = self.bugs, True
        log_entries(self.simulation.journal)
        if self._keeper is not None:
            self._keeper.follow(self.site)
        self.faults = FaultEngine.of(self.site.simulation)
        self.faults.broker, self.faults.links = self.sockets.broker, self.sockets.links
        self.faults.served = True

    @property
    def servers(self) -> Mapping[str, Server | MqttDevice | OcppDevice]:
        """By address, `garage.goe.http`."""
        return self.sockets.servers

    @property
    def links(self) -> Mapping[str, MqttDevice]:
        return self.sockets.links

    @property
    def broker(self) -> Broker | None:
        return self.sockets.broker

    @property
    def central_system(self) -> CentralSystemServer | None:
        return self.sockets.central_system

    def _over(self, _result: Result) -> None:
        self.finished.set()

    @property
    def simulation(self) -> Simulation:
        return self.site.simulation

    @property
    def clock(self) -> Clock:
        return self.site.simulation.clock

    @property
    def result(self) -> Result:
        """The verdict so far, on the scenario and on timelines added to it."""
        result = self.player.result()
        added = tuple(failure for player in self.performances for failure in player.failures)
        failures = result.failures + added + tuple(self._posted)
        bugs = tuple(self.bugs.found.values())
        return replace(result, ok=not failures and not bugs, failures=failures, bugs=bugs)

    @property
    def reached(self) -> Result:
        """The result of what there was when a mistake of the emulator's own ended it, perhaps at its very start."""
        return reached(self.__dict__.get("player"), *self.bugs.found.values())

    def conclude(self) -> None:
        """The run is over although it has no end of its own: judge what rules still wait for."""
        if self.scenario.end is None:
            self.player.conclude()

    async def run_until(self, stop: asyncio.Event, *, past_the_end: bool) -> None:
        """Until `stop` is set, or the scenario is over (unless `past_the_end`). Raises what broke the pacer."""
        assert self._pacing is not None
        waiting = {asyncio.create_task(stop.wait()), self._pacing}
        if not past_the_end:
            waiting.add(asyncio.create_task(self.finished.wait()))
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting - {self._pacing}:
                task.cancel()
        if self._pacing.done():
            self._pacing.result()

    # --- time --------------------------------------------------------------------------------------------------------

    def set_speed(self, speed: float) -> None:
        """Run at another speed from now on, also after a reset. EmulatorError if it is none."""
        at = self.simulation.now()
        try:
            self.clock.set_speed(speed)
        except ValueError as error:
            raise EmulatorError(str(error)) from None
        self._speed = speed
        self.simulation.journal.record(at, "clock", "set", {"speed": speed})
        self.simulation.wake()

    async def advance(self, by: Instant, *, noted: Mapping[str, object] | None = None) -> AdvanceResult:
        """Jump ahead, and let everything on the way happen. EmulatorError beyond the last instant there is.

        `noted`: what the journal says of it, in place of `by`; empty: nothing.
        """
        if self.simulation.at + by > LATEST:
            raise EmulatorError(f"time ends {seconds(LATEST) / 3600:.0f} h (500 years) after the start")
        async with self.busy:
            since = self._note_jump({"by": seconds(by)} if noted is None else noted)
            await self._travel(self.simulation.at + by)
            await self.settle()
            return AdvanceResult(at=self.simulation.at, ok=True, entries=tuple(self.simulation.journal.after(since)))

    async def advance_until(
        self, checks: tuple[Check, ...], within: Instant = PATIENCE, *, noted: Mapping[str, object] | None = None
    ) -> AdvanceResult:
        """Jump ahead until quantities are as expected, but at most `within`. `noted`: as for `advance`."""
        async with self.busy:
            with standing(self.simulation):
                evaluations: list[Evaluation] = []
                since = self._note_jump(until_as_noted(checks, within) if noted is None else noted)
                wait = Wait(self.site, checks, within, lambda _at, found: evaluations.append(found))
                wait.start()
                try:
                    await self._travel(FOREVER, lambda: bool(evaluations))
                finally:
                    wait.cancel()
                remember(checks, self.site)
                await self.settle()
                entries = tuple(self.simulation.journal.after(since))
                return AdvanceResult(
                    at=self.simulation.at, ok=evaluations[0].ok, entries=entries, items=evaluations[0].items
                )

    async def advance_to_end(self, limit: Instant = FOREVER) -> None:
        """Jump ahead until the scenario is over, but at most to `limit`."""
        async with self.busy:
            self._note_jump({"until": "the end"})
            await self._travel(limit, lambda: self.player.over)
            await self.settle()

    async def _travel(self, end: Instant, enough: Callable[[], bool] = lambda: False) -> None:
        await travel(self.simulation, self.sockets, end, lambda: self.busy.broken_off or enough())
        if self.simulation.at < end and not enough():
            raise broken_off(self.simulation)

    def _note_jump(self, detail: Mapping[str, object]) -> int:
        at, journal = self.simulation.now(), self.simulation.journal
        return journal.record(at, "clock", "advance", detail).seq if detail else journal.seq

    # --- what happens ------------------------------------------------------------------------------------------------

    async def apply(self, steps: Sequence[TimedStep]) -> list[Outcome]:
        """Do steps now, one after the other; a timeline (steps with a time, waits) begins now and is played on."""
        async with self.busy:
            if any(step.at is not None or step.after is not None or step.within is not None for step in steps):
                self.performances.append(perform(self.site, steps))
                outcomes = [Outcome(detail={"scheduled": True})] * len(steps)
            else:
                outcomes = apply_steps(self.site, steps)
            for step, outcome in zip(steps, outcomes, strict=True):
                if isinstance(step.step, Expect) and outcome.detail.get("ok") is False:
                    self._fail(step.name, step.place, outcome)
            await self.settle()
            return outcomes

    def expect(self, expected: Mapping[str, object]) -> Outcome:
        """Look at quantities now; what does not hold counts as a failure of the run."""
        outcome = expect(self.site, expected)
        if outcome.detail.get("ok") is False:
            self._fail("expect", Place("POST /api/expect", 0, 0), outcome)
        return outcome

    def _fail(self, step: str, place: Place, outcome: Outcome) -> None:
        self._posted.append(Failure(at=self.simulation.at, place=place, step=step, text=outcome.message))

    async def settle(self, *, published: bool = True) -> None:
        """Make the sockets agree with the site: interfaces open or closed, everything `published` sent."""
        await catch_up(self.simulation, lambda: self.busy.broken_off)
        if self.simulation.behind:
            raise broken_off(self.simulation)
        moved(self.simulation)
        while self.faults.pending:
            await asyncio.gather(*self.faults.pending, return_exceptions=True)
        if self._keeper is not None:
            self._keeper.keep_counters()
        await self.sockets.settle(published=published)

    async def reset(self, scenario: Scenario | None = None) -> None:
        """Everything back to the scenario's start, on the same ports. A jump that is being made ends there.

        `scenario`: another timeline, or other rules, for the same chargers and wallboxes.
        Wallboxes connect to their broker again, as after a restart: that goes on when this returns.
        """
        async with self.busy.taken_over():
            self._keep_result()
            self.player.stop()
            if self._keeper is not None:
                self._keeper.forget()
            self.scenario = scenario or self.scenario
            tied = self.sockets.tied or bool(self.faults.pending)
            broker = self.sockets.broker_address
            self._begin(self.scenario, self._beginning.again(self.scenario, self._speed, broker, tied=tied))
            self.sockets.attach_central_system(self.simulation)
            self.growth.again()
            self._attach()
            self.player.start()
            self.simulation.now()
            await self.settle(published=False)
            self.clock.set_speed(self._speed)
            self.simulation.wake()

    def _attach(self) -> None:
        """There is a new world: sockets and whoever follows it turn to it."""
        self._pacer.attach(self.simulation)
        self.sockets.attach(self.site)
        for listener in self.on_reset:
            listener()

    @property
    def world(self) -> World:
        """Everything that decides what happens next."""
        return World(self.site, self.player, self.performances, self._posted, self.growth.added, self._speed)

    async def turn_to(self, world: World, at: Instant) -> None:
        """Go on in another world, which stands at this instant, as after a reset. EmulatorError if a port is taken."""
        await self.growth.serve(world.site)
        self.player.stop()
        self.site, self.player, self._speed = world.site, world.player, world.speed
        self.performances, self._posted = world.performances, world.posted
        self.player.on_finish(self._over)
        self.finished.clear()
        if self.player.over:
            self.finished.set()
        self.clock.wait_at(at)
        self._adopt()
        await self.growth.turn_to(world.added)
        if self._keeper is not None:
            self._keeper.rewrite(self.growth.as_json())
        self.sockets.attach_central_system(self.simulation)
        self._attach()
        await self.settle(published=False)
        self.clock.set_speed(self._speed)
        self.simulation.wake()

    def _keep_result(self) -> None:
        """The run ends here, as far as its report goes."""
        self.conclude()
        result = self.result
        self.failed_before = self.failed_before or len(result.failures) > len(self._posted)
        if self.options.record:
            self.earlier.append(result)
            del self.earlier[:-MOST_EARLIER]
