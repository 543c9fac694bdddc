"""The JSON API: `/info`, `/control`, `/values`, `/api` and the page at `/`.

The one rule: bytes of the request in, bytes of the reply out; what a key means is the table's business.
Source: seed document, vendor page's simulation of the device, replies clients rely on.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ...core.messages import DONE, Reason
from ...devices.interfaces import HttpHandler, HttpInterface, HttpReply, HttpRequest, Route
from . import refusals
from .control import KEYS, parse
from .item import Item, plain, tree
from .items import IN_JSON_ORDER
from .readings import View
from .refusals import Refusal

if TYPE_CHECKING:
    from .wallbox import NrgKick

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


def refuse(status: int, text: str, headers: tuple[tuple[str, str], ...] = ()) -> HttpReply:
    """The envelope of every refusal."""
    return HttpReply(status=status, body=encode({"Response": text}), headers=headers, journal={"response": text})


class HttpApi:
    """The web server of one unit."""

    def __init__(self, box: NrgKick) -> None:
        self._box = box
        self.compile()

    def compile(self) -> None:
        """The keys of the profile in force, by endpoint and section."""
        existing = [item for item in IN_JSON_ORDER if item.exists(self._box.profile)]
        self.items: Mapping[str, Item] = {item.name: item for item in existing}
        self._sections: Mapping[str, Mapping[str, tuple[Item, ...]]] = {
            endpoint: {
                section: tuple(item for item in existing if item.endpoint == endpoint and item.path[0] == section)
                for section in sections
            }
            for endpoint, sections in SECTIONS.items()
        }
        self._controls = tuple(item for item in existing if item.endpoint == "control")

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

    # --- access ------------------------------------------------------------------------------------------------------

    def _guarded(self, handler: HttpHandler) -> HttpHandler:
        """ASSUMED: an API that is switched off does not ask for a password first."""

        def guarded(request: HttpRequest) -> HttpReply:
            if not self._box.settings.flag("json_api"):
                return refuse(200, refusals.API_DISABLED)
            if not self._admitted(request):
                return refuse(401, refusals.UNAUTHORISED, (("WWW-Authenticate", REALM),))
            return handler(request)

        return guarded

    def _admitted(self, request: HttpRequest) -> bool:
        settings = self._box.settings
        if not settings.flag("authentication"):
            return True
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            given = base64.b64decode(credentials.strip(), validate=True)
        except binascii.Error:
            return False
        expected = f"{settings.text('username')}:{settings.text('password')}".encode()
        return hmac.compare_digest(given, expected)

    # --- routes ------------------------------------------------------------------------------------------------------

    def page(self, _: HttpRequest) -> HttpReply:
        """A stand-in for the documentation page; its content is of no interest to clients."""
        return HttpReply(body=_PAGE, content_type="text/html")

    def api(self, _: HttpRequest) -> HttpReply:
        """Which API is on. ASSUMED: numbers, and no password asked."""
        settings = self._box.settings
        on = {"json": int(settings.flag("json_api")), "modbus": int(settings.flag("modbus_api"))}
        return HttpReply(body=encode(on))

    def info(self, request: HttpRequest) -> HttpReply:
        return self._sectioned("info", request)

    def values(self, request: HttpRequest) -> HttpReply:
        return self._sectioned("values", request)

    def _sectioned(self, endpoint: str, request: HttpRequest) -> HttpReply:
        """Flags count by their presence: `raw`, and the sections that are wanted. None of them: all."""
        flags = {name for name, _ in request.query}
        sections = self._sections[endpoint]
        wanted = [name for name in sections if name in flags] or list(sections)
        box = self._box
        raw = "raw" in flags and not box.quirk("ignores_raw")
        early = box.quirk("early_colon_keys")
        view = View(box)
        items = [item for name in wanted for item in sections[name]]
        values = ((item.early_path if early else item.path, item.json(view, raw=raw)) for item in items)
        return HttpReply(body=encode(tree(pair for pair in values if not isinstance(pair[1], Reason))))

    def control(self, request: HttpRequest) -> HttpReply:
        """Without a query: read. Else write what it names, all or nothing, and confirm that alone."""
        if not request.query:
            view = View(self._box)
            return HttpReply(body=encode({item.path[0]: item.json(view) for item in self._controls}))
        box = self._box
        wanted: dict[str, float] = {}
        for key in KEYS:
            text = next((value or "" for name, value in request.query if name == key), None)
            if text is None:
                continue
            value = parse(key, text)
            refusal = box.controls.refusal(key, value)
            if refusal is not None or value is None:
                return self._refused(key, text, refusal or box.controls.invalid(key), request)
            wanted[key] = value
        written = {key: plain(box.controls.put(key, value)) for key, value in wanted.items()}
        for key, stored in written.items():
            box.record_write(f"control.{key}", stored, DONE, request.origin)
        if written:
            box.changed()
        return HttpReply(body=encode(written), journal={"written": written})

    def _refused(self, key: str, text: str, refusal: Refusal, request: HttpRequest) -> HttpReply:
        self._box.record_write(f"control.{key}", text, refusal.outcome, request.origin)
        return refuse(refusal.status, refusal.text)
