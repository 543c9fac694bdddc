"""Requests over HTTP as logs print them: the request in one record, the reply in another, before it or behind it.

The one rule: a body belongs to the request of the same writer that stands beside it. Source: evcc's layouts until 0.83,
since 0.84 (bodies only, `--` between them) and since 0.306 (the request behind its reply).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from .records import Record
from .talk import Document, Http, Said

_REQUEST: Final = re.compile(r"^(?P<method>GET|PUT|POST|PATCH|DELETE) (?:CACHED )?(?P<url>https?://\S+|/\S*)\s*$")
_DUMP: Final = re.compile(
    r"^\s*(?P<method>GET|PUT|POST|PATCH|DELETE) (?P<path>\S+) HTTP/1\.\d\s*\n(?P<rest>.*)", re.DOTALL
)
_STATUS: Final = re.compile(r"^HTTP/1\.\d \d{3}.*$", re.MULTILINE)
_BLANK: Final = re.compile(r"\n\s*\n")
_BETWEEN: Final = re.compile(r"(?:\n|(?<=[}\]\"]) )\s*--\s*(?:\n| (?=[{\[\"]))")
_CHUNK: Final = re.compile(r"\s*[0-9a-fA-F]{1,6}\s*")
_CARRIES: Final = ("PUT", "POST", "PATCH")


def split_url(url: str) -> tuple[str, str]:
    """Host, and path with query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", url
    path = parts.path or "/"
    return parts.netloc.rpartition("@")[2], f"{path}?{parts.query}" if parts.query else path


@dataclass(slots=True)
class _Request:
    record: Record
    method: str
    host: str
    path: str


@dataclass(slots=True)
class _Body:
    record: Record
    text: str


class Exchanges:
    """Pairs requests with bodies, one writer at a time."""

    def __init__(self, found: Callable[[Said], None]) -> None:
        self._found = found
        self._requests: dict[str, _Request] = {}
        """A request whose body has not come, by writer."""
        self._bodies: dict[str, _Body] = {}
        """A body before which no request stood, by writer."""
        self._behind: dict[str, int] = {}
        """How often the request stood behind its reply, by writer."""

    def take(self, record: Record) -> bool:
        """Look at a record that is no other message; whether it is one of these."""
        text = record.text
        if found := _DUMP.match(text):
            self._dump(found, record)
        elif found := _REQUEST.match(text.strip()):
            self._request(record, found["method"], *split_url(found["url"]))
        elif text.lstrip()[:1] in ("{", "[") or _BETWEEN.search(text):
            self._body(_Body(record, text.strip()))
        else:
            return False
        return True

    def finish(self) -> None:
        """What is left over."""
        for area in list(self._requests):
            self._alone(self._requests.pop(area))
        for area in list(self._bodies):
            self._document(self._bodies.pop(area))

    def _request(self, record: Record, method: str, host: str, path: str) -> None:
        area = record.area
        body, request = self._bodies.pop(area, None), _Request(record, method, host, path)
        waiting = self._requests.pop(area, None)
        if waiting is not None:
            self._alone(waiting)
        if body is not None and body.record.at == record.at:
            self._behind[area] = self._behind.get(area, 0) + 1
            self._pair(request, body)
            return
        if body is not None:
            self._document(body)
        self._requests[area] = request

    def _body(self, body: _Body) -> None:
        area = body.record.area
        waiting, before = self._requests.pop(area, None), self._bodies.pop(area, None)
        if before is not None:
            self._document(before)
        if waiting is None or self._behind.get(area, 0) > 1:
            if waiting is not None:
                self._alone(waiting)
            self._bodies[area] = body
        else:
            self._pair(waiting, body)

    def _pair(self, request: _Request, body: _Body) -> None:
        parts = _BETWEEN.split(body.text, maxsplit=1)
        sent, reply = (parts[0], parts[1]) if len(parts) == 2 else (None, body.text)
        if sent is None and request.method in _CARRIES:
            sent, reply = body.text, None
        self._say(request, sent, reply, body.record)

    def _dump(self, found: re.Match[str], record: Record) -> None:
        status = _STATUS.search(found["rest"])
        asked = found["rest"][: status.start()] if status is not None else found["rest"]
        answered = found["rest"][status.end() :] if status is not None else ""
        host = re.search(r"^Host: *(\S+)", asked, re.MULTILINE | re.IGNORECASE)
        request = _Request(record, found["method"], host[1] if host is not None else "", found["path"])
        self._requests.pop(record.area, None)
        self._say(request, _behind_head(asked) or None, body_of(_behind_head(answered)) or None, record)

    def _alone(self, request: _Request) -> None:
        self._say(request, None, None, request.record)

    def _say(self, request: _Request, sent: str | None, reply: str | None, record: Record) -> None:
        self._found(
            Http(
                at=request.record.at if request.record.at is not None else record.at,
                line=record.line if reply is not None else request.record.line,
                area=record.area,
                peer=request.host,
                method=request.method,
                path=request.path,
                body=sent,
                reply=reply,
            )
        )

    def _document(self, body: _Body) -> None:
        record = body.record
        self._found(Document(at=record.at, line=record.line, area=record.area, text=body.text))


def _behind_head(text: str) -> str:
    """What stands behind the headers."""
    found = _BLANK.search(text)
    return text[found.end() :].strip() if found is not None else ""


def body_of(text: str) -> str:
    """A body without the lengths of its chunks."""
    return "\n".join(line for line in text.splitlines() if not _CHUNK.fullmatch(line)).strip()
