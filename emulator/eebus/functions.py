"""The SPINE functions that the use cases need, and how a partial write changes their data.

The one rule: a row says what the list of a function is called and what identifies its entries; everything else about
a write follows from that. Source: EEBUS SPINE 1.3.0, chapter 5.3.4 (restricted function exchange).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..core.values import terse
from .bounds import MOST_ENTRIES, MOST_FILTERS
from .coding import NOTHING, Data, obj, objects, part


@terse
class ListFunction:
    """A function whose data is a list."""

    name: str
    member: str
    """The list inside it."""
    keys: tuple[str, ...]
    """What identifies an entry."""

    @property
    def selectors(self) -> str:
        return f"{self.name}Selectors"

    @property
    def elements(self) -> str:
        return f"{self.member}Elements"


LISTS: Final[Mapping[str, ListFunction]] = {
    row.name: row
    for row in (
        ListFunction("loadControlLimitDescriptionListData", "loadControlLimitDescriptionData", ("limitId",)),
        ListFunction("loadControlLimitListData", "loadControlLimitData", ("limitId",)),
        ListFunction(
            "deviceConfigurationKeyValueDescriptionListData", "deviceConfigurationKeyValueDescriptionData", ("keyId",)
        ),
        ListFunction("deviceConfigurationKeyValueListData", "deviceConfigurationKeyValueData", ("keyId",)),
        ListFunction("measurementDescriptionListData", "measurementDescriptionData", ("measurementId",)),
        ListFunction("measurementConstraintsListData", "measurementConstraintsData", ("measurementId",)),
        ListFunction("measurementListData", "measurementData", ("measurementId", "valueType")),
        ListFunction(
            "electricalConnectionDescriptionListData",
            "electricalConnectionDescriptionData",
            ("electricalConnectionId",),
        ),
        ListFunction(
            "electricalConnectionParameterDescriptionListData",
            "electricalConnectionParameterDescriptionData",
            ("electricalConnectionId", "parameterId"),
        ),
        ListFunction(
            "electricalConnectionPermittedValueSetListData",
            "electricalConnectionPermittedValueSetData",
            ("electricalConnectionId", "parameterId"),
        ),
        ListFunction(
            "electricalConnectionCharacteristicListData",
            "electricalConnectionCharacteristicData",
            ("electricalConnectionId", "parameterId", "characteristicId"),
        ),
        ListFunction("identificationListData", "identificationData", ("identificationId",)),
    )
}

FUNCTIONS: Final = (
    *LISTS,
    "deviceClassificationManufacturerData",
    "deviceDiagnosisHeartbeatData",
    "deviceDiagnosisStateData",
    "nodeManagementBindingData",
    "nodeManagementBindingDeleteCall",
    "nodeManagementBindingRequestCall",
    "nodeManagementDestinationListData",
    "nodeManagementDetailedDiscoveryData",
    "nodeManagementSubscriptionData",
    "nodeManagementSubscriptionDeleteCall",
    "nodeManagementSubscriptionRequestCall",
    "nodeManagementUseCaseData",
    "resultData",
    *("connectionHello", "messageProtocolHandshake", "connectionPinState", "accessMethodsRequest", "accessMethods"),
    *("connectionClose", "init"),
)
"""Every function and SHIP message that a fault may name."""


def excessive(function: str, command: Data) -> bool:
    """Whether a command has more filters, or entries to be merged, than anybody needs."""
    filters, row = objects(command, "filter"), LISTS.get(function)
    entries = objects(command, function, row.member) if row is not None and filters else ()
    return len(filters) > MOST_FILTERS or len(entries) > MOST_ENTRIES


def changed(function: str, old: Data, command: Data) -> Data:
    """The data of a function after a command (one entry of `cmd`): first what it deletes, then what it says.

    Of what is `excessive`, the beginning counts.
    """
    new = obj(command, function)
    filters = objects(command, "filter")[:MOST_FILTERS]
    row = LISTS.get(function)
    if row is None:
        return {**old, **new} if filters else new
    for each in filters:
        if part(each, "cmdControl", "delete") is not None:
            old = _deleted(row, old, each)
    if not filters:
        return new
    return {row.member: _merged(row, objects(old, row.member), objects(new, row.member)[:MOST_ENTRIES])}


def _deleted(row: ListFunction, old: Data, restriction: Data) -> Data:
    """The data without the chosen elements of the chosen entries; without whole entries if no element is named."""
    selectors, elements = obj(restriction, row.selectors), obj(restriction, row.elements)
    kept: list[Data] = []
    for entry in objects(old, row.member):
        if any(entry.get(name) != value for name, value in selectors.items()):
            kept.append(entry)
        elif elements:
            kept.append({name: value for name, value in entry.items() if name not in elements})
    return {row.member: kept}


def _merged(row: ListFunction, old: list[Data], new: list[Data]) -> list[Data]:
    """Entries merged by what identifies them; one that names nothing is merged into every old one."""
    found = old[:MOST_ENTRIES]
    for entry in new:
        named = {name: entry[name] for name in row.keys if name in entry}
        places = [i for i, each in enumerate(found) if all(each.get(name) == value for name, value in named.items())]
        for place in places:
            found[place] = _overlaid(found[place], entry)
        if not places and named and len(found) < MOST_ENTRIES:
            found.append(entry)
    return found


def _overlaid(old: Data, new: Data) -> Data:
    """Element-wise, also inside objects such as `scaledNumber`."""
    merged = dict(old)
    for name, value in new.items():
        before = merged.get(name)
        if isinstance(value, Mapping) and isinstance(before, Mapping) and value:
            if "number" in value and "scale" not in value:
                before = {}  # a number without a scale has the scale 0
            merged[name] = _overlaid(before, value)
        else:
            merged[name] = value
    return merged


def entry_of(function: str, data: Data, **keys: object) -> Data:
    """The entry of a list that has these members; an empty object if there is none."""
    row = LISTS[function]
    for entry in objects(data, row.member):
        if all(entry.get(name) == value for name, value in keys.items()):
            return entry
    return NOTHING
