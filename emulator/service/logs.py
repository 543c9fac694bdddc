"""The log: text for a reader, or one JSON object a line for a machine.

The one rule: it goes to standard error, and what a message is about stands in fields of its own.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from ..runtime.journal import Journal

log = logging.getLogger(__name__)

Format = Literal["text", "json"]
LEVELS: Final = ("debug", "info", "warning", "error")
FIELDS: Final = ("bug", "entry")
"""Attributes of a record that become members of its object."""


class JsonFormatter(logging.Formatter):
    """One object a line: time, level, logger, message; a traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        found: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        found |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info:
            found["traceback"] = self.formatException(record.exc_info)
        return json.dumps(found, ensure_ascii=False, default=str)


def log_entries(journal: Journal) -> None:
    """Log every entry from now on, if anybody wants to see them."""
    if log.isEnabledFor(logging.DEBUG):
        journal.listen(lambda entry: log.debug("%s %s", entry.kind, entry.name, extra={"entry": entry.as_json()}))


class _ToStandardError(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(self.format(record) + "\n")


def _worth_telling(record: logging.LogRecord) -> bool:
    """Not that a TLS client was gone before we knew: asyncio drops what is written, and tells only who reads on."""
    return not (record.name == "asyncio" and record.msg == "SSL connection is closed")


def configure(form: Format, level: str) -> None:
    """Log to standard error from now on."""
    root = logging.getLogger()
    for before in [handler for handler in root.handlers if isinstance(handler, _ToStandardError)]:
        root.removeHandler(before)
    handler = _ToStandardError()
    plain = logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    handler.setFormatter(JsonFormatter() if form == "json" else plain)
    handler.addFilter(_worth_telling)
    root.addHandler(handler)
    root.setLevel(level.upper())
