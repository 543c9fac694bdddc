"""A small control box for demonstrations and tests: an energy guard that limits what a household consumes.

The one rule: it says the same on every new connection: heartbeats, and the limit that is in force.
Source: EEBUS use case "Limitation of Power Consumption" 1.0.0, actor EnergyGuard; written as eebus-go writes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ..core.instant import Instant, later, seconds
from ..devices.interfaces.ship import Credentials
from ..runtime.simulation import Simulation
from .coding import Data, duration, integer, scaled_number, text
from .heartbeat import Heartbeat
from .identity import credentials
from .limitation import (
    KEY_DESCRIPTIONS,
    KEY_VALUES,
    LIMIT_DESCRIPTIONS,
    LIMITS,
    LPC,
    described_limit,
)
from .model import Address, Entity, UseCase
from .node import Node
from .session import Session
from .spine import Device

HEARTBEAT_TIMEOUT: Final = 60.0
"""As BDEW and FNN recommend for control boxes [s]."""
ENTITY: Final = (1,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the grid operator wants now."""

    active: bool
    power: float
    """W"""
    ends: Instant | None = None


Told = Callable[[str, Data], None]
"""(what happened, details)"""


class ControlBox:
    """One control box."""

    def __init__(
        self, simulation: Simulation, key: int, *, name: str = "control-box", told: Told = lambda _name, _detail: None
    ) -> None:
        """`key`: its private key. `told`: for the journal."""
        self.simulation = simulation
        self.device = Device(f"d:_n:{name}", "ElectricitySupplySystem")
        self.order: Order | None = None
        """None: it has said nothing yet."""
        self.silent = False
        self.results: list[int] = []
        """Error numbers of its writes, in order; 0: accepted."""
        self._told = told
        self._limits: dict[str, tuple[Address, int]] = {}
        """Where to write, by SKI."""
        entity = Entity(ENTITY, "GridGuard")
        self._diagnosis = entity.feature(1, "DeviceDiagnosis")
        for number, kind in enumerate(("DeviceDiagnosis", "LoadControl", "DeviceConfiguration"), 2):
            entity.feature(number, kind, "client")
        self.device.entities.append(entity)
        self.device.use_cases = lambda: (
            UseCase(name=LPC, actor="EnergyGuard", version="1.0.0", scenarios=(1, 2, 3, 4), entity=ENTITY),
        )
        self.device.clients.append(self)
        self.heartbeat = Heartbeat(simulation, self.device, self._diagnosis, HEARTBEAT_TIMEOUT)

        def identity(other: bool) -> Credentials:
            return credentials(key + other, name, "Charger emulator")

        self.node = Node(simulation, self.device, name, identity)

    def start(self) -> None:
        self.heartbeat.start()
        self.node.start()

    def stop(self) -> None:
        self.heartbeat.stop()
        self.node.stop()

    # --- what it is told to do ---------------------------------------------------------------------------------------

    def limit(self, power: float, period: float | None = None) -> None:
        """Limit to `power` W for `period` s (None: until it is released)."""
        ends = None if period is None else later(self.simulation.at, period)
        self._say(Order(active=True, power=power, ends=ends))

    def release(self) -> None:
        """The limit is lifted."""
        self._say(Order(active=False, power=self.order.power if self.order is not None else 0.0))

    def fall_silent(self) -> None:
        """No more heartbeats, until it is told something else."""
        self.silent = True
        self.heartbeat.stop()
        self._told("silent", {})

    def _say(self, order: Order) -> None:
        self.order = order
        if self.silent:
            self.silent = False
            self.heartbeat.start()
        for ski in tuple(self._limits):
            self._write(ski)

    def _write(self, ski: str) -> None:
        session, order = self.device.sessions.get(ski), self.order
        if session is None or order is None:
            return
        target, limit = self._limits[ski]
        entry: dict[str, object] = {"limitId": limit, "isLimitActive": order.active}
        if order.ends is not None:
            left = seconds(order.ends - self.simulation.at)
            if left <= 0:
                return
            entry["timePeriod"] = {"endTime": duration(left)}
        entry["value"] = scaled_number(order.power)
        command = {
            "function": LIMITS,
            "filter": [
                {
                    "cmdControl": {"delete": {}},
                    f"{LIMITS}Selectors": {"limitId": limit},
                    "loadControlLimitDataElements": {"timePeriod": {}},
                },
                {"cmdControl": {"partial": {}}},
            ],
            LIMITS: {"loadControlLimitData": [entry]},
        }
        session.write_partial(self._source("LoadControl"), target, command, self._result)

    def _result(self, data: Data) -> None:
        number = integer(data, "errorNumber") or 0
        self.results.append(number)
        name = "limit accepted" if number == 0 else "limit refused"
        self._told(name, {} if number == 0 else {"error": number, "description": text(data, "description")})

    def _source(self, kind: str) -> Address:
        entity = self.device.entities[1]
        feature = next(each for each in entity.features if each.type == kind and each.role == "client")
        return Address("", ENTITY, feature.number)

    # --- what peers say (`Client`) -----------------------------------------------------------------------------------

    def known(self, session: Session) -> None:
        for case in session.supports(LPC, "ControllableSystem"):
            entity = session.entities[case.entity]
            for kind, function in (("LoadControl", LIMIT_DESCRIPTIONS), ("DeviceConfiguration", KEY_DESCRIPTIONS)):
                if (feature := entity.server(kind)) is not None and session.ski not in self._limits:
                    session.subscribe(self._source(kind), feature)
                    session.bind(self._source(kind), feature)
                    session.ask(self._source(kind), feature.address, function)
            if (diagnosis := entity.server("DeviceDiagnosis")) is not None:
                session.subscribe(self._source("DeviceDiagnosis"), diagnosis)

    def heard(self, session: Session, source: Address, function: str, data: Data) -> None:
        if function == LIMIT_DESCRIPTIONS and (limit := described_limit(data)) is not None:
            if session.ski not in self._limits:
                self._limits[session.ski] = source, limit
                self._told("connected", {"peer": session.peer})
                self._write(session.ski)
                session.ask(self._source("LoadControl"), source, LIMITS)
        elif function == KEY_DESCRIPTIONS:
            session.ask(self._source("DeviceConfiguration"), source, KEY_VALUES)

    def lost(self, session: Session) -> None:
        if self._limits.pop(session.ski, None) is not None:
            self._told("disconnected", {"peer": session.peer})

    @property
    def guarded(self) -> int:
        """How many devices it can limit now."""
        return len(self._limits)
