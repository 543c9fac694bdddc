"""The state file: what the real boxes keep in flash, across runs of the emulator.

The one rule: a value is in the file before anybody is told that it was stored; a killed process loses nothing. A file
that is not the emulator's own is never changed.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

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

    def __init__(self, path: Path, *, shared: bool = False) -> None:
        """EmulatorError if it cannot be one: in use, not writable, damaged, somebody else's, of a later format.

        `shared`: with other processes, each of which has other owners; it has been looked at (`led`).
        """
        self.path = path
        self.shared = shared
        self._identity = self._log = (0, 0)
        """Device and inode of the file and of its write-ahead log."""
        self._open()

    def _open(self) -> None:
        try:
            if not self.shared:
                self._check()
            uri = f"file:{quote(str(self.path))}?mode=rwc"
            self._connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=1.0)
        except (sqlite3.Error, OSError, ValueError) as error:
            raise self._unusable(error) from error
        try:
            self._prepare()
            self._identity, self._log = _identity(self.path), _identity(self._log_path)
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise self._unusable(error) from error

    def _check(self) -> None:
        """Look at a file that is there, without changing it."""
        for place, what in ((self.path, "it"), (self.path.parent, "its folder")):
            if place.exists() and not os.access(place, os.W_OK, effective_ids=True):
                raise PermissionError(f"{what} may not be written to")
        if not self.path.exists() or (self.path.is_file() and not self.path.stat().st_size):
            return
        beside = [path for ending in ("-wal", "-shm") if not (path := Path(f"{self.path}{ending}")).exists()]
        connection = sqlite3.connect(f"file:{quote(str(self.path))}?mode=ro", uri=True, timeout=1.0)
        try:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            columns = [row[1] for row in connection.execute("PRAGMA table_info(kept)")]
            (health,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        finally:
            connection.close()
            for path in beside:  # made by looking
                path.unlink(missing_ok=True)
        if columns[:3] != ["owner", "name", "value"]:
            raise EmulatorError(
                f"{self.path}: is a database of another program, not a state file; it was left as it is"
            )
        if version != FORMAT:
            raise EmulatorError(
                f"{self.path}: has state format {version}, this emulator writes {FORMAT}; use another file"
            )
        if health != "ok":
            raise self._unusable(ValueError(f"it is damaged ({health.splitlines()[-1][:100]})"))

    def _unusable(self, error: Exception) -> EmulatorError:
        return EmulatorError(f"{self.path}: cannot be used as a state file: {error}")

    def _prepare(self) -> None:
        if not self.shared:
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # one emulator per file
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            if version == 0:
                self._connection.execute(SCHEMA)
                self._connection.execute(f"PRAGMA user_version = {FORMAT}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        replaced = not self.there
        self._connection.close()
        with suppress(OSError):
            if replaced and _identity(self._log_path) == self._log:  # it is no log of the file that is there now
                self._log_path.unlink()

    @property
    def _log_path(self) -> Path:
        """The write-ahead log beside the file."""
        return Path(f"{self.path}-wal")

    def read(self, owner: str) -> dict[str, object]:
        """Everything kept for `owner`. EmulatorError if it makes no sense."""
        try:
            rows = self._connection.execute("SELECT name, value FROM kept WHERE owner = ? ORDER BY name", (owner,))
            return {name: json.loads(value) for name, value in rows}
        except (sqlite3.Error, ValueError, TypeError, RecursionError) as error:
            raise EmulatorError(f"{self.path}: what is kept for {owner} cannot be read: {error}") from error

    def write(self, owner: str, values: Mapping[str, object]) -> None:
        """Keep these values, all or none. sqlite3.Error if that is not possible."""
        self.store({owner: values})

    def store(
        self, changes: Mapping[str, Mapping[str, object]], *, afresh: Iterable[str] = (), blank: bool = False
    ) -> None:
        """Keep what changes, by owner, all or nothing. sqlite3.Error if that is not possible.

        `afresh`: owners of whom nothing else is left. `blank`: of nobody is.
        """
        if not self.there:
            raise Gone("the file was removed, or another one put in its place")
        rows = [(owner, name, json.dumps(value)) for owner, kept in changes.items() for name, value in kept.items()]
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            if blank:
                self._connection.execute("DELETE FROM kept")
            self._connection.executemany("DELETE FROM kept WHERE owner = ?", [(owner,) for owner in afresh])
            self._connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", rows)

    @property
    def there(self) -> bool:
        """Whether the file is still where it was opened: what is written to one that was removed is lost."""
        try:
            return self._identity == _identity(self.path)
        except OSError:
            return False

    def begin_again(self) -> None:
        """Make an empty file where there is none any more. EmulatorError if that is not possible."""
        if self.path.exists() and not self.shared:  # else another process may have made it
            raise EmulatorError("another file was put in its place, and is left as it is")
        self.close()
        self._open()


class Gone(sqlite3.OperationalError):
    """The file is not there any more."""


def _identity(path: Path) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino


@contextmanager
def led(path: Path) -> Iterator[None]:
    """A state file that several processes of one emulator share, and no other emulator uses. EmulatorError if one does.

    It is by charger: the next run may have more processes, or fewer.
    """
    import fcntl  # not on Windows, where there is one process only

    StateFile(path).close()
    lock = Path(f"{path}-leader")
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise EmulatorError(f"{path}: cannot be used as a state file: another emulator uses it") from None
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)
