"""How large a document may be, whoever wrote it: a scenario file, or the body of a request.

The one rule: what is too large is refused before anything is made of it, in time that its bytes allow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import yaml

from ..core.values import terse

LARGEST_FILE: Final = 4 * 1024 * 1024
"""Bytes of a scenario file, and of one it includes."""
MOST_FILES: Final = 64
"""Files that a scenario may consist of."""
DEEPEST: Final = 40
"""Levels of lists and mappings inside each other."""
MOST_VALUES: Final = 250_000
"""Values in a file or a request; what an alias stands for counts as often as it is used."""
LONGEST_NUMBER: Final = 40
"""Characters of a number."""
LONGEST_TEXT: Final = 10_000
"""Characters of a text, unless its argument says otherwise."""
LONGEST_PAYLOAD: Final = 1_048_576
"""Characters of a text that is sent: a body, a message."""
LONGEST_EXPECTATION: Final = 500
"""Characters of what is expected of one quantity."""

NO_TEXT: Final = "a text with half of a surrogate pair"


@terse
class Excess:
    """What of a document is too much; line and column count from 1, 0 where there are none."""

    text: str
    line: int = 0
    column: int = 0

    @property
    def title(self) -> str:
        """What is wrong, in two words."""
        return "Malformed text" if self.text == NO_TEXT else "Too much"


def excess_of_yaml(text: str, loader: type[yaml.SafeLoader]) -> Excess | None:
    """What is too much in a YAML text. YAMLError if it is none."""
    sizes: dict[str | None, int] = {}
    open_anchors: list[tuple[str | None, int]] = []
    values = 0
    for event in yaml.parse(text, Loader=loader):
        mark = event.start_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        if isinstance(event, yaml.AliasEvent):
            values += sizes.get(event.anchor, 1)
        elif isinstance(event, yaml.ScalarEvent):
            values += 1
            if event.anchor:
                sizes[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            values += 1
            open_anchors.append((event.anchor, values - 1))
            if len(open_anchors) > DEEPEST:
                return Excess(f"more than {DEEPEST} lists and mappings inside each other", line, column)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_anchors.pop()
            if anchor:
                sizes[anchor] = values - before
        if values > MOST_VALUES:
            return Excess(f"more than {MOST_VALUES} values (an alias counts as all that it stands for)", line, column)
    return None


def excess_of_json(value: object) -> Excess | None:
    """What is too much in plain data, or cannot be: half of a surrogate pair is no text."""
    left: list[Iterator[object]] = [iter((value,))]
    values = 0
    while left:
        for item in left[-1]:
            values += 1
            if values > MOST_VALUES:
                return Excess(f"more than {MOST_VALUES} values")
            if (wrong := _scalar_excess(item)) is not None:
                return Excess(wrong)
            if isinstance(item, Mapping):
                if (
                    bad := next((wrong for key in item if (wrong := _scalar_excess(key)) is not None), None)
                ) is not None:
                    return Excess(bad)
                left.append(iter(item.values()))
            elif isinstance(item, list | tuple):
                left.append(iter(item))
            else:
                continue
            break
        else:
            left.pop()
        if len(left) > DEEPEST + 1:
            return Excess(f"more than {DEEPEST} lists and objects inside each other")
    return None


def _scalar_excess(value: object) -> str | None:
    if isinstance(value, int) and abs(value) >= 10**LONGEST_NUMBER:
        return f"a number of more than {LONGEST_NUMBER} digits"
    if isinstance(value, str) and not value.isascii() and any("\ud800" <= sign <= "\udfff" for sign in value):
        return NO_TEXT
    return None
