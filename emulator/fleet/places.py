"""What is where: the worker of each charger, and of what steps, rules and quantities name.

The one rule: what one worker can do alone is its own; what needs several says so, and whose the chargers are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from ..control.problems import Refused
from ..core.instant import Instant, seconds
from ..errors import did_you_mean
from ..scenario.probing import names_of
from ..scenario.sharing import Ties, shares
from ..world.quantities import FAULT, Quantity, resolve

if TYPE_CHECKING:
    from ..scenario.plan import Scenario
    from ..scenario.steps.base import TimedStep
    from ..verdict.section import PlacedRule
    from .workers import Worker, Workers

SHOWN: Final = 3
"""Chargers named in a refusal."""


def _time(at: Instant | None) -> float | None:
    return None if at is None else round(seconds(at), 6)


class Places:
    """Of one fleet."""

    def __init__(self, scenario: Scenario, workers: Workers) -> None:
        self.scenario = scenario
        self.workers = workers
        self.names = names_of(scenario)
        self._ties = Ties(scenario)
        parts = shares(scenario, len(workers.all))
        self.chargers = [[plan.name for plan in share.chargers] for share in parts]
        """Of each worker."""
        self._worker_of = {name: workers.all[index] for index, mine in enumerate(self.chargers) for name in mine}
        self.steps = [[[step.turn or (0, 0) for step in track] for track in share.tracks] for share in parts]
        """For each worker, by its timelines, where each step stands in the whole."""
        self.times = [[{"at": _time(s.at), "after": _time(s.after)} for s in track] for track in scenario.tracks]
        """When each step is to happen, by the scenario's timelines."""
        self.rules = [self._worker_with(rule).index for rule in scenario.rules]
        """The worker of each rule of the scenario."""

    def _worker_with(self, rule: PlacedRule) -> Worker:
        return self._worker_of[next(iter(self._ties.of_rule(rule)))]

    def of(self, charger: str) -> Worker:
        """Of a charger, or of what is below it, `garage.goe`. `Refused` if there is none."""
        name = charger.partition(".")[0]
        if name not in self._worker_of:
            raise Refused(404, f'there is no charger "{name}"{did_you_mean(name, self._worker_of)}')
        return self._worker_of[name]

    def of_wallbox(self, name: str) -> Worker:
        """`Refused` if there is no such wallbox."""
        return self.of(self.names.wallbox(name)) if name not in self._worker_of else self.of(name)

    def of_quantity(self, quantity: Quantity) -> Worker:
        """`Refused` if it is not one charger's."""
        if quantity.total:
            raise Refused(422, f"{quantity.text} is about all chargers, which are in several processes")
        if quantity.row is FAULT:
            every = self._ties.faults.get(quantity.name, frozenset[str]())
            return self.only(every, quantity.text)
        return self.of(quantity.charger)

    def quantity(self, text: str) -> Quantity:
        """EmulatorError if there is no such thing."""
        return resolve(text, self.names)

    def of_step(self, step: TimedStep) -> Worker | None:
        """The worker of a step; None: it names no charger. `Refused` if it is about chargers of several."""
        chargers = self._ties.of_step(step)
        return self.only(chargers, f"the step {step.name}") if chargers else None

    def of_rules(self, rules: Iterable[PlacedRule]) -> Worker:
        """`Refused` if they are about chargers of several workers, or of none in particular."""
        found: frozenset[str] = frozenset().union(*map(self._ties.named_by, rules))
        if not found:
            raise Refused(422, "a rule that names no charger is about all, which are in several processes; name some")
        return self.only(found, "the rule")

    def only(self, chargers: Collection[str], what: str) -> Worker:
        """The worker that has them all."""
        found = {self._worker_of[name].index: self._worker_of[name] for name in chargers}
        if len(found) == 1:
            return next(iter(found.values()))
        if not found:
            raise Refused(422, f"{what}: no charger is named, and they are in several processes (GET /api/fleet)")
        shown = ", ".join(f"{name} in {self._worker_of[name].index}" for name in sorted(chargers)[:SHOWN])
        more = ", ..." if len(chargers) > SHOWN else ""
        raise Refused(422, f"{what} is about chargers of several processes ({shown}{more}); they cannot act together")

    def split(self, names: Sequence[str]) -> dict[int, list[str]]:
        """Quantities by the workers that can look at them."""
        found: dict[int, list[str]] = {}
        for name in names:
            found.setdefault(self.of_quantity(self.quantity(name)).index, []).append(name)
        return found
