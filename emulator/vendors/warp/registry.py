"""The registry: every state, command and configuration of one box, in the order they were registered.

The one rule: HTTP, WebSocket, MQTT, scenarios and automation rules read documents and run commands here, so a path
means the same everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from ...core.messages import DONE, Outcome, Reason
from ...devices.interfaces import Origin
from . import payload as payloads
from .rows import UPDATE, AnyRow, Command, Config, Document, Row, State
from .schema import NULL, Arr, DocumentError, Obj, PathError, Raw, Schema, Tup

if TYPE_CHECKING:
    from .view import View
    from .wallbox import Warp

R = TypeVar("R")

MODIFIED_UNTIL: Final = "2.10.0"
"""Up to there every configuration had a state `<config>_modified`."""


@dataclass(frozen=True, slots=True)
class Target:
    """A path of the registry and what follows it."""

    path: str
    suffix: tuple[str, ...] = ()


def censored(row: Row, value: object) -> object:
    """The document as clients see it: secrets are null, or empty if there is none."""
    names = getattr(row, "censor", ())
    nested = getattr(row, "nested_censor", None)
    if not (names or nested) or not isinstance(value, dict):
        return value
    shown = dict(value)
    for name in names:
        if shown.get(name):
            shown[name] = None
    if nested is not None:
        array, secret = nested
        shown[array] = [
            {**item, secret: None} if isinstance(item, dict) and item.get(secret) else item for item in shown[array]
        ]
    return shown


class Registry:
    """The flat name space of one box."""

    def __init__(self, box: Warp, rows: Iterable[AnyRow]) -> None:
        self._box = box
        self.states: dict[str, State | Document | Config] = {}
        """In registration order."""
        self.commands: dict[str, Command | Config] = {}
        self.modified: set[str] = set()
        """Configurations that were saved since the boot."""
        self._documents: dict[str, object] = {}
        self._active: dict[str, object] = {}
        self._texts: dict[str, str] = {}
        self._last: dict[str, object] = {}
        for row in rows:
            self.add(row)

    def add(self, row: AnyRow) -> None:
        """ValueError if the path is taken."""
        if isinstance(row, State | Document | Config):
            _put_new(self.states, row.name, row)
        if isinstance(row, Command):
            _put_new(self.commands, row.name, row)
        elif isinstance(row, Config) and row.update:
            _put_new(self.commands, row.name + UPDATE, row)

    def remove(self, path: str) -> None:
        """A command that exists on some conditions only."""
        self.commands.pop(path, None)

    # --- documents ---------------------------------------------------------------------------------------------------

    def load(self) -> None:
        """The network processor boots: volatile documents begin anew, configurations come from flash."""
        self._texts.clear()
        self._last.clear()
        self.modified.clear()
        for path, row in self.states.items():
            if isinstance(row, Config):
                self.reload(path)
                self._active[path] = deepcopy(self._documents[path])
        for path, row in self.states.items():
            if isinstance(row, Document):
                self._documents[path] = row.schema.default() if row.initial is None else row.initial(self._box)

    def reload(self, path: str) -> None:
        """A configuration's saved value, on top of what holds while nothing was saved."""
        row = self.states[path]
        assert isinstance(row, Config)
        default = row.schema.default() if row.initial is None else row.initial(self._box)
        saved = self._box.settings[path]
        if isinstance(saved, Mapping) and isinstance(default, dict):
            value: object = default | {name: deepcopy(item) for name, item in saved.items() if name in default}
        else:
            value = default if saved is None else deepcopy(saved)
        self._documents[path] = value
        self._texts.pop(path, None)

    def document(self, path: str) -> object:
        """A kept document, secrets included. Not to be changed: use `put`."""
        return self._documents[path]

    def active(self, path: str) -> object:
        """A configuration as it was at boot, for what needs a reboot."""
        return self._active.get(path, self._documents[path])

    def member(self, path: str, name: str) -> object:
        """One member of a kept document."""
        found = self._documents[path]
        assert isinstance(found, dict)
        return found[name]

    def flag(self, path: str, name: str) -> bool:
        return bool(self.member(path, name))

    def integer(self, path: str, name: str) -> int:
        found = self.member(path, name)
        assert isinstance(found, int)
        return found

    def put(self, path: str, value: object) -> None:
        """Replace a kept document; a configuration is saved as well."""
        if self._documents.get(path) == value:
            return
        self._documents[path] = value
        self._texts.pop(path, None)
        if isinstance(self.states[path], Config):
            self._box.settings.put(path, deepcopy(value))
            self.modified.add(path)
        self._box.touch()

    def update(self, path: str, **members: object) -> None:
        """Replace members of a kept document."""
        found = self._documents[path]
        assert isinstance(found, dict)
        self.put(path, found | members)

    def text(self, row: State | Document | Config, view: View) -> str:
        """The document as JSON, secrets left out."""
        if isinstance(row, State):
            texts = view.written(row.follows) if row.live else self._texts
            found = texts.get(row.name)
            if found is None:
                found = texts[row.name] = row.schema.encode(row.read(view))
            return found
        cached = self._texts.get(row.name)
        if cached is None:
            cached = row.schema.encode(censored(row, self._documents[row.name]))
            self._texts[row.name] = cached
        return cached

    def value(self, path: str, view: View) -> object:
        """The document as Python values, secrets left out."""
        row = self.states[path]
        if isinstance(row, State):
            return row.read(view)
        return censored(row, self._documents[path])

    # --- paths -------------------------------------------------------------------------------------------------------

    def find(self, path: str, table: Mapping[str, AnyRow]) -> Target | None:
        """The entry that `path` names, or is below."""
        if path in table:
            return Target(path)
        head = path
        while (cut := head.rfind("/")) > 0:
            head = head[:cut]
            if head in table:
                return Target(head, tuple(path[cut + 1 :].split("/")))
        return None

    def part(self, target: Target, view: View) -> str:
        """JSON of a state or of a part of it. PathError if there is no such part."""
        row = self.states[target.path]
        if not target.suffix:
            return self.text(row, view)
        schema: Schema = row.schema
        value = self.value(target.path, view)
        for step in target.suffix:
            value, schema = _descend(value, schema, step)
        return schema.encode(value)

    # --- commands ----------------------------------------------------------------------------------------------------

    def execute(self, target: Target, payload: bytes, origin: Origin) -> str | None:
        """Run a command with a payload; the error text, or None. The one way in for everything a client writes."""
        problem = self._execute(target, payload, origin)
        outcome = DONE if problem is None else Outcome(refused=Reason.INVALID, message=problem)
        self._box.record_write(*self._written(target, payload), outcome, origin)
        self._box.changed()
        return problem

    def _written(self, target: Target, payload: bytes) -> tuple[str, object]:
        """Address and value of a write as one would read it: `evse/external_current.current`, 8000."""
        state = target.path.removesuffix(UPDATE)
        point = ".".join((state if state in self.states else target.path, *target.suffix))
        value = _shown(payload)
        schema = self.commands[target.path].schema
        only = schema.only if isinstance(schema, Obj) and not target.suffix else None
        if only is None or value is None:
            return point, value
        if not isinstance(value, dict):
            return f"{point}.{only}", value
        return (f"{point}.{only}", value[only]) if only in value else (point, value)

    def call(self, path: str, value: object, origin: Origin) -> str | None:
        """Run a command with Python values. The error text, or None."""
        return self.execute(Target(path), b"" if value is None else json.dumps(value).encode(), origin)

    def forget(self, path: str) -> None:
        """What was sent to a command last: null members stand for the defaults again."""
        self._last.pop(path, None)

    def schema_of(self, path: str) -> Schema:
        return self.commands[path].schema

    def _execute(self, target: Target, payload: bytes, origin: Origin) -> str | None:
        row = self.commands[target.path]
        nulls = row.nulls if isinstance(row, Command) else True
        now = self._current(target.path, row)
        quirk = None
        try:
            if not target.suffix:
                value = payloads.document(payload, row.schema, now, nulls=nulls)
            elif row.schema == NULL and not payload:
                value, quirk = None, payloads.NO_SUFFIX  # the device complains, and acts all the same
            else:
                value = payloads.member(payload, row.schema, now, target.suffix, nulls=nulls)
        except DocumentError as error:
            return str(error)
        if row.validate is not None and (problem := row.validate(self._box, value)) is not None:
            return problem
        if isinstance(row, Config):
            before = self._documents[row.name]
            self.put(row.name, value)
            if row.applied is not None:
                row.applied(self._box, value, before)
            return None
        self._last[target.path] = value
        return row.run(self._box, deepcopy(value), origin) or quirk

    def _current(self, path: str, row: Command | Config) -> object:
        if isinstance(row, Config):
            return self._documents[row.name]
        if row.current is not None:
            return row.current(self._box)
        return self._last[path] if path in self._last else row.schema.default()

    def owner_sets(self, path: str) -> None:
        """A configuration was changed in the settings, past the API."""
        row = self.states.get(path)
        if isinstance(row, Config) and path in self._documents:
            before = self._documents[path]
            self.reload(path)
            if before != self._documents[path] and row.applied is not None:
                row.applied(self._box, self._documents[path], before)

    def __iter__(self) -> Iterator[State | Document | Config]:
        return iter(self.states.values())


def _put_new(table: dict[str, R], path: str, row: R) -> None:
    if path in table:
        raise ValueError(f"two rows are called {path}")
    table[path] = row


def _descend(value: object, schema: Schema, step: str) -> tuple[object, Schema]:
    """A member of a value and the schema that prints it."""
    if step.isdigit():
        if not isinstance(value, list | tuple) or int(step) >= len(value):
            raise PathError(step)
        index = int(step)
        if isinstance(schema, Arr):
            return value[index], schema.item
        return value[index], schema.items[index] if isinstance(schema, Tup) else Raw()
    if not isinstance(value, Mapping) or step not in value:
        raise PathError(step)
    return value[step], schema.members[step] if isinstance(schema, Obj) else Raw()


def _shown(payload: bytes) -> object:
    """A payload for the journal: its JSON value, else its text."""
    try:
        return json.loads(payload) if payload else None
    except ValueError:
        return payload.decode(errors="replace")
