"""Looking at quantities: what was found, and whether it is as expected.

The one rule: looking never changes what happens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from ..core.messages import Outcome
from ..core.values import terse
from ..errors import EmulatorError
from .checks import Check
from .expectations import MISSING, may_be_absent, may_change, shown
from .quantities import AbsentError
from .site import Site


@terse
class Observation:
    """One check at one instant."""

    check: Check
    value: object
    ok: bool
    problem: str = ""
    """Why there is no value: the firmware does not have it."""

    @property
    def text(self) -> str:
        """What was found: `power is 11 kW`."""
        return self.problem or f"{self.check.quantity.text} is {shown(self.value, self.check.quantity)}"

    @property
    def complaint(self) -> str:
        """What is wrong about it."""
        return self.problem or f"{self.text}, expected {self.check.expectation.text}"

    def as_json(self) -> dict[str, object]:
        quantity, expectation = self.check.quantity, self.check.expectation
        return {"quantity": quantity.text, "expected": expectation.text, "found": self.value, "ok": self.ok}


@terse
class Evaluation:
    """Several checks at one instant."""

    observations: tuple[Observation, ...]

    @property
    def ok(self) -> bool:
        return all(observation.ok for observation in self.observations)

    @property
    def items(self) -> tuple[Mapping[str, object], ...]:
        """`quantity`, `expected`, `found`, `ok` of each."""
        return tuple(observation.as_json() for observation in self.observations)

    @property
    def found(self) -> str:
        """All values, for a reader."""
        return ", ".join(observation.text for observation in self.observations)

    @property
    def message(self) -> str:
        """What is wrong, for a reader; empty if nothing is."""
        return "; ".join(observation.complaint for observation in self.observations if not observation.ok)


def evaluate(checks: tuple[Check, ...], site: Site, before: Mapping[str, object]) -> Evaluation:
    """Look at every quantity. `before`: earlier values by name, for `changed`."""
    return Evaluation(tuple(_observe(check, site, before) for check in checks))


def _observe(check: Check, site: Site, before: Mapping[str, object]) -> Observation:
    try:
        value = check.quantity.read(site)
    except AbsentError as error:
        if may_be_absent(check.expectation):
            return Observation(check, None, ok=True, problem=f"{check.quantity.text} is absent")
        return Observation(check, None, ok=False, problem=str(error))
    except EmulatorError as error:
        return Observation(check, None, ok=False, problem=str(error))
    try:
        return Observation(check, value, check.expectation.holds(value, before.get(check.quantity.text, MISSING)))
    except EmulatorError as error:
        return Observation(check, value, ok=False, problem=str(error))


def values(checks: Iterable[Check], site: Site) -> dict[str, object]:
    """The present values of what is checked, by name; one that does not exist is left out."""
    found: dict[str, object] = {}
    for check in checks:
        with suppress(EmulatorError):
            found[check.quantity.text] = check.quantity.read(site)
    return found


def remember(checks: Iterable[Check], site: Site) -> None:
    """Keep the present values of what is checked, for a later `changed`."""
    site.seen.update(values(checks, site))


def look_ahead(checks: Iterable[Check], site: Site) -> None:
    """Keep the present values of what some later step wants `changed`, unless they have been looked at."""
    remember((c for c in checks if may_change(c.expectation) and c.quantity.text not in site.seen), site)


def judged(site: Site, name: str, checks: tuple[Check, ...]) -> Outcome:
    """Look, record what was found, and remember it for `changed`."""
    site.simulation.now()
    evaluation = evaluate(checks, site, site.seen)
    record(site, name, evaluation, checks)
    return Outcome(message=evaluation.message, detail={"ok": evaluation.ok, "items": list(evaluation.items)})


def record(site: Site, name: str, evaluation: Evaluation, checks: tuple[Check, ...]) -> None:
    """Put what was found into the journal, and remember it for `changed`."""
    remember(checks, site)
    chargers = {check.quantity.charger for check in checks}
    site.simulation.journal.record(
        site.simulation.at,
        "expectation",
        name,
        {"ok": evaluation.ok, "items": list(evaluation.items)},
        charger=(chargers.pop() or None) if len(chargers) == 1 else None,
    )
