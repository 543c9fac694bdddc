"""HTTP/1.1 as bytes: how a reply looks on the wire, and what a request says about itself.

The one rule: nothing is added that the device does not send; no `Server`, no `Date`, only framing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from ..devices.interfaces import HttpReply

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

EXCERPT: Final = 200
"""Characters of a payload that go into the journal."""

WEBSOCKET_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@lru_cache(maxsize=256)
def status_line(status: int, reason: str | None) -> str:
    """The first line of a reply, without its end."""
    if reason is None:
        try:
            reason = HTTPStatus(status).phrase
        except ValueError:
            reason = "Unknown"
    return f"HTTP/1.1 {status} {reason}"


def bodiless(status: int) -> bool:
    """Whether replies of this status never have a body."""
    return status < 200 or status in (204, 304)


@lru_cache(maxsize=1024)
def _head(
    status: int,
    reason: str | None,
    content_type: str | None,
    headers: tuple[tuple[str, str], ...],
    connection: str | None,
    framing: str | None,
) -> tuple[bytes, bool]:
    """Everything of a reply's head that repeats from one reply to the next, and whether its length has to follow."""
    lines = [status_line(status, reason)]
    given = {name.lower() for name, _ in headers}
    if content_type is not None and "content-type" not in given:
        lines.append(f"Content-Type: {content_type}")
    lines += [f"{name}: {value}" for name, value in headers]
    if connection is not None and "connection" not in given:
        lines.append(f"Connection: {connection}")
    if framing is not None and framing.partition(":")[0].lower() not in given:
        lines.append(framing)
    sized = lines[-1] is framing and framing.endswith(": ")
    head = "\r\n".join(lines) + ("" if sized else "\r\n\r\n")
    return head.encode("latin-1", "replace"), sized


def encode_reply(reply: HttpReply, *, head_only: bool = False, chunked: bool, connection: str | None) -> bytes:
    """The reply in one piece. `connection`: value of the `Connection` header, None for none."""
    body = reply.body
    if bodiless(reply.status):
        framing, body = None, b""
    elif chunked:
        framing = "Transfer-Encoding: chunked"
    else:
        framing = "Content-Length: "
    head, sized = _head(reply.status, reply.reason, reply.content_type, reply.headers, connection, framing)
    if sized:
        head = b"%b%d\r\n\r\n" % (head, len(body))
    if head_only:
        return head
    if framing is None or not chunked:
        return head + body
    return b"%b%x\r\n%b\r\n0\r\n\r\n" % (head, len(body), body) if body else head + b"0\r\n\r\n"


def switching_protocols(key: str) -> bytes:
    """The reply that opens a WebSocket, with the headers ESP-IDF sends."""
    digest = hashlib.sha1(key.encode("latin-1", "replace") + WEBSOCKET_GUID).digest()
    accept = base64.b64encode(digest).decode()
    lines = (
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def clean(text: str) -> str:
    """Text that can be encoded again: bytes that were not UTF-8 become replacement characters."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def lower_headers(items: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Header names in lower case; repeated ones joined by a comma, in order."""
    headers: dict[str, str] = {}
    for name, value in items:
        key = clean(name.lower())
        headers[key] = f"{headers[key]}, {clean(value)}" if key in headers else clean(value)
    return headers


def origin_form(target: str) -> str:
    """The target as a device looks at it: an absolute one (as sent to a proxy) without scheme and authority."""
    if target.startswith("/"):
        return target
    scheme, found, rest = target.partition("://")
    if not found or not scheme.isalpha():
        return target
    authority = rest
    for mark in "/?#":
        authority = authority.partition(mark)[0]
    tail = rest[len(authority) :]
    return tail if tail.startswith("/") else f"/{tail}"


def excerpt(payload: bytes | str) -> str:
    """The beginning of a payload, as text, for the journal."""
    head = payload[:EXCERPT]
    text = head if isinstance(head, str) else head.decode("utf-8", "replace")
    return clean(text) if len(payload) <= EXCERPT else f"{clean(text)}…"
