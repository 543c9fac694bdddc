"""The newer REST API as far as it is known: the login.

The one rule: nothing is made up beyond what the public documentation says. Tokens are valid for one attempt; the proof
is SHA-256 of password and token; a session id goes into the `Authorization` header of every later call.
Source: Bender documentation 5.33, REST API introduction. ASSUMED: member names and statuses; that there is nothing
behind the login (404), because no document or capture shows it. Switched off by default: then all of `/v1` is 404.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Final

from ...devices.interfaces import HttpReply, HttpRequest, Route
from ...devices.settings import Settings
from .settings import MANUFACTURER_PASSWORD, OPERATOR_PASSWORD, REST, REST_V1

PASSWORDS: Final = {"operator": OPERATOR_PASSWORD, "manufacturer": MANUFACTURER_PASSWORD}
"""By user."""


def _json(value: object, status: int = 200) -> HttpReply:
    return HttpReply(status=status, body=json.dumps(value, separators=(",", ":")).encode())


@dataclass(slots=True)
class Login:
    """Tokens and sessions of one controller; gone after a restart."""

    settings: Settings
    serial: str
    _count: int = 0
    _token: str | None = None
    _sessions: set[str] = field(default_factory=set)

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(path="/v1/login", handler=self._give_token),
            Route(path="/v1/login", handler=self._log_in, methods=("POST",)),
            Route(path="/v1/*", handler=self._rest, methods=("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")),
        )

    def forget(self) -> None:
        self._token = None
        self._sessions.clear()

    @property
    def _off(self) -> bool:
        return self.settings[REST] == "disabled" or not self.settings[REST_V1]

    def _secret(self, kind: str) -> str:
        """Different every time, the same in every run."""
        self._count += 1
        return hashlib.sha256(f"{self.serial} {kind} {self._count}".encode()).hexdigest()[:32]

    def _give_token(self, _: HttpRequest) -> HttpReply:
        if self._off:
            return _json({}, 404)
        self._token = self._secret("token")
        return _json({"token": self._token})

    def _log_in(self, request: HttpRequest) -> HttpReply:
        if self._off:
            return _json({}, 404)
        token, self._token = self._token, None
        try:
            given = json.loads(request.body)
            user, proof = given["username"], given["password"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return _json({"status": "failed"}, 400)
        if token is None or not isinstance(user, str) or user not in PASSWORDS or not isinstance(proof, str):
            return _json({"status": "failed"}, 401)
        password = self.settings[PASSWORDS[user]]
        expected = hashlib.sha256((password + token).encode()).hexdigest()
        if not hmac.compare_digest(expected.encode(), proof.lower().encode("utf-8", "replace")):
            return _json({"status": "failed"}, 401)
        session = self._secret("session")
        self._sessions.add(session)
        return _json({"status": "success", "session": session})

    def _rest(self, request: HttpRequest) -> HttpReply:
        if self._off:
            return _json({}, 404)
        known = request.headers.get("authorization", "") in self._sessions
        return _json({}, 404 if known else 401)
