"""MQTT: the box as a client of a broker; states out, commands in.

The one rule: a topic is the prefix and a path of the registry; nothing else is known here.
Source: Tinkerforge esp32-firmware, `modules/mqtt/mqtt.cpp`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, cast

from ...core.instant import SECOND, Instant
from ...devices.interfaces import EMBEDDED_BROKER, BrokerAccess, MqttInterface, Origin, Publish
from .discovery import Discovery
from .feed import Feed
from .platform import Platform
from .registry import Target
from .rows import Command
from .schema import NULL
from .view import View

NOT_CONFIGURED, NOT_CONNECTED, CONNECTED, ERROR = range(4)
KEEP_ALIVE: Final = 120
"""s. ASSUMED: the default of ESP-MQTT."""
EMPTY: Final = "empty payload only allowed for null configs"


class Mqtt(Module):
    """The MQTT client of one box."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self._linked = False
        self._paused = False
        self._feed = Feed(self)
        self._waiting: dict[str, str] = {}
        """Documents held back by `interval`, by path."""
        self._sent: dict[str, Instant] = {}
        self._outbox: list[Publish] = []
        self.discovery = Discovery(self)
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
    def config(self) -> dict[str, Any]:
        return self.api.doc("mqtt/config")

    @property
    def prefix(self) -> str:
        return cast("str", self.config["global_topic_prefix"])

    def topic(self, path: str) -> str:
        return f"{self.prefix}/{path}" if self.prefix else path

    @property
    def enabled(self) -> bool:
        return bool(self.config["enable_mqtt"]) and bool(self.config["broker_host"])

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
        self.platform.changed()

    def _access(self) -> BrokerAccess | None:
        if not self.enabled or self._paused:
            return None
        config = self.config
        host, port = config["broker_host"], config["broker_port"]
        if host == EMBEDDED_BROKER and self.platform.broker is not None:
            host, port = self.platform.broker
        return BrokerAccess(
            host=host,
            port=port,
            client_id=config["client_name"],
            username=config["broker_username"] or None,
            password=config["broker_password"] or None,
            keep_alive=KEEP_ALIVE,
            tls=config["protocol"] in (1, 3),
        )

    def _subscriptions(self) -> tuple[str, ...]:
        found: list[str] = []
        if not self.config["read_only"]:
            found.append(self.topic("#"))
        found += self.automation.topics()
        found += self.discovery.subscriptions()
        return tuple(dict.fromkeys(found))

    # --- the connection ----------------------------------------------------------------------------------------------

    def _connected(self, _: Origin) -> Iterable[Publish]:
        self._linked = True
        self.connected_at = self.platform.at
        self.platform.touch()
        self._waiting.clear()
        self._feed = Feed(self)
        view = self.platform.view()
        self._sent = {}
        messages = [self._state(path, text, view.at) for path, text in self._feed.everything(view)]
        self.discovery.connected(view.at)
        self.platform.wake()
        return messages

    def _lost(self, reason: str) -> None:
        if self._linked:
            self.lost_at = self.platform.at
        self._linked = False
        self.last_error = 0 if not reason else 1
        self.platform.touch()

    def _state(self, path: str, text: str, at: Instant) -> Publish:
        self._sent[path] = at
        return Publish(topic=self.topic(path), payload=text.encode(), retain=True)

    def _published(self, at: Instant) -> Iterable[Publish]:
        """What changed, each topic at most once per `interval`; what waited meanwhile."""
        self._waiting.update(self._feed.changes(at))
        least = self.config["interval"] * SECOND
        ready = [path for path in self._waiting if at - self._sent.get(path, -least) >= least]
        messages = [self._state(path, self._waiting.pop(path), at) for path in ready]
        messages += self._outbox
        self._outbox = []
        return messages

    def second(self, at: Instant, v: View) -> Instant | None:
        """Auto discovery goes one entity at a time."""
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
        if self.automation.message(topic, payload, retained):
            return self._flush()
        prefix = self.topic("")
        if not topic.startswith(prefix) or self.config["read_only"]:
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
