"""What a charge point is made of, for those who answer in its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from .authorisation import Authorisation
from .configuration import Configuration
from .connector import Connector
from .meter_values import MeterValues
from .outbox import Outbox
from .profiles import VendorProfile
from .reservations import Reservations
from .smart_charging import Profiles
from .station import Memory, Station
from .transactions import Transactions


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of one charge point."""

    profile: VendorProfile
    station: Station
    memory: Memory
    configuration: Configuration
    outbox: Outbox
    transactions: Transactions
    authorisation: Authorisation
    reservations: Reservations
    profiles: Profiles
    connector: Connector
    meter_values: MeterValues


class Acts(Protocol):
    """What the charge point as a whole can be asked to do."""

    resetting: bool | None

    def boot(self) -> None: ...

    def heartbeat(self) -> None: ...

    def say_station(self) -> None: ...

    def say_statuses(self) -> None: ...

    def make_available(self, operative: bool, *, station: bool) -> None: ...

    def evaluate(self) -> None: ...

    def reset(self, *, hard: bool) -> None: ...
