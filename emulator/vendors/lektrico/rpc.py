"""JSON-RPC over HTTP: three ways to ask, two ways to be answered.

The one rule: bytes of the request in, bytes of the reply out; what a method does is not known here. `/rpc/<Method>` is
answered with the bare result or error, `/rpc` with a frame.
Source: rpc-common (mg_rpc.c, mg_rpc_channel_http.c) and Mongoose 6, captured frames.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote, unquote_plus

from ...devices.interfaces import HttpInterface, HttpReply, HttpRequest, Route
from ...devices.rendering import Carried, Document
from ...language.digits import is_index
from . import json
from .methods import Api
from .readings import View
from .refusals import Refusal, shutting_down
from .settings import WIFI

SERVER: Final = ("Server", "Mongoose/6.18")
"""ASSUMED: the version."""
CORS: Final = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Headers", "*"))
PLAIN: Final = ("Content-Type", "text/plain")
ALL_METHODS: Final = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
MAX_FRAME: Final = 4096
"""Bytes. Source: the framework's default."""
MAX_CHANNELS: Final = 20
"""Source: the framework's default."""
NOTHING: Final[Mapping[str, object]] = {}
SPELLINGS: Final = 64
"""Of methods, whose replies are kept: clients write them in small letters or in large ones."""
_STATUS: Final = {403: 403, 404: 404}
"""HTTP status by error code; every other code is 500. Source: mg_rpc_channel_http.c."""


def plain(status: int, text: str) -> HttpReply:
    """An error of the server itself; ends the connection."""
    size = ("Content-Length", str(len(text)))
    headers = (SERVER, PLAIN, ("Connection", "close"), size)
    return HttpReply(status=status, body=text.encode(), content_type=None, headers=headers, close=True)


INVALID: Final = plain(400, "Invalid request")
NOT_FOUND: Final = plain(404, "Not Found")


