"""The wallbox as a client of a broker: a retained topic a key, `/set` to write, `/result` for the answer.

The one rule: topics are the prefix and the key, payloads the JSON the HTTP API would show.
Source: go-eCharger-API-v2 mqtt-en, mqtt-de, captures of 16 s.
ASSUMED: quality of service 0, client id, silence while `mcr` forbids writing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ...core.instant import Instant
from ...core.messages import DONE, Outcome, Reason
from ...devices.interfaces import BrokerAccess, MqttInterface, Origin, Publish
from . import discovery
from .changes import Changes, Told
from .device import Device
from .features import ALL_TOPICS, IDS_LOST_WITH_BROKER, LAST_WILL, RESULT_TOPIC, SUA_NOT_PUBLISHED
from .refusals import invalid_json
from .settings import ALL_SEED_KEYS, MCR, SUA
from .status import Row, Tables
from .writer import Writer, shown

LARGEST: Final = 4096
"""Longest payload the wallbox takes [bytes]. ASSUMED."""
_SET: Final = "/set"
_RESULT: Final = "/result"

NOT_IN_OLD: Final = frozenset(
    """
    sse typ oem fna host lck ffb wst wsms scan wifis led atp lot loty lof log lop map mci mcpd mcpea mptwt mpwst psmd
    sumd sch_week sch_satur sch_sund tof tds tsss
    """.split()  # noqa: SIM905
)
"""Keys without a topic up to 054. Source: homeassistant-goecharger-mqtt, a wallbox with 053.1."""


class MqttApi:
    """The MQTT client of one wallbox."""

    def __init__(self, device: Device, tables: Tables, writer: Writer) -> None:
        self._device = device
        self._tables = tables
        self._writer = writer
        self._published: tuple[Changes, Told] | None = None
        """The keys that have a topic, and what was published of them; None: nothing yet."""
        self._announced: str | None = None
        """Prefix under which it is announced to Home Assistant."""

    def restart(self) -> None:
        """The network processor starts again."""
        self._device.broker.restart()
        self._published = None

    def interface(self) -> MqttInterface:
        return MqttInterface(
            access=self.access,
            subscriptions=self.subscriptions,
            connected=self.on_connected,
            received=self.on_received,
            published=self.on_published,
            lost=self.on_lost,
            leaving=self.on_leaving,
            period=1.0,
            prefix=lambda: self._device.broker.prefix,
        )

    def access(self) -> BrokerAccess | None:
        return self._device.broker.access()

    def subscriptions(self) -> tuple[str, ...]:
        return (f"{self._device.broker.prefix}+{_SET}",)

    # --- the connection ----------------------------------------------------------------------------------------------

    def broker_changed(self) -> None:
        """Another broker, or none: the connection ends."""
        self._device.broker.connected = False

    def publish_again(self) -> None:
        """Another prefix: everything is published under it."""
        self._published = None

    def on_connected(self, _: Origin) -> Iterable[Publish]:
        at = self._device.processor.at
        self._device.broker.opened(at)
        self._writer.changed()
        self._published = None
        self._announced = None
        return self.on_published(at)

    def on_leaving(self) -> Iterable[Publish]:
        """Source: mqtt-en, "Last Will"."""
        return (self._device.broker.farewell,) if self._device.identity.has(LAST_WILL) else ()

    def on_lost(self, reason: str) -> None:
        self._device.broker.failed(self._device.processor.at, reason)
        self._writer.changed()

    # --- topics ------------------------------------------------------------------------------------------------------

    def _topics(self) -> Iterable[Row]:
        """The rows that have a topic."""
        device = self._device
        hidden = set() if device.identity.has(ALL_TOPICS) else set(NOT_IN_OLD)
        if device.shows(SUA_NOT_PUBLISHED):
            hidden.add(SUA.name)
        every = device.settings[ALL_SEED_KEYS]
        rows = self._tables.status.rows.values()
        return [row for row in rows if row.name not in hidden and (every or not row.developer)]

    def on_published(self, at: Instant) -> Iterable[Publish]:
        if not self._device.broker.connected:
            return ()
        if self._published is None:
            changes = Changes(self._device, self._topics())
            told, news = changes.everything()
        else:
            changes, told = self._published
            told, news = changes.at(told, at)
        self._published = changes, told
        prefix = self._device.broker.prefix
        messages = [Publish(topic=prefix + row.name, payload=row.value_in(text), retain=True) for row, text in news]
        return [*self._announcements(), *messages]

    def _announcements(self) -> Iterable[Publish]:
        """To Home Assistant, once on a connection, and again when `mhe` or `mht` has changed."""
        before, wanted = self._announced, discovery.prefix(self._device, self._tables)
        if wanted == before:
            return ()
        self._announced = wanted
        gone = () if before is None else discovery.withdrawn(self._device, self._tables, before)
        return (*gone, *(() if wanted is None else discovery.messages(self._device, self._tables, wanted)))

    def on_received(self, topic: str, payload: bytes, _retained: bool, origin: Origin) -> Iterable[Publish]:
        """A retained `/set` is obeyed like any other (ASSUMED)."""
        prefix = self._device.broker.prefix
        answers = self._device.identity.has(RESULT_TOPIC)
        if not topic.startswith(prefix) or not topic.endswith(_SET) or (answers and self._device.settings[MCR]):
            return ()
        name = topic[len(prefix) : -len(_SET)]
        if not answers:
            self._write(name, payload, origin)
            return ()
        return [Publish(topic=f"{prefix}{name}{_RESULT}", payload=self._write(name, payload, origin).encode())]

    def _write(self, name: str, payload: bytes, origin: Origin) -> str:
        device = self._device
        raw = payload.decode("utf-8", "replace")
        if len(payload) > LARGEST:
            self._writer.record_write(name, raw[:64], Outcome(refused=Reason.WRONG_LENGTH), origin)
            return invalid_json("NoMemory").over_mqtt(raw[:64])
        if name == "ids" and device.broker.lost and device.shows(IDS_LOST_WITH_BROKER):
            self._writer.record_write(name, raw, DONE, origin)
            return "success"
        refusal = self._writer.text(name, raw, origin)
        return "success" if refusal is None else refusal.over_mqtt(shown(raw))
