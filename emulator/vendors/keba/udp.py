"""The UDP service on port 7090: who is answered where, and what the box says by itself.

The one rule: a datagram is one command and has at most one answer; pushes go to whoever commanded last.
Source: UDP guides; evcc and keba-kecontact, which accept answers only from port 7090 to port 7090.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from ...core.instant import SECOND, Instant, grid
from ...core.messages import Event, MarkEnergy
from ...devices.interfaces import Datagram, Origin, UdpInterface
from . import reports
from .commands import OK, execute, rejected
from .readings import View

if TYPE_CHECKING:
    from .wallbox import Keba

PORT: Final = 7090
BROADCAST_PORT: Final = 7092
"""Where clients listen for what older boxes broadcast. Source: ioBroker.kecontact."""
PUSHED: Final = ("State", "Plug", "Input", "Enable sys", "Max curr")
ENERGY_STEP: Final = 100
"""0.1 Wh between two pushes of `E pres`. Source: guide, evcc#644."""
METER_PERIOD: Final = SECOND
"""µs. ASSUMED: the meter is looked at once a second, which is why pushed values are not round."""
OWN_WORDS: Final = (b"TCH-", b"{", b'"')
"""How answers begin. ASSUMED: a box does not answer other boxes' answers."""
LEAST_PAUSE: Final = SECOND // 10
LEAST_REPEAT: Final = 5 * SECOND
PAUSE_AFTER_STOP: Final = 2 * SECOND
YIELD: Final = 60 * SECOND


class Client(NamedTuple):
    host: str
    port: int
    """Where it wants its answers."""


class UdpApi:
    """The UDP service of one box."""

    def __init__(self, box: Keba) -> None:
        self._box = box
        self.client: Client | None = None
        """Who commanded last."""
        self._pushed: dict[str, int] = {}
        self._energy_due = False
        """`E pres` has gone a step further."""
        self._answering = False
        """What changes now is told after the answer."""
        self._news = False
        """Something changed."""
        box.listen(self._changed)
        self._look = box.timer(self._meter_read)
        self._heard: dict[str, Instant] = {}
        self._last: Instant | None = None
        self._quiet_until: Instant = 0

    def interface(self) -> UdpInterface:
        return UdpInterface(
            port=PORT,
            handle=self.handle_datagram,
            published=self.published,
            period=3600.0,
            enabled=lambda: self._box.awake,
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
        box = self._box
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
        pushes = tuple(self.published(box.simulation.at)) if self._news else ()
        if not answer:
            return pushes
        return (Datagram(data=answer.encode("cp437", "replace"), host=client.host, port=client.port), *pushes)

    def _answer(self, text: str, origin: Origin) -> str:
        box = self._box
        words = text.split()
        if text == "i":
            return f'"Firmware":"{box.firmware_text}"\n'
        if len(words) == 2 and words[0] == "report":
            try:
                return reports.render(View(box), int(words[1]) if words[1].isascii() and words[1].isdigit() else -1)
            except KeyError:
                return OK if box.trait("generation") == "P20" else rejected("unknown report")
        name = words[0] if words else ""
        return execute(box, name, words[1:], origin)[1]

    def _client(self, origin: Origin) -> Client:
        """Where answers go: port 7090 of whoever asked, whatever port it asked from.

        A client on the box's own IP address cannot have that port: unless set otherwise, it is answered where it asked.
        """
        host, _, port = (origin.client or f"127.0.0.1:{PORT}").rpartition(":")
        stated = self._box.settings["reply_to_source_port"]
        own = (self._box.context.address, origin.host)
        to_source = host in own if stated is None else bool(stated)
        return Client(host, int(port) if to_source else PORT)

    def _deaf(self, text: str) -> bool:
        """Whether the box does not hear this."""
        box = self._box
        at = box.simulation.now()
        if not box.settings.flag("dsw1_3") and text != "report 1":
            return True
        used = box.modbus.last
        if box.settings.flag("udp_yields") and used is not None and at < used + YIELD:
            return True
        return box.settings.flag("minimum_intervals") and self._too_soon(text, at)

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

    @property
    def _broadcasts(self) -> bool:
        """Older boxes tell everybody. Source: P20 guide."""
        return self._box.trait("generation") == "P20"

    def _commanded_by(self, client: Client) -> None:
        """What is true now is old news to the first client."""
        first, self.client = self.client is None, client
        if first:
            self._pushed = self._values(View(self._box))
            self._energy_due = False
            self._next_step()

    def _values(self, view: View) -> dict[str, int]:
        return {name: int(str(_ROWS[name].read(view))) for name in PUSHED}

    def published(self, _: Instant) -> Iterable[Datagram]:
        """One object for each value that has changed."""
        box = self._box
        if self._answering or not box.settings.flag("dsw1_3") or (self.client is None and not self._broadcasts):
            return
        view = View(box)
        values = self._values(view)
        news = {name: value for name, value in values.items() if self._pushed.get(name, value) != value}
        self._pushed = values
        if self._energy_due:
            self._energy_due = False
            news["E pres"] = view.session_energy
        host, port = self._audience()
        for name, value in news.items():
            yield Datagram(data=json.dumps({name: value}).encode() + b"\n", host=host, port=port)

    def _audience(self) -> Client:
        if self.client is not None and not self._broadcasts:
            return self.client
        stated = self._box.settings["broadcast_address"]
        local = self._box.context.address.startswith("127.")
        return Client(str(stated or ("127.255.255.255" if local else "255.255.255.255")), BROADCAST_PORT)

    def _next_step(self) -> None:
        """Have the meter tell when `E pres` has gone a step further."""
        running = self._box.log.running
        if running is None or not self._box.trait("meter") or (self.client is None and not self._broadcasts):
            return
        now = self._box.snapshot()
        target = running.base + self._box.log.energy(now) + ENERGY_STEP
        energy = target / 10 - (now.total_energy - now.session_energy)
        self._box.submit(MarkEnergy(owner=self._owner, energy=energy))

    @property
    def _owner(self) -> str:
        return f"{self._box.name}.udp"

    def session_started(self) -> None:
        """`E pres` begins anew."""
        self._energy_due = True
        self._next_step()

    def handle(self, event: Event) -> None:
        """A step of energy is reached: the box finds out when it looks at the meter."""
        if event.name == "energy_reached" and event.detail["mark"] == self._owner:
            self._look.set(grid(event.at - 1, METER_PERIOD) + METER_PERIOD)

    def _meter_read(self, _: Instant) -> None:
        self._energy_due = True
        self._next_step()
        self._box.changed()


_ROWS: Final = {key.name: key for key in reports.REPORT_2}
