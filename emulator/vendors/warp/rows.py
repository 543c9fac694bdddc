"""What a path of the API is: a state, a command, or a persistent configuration that is both.

The one rule: a row is a frozen value. What it reads is a view; what it does goes through the wallbox.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ...devices.firmware import Profile
from ...devices.interfaces import Origin
from ...devices.points import Fidelity, Point
from .schema import NULL, Schema

if TYPE_CHECKING:
    from .view import View
    from .wallbox import Warp

Read = Callable[["View"], object]
Initial = Callable[["Warp"], object]
Validate = Callable[["Warp", object], str | None]
"""The firmware's sentence if a well-formed document is refused."""
Run = Callable[["Warp", object, Origin], str | None]
"""Do what a command says; a text is an error that the client is told."""
Applied = Callable[["Warp", object, object], None]
"""(box, new document, old document)"""

UPDATE = "_update"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Point):
    """One path. `schema` of the document it shows or takes."""

    schema: Schema

    def fidelity(self, profile: Profile) -> Iterable[Fidelity]:
        raise NotImplementedError

    def _line(self, name: str, *, readable: bool, settable: bool) -> Fidelity:
        return Fidelity(
            table="API",
            name=name,
            type=self.schema.name,
            readable=readable,
            settable=settable,
            live=self.live,
            source=self.source,
            since=self.since,
            until=self.until,
            models=self.models,
            assumed=self.assumed,
            about=self.about,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class State(Row):
    """A document that is computed when somebody looks. `censor`: members shown as null when they are not empty."""

    read: Read
    follows: Literal["everything", "poll", "meter"] = "everything"
    """What it is a function of: its text is written once per poll of the controller, or per look of the meter."""
    low_latency: bool = False
    """Looked at every 250 ms for the push interfaces, not every second."""

    def fidelity(self, profile: Profile) -> Iterable[Fidelity]:
        yield self._line(self.name, readable=True, settable=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(Row):
    """A document that the firmware keeps and replaces; volatile."""

    initial: Initial | None = None
    """At every boot; None: the schema's default."""
    censor: tuple[str, ...] = ()

    def fidelity(self, profile: Profile) -> Iterable[Fidelity]:
        yield self._line(self.name, readable=True, settable=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Row):
    """A path that takes a document and acts on it."""

    run: Run
    schema: Schema = NULL
    validate: Validate | None = None
    action: bool = False
    """Over MQTT neither executed from retained messages nor from empty ones."""
    nulls: bool = True
    current: Callable[[Warp], object] | None = None
    """What null members stand for; None: what was sent last."""

    def fidelity(self, profile: Profile) -> Iterable[Fidelity]:
        yield self._line(self.name, readable=False, settable=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config(Row):
    """A persistent configuration: state `name` and command `name_update`, kept in flash."""

    initial: Initial | None = None
    """While nothing was saved; None: the schema's default."""
    validate: Validate | None = None
    applied: Applied | None = None
    """After it was saved; None: takes effect at the next boot, or when it is looked at."""
    update: bool = True
    """False: changed by other commands only."""
    censor: tuple[str, ...] = ()
    nested_censor: tuple[str, str] | None = None
    """(array member, its member) for secrets inside an array."""

    def saved(self, box: Warp) -> bool:
        """Whether there is a file of it in flash."""
        return box.settings[self.name] is not None

    def fidelity(self, profile: Profile) -> Iterable[Fidelity]:
        yield self._line(self.name, readable=True, settable=self.update)
        if self.update:
            yield self._line(self.name + UPDATE, readable=False, settable=True)


AnyRow = State | Document | Command | Config


def keep(name: str) -> Read:
    """Reads a document the box keeps."""
    return lambda v: v.box.api.document(name)
