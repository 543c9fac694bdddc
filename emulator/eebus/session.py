"""What a device and one of its peers say to each other over one connection.

The one rule: every datagram passes here; it is answered from the rows of a feature, and what the peer said is kept and
handed to the use cases.
Source: EEBUS SPINE 1.3.0, protocol specification; texts of results as spine-go gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final, Literal, Protocol

from .bounds import LONGEST_DEVICE, MOST_AGREED, MOST_ASKED, MOST_ENTITIES, MOST_FEATURES, MOST_USE_CASES
from .coding import NOTHING, Data, flag, integer, integers, obj, objects, part, text
from .functions import changed, excessive
from .heard import Heard
from .model import Address, ErrorNumber, Feature, Refusal, RemoteEntity, RemoteFeature, UseCase

SPECIFICATION: Final = "1.3.0"
DISCOVERY: Final = "nodeManagementDetailedDiscoveryData"
USE_CASES: Final = "nodeManagementUseCaseData"
SUBSCRIBE: Final = "nodeManagementSubscriptionRequestCall"
UNSUBSCRIBE: Final = "nodeManagementSubscriptionDeleteCall"
SUBSCRIPTIONS: Final = "nodeManagementSubscriptionData"
BIND: Final = "nodeManagementBindingRequestCall"
UNBIND: Final = "nodeManagementBindingDeleteCall"
BINDINGS: Final = "nodeManagementBindingData"
DESTINATIONS: Final = "nodeManagementDestinationListData"

Classifier = Literal["read", "reply", "notify", "write", "call", "result"]

LONGEST_NAME: Final = 256
"""Characters of the types and roles that a peer names."""

Done = Callable[[Data], None]
"""Called with the answer to a request: the data of its function, or `resultData`."""


class Client(Protocol):
    """What is done with what peers say: a use case's client side."""

    def known(self, session: Session) -> None:
        """The peer has told what it consists of, or that this is different now."""
        ...

    def heard(self, session: Session, source: Address, function: str, data: Data) -> None:
        """A reply or a notify."""
        ...

    def lost(self, session: Session) -> None:
        """The connection has ended."""
        ...


class Host(Protocol):
    """Our device, as one of its sessions sees it."""

    address: str
    clients: list[Client]
    loses_bindings: Callable[[], bool]
    """It takes bindings and forgets them."""
    refuse_notify: Callable[[str], Refusal | None]
    """An error for a notify of this function, although nothing is wrong with it."""
    received: int
    sent: int

    def find(self, address: Address) -> Feature | None:
        """The feature at an address."""
        ...


