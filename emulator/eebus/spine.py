"""A SPINE device of ours: entities and features, and what it tells its peers.

The one rule: data lives in functions of features, which others read, write and subscribe to; a use case is rows of
functions and what follows from a change. Source: EEBUS SPINE 1.3.0, protocol specification.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .coding import Data
from .model import Address, Entity, Feature, Refusal, Served, UseCase
from .session import (
    BIND,
    BINDINGS,
    DESTINATIONS,
    DISCOVERY,
    SPECIFICATION,
    SUBSCRIBE,
    SUBSCRIPTIONS,
    UNBIND,
    UNSUBSCRIBE,
    USE_CASES,
    Client,
    Session,
)


class Device:
    """A device of ours."""

    def __init__(self, address: str, kind: str) -> None:
        """`address`: `d:_n:warp3-AbC`."""
        self.address = address
        self.type = kind
        self.entities: list[Entity] = [Entity((0,), "DeviceInformation")]
        self.sessions: dict[str, Session] = {}
        """Open ones, by the peer's SKI."""
        self.clients: list[Client] = []
        self.use_cases: Callable[[], Iterable[UseCase]] = lambda: ()
        self.loses_bindings: Callable[[], bool] = lambda: False
        self.refuse_notify: Callable[[str], Refusal | None] = lambda _function: None
        """An error for a notify of this function, although nothing is wrong with it."""
        self.received = 0
        self.sent = 0
        management = self.entities[0].feature(0, "NodeManagement", "special")
        management.serve(DISCOVERY, self.discovery)
        management.serve(USE_CASES, self.use_case_data)
        management.serve(SUBSCRIPTIONS, lambda: {"subscriptionEntry": []})
        management.serve(BINDINGS, lambda: {"bindingEntry": []})
        management.serve(DESTINATIONS, self._destinations)
        for call in (SUBSCRIBE, UNSUBSCRIBE, BIND, UNBIND):
            management.functions[call] = Served(lambda: None)

    # --- what it consists of -----------------------------------------------------------------------------------------

    def find(self, address: Address) -> Feature | None:
        """The feature at an address; the device part may be left out."""
        if address.device not in ("", self.address):
            return None
        for entity in self.entities:
            if entity.number == address.entity:
                return next((each for each in entity.features if each.number == (address.feature or 0)), None)
        return None

    def place(self, feature: Feature) -> Address:
        entity = next(each for each in self.entities if feature in each.features)
        return Address(self.address, entity.number, feature.number)

    def add(self, entity: Entity) -> None:
        """An entity comes; subscribers of NodeManagement are told."""
        self.entities.append(entity)
        self._say_entity(entity, "added")
        self.use_cases_changed()

    def remove(self, entity: Entity) -> None:
        """An entity goes."""
        if entity in self.entities:
            self._say_entity(entity, "removed")
            self.entities.remove(entity)
            self.use_cases_changed()

    def use_cases_changed(self) -> None:
        self.notify(self.entities[0].features[0], USE_CASES)

    def _say_entity(self, entity: Entity, change: str) -> None:
        data = self._information([entity], change=change, removed=change == "removed")
        self._tell(Address(self.address, (0,), 0), DISCOVERY, data, partial=True)

    def discovery(self) -> Data:
        return self._information(self.entities)

    def _information(self, entities: Iterable[Entity], *, change: str = "", removed: bool = False) -> Data:
        listed = list(entities)
        state = {"lastStateChange": change} if change else {}
        described = [
            {
                "description": {
                    "entityAddress": Address(self.address, entity.number).data(),
                    "entityType": entity.type,
                    **state,
                }
            }
            for entity in listed
        ]
        features = [
            {
                "description": {
                    "featureAddress": Address(self.address, entity.number, feature.number).data(),
                    "featureType": feature.type,
                    "role": feature.role,
                    "supportedFunction": [
                        {"function": name, "possibleOperations": _operations(name, served)}
                        for name, served in feature.functions.items()
                    ],
                }
            }
            for entity in listed
            for feature in entity.features
        ]
        found: dict[str, object] = {
            "specificationVersionList": {"specificationVersion": [SPECIFICATION]},
            "deviceInformation": {"description": self._description()},
            "entityInformation": described,
        }
        return found if removed else {**found, "featureInformation": features}

    def _description(self) -> Data:
        return {
            "deviceAddress": {"device": self.address},
            "deviceType": self.type,
            "networkFeatureSet": "simple",
        }

    def _destinations(self) -> Data:
        return {"nodeManagementDestinationData": [{"deviceDescription": self._description()}]}

    def use_case_data(self) -> Data:
        listed: dict[tuple[tuple[int, ...], str], list[Data]] = {}
        for case in self.use_cases():
            listed.setdefault((case.entity, case.actor), []).append(case.data())
        return {
            "useCaseInformation": [
                {"address": Address(self.address, entity).data(), "actor": actor, "useCaseSupport": cases}
                for (entity, actor), cases in listed.items()
            ]
        }

    # --- what it says ------------------------------------------------------------------------------------------------

    def connect(self, ski: str, put: Callable[[Data], None]) -> Session:
        """A peer is connected."""
        self.disconnect(ski)
        self.sessions[ski] = session = Session(self, ski, put)
        session.begin()
        return session

    def disconnect(self, ski: str) -> None:
        session = self.sessions.pop(ski, None)
        if session is not None:
            for client in self.clients:
                client.lost(session)

    def notify(self, feature: Feature, function: str) -> None:
        """Tell subscribers what a function says now."""
        data = feature.functions[function].read()
        if data is not None:
            self._tell(self.place(feature), function, data)

    def _tell(self, place: Address, function: str, data: Data, *, partial: bool = False) -> None:
        for session in tuple(self.sessions.values()):
            session.tell(place, function, data, partial=partial)


class Watch:
    """Functions that change by themselves: subscribers are told of what reads differently."""

    def __init__(self, device: Device, *watched: tuple[Feature, str]) -> None:
        self._device = device
        self._watched = watched
        self._told = self._read()

    def look(self) -> None:
        before, self._told = self._told, self._read()
        for place, old, new in zip(self._watched, before, self._told, strict=True):
            if new != old:
                self._device.notify(*place)

    def _read(self) -> list[Data | None]:
        return [feature.functions[function].read() for feature, function in self._watched]


def _operations(name: str, served: Served) -> Data:
    return {} if name.endswith("Call") else served.operations()
