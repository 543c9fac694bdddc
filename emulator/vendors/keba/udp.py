"""The UDP service on port 7090: who is answered where, and what the wallbox says by itself.

The one rule: a datagram is one command and has at most one answer; pushes go to whoever commanded last.
Source: UDP guides; evcc and keba-kecontact, which accept answers only from port 7090 to port 7090.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ...core.events import EventName
from ...core.instant import SECOND, Instant, grid
from ...core.messages import Event, MarkEnergy
from ...devices.interfaces import Datagram, Origin, UdpInterface
from ...devices.wallbox import Wallbox
from ...language.digits import is_index
from .commands import OK, Commands, rejected
from .logic import Logic
from .readings import View
from .reports import Reports
from .settings import BROADCAST_ADDRESS, DSW1_3, MINIMUM_INTERVALS, REPLY_TO_SOURCE_PORT, UDP_YIELDS, X1

PORT: Final = 7090
BROADCAST_PORT: Final = 7092
"""Where clients listen for what older models broadcast. Source: ioBroker.kecontact."""
PUSHED: Final[Mapping[str, Callable[[View], int]]] = {
    "State": lambda v: v.state,
    "Plug": lambda v: v.plug,
    "Input": lambda v: int(v.settings[X1]),
    "Enable sys": lambda v: v.enable_sys,
    "Max curr": lambda v: v.offered,
}
TOLD_IN: Final = dict.fromkeys(PUSHED, "report2") | {"E pres": "report3"}
"""The report that has the same value."""
ENERGY_STEP: Final = 100
"""Between two pushes of `E pres`, counted from the start of the session [0.1 Wh]. Source: guide, evcc#644."""
METER_PERIOD: Final = SECOND
"""How often the meter is looked at, which is why pushed values are not round [µs]. ASSUMED."""
OWN_WORDS: Final = (b"TCH-", b"{", b'"')
"""How answers begin. ASSUMED: a wallbox does not answer the answers of others."""
LEAST_PAUSE: Final = SECOND // 10
LEAST_REPEAT: Final = 5 * SECOND
PAUSE_AFTER_STOP: Final = 2 * SECOND
YIELD: Final = 60 * SECOND


class Client(NamedTuple):
    host: str
    port: int
    """Where it wants its answers."""


