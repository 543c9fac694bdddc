"""The log-in of the web socket: what stands for the password, and the proof that a client knows it.

The one rule: pure functions of their arguments. What takes long is computed once for a password and a serial number,
beside the event loop and in advance: both libraries let other threads run meanwhile.
Source: ha-goecharger-api2 and wattpilot, which both log in to real devices; checked against independent test vectors.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, lru_cache
from typing import Final, Literal

Scheme = Literal["pbkdf2", "bcrypt"]

ITERATIONS: Final = 100_000
_LENGTH: Final = 32
_PREFIX: Final = 29
"""Characters of a bcrypt hash in front of the digest."""
_BCRYPT64: Final = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
)


def pbkdf2(password: str, serial: str) -> str:
    """The first 32 characters of the base64 text of 256 bytes; only the bytes that show there are computed."""
    derived = hashlib.pbkdf2_hmac("sha512", password.encode(), serial.encode(), ITERATIONS, _LENGTH * 6 // 8)
    return b64encode(derived).decode()


def bcrypt_salt(serial: str) -> bytes:
    """`$2a$08$` and the digits of the serial number as bytes, in bcrypt's own base64."""
    digits = bytes(int(digit) for digit in serial if digit.isascii() and digit.isdigit())[-16:].rjust(16, b"\0")
    return b"$2a$08$" + b64encode(digits).translate(_BCRYPT64)[:22]


def bcrypt(password: str, serial: str) -> str:
    """bcrypt of the password's SHA-256 in hexadecimal, without algorithm, cost and salt."""
    import bcrypt as library  # takes 10 ms; the same in Python takes 2 s

    text = hashlib.sha256(password.encode()).hexdigest().encode()
    return library.hashpw(text, bcrypt_salt(serial))[_PREFIX:].decode()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="go-e log-in")


@lru_cache(maxsize=4096)
def prepare(scheme: Scheme, password: str, serial: str) -> Future[str]:
    """Begin to compute what stands for the password (PBKDF2: 80 ms); its `result()` waits for it."""
    return _pool().submit(pbkdf2 if scheme == "pbkdf2" else bcrypt, password, serial)


def hashed(scheme: Scheme, password: str, serial: str) -> str:
    """What stands for the password."""
    return prepare(scheme, password, serial).result()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def proof(hashed_password: str, token1: str, token2: str, token3: str) -> str:
    """What a client sends as `hash`."""
    return _sha256(token3 + token2 + _sha256(token1 + hashed_password))


def signature(hashed_password: str, data: str) -> str:
    """`hmac` of a secured message."""
    return hmac.new(hashed_password.encode(), data.encode(), hashlib.sha256).hexdigest()


def same(found: object, expected: str) -> bool:
    """Whether a client's text is the expected one."""
    return isinstance(found, str) and hmac.compare_digest(found.encode("utf-8", "replace"), expected.encode())
