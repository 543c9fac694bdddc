"""What the OCPP tests share: a plain wallbox with a charge point, and central systems to connect it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, TypedDict, cast

from direct_link import Direct

from emulator.core.instant import SECOND, Instant
from emulator.core.messages import Event, Outcome, PlugIn, PowerCut, PowerUp, Unplug
from emulator.core.specs import ChargerSpec, VehicleSpec
from emulator.devices.firmware import Model
from emulator.devices.interfaces import Origin
from emulator.devices.interfaces.ocpp import Call, CallError, CallResult, Link, Message, OcppAccess, Payload
from emulator.devices.points import Fidelity
from emulator.devices.vendor import Vendor
from emulator.devices.wallbox import Context, Wallbox
from emulator.ocpp.central_system import CentralSystem, Policy
from emulator.ocpp.charge_point import ChargePoint
from emulator.ocpp.host import MEMORY, Host
from emulator.ocpp.messages import decode, encode
from emulator.ocpp.profiles import WARP_PROFILE, VendorProfile
from emulator.ocpp.schemas import violation
from emulator.ocpp.station import Identity, Station
from emulator.protocols.ocpp import OcppDevice
from emulator.protocols.server import Endpoint
from emulator.runtime.clock import Clock
from emulator.runtime.simulation import Simulation

EPOCH: Final = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
PATIENCE: Final = 60.0
"""Wall seconds after which a test that waits for something has failed."""
IDENTITY: Final = Identity("Tinkerforge GmbH", "WARP2 Pro 11kW", "warp2-AbC", "2.12.1+6a4f91f0")


class Box(Wallbox):
    """A wallbox with nothing but a charge point."""

    boot_time = 5.0

    def __init__(self, context: Context, profile: VendorProfile) -> None:
        super().__init__(context)
        self.url: str | None = None
        self.user: str | None = None
        self.passwords: tuple[bytes, ...] = (b"",)
        self.tls: dict[str, object] = {}
        """How certificates are checked."""
        self.host = Host(self.settings, self.access, lambda: (profile, Station(self, IDENTITY)))
        self.interfaces = {"ocpp": self.host.interface}

    def access(self) -> OcppAccess | None:
        if self.url is None:
            return None
        access = OcppAccess(url=self.url, user=self.user, passwords=self.passwords)
        return replace(access, **self.tls)  # type: ignore[arg-type]

    def power_on(self) -> None:
        self.host.power_on()

    def handle(self, event: Event) -> None:
        self.host.look()

    def shut_down(self) -> None:
        self.host.shut_down()

    def boot(self) -> None:
        self.host.power_on()

    def present_card(self, tag: str) -> Outcome:
        self.host.present(tag)
        return Outcome()

    def read(self, address: str) -> object:
        raise KeyError(address)

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        raise KeyError(address)

    def addresses(self) -> Iterable[str]:
        return ()

    def fidelity(self) -> Iterable[Fidelity]:
        return ()


VENDOR: Final = Vendor(
    id="plain",
    title="Plain",
    models=(Model(id="plain", title="Plain", firmwares=("1.0",), default_firmware="1.0"),),
    default_model="plain",
    ports={},
    real_ports={},
    settings=(MEMORY,),
    create=lambda context: Box(context, WARP_PROFILE),
)


class World:
    """One box on one charger, with the clock standing still."""

    def __init__(
        self,
        profile: VendorProfile = WARP_PROFILE,
        *,
        url: str | None = "ws://central.invalid/box",
        station: Callable[[World], Station] | None = None,
    ) -> None:
        self.simulation = Simulation(clock=Clock(0.0), epoch=EPOCH)
        self.charger = self.simulation.add_charger("garage", ChargerSpec())
        context = Context(
            vendor=VENDOR,
            profile=VENDOR.profile(),
            simulation=self.simulation,
            charger="garage",
            name="box",
            serial="1",
        )
        self.box = Box(context, profile)
        self.box.url = url
        if station is not None:
            made = station(self)
            self.box.host = Host(self.box.settings, self.box.access, lambda: (profile, made))
            self.box.interfaces = {"ocpp": self.box.host.interface}
        self.wait(10)  # the charge controller boots
        self.box.start()

    @property
    def point(self) -> ChargePoint:
        return self.box.host.running()

    def wait(self, seconds: float) -> None:
        self.simulation.jump(round(seconds * SECOND))

    def plug_in(self, **vehicle: object) -> None:
        spec = VehicleSpec(**vehicle)  # type: ignore[arg-type]
        assert self.simulation.apply("garage", PlugIn(name="car", vehicle=spec)).ok

    def unplug(self) -> None:
        assert self.simulation.apply("garage", Unplug()).ok

    def try_to_plug_in(self) -> None:
        """Plug in, unless something is."""
        self.simulation.apply("garage", PlugIn(name="car", vehicle=VehicleSpec()))

    def try_to_unplug(self) -> None:
        """Unplug, if something is plugged."""
        self.simulation.apply("garage", Unplug())

    def cut_power(self) -> None:
        self.simulation.apply("garage", PowerCut())

    def restore_power(self) -> None:
        self.simulation.apply("garage", PowerUp())


class Paper:
    """A link that keeps what is sent; the test answers."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sent: list[Message] = []
        self.closed = False
        self._asked = 0
        world.point.connected(self)

    def put(self, message: Message) -> None:
        assert decode(encode(message)) == message
        self.sent.append(message)

    def close(self) -> None:
        self.closed = True

    @property
    def last(self) -> Call:
        """The last thing said, a call."""
        message = self.sent[-1]
        assert isinstance(message, Call)
        return message

    def calls(self, action: str | None = None) -> list[Call]:
        return [message for message in self.sent if isinstance(message, Call) and action in (None, message.action)]

    def answer(self, payload: Mapping[str, object]) -> None:
        """Answer what was said last."""
        self.world.point.received(CallResult(id=self.last.id, payload=payload))

    def refuse(self, code: str = "InternalError") -> None:
        self.world.point.received(CallError(id=self.last.id, code=code))

    def ask(self, action: str, payload: Mapping[str, object] | None = None) -> CallResult | CallError | None:
        """Ask the charge point something; its answer."""
        self._asked += 1
        call = Call(id=f"t{self._asked}", action=action, payload=payload or {})
        answer = self.world.point.received(call)
        if answer is not None:
            self.world.point.answered(call)
        assert not isinstance(answer, Call)
        return answer

    def status(self, action: str, payload: Mapping[str, object] | None = None) -> object:
        """As `ask`: the status of the answer."""
        answer = self.ask(action, payload)
        assert isinstance(answer, CallResult)
        return answer.payload["status"]


