"""The JSON API: `/info`, `/control`, `/values`, `/api` and the page at `/`.

The one rule: bytes of the request in, bytes of the reply out; what a key means is the table's business.
Source: seed document, vendor page's simulation of the device, replies clients rely on.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Final

from ...core.messages import DONE, Outcome, Reason
from ...devices.firmware import Profile
from ...devices.interfaces import HttpHandler, HttpInterface, HttpReply, HttpRequest, Route
from ...devices.quirks import Quirk
from ...devices.rendering import Document, Fragment, Moments, Served, nested
from . import refusals
from .controls import CONTROLS, Controls, NumberControl
from .item import Item, plain
from .items import IN_JSON_ORDER
from .quirks import EARLY_COLON_KEYS, IGNORES_RAW
from .readings import View
from .settings import AUTHENTICATION, JSON_API, MODBUS_API, PASSWORD, USERNAME

SECTIONS: Final = {
    "info": ("general", "connector", "grid", "network", "cellular", "gps", "versions"),
    "values": ("energy", "powerflow", "general", "temperatures"),
}
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
REALM: Final = 'Basic realm="NRGkick"'
"""ASSUMED."""
_PAGE: Final = (
    b"<!DOCTYPE html><html><head><title>NRGkick Local API</title></head><body><h1>NRGkick Local API</h1></body></html>"
)


def encode(value: object) -> bytes:
    """Compact JSON, UTF-8. ASSUMED: no white space, no escapes."""
    return _ENCODER.encode(value).encode()


def _encode_value(value: object) -> bytes:
    """As `encode`; empty where the hardware is not there."""
    if value.__class__ is int or value.__class__ is float:  # most that changes is
        return repr(value).encode()
    return b"" if isinstance(value, Reason) else encode(value)


def refuse(status: int, text: str, headers: tuple[tuple[str, str], ...] = ()) -> HttpReply:
    """The envelope of every refusal."""
    return HttpReply(status=status, body=encode({"Response": text}), headers=headers, journal={"response": text})


class HttpApi:
    """The web server of one unit."""

    def __init__(
        self,
        profile: Profile,
        controls: Controls,
        view: Callable[[], View],
        shows: Callable[[Quirk], bool],
        moments: Moments,
    ) -> None:
        self._moments = moments
        self._controls = controls
        self._settings = controls.settings
        self._view = view
        self._shows = shows
        self.compile(profile)

    def compile(self, profile: Profile) -> None:
        """The keys of a profile, by endpoint and section."""
        self.items, self._sections = _items(profile)
        self._fragments: dict[tuple[str, bool], Fragment[View]] = {}
        """By name of the item, and whether enumerations are numbers."""
        self._documents: dict[tuple[str, tuple[str, ...], bool, bool], Served[View]] = {}
        """By endpoint, sections, and how they are printed."""

    def interface(self) -> HttpInterface:
        return HttpInterface(
            port=80,
            routes=(
                Route(path="/info", handler=self._guarded(self.info)),
                Route(path="/control", handler=self._guarded(self.control)),
                Route(path="/values", handler=self._guarded(self.values)),
                Route(path="/api", handler=self.api),
                Route(path="/", handler=self.page),
            ),
            not_found=lambda _: refuse(404, refusals.NOT_FOUND),
            wrong_method=lambda _: refuse(405, refusals.WRONG_METHOD, (("Allow", "GET"),)),
        )

    def _guarded(self, handler: HttpHandler) -> HttpHandler:
        """ASSUMED: an API that is switched off does not ask for a password first."""

        def guarded(request: HttpRequest) -> HttpReply:
            if not self._settings[JSON_API]:
                return refuse(200, refusals.API_DISABLED)
            if not self._admitted(request):
                return refuse(401, refusals.UNAUTHORISED, (("WWW-Authenticate", REALM),))
            return handler(request)

        return guarded

    def _admitted(self, request: HttpRequest) -> bool:
        if not self._settings[AUTHENTICATION]:
            return True
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            given = base64.b64decode(credentials.strip(), validate=True)
        except binascii.Error:
            return False
        expected = f"{self._settings[USERNAME]}:{self._settings[PASSWORD]}".encode()
        return hmac.compare_digest(given, expected)

    def page(self, _: HttpRequest) -> HttpReply:
        """A stand-in for the documentation page; its content is of no interest to clients."""
        return HttpReply(body=_PAGE, content_type="text/html")

    def api(self, _: HttpRequest) -> HttpReply:
        """Which API is on. ASSUMED: numbers, and no password asked."""
        return HttpReply(
            body=encode({"json": int(self._settings[JSON_API]), "modbus": int(self._settings[MODBUS_API])})
        )

    def info(self, request: HttpRequest) -> HttpReply:
        return self._sectioned("info", request)

    def values(self, request: HttpRequest) -> HttpReply:
        return self._sectioned("values", request)

    def _sectioned(self, endpoint: str, request: HttpRequest) -> HttpReply:
        """Flags count by their presence: `raw`, and the sections that are wanted. None of them: all."""
        flags = {name for name, _ in request.query}
        sections = self._sections[endpoint]
        wanted = tuple(name for name in sections if name in flags) if flags else ()
        raw = "raw" in flags and not self._shows(IGNORES_RAW)
        early = self._shows(EARLY_COLON_KEYS)
        key = (endpoint, wanted or tuple(sections), raw, early)
        served = self._documents.get(key)
        if served is None:
            served = self._documents[key] = self._served(*key)
        return served.reply(self._view)

    def _served(self, endpoint: str, wanted: tuple[str, ...], raw: bool, early: bool) -> Served[View]:
        """Some sections of an endpoint."""
        items = [item for name in wanted for item in self._sections[endpoint][name]]
        fragments = [self._fragment(item, raw=raw) for item in items]
        paths = [item.early_path if early else item.path for item in items]
        journal = {"reads": [f"{endpoint}.{name}" for name in wanted]}
        document = Document(self._moments, fragments, nested(paths))
        return Served(document, lambda body: HttpReply(body=body, journal=journal))

    def _fragment(self, item: Item, *, raw: bool) -> Fragment[View]:
        """The value of an item; empty where the hardware is not there."""
        key = (item.name, raw)
        if key not in self._fragments:
            self._fragments[key] = Fragment(item.shown(raw=raw), _encode_value)
        return self._fragments[key]

    def control(self, request: HttpRequest) -> HttpReply:
        """Without a query: read. Else write what it names, all or nothing, and confirm that alone."""
        if not request.query:
            view = self._view()
            shown = {item.path[0]: item.json(view) for item in self.items.values() if item.control is not None}
            return HttpReply(body=encode(shown), journal={"reads": ["control"]})
        wanted: list[tuple[NumberControl, float]] = []
        for row in CONTROLS:
            text = next((value or "" for name, value in request.query if name == row.key), None)
            if text is None:
                continue
            value = row.accept(self._controls, text)
            if isinstance(value, Outcome):
                self._controls.record_write(f"control.{row.key}", text, value, request.origin)
                return refuse(refusals.status(value), value.message)
            wanted.append((row, value))
        for row, value in wanted:
            row.put(self._controls, value)
        written = {row.key: plain(value) for row, value in wanted}
        for key, stored in written.items():
            self._controls.record_write(f"control.{key}", stored, DONE, request.origin)
        if written:
            self._controls.changed()
        return HttpReply(body=encode(written), journal={"written": written})


Items = Mapping[str, Item]
Sections = Mapping[str, Mapping[str, tuple[Item, ...]]]


def _items(profile: Profile) -> tuple[Items, Sections]:
    """The items of a profile by name, and by endpoint and section."""
    which = profile.model.id, profile.firmware.text
    if which not in _FOUND:
        existing = [item for item in IN_JSON_ORDER if item.exists(profile)]
        sections = {
            endpoint: {
                section: tuple(item for item in existing if item.endpoint == endpoint and item.path[0] == section)
                for section in sections
            }
            for endpoint, sections in SECTIONS.items()
        }
        _FOUND[which] = {item.name: item for item in existing}, sections
    return _FOUND[which]


_FOUND: Final[dict[tuple[str, str], tuple[Items, Sections]]] = {}
"""What the boxes of a fleet share."""
