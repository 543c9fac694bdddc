"""Looking at quantities: whether they are as expected, and what was found.

The one rule: looking never changes what happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..core.messages import Outcome
from ..errors import EmulatorError
from .checks import Check
from .expectations import MISSING, shown
from .site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What looking found."""

    ok: bool
    items: tuple[Mapping[str, object], ...]
    """`quantity`, `expected`, `found`, `ok` of each."""
    message: str
    """What is wrong, for a reader; empty if nothing is."""


def evaluate(checks: tuple[Check, ...], site: Site, before: Mapping[str, object] | None = None) -> Verdict:
    """Look at every quantity. `before`: earlier values by name, for `changed`."""
    earlier = before if before is not None else {}
    items: list[Mapping[str, object]] = []
    wrong: list[str] = []
    for check in checks:
        gauge, expectation = check.gauge, check.expectation
        try:
            found = gauge.read(site)
        except EmulatorError as error:  # a vendor value that this firmware no longer has
            items.append({"quantity": gauge.text, "expected": expectation.text, "found": None, "ok": False})
            wrong.append(str(error))
            continue
        ok = expectation.holds(found, earlier.get(gauge.text, MISSING))
        items.append({"quantity": gauge.text, "expected": expectation.text, "found": found, "ok": ok})
        if not ok:
            wrong.append(f"{gauge.text} is {shown(found, gauge)}, expected {expectation.text}")
    return Verdict(ok=not wrong, items=tuple(items), message="; ".join(wrong))


def record(site: Site, name: str, verdict: Verdict, checks: tuple[Check, ...]) -> None:
    """Put a verdict into the journal."""
    chargers = {check.gauge.charger for check in checks}
    site.simulation.journal.record(
        site.simulation.at,
        "expectation",
        name,
        {"ok": verdict.ok, "items": list(verdict.items)},
        charger=chargers.pop() if len(chargers) == 1 else None,
    )


def judged(site: Site, name: str, checks: tuple[Check, ...]) -> Outcome:
    """Look, record what was found, and remember it for `changed`."""
    site.simulation.now()
    verdict = evaluate(checks, site, site.seen)
    site.remember(checks)
    record(site, name, verdict, checks)
    return Outcome(message=verdict.message, detail={"ok": verdict.ok, "items": list(verdict.items)})
