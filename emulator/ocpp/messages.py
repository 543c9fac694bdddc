"""Messages as text, and payloads as the `ocpp` library's dataclasses.

The one rule: whatever the bytes, `decode` gives a message or raises `MessageError`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TypeVar

from ..devices.interfaces.ocpp import Call, CallError, CallResult, Message, Payload

Decoded = TypeVar("Decoded")


class MessageError(ValueError):
    """The text is no OCPP-J message."""


def encode(message: Message) -> str:
    """A message as compact JSON."""
    parts: list[object]
    match message:
        case Call():
            parts = [2, message.id, message.action, message.payload]
        case CallResult():
            parts = [3, message.id, message.payload]
        case CallError():
            parts = [4, message.id, message.code, message.description, message.details]
    text = json.dumps(parts, separators=(",", ":"), ensure_ascii=False)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:  # half of a surrogate pair, which somebody has sent: as it was written
            return json.dumps(parts, separators=(",", ":"))
    return text


def decode(text: str) -> Message:
    """A message from JSON."""
    try:
        parts = json.loads(text)
    except (ValueError, RecursionError):
        raise MessageError("not JSON") from None
    match parts:
        case [2, str(id), str(action), dict(payload)]:
            return Call(id=id, action=action, payload=payload)
        case [3, str(id), dict(payload)]:
            return CallResult(id=id, payload=payload)
        case [4, str(id), str(code), str(description), dict(details)]:
            return CallError(id=id, code=code, description=description, details=details)
        case [4, str(id), str(code), *_]:
            return CallError(id=id, code=code)
    raise MessageError("not a message of OCPP-J")


def folded(text: str) -> str:
    """A CiString as it is compared and looked up: capital letters are small ones."""
    return text.lower()


def as_dataclass(kind: Callable[..., Decoded], payload: Payload) -> Decoded:
    """A payload that fits its schema, as the library's dataclass of it; members inside stay JSON."""
    return kind(**{_snake(name): value for name, value in payload.items()})


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def text_in(payload: Payload, name: str) -> str:
    """A text member; empty if there is none."""
    value = payload.get(name)
    return value if isinstance(value, str) else ""
