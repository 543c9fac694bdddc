"""What the MQTT tests share: brokers of both kinds, clients, and a small real wallbox with an MQTT interface."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final, Self

import aiomqtt
import pytest

from emulator.core.instant import Instant, later
from emulator.core.messages import Event, Outcome, PlugIn, PowerCut, SetLimit
from emulator.core.specs import ChargerSpec, VehicleSpec
from emulator.devices.firmware import Model
from emulator.devices.interfaces import EMBEDDED_BROKER, BrokerAccess, Interface, MqttInterface, Origin, Publish
from emulator.devices.points import Fidelity
from emulator.devices.settings import Setting, boolean, integer, text
from emulator.devices.vendor import Vendor
from emulator.devices.wallbox import Context, Wallbox
from emulator.protocols.broker import Broker
from emulator.protocols.broker_mosquitto import executable
from emulator.protocols.mqtt_packets import Connack, Connect, Decoder, Packet, encode
from emulator.protocols.push import moved
from emulator.runtime.clock import Clock
from emulator.runtime.journal import Entry
from emulator.runtime.simulation import Simulation

PATIENCE: Final = 60.0
"""Wall seconds after which a test that waits for something has failed."""

BROKERS: Final = (
    "builtin",
    pytest.param("mosquitto", marks=pytest.mark.skipif(executable() is None, reason="mosquitto is not installed")),
)


@asynccontextmanager
async def client(broker: Broker, client_id: str | None = None, **options: Any) -> AsyncIterator[aiomqtt.Client]:
    """A third-party client (aiomqtt, on paho)."""
    async with aiomqtt.Client(broker.host, broker.port, identifier=client_id, **options) as connected:
        yield connected


async def receive(subscriber: aiomqtt.Client) -> aiomqtt.Message:
    """The next message."""
    async with asyncio.timeout(PATIENCE):
        return await anext(subscriber.messages)


async def receive_until(subscriber: aiomqtt.Client, topic: str) -> list[tuple[str, bytes]]:
    """Topic and payload of every message up to and including the first on `topic`."""
    found: list[tuple[str, bytes]] = []
    while not found or found[-1][0] != topic:
        message = await receive(subscriber)
        found.append((message.topic.value, bytes(message.payload)))
    return found


class BareClient:
    """A connection on which a test says exactly which packets are sent, and when it breaks."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder = Decoder()
        self._packets: list[Packet] = []

    @classmethod
    async def open(cls, broker: Broker, connect: Connect) -> Self:
        found = cls(*await asyncio.open_connection(broker.host, broker.port))
        found.send(connect)
        assert await found.read() == Connack()
        return found

    def send(self, packet: Packet) -> None:
        self._writer.write(encode(packet))

    def send_bytes(self, data: bytes) -> None:
        self._writer.write(data)

    async def read(self) -> Packet | None:
        """The next packet; None at the end of the connection."""
        async with asyncio.timeout(PATIENCE):
            while not self._packets:
                try:
                    data = await self._reader.read(65_536)
                except ConnectionResetError:
                    data = b""
                if not data:
                    return None
                self._packets += self._decoder.feed(data)
        return self._packets.pop(0)

    async def abort(self) -> None:
        """Break the connection without a good-bye."""
        self._writer.transport.abort()
        await self.close()

    async def close(self) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


# --- the box ---------------------------------------------------------------------------------------------------------

MQTT: Final = Setting("mqtt", True, boolean)
BROKER: Final = Setting("broker", EMBEDDED_BROKER, text())
PORT: Final = Setting("port", 1883, integer(0, 65_535))
PREFIX: Final = Setting("prefix", "box/1", text())
KEEP_ALIVE: Final = Setting("keep_alive", 60, integer(0, 65_535))
READ_ONLY: Final = Setting("read_only", False, boolean)
ECHOES: Final = Setting("echoes", False, boolean)
SETTINGS: Final = (MQTT, BROKER, PORT, PREFIX, KEEP_ALIVE, READ_ONLY, ECHOES)


