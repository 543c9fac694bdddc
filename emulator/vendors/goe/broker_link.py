"""The wallbox's way to a broker: which one, and what became of the connection.

The one rule: no topic and no payload here. Source: wording of `mlr` captured, its other forms those of the library
behind it (esp-mqtt).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from ...core.instant import Instant
from ...devices.interfaces import EMBEDDED_BROKER, BrokerAccess, Publish
from ...devices.quirks import Quirk
from ...devices.settings import Settings
from .features import LAST_WILL, MQTT_STAYS_AWAY
from .identity import Identity
from .settings import MCE, MCU, MTP

FACTORY_BROKER: Final = "mqtt://test.mosquitto.org:1883"
"""What `mcu` shows where a run has no broker. Nobody connects to it unless a client writes it."""
_SCHEMES: Final = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}
"""Default port of each. Source: ESP-IDF's MQTT client, whose words `mlr` shows."""
_BROKEN: Final = "error_type=TCP_TRANSPORT, connect_return=ACCEPTED"
_REFUSED: Final = {
    "unacceptable protocol version": "PROTOCOL",
    "identifier rejected": "ID_REJECTED",
    "server unavailable": "SERVER_UNAVAILABLE",
    "bad user name or password": "BAD_USERNAME",
    "not authorized": "NOT_AUTHORIZED",
}


class BrokerUrl(NamedTuple):
    """`mcu`, taken apart."""

    host: str
    port: int
    username: str | None
    password: str | None
    tls: bool
    path: str | None
    """Of the WebSocket; None: TCP."""


def broker_url(text: str) -> BrokerUrl | None:
    """`mqtt://[user:password@]host[:port][/]`, `mqtts://`, `ws://.../path`, `wss://`; None: no address of a broker."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _SCHEMES or not parts.hostname or port == 0:
        return None
    return BrokerUrl(
        parts.hostname,
        port or _SCHEMES[parts.scheme],
        None if parts.username is None else unquote(parts.username),
        None if parts.password is None else unquote(parts.password),
        parts.scheme in ("mqtts", "wss"),
        (parts.path or "/") if parts.scheme in ("ws", "wss") else None,
    )


def written(broker: BrokerUrl) -> str:
    """The address of a broker on TCP without TLS, as `mcu` has it."""
    names = [quote(name, safe="") for name in (broker.username, broker.password) if name]
    return f"mqtt://{':'.join(names) + '@' if names else ''}{_host(broker.host)}:{broker.port}"


class BrokerLink:
    """The connection of one wallbox to its broker, as its keys `mcs` to `mlra` show it."""

    def __init__(
        self,
        settings: Settings,
        identity: Identity,
        broker: tuple[str, int] | None,
        shows: Callable[[Quirk], bool],
    ) -> None:
        """`broker`: host and port of the run's own, if it has one."""
        self._settings = settings
        self._identity = identity
        self._broker = broker
        self._shows = shows
        self.restart()

    def restart(self) -> None:
        """The network processor starts again."""
        self.connected = False
        self.connected_at: Instant | None = None
        self.error: str | None = None
        self.error_at: Instant | None = None
        self.lost = False
        """The broker was lost since the wallbox started."""

    @property
    def prefix(self) -> str:
        stated = self._settings[MTP]
        return self._identity.topic_prefix if stated is None else stated

    @property
    def url(self) -> str:
        """`mcu`: as it was written, else the broker of the run."""
        stated = self._settings[MCU]
        if stated is not None:
            return stated
        return FACTORY_BROKER if self._broker is None else f"mqtt://{_host(self._broker[0])}:{self._broker[1]}"

    def access(self) -> BrokerAccess | None:
        """Where to connect; None: nowhere."""
        if not self._settings[MCE] or not _usable(self.prefix):
            return None
        if self.lost and self._shows(MQTT_STAYS_AWAY):
            return None
        client_id = f"go-echarger_{self._identity.serial}"
        will = self.farewell if self._identity.has(LAST_WILL) else None
        if self._settings[MCU] is None:
            return BrokerAccess(host=EMBEDDED_BROKER, client_id=client_id, will=will)
        found = broker_url(self.url)
        if found is None:
            return None
        return BrokerAccess(
            host=found.host,
            port=found.port,
            client_id=client_id,
            username=found.username,
            password=found.password,
            tls=found.tls,
            path=found.path,
            will=will,
        )

    @property
    def farewell(self) -> Publish:
        """What says that the wallbox is gone."""
        return Publish(topic=f"{self.prefix}mcc", payload=b"false", retain=True, qos=1)

    def opened(self, at: Instant) -> None:
        self.connected = True
        self.connected_at = at

    def failed(self, at: Instant, reason: str) -> None:
        """The connection broke, or was refused."""
        code = next((name for text, name in _REFUSED.items() if text in reason), None)
        refused = f"error_type=CONNECTION_REFUSED, connect_return=REFUSE_{code}"
        self.error = _BROKEN if code is None else refused
        self.error_at = at
        if self.connected:
            self.connected = False
            self.lost = True


def _usable(prefix: str) -> bool:
    """Whether topics can begin with it. ASSUMED: with any other the wallbox stays away from the broker."""
    return not any(character in prefix for character in "+#\0")


def _host(name: str) -> str:
    return f"[{name}]" if ":" in name else name