@dataclass(eq=False)
class UdpApi:
    """The UDP service of one wallbox."""

    wallbox: Wallbox
    logic: Logic
    view: Callable[[], View]
    reports: Reports
    commands: Commands
    modbus_used: Callable[[], Instant | None]
    """When a client of Modbus asked last."""
    client: Client | None = None
    """Who commanded last."""
    _pushed: dict[str, int] = field(default_factory=dict)
    _energy_due: bool = False
    """`E pres` has gone a step further."""
    _answering: bool = False
    """What changes now is told after the answer."""
    _news: bool = False
    """Something changed."""
    _heard: dict[str, Instant] = field(default_factory=dict)
    _last: Instant | None = None
    _quiet_until: Instant = 0

    def __post_init__(self) -> None:
        self._settings = self.wallbox.settings
        self._build = self.logic.build
        self._broadcasts = self._build.p20
        """Older ones tell everybody. Source: P20 guide."""
        self._look = self.wallbox.timer(self._meter_read)
        self.wallbox.listen(self._changed)
        self.logic.log.on_begin = self._session_started

    def interface(self) -> UdpInterface:
        return UdpInterface(
            port=PORT,
            handle=self.handle_datagram,
            published=self.published,
            period=3600.0,
            enabled=lambda: self.logic.awake,
            broadcast=True,
        )

    def forget(self) -> None:
        """A restart: nobody has commanded yet."""
        self.client = None
        self._pushed.clear()
        self._energy_due = False
        self._look.clear()
        self._heard.clear()
        self._last = None
        self._quiet_until = 0

    # --- commands ----------------------------------------------------------------------------------------------------

    def handle_datagram(self, data: bytes, origin: Origin) -> Iterable[Datagram]:
        """The answer to a datagram, and what changed by it."""
        if data.startswith(OWN_WORDS):
            return ()
        text = data.decode("cp437").rstrip("\r\n\t \0")
        client = self._client(origin)
        if self._deaf(text):
            return ()
        self._commanded_by(client)
        self._answering, self._news = True, False
        try:
            answer = self._answer(text, origin)
        finally:
            self._answering = False
        pushes = tuple(self.published(self.wallbox.simulation.at)) if self._news else ()
        if not answer:
            return pushes
        reply = Datagram(
            data=answer.encode("cp437", "replace"), host=client.host, port=client.port, journal=_asked(text, answer)
        )
        return (reply, *pushes)

    def _answer(self, text: str, origin: Origin) -> str:
        words = text.split()
        if text == "i":
            return f'"Firmware":"{self._build.firmware}"\n'
        if len(words) == 2 and words[0] == "report":
            number = int(words[1]) if is_index(words[1]) else -1
            try:
                return self.reports.render(self.view(), number)
            except KeyError:
                return OK if self._build.p20 else rejected("unknown report")
        return self.commands.execute(words[0] if words else "", words[1:], origin)[1]

    def _client(self, origin: Origin) -> Client:
        """Where answers go: port 7090 of whoever asked, whatever port it asked from.

        A client on the wallbox's own IP address cannot have that port: unless set otherwise, it is answered where it
        asked.
        """
        host, _, port = (origin.client or f"127.0.0.1:{PORT}").rpartition(":")
        stated = self._settings[REPLY_TO_SOURCE_PORT]
        to_source = host in (self.wallbox.context.address, origin.host) if stated is None else stated
        return Client(host, int(port) if to_source and port.isdigit() else PORT)  # a scenario asks without a port

    def _deaf(self, text: str) -> bool:
        """Whether the wallbox does not hear this."""
        settings, at, used = self._settings, self.wallbox.simulation.now(), self.modbus_used()
        if not settings[DSW1_3] and text != "report 1":
            return True
        if settings[UDP_YIELDS] and used is not None and at < used + YIELD:
            return True
        return settings[MINIMUM_INTERVALS] and self._too_soon(text, at)

    def _too_soon(self, text: str, at: Instant) -> bool:
        """100 ms between commands, 5 s between the same ones, 2 s after a stop; what comes sooner is lost."""
        before, repeated = self._last, self._heard.get(text)
        if before is not None and at < max(before + LEAST_PAUSE, self._quiet_until):
            return True
        if repeated is not None and at < repeated + LEAST_REPEAT:
            return True
        if len(self._heard) >= 64:
            self._heard.clear()
        self._last = self._heard[text] = at
        if text in ("ena 0", "currtime 0 1"):
            self._quiet_until = at + PAUSE_AFTER_STOP
        return False

    def _changed(self, _: Instant) -> None:
        self._news = True

    # --- pushes ------------------------------------------------------------------------------------------------------

    def _commanded_by(self, client: Client) -> None:
        """What is true now is old news to the first client."""
        first, self.client = self.client is None, client
        if first:
            self._pushed = _values(self.view())
            self._energy_due = False
            self._next_step()

    def published(self, _: Instant) -> Iterable[Datagram]:
        """One object for each value that has changed."""
        if self._answering or not self._settings[DSW1_3] or (self.client is None and not self._broadcasts):
            return
        view = self.view()
        values = _values(view)
        news = {name: value for name, value in values.items() if self._pushed.get(name, value) != value}
        self._pushed = values
        if self._energy_due:
            self._energy_due = False
            news["E pres"] = view.session_energy
        host, port = self._audience()
        for name, value in news.items():
            data = json.dumps({name: value}).encode() + b"\n"
            yield Datagram(data=data, host=host, port=port, journal={"reads": [f"{TOLD_IN[name]}.{name}"]})

    def _audience(self) -> Client:
        if self.client is not None and not self._broadcasts:
            return self.client
        local = self.wallbox.context.address.startswith("127.")
        everybody = "127.255.255.255" if local else "255.255.255.255"
        return Client(self._settings[BROADCAST_ADDRESS] or everybody, BROADCAST_PORT)

    def _next_step(self) -> None:
        """Have the meter tell when `E pres` has gone a step further."""
        running = self.logic.log.running
        if running is None or not self._build.traits.meter or (self.client is None and not self._broadcasts):
            return
        now = self.wallbox.snapshot()
        target = running.base + (self.logic.log.energy(now) // ENERGY_STEP + 1) * ENERGY_STEP
        energy = target / 10 - (now.total_energy - now.session_energy)
        self.wallbox.control.submit(MarkEnergy(owner=self.wallbox.control.owner("udp"), energy=energy))

    def _session_started(self) -> None:
        """`E pres` begins again."""
        self._energy_due = True
        self._next_step()

    def handle(self, event: Event) -> None:
        """A step of energy is reached: the wallbox finds out when it looks at the meter."""
        if event.name is EventName.ENERGY_REACHED and event.detail["mark"] == self.wallbox.control.owner("udp"):
            self._look.set(grid(event.at - 1, METER_PERIOD) + METER_PERIOD)

    def _meter_read(self, _: Instant) -> None:
        self._energy_due = True
        self._next_step()
        self.wallbox.changed()


def _asked(text: str, answer: str) -> dict[str, object]:
    """What was read, for the journal."""
    words = text.split()
    return {"reads": ["".join(words)]} if len(words) == 2 and words[0] == "report" and answer[:1] == "{" else {}


def _values(view: View) -> dict[str, int]:
    return {name: read(view) for name, read in PUSHED.items()}
