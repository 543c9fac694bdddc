"""What a user can do wrong, said so that they can put it right.

The one rule: an `EmulatorError` is shown without a traceback, so its text says where, what was found and what was
expected. Mistakes of clients under test are values (`Outcome`), mistakes of ours are ordinary exceptions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class EmulatorError(Exception):
    """A mistake in a scenario, on the command line, or in the surroundings (a taken port)."""


class Place(NamedTuple):
    """A position in a file; lines and columns count from 1. Line 0: `file` is a path inside a JSON object."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class Problem(NamedTuple):
    """One mistake in a document."""

    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


class ScenarioError(EmulatorError):
    """All problems of a scenario at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.place.file, p.place.line, p.place.column)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class PortTaken(EmulatorError):  # noqa: N818 - reads better where it is raised
    """A listening port is in use."""


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """` (did you mean "x"?)`, or the known names if there are few, or nothing."""
    import difflib  # here, because most is right and `--help` has nothing to suggest

    names = sorted(set(known))
    close = difflib.get_close_matches(found, names, n=5, cutoff=0.5)
    if close:
        nearest = max(close, key=lambda name: (difflib.SequenceMatcher(None, name, found).ratio(), _alike(name, found)))
        return f' (did you mean "{nearest}"?)'
    if 0 < len(names) <= 12:
        return f" (known: {', '.join(names)})"
    return ""


def misspelt(found: str, known: Iterable[str]) -> str | None:
    """The known name that is plainly meant, if one is; names that differ in a number are different ones."""
    import difflib

    digits = [sign for sign in found if sign.isdigit()]
    likely = [name for name in known if [sign for sign in name if sign.isdigit()] == digits]
    return next(iter(difflib.get_close_matches(found, likely, n=1, cutoff=0.8)), None)


def _alike(first: str, second: str) -> int:
    """How many characters two words have in common at their beginning."""
    return next(
        (i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )
