"""What a row may say about itself beside its name and type; see `Point`."""

from __future__ import annotations

from typing import TypedDict


class Facts(TypedDict, total=False):
    about: str
    since: str
    until: str
    models: tuple[str, ...]
    assumed: str
    live: bool
