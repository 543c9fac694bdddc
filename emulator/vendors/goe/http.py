"""HTTP API v2: `/api/status` and `/api/set`.

The one rule: bytes of the request in, bytes of the reply out; what a key means is the table's business.
Source: go-eCharger-API-v2 http-en, captured requests and replies of firmware 50 to 60.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from ...devices.interfaces import HttpInterface, HttpReply, HttpRequest, Route, WebSocketEndpoint
from . import refusals
from .device import Device
from .features import CLOSE_ANNOUNCED, FILTER_OF_NAMES, NEW_NOT_FOUND, SET_BY_KEY
from .order import position
from .readings import View
from .settings import HAI, UNKNOWN_KEY_STATUS
from .status import FILTERS, Tables
from .writer import Writer, shown

BUFFER: Final = 255
"""Longest encoded value that fits the device's buffer of 256 [bytes]. Source: 233 worked, 353 failed."""
CORS: Final = (("Access-Control-Allow-Origin", "*"),)
_PAGE: Final = b"<!DOCTYPE html><html><head><title>go-eCharger</title></head><body>go-eCharger</body></html>"


class HttpApi:
    """The web server of one wallbox."""

    def __init__(self, device: Device, tables: Tables, writer: Writer) -> None:
        self._device = device
        self._tables = tables
        self._writer = writer
        self._replies: dict[str, HttpReply] = {}
        """The last one for each filter: as long as the status is the same, so is the reply."""

    def interface(
        self, *, routes: tuple[Route, ...] = (), websockets: Mapping[str, WebSocketEndpoint] | None = None
    ) -> HttpInterface:
        """The declaration; `routes` and `websockets` of other APIs on the same port."""
        own = (
            Route(path="/api/status", handler=self.status),
            Route(path="/api/set", handler=self.set),
            Route(path="/", handler=self.page),
        )
        return HttpInterface(
            port=80,
            routes=own + routes,
            not_found=self.not_found,
            wrong_method=self.wrong_method,
            websockets=websockets or {},
            keep_alive=False,
            announces_close=lambda: self._device.identity.has(CLOSE_ANNOUNCED),
        )

    @property
    def _on(self) -> bool:
        """API v2 is there, and on."""
        return self._device.settings[HAI] and not self._device.identity.traits.old_hardware

    # --- routes ------------------------------------------------------------------------------------------------------

    def page(self, _: HttpRequest) -> HttpReply:
        """A stand-in for the set-up page; its content is of no interest to clients."""
        return HttpReply(body=_PAGE, content_type="text/html", close=True)

    def not_found(self, _: HttpRequest) -> HttpReply:
        new = self._device.identity.has(NEW_NOT_FOUND)
        text = b"Nothing matches the given URI" if new else b"This URI does not exist"
        return HttpReply(status=404, body=text, content_type="text/html", close=True)

    def wrong_method(self, _: HttpRequest) -> HttpReply:
        text = b"Request method for this URI is not handled by server"
        return HttpReply(status=405, body=text, content_type="text/html", close=True)

    def status(self, request: HttpRequest) -> HttpReply:
        """All keys, or those of the filter."""
        device = self._device
        if not self._on:
            return self.not_found(request)
        device.http_clients += 1
        try:
            return self._status(_filter(request.query_string))
        finally:
            device.http_clients -= 1

    def _status(self, text: str) -> HttpReply:
        device = self._device
        table, strict = self._tables.status, device.identity.traits.newer_platform
        if text and not text.lstrip().startswith("[") and not device.identity.has(FILTER_OF_NAMES):
            text = "[]"
        if text:
            body, known = table.filtered(text, lambda: View(device))
        else:
            body, known = table.everything(lambda: View(device)), not strict
        code = 200 if known else device.settings[UNKNOWN_KEY_STATUS] or (400 if strict else 200)
        last = self._replies.get(text)
        if last is None or last.body is not body or last.status != code:
            if len(self._replies) >= FILTERS:
                self._replies.clear()
            last = HttpReply(status=code, body=body, headers=CORS, chunked=True, close=True, journal=_asked(text))
            self._replies[text] = last
        return last

    def set(self, request: HttpRequest) -> HttpReply:
        """Write every key of the query; those that fail do not keep the others from being written.

        The answer is in the firmware's order. Source: go-eCharger-API-v2#29.
        """
        if not self._on:
            return self.not_found(request)
        results: dict[str, object] = {}
        for key, encoded in _pairs(request.query_string):
            if key not in results:
                results[key] = self._write(key, encoded, request)
        results = dict(sorted(results.items(), key=lambda result: position(result[0])))
        failed = any(result is not True for result in results.values())
        if not self._device.identity.has(SET_BY_KEY):
            return _counted(results)
        body = self._device.identity.print_json(results).encode()
        return HttpReply(
            status=500 if failed else 200, body=body, headers=CORS, close=True, journal={"set": dict(results)}
        )

    def _write(self, key: str, encoded: str, request: HttpRequest) -> object:
        """True, or the text of the refusal."""
        if len(encoded) > BUFFER:
            return f"{key}: {refusals.TRUNCATED}"
        raw = unquote(encoded)
        refusal = self._writer.text(key, raw, request.origin)
        return True if refusal is None else refusal.over_http(key, shown(raw))


def _counted(results: Mapping[str, object]) -> HttpReply:
    """How firmware 050 answers. Source: a captured reply where some keys failed. ASSUMED: the same where none did."""
    done = sum(result is True for result in results.values())
    failed = len(results) - done
    body = f"{done} succeeded and {failed} failed.".encode()
    status = 500 if failed else 200
    return HttpReply(status=status, body=body, content_type="text/html", close=True, journal={"set": dict(results)})


def _asked(wanted: str) -> dict[str, object]:
    """What was read, for the journal."""
    return {"filter": wanted, "reads": [name.strip() for name in wanted.split(",")] if wanted else ["*"]}


@lru_cache(maxsize=FILTERS)
def _filter(query: str) -> str:
    """The names that a query asks for; empty: all."""
    return next((unquote(value) for name, value in _pairs(query) if name == "filter"), "")


def _pairs(query: str) -> list[tuple[str, str]]:
    """Names and still encoded values of a query, in order. What follows a `#` is a fragment and not sent on."""
    parts = (part.partition("=") for part in query.partition("#")[0].split("&") if "=" in part)
    return [(unquote(name), value) for name, _, value in parts if name]
