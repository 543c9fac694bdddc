"""The web server of a controller: legacy REST, the login of the newer API, and stand-ins for its pages.

The one rule: the REST interface only reads; what a key means is the table's business.
Source: seed document (paths, request headers); body of `full_state` from captures. ASSUMED, because nothing shows them:
statuses and texts of refusals, and the form of a single value (bare, as a public client's tests have it).
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from ...core.messages import Reason
from ...devices.firmware import Profile
from ...devices.interfaces import HttpInterface, HttpReply, HttpRequest, Route
from ...devices.points import Fidelity
from ...devices.rendering import Document, Fragment, Moments, Served, listed
from ...devices.settings import Settings
from .build import Build
from .login import PASSWORDS, Login
from .readings import View
from .restkeys import KEYS, RestKey
from .settings import FULL_STATE_SERIAL, REST, REST_AUTH, REST_VALUE_FORM

TEXT: Final = "text/plain"
PREFIX: Final = "/rest/"
READS: Final = ("GET", "HEAD")
AUTHORISATION: Final = "Basic Auth"
"""The literal value of the header; not the scheme of RFC 7617."""
_PAGE: Final = b"<!DOCTYPE html><html><head><title>Charge Controller</title></head><body></body></html>"


def plain(body: str, status: int = 200) -> HttpReply:
    return HttpReply(status=status, body=body.encode(), content_type=TEXT)


def _not_found(_: HttpRequest) -> HttpReply:
    return plain("", 404)


def _wrong_method(_: HttpRequest) -> HttpReply:
    return HttpReply(status=405, content_type=TEXT, headers=(("Allow", "GET, HEAD"),))


def _page(_: HttpRequest) -> HttpReply:
    """A stand-in for the configuration pages."""
    return HttpReply(body=_PAGE, content_type="text/html")


def _server(*routes: Route) -> HttpInterface:
    page = Route(path="/", handler=_page, methods=READS)
    return HttpInterface(port=80, routes=(page, *routes), not_found=_not_found, wrong_method=_wrong_method)


@dataclass(eq=False)
class HttpApi:
    """The web server of one controller."""

    settings: Settings
    build: Build
    profile: Callable[[], Profile]
    login: Login
    view: Callable[[], View]
    moments: Moments
    registers: Callable[[], Iterable[Fidelity]]
    """What an ICC's list of data points shows."""

    def __post_init__(self) -> None:
        self.compile()

    def compile(self) -> None:
        """The keys of the profile in force."""
        self.keys, self._spellings = _keys(self.profile())
        self._full_states: dict[bool, Served[View]] = {}
        """By whether secret ones are in it; made for the first who asks."""

    def interface(self) -> HttpInterface:
        """Of a CC: its pages and both REST interfaces."""
        return _server(Route(path="/rest/*", handler=self._rest, methods=READS), *self.login.routes())

    def icc_interface(self) -> HttpInterface:
        """Of an ICC: its pages, with a list of data points, and what it tells everybody about itself."""
        return _server(
            Route(path="/datapointlist.html", handler=self._points, methods=READS),
            Route(path="/api/v1/PublicInfo", handler=self._public_info, methods=READS),
        )

    def _points(self, _: HttpRequest) -> HttpReply:
        """The ICC's own list of registers. ASSUMED: its form."""
        rows = "".join(f"<tr><td>{row.name}</td><td>{row.type}</td></tr>" for row in self.registers())
        return HttpReply(body=f"<html><body><table>{rows}</table></body></html>".encode(), content_type="text/html")

    def _public_info(self, _: HttpRequest) -> HttpReply:
        """Source: Home Assistant integrations, which ask this first. ASSUMED: that there is no more in it."""
        build = self.build
        found = {"articleName": build.traits.code, "currentVersion": build.firmware, "serialNumber": build.serial}
        return HttpReply(body=json.dumps(found, separators=(",", ":")).encode())

    def _rest(self, request: HttpRequest) -> HttpReply:
        if self.settings[REST] == "disabled":
            return _refused(Reason.NOT_ALLOWED, plain("", 404))
        if not self._admitted(request):
            return _refused(Reason.UNAUTHORISED, plain("Unauthorized", 401))
        name = request.path.removeprefix(PREFIX)
        if name == "full_state":
            everything = self.settings[FULL_STATE_SERIAL]
            found = self._full_states.get(everything)
            if found is None:
                found = self._full_states[everything] = self._full_state(everything)
            return found.reply(self.view)
        key = self._spellings.get(name)
        if key is None:
            return _refused(Reason.UNKNOWN, plain("Not Found", 404))
        return replace(plain(self._single(key, self.view())), journal={"reads": [f"rest.{key.name}"]})

    def _full_state(self, everything: bool) -> Served[View]:
        """A line for every key: `key:value`."""
        lines = [Fragment(key.read, _LINES[key.name]) for key in self.keys.values() if everything or not key.hidden]
        document = Document(self.moments, lines, listed(b"", b"", b""))
        return Served(document, lambda body: HttpReply(body=body, content_type=TEXT, journal={"reads": ["rest"]}))

    def _single(self, key: RestKey, view: View) -> str:
        match self.settings[REST_VALUE_FORM]:
            case "line":
                return key.text(view) + "\n"
            case "pair":
                return f"{key.name}:{key.text(view)}\n"
        return key.text(view)

    def _admitted(self, request: HttpRequest) -> bool:
        stated = self.settings[REST_AUTH]
        if stated == "none" or (stated is None and not any(map(self.settings.__getitem__, PASSWORDS.values()))):
            return True
        passwords = {user: self.settings[setting] for user, setting in PASSWORDS.items()}
        headers = request.headers
        expected = passwords.get(headers.get("username", ""))
        if not expected or headers.get("authorization") != AUTHORISATION:
            return False
        return hmac.compare_digest(expected.encode(), headers.get("password", "").encode("utf-8", "replace"))


def _keys(profile: Profile) -> tuple[dict[str, RestKey], dict[str, RestKey]]:
    """The keys of a profile by name, and by every name."""
    which = profile.model.id, profile.firmware.text
    if which not in _FOUND:
        keys = {key.name: key for key in KEYS if key.exists(profile)}
        _FOUND[which] = keys, keys | {alias: key for key in keys.values() for alias in key.aliases}
    return _FOUND[which]


_FOUND: Final[dict[tuple[str, str], tuple[dict[str, RestKey], dict[str, RestKey]]]] = {}
"""What the boxes of a fleet share."""


def _line(name: str) -> Callable[[object], bytes]:
    return lambda value: f"{name}:{value}\n".encode()


_LINES: Final = {key.name: _line(key.name) for key in KEYS}
"""By the key."""


def _refused(reason: Reason, reply: HttpReply) -> HttpReply:
    return HttpReply(
        status=reply.status, body=reply.body, content_type=reply.content_type, journal={"refused": str(reason)}
    )
