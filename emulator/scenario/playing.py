"""Ways to play: a whole scenario without sockets, single steps now, or a jump in time.

The one rule: whoever moves the site without its clock brings the clock along.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..core.agenda import CONNECTING
from ..core.instant import Instant
from ..core.messages import Outcome, Reason
from ..core.values import value
from ..errors import EmulatorError, Place
from ..runtime.bugs import Bug, bug_of
from ..runtime.clock import Clock
from ..runtime.journal import Entry, Journal
from ..world.building import build
from ..world.central_system import connect_directly
from ..world.checks import Check
from ..world.conditions import Wait
from ..world.evaluation import Evaluation, remember
from ..world.site import Site
from .plan import Scenario
from .player import FOREVER, Failure, Player, Result
from .publishing import QuietBroker
from .steps.base import TimedStep
from .steps.checks import PATIENCE, WaitUntil


def play(
    scenario: Scenario,
    *,
    seed: int | None = None,
    progress: Callable[[Instant], None] | None = None,
    record: bool = False,
) -> Result:
    """Play a scenario as fast as possible, without sockets and without wall time. `record`: keep traces."""
    site = build(scenario, clock=Clock(0.0), seed=seed, journal=Journal(spill=record))
    return play_site(site, scenario, progress=progress, record=record)


def attempt(
    scenario: Scenario,
    *,
    seed: int | None = None,
    progress: Callable[[Instant], None] | None = None,
    record: bool = False,
    watch: Callable[[Site], None] = lambda site: None,
) -> Result:
    """As `play`; a mistake of the emulator itself ends it, and is in the result of what was reached.

    `watch`: called with the site before anything happens.
    """
    player: Player | None = None
    try:
        site = build(scenario, clock=Clock(0.0), seed=seed, journal=Journal(spill=record))
        watch(site)
        player = Player(site, scenario, record=record)
        _play(player, scenario, progress)
    except EmulatorError:
        raise
    except Exception as error:
        return reached(player, bug_of("play", error))
    return player.result()


def reached(player: Player | None, *bugs: Bug) -> Result:
    """The result of what was reached until the emulator itself failed; `player`: None if it was at its start."""
    if player is None:
        return Result(ok=False, failures=(), ended_at=0, journal=Journal(), bugs=bugs)
    try:
        return replace(player.result(), ok=False, bugs=bugs)
    except Exception as error:
        simulation = player.site.simulation
        bugs = (*bugs, bug_of("verdict", error))
        return Result(ok=False, failures=(), ended_at=simulation.at, journal=simulation.journal, bugs=bugs)


def unread(path: Path, error: Exception) -> tuple[Scenario, Result]:
    """In place of a scenario that the emulator itself failed to read, and the result of it."""
    return Scenario(file=str(path)), reached(None, bug_of("load", error))


def play_site(
    site: Site, scenario: Scenario, *, progress: Callable[[Instant], None] | None = None, record: bool = False
) -> Result:
    """Play a scenario at a site with a frozen clock to its end."""
    player = Player(site, scenario, record=record)
    _play(player, scenario, progress)
    return player.result()


def _play(player: Player, scenario: Scenario, progress: Callable[[Instant], None] | None) -> None:
    site = player.site
    with site.simulation.agenda.preparing(CONNECTING):
        for wallbox in site.wallboxes.values():
            connect_directly(wallbox)
        broker = QuietBroker(site)
        broker.start()
        player.start()
    try:
        for at in site.simulation.steps_to(FOREVER):
            if progress is not None:
                progress(at)
            if player.over:
                break
    except EmulatorError as error:  # what happens sets itself off for ever
        place = Place(scenario.file, 0, 0)
        player.failures.append(Failure(at=site.simulation.at, place=place, step="play", text=str(error)))
    broker.catch_up(site.simulation.at)
    _catch_up(site)


def _catch_up(site: Site) -> None:
    """Bring the clock to the instant of the simulation, after that was moved without it."""
    behind = site.simulation.agenda.at - site.simulation.clock.now()
    if behind > 0:
        site.simulation.clock.jump(behind)


def apply_step(site: Site, step: TimedStep) -> Outcome:
    """Do one step now, whatever its time says; a wait looks once. EmulatorError if it cannot be done at all."""
    site.simulation.now()
    with site.simulation.agenda.on_behalf_of(site.simulation.agenda.world):
        return step.step.apply(site)


def apply_steps(site: Site, steps: Sequence[TimedStep]) -> list[Outcome]:
    """The outcomes; a step that cannot be done at all ends it, and is raised if nothing was done before it."""
    outcomes: list[Outcome] = []
    for step in steps:
        try:
            outcomes.append(apply_step(site, step))
        except EmulatorError as error:
            if not outcomes:
                raise
            left = len(steps) - len(outcomes) - 1
            outcomes.append(Outcome(refused=Reason.INVALID, message=str(error)))
            outcomes += [Outcome(refused=Reason.NOT_NOW, message="not done: the step before it failed")] * left
            break
    return outcomes


def perform(site: Site, steps: Sequence[TimedStep], finished: Callable[[Result], None] | None = None) -> Player:
    """Play further steps from now on, beside what is being played; `at` is simulated time, `after` counts from now."""
    site.simulation.now()
    player = Player(site, Scenario(tracks=(tuple(steps),)), finished=finished)
    player.start()
    site.simulation.now()
    return player


@value
class AdvanceResult:
    """What happened while time was moved."""

    at: Instant
    """When it ended."""
    ok: bool
    """False: what was waited for did not come."""
    entries: tuple[Entry, ...] = ()
    """Journal entries on the way."""
    items: tuple[Mapping[str, object], ...] = ()
    """What was waited for: `quantity`, `expected`, `found`, `ok`."""

    @property
    def events(self) -> tuple[Entry, ...]:
        """The events of chargers on the way."""
        return tuple(entry for entry in self.entries if entry.kind == "event")


def advance(
    site: Site, by: Instant | None = None, *, until: tuple[Check, ...] = (), within: Instant | None = None
) -> AdvanceResult:
    """Jump ahead `by` µs, or until quantities are as expected but at most `within` (default 10 min)."""
    simulation = site.simulation
    since = simulation.journal.seq
    if not until:
        simulation.jump(by or 0)
        return AdvanceResult(at=simulation.at, ok=True, entries=tuple(simulation.journal.after(since)))
    simulation.now()
    patience = within if within is not None else (by if by is not None else PATIENCE)
    evaluations: list[Evaluation] = []
    wait = Wait(site, until, patience, lambda _at, found: evaluations.append(found))
    wait.start()
    for _ in simulation.steps_to(FOREVER if not evaluations else simulation.at):
        if evaluations:
            break
    _catch_up(site)
    remember(until, site)
    entries = tuple(simulation.journal.after(since))
    return AdvanceResult(at=simulation.at, ok=evaluations[0].ok, entries=entries, items=evaluations[0].items)


def checks(site: Site, expected: Mapping[str, object]) -> tuple[Check, ...]:
    """Expectations from plain data, for `advance` and the API. ScenarioError with all problems."""
    from .steps.vocabulary import make_step

    step = make_step("wait_until", site.names, dict(expected)).step
    assert isinstance(step, WaitUntil)
    return step.checks


def expect(site: Site, expected: Mapping[str, object]) -> Outcome:
    """Check quantities against expectations, and record the result; `detail` has `ok` and `items`."""
    from .steps.vocabulary import make_step

    return apply_step(site, make_step("expect", site.names, dict(expected)))
