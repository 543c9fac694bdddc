"""The state file: what the real boxes keep in flash, across runs of the emulator.

The one rule: a value is in the file before anybody is told that it was stored; a killed process loses nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from ..errors import EmulatorError

FORMAT: Final = 1

SCHEMA: Final = """
CREATE TABLE kept (
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (owner, name)
) WITHOUT ROWID
"""


class StateFile:
    """Named JSON values by owner (`garage.goe`, `garage`) in one SQLite file, used as a context manager.

    Each change is one transaction. Write-ahead logging without a flush per change: what was stored survives the death
    of the process, not of the operating system.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._connection = sqlite3.connect(self.path, isolation_level=None, timeout=1.0)
        except sqlite3.Error as error:
            raise EmulatorError(f"{path}: cannot be used as a state file: {error}") from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self.close()
            raise EmulatorError(f"{path}: cannot be used as a state file: {error}") from error
        except EmulatorError:
            self.close()
            raise

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # one emulator per file
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.execute(SCHEMA)
                self._connection.execute(f"PRAGMA user_version = {FORMAT}")
        elif version != FORMAT:
            raise EmulatorError(
                f"{self.path}: has state format {version}, this emulator writes {FORMAT}; use another file"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def read(self, owner: str) -> dict[str, object]:
        """Everything kept for `owner`."""
        rows = self._connection.execute("SELECT name, value FROM kept WHERE owner = ? ORDER BY name", (owner,))
        return {name: json.loads(value) for name, value in rows}

    def write(self, owner: str, values: Mapping[str, object]) -> None:
        """Keep these values, all or none."""
        rows = [(owner, name, json.dumps(value)) for name, value in values.items()]
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", rows)

    def clear(self) -> None:
        """Forget everything, of every owner."""
        self._connection.execute("DELETE FROM kept")