def connected(
    profile: VendorProfile = WARP_PROFILE,
    policy: Policy | None = None,
    *,
    station: Callable[[World], Station] | None = None,
) -> tuple[World, CentralSystem, Log]:
    """A box and our own central system, connected without a socket, and what they say to each other."""
    world = World(profile, station=station)
    system = CentralSystem(world.simulation.calendar, policy)
    log = Log(world, system)
    log.connect()
    world.wait(1)
    return world, system, log


class Log:
    """Everything a charge point and the central system say to each other without a socket; each message is checked."""

    def __init__(self, world: World, system: CentralSystem) -> None:
        self.world = world
        self.system = system
        self.messages: list[Message] = []
        self.allowed_violations: set[str] = set()
        self._actions: dict[str, str] = {}
        self.link: Direct | None = None

    def connect(self) -> None:
        self.link = Direct(self.world.simulation, Tapped(self.world.point, self), self.system, "box")

    def disconnect(self) -> None:
        assert self.link is not None
        self.link.close()

    def saw(self, message: Message) -> None:
        self.messages.append(message)
        check(message, self._actions)

    def calls(self, action: str | None = None) -> list[Call]:
        """What the charge point called."""
        return [
            message
            for message in self.messages
            if isinstance(message, Call) and not message.id.startswith("cs") and action in (None, message.action)
        ]

    def statuses(self) -> list[str]:
        """What was said of connector 1, in order."""
        found = [call.payload for call in self.calls("StatusNotification")]
        return [str(payload["status"]) for payload in found if payload["connectorId"] == 1]


def check(message: Message, actions: dict[str, str]) -> None:
    """A message fits its schema. `actions`: of the calls so far, by id."""
    if isinstance(message, Call):
        actions[message.id] = message.action
        assert violation(message.action, message.payload) is None, message
    elif isinstance(message, CallResult):
        assert violation(actions[message.id], message.payload, answer=True) is None, message


def ask(world: World, system: CentralSystem, action: str, **payload: object) -> object:
    """Have the central system ask something; the status of the answer."""
    answers: list[object] = []
    system.call("box", action, payload, answers.append)
    world.wait(1)
    (answer,) = answers
    assert isinstance(answer, CallResult), answer
    return answer.payload.get("status")


class Report(TypedDict):
    """A `meterValue`."""

    timestamp: str
    sampledValue: list[dict[str, str]]


def report(payload: Payload) -> Report:
    """The one report of a MeterValues."""
    (found,) = cast("list[Report]", payload["meterValue"])
    return found


class Tapped:
    """A charge point whose conversation is written down."""

    def __init__(self, point: ChargePoint, log: Log) -> None:
        self._point = point
        self._log = log
        self._link: Link | None = None

    waiting = False
    message_timeout = 10.0
    ping_interval = 0.0

    def connected(self, link: Link) -> None:
        self._link = link
        self._point.connected(self)

    def put(self, message: Message) -> None:
        assert self._link is not None
        self._log.saw(message)
        self._link.put(message)

    def close(self) -> None:
        assert self._link is not None
        self._link.close()

    def received(self, message: Message) -> Message | None:
        self._log.saw(message)
        answer = self._point.received(message)
        if answer is not None:
            self._log.saw(answer)
        return answer

    def answered(self, call: Call) -> None:
        self._point.answered(call)

    def timed_out(self, message_id: str) -> None:
        self._point.timed_out(message_id)

    def lost(self) -> None:
        self._point.lost()


@asynccontextmanager
async def served(world: World) -> AsyncIterator[OcppDevice]:
    """The box's charge point on a real socket."""
    async with OcppDevice(Endpoint(world.box, "ocpp")) as device:
        yield device


async def travel(world: World, device: OcppDevice, seconds: float) -> None:
    """Let time pass, but wait for what is in flight before it goes on."""
    end: Instant = world.simulation.at + round(seconds * SECOND)
    while True:
        async with asyncio.timeout(PATIENCE):
            await device.settled()
        for _ in world.simulation.steps_to(end):
            if device.busy:
                break
        else:
            world.simulation.clock.jump(end - world.simulation.clock.now())
            async with asyncio.timeout(PATIENCE):
                await device.settled()
            return
        world.simulation.clock.jump(world.simulation.at - world.simulation.clock.now())
