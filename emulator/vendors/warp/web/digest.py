"""HTTP Digest authentication as this device does it.

The one rule: nonce, opaque, count and URI are not compared with anything; a replayed header is accepted.
Source: Tinkerforge esp32-firmware, `digest_auth.cpp`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Final

REALM: Final = "esp32-lib"
REALMS: Final = (REALM, "asyncesp")
_FIELD: Final = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')
METHODS: Final = ("GET", "PUT", "POST")
"""For any other method the device hashes an empty name."""


def md5(text: str) -> str:
    """32 lower-case hex digits."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def digest_hash(username: str, password: str) -> str:
    """What a client stores in `users/config`."""
    return md5(f"{username}:{REALM}:{password}")


def challenge(nonce: str, opaque: str) -> str:
    return f'Digest realm="{REALM}", qop="auth", nonce="{nonce}", opaque="{opaque}"'


def accepted(header: str, method: str, hash_of: Callable[[str], str | None]) -> bool:
    """Whether an `Authorization` header belongs to a user. `hash_of`: the digest hash of a user name."""
    if not header.startswith("Digest "):
        return False
    fields = {name: quoted or bare for name, quoted, bare in _FIELD.findall(header[len("Digest ") :])}
    if fields.get("realm") not in REALMS:
        return False
    first = hash_of(fields.get("username", ""))
    if first is None:
        return False
    second = md5(f"{method if method in METHODS else ''}:{fields.get('uri', '')}")
    parts = (first, *(fields.get(name, "") for name in ("nonce", "nc", "cnonce", "qop")), second)
    return bool(fields.get("response", "") == md5(":".join(parts)))
