"""The registry: every state, command and configuration of one wallbox, in the order they were registered.

The one rule: HTTP, WebSocket, MQTT, scenarios and automation rules read documents and run commands here, so a path
means the same everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from ....core.messages import DONE, Outcome, Reason
from ....devices.interfaces import Origin
from ....devices.rendering import KeptText, Moment, Moments
from ....devices.settings import Settings
from ....errors import EmulatorError
from ....language.digits import is_index
from ..view import View
from . import payload as payloads
from .documents import Doc
from .rows import UPDATE, Command, Config, Document, Row, State
from .schema import NULL, DocumentError, PathError, Schema
from .shapes import Arr, Obj, Raw, Tup
from .tables import Table

INTERNAL: Final = Origin(interface="firmware")
RecordWrite = Callable[[str, object, Outcome, Origin], None]


@dataclass(frozen=True, slots=True)
class Target:
    """A path of the registry and what follows it."""

    path: str
    suffix: tuple[str, ...] = ()


def censored(row: Row, value: object) -> object:
    """The document as clients see it: secrets are null, or empty if there is none."""
    if not isinstance(row, Config) or not (row.censor or row.nested_censor) or not isinstance(value, dict):
        return value
    shown = dict(value)
    for name in row.censor:
        if shown.get(name):
            shown[name] = None
    if row.nested_censor is not None:
        array, secret = row.nested_censor
        shown[array] = [
            {**item, secret: None} if isinstance(item, dict) and item.get(secret) else item for item in shown[array]
        ]
    return shown


class Registry:
    """The flat name space of one wallbox."""

    def __init__(
        self,
        settings: Settings,
        moments: Moments,
        record_write: RecordWrite,
        touch: Callable[[], None],
        changed: Callable[[], None],
    ) -> None:
        self._moments = moments
        self._kept: dict[str, KeptText] = {}
        """Of states that follow whatever happens."""
        self._of_memory: dict[str, tuple[object, str]] = {}
        """Of states that follow the controller's memory: the memory, and what they said."""
        self._settings = settings
        self._record_write = record_write
        self._touch = touch
        self._changed = changed
        self.version = 0
        """Another one: other rows."""
        self.modified: set[str] = set()
        """Configurations that were saved since the boot."""
        self.origin = INTERNAL
        """Whose command runs now."""
        self._table = Table({}, {}, {})
        self._owners: object = None
        self._modules: dict[str, object] = {}
        """Of each row that was looked at, by its name."""
        self._documents: dict[str, object] = {}
        self._active: dict[str, object] = {}
        self._variants: dict[str, tuple[int, Doc]] = {}
        self._texts: dict[str, str] = {}
        self._last: dict[str, object] = {}

    @property
    def states(self) -> Mapping[str, Row]:
        """States, documents and configurations in registration order."""
        return self._table.states

    @property
    def commands(self) -> Mapping[str, Row]:
        """Commands and configurations, by the path that takes a document."""
        return self._table.commands

    def register(self, table: Table, modules: object) -> None:
        """There is what is in a table, and nothing else. `modules`: whose rows they are."""
        self._table, self._owners = table, modules
        for kept in (self._modules, self._documents, self._active, self._variants):
            kept.clear()
        self.version += 1

    def add(self, row: Command[Any], module: object) -> None:
        """A command that exists on some conditions only. ValueError if its path is taken."""
        self._table = self._table.with_command(row)
        self._modules[row.name] = module
        self.version += 1

    def remove(self, path: str) -> None:
        """What exists on some conditions only."""
        if path in self.states or path in self.commands:
            self._table = self._table.without(path)
            self.version += 1

    def _module(self, name: str) -> Any:
        """Whose a row is."""
        found = self._modules.get(name)
        if found is None:
            found = self._modules[name] = self._table.owners[name](self._owners)
        return found

    # --- documents ---------------------------------------------------------------------------------------------------

    def load(self) -> None:
        """The network processor boots: volatile documents start over, configurations come from flash."""
        self._texts.clear()
        self._kept.clear()
        self._of_memory.clear()
        self._last.clear()
        self.modified.clear()
        for path, row in self.states.items():
            if isinstance(row, Config):
                self.reload(path)
                self._active[path] = self._documents[path]  # one is replaced, never changed
        self._variants.clear()
        for path, row in self.states.items():
            if isinstance(row, Document):
                self._documents[path] = self._default(row)

    def _default(self, row: Row) -> object:
        initial = row.initial if isinstance(row, Document | Config) else None
        return self._table.initial(row) if initial is None else initial(self._module(row.name))

    def reload(self, path: str) -> None:
        """A configuration's saved value, on top of what holds while nothing was saved."""
        row = self.states[path]
        assert isinstance(row, Config)
        default = self._default(row)
        saved = self._settings[path]
        if isinstance(saved, Mapping) and isinstance(default, dict):
            value: object = default | {name: deepcopy(item) for name, item in saved.items() if name in default}
        else:
            value = default if saved is None else deepcopy(saved)
        self._documents[path] = value
        self._texts.pop(path, None)

    def document(self, path: str) -> object:
        """A kept document, secrets included. Not to be changed: use `put`."""
        return self._documents[path]

    def doc(self, path: str) -> Doc:
        """A kept document to read from, secrets included."""
        return Doc(self._documents[path])

    def active(self, path: str) -> Doc:
        """A configuration as it was at boot, for what needs a reboot."""
        return Doc(self._active.get(path, self._documents[path]))

    def active_variant(self, path: str) -> tuple[int, Doc]:
        """Tag and value of a union among the configurations as it was at boot."""
        found = self._variants.get(path)
        if found is None:
            found = self._variants[path] = self.active(path).tagged
        return found

    def member(self, path: str, name: str) -> object:
        """One member of a kept document."""
        return self.doc(path)[name]

    def flag(self, path: str, name: str) -> bool:
        return self.doc(path).flag(name)

    def integer(self, path: str, name: str) -> int:
        return self.doc(path).integer(name)

    def text_of(self, path: str, name: str) -> str:
        return self.doc(path).text(name)

    def put(self, path: str, value: object) -> None:
        """Replace a kept document; a configuration is saved as well."""
        before = self._documents.get(path)
        if before == value:
            return
        self._documents[path] = value
        self._texts.pop(path, None)
        if isinstance(self.states[path], Config):
            try:
                self._settings.put(path, deepcopy(value))
            except EmulatorError:  # the flash has failed
                self._documents[path] = before
                raise
            self.modified.add(path)
        self._touch()

    def update(self, path: str, **members: object) -> None:
        """Replace members of a kept document."""
        self.put(path, self.doc(path).changed(**members))

    def text(self, row: Row, view: View) -> str:
        """The document as JSON, secrets left out."""
        if isinstance(row, State) and row.live and row.follows == "everything":
            kept = self._kept.get(row.name)
            if kept is None:
                kept = self._kept[row.name] = KeptText()
            module, moment = self._module(row.name), Moment(self._moments.revision, view.instant)
            return kept.at(moment, lambda: row.schema.encode(row.read(module, view)))
        if isinstance(row, State) and row.follows == "memory":
            memory = view.memory
            before = self._of_memory.get(row.name)
            if before is not None and before[0] is memory:
                return before[1]
            text = row.schema.encode(row.read(self._module(row.name), view))
            self._of_memory[row.name] = memory, text
            return text
        if isinstance(row, State):
            texts = view.written(row.follows) if row.live else self._texts
            found = texts.get(row.name)
            if found is None:
                found = texts[row.name] = row.schema.encode(row.read(self._module(row.name), view))
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
            return row.read(self._module(path), view)
        return censored(row, self._documents[path])

    # --- paths -------------------------------------------------------------------------------------------------------

    def find(self, path: str, table: Mapping[str, Row]) -> Target | None:
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
        self._record_write(*self._written(target, payload), outcome, origin)
        self._changed()
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

    def written_names(self) -> Iterator[str]:
        """What writes are recorded under; see `_written`."""
        for path, row in self.commands.items():
            state = path.removesuffix(UPDATE)
            point = state if state in self.states else path
            only = row.schema.only if isinstance(row.schema, Obj) else None
            yield point if only is None else f"{point}.{only}"
            if isinstance(row.schema, Obj):
                yield from (f"{point}.{member}" for member in row.schema.members)

    def call(self, path: str, value: object, origin: Origin | None = None) -> str | None:
        """Run a command with Python values, by default as whose command runs. The error text, or None."""
        payload = b"" if value is None else json.dumps(value).encode()
        return self.execute(Target(path), payload, self.origin if origin is None else origin)

    def forget(self, path: str) -> None:
        """What was sent to a command last: null members stand for the defaults again."""
        self._last.pop(path, None)

    def saved(self, path: str) -> bool:
        """Whether there is a file of a configuration in flash."""
        return isinstance(self.states[path], Config) and self._settings[path] is not None

    def forget_saved(self, path: str) -> None:
        """Delete the file of a configuration; what was loaded from it holds until the next boot."""
        self._settings.put(path, None)
        self.modified.discard(path)

    def schema_of(self, path: str) -> Schema:
        return self.commands[path].schema

    def _execute(self, target: Target, payload: bytes, origin: Origin) -> str | None:
        row = self.commands[target.path]
        assert isinstance(row, Command | Config)
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
        module = self._module(row.name)
        if row.validate is not None and (problem := row.validate(module, Doc(value))) is not None:
            return problem
        before_origin, self.origin = self.origin, origin
        try:
            if isinstance(row, Command):
                self._last[target.path] = value
                return row.run(module, Doc(deepcopy(value))) or quirk
            before = self.doc(row.name)
            self.put(row.name, value)
            if row.applied is not None:
                row.applied(module, Doc(value), before)
            return None
        finally:
            self.origin = before_origin

    def _current(self, path: str, row: Row) -> object:
        if not isinstance(row, Command):
            return self._documents[row.name]
        if row.shows is not None:
            return self._documents[row.shows]
        return self._last[path] if path in self._last else row.schema.default()

    def owner_sets(self, path: str) -> None:
        """A configuration was changed in the settings, past the API."""
        row = self.states.get(path)
        if isinstance(row, Config) and path in self._documents:
            before = self.doc(path)
            self.reload(path)
            now = self.doc(path)
            if before != now and row.applied is not None:
                row.applied(self._module(path), now, before)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.states.values())


def _descend(value: object, schema: Schema, step: str) -> tuple[object, Schema]:
    """A member of a value and the schema that prints it."""
    if is_index(step):
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
    except (ValueError, RecursionError):
        return payload.decode(errors="replace")
