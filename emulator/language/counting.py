"""Numbers of things, as one writes them."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """`1 walk`, `3 walks`, `2 wallboxes`."""
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun}{'es' if noun.endswith(('x', 's', 'ch')) else 's'}"
