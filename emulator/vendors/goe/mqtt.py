"""The box as a client of a broker: a retained topic a key, `/set` to write, `/result` for the answer.

The one rule: topics are the prefix and the key, payloads the JSON the HTTP API would show.
Source: go-eCharger-API-v2 mqtt-en, mqtt-de, captures of 16 s; wording of `mlr` captured, its other forms those of the
library behind it (esp-mqtt). ASSUMED: quality of service 0, client id, silence while `mcr` forbids writing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote, urlsplit

from ...core.instant import Instant
from ...core.messages import Outcome, Reason
from ...devices.interfaces import EMBEDDED_BROKER, BrokerAccess, MqttInterface, Origin, Publish
from .changes import Changes
from .http import shown
from .key import LEGACY_UNTIL
from .refusals import invalid_json
from .status import Row

if TYPE_CHECKING:
    from .wallbox import Goe

FACTORY_BROKER: Final = "mqtt://test.mosquitto.org:1883"
"""What `mcu` shows where a run has no broker. Nobody connects to it unless a client writes it."""
LARGEST: Final = 4096
"""Bytes of a payload the box takes. ASSUMED."""
_SCHEMES: Final = {"mqtt": 1883, "mqtts": 8883}
_SET: Final = "/set"
_RESULT: Final = "/result"
_BROKEN: Final = "error_type=TCP_TRANSPORT, connect_return=ACCEPTED"
_REFUSED: Final = {
    "unacceptable protocol version": "PROTOCOL",
    "identifier rejected": "ID_REJECTED",
    "server unavailable": "SERVER_UNAVAILABLE",
    "bad user name or password": "BAD_USERNAME",
    "not authorized": "NOT_AUTHORIZED",
}

NOT_IN_OLD: Final = frozenset(
    """
    sse typ oem fna host lck ffb wst wsms scan wifis led atp lot loty lof log lop map mci mcpd mcpea mptwt mpwst psmd
    sumd sch_week sch_satur sch_sund tof tds tsss
    """.split()  # noqa: SIM905
)
"""Keys without a topic up to 054. Source: homeassistant-goecharger-mqtt, a box with 053.1."""


class BrokerUrl(NamedTuple):
    """`mcu`, taken apart."""

    host: str
    port: int
    username: str | None
    password: str | None
    tls: bool


def broker_url(text: str) -> BrokerUrl | None:
    """`mqtt://[user:password@]host[:port][/]` or `mqtts://`; None: no address of a broker."""
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
        parts.scheme == "mqtts",
    )


class MqttApi:
    """The MQTT client of one box, and what its keys `mcs` to `mlra` say."""

    def __init__(self, box: Goe) -> None:
        self._box = box
        self.restart()

    def restart(self) -> None:
        """The network processor starts anew."""
        self.connected: bool = False
        self.connected_at: Instant | None = None
        self.error: str | None = None
        self.error_at: Instant | None = None
        self._lost = False
        """The broker was lost since the box started."""
        self._changes: Changes | None = None

    def interface(self) -> MqttInterface:
        return MqttInterface(
            access=self.access,
            subscriptions=self.subscriptions,
            connected=self.on_connected,
            received=self.on_received,
            published=self.on_published,
            lost=self.on_lost,
            period=1.0,
            prefix=lambda: self.prefix,
        )

    # --- where -------------------------------------------------------------------------------------------------------

    @property
    def prefix(self) -> str:
        stated = self._box.settings["mtp"]
        return self._box.topic_prefix if stated is None else str(stated)

    @property
    def url(self) -> str:
        """`mcu`: as it was written, else the broker of the run."""
        stated = self._box.settings["mcu"]
        if stated is not None:
            return str(stated)
        broker = self._box.context.broker
        return FACTORY_BROKER if broker is None else f"mqtt://{_host(broker[0])}:{broker[1]}"

    @property
    def started(self) -> bool:
        """`mcs`"""
        return self._box.up and self.access() is not None

    def access(self) -> BrokerAccess | None:
        box = self._box
        if not box.settings.flag("mce") or not _usable(self.prefix):
            return None
        if self._lost and box.quirk("mqtt_stays_away"):
            return None
        client_id = f"go-echarger_{box.serial}"
        if box.settings["mcu"] is None:
            return BrokerAccess(host=EMBEDDED_BROKER, client_id=client_id)
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
        )

    def subscriptions(self) -> tuple[str, ...]:
        return (f"{self.prefix}+{_SET}",)

    # --- the connection ----------------------------------------------------------------------------------------------

    def settings_changed(self, name: str) -> None:
        """Another broker, or none: the connection ends. Another prefix: everything is published anew."""
        if name in ("mce", "mcu"):
            self.connected = False
        elif name == "mtp":
            self._changes = None

    def on_connected(self, _: Origin) -> Iterable[Publish]:
        self.connected = True
        self.connected_at = self._box.simulation.at
        self._changes = None
        return self.on_published(self._box.simulation.at)

    def on_lost(self, reason: str) -> None:
        code = next((name for text, name in _REFUSED.items() if text in reason), None)
        refused = f"error_type=CONNECTION_REFUSED, connect_return=REFUSE_{code}"
        self.error = _BROKEN if code is None else refused
        self.error_at = self._box.simulation.at
        if self.connected:
            self.connected = False
            self._lost = True
        self._box.changed()

    # --- topics ------------------------------------------------------------------------------------------------------

    def _topics(self) -> Mapping[str, Row]:
        """The rows that have a topic."""
        box = self._box
        hidden = NOT_IN_OLD if not box.has(LEGACY_UNTIL) else frozenset()
        silent = {"sua"} if box.quirk("sua_not_published") else set()
        return {
            name: row
            for name, row in box.status.rows.items()
            if name not in hidden
            and name not in silent
            and (box.settings.flag("all_seed_keys") or box.keys[name].until != LEGACY_UNTIL)
        }

    def on_published(self, at: Instant) -> Iterable[Publish]:
        if not self.connected:
            return ()
        if self._changes is None:
            self._changes = Changes(self._box, self._topics())
            rows: Iterable[Row] = self._changes.everything()
        else:
            rows = self._changes.at(at)
        prefix = self.prefix
        return [Publish(topic=prefix + row.name, payload=row.payload, retain=True) for row in rows]

    def on_received(self, topic: str, payload: bytes, _retained: bool, origin: Origin) -> Iterable[Publish]:
        """A retained `/set` is obeyed like any other (ASSUMED)."""
        box, prefix = self._box, self.prefix
        if not topic.startswith(prefix) or not topic.endswith(_SET) or box.settings.flag("mcr"):
            return ()
        name = topic[len(prefix) : -len(_SET)]
        return [Publish(topic=f"{prefix}{name}{_RESULT}", payload=self._write(name, payload, origin).encode())]

    def _write(self, name: str, payload: bytes, origin: Origin) -> str:
        box = self._box
        raw = payload.decode("utf-8", "replace")
        if len(payload) > LARGEST:
            box.record_write(name, raw[:64], Outcome(refused=Reason.WRONG_LENGTH), origin)
            return invalid_json("NoMemory").over_mqtt(raw[:64])
        if box.forgets(name, origin) or (name == "ids" and self._lost and box.quirk("ids_lost_with_broker")):
            box.swallow(name, raw, origin)
            return "success"
        refusal = box.write_text(name, raw, origin)
        return "success" if refusal is None else refusal.over_mqtt(shown(raw))


def _usable(prefix: str) -> bool:
    """Whether topics can begin with it. ASSUMED: with any other the box stays away from the broker."""
    return not any(character in prefix for character in "+#\0")


def _host(name: str) -> str:
    return f"[{name}]" if ":" in name else name
