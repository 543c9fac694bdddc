"""What a charge point keeps without power, as plain data for a state file.

The one rule: what is read back is what was written; a transaction whose id is not known yet stays one thing with its
messages that wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Final

from ..devices.interfaces.ocpp import Payload
from .messages import folded
from .outbox import Request
from .smart_charging import ChargingProfile, Period
from .station import Known, Memory
from .transactions import Transaction

PLAIN: Final = ("connector", "id", "transaction", "level", "purpose", "kind", "duration", "unit")
TIMES: Final = ("valid_from", "valid_to", "start", "installed")

Document = Mapping[str, object]


class UnreadableError(ValueError):
    """The document is none of a charge point."""


def document(memory: Memory, in_flight: Request | None) -> Document:
    """Everything kept. `in_flight`: was sent and is not answered."""
    flying = () if in_flight is None or in_flight.urgency != "transaction" else (in_flight,)
    requests = [request for request in (*flying, *memory.queue.transactions) if not request.droppable]
    known: list[Transaction] = []
    for transaction in (memory.running, *(request.transaction for request in requests)):
        if transaction is not None and not any(transaction is other for other in known):
            known.append(transaction)

    def number(transaction: Transaction | None) -> int | None:
        return next((index for index, other in enumerate(known) if other is transaction), None)

    return {
        "configuration": dict(memory.configuration),
        "next_id": memory.queue.numbering.next,
        "inoperative": memory.inoperative,
        "station_inoperative": memory.station_inoperative,
        "transactions": [_transaction(transaction) for transaction in known],
        "running": number(memory.running),
        "messages": [
            {
                "id": request.id,
                "action": request.action,
                "payload": dict(request.payload()),
                "transaction": number(request.transaction),
            }
            for request in requests
        ],
        "profiles": [_profile(profile) for profile in memory.profiles],
        "cache": _tags(memory.cache),
        "local_list": _tags(memory.local_list),
        "local_list_version": memory.local_list_version,
    }


def restored(found: Document) -> Memory:
    """The memory a document was made of. UnreadableError if it is none."""
    try:
        return _memory(found)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise UnreadableError(f"{type(error).__name__}: {error}") from None


def _transaction(transaction: Transaction) -> Document:
    return {
        "tag": transaction.tag,
        "started": transaction.started.isoformat(),
        "meter_start": transaction.meter_start,
        "id": transaction.id,
        "accepted": transaction.accepted,
    }


def _profile(profile: ChargingProfile) -> Document:
    recurrence = profile.recurrence
    return {
        **{name: getattr(profile, name) for name in PLAIN},
        **{name: None if (time := getattr(profile, name)) is None else time.isoformat() for name in TIMES},
        "recurrence": None if recurrence is None else recurrence.total_seconds(),
        "periods": [[period.start, period.limit, period.phases] for period in profile.periods],
    }


def _memory(found: Document) -> Memory:
    transactions = [_read_transaction(item) for item in _items(found["transactions"])]
    memory = Memory(
        configuration={str(name): str(value) for name, value in _members(found["configuration"]).items()},
        inoperative=found["inoperative"] is True,
        station_inoperative=found.get("station_inoperative") is True,
        profiles=[_read_profile(item) for item in _items(found["profiles"])],
        cache=_read_tags(found["cache"]),
        local_list=_read_tags(found["local_list"]),
        local_list_version=_whole(found["local_list_version"]),
    )
    if found["running"] is not None:
        memory.running = transactions[_whole(found["running"])]
    memory.queue.numbering.next = _whole(found["next_id"])
    for item in _items(found["messages"]):
        number = item["transaction"]
        of = None if number is None else transactions[_whole(number)]
        memory.queue.transactions.append(_request(item, of))
    return memory


def _request(item: Document, transaction: Transaction | None) -> Request:
    said = _members(item["payload"])

    def payload() -> Payload:
        late = transaction is not None and "transactionId" in said
        return {**said, "transactionId": transaction.number} if transaction is not None and late else said

    def done(answer: Payload | None) -> None:
        if transaction is not None and answer is not None and item["action"] == "StartTransaction":
            transaction.answered(answer)

    return Request(
        id=str(item["id"]),
        action=str(item["action"]),
        payload=payload,
        done=done,
        urgency="transaction",
        transaction=transaction,
    )


def _read_transaction(item: Document) -> Transaction:
    return Transaction(
        tag=str(item["tag"]),
        started=datetime.fromisoformat(str(item["started"])),
        meter_start=_whole(item["meter_start"]),
        id=None if item["id"] is None else _whole(item["id"]),
        accepted=item["accepted"] is True,
    )


def _read_profile(item: Document) -> ChargingProfile:
    recurrence = item["recurrence"]
    values = {
        **{name: item[name] for name in PLAIN},
        **{name: None if item[name] is None else datetime.fromisoformat(str(item[name])) for name in TIMES},
        "recurrence": None if recurrence is None else timedelta(seconds=_number(recurrence)),
        "periods": tuple(_read_period(period) for period in _list(item["periods"])),
    }
    assert values.keys() == {field.name for field in fields(ChargingProfile)}
    return ChargingProfile(**values)  # type: ignore[arg-type]


def _read_period(item: object) -> Period:
    start, limit, phases = _list(item)
    return Period(_number(start), _number(limit), None if phases is None else _whole(phases))


def _tags(known: Mapping[str, Known]) -> Document:
    return {
        tag: [found.status, found.parent, None if found.expires is None else found.expires.isoformat()]
        for tag, found in known.items()
    }


def _read_tags(found: object) -> dict[str, Known]:
    tags = {}
    for tag, item in _members(found).items():
        status, parent, expires = _list(item)
        tags[folded(str(tag))] = Known(
            str(status),
            None if parent is None else str(parent),
            None if expires is None else datetime.fromisoformat(str(expires)),
        )
    return tags


def _members(value: object) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError("expected an object")
    return dict(value)


def _list(value: object) -> list[object]:
    if not isinstance(value, list | tuple):
        raise TypeError("expected a list")
    return list(value)


def _items(value: object) -> list[dict[str, object]]:
    return [_members(item) for item in _list(value)]


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("expected a whole number")
    return value


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError("expected a number")
    return float(value)
