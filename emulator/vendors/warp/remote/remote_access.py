"""Remote access: the vendor's relay, which never answers here.

The one rule: what is configured waits for its other end as in the device.
Source: Tinkerforge esp32-firmware, `modules/remote_access`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ....core.instant import MILLISECOND, SECOND, Instant
from ....devices.interfaces import HttpReply, HttpRequest
from ..api import payload as payloads
from ..api.documents import Doc
from ..api.rows import AnyRow, Source
from ..api.schema import BOOL, I52, U8, U32, U53, DocumentError, Int, Str, uint
from ..api.shapes import Arr, many, obj
from ..module import Module
from ..platform import Handlers, Platform
from ..view import View
from ..web.replies import text

FW: Final = Source("fw: modules/remote_access")
HTTP_STEPS: Final = ("get_login_salt", "get_secret_salt")
CONNECTIONS: Final = 6
"""The management connection, and five of users. ASSUMED number."""
LONGEST_BODY: Final = 5120
NONE, IN_PROGRESS, SUCCESS, ERROR = range(4)
PING_RUNS: Final = "Ping already started"
_DISCONNECTED: Final = 1


class RemoteAccess(Module):
    """The relay's side of one wallbox: nobody answers."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self._pinging: Instant | None = None
        self._pinged = (0, 0)
        """Packets and ms of the last run."""

    def routes(self) -> Mapping[str, Handlers]:
        steps: dict[str, Handlers] = {f"/remote_access/{step}": {"PUT": self.asked} for step in HTTP_STEPS}
        return {**steps, "/remote_access/reset_registration_state": {"PUT": self._reset}}

    def _reset(self, _: HttpRequest) -> HttpReply:
        self.registration(NONE)
        return text("")

    def configure(self, doc: Doc) -> None:
        names = ("enable", "relay_host", "relay_port", "cert_id")
        self.api.update("remote_access/config", **{name: doc[name] for name in names})

    def ping_state(self, v: View) -> object:
        sent, elapsed = self._pinged if self._pinging is None else self.pings(v.at)
        return {"packets_sent": sent, "packets_received": 0, "time_elapsed_ms": elapsed}

    def boot(self) -> None:
        self._pinging, self._pinged = None, (0, 0)

    def ping(self) -> str | None:
        if self._pinging is not None:
            return PING_RUNS
        self._pinging = self.platform.at
        return None

    def stop_ping(self) -> None:
        self._pinged = self.pings(self.platform.at)
        self._pinging = None

    def pings(self, at: Instant) -> tuple[int, int]:
        """Packets sent, one a second, and ms since the first. Source of the pace: ASSUMED."""
        if self._pinging is None:
            return self._pinged
        gone = at - self._pinging
        return gone // SECOND + 1, gone // MILLISECOND

    def registration(self, state: int, message: str = "") -> None:
        self.api.put("remote_access/registration_state", {"state": state, "message": message})
        self.platform.changed()

    def asked(self, request: HttpRequest) -> HttpReply:
        """A step of a registration: checked, taken, and then the relay cannot be reached."""
        problem = self._wrong(request.body)
        if problem is not None:
            status, why = problem
            return text(why, status)
        self.registration(IN_PROGRESS)
        self.platform.later(1.0, lambda: self.registration(ERROR, "Failed to connect to the relay"))
        return text("")

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


_REGISTRATION: Final = obj(
    enable=BOOL, relay_host=Str(0, 32), relay_port=Int(16, value=443), email=Str(0, 64), cert_id=Int(8, True, value=-1)
)
_CONNECTION: Final = obj(
    state=Int(8, value=_DISCONNECTED), user=Int(8, value=255), connection=Int(8, value=255), last_state_change=U53
)
ROWS: Final[tuple[AnyRow[RemoteAccess], ...]] = (
    FW.config(
        "remote_access/config",
        obj(
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
        about="changed by remote_access/config_update and by a registration",
    ),
    FW.document(
        "remote_access/state", many(_CONNECTION, CONNECTIONS), live=False, about="disconnected: there is no relay"
    ),
    FW.document(
        "remote_access/registration_state",
        obj(state=uint(0, 3, width=8), message=Str(0, 64)),
        assumed="text of the error when there is no relay",
    ),
    FW.state(
        "remote_access/ping_state",
        obj(packets_sent=U32, packets_received=U32, time_elapsed_ms=I52),
        RemoteAccess.ping_state,
    ),
    FW.command("remote_access/start_ping", lambda m, _: m.ping(), action=True),
    FW.command("remote_access/stop_ping", lambda m, _: m.stop_ping(), action=True),
    FW.command("remote_access/config_update", RemoteAccess.configure, _REGISTRATION),
    FW.command("remote_access/config_reset", lambda m, _: m.api.forget_saved("remote_access/config"), action=True),
)
