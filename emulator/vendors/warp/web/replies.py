"""Replies of the web server: texts and documents.

The one rule: content types as the device spells them. Source: Tinkerforge esp32-firmware, `modules/web_server`.
"""

from __future__ import annotations

from typing import Final

from ....devices.interfaces import HttpReply

TEXT: Final = "text/plain; charset=utf-8"
JSON: Final = "application/json; charset=utf-8"


def text(body: str, status: int = 200) -> HttpReply:
    return HttpReply(status=status, body=body.encode("utf-8", "replace"), content_type=TEXT)


def document(body: str, reads: str | None = None) -> HttpReply:
    """`reads`: the value that it tells, for the journal."""
    journal = {} if reads is None else {"reads": [reads]}
    return HttpReply(body=body.encode(), content_type=JSON, journal=journal)
