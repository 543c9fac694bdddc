"""Every step of the scenario language as a method.

The methods are made from the vocabulary when they are called. `steps.pyi` beside this file spells them out for editors
and type checkers; `python -m emulator.testing.stubs` writes it anew.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable

from ..errors import did_you_mean
from ..scenario.steps.vocabulary import STEPS


class Steps(ABC):
    """What can do steps."""

    @abstractmethod
    def step(self, name: str, argument: object = None, /, **arguments: object) -> dict[str, object]:
        """Do a step now and return what came of it. EmulatorError if it is refused or makes no sense."""

    def __getattr__(self, name: str) -> Callable[..., dict[str, object]]:
        """Every step as a method."""
        if name not in STEPS:
            raise AttributeError(f'the emulator has no step "{name}"{did_you_mean(name, STEPS)}')

        def step(argument: object = None, /, **arguments: object) -> dict[str, object]:
            __tracebackhide__ = True
            return self.step(name, argument, **arguments)

        step.__name__ = name
        step.__doc__ = STEPS[name].about
        return step

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *STEPS]
