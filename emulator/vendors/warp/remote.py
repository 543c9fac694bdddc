"""Reaching the box from elsewhere: WireGuard, certificates, the vendor's relay; and whether a crash left a dump.

The one rule: no tunnel and no relay exists here, so what is configured waits for its other end as a real box would.
Source: Tinkerforge esp32-firmware, `modules/wireguard`, `certs`, `remote_access`, `coredump`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from ...core.instant import MILLISECOND, SECOND, Instant
from ...devices.interfaces import HttpReply, HttpRequest, Origin
from . import payload as payloads
from .network import parse_ip
from .rows import AnyRow, Command, Config, Document, State
from .schema import BOOL, I52, U8, U32, U53, Arr, Bool, DocumentError, Int, Str, many, obj, uint

if TYPE_CHECKING:
    from .view import View
    from .wallbox import Warp

WIREGUARD: Final = "fw: modules/wireguard"
CERTS: Final = "fw: modules/certs"
REMOTE: Final = "fw: modules/remote_access"
COREDUMP: Final = "fw: modules/coredump"

# --- WireGuard -------------------------------------------------------------------------------------------------------

_KEY_LENGTH: Final = " had unexpected length. Expecting a base64 encoded string of length 44."
_KEY_LETTER: Final = " contained unexpected character. Expecting a base64 encoded string."
_KEY_BYTES: Final = (
    " decodes to a key of unexpected length. Expecting a base64 encoded string that decodes to a 32 byte long key."
)
_NO_KEY: Final = " is empty, but Wireguard shall be enabed. Set this key to be able to enable Wireguard."


def wrong_key(key: str, needed: bool) -> str | None:
    """What the firmware says of a key, the typing error included."""
    if not key:
        return _NO_KEY if needed else None
    if len(key) != 44:
        return _KEY_LENGTH
    try:
        decoded = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return _KEY_LETTER
    return None if len(decoded) == 32 else _KEY_BYTES


def _check_wireguard(_: Warp, value: object) -> str | None:
    config = cast("dict[str, Any]", value)
    for name in ("internal_ip", "internal_subnet", "internal_gateway", "allowed_ip", "allowed_subnet"):
        if parse_ip(config[name]) is None:
            return f'Failed to parse "{name}": Expected format is dotted decimal, i.e. 10.0.0.1'
    keys = (("private_key", config["enable"]), ("remote_public_key", config["enable"]), ("preshared_key", False))
    for name, needed in keys:
        if (problem := wrong_key(config[name], needed)) is not None:
            return f'"{name}"{problem}'
    return None


def _wireguard(v: View) -> object:
    """0 not configured, 1 waiting for the time, 2 not connected; a peer to connect to does not exist."""
    enabled = cast("dict[str, Any]", v.box.api.active("wireguard/config"))["enable"]
    known = v.box.clock.known(v.at) and v.at >= v.box.booted_at + SECOND
    return {"connection_start": 0, "connection_end": 0, "state": (2 if known else 1) if enabled else 0}


_IP: Final = Str(7, 15, "0.0.0.0")
WIREGUARD_ROWS: Final[tuple[AnyRow, ...]] = (
    Config(
        name="wireguard/config",
        schema=obj(
            enable=BOOL,
            make_default_interface=Bool(True),
            internal_ip=_IP,
            internal_subnet=_IP,
            internal_gateway=_IP,
            remote_host=Str(0, 64),
            remote_port=Int(16, value=51820),
            local_port=Int(16, value=51820),
            private_key=Str(0, 44),
            remote_public_key=Str(0, 44),
            preshared_key=Str(0, 44),
            allowed_ip=_IP,
            allowed_subnet=_IP,
        ),
        validate=_check_wireguard,
        censor=("private_key", "remote_public_key", "preshared_key"),
        source=WIREGUARD,
        about="needs a restart",
    ),
    State(
        name="wireguard/state",
        schema=obj(connection_start=U32, connection_end=U32, state=U8),
        read=_wireguard,
        source=WIREGUARD,
    ),
)

# --- certificates ----------------------------------------------------------------------------------------------------

LAST_CERT: Final = 7
_PEM: Final = re.compile(
    r"-----BEGIN (CERTIFICATE|PRIVATE KEY|RSA PRIVATE KEY|EC PRIVATE KEY)-----\s*(.*?)\s*-----END \1-----", re.DOTALL
)
NO_PEM: Final = "Failed to parse certificate: PEM - No PEM header or footer found"
BAD_PEM: Final = (
    "Failed to parse certificate: PEM - PEM string is not as expected : BASE64 - Invalid character in input"
)


def _stored(box: Warp) -> dict[int, tuple[str, str]]:
    saved = cast("Mapping[Any, Any]", box.settings["certificates"])
    return {int(number): (name, text) for number, (name, text) in sorted(saved.items(), key=lambda i: int(i[0]))}


def _store(box: Warp, certs: dict[int, tuple[str, str]]) -> None:
    box.settings.put("certificates", dict(sorted(certs.items())))


def _check_cert(_: Warp, value: object) -> str | None:
    text = cast("dict[str, str]", value)["cert"]
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


def _add_cert(box: Warp, value: object, _: Origin) -> str | None:
    upload = cast("dict[str, Any]", value)
    box.api.forget("certs/add")
    certs = _stored(box)
    if not upload["cert"]:
        return "Adding an empty certificate is not allowed. Did you mean to call certs/modify?"
    if upload["id"] in certs:
        return f"A certificate with ID {upload['id']} does already exist! Did you mean to call certs/modify?"
    _store(box, certs | {upload["id"]: (upload["name"], upload["cert"])})
    return None


def _modify_cert(box: Warp, value: object, _: Origin) -> str | None:
    upload = cast("dict[str, Any]", value)
    box.api.forget("certs/modify")
    certs = _stored(box)
    if upload["id"] not in certs:
        return f"No cert with ID {upload['id']} found! Did you mean to call certs/add?"
    _store(box, certs | {upload["id"]: (upload["name"], upload["cert"] or certs[upload["id"]][1])})
    return None


def _remove_cert(box: Warp, value: object, _: Origin) -> str | None:
    number = cast("dict[str, int]", value)["id"]
    certs = _stored(box)
    if number not in certs:
        return f"No cert with ID {number} found!"
    del certs[number]
    _store(box, certs)
    return None


_CERT_ID: Final = uint(0, LAST_CERT, width=8)
_UPLOAD: Final = obj(id=_CERT_ID, name=Str(0, 32), cert=Str(0, 4027))
CERT_ROWS: Final[tuple[AnyRow, ...]] = (
    State(
        name="certs/state",
        schema=obj(certs=Arr(obj(id=_CERT_ID, name=Str(0, 32)), LAST_CERT + 1)),
        read=lambda v: {"certs": [{"id": number, "name": name} for number, (name, _) in _stored(v.box).items()]},
        source=CERTS,
    ),
    Command(name="certs/add", schema=_UPLOAD, run=_add_cert, validate=_check_cert, action=True, source=CERTS),
    Command(name="certs/modify", schema=_UPLOAD, run=_modify_cert, validate=_check_cert, action=True, source=CERTS),
    Command(name="certs/remove", schema=obj(id=_CERT_ID), run=_remove_cert, action=True, source=CERTS),
)

# --- remote access ---------------------------------------------------------------------------------------------------

CONNECTIONS: Final = 6
"""The management connection, and five of users. ASSUMED number."""
LONGEST_BODY: Final = 5120
NONE, IN_PROGRESS, SUCCESS, ERROR = range(4)
PING_RUNS: Final = "Ping already started"
_DISCONNECTED: Final = 1


class RemoteAccess:
    """The relay's side of one box: nobody answers."""

    def __init__(self, box: Warp) -> None:
        self._box = box
        self._pinging: Instant | None = None
        self._pinged = (0, 0)
        """Packets and ms of the last run."""

    def boot(self) -> None:
        self._pinging, self._pinged = None, (0, 0)

    def ping(self) -> str | None:
        if self._pinging is not None:
            return PING_RUNS
        self._pinging = self._box.simulation.at
        return None

    def stop_ping(self) -> None:
        self._pinged = self.pings(self._box.simulation.at)
        self._pinging = None

    def pings(self, at: Instant) -> tuple[int, int]:
        """Packets sent, one a second, and ms since the first. Source of the pace: ASSUMED."""
        if self._pinging is None:
            return self._pinged
        gone = at - self._pinging
        return gone // SECOND + 1, gone // MILLISECOND

    def registration(self, state: int, message: str = "") -> None:
        self._box.api.put("remote_access/registration_state", {"state": state, "message": message})
        self._box.changed()

    def asked(self, request: HttpRequest) -> HttpReply:
        """A step of a registration: checked, taken, and then the relay cannot be reached."""
        problem = self._wrong(request.body)
        if problem is not None:
            status, text = problem
            return HttpReply(status=status, body=text.encode(), content_type="text/plain; charset=utf-8")
        self.registration(IN_PROGRESS)
        self._box.later(1.0, lambda: self.registration(ERROR, "Failed to connect to the relay"))
        return HttpReply(content_type="text/plain; charset=utf-8")

    def _wrong(self, body: bytes) -> tuple[int, str] | None:
        if not body:
            return 400, "Empty request body"
        if len(body) > LONGEST_BODY:
            return 413, "Request body too large"
        try:
            value = payloads.document(body, _REGISTRATION, _REGISTRATION.default())
        except DocumentError as error:
            return 400, str(error)
        problem = _REGISTRATION.limits(value)
        return None if problem is None else (400, problem)


