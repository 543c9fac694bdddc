"""What is wrong with a payload, by the OCPP 1.6 schemas of the `ocpp` library.

The one rule: no schema of our own; an action without one is unknown.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from jsonschema.exceptions import best_match
from ocpp.messages import MessageType, get_validator
from ocpp.v16.enums import Action

from ..devices.interfaces.ocpp import Payload

VERSION: Final = "1.6"
LARGEST: Final = 2**31 - 1
EXACT: Final = ("SetChargingProfile", "RemoteStartTransaction", "GetCompositeSchedule")
"""Actions whose schema asks for one decimal, which binary fractions cannot be checked for."""
CODES: Final = {
    "additionalProperties": "FormationViolation",
    "required": "OccurenceConstraintViolation",
    "type": "TypeConstraintViolation",
}
"""JSON schema keyword to the error code of OCPP-J 1.6, spelled as there. Others: PropertyConstraintViolation."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A payload that does not fit its schema."""

    code: str
    description: str


def known(action: str) -> bool:
    """Whether OCPP 1.6 has such an action."""
    return action in set(Action)


def violation(action: str, payload: Payload, *, answer: bool = False) -> Violation | None:
    """What is wrong with the payload of a call, or of its `answer`; None: nothing."""
    if outsized(payload):
        return Violation("PropertyConstraintViolation", "numbers are of 32 bits, or finite")
    kind = MessageType.CallResult if answer else MessageType.Call
    exact = action in EXACT
    validator = get_validator(kind, action, VERSION, parse_float=Decimal if exact else float)
    try:
        checked = json.loads(json.dumps(payload), parse_float=Decimal) if exact else payload
        found = best_match(validator.iter_errors(checked))
    except RecursionError:  # just less deep than what was no JSON for us
        return Violation("FormationViolation", "nested too deeply")
    if found is None:
        return None
    return Violation(CODES.get(str(found.validator), "PropertyConstraintViolation"), found.message)


def outsized(payload: Payload) -> bool:
    """Whether some number is none of OCPP's: whole ones have 32 bits there, others are finite."""
    left: list[object] = [payload]  # no recursion: whoever sends it decides how deep it is
    while left:
        match left.pop():
            case bool():
                pass
            case int(whole) if not -LARGEST - 1 <= whole <= LARGEST:
                return True
            case float(number) if not math.isfinite(number):
                return True
            case dict(members):
                left += members.values()
            case list(entries):
                left += entries
    return False
