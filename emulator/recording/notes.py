"""The journal of a recording: one line per message, decoded by the vendor's tables, without anything personal.

The one rule: an entry is written when its message is complete, and what is in the file is never changed again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Final, TextIO

from ..core.instant import SECOND
from ..importing.boxes import values_of
from ..importing.personal import Redactor, is_personal
from ..runtime.journal import Entry

CHARGER: Final = "charger"
LONGEST: Final = 65_536
"""Characters of a body that are kept."""


class Notes:
    """Writes the journal. `redact`: nothing personal is written."""

    def __init__(
        self, file: TextIO, vendor: str, *, redact: bool = True, wall: Callable[[], float] = time.time
    ) -> None:
        self._file = file
        self.vendor = vendor
        self.redactor = Redactor() if redact else None
        self._wall = wall
        self._begun = wall()
        self.seq = 0
        self.heard: Callable[[Entry], None] = lambda _: None
        """Called with every entry."""

    def add(
        self,
        kind: str,
        name: str,
        detail: Mapping[str, object],
        *,
        interface: str,
        client: str,
        cause: int | None = None,
    ) -> int:
        """Write an entry; returns its number."""
        wall = self._wall()
        self.seq += 1
        entry = Entry(
            seq=self.seq,
            at=round((wall - self._begun) * SECOND),
            wall=round(wall, 3),
            charger=CHARGER,
            wallbox=self.vendor,
            interface=interface,
            client=self._client(client),
            kind=kind,
            name=self.clean(name),
            detail=detail,
            cause=cause,
        )
        self._file.write(entry.as_line() + "\n")
        self._file.flush()
        self.heard(entry)
        return self.seq

    def values(self, text: str, label: str = "") -> dict[str, object]:
        """What the vendor's tables make of a message: values by their names in scenarios."""
        found = values_of(self.vendor, text, label)
        if self.redactor is None:
            return found
        return {name: self._kept(value) for name, value in found.items() if not is_personal(name)}

    def body(self, text: str) -> str:
        """A body as it is kept."""
        text = text[:LONGEST]
        if self.redactor is None:
            return text
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return self.clean(text)
        if not isinstance(document, dict | list):
            return self.clean(text)
        return json.dumps(self._without(document, ""), separators=(",", ":"), ensure_ascii=False)

    def clean(self, text: str) -> str:
        """A text without anything personal."""
        return text if self.redactor is None else self.redactor.clean(text)

    def _kept(self, value: object) -> object:
        return self.clean(value) if isinstance(value, str) else value

    def _client(self, client: str) -> str:
        """Clients are told apart by their ports."""
        host, _, port = client.rpartition(":")
        return f"{self.clean(host)}:{port}" if host else client

    def _without(self, value: object, path: str) -> object:
        """A document with something neutral in every personal place."""
        if isinstance(value, Mapping):
            return {self.clean(str(key)): self._without(inner, f"{path}.{key}") for key, inner in value.items()}
        if isinstance(value, list):
            return [self._without(inner, path) for inner in value]
        if is_personal(path):
            return self._neutral(path, value)
        return self._kept(value)

    def _neutral(self, path: str, value: object) -> object:
        assert self.redactor is not None
        if isinstance(value, str) and value:
            return self.redactor.learn(value, "serial" if "ser" in path or path.endswith(".sse") else "name")
        return 0 if isinstance(value, int | float) and not isinstance(value, bool) else value
