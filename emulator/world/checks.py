"""Quantities and what they should be, as steps, faults and rules state them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from ..core.values import terse
from ..devices.interception import HiddenError
from ..devices.wallbox import Wallbox
from ..errors import EmulatorError
from ..language.arguments import ArgumentType, Schema, Scope, Unreadable
from ..language.nodes import Node
from ..language.units import has_unit
from .expectations import PLAIN, Expectation, literal_texts, may_be_absent
from .expectations import parse as parse_expectation
from .names import probe
from .quantities import Quantity, catalogue, resolve, unknown_value, vendor_value
from .vocabulary import known_to_vendor, vocabulary


@terse
class Check:
    """One quantity and what it should be."""

    quantity: Quantity
    expectation: Expectation


@terse
class Checks(ArgumentType[tuple[Check, ...]]):
    """A mapping of quantities to expectations."""

    text = 'quantities and what they should be, such as {power: "> 3 kW"}'

    def read(self, node: Node, scope: Scope) -> tuple[Check, ...]:
        if not node.entries:
            self.wrong(node, scope)
        found: list[Check] = []
        for key, value in node.entries:
            try:
                found.append(_check(key, value, scope))
            except (EmulatorError, ValueError) as error:
                at_key = isinstance(error, EmulatorError)
                scope.report(replace(key, label="") if at_key else value, str(error))
            except Unreadable:
                continue
        if len(found) < len(node.entries):
            raise Unreadable
        return tuple(found)

    def schema(self) -> Schema:
        rows = catalogue()
        return {
            "title": "expectations",
            "type": "object",
            "minProperties": 1,
            "properties": {name: {"description": about} for name, _, about in rows if "<" not in name},
            "propertyNames": {"pattern": rf"\.|^({'|'.join(name for name, _, _ in rows if '.' not in name)})$"},
            "additionalProperties": {},
        }


def _check(key: Node, value: Node, scope: Scope) -> Check:
    quantity = resolve(key.text, scope.names)
    expectation: Expectation | None = None
    if quantity.wallbox is not None:
        wallbox = probe(scope.names, quantity.wallbox)
        with suppress(ValueError):  # it is told below, after what is wrong with the name
            expectation = parse_expectation(value.data(), quantity)
        if wallbox is not None:
            _look(wallbox, quantity.name, absent=expectation is not None and may_be_absent(expectation))
            texts = literal_texts(expectation) if vocabulary(wallbox).is_number(quantity.name) else ()
            for text in filter(has_unit, texts):
                raise ValueError(f'found "{text}", expected a number ({PLAIN})')
    return Check(quantity, expectation or parse_expectation(value.data(), quantity))


def _look(wallbox: Wallbox, address: str, *, absent: bool) -> None:
    """EmulatorError if there is no such value; `absent`: if no firmware of the vendor has it."""
    try:
        vendor_value(wallbox, address)
    except HiddenError:
        return
    except KeyError:
        if not (absent and known_to_vendor(wallbox, address)):
            raise EmulatorError(unknown_value(wallbox, address)) from None
