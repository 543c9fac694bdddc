"""Certificates and keys: what HTTPS and MQTT prove who they are with, and whom MQTT trusts.

The one rule: a text counts as a certificate if it looks like PEM. Source: Tinkerforge esp32-firmware, `modules/certs`.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from ..api.documents import Doc
from ..api.rows import AnyRow, Source
from ..api.schema import Str, uint
from ..api.shapes import Arr, obj
from ..module import Module
from ..settings import CERTIFICATES
from ..view import View

FW: Final = Source("fw: modules/certs")
LAST_CERT: Final = 7
_PEM: Final = re.compile(
    r"-----BEGIN (CERTIFICATE|PRIVATE KEY|RSA PRIVATE KEY|EC PRIVATE KEY)-----\s*(.*?)\s*-----END \1-----", re.DOTALL
)
NO_PEM: Final = "Failed to parse certificate: PEM - No PEM header or footer found"
BAD_PEM: Final = (
    "Failed to parse certificate: PEM - PEM string is not as expected : BASE64 - Invalid character in input"
)


class Certs(Module):
    """The certificates of one wallbox."""

    @property
    def _saved(self) -> dict[int, tuple[str, str]]:
        """Name and PEM text by ID."""
        return self.settings[CERTIFICATES]

    def _save(self, certs: dict[int, tuple[str, str]]) -> None:
        self.settings.put(CERTIFICATES, dict(sorted(certs.items())))

    def state(self, v: View) -> object:
        return {"certs": [{"id": number, "name": name} for number, (name, _) in sorted(self._saved.items())]}

    def check(self, doc: Doc) -> str | None:
        text = doc.text("cert")
        if not text:
            return None
        found = _PEM.search(text)
        if found is None:
            return NO_PEM
        try:
            base64.b64decode("".join(found.group(2).split()), validate=True)
        except (binascii.Error, ValueError):
            return BAD_PEM
        return None

    def add(self, doc: Doc) -> str | None:
        self.api.forget("certs/add")
        number = doc.integer("id")
        if not doc.text("cert"):
            return "Adding an empty certificate is not allowed. Did you mean to call certs/modify?"
        if number in self._saved:
            return f"A certificate with ID {number} does already exist! Did you mean to call certs/modify?"
        self._save({**self._saved, number: (doc.text("name"), doc.text("cert"))})
        return None

    def modify(self, doc: Doc) -> str | None:
        self.api.forget("certs/modify")
        number = doc.integer("id")
        if number not in self._saved:
            return f"No cert with ID {number} found! Did you mean to call certs/add?"
        text = doc.text("cert") or self._saved[number][1]
        self._save({**self._saved, number: (doc.text("name"), text)})
        return None

    def remove(self, doc: Doc) -> str | None:
        number = doc.integer("id")
        if number not in self._saved:
            return f"No cert with ID {number} found!"
        self._save({other: cert for other, cert in self._saved.items() if other != number})
        return None


_CERT_ID: Final = uint(0, LAST_CERT, width=8)
_UPLOAD: Final = obj(id=_CERT_ID, name=Str(0, 32), cert=Str(0, 4027))
ROWS: Final[tuple[AnyRow[Certs], ...]] = (
    FW.state("certs/state", obj(certs=Arr(obj(id=_CERT_ID, name=Str(0, 32)), LAST_CERT + 1)), Certs.state),
    FW.command("certs/add", Certs.add, _UPLOAD, validate=Certs.check, action=True),
    FW.command("certs/modify", Certs.modify, _UPLOAD, validate=Certs.check, action=True),
    FW.command("certs/remove", Certs.remove, obj(id=_CERT_ID), action=True),
)
