"""The API of a Connect: `/api/measurements/<mac>` and `/api/settings/<mac>`.

The one rule: bytes of the request in, bytes of the reply out; what a member means is its row's business.
Source: evcc's driver and logs of it (evcc#9788, evcc#33625): paths, bodies, `Message` in what is refused, nothing in
the reply to a write. ASSUMED: statuses and texts; members that it does not know are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from ...core.messages import DONE, Outcome, Reason
from ...devices.interfaces import HttpInterface, HttpReply, HttpRequest, Origin, Route
from ...devices.texts import loads
from .connect_members import BY_NAME, MEMBERS, Change, Told
from .controls import Controls
from .item import tree
from .settings import CONNECT_ONLINE, CONNECT_PASSWORD, JSON_API

API: Final = "/api/"
_STATUS: Final = {Reason.UNAUTHORISED: 403, Reason.UNREACHABLE: 503}
"""What a refusal is answered with; else 400."""


def refuse(status: int, text: str) -> HttpReply:
    """The form of every refusal. Source: evcc's driver shows `Message`."""
    return HttpReply(status=status, body=json.dumps({"Message": text}).encode(), journal={"refused": text})


class ConnectApi:
    """The web server of one Connect."""

    def __init__(self, controls: Controls, told: Callable[[], Told], hasty: Callable[[], bool]) -> None:
        """`hasty`: asked once for each write, whether it follows another one too soon."""
        self._controls = controls
        self._settings = controls.settings
        self._told = told
        self._hasty = hasty
        self.password_matches = True

    def interface(self) -> HttpInterface:
        return HttpInterface(
            port=80,
            routes=(
                Route(path=f"{API}measurements/*", handler=self._get),
                Route(path=f"{API}settings/*", handler=self._get),
                Route(path=f"{API}settings/*", handler=self._put, methods=("PUT",)),
            ),
            before=lambda request: None if self._settings[JSON_API] else _not_found(request),
            not_found=_not_found,
            wrong_method=lambda _: refuse(405, "Method not allowed"),
        )

    def _knows(self, request: HttpRequest) -> bool:
        """Whether the path ends in the address of its unit."""
        mac = request.path.rpartition("/")[2]
        return mac.upper().replace("-", ":") == self._controls.unit.mac_address.upper()

    def _get(self, request: HttpRequest) -> HttpReply:
        if not self._knows(request):
            return refuse(404, "Device not found")
        endpoint = request.path.removeprefix(API).partition("/")[0]
        told = self._told()
        members = (member for member in MEMBERS if member.name.startswith(f"{endpoint}."))
        body = tree((member.path, member.read(told)) for member in members)
        return HttpReply(body=json.dumps(body, separators=(",", ":")).encode(), journal={"reads": [endpoint]})

    def _put(self, request: HttpRequest) -> HttpReply:
        if not self._knows(request):
            return refuse(404, "Device not found")
        values = _values(request.body)
        if values is None:
            return refuse(400, "Invalid request")
        wanted = {name: value for name, value in values.items() if name in BY_NAME and BY_NAME[name].take is not None}
        password = values.get("settings.Values.DeviceMetadata.Password")
        refused = self.write(wanted, request.origin, password=password)
        if not refused.ok:
            return refuse(_STATUS.get(refused.refused or Reason.INVALID, 400), refused.message)
        return HttpReply(content_type=None, journal={"written": wanted})

    def write(self, wanted: Mapping[str, object], origin: Origin, *, password: object = None) -> Outcome:
        """All of it, or nothing. What comes too soon after another write is confirmed, and lost."""
        changes: list[Change] = []
        refused = self._refused(origin, password)
        for name, value in wanted.items():
            take = BY_NAME[name].take
            if refused is None and take is not None:
                found = take(self._controls, value)
                refused = found if isinstance(found, Outcome) else refused
                changes += () if isinstance(found, Outcome) else (found,)
        lost = refused is None and self._hasty()
        for name, value in wanted.items():
            self._controls.record_write(name, value, refused or DONE, origin)
        if refused is None and not lost:
            for change in changes:
                change()
            self._controls.changed()
        return refused or DONE

    def _refused(self, origin: Origin, password: object) -> Outcome | None:
        """Why nothing at all can be written now."""
        if not self._settings[CONNECT_ONLINE]:
            return Outcome(refused=Reason.UNREACHABLE, message="Device is offline")
        stated = self._settings[CONNECT_PASSWORD]
        if origin.interface == "http":
            self.password_matches = not stated or password == stated
            if not self.password_matches:
                return Outcome(refused=Reason.UNAUTHORISED, message="Wrong password")
        return None


def _not_found(_: HttpRequest) -> HttpReply:
    return refuse(404, "Not found")


def _values(body: bytes) -> dict[str, object] | None:
    """The members of `Values` by their places; None: no such object."""
    try:
        found = loads(body)
        values = found.get("Values") if isinstance(found, dict) else None
        return dict(_leaves("settings.Values", values)) if isinstance(values, dict) else None
    except (ValueError, RecursionError):
        return None


def _leaves(place: str, node: Mapping[str, object]) -> list[tuple[str, object]]:
    """Every member that is no object itself, by its place."""
    leaves: list[tuple[str, object]] = []
    for name, value in node.items():
        inner = f"{place}.{name}"
        leaves += _leaves(inner, value) if isinstance(value, dict) else [(inner, value)]
    return leaves
