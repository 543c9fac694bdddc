"""The MQTT broker of a run: the user's own, mosquitto where it is installed, else one built in.

The one rule: whoever uses a broker sees `host`, `port`, credentials and outages, and never which of the three it is.

Why one is built in and no library is used for it, measured with `tests/protocols/test_broker.py`: *amqtt* 0.12.1 fails
15 of those tests (delivery QoS, retained messages, malformed packets, keep-alive, take-over, persistent sessions), each
for a reason in the middle of private methods (`_run_broadcast`, `_client_connected`), needs 5.6 s for 1000 clients, and
pins `websockets==15.0.1` on every project that installs the pytest plugin.
*iotcore* 0.4.0 (rumqttd) fails 11: it delivers
with the subscriber's QoS instead of the lower one, sends nothing when a subscription is repeated (against section
3.8.4), forgets what was not acknowledged, and does not deliver 3000 retained messages. It is compiled, so nothing can
be put right by subclassing, and has no wheel for musl. The built-in one, `mqtt_exchange`, shares its codec with the
devices' own client (`mqtt_packets`). It speaks MQTT 3.1.1; a client that insists on 5 needs mosquitto.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final, Self
from urllib.parse import unquote, urlsplit

from ..devices.interfaces import EMBEDDED_BROKER
from ..errors import EmulatorError, PortTaken, did_you_mean
from .server import unbound

DEFAULT_PORT: Final = 1883
_SCHEMES: Final = {"mqtt": 1883, "mqtts": 8883}
_WILDCARDS: Final = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


class Broker(ABC):
    """The broker a run uses, as `async with Broker.open(...)`. Its retained messages last until it is stopped."""

    about = "MQTT broker"
    username: str | None = None
    password: str | None = None
    tls: bool = False

    def __init__(self, bind: str, port: int) -> None:
        self.bind = bind
        self.host = _WILDCARDS.get(bind, bind)
        """Where a client on this machine finds it."""
        self.port = port
        """Requested port; the real one once it runs (0: any). It stays the same when the broker is started again."""

    @staticmethod
    def open(setting: str = EMBEDDED_BROKER, *, host: str = "127.0.0.1", port: int = DEFAULT_PORT) -> Broker:
        """The broker a scenario's `broker:` asks for, not started yet; `host` and `port` are for one of our own.

        `embedded`: mosquitto if it is installed, else the built-in one; `mosquitto`, `builtin`: exactly that one; or
        `mqtt://user:password@host:1883`, `mqtts://...`. EmulatorError for anything else.
        """
        from .broker_builtin import BuiltinBroker
        from .broker_mosquitto import MosquittoBroker, executable

        if "://" in setting:
            return ExternalBroker(setting)
        if setting == EMBEDDED_BROKER:
            setting = "builtin" if executable() is None else "mosquitto"
        if setting == "builtin":
            return BuiltinBroker(host, port)
        if setting == "mosquitto":
            return MosquittoBroker(host, port)
        known = (EMBEDDED_BROKER, "builtin", "mosquitto", "mqtt://host:1883")
        raise EmulatorError(f'broker: there is no "{setting}"{did_you_mean(setting, known)}')

    @property
    @abstractmethod
    def running(self) -> bool: ...

    @abstractmethod
    async def start(self) -> None:
        """Take connections again, with nothing retained. PortTaken if the port is in use."""

    @abstractmethod
    async def stop(self) -> None:
        """Drop every connection and stop listening: an outage."""

    def publisher(self, topic: str, payload: bytes) -> str | None:
        """Id of the client that published a message last; None where only the broker knows."""
        return None

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def taken(self, error: OSError) -> PortTaken:
        """The error a user sees when the port cannot be bound."""
        return PortTaken(
            f"MQTT broker: port {self.port} on {self.bind} {unbound(error)}; "
            "choose another port for it, or name a broker that runs already (`broker: mqtt://host:1883`)"
        )


class ExternalBroker(Broker):
    """A broker of the user's own: nothing is started, and nothing can be stopped."""

    about = "the user's own MQTT broker"

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in _SCHEMES or not parts.hostname or port == -1 or parts.path not in ("", "/"):
            raise EmulatorError(f'broker: "{url}" is no broker\'s address; expected mqtt://user:password@host:1883')
        super().__init__(parts.hostname, port or _SCHEMES[parts.scheme])
        self.host = self.bind
        self.tls = parts.scheme == "mqtts"
        self.username = unquote(parts.username) if parts.username is not None else None
        self.password = unquote(parts.password) if parts.password is not None else None

    @property
    def running(self) -> bool:
        return True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def start(self) -> None:
        raise EmulatorError(self._not_ours())

    async def stop(self) -> None:
        raise EmulatorError(self._not_ours())

    def _not_ours(self) -> str:
        return f"the broker at {self.host}:{self.port} is not the emulator's to stop or start; use `broker: embedded`"
