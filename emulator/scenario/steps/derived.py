"""Steps whose arguments are the fields of something that exists already: a stimulus, a physical fault.

The one rule: what a stimulus or a fault takes is said once, in the class it is made of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

from ...core import messages
from ...core.faults import LINES
from ...core.messages import Outcome, Stimulus
from ...language.arguments import ArgumentType, Choice, Schema, Scope, Several, Text
from ...language.fields import About, arguments_of, construct, snake_case, summary
from ...language.name_arguments import CHARGER
from ...language.nodes import Node
from ...language.records import Argument
from .base import Step, StepType

if TYPE_CHECKING:
    from ...world.site import Site

T = TypeVar("T")
Charger = Annotated[str, CHARGER, About("where; may be left out if there is one charger only")]


def derived(
    carrier: type[Step],
    cls: type[T],
    wrap: Callable[[T], object],
    *,
    name: str,
    about: str,
    short: str | None = None,
    types: Mapping[str, ArgumentType[object]] | None = None,
) -> StepType:
    """The word for a `carrier` that carries an instance of `cls`, wrapped, in its last field.

    `types`: how arguments are read whose type does not say so.
    """
    carried = fields(carrier)[-1].name

    def common() -> tuple[Argument[object], ...]:
        return tuple(argument for argument in arguments_of(carrier) if argument.name != carried)

    def takes() -> tuple[Argument[object], ...]:
        first, *rest = common()
        own = (replace(a, type=(types or {}).get(a.name, a.type)) for a in arguments_of(cls))
        return (first, *own, *rest)

    def make(values: Mapping[str, object]) -> Step:
        inner = construct(cls, {argument.name: values[argument.name] for argument in arguments_of(cls)})
        outer = {argument.name: values[argument.name] for argument in common()}
        return construct(carrier, {**outer, carried: wrap(inner)})

    return StepType(name=name, about=about, takes=takes, make=make, short=short)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stimulate(Step):
    """Something happens to a charger."""

    charger: Charger = ""
    stimulus: Annotated[Stimulus | None, Text()] = None

    def settled(self, node: Node, scope: Scope) -> Stimulate:
        if isinstance(self.stimulus, messages.SetSupply) and self.stimulus == messages.SetSupply():
            scope.fail(node, 'nothing to change, expected for example "voltage: 235 V"')
        return self

    def apply(self, site: Site) -> Outcome:
        assert self.stimulus is not None
        return site.simulation.apply(self.charger, self.stimulus)


_LINES: Final = Several(Choice(LINES))


class Lines(ArgumentType[tuple[bool, ...]]):
    """`[L1, L3]`: for each line, whether it is one of them."""

    @property
    def text(self) -> str:
        return _LINES.text

    def read(self, node: Node, scope: Scope) -> tuple[bool, ...]:
        chosen = _LINES.read(node, scope)
        return tuple(line in chosen for line in LINES)

    def schema(self) -> Schema:
        return _LINES.schema()


def stimulus(
    cls: type[Stimulus], *, short: str | None = None, types: Mapping[str, ArgumentType[object]] | None = None
) -> StepType:
    """The word a stimulus stands for."""
    name = snake_case(cls.__name__)
    return derived(Stimulate, cls, lambda made: made, name=name, about=summary(cls), short=short, types=types)


STIMULI: Final = (
    stimulus(messages.PlugCable),
    stimulus(messages.SetSupply, types={"live": Lines()}),
    stimulus(messages.SetClimate, short="ambient"),
)
