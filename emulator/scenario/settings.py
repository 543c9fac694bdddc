"""Settings of wallboxes, as scenarios state them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..devices.settings import Setting
from ..errors import did_you_mean
from ..language.arguments import Scope, Unreadable
from ..language.nodes import Node


def check_settings(node: Node, title: str, rows: Mapping[str, Setting[object]], scope: Scope) -> None:
    """Report every setting that a wallbox does not have, and every value it would not take; `title`: its vendor."""
    good = True
    for key, value in node.entries or ():
        row = rows.get(key.text)
        if row is None:
            hint = did_you_mean(key.text, rows) or "; `charger-emulator list settings` shows them"
            scope.report(replace(key, label=""), f'{title} has no setting "{key.text}"{hint}')
            good = False
            continue
        try:
            row.check(value.data())
        except ValueError as error:
            scope.report(value, f"found {value.shown()}, {error}")
            good = False
    if not good:
        raise Unreadable
