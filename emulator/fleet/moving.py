"""Time that moves until something is as expected, in several processes.

The one rule: nobody goes further than the first instant at which everything can be as expected. Each worker looks for
the first instant at which its own part is; the last of these is where the others go, and look again if theirs has gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..control.problems import Refused
from ..core.instant import Instant
from ..language.arguments import Duration, Scope, Unreadable
from ..language.nodes import from_object
from ..scenario.steps.checks import PATIENCE, WaitUntil
from ..scenario.steps.vocabulary import make_step
from ..service.travel import until_as_noted
from ..world.expectations import Changed

if TYPE_CHECKING:
    from .asking import Asking
    from .places import Places
    from .workers import Worker

Items = list[dict[str, Any]]


class Moving:
    """Of the workers of one fleet, while they all stand still."""

    def __init__(self, places: Places, asking: Asking) -> None:
        self._places = places
        self._asking = asking

    async def until(
        self, expected: Mapping[str, object], within: object, began: Instant
    ) -> tuple[Instant, bool, Items]:
        """When it ended, whether everything was as expected, and what was found. `Refused` if it makes no sense."""
        patience = self._duration(within) if within is not None else PATIENCE
        step = make_step("wait_until", self._places.names, dict(expected)).step
        assert isinstance(step, WaitUntil)
        shares = self._places.split([check.quantity.text for check in step.checks])
        if len(shares) > 1 and any(isinstance(check.expectation, Changed) for check in step.checks):
            raise Refused(422, '"changed" is about one moment before, and the quantities are in several processes')
        parts = {index: {name: expected[name] for name in names} for index, names in shares.items()}
        end, noted = began + patience, until_as_noted(step.checks, patience)
        at, reached = await self._seek(parts, began, end, noted)
        await self._go([worker for worker in self._places.workers.all if worker.index not in parts], at, noted)
        found: dict[str, dict[str, Any]] = {}
        for index, part in parts.items():
            found |= {item["quantity"]: item for item in (await self._look(index, part))["items"]}
        return at, reached, [found[name] for name in expected]

    def _duration(self, value: object) -> Instant:
        scope = Scope(self._places.names)
        try:
            found: Instant = Duration().read(from_object(value, "within"), scope)
        except Unreadable:
            raise Refused(422, scope.problems[0].text) from None
        return found

    async def _seek(
        self, parts: Mapping[int, dict[str, object]], began: Instant, end: Instant, noted: Mapping[str, object]
    ) -> tuple[Instant, bool]:
        """The first instant at which all parts are as expected, where all that look then stand; or the end."""
        looking, at, told = set(parts), began, dict(noted)
        while looking:
            moved = [await self._move(index, end, told, parts[index]) for index in sorted(looking)]
            at, told = max(at, *(found["at"] for found in moved)), {}
            reached = all(found["reached"] for found in moved)
            await self._go([self._places.workers.all[index] for index in parts], at if reached else end, told)
            if not reached:
                return end, False
            looking = {index for index, part in parts.items() if not (await self._look(index, part))["ok"]}
        return at, True

    async def _look(self, index: int, part: dict[str, object]) -> Any:
        return await self._asking.call(
            self._places.workers.all[index], "POST", "/api/expect", part, {"record": "false"}
        )

    async def _move(self, index: int, to: Instant, noted: Mapping[str, object], part: dict[str, object]) -> Any:
        body = {"to": to, "until": part, "noted": noted}
        return await self._asking.call(self._places.workers.all[index], "POST", "/fleet/move", body)

    async def _go(self, workers: Sequence[Worker], to: Instant, noted: Mapping[str, object]) -> None:
        await self._asking.call_all(workers, "POST", "/fleet/move", {"to": to, "until": None, "noted": noted})
