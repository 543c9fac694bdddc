"""A small client of the control API for the command line; standard library only, so that it starts at once."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlencode, urlsplit

from ..errors import EmulatorError

DEFAULT_URL = "http://127.0.0.1:8000"


class ControlClient:
    """Talks to one emulator. What the emulator refuses is an EmulatorError with its own words."""

    def __init__(self, url: str = DEFAULT_URL, token: str | None = None, timeout: float = 60.0) -> None:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in ("http", "https") or not parts.hostname or port == -1:
            raise EmulatorError(f'"{url}" is not the address of a control API (expected something like {DEFAULT_URL})')
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.url = f"{parts.scheme}://{parts.netloc}"
        self._connection = kind(parts.hostname, port, timeout=timeout)
        self._headers = {"Accept": "application/json"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: object) -> Any:
        asked = {name: value for name, value in query.items() if value is not None}
        return self.request("GET", f"{path}?{urlencode(asked)}" if asked else path)

    def request(self, method: str, path: str, body: object = None) -> Any:
        """The decoded reply. EmulatorError for a problem document, or when there is no answer."""
        status, text = self._exchange(method, path, body)
        try:
            document = json.loads(text)
        except ValueError:
            raise EmulatorError(f"{self.url} does not answer like a control API (status {status})") from None
        if status >= 400:
            raise EmulatorError(_problem(document, status))
        return document

    def _exchange(self, method: str, path: str, body: object) -> tuple[int, bytes]:
        headers = self._headers | ({"Content-Type": "application/json"} if body is not None else {})
        payload = None if body is None else json.dumps(body)
        try:
            self._connection.request(method, path, payload, headers)
            reply = self._connection.getresponse()
            return reply.status, reply.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            why = "no answer" if isinstance(error, ConnectionRefusedError) else str(error) or type(error).__name__
            raise EmulatorError(
                f"{self.url}: {why}; is an emulator running there? (`charger-emulator run`, `ctl --url`)"
            ) from error

    def close(self) -> None:
        self._connection.close()


def _problem(document: object, status: int) -> str:
    if isinstance(document, dict):
        return str(document.get("detail") or document.get("title") or status)
    return f"refused with status {status}"
