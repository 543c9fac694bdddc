"""The maker's cloud API, `https://<serial>.api.v3.go-e.io/api/...`, as if it were a port of the wallbox.

The one rule: the keys are those of the local API; here is only what stands between: a token, the age of data, and that
nobody says what became of a write.
Source: go-eCharger-API-v2 cloudapi-en; #135 for the answer to a write. ASSUMED: a wrong token is 403 as well, a key
that the wallbox does not have is the one that is rejected, a text needs no quotes; the wallbox sends once a second, and
what it sent before it lost the cloud is gone at once.
"""

from __future__ import annotations

import hmac
import json
import zlib
from typing import Final
from urllib.parse import unquote

from ...devices.interfaces import HttpInterface, HttpReply, HttpRequest, Route
from ...devices.interfaces.ship import Credentials
from ...eebus.identity import credentials, private_number
from .arduino import JsonError, parse
from .device import Device
from .readings import View
from .settings import CAE, CAK, CWE
from .status import Tables
from .writer import Writer

DOMAIN: Final = "api.v3.go-e.io"
_OWN: Final = frozenset(("token", "age", "filter"))
"""Parameters that are no keys."""


class CloudApi:
    """What the cloud shows of one wallbox."""

    def __init__(self, device: Device, tables: Tables, writer: Writer) -> None:
        self._device = device
        self._tables = tables
        self._writer = writer

    def interface(self) -> HttpInterface:
        return HttpInterface(
            port=443,
            credentials=self._credentials,
            routes=(Route(path="/api/status", handler=self.status), Route(path="/api/set", handler=self.set)),
            before=self._refusal,
            not_found=lambda _: _reply(404, {}),
            enabled=lambda: self._device.settings[CAE] and CAE.name in self._tables.keys,
        )

    def _credentials(self) -> Credentials:
        serial = self._device.identity.serial
        number = private_number(lambda what: zlib.crc32(f"cloud {serial} {what}".encode()))
        return credentials(number, f"{serial}.{DOMAIN}", "go-e GmbH", "AT")

    def _refusal(self, request: HttpRequest) -> HttpReply | None:
        """No token, or no wallbox: 403 both. Source: cloudapi-en, "offline or disabled"."""
        settings = self._device.settings
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            given = dict(request.query).get("token") or ""
        if not settings[CWE] or not hmac.compare_digest(given.encode("utf-8", "replace"), settings[CAK].encode()):
            return _reply(403, {})
        return None if View(self._device).sample.backend_link else _reply(403, {})

    def status(self, request: HttpRequest) -> HttpReply:
        """All keys, or those of `filter`, as the wallbox sent them last."""
        view, table = View(self._device), self._tables.status
        wanted = dict(request.query).get("filter") or ""
        body = table.filtered(wanted, lambda: view)[0] if wanted else table.everything(lambda: view)
        from email.utils import format_datetime  # here, because it takes half of the network modules along

        sent = self._device.clock.utc(view.second)
        return HttpReply(
            body=body,
            headers=(("Last-Modified", format_datetime(sent, usegmt=True)),),
            journal={"filter": wanted, "reads": wanted.split(",") if wanted else ["*"]},
        )

    def set(self, request: HttpRequest) -> HttpReply:
        """Pass on what may be a key; what becomes of it is not told."""
        succeeded: list[dict[str, object]] = []
        failed: list[dict[str, object]] = []
        for part in request.query_string.split("&"):
            name, equals, raw = part.partition("=")
            name, value = unquote(name), _value(unquote(raw))
            if not equals or name in _OWN:
                continue
            if name in self._tables.keys:
                self._writer.value(name, value, request.origin)
                succeeded.append({name: value})
            else:
                failed.append({name: value})
        status = 202 if succeeded else 422
        return _reply(status, {"succeeded": succeeded, "failed": failed})


def _reply(status: int, value: object) -> HttpReply:
    return HttpReply(status=status, body=json.dumps(value, separators=(",", ":")).encode(), journal={"answer": value})


def _value(raw: str) -> object:
    try:
        return parse(raw)
    except JsonError:
        return raw
