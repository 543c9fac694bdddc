"""Texts that clients write as JSON: an escaped half of a character stands alone in none of them.

The one rule: no device keeps half a surrogate pair, which is no text in UTF-8. Source: ArduinoJson puts halves together
while it reads. ASSUMED: a lone one is replaced by U+FFFD.
"""

from __future__ import annotations

import json


def loads(text: str | bytes) -> object:
    """A JSON document. ValueError if it is none, RecursionError if it is nested too deeply."""
    return whole(json.loads(text), text)


def whole(found: object, text: str | bytes) -> object:
    """What was read from a text, without lone halves. RecursionError."""
    escaped = b"\\u" in text if isinstance(text, bytes) else "\\u" in text
    return _whole(found) if escaped else found


def _whole(found: object) -> object:
    if isinstance(found, str):
        return paired(found)
    if isinstance(found, dict):
        return {paired(key): _whole(value) for key, value in found.items()}
    if isinstance(found, list):
        return [_whole(value) for value in found]
    return found


def paired(text: str) -> str:
    """Halves of a character put together; a lone one is replaced."""
    if not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