class Rpc:
    """The web server of one device."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._kept: dict[tuple[str, bool], Carried[bytes]] = {}
        """What carries the members that a method reads, by its name, to who keeps the connection or not."""

    def interface(self) -> HttpInterface:
        return HttpInterface(
            port=80,
            routes=(
                Route(path="/rpc", handler=self.answer, methods=ALL_METHODS),
                Route(path="/rpc/*", handler=self.answer, methods=ALL_METHODS),
            ),
            wrong_method=self.answer,
            not_found=lambda _: NOT_FOUND,
            enabled=lambda: self._api.settings[WIFI],
            max_body=MAX_FRAME,
            max_connections=MAX_CHANNELS,
            when_full="evict_oldest",
            on_malformed=plain(400, "Bad Request"),
            on_too_large=INVALID,
        )

    def answer(self, request: HttpRequest) -> HttpReply:
        if request.method == "OPTIONS":
            return _reply(200, b"", keep=_kept_open(request), end=b"")
        method = unquote(request.raw_path)[len("/rpc/") :]
        return self._plainly(request, method) if method else self._frame(request)

    def _plainly(self, request: HttpRequest, method: str) -> HttpReply:
        """Parameters are the body, or the query turned into an object with its values as they are."""
        if not request.body and not request.query_string and (document := self._api.document(method)) is not None:
            return self._members(request, method, document)
        text = request.body.decode("utf-8", "replace") if request.body else _from_query(request.query_string)
        params, _ = json.read_object(text)
        result = self._call(method, params, request)
        journal: dict[str, object] = {"method": method, "params": params}
        if isinstance(result, Refusal):
            return _refused(result, journal, keep=_kept_open(request))
        return _reply(200, result, journal | self._read(method), keep=_kept_open(request))

    def _members(self, request: HttpRequest, method: str, document: Document[View]) -> HttpReply:
        """What a method reads, without parameters."""
        keep = _kept_open(request)
        if (refusal := self._going_down()) is not None:
            return _refused(refusal, {"method": method, "params": {}}, keep=keep)
        carried = self._kept.get((method, keep))
        if carried is None:
            journal = {"method": method, "params": {}, **self._read(method)}
            if len(self._kept) >= SPELLINGS:
                self._kept.clear()
            carried = self._kept[method, keep] = Carried(lambda text: _reply(200, text, journal, keep=keep))
        return carried.reply(document.bytes(self._api.view))

    def _going_down(self) -> Refusal | None:
        """What every call is answered before a reboot."""
        left = self._api.lifecycle.milliseconds_left(self._api.simulation.now())
        return None if left is None else shutting_down(left)

    def _read(self, method: str) -> dict[str, object]:
        """What a call reads, for the journal."""
        return {"reads": [method.lower()]} if method.lower() in self._api.readable else {}

    def _frame(self, request: HttpRequest) -> HttpReply:
        frame, complete = json.read_object(request.body.decode("utf-8", "replace"))
        method, asker, number = frame.get("method"), frame.get("src"), frame.get("id")
        if not isinstance(method, str):
            method = ""
        addressee = frame.get("dst")
        if isinstance(addressee, str) and addressee not in ("", self._api.device.device_id):
            return INVALID
        if "id" in frame and not _is_id(number):
            return INVALID
        if not method:
            # With an id it passes for a response, which nobody waits for.
            return HttpReply(silent=True) if "id" in frame and complete else INVALID
        if not complete and "id" not in frame:
            # ASSUMED: a frame that breaks off after id and method is still executed.
            return INVALID
        params = next((frame[name] for name in ("params", "args") if isinstance(frame.get(name), dict)), {})
        assert isinstance(params, dict)
        result = self._call(method, params, request)
        journal: dict[str, object] = {"method": method, "params": params}
        if "id" not in frame:
            return HttpReply(silent=True, journal=journal)
        reply: dict[str, object] = {"id": _echoed(number), "src": self._api.device.device_id}
        if isinstance(asker, str):
            reply["dst"] = asker
        if isinstance(frame.get("tag"), str):
            reply["tag"] = frame["tag"]
        journal |= {} if isinstance(result, Refusal) else self._read(method)
        if isinstance(result, Refusal):
            reply["error"] = result.error()
            journal["error"] = result.error()
            return _reply(200, _printed(reply), journal, keep=_kept_open(request))
        text = _printed(reply)[:-1] + b',"result":' + result + b"}"
        return _reply(200, text, journal, keep=_kept_open(request))

    def _call(self, method: str, params: dict[str, object], request: HttpRequest) -> bytes | Refusal:
        """The printed result, or a refusal."""
        api = self._api
        if (refusal := self._going_down()) is not None:
            return refusal
        document = api.document(method)
        if document is not None:
            return document.bytes(api.view)
        result = api.call(method, params, request.origin)
        return result if isinstance(result, Refusal) else _printed(result)


def _kept_open(request: HttpRequest) -> bool:
    """Connections are kept open only for who asks for it in words."""
    return request.headers.get("connection", "").strip().lower() == "keep-alive"


def _refused(refusal: Refusal, journal: dict[str, object], *, keep: bool) -> HttpReply:
    """A bare error."""
    error = refusal.error()
    return _reply(_STATUS.get(refusal.code, 500), _printed(error), journal | {"error": error}, keep=keep)


def _reply(
    status: int, text: bytes, journal: Mapping[str, object] = NOTHING, *, keep: bool, end: bytes = b"\r\n"
) -> HttpReply:
    """With the CR LF that the framework counts into the length."""
    body = text + end
    headers = (
        SERVER,
        ("Content-Type", "application/json"),
        *CORS,
        ("Content-Length", str(len(body))),
        ("Connection", "keep-alive" if keep else "close"),
    )
    return HttpReply(
        status=status, body=body, content_type=None, headers=headers, close=not keep, journal=journal or {}
    )


def _printed(value: object) -> bytes:
    return json.dumps(value).encode("utf-8", "replace")


def _from_query(query: str) -> str:
    """`a=1&b="x"` as `{"a":1,"b":"x"}`: values are copied as they are, so texts need quotes of their own."""
    pairs = (part.partition("=") for part in query.split("&") if "=" in part)
    return "{" + ",".join(f'"{unquote_plus(name)}":{unquote_plus(value)}' for name, _, value in pairs) + "}"


def _is_id(value: object) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int | str)


def _echoed(value: object) -> object:
    """An id of digits comes back as a number, whatever it was sent as."""
    if isinstance(value, str) and is_index(value):
        return int(value)
    return value
