"""What stands around a device's words in a paste: colours, quotation marks, fences, stamps of a log collector.

The one rule: lines keep their numbers; what is taken off is replaced by nothing, never by a guess.
"""

from __future__ import annotations

import re
from typing import Final

_ESCAPES: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07")
_LOST_ESCAPE: Final = re.compile(r"^\d{1,2}m(?=\S)")
_QUOTE: Final = re.compile(r"^(?:\s{0,3}> ?)+")
_FENCE: Final = re.compile(r"^\s*(?:`{3,}|~{3,})\s*[\w+-]*\s*$")
_COLLECTORS: Final = (
    re.compile(r"^\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ [\w.-]+\[\d+\]: "),  # journald
    re.compile(r"^[\w.-]+ +\| (?=\S)"),  # docker compose
    re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+Z,std(?:out|err),"),  # Portainer
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufeff]")


def unwrapped(text: str) -> list[str]:
    """The lines of a paste without its wrapping; a line that was nothing but wrapping is empty."""
    return [_line(line) for line in re.split(r"\r\n|\n|\r", text)]


def _line(line: str) -> str:
    line = _ESCAPES.sub("", line).replace("<br>", " ").replace("\u00a0", " ")
    line = _CONTROL.sub("", _LOST_ESCAPE.sub("", line))
    line = _QUOTE.sub("", line)
    if _FENCE.match(line):
        return ""
    for collector in _COLLECTORS:
        line = collector.sub("", line, count=1)
    bare = line.strip()
    return bare[1:-1] if len(bare) > 1 and bare[0] == bare[-1] == "`" else line.rstrip()
