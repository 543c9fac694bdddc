"""Exploring as an assertion: what the fixture `explore` of pytest calls.

The one rule: a test says how many walks it takes, so that it is the same on every machine; a budget in time is for the
command line.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..core.instant import seconds
from ..language.counting import counted
from ..language.units import parse_duration
from .exploration import Options, explore
from .served import Client
from .writing import Commands, Writer

if TYPE_CHECKING:
    from .search import Failure, Search

WALKS: Final = 200


class Explore:
    """The fixture `explore`: random things happen to a client until a rule breaks, or the client does."""

    def __init__(self, directory: Path, database: Path | None, roots: Sequence[Path]) -> None:
        """`directory`: where failures go; `roots`: where scenarios are looked for."""
        self._directory = directory
        self._database = database
        self._roots = roots

    def __call__(
        self,
        scenario: str | Path,
        client: Client | None = None,
        *,
        walks: int = WALKS,
        budget: str = "10 min",
        seed: int = 0,
        vocabulary: str | Path | None = None,
        rule_sets: bool = True,
    ) -> Search:
        """Take `walks` walks, shrink what breaks, and raise AssertionError with the shortest scenarios that show it.

        `client` is called for each walk with an emulator whose time stands still: it asks, sets and moves time as it
        likes, and returns. Without one, the scenario's own requests are the client.
        """
        __tracebackhide__ = True
        options = Options(
            client=client,
            budget=seconds(parse_duration(budget)),
            walks=walks,
            seed=seed,
            vocabulary=None if vocabulary is None else self._found(vocabulary),
            rule_sets=rule_sets,
            database=self._database,
        )
        writer = Writer(self._directory, Commands(f"explore({str(scenario)!r})", "charger-emulator play {file}"))
        told: list[str] = []

        def found(search: Search, failure: Failure) -> None:
            path = writer.failure(search, failure)
            told.append(f"{path}:\n{path.read_text('utf-8')}")

        search = explore(self._found(scenario), options, found=found)
        writer.summary(search)
        if search.failures:
            count = f"{counted(len(search.failures), 'failure')} in {counted(search.walks, 'walk')}"
            raise AssertionError(f"{count}\n\n" + "\n".join(told))
        return search

    def _found(self, name: str | Path) -> Path:
        """A file beside the test, or under the root of the tests."""
        paths = [root / name for root in self._roots]
        return next((path for path in paths if path.exists()), paths[-1])
