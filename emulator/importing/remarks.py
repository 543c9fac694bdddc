"""What an import has to say for itself: understood, guessed, left out, each with its lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to say."""

    text: str
    lines: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.text}{places(self.lines)}"

    def as_json(self) -> dict[str, object]:
        return {"text": self.text, "lines": list(self.lines)}


@dataclass
class Remarks:
    """Collected as the import goes on."""

    understood_: list[Remark] = field(default_factory=list)
    guessed_: list[Remark] = field(default_factory=list)
    left_out_: list[Remark] = field(default_factory=list)

    def understood(self, text: str, lines: Iterable[int] = ()) -> None:
        self.understood_.append(Remark(text, tuple(lines)))

    def guessed(self, what: str, text: str, lines: Iterable[int] = ()) -> None:
        self.guessed_.append(Remark(f"{what}: {text}", tuple(lines)))

    def left_out(self, text: str, lines: Iterable[int] = ()) -> None:
        self.left_out_.append(Remark(text, tuple(lines)))

    def every(self) -> Iterator[tuple[str, Remark]]:
        """Each with what it is."""
        yield from (("understood", remark) for remark in self.understood_)
        yield from (("guessed", remark) for remark in self.guessed_)
        yield from (("left out", remark) for remark in self.left_out_)


def places(lines: Iterable[int]) -> str:
    """` (line 3)`, ` (lines 3, 7 to 9)`; nothing without any."""
    runs: list[list[int]] = []
    for line in sorted(set(lines)):
        if runs and line == runs[-1][1] + 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    if not runs:
        return ""
    shown = [str(a) if a == b else f"{a} to {b}" for a, b in runs[:4]] + (["..."] if len(runs) > 4 else [])
    word = "line" if len(runs) == 1 and runs[0][0] == runs[0][1] else "lines"
    return f" ({word} {', '.join(shown)})"