def _configure(box: Warp, value: object, _: Origin) -> str | None:
    wanted = cast("dict[str, Any]", value)
    names = ("enable", "relay_host", "relay_port", "cert_id")
    box.api.update("remote_access/config", **{name: wanted[name] for name in names})
    return None


def _forget(box: Warp, _: object, __: Origin) -> str | None:
    box.settings.put("remote_access/config", None)
    return None


def _stop_ping(box: Warp, _: object, __: Origin) -> str | None:
    box.remote.stop_ping()
    return None


def _ping_state(v: View) -> object:
    sent, elapsed = v.box.remote.pings(v.at)
    return {"packets_sent": sent, "packets_received": 0, "time_elapsed_ms": elapsed}


_REGISTRATION: Final = obj(
    enable=BOOL,
    relay_host=Str(0, 32),
    relay_port=Int(16, value=443),
    email=Str(0, 64),
    cert_id=Int(8, True, value=-1),
)
_CONNECTION: Final = obj(
    state=Int(8, value=_DISCONNECTED), user=Int(8, value=255), connection=Int(8, value=255), last_state_change=U53
)
REMOTE_ROWS: Final[tuple[AnyRow, ...]] = (
    Config(
        name="remote_access/config",
        schema=obj(
            uuid=Str(0, 36),
            enable=BOOL,
            password=Str(0, 32),
            relay_host=Str(0, 64, "my.warp-charger.com"),
            relay_port=Int(16, value=443),
            cert_id=Int(8, True, value=-1),
            users=Arr(obj(id=U8, email=Str(0, 64), uuid=Str(0, 36), public_key=Str(0, 44)), CONNECTIONS - 1),
        ),
        update=False,
        censor=("password",),
        source=REMOTE,
        about="changed by remote_access/config_update and by a registration",
    ),
    Document(
        name="remote_access/state",
        schema=many(_CONNECTION, CONNECTIONS),
        source=REMOTE,
        live=False,
        about="disconnected: there is no relay",
    ),
    Document(
        name="remote_access/registration_state",
        schema=obj(state=uint(0, 3, width=8), message=Str(0, 64)),
        source=REMOTE,
        assumed="text of the error when there is no relay",
    ),
    State(
        name="remote_access/ping_state",
        schema=obj(packets_sent=U32, packets_received=U32, time_elapsed_ms=I52),
        read=_ping_state,
        source=REMOTE,
    ),
    Command(name="remote_access/start_ping", run=lambda box, _, __: box.remote.ping(), action=True, source=REMOTE),
    Command(name="remote_access/stop_ping", run=_stop_ping, action=True, source=REMOTE),
    Command(name="remote_access/config_update", schema=_REGISTRATION, run=_configure, source=REMOTE),
    Command(name="remote_access/config_reset", run=_forget, action=True, source=REMOTE),
)
HTTP_STEPS: Final = ("get_login_salt", "get_secret_salt")
COREDUMP_ROWS: Final[tuple[AnyRow, ...]] = (
    Document(
        name="coredump/state",
        schema=obj(coredump_available=BOOL),
        source=COREDUMP,
        live=False,
        about="this firmware never crashed",
    ),
)
