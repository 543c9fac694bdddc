"""What SPINE devices consist of: addresses, features with their functions, entities, use cases; ours and a peer's.

The one rule: plain values and rows; what is said about them is in `spine`.
Source: EEBUS SPINE 1.3.0, protocol specification.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal, NamedTuple

from .bounds import LARGEST_NUMBER, LONGEST_ADDRESS, LONGEST_DEVICE
from .coding import Data, integer, integers, text

Role = Literal["server", "client", "special"]


class ErrorNumber(IntEnum):
    """What `resultData` says."""

    NO_ERROR = 0
    GENERAL_ERROR = 1
    TIMEOUT = 2
    OVERLOAD = 3
    DESTINATION_UNKNOWN = 4
    DESTINATION_UNREACHABLE = 5
    COMMAND_NOT_SUPPORTED = 6
    COMMAND_REJECTED = 7
    RESTRICTED_EXCHANGE_NOT_SUPPORTED = 8
    BINDING_REQUIRED = 9


class Refusal(NamedTuple):
    """Why a command was not done."""

    number: ErrorNumber
    description: str


class Address(NamedTuple):
    """A feature of a device, or (`feature` None) an entity."""

    device: str
    entity: tuple[int, ...]
    feature: int | None = None

    def data(self) -> Data:
        found: dict[str, object] = {"device": self.device} if self.device else {}
        found["entity"] = list(self.entity)
        return found if self.feature is None else {**found, "feature": self.feature}

    @classmethod
    def of(cls, data: object) -> Address:
        return cls(text(data, "device"), integers(data, "entity"), integer(data, "feature"))

    def without_device(self) -> Address:
        return self._replace(device="")

    @property
    def plausible(self) -> bool:
        """Whether it can be the address of anything: worth being remembered."""
        numbers = (*self.entity, self.feature or 0)
        return (
            len(self.device) <= LONGEST_DEVICE
            and len(self.entity) <= LONGEST_ADDRESS
            and all(0 <= number <= LARGEST_NUMBER for number in numbers)
        )


Write = Callable[[str, Data], Refusal | None]
"""(the SKI of the peer, the whole data as it would be)"""


@dataclass(frozen=True, slots=True)
class Served:
    """A function that a feature serves."""

    read: Callable[[], Data | None]
    """None: there is no data now."""
    write: Write | None = None
    partial: bool = False
    """Parts of it may be written."""

    def operations(self) -> Data:
        partial: Data = {"partial": {}} if self.partial else {}
        found: dict[str, object] = {"read": {}}
        return found if self.write is None else {**found, "write": partial}


@dataclass(eq=False)
class Feature:
    """A feature of ours."""

    number: int
    type: str
    """`LoadControl`"""
    role: Role = "server"
    functions: dict[str, Served] = field(default_factory=dict)

    def serve(
        self, function: str, read: Callable[[], Data | None], write: Write | None = None, *, partial: bool = False
    ) -> Feature:
        self.functions[function] = Served(read, write, partial)
        return self


@dataclass(eq=False)
class Entity:
    """An entity of ours."""

    number: tuple[int, ...]
    type: str
    """`EVSE`"""
    features: list[Feature] = field(default_factory=list)

    def feature(self, number: int, kind: str, role: Role = "server") -> Feature:
        """The feature of this number, made if there is none."""
        found = next((each for each in self.features if each.number == number), None)
        if found is None:
            found = Feature(number, kind, role)
            self.features.append(found)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCase:
    """A use case as it is announced."""

    name: str
    actor: str
    version: str
    scenarios: tuple[int, ...]
    entity: tuple[int, ...]
    available: bool | None = True
    """None: not said."""

    def data(self) -> Data:
        found: dict[str, object] = {"useCaseName": self.name, "useCaseVersion": self.version}
        if self.available is not None:
            found["useCaseAvailable"] = self.available
        return {**found, "scenarioSupport": list(self.scenarios), "useCaseDocumentSubRevision": "release"}


@dataclass(frozen=True, slots=True)
class RemoteFeature:
    """A feature of a peer."""

    address: Address
    type: str
    role: str


@dataclass(slots=True)
class RemoteEntity:
    """An entity of a peer."""

    address: Address
    type: str
    features: dict[Address, RemoteFeature] = field(default_factory=dict)

    def server(self, kind: str) -> RemoteFeature | None:
        return next((each for each in self.features.values() if each.type == kind and each.role == "server"), None)
