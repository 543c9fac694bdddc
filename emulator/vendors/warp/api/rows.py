"""What a path of the API is: a state, a command, or a persistent configuration that is both.

The one rule: a row is a frozen value. It reads its module and a view; what it does, its module does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, Literal, TypeVar, Unpack

from ....devices.points import Facts, Fidelity, Point
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

Follows = Literal["everything", "poll", "memory", "meter"]
UPDATE: Final = "_update"


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
    follows: Follows = "everything"
    """What it is a function of: its text is written once per poll of the controller, or for as long as the controller
    remembers the same, or per look of the meter."""
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


@dataclass(frozen=True, slots=True)
class Source:
    """Where the rows of a module are taken from, and on which wallboxes all of them exist."""

    tag: str
    models: tuple[str, ...] | None = None
    since: str | None = None

    def _common(self, facts: Facts) -> Facts:
        facts.setdefault("models", self.models)
        facts.setdefault("since", self.since)
        return facts

    def state(
        self,
        name: str,
        schema: Schema,
        read: Read[M],
        *,
        follows: Follows = "everything",
        low_latency: bool = False,
        **facts: Unpack[Facts],
    ) -> State[M]:
        return State(
            name=name,
            schema=schema,
            read=read,
            follows=follows,
            low_latency=low_latency,
            source=self.tag,
            **self._common(facts),
        )

    def document(
        self, name: str, schema: Schema, initial: Initial[M] | None = None, **facts: Unpack[Facts]
    ) -> Document[M]:
        return Document(name=name, schema=schema, initial=initial, source=self.tag, **self._common(facts))

    def command(
        self,
        name: str,
        run: Run[M],
        schema: Schema = NULL,
        *,
        validate: Validate[M] | None = None,
        action: bool = False,
        nulls: bool = True,
        shows: str | None = None,
        **facts: Unpack[Facts],
    ) -> Command[M]:
        return Command(
            name=name,
            schema=schema,
            run=run,
            validate=validate,
            action=action,
            nulls=nulls,
            shows=shows,
            source=self.tag,
            **self._common(facts),
        )

    def config(
        self,
        name: str,
        schema: Schema,
        *,
        initial: Initial[M] | None = None,
        validate: Validate[M] | None = None,
        applied: Applied[M] | None = None,
        update: bool = True,
        censor: tuple[str, ...] = (),
        nested_censor: tuple[str, str] | None = None,
        **facts: Unpack[Facts],
    ) -> Config[M]:
        return Config(
            name=name,
            schema=schema,
            initial=initial,
            validate=validate,
            applied=applied,
            update=update,
            censor=censor,
            nested_censor=nested_censor,
            source=self.tag,
            **self._common(facts),
        )

    def kept(
        self, name: str, schema: Schema, run: Run[M], *, action: bool = False, **facts: Unpack[Facts]
    ) -> tuple[AnyRow[M], ...]:
        """A volatile document and the command that replaces it."""
        return (
            self.document(name, schema, **facts),
            self.command(name + UPDATE, run, schema, action=action, shows=name, **facts),
        )
