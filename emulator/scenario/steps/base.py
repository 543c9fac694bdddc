"""What a step is, and how one is read.

The one rule: a step is a frozen dataclass whose name is its key in a scenario and whose fields are its arguments, in
YAML, in the control API, on the command line and in Python alike. `apply` does it, at the instant it is called.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Self

from ...core.instant import Instant
from ...core.messages import Outcome
from ...errors import Place
from ...language.arguments import Schema, Scope
from ...language.fields import arguments_of, construct, snake_case, summary
from ...language.nodes import Node
from ...language.records import Argument, read_record, record_schema

if TYPE_CHECKING:
    from ...world.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(ABC):
    """Base of all steps."""

    short: ClassVar[str | None] = None
    """The argument that `step: value` gives when the value is not a mapping."""
    whole: ClassVar[str | None] = None
    """The field that takes whatever is written after the step's name."""

    @abstractmethod
    def apply(self, site: Site) -> Outcome:
        """Do it now. EmulatorError if it cannot be done at all."""

    @property
    def names_fault(self) -> tuple[str, str] | None:
        """The name of the fault that it begins, unless that is taken elsewhere, and the charger."""
        return None

    def settled(self, node: Node, scope: Scope) -> Self:
        """Checks and defaults that need more than one argument; `node` holds the arguments."""
        return self


@dataclass(frozen=True, kw_only=True)
class StepType:
    """One word of the vocabulary: name, description, arguments, and how to make one."""

    name: str
    about: str
    takes: Callable[[], tuple[Argument[object], ...]]
    """Its arguments, worked out when they are first asked for: a scenario uses few of all words."""
    make: Callable[[Mapping[str, object]], Step]
    short: str | None = None
    takes_all: str | None = None
    """The argument that takes whatever is written after the name."""

    @cached_property
    def arguments(self) -> tuple[Argument[object], ...]:
        return () if self.takes_all is not None else self.takes()

    @cached_property
    def whole(self) -> Argument[object] | None:
        return next((argument for argument in self.takes() if argument.name == self.takes_all), None)

    def read(self, node: Node, scope: Scope) -> Step:
        """The step with the arguments in `node`; `Unreadable` after reporting what is wrong."""
        if self.whole is not None:
            return self.make({self.whole.name: self.whole.type.read(node, scope)}).settled(node, scope)
        if self.short is not None and not node.empty and node.entries is None:
            key = replace(node, label=self.short, scalar=self.short, text=self.short, items=None)
            node = replace(node, scalar=None, items=None, entries=((key, replace(node, label=self.short)),))
        values = read_record(node, self.arguments, scope, what=f"the arguments of {self.name}")
        return self.make(values).settled(node, scope)

    def schema(self) -> Schema:
        """JSON Schema of what follows the step's name."""
        if self.whole is not None:
            return self.whole.type.schema() | {"description": self.about}
        options: list[Schema] = [{"title": f"{self.name}_arguments"} | record_schema(self.arguments)]
        if self.short is not None:
            options.append(next(a for a in self.arguments if a.name == self.short).type.schema())
        if not any(argument.required for argument in self.arguments):
            options.append({"type": "null"})
        return (options[0] if len(options) == 1 else {"anyOf": options}) | {"description": self.about}


def described(cls: type[Step]) -> StepType:
    """The word a step class stands for."""
    return StepType(
        name=snake_case(cls.__name__),
        about=summary(cls),
        takes=lambda: arguments_of(cls),
        make=lambda values: construct(cls, values),
        short=cls.short,
        takes_all=cls.whole,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedStep:
    """A step and when it is to happen. Without `at` and `after`: directly after the previous one."""

    name: str
    step: Step
    at: Instant | None = None
    after: Instant | None = None
    within: Instant | None = None
    """For what is waited for: how long."""
    place: Place
    written: object = field(default=None, compare=False, repr=False)
    """Its arguments as plain data, as they were written."""
    turn: tuple[int, int] | None = field(default=None, compare=False, repr=False)
    """The numbers of its timeline and of itself in that, where it is shared out to one of several processes."""
