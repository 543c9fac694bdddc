"""The tokens of the REST API: JSON Web Tokens of two kinds.

The one rule: whether a request is let in is decided here alone.
Source: ckorff/wallbox (a P30 x-series), keba_p40 for Home Assistant: log-in, refreshing, lifetimes, the library behind
it (Flask-JWT-Extended), whose statuses and texts are ASSUMED to be unchanged.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Final, Literal

from ...devices.interfaces import HttpReply, HttpRequest

Kind = Literal["access", "refresh"]
LIFETIMES: Final[dict[Kind, int]] = {"access": 15 * 60, "refresh": 30 * 86_400}
"""How long a token is good for [s]."""
_WRONG_KIND: Final[dict[Kind, str]] = {
    "access": "Only non-refresh tokens are allowed",
    "refresh": "Only refresh tokens are allowed",
}


def reply(value: object, status: int = 200) -> HttpReply:
    return HttpReply(status=status, body=json.dumps(value).encode())


def refused(status: int, text: str) -> HttpReply:
    return reply({"msg": text}, status)


def _part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Tokens:
    """What one wallbox gives out and lets in."""

    def __init__(self, serial: str, password: Callable[[], str], time: Callable[[], int]) -> None:
        """`time`: unix seconds."""
        self._serial = serial
        self._password = password
        self._time = time

    def issue(self, kind: Kind) -> str:
        now = self._time()
        head = _part({"typ": "JWT", "alg": "HS256"})
        body = _part({"iat": now, "nbf": now, "exp": now + LIFETIMES[kind], "sub": "admin", "type": kind})
        return f"{head}.{body}.{self._signature(f'{head}.{body}')}"

    def refusal(self, request: HttpRequest, kind: Kind) -> HttpReply | None:
        """Why a request that needs a token of a kind is not let in; None: it is."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer":
            return refused(401, "Missing Authorization Header")
        text, _, signature = token.rpartition(".")
        if text.count(".") != 1:
            return refused(422, "Not enough segments")
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), self._signature(text).encode()):
            return refused(422, "Signature verification failed")
        claims = json.loads(base64.urlsafe_b64decode(text.partition(".")[2] + "=="))
        if claims["exp"] <= self._time():
            return refused(401, "Token has expired")
        return None if claims["type"] == kind else refused(422, _WRONG_KIND[kind])

    def _signature(self, text: str) -> str:
        key = f"{self._serial} {self._password()}".encode()
        return _part(hmac.new(key, text.encode("utf-8", "replace"), hashlib.sha256).digest())