class MqttBox(Wallbox):
    """A wallbox that publishes its limit, its power and its calls on retained topics, and takes a limit."""

    boot_time = 5.0

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.limit = 16.0
        self.padding = 0
        """Bytes added to every state."""
        self.reasons: list[str] = []
        self._shown: dict[str, bytes] = {}
        self.mqtt = MqttInterface(
            access=self._access,
            subscriptions=self._subscriptions,
            connected=self._connected,
            received=self._received,
            published=self._published,
            lost=self.reasons.append,
            reconnect=0.01,
        )
        self.interfaces: Mapping[str, Interface] = {"mqtt": self.mqtt}

    def topic(self, name: str) -> str:
        return f"{self.settings[PREFIX]}/{name}"

    def _access(self) -> BrokerAccess | None:
        if not self.settings[MQTT]:
            return None
        return BrokerAccess(
            host=self.settings[BROKER],
            port=self.settings[PORT],
            client_id=f"box-{self.serial}",
            will=Publish(topic=self.topic("online"), payload=b"no", retain=True),
            keep_alive=self.settings[KEEP_ALIVE],
        )

    def _subscriptions(self) -> tuple[str, ...]:
        if self.settings[READ_ONLY]:
            return ()
        return (self.topic("#"),) if self.settings[ECHOES] else (self.topic("+/set"),)

    def _connected(self, origin: Origin) -> Iterable[Publish]:
        self._shown.clear()
        return [self._state("online", "yes"), *self._published(self.simulation.at)]

    def _received(self, topic: str, payload: bytes, retained: bool, origin: Origin) -> Iterable[Publish]:
        if topic == self.topic("limit/set"):
            try:
                outcome = self.write("limit", float(payload), origin)
            except ValueError:
                return [Publish(topic=self.topic("limit/result"), payload=b"not a number")]
            return [Publish(topic=self.topic("limit/result"), payload=str(outcome.ok).encode())]
        if topic == self.topic("mistake/set"):
            raise RuntimeError("a mistake of ours")
        if topic == self.topic("reboot/set"):
            self.reboot()
        return ()

    def _published(self, at: Instant) -> Iterable[Publish]:
        snapshot = self.snapshot()
        for name, value in (
            ("pilot", str(snapshot.pilot)),
            ("limit", f"{self.limit:g}"),
            ("energy", f"{snapshot.session_energy:.0f}"),
        ):
            state = self._state(name, value)
            if self._shown.get(name) != state.payload:
                self._shown[name] = state.payload
                yield state

    def _state(self, name: str, value: str) -> Publish:
        return Publish(topic=self.topic(name), payload=value.encode() + b" " * self.padding, retain=True)

    # --- what every wallbox has --------------------------------------------------------------------------------------

    def power_on(self) -> None:
        self.submit(SetLimit(owner="box", current=self.limit))

    def handle(self, event: Event) -> None:
        pass

    def read(self, address: str) -> object:
        return {"limit": self.limit}[address]

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        assert isinstance(value, float)
        outcome = self.submit(SetLimit(owner="box", current=value))
        self.limit = value
        self.record_write(address, value, outcome, origin)
        self.changed()
        return outcome

    def addresses(self) -> Iterable[str]:
        return ("limit",)

    def fidelity(self) -> Iterable[Fidelity]:
        return ()


VENDOR: Final = Vendor(
    id="box",
    title="Box",
    models=(Model(id="box", title="Box", firmwares=("1.0",), default_firmware="1.0"),),
    default_model="box",
    ports={},
    real_ports={},
    settings=SETTINGS,
    create=MqttBox,
)


def mqtt_box(simulation: Simulation | None = None, serial: str = "1", **settings: object) -> MqttBox:
    """A box on a charger of its own, with a frozen clock unless a world is given."""
    if simulation is None:
        simulation = Simulation(clock=Clock(0.0), epoch=datetime(2026, 1, 5, tzinfo=UTC))
    charger = f"garage{serial}"
    simulation.add_charger(charger, ChargerSpec())
    context = Context(
        vendor=VENDOR,
        profile=VENDOR.profile(),
        simulation=simulation,
        charger=charger,
        name="box",
        serial=serial,
        settings={"prefix": f"box/{serial}", **settings},
    )
    box = MqttBox(context)
    box.start()
    return box


def advance(box: MqttBox, seconds: float) -> None:
    """Time passes, all at once."""
    box.simulation.jump(later(0, seconds))
    moved(box.simulation)


def plug_in(box: MqttBox) -> None:
    box.simulation.apply(box.charger, PlugIn(name="car", vehicle=VehicleSpec(), state_of_charge=0.2))


def power_cut(box: MqttBox) -> None:
    box.simulation.apply(box.charger, PowerCut())


def entries(box: MqttBox, kind: str, name: str | None = None) -> list[Entry]:
    """Entries of one kind (and name) in the journal, oldest first."""
    return [entry for entry in box.simulation.journal if entry.kind == kind and name in (None, entry.name)]
