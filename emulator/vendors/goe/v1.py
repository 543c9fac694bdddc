"""API v1: `/status` and `/mqtt?payload=<key>=<value>`, which V3 and Gemini still answer if `hla` allows it.

The one rule: a write is never answered by an error, but by the whole status, in which the client has to look for its
value. What a key means stands in `v1_rows`.
"""

from __future__ import annotations

from urllib.parse import unquote

from ...core.messages import Outcome, Reason
from ...devices.interfaces import HttpHandler, HttpReply, HttpRequest, Origin, Route
from .device import Device
from .http import CORS
from .readings import View
from .settings import HLA
from .status import Tables
from .v1_rows import PREFIX, rows
from .writer import Writer


class V1Api:
    """The old HTTP API of one wallbox."""

    def __init__(self, device: Device, tables: Tables, writer: Writer, not_found: HttpHandler) -> None:
        """`not_found`: what the web server answers where this API is off."""
        self._device = device
        self._tables = tables
        self._writer = writer
        self._not_found = not_found
        self.compile()

    def compile(self) -> None:
        """The table of the profile in force."""
        identity = self._device.identity
        fitted = HLA.name in self._tables.keys
        self.rows = rows(identity.profile, coarse=identity.coarse_meter) if fitted else {}

    @property
    def routes(self) -> tuple[Route, ...]:
        return (Route(path="/status", handler=self.status), Route(path="/mqtt", handler=self.command))

    @property
    def on(self) -> bool:
        return bool(self.rows) and self._device.settings[HLA]

    def status(self, request: HttpRequest) -> HttpReply:
        """Everything."""
        if not self.on:
            return self._not_found(request)
        reads = {"reads": [PREFIX.rstrip(".")]}
        return HttpReply(body=self.text("http").encode(), headers=CORS, chunked=True, close=True, journal=reads)

    def text(self, over: str) -> str:
        """The status as `http` or `mqtt` shows it."""
        view = View(self._device)
        shown = {name: row.shown(view) for name, row in self.rows.items() if over in row.over}
        return self._device.identity.print_json(shown)

    def command(self, request: HttpRequest) -> HttpReply:
        """Write one key, whatever comes of it, and show everything."""
        if not self.on:
            return self._not_found(request)
        for part in request.query_string.partition("#")[0].split("&"):
            name, _, value = part.partition("=")
            if name == "payload":
                self.take(unquote(value), request.origin)
                if self._device.identity.traits.old_hardware:
                    self._device.logic.run()
                break
        return self._after(request)

    def take(self, command: str, origin: Origin) -> None:
        """`amp=10`; what is no command is passed over."""
        key, equals, raw = command.partition("=")
        if equals:
            self.write(PREFIX + key, raw, origin)

    def _after(self, request: HttpRequest) -> HttpReply:
        """The status, also when the command was to switch this API off."""
        if self.on:
            return self.status(request)
        return HttpReply(body=b"{}", headers=CORS, close=True)

    def read(self, address: str) -> object:
        """`v1.car`"""
        return self.rows[address.removeprefix(PREFIX)].shown(View(self._device))

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        """As the command `key=value`."""
        raw = value if isinstance(value, str) else str(int(value) if isinstance(value, bool) else value)
        row = self.rows.get(address.removeprefix(PREFIX))
        if row is None:
            outcome = Outcome(refused=Reason.UNKNOWN)
        elif row.write is None:
            outcome = Outcome(refused=Reason.READ_ONLY)
        else:
            refusal = row.write(self._writer, raw, origin)
            outcome = Outcome() if refusal is None else refusal.outcome(row.name, raw)
        self._writer.record_write(address, raw, outcome, origin)
        self._writer.changed()
        return outcome
