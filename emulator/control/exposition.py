"""Prometheus' text format, version 0.0.4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = Mapping[str, str]
Sample = tuple[Labels, float]
Family = tuple[str, str, str, "Sequence[tuple[Mapping[str, str], float]]"]
"""Name, kind, what it is, samples."""
OWN_NAMES = ("charger_", "process_")
"""Names that say enough; any other begins with `charger_emulator_`."""


def family(name: str, kind: str, about: str, samples: Sequence[Sample]) -> str:
    """A metric without buckets; nothing if it has no samples."""
    if not samples:
        return ""
    full = _full(name)
    return _page(full, kind, about, (_line(full, labels, value) for labels, value in samples))


def histogram(
    name: str, about: str, bounds: Sequence[float], samples: Iterable[tuple[Labels, list[int], float]]
) -> str:
    """A metric with buckets. `samples`: labels, how many per bucket (one more than `bounds`), and the sum of values."""
    full = _full(name)
    lines: list[str] = []
    for labels, counts, total in samples:
        for bound, count in zip((*map("{:g}".format, bounds), "+Inf"), accumulate(counts), strict=True):
            lines.append(_line(f"{full}_bucket", {**labels, "le": bound}, count))
        lines.append(_line(f"{full}_sum", labels, total))
        lines.append(_line(f"{full}_count", labels, sum(counts)))
    return _page(full, "histogram", about, lines) if lines else ""


def _full(name: str) -> str:
    return name if name.startswith(OWN_NAMES) else f"charger_emulator_{name}"


def _page(full: str, kind: str, about: str, lines: Iterable[str]) -> str:
    return "\n".join([f"# HELP {full} {about}", f"# TYPE {full} {kind}", *lines]) + "\n"


def _line(name: str, labels: Labels, value: float) -> str:
    return f"{name}{_labels(labels)} {value:.10g}"


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    escaped = (f'{key}="{_escape(value)}"' for key, value in labels.items())
    return "{" + ",".join(escaped) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