class Session:
    """What a device and one of its peers say to each other over one connection."""

    def __init__(self, device: Host, ski: str, put: Callable[[Data], None]) -> None:
        self.device = device
        self.ski = ski
        self.peer = ""
        """Device address of the peer, once it has told it."""
        self.entities: dict[tuple[int, ...], RemoteEntity] = {}
        self.use_cases: list[UseCase] = []
        """What the peer announces."""
        self.subscribers: set[tuple[Address, Address]] = set()
        """(the peer's client, our server), both without their devices."""
        self.bindings: set[tuple[Address, Address]] = set()
        self.asked: set[tuple[str, Address, Address]] = set()
        """Subscriptions and bindings that we have asked for."""
        self.values = Heard()
        """What the peer's functions said last."""
        self._put = put
        self._counter = 0
        self._waiting: dict[int, Done] = {}
        self._complete = False
        self._introduced = False
        """The peer has been told what we consist of: before that, eebus-go breaks on subscriptions and bindings."""
        self._held: list[tuple[Data, Done | None]] = []

    def begin(self) -> None:
        self.ask(MANAGEMENT, MANAGEMENT, DISCOVERY)

    # --- out ---------------------------------------------------------------------------------------------------------

    def ask(self, source: Address, target: Address, function: str, done: Done | None = None) -> None:
        """Read a function of the peer."""
        self._send("read", source, target, {function: {}}, done=done)

    def write(self, source: Address, target: Address, function: str, data: Data, done: Done | None = None) -> None:
        """Write a function of the peer, whole."""
        self._send("write", source, target, {function: data}, done=done, acknowledge=True)

    def write_partial(self, source: Address, target: Address, command: Data, done: Done | None = None) -> None:
        """Write with filters: `command` is a whole entry of `cmd`."""
        self._send("write", source, target, command, done=done, acknowledge=True)

    def subscribe(self, source: Address, target: RemoteFeature, done: Done | None = None) -> None:
        """Ask to be told of changes; asked once per connection."""
        self._request("subscription", SUBSCRIBE, source, target, done)

    def bind(self, source: Address, target: RemoteFeature, done: Done | None = None) -> None:
        """Ask for the right to write; asked once per connection."""
        self._request("binding", BIND, source, target, done)

    def _request(self, kind: str, call: str, source: Address, target: RemoteFeature, done: Done | None) -> None:
        key = (kind, source, target.address)
        if key in self.asked or max(len(self.asked), len(self._held)) >= MOST_ASKED:
            return
        self.asked.add(key)
        body = {
            "clientAddress": source._replace(device=self.device.address).data(),
            "serverAddress": target.address._replace(device=self.peer).data(),
            "serverFeatureType": target.type,
        }
        self._held.append(({call: {f"{kind}Request": body}}, done))
        self._send_held()

    def _send_held(self) -> None:
        held, self._held = (self._held, []) if self._introduced else ([], self._held)
        for command, done in held:
            self._send("call", MANAGEMENT, MANAGEMENT, command, done=done, acknowledge=True)

    def tell(self, place: Address, function: str, data: Data, *, partial: bool = False) -> None:
        """A notify to every subscriber of a feature."""
        for client, server in sorted(self.subscribers):
            if server == place.without_device():
                command: dict[str, object] = {function: data}
                if partial:
                    command = {"function": function, "filter": [{"cmdControl": {"partial": {}}}], function: data}
                self._send("notify", place, client, command)

    def _send(
        self,
        classifier: Classifier,
        source: Address,
        target: Address,
        command: Data,
        *,
        done: Done | None = None,
        reference: int | None = None,
        acknowledge: bool = False,
    ) -> None:
        self._counter += 1
        if done is not None:
            self._waiting[self._counter] = done
            if len(self._waiting) > MOST_ASKED:
                del self._waiting[next(iter(self._waiting))]
        header: dict[str, object] = {
            "specificationVersion": SPECIFICATION,
            "addressSource": source._replace(device=self.device.address).data(),
            "addressDestination": target._replace(device=self.peer).data(),
            "msgCounter": self._counter,
        }
        if reference is not None:
            header["msgCounterReference"] = reference
        header["cmdClassifier"] = classifier
        if acknowledge:
            header["ackRequest"] = True
        self.device.sent += 1
        self._put({"datagram": {"header": header, "payload": {"cmd": [command]}}})

    # --- in ----------------------------------------------------------------------------------------------------------

    def received(self, payload: Data) -> None:
        """A datagram has come."""
        self.device.received += 1
        header = obj(payload, "datagram", "header")
        source, target = Address.of(obj(header, "addressSource")), Address.of(obj(header, "addressDestination"))
        command = next(iter(objects(payload, "datagram", "payload", "cmd")), NOTHING)
        function = function_of(command)
        counter, reference = integer(header, "msgCounter") or 0, integer(header, "msgCounterReference")
        classifier = text(header, "cmdClassifier")
        if not source.plausible or not target.plausible:
            return  # there is nobody to answer to
        self.peer = self.peer or source.device
        if classifier in ("reply", "result"):
            self._answered(source, function, command, reference)
            return
        feature = self.device.find(target)
        answer: tuple[Classifier, Data] | None = None
        if feature is None:
            refusal: Refusal | None = Refusal(ErrorNumber.DESTINATION_UNKNOWN, "destination unknown")
        elif classifier == "notify":
            refusal = self.device.refuse_notify(function)
            self._take(source, function, command)
        elif classifier == "read":
            refusal, answer = self._read(feature, function)
        elif classifier == "write":
            refusal = self._write(source, target, feature, function, command)
        elif classifier == "call":
            refusal = self._call(function, obj(command, function))
        else:
            refusal = Refusal(ErrorNumber.COMMAND_NOT_SUPPORTED, "unknown classifier")
        if answer is not None:
            self._send(answer[0], target, source, answer[1], reference=counter)
            if function == DISCOVERY:
                self._introduced = True
                self._send_held()
        elif refusal is not None or (flag(header, "ackRequest") and classifier != "read"):
            self._result(target, source, counter, refusal)

    def _result(self, source: Address, target: Address, reference: int, refusal: Refusal | None) -> None:
        body: dict[str, object] = {"errorNumber": int(refusal.number if refusal else ErrorNumber.NO_ERROR)}
        if refusal is not None and refusal.description:
            body["description"] = refusal.description
        self._send("result", source, target, {"resultData": body}, reference=reference)

    def _answered(self, source: Address, function: str, command: Data, reference: int | None) -> None:
        if function != "resultData":
            self._take(source, function, command)
        done = self._waiting.pop(reference, None) if reference is not None else None
        if done is not None:
            done(obj(command, function))

    def _read(self, feature: Feature, function: str) -> tuple[Refusal | None, tuple[Classifier, Data] | None]:
        served = feature.functions.get(function)
        if served is None or function.endswith("Call"):
            return Refusal(ErrorNumber.COMMAND_NOT_SUPPORTED, f"{function} is not supported"), None
        if function == SUBSCRIPTIONS:
            return None, ("reply", {function: {"subscriptionEntry": self._entries(self.subscribers, "subscriptionId")}})
        if function == BINDINGS:
            return None, ("reply", {function: {"bindingEntry": self._entries(self.bindings, "bindingId")}})
        data = served.read()
        return None, ("reply", {function: NOTHING if data is None else data})

    def _entries(self, pairs: set[tuple[Address, Address]], number: str) -> list[Data]:
        return [
            {
                number: index,
                "clientAddress": client._replace(device=self.peer).data(),
                "serverAddress": server._replace(device=self.device.address).data(),
            }
            for index, (client, server) in enumerate(sorted(pairs))
        ]

    def _write(
        self, source: Address, target: Address, feature: Feature, function: str, command: Data
    ) -> Refusal | None:
        served = feature.functions.get(function)
        if served is None or served.write is None:
            return Refusal(ErrorNumber.COMMAND_NOT_SUPPORTED, f"{function} cannot be written")
        pair = (source.without_device(), target.without_device())
        if pair not in self.bindings:
            return Refusal(ErrorNumber.BINDING_REQUIRED, "binding required")
        if excessive(function, command):
            return Refusal(ErrorNumber.OVERLOAD, "too many entries")
        return served.write(self.ski, changed(function, served.read() or NOTHING, command))

    def _call(self, function: str, body: Data) -> Refusal | None:
        kept = self.subscribers if function in (SUBSCRIBE, UNSUBSCRIBE) else self.bindings
        if function in (SUBSCRIBE, BIND):
            request = obj(body, "subscriptionRequest" if function == SUBSCRIBE else "bindingRequest")
            client, server = Address.of(obj(request, "clientAddress")), Address.of(obj(request, "serverAddress"))
            feature = self.device.find(server)
            if feature is None or feature.role == "client":
                return Refusal(ErrorNumber.DESTINATION_UNKNOWN, "there is no such server feature")
            pair = (client.without_device(), server.without_device())
            if not client.plausible or (len(kept) >= MOST_AGREED and pair not in kept):
                return Refusal(ErrorNumber.OVERLOAD, "too many subscriptions or bindings")
            if function == SUBSCRIBE or not self.device.loses_bindings():
                kept.add(pair)
            return None
        if function in (UNSUBSCRIBE, UNBIND):
            request = obj(body, "subscriptionDelete" if function == UNSUBSCRIBE else "bindingDelete")
            client, server = Address.of(obj(request, "clientAddress")), Address.of(obj(request, "serverAddress"))
            kept.difference_update(
                {
                    (a, b)
                    for a, b in kept
                    if a == client.without_device() and (not server.entity or b == server.without_device())
                }
            )
            return None
        return Refusal(ErrorNumber.COMMAND_NOT_SUPPORTED, f"{function} cannot be called")

    # --- what the peer consists of -----------------------------------------------------------------------------------

    def _take(self, source: Address, function: str, command: Data) -> None:
        """The peer said what a function says now."""
        place = source.without_device()
        if function == DISCOVERY:
            self._discovered(obj(command, function))
            return
        data = changed(function, self.values.get(place, function), command)
        self.values.put(place, function, data)
        if function == USE_CASES:
            self.use_cases = list(islice(_use_cases(data), MOST_USE_CASES))
            self._complete = True
            for client in self.device.clients:
                client.known(self)
            return
        for client in self.device.clients:
            client.heard(self, place, function, data)

    def _discovered(self, data: Data) -> None:
        self.peer = (
            text(data, "deviceInformation", "description", "deviceAddress", "device")[:LONGEST_DEVICE] or self.peer
        )
        for each in objects(data, "entityInformation")[:MOST_ENTITIES]:
            description = obj(each, "description")
            address = Address.of(obj(description, "entityAddress"))._replace(device="", feature=None)
            if text(description, "lastStateChange") == "removed":
                self._forget(address)
            elif address.plausible and (len(self.entities) < MOST_ENTITIES or address.entity in self.entities):
                self.entities[address.entity] = RemoteEntity(address, text(description, "entityType")[:LONGEST_NAME])
        for each in objects(data, "featureInformation")[:MOST_FEATURES]:
            description = obj(each, "description")
            address = Address.of(obj(description, "featureAddress")).without_device()
            entity = self.entities.get(address.entity)
            if entity is not None and address.plausible:
                self._feature(entity, address, description)
        if not self._complete:
            management = RemoteFeature(MANAGEMENT, "NodeManagement", "special")
            self.subscribe(MANAGEMENT, management)
            self.ask(MANAGEMENT, MANAGEMENT, USE_CASES)
            return
        for client in self.device.clients:
            client.known(self)

    def _feature(self, entity: RemoteEntity, address: Address, description: Data) -> None:
        """A feature of the peer, in place of what it said of it before."""
        if address in entity.features or sum(len(each.features) for each in self.entities.values()) < MOST_FEATURES:
            kind, role = text(description, "featureType")[:LONGEST_NAME], text(description, "role")[:LONGEST_NAME]
            entity.features[address] = RemoteFeature(address, kind, role)

    def _forget(self, entity: Address) -> None:
        """An entity of the peer is gone, with its inner ones and everything that was agreed with it."""
        inner = [number for number in self.entities if number[: len(entity.entity)] == entity.entity]
        for number in inner:
            del self.entities[number]
        self.asked = {key for key in self.asked if key[2].entity not in inner}
        self.values.forget(inner)

    def supports(self, name: str, *actors: str) -> list[UseCase]:
        """The entities of the peer that announce a use case (in one of these roles)."""
        found = (case for case in self.use_cases if case.name == name and case.available is not False)
        return [case for case in found if (not actors or case.actor in actors) and case.entity in self.entities]


MANAGEMENT: Final = Address("", (0,), 0)
"""NodeManagement of any device."""


def function_of(command: Data) -> str:
    """The function that a command is about."""
    named = text(command, "function")
    return named or next((name for name in command if name != "filter"), "")


def _use_cases(data: Data) -> Iterable[UseCase]:
    for information in objects(data, "useCaseInformation"):
        for support in objects(information, "useCaseSupport"):
            available = part(support, "useCaseAvailable")
            yield UseCase(
                name=text(support, "useCaseName"),
                actor=text(information, "actor"),
                version=text(support, "useCaseVersion"),
                scenarios=integers(support, "scenarioSupport"),
                entity=integers(information, "address", "entity"),
                available=available if isinstance(available, bool) else None,
            )
