"""Why the wallbox refuses a write, and how each interface words it.

The one rule: a refusal is a reason and the device's bare words; key and value are added per interface.
Source: captured replies of HTTP, MQTT and web socket; see NOTES.md.
"""

from __future__ import annotations

from typing import Final

from ...core.messages import Outcome, Reason
from ...core.values import terse


@terse
class Refusal:
    """`from_setter`: the key exists and may be written, but not with this value."""

    reason: Reason
    text: str
    from_setter: bool = True

    def over_http(self, key: str, shown: str) -> str:
        """`amp: failed: Value 5 exceeds range 6 to 32 (5)`"""
        return f"{key}: {'failed: ' if self.from_setter else ''}{self.text} ({shown})"

    def over_mqtt(self, shown: str) -> str:
        """`value must be string 0`; `tried to set api key without setter (false)`; `invalid json IncompleteInput: x`"""
        if self.reason is Reason.INVALID and not self.from_setter:
            return f"{self.text.removeprefix('tried to set api key with ')}: {shown}"
        return f"{self.text} {shown}" if self.from_setter else f"{self.text} ({shown})"

    def over_websocket(self) -> str:
        """`value must be bool`"""
        return self.text

    def outcome(self, key: str, shown: str) -> Outcome:
        return Outcome(refused=self.reason, message=self.over_http(key, shown))


UNKNOWN_KEY: Final = Refusal(Reason.UNKNOWN, "unknown api key", from_setter=False)
"""ASSUMED wording; a reply to an unknown key is not documented."""
NO_SETTER: Final = Refusal(Reason.READ_ONLY, "tried to set api key without setter", from_setter=False)
NOT_FROM_API: Final = Refusal(
    Reason.NOT_ALLOWED, "tried to set api key which is not allowed from api", from_setter=False
)
TRUNCATED: Final = "httpd_query_key_value() failed with ESP_ERR_HTTPD_RESULT_TRUNC"
"""The value does not fit the device's buffer."""


USE_PSM: Final = Refusal(
    Reason.READ_ONLY,
    "this parameter is only showing the current state and readonly, to change the preference, use psm",
)
"""Source: go-eCharger-API-v2#322, a reply of 60.4 to `fsp=false`."""


def invalid_json(name: str) -> Refusal:
    """`name` is the parser's: `EmptyInput`, `IncompleteInput`, `InvalidInput`, `TooDeep`."""
    return Refusal(Reason.INVALID, f"tried to set api key with invalid json {name}", from_setter=False)


def wrong_type(expected: str) -> Refusal:
    """Source: captured `value must be string` and `value must be bool`; other type names ASSUMED alike."""
    return Refusal(Reason.WRONG_TYPE, f"value must be {expected}")


def range_exceeded(value: object, lowest: float, highest: float) -> Refusal:
    return Refusal(Reason.OUT_OF_RANGE, f"Value {value} exceeds range {lowest} to {highest}")


def too_long(longest: int) -> Refusal:
    """ASSUMED wording."""
    return Refusal(Reason.WRONG_LENGTH, f"value must not be longer than {longest} characters")


def not_started(transaction: int) -> Refusal:
    return Refusal(Reason.NOT_ALLOWED, f"starting transaction for {transaction} is not allowed")
