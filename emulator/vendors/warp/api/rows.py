"""What a path of the API is: a state, a command, or a persistent configuration that is both.

The one rule: a row is a frozen value. It reads its module and a view; what it does, its module does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from ....devices.points import Fidelity, Point
from ..view import View
from .documents import Doc
from .schema import NULL, Schema

M = TypeVar("M")
"""The module that registers a row."""
Read = Callable[[M, View], object]
Initial = Callable[[M], object]
Validate = Callable[[M, Doc], str | None]
"""The firmware's sentence if a well-formed document is refused."""
Run = Callable[[M, Doc], str | None]
"""Do what a command says; a text is an error that the client is told."""
Applied = Callable[[M, Doc, Doc], None]
"""(module, new document, old document)"""

UPDATE = "_update"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Point):
    """One path. `schema` of the document it shows or takes."""

    schema: Schema

    def fidelity(self) -> Iterable[Fidelity]:
        """Its lines of the documentation."""
        yield self.documented("API", self.schema.name, settable=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class State(Row, Generic[M]):
    """A document that is computed when somebody looks."""

    read: Read[M]
    follows: Literal["everything", "poll", "meter"] = "everything"
    """What it is a function of: its text is written once per poll of the controller, or per look of the meter."""
    low_latency: bool = False
    """Looked at every 250 ms for the push interfaces, not every second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(Row, Generic[M]):
    """A document that the firmware keeps and replaces; volatile."""

    initial: Initial[M] | None = None
    """At every boot; None: the schema's default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Row, Generic[M]):
    """A path that takes a document and acts on it."""

    run: Run[M]
    schema: Schema = NULL
    validate: Validate[M] | None = None
    action: bool = False
    """Over MQTT neither executed from retained messages nor from empty ones."""
    nulls: bool = True
    shows: str | None = None
    """The document whose members null members stand for; None: what was sent last."""

    def fidelity(self) -> Iterable[Fidelity]:
        yield self.documented("API", self.schema.name, readable=False, settable=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config(Row, Generic[M]):
    """A persistent configuration: state `name` and command `name_update`, kept in flash."""

    initial: Initial[M] | None = None
    """While nothing was saved; None: the schema's default."""
    validate: Validate[M] | None = None
    applied: Applied[M] | None = None
    """After it was saved; None: takes effect at the next boot, or when it is looked at."""
    update: bool = True
    """False: changed by other commands only."""
    censor: tuple[str, ...] = ()
    """Members shown as null when they are not empty."""
    nested_censor: tuple[str, str] | None = None
    """(array member, its member) for secrets inside an array."""

    def fidelity(self) -> Iterable[Fidelity]:
        yield self.documented("API", self.schema.name, settable=self.update)
        if self.update:
            yield self.documented("API", self.schema.name, readable=False, settable=True, name=self.name + UPDATE)


AnyRow = State[M] | Document[M] | Command[M] | Config[M]


def kept(
    name: str,
    schema: Schema,
    *,
    source: str,
    models: tuple[str, ...] | None = None,
    since: str | None = None,
    assumed: str | None = None,
    validate: Validate[M] | None = None,
    initial: Initial[M] | None = None,
    run: Run[M],
    action: bool = False,
) -> tuple[AnyRow[M], ...]:
    """A volatile document and the command that replaces it."""
    return (
        Document(name=name, schema=schema, initial=initial, source=source, models=models, since=since),
        Command(
            name=name + UPDATE,
            schema=schema,
            run=run,
            validate=validate,
            action=action,
            shows=name,
            source=source,
            models=models,
            since=since,
            assumed=assumed,
        ),
    )
