"""MQTT: the wallbox as a client of a broker; states out, commands in.

The one rule: a topic is the prefix and a path of the registry; nothing else is known here.
Source: Tinkerforge esp32-firmware, `modules/mqtt/mqtt.cpp`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from ....core.instant import MILLISECOND, SECOND, Instant
from ....devices.interfaces import EMBEDDED_BROKER, BrokerAccess, MqttInterface, Origin, Publish
from ....devices.interfaces.ship import Credentials
from ..api.documents import Doc
from ..api.registry import Target
from ..api.rows import AnyRow, Command, Source
from ..api.schema import BOOL, I32, I52, NULL, U8, Int, Str, uint
from ..api.shapes import obj
from ..module import Module
from ..network.addresses import CERT_ID
from ..platform import Platform
from ..settings import CERTIFICATES
from ..system.features import Features
from ..view import View
from .discovery import Discovery
from .feed import Board, Feed

FW: Final = Source("fw: modules/mqtt")
CONFIG: Final = obj(
    enable_mqtt=BOOL,
    broker_host=Str(0, 128),
    broker_port=Int(16, value=1883),
    broker_username=Str(0, 64),
    broker_password=Str(0, 64),
    global_topic_prefix=Str(0, 64),
    client_name=Str(1, 64),
    interval=uint(0, 86400, 1),
    protocol=uint(0, 3, width=8),
    cert_id=CERT_ID,
    client_cert_id=CERT_ID,
    client_key_id=CERT_ID,
    path=Str(0, 64),
    read_only=BOOL,
)
SCHEMES: Final = ("mqtt", "mqtts", "ws", "wss")
"""By `protocol`."""
STORED: Final = {"cert_id": "Certificate", "client_cert_id": "Client certificate", "client_key_id": "Client key"}
"""Members that name a text of the store, and what they are called in the log."""
NOT_CONFIGURED, NOT_CONNECTED, CONNECTED, ERROR = range(4)
KEEP_ALIVE: Final = 120
"""s. ASSUMED: the default of ESP-MQTT."""
EMPTY: Final = "empty payload only allowed for null configs"


class Listener(Protocol):
    """Who listens to topics outside the prefix."""

    def subscriptions(self) -> tuple[str, ...]: ...

    def received(self, topic: str, payload: bytes, retained: bool) -> bool:
        """Whether the message was for it."""


class Mqtt(Module):
    """The MQTT client of one wallbox."""

    def __init__(self, platform: Platform, features: Features) -> None:
        super().__init__(platform)
        self.rules: Listener | None = None
        """Who else listens to topics."""
        self._linked = False
        self._paused = False
        self.board = Board(platform)
        """What its states are, for all who are told."""
        self._feed = Feed(self.board)
        self._waiting: dict[str, str] = {}
        """Documents held back by `interval`, by path."""
        self._sent: dict[str, Instant] = {}
        self._outbox: list[Publish] = []
        self.discovery = Discovery(platform, features, self.topic, self.publish)
        self.connected_at: Instant = 0
        self.lost_at: Instant = 0
        self.last_error = 0
        self.interface = MqttInterface(
            access=self._access,
            subscriptions=self._subscriptions,
            connected=self._connected,
            received=self._received,
            published=self._published,
            lost=self._lost,
            period=0.25,
            prefix=lambda: self.prefix,
        )

    # --- configuration -----------------------------------------------------------------------------------------------

    @property
    def config(self) -> Doc:
        return self.api.doc("mqtt/config")

    @property
    def prefix(self) -> str:
        return self.config.text("global_topic_prefix")

    def topic(self, path: str) -> str:
        return f"{self.prefix}/{path}" if self.prefix else path

    @property
    def enabled(self) -> bool:
        return self.config.flag("enable_mqtt") and bool(self.config["broker_host"])

    @property
    def connection_state(self) -> int:
        if not self.enabled or self._paused:
            return NOT_CONFIGURED
        return CONNECTED if self._linked else NOT_CONNECTED

    def boot(self) -> None:
        self._linked = self._paused = False
        self.connected_at = self.lost_at = 0
        self.last_error = 0
        self.discovery.boot()
        self._tell_missing()

    def stop(self) -> None:
        self._linked = False
        self._waiting.clear()
        self._outbox.clear()

    def reconnect(self) -> None:
        """The configuration was written, changed or not: the client drops its connection and makes a new one."""
        self._linked = False
        self._paused = True
        self.platform.changed()
        self._paused = False
        self._tell_missing()
        self.platform.changed()

    def _access(self) -> BrokerAccess | None:
        if not self.enabled or self._paused or self._missing() is not None:
            return None
        config = self.config
        secure, over_websocket = config["protocol"] in (1, 3), config["protocol"] in (2, 3)
        host, port = config.text("broker_host"), config.integer("broker_port")
        if host == EMBEDDED_BROKER and self.platform.broker is not None:
            host, port = self.platform.broker
        return BrokerAccess(
            host=host,
            port=port,
            client_id=config.text("client_name"),
            username=config.text("broker_username") or None,
            password=config.text("broker_password") or None,
            keep_alive=KEEP_ALIVE,
            tls=secure,
            authorities=self._stored("cert_id") or "",
            credentials=self._credentials() if secure else None,
            path=config.text("path") if over_websocket else None,
        )

    def _stored(self, member: str) -> str | None:
        """The text of the store that a member of the configuration names."""
        found = self.settings[CERTIFICATES].get(self.config.integer(member))
        return None if found is None else found[1]

    def _credentials(self) -> Credentials | None:
        certificate, key = self._stored("client_cert_id"), self._stored("client_key_id")
        if certificate is None or key is None:
            return None
        return Credentials(certificate=certificate.encode(), key=key.encode(), ski="")

    def _missing(self) -> str | None:
        """What the store lacks for TLS, in the firmware's words."""
        config = self.config
        if config["protocol"] not in (1, 3):
            return None
        for member, what in STORED.items():
            number = config.integer(member)
            if number != -1 and self._stored(member) is None:
                return f"{what} with ID {number} is not available"
        return None

    def _tell_missing(self) -> None:
        missing = self._missing() if self.enabled else None
        if missing is not None:
            self.log("mqtt", missing)

    def _subscriptions(self) -> tuple[str, ...]:
        found: list[str] = []
        if not self.config.flag("read_only"):
            found.append(self.topic("#"))
        if self.rules is not None:
            found += self.rules.subscriptions()
        found += self.discovery.subscriptions()
        return tuple(dict.fromkeys(found))

    # --- documents

    def check(self, doc: Doc) -> str | None:
        discovery = self.api.doc("mqtt/auto_discovery_config")
        same = doc["global_topic_prefix"] == discovery["auto_discovery_prefix"]
        if same and discovery["auto_discovery_mode"]:
            return "Global topic prefix cannot be the same as the MQTT auto discovery topic prefix."
        return None

    def check_discovery(self, doc: Doc) -> str | None:
        if doc["auto_discovery_mode"] and doc["auto_discovery_prefix"] == self.prefix:
            return "Auto discovery topic prefix cannot be the same as the MQTT API topic prefix."
        return None

    def initial(self) -> object:
        platform = self.platform
        prefix = f"{platform.traits.name}/{platform.serial}"
        return {**CONFIG.default(), "global_topic_prefix": prefix, "client_name": platform.device_name}

    def state(self, v: View) -> object:
        booted = self.platform.booted_at
        return {
            "connection_state": self.connection_state,
            "connection_start": max(0, self.connected_at - booted) // MILLISECOND,
            "connection_end": max(0, self.lost_at - booted) // MILLISECOND,
            "last_error": self.last_error,
        }

    # --- the connection ----------------------------------------------------------------------------------------------

    def _connected(self, _: Origin) -> Iterable[Publish]:
        self._linked = True
        self.connected_at = self.platform.at
        config = self.config
        scheme, path = SCHEMES[config.integer("protocol")], config.text("path")
        shown = path if scheme.startswith("ws") else ""
        host, port = config.text("broker_host"), config.integer("broker_port")
        self.log("mqtt", f"Connected to broker at {scheme}://{host}:{port}{shown}.")
        self.platform.touch()
        self._waiting.clear()
        self._feed = Feed(self.board)
        view = self.platform.view()
        self._sent = {}
        messages = [self._state(path, text, view.at) for path, text in self._feed.everything()]
        self.discovery.connected(view.at)
        self.platform.wake()
        return messages

    def _lost(self, reason: str) -> None:
        if self._linked:
            self.lost_at = self.platform.at
            self.log("mqtt", "Disconnected from broker.")
            self.log("mqtt", f"Was connected for {(self.lost_at - self.connected_at) // SECOND} seconds.")
        elif reason:
            self.log("mqtt", "Failed to connect to broker.")
        self._linked = False
        self.last_error = 0 if not reason else 1
        self.platform.touch()

    def _state(self, path: str, text: str, at: Instant) -> Publish:
        self._sent[path] = at
        return Publish(topic=self.topic(path), payload=text.encode(), retain=True)

    def _published(self, at: Instant) -> Iterable[Publish]:
        """What changed, each topic at most once per `interval`; what waited meanwhile."""
        self._waiting.update(self._feed.changes(at))
        least = self.config.integer("interval") * SECOND
        ready = [path for path in self._waiting if at - self._sent.get(path, -least) >= least]
        messages = [self._state(path, self._waiting.pop(path), at) for path in ready]
        messages += self._outbox
        self._outbox = []
        return messages

    def second(self, at: Instant, v: View) -> Instant | None:
        """Auto discovery."""
        if not self._linked:
            return None
        messages, due = self.discovery.second(at)
        self._outbox += messages
        return due

    def publish(self, message: Publish) -> None:
        """Say something that is no state (an automation rule)."""
        if self._linked:
            self._outbox.append(message)
            self.platform.changed()

    # --- messages ----------------------------------------------------------------------------------------------------

    def _received(self, topic: str, payload: bytes, retained: bool, origin: Origin) -> Iterable[Publish]:
        if self.discovery.received(topic, payload):
            return self._flush()
        if self.rules is not None and self.rules.received(topic, payload, retained):
            return self._flush()
        prefix = self.topic("")
        if not topic.startswith(prefix) or self.config.flag("read_only"):
            return ()
        path = topic[len(prefix) :]
        size = len(payload)
        if size > self.platform.traits.longest:
            why = f"payload length {size} for topic {topic}. Maximum length allowed is {self.platform.traits.longest}."
            self.log("mqtt", f"Ignoring message with {why}")
            return ()
        target = self.api.find(path, self.api.commands)
        if target is None:
            if self.api.find(path, self.api.states) is None:
                self.log("mqtt", f"Received message on unknown topic '{topic}' (data_len={size})")
            return ()
        self._command(target, path, payload, retained, origin)
        return self._flush()

    def _flush(self) -> list[Publish]:
        messages, self._outbox = self._outbox, []
        return messages

    def _command(self, target: Target, path: str, payload: bytes, retained: bool, origin: Origin) -> None:
        row = self.api.commands[target.path]
        action = isinstance(row, Command) and row.action
        if action and retained:
            self.log("mqtt", f"Topic {path} is an action. Ignoring retained message (data_len={len(payload)}).")
            return
        if not payload and action:
            self.log("mqtt", f"Topic {path} is an action. Ignoring empty message.")
            return
        if not payload and row.schema != NULL:
            self.log("mqtt", f"On {path}: {EMPTY}")
            return
        problem = self.api.execute(target, payload, origin)
        if problem is not None:
            self.log("mqtt", f"On {path}: {problem}")


ROWS: Final[tuple[AnyRow[Mqtt], ...]] = (
    FW.config(
        "mqtt/config",
        CONFIG,
        initial=Mqtt.initial,
        validate=Mqtt.check,
        applied=lambda m, _, __: m.reconnect(),
        censor=("broker_password",),
    ),
    FW.state(
        "mqtt/state", obj(connection_state=U8, connection_start=I52, connection_end=I52, last_error=I32), Mqtt.state
    ),
    Source("fw: modules/mqtt_auto_discovery").config(
        "mqtt/auto_discovery_config",
        obj(auto_discovery_mode=uint(0, 2, width=8), auto_discovery_prefix=Str(1, 64, "homeassistant")),
        validate=Mqtt.check_discovery,
        about="takes effect at the next boot",
    ),
)
