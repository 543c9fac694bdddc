"""What can be found: every scenario that comes with the emulator, every kind of fault, every rule.

The one rule: nothing is written here by hand; titles, texts and words are those of the scenarios and the catalogues.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ..scenario.shipped import folder

Kind = Literal["scenario", "fault", "rule"]

_ABOUT: Final = re.compile(r"^about:\s*(?:>-?\s*\n)?(?P<text>.*(?:\n[ ]+.*)*)", re.MULTILINE)
_COMMENT: Final = re.compile(r"(?:^#.*\n)+", re.MULTILINE)
_URL: Final = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that may explain a symptom."""

    kind: Kind
    name: str
    title: str
    about: str
    """What it is about, in a sentence or two."""
    words: str
    """Everything else that it says: its steps, its arguments."""
    command: str
    """What shows it."""


def library() -> list[Found]:
    """Everything there is."""
    return [*scenarios(), *_faults(), *_rules()]


def scenarios() -> Iterator[Found]:
    """Every scenario that comes with the emulator."""
    root = folder()
    if root is None:
        return
    for file in sorted(root.rglob("*.yaml")):
        text = file.read_text("utf-8", "replace")
        if _ABOUT.search(text) is not None:  # else it is a part of others
            yield _scenario(file, root, text)


def _scenario(file: Path, root: Path, text: str) -> Found:
    title = re.sub(r"^[A-Z]\d+_", "", file.stem).replace("_", " ")
    about = _ABOUT.search(text)
    field = _COMMENT.match(text)
    told = _plain(about["text"]) if about is not None else ""
    seen = _plain(field.group()) if field is not None else ""
    rest = _URL.sub(" ", text[about.end() if about is not None else 0 :])
    return Found(
        kind="scenario",
        name=file.relative_to(root).with_suffix("").as_posix(),
        title=title,
        about=f"{told} {seen}".strip(),
        words=rest,
        command=f"charger-emulator run scenarios/{file.relative_to(root).as_posix()}",
    )


def _plain(text: str) -> str:
    """A text of YAML, or a comment, on one line."""
    return " ".join(re.sub(r"^#\s?", "", line).strip() for line in text.splitlines()).strip().strip("\"'")


def _faults() -> Iterator[Found]:
    from ..faults.catalogue import FAULT_TYPES

    for kind in FAULT_TYPES.values():
        arguments = " ".join(f"{one.name} {one.about}" for one in kind.arguments)
        command = f"charger-emulator ctl fault kind={kind.name}"
        yield Found("fault", kind.name, kind.name.replace("_", " "), kind.about, arguments, command)


def _rules() -> Iterator[Found]:
    from ..verdict.catalogue import SETS

    for ready in SETS:
        for rule in ready.rules:
            command = f"rules: [{{include: {ready.name}}}]"
            yield Found("rule", f"{ready.name}: {rule.name}", rule.name, rule.source, ready.about, command)
