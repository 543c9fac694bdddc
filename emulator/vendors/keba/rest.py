"""The REST API of P40 and of newer P30 x-series: paths, and what a client may do.

The one rule: it acts through the firmware as the registers do.
Source: ckorff/wallbox (a P30 x-series, API 2.4.1), keba_p40 for Home Assistant (a P40, API 2.5.0), client library
keba-kecontact-p40 (API 3.0.3), a test client of the API, solaredge2mqtt; actions have two spellings. ASSUMED: what
start and stop do without a card, refusals but those of tokens; profiles count for the whole week only.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from ...core.instant import Instant
from ...core.messages import DONE, Outcome, Reason
from ...devices.firmware import Profile
from ...devices.interfaces import HttpHandler, HttpInterface, HttpReply, HttpRequest, Origin, Route
from ...devices.interfaces.ship import Credentials
from ...devices.points import Point
from ...devices.texts import loads
from ...eebus.identity import credentials, private_number
from .controls import LMGMT, PROFILE, REST_PHASES, REST_SOURCE
from .logic import Logic
from .models import P40, WITH_COM_MODULE
from .readings import View
from .rest_sessions import HERE as SESSIONS
from .rest_sessions import MEMBERS, Sessions
from .rest_tokens import Tokens, refused, reply
from .rest_wallbox import Told
from .settings import OUT_OF_ORDER, PERMANENTLY_LOCKED, REST, REST_PASSWORD, X2SRC

BOX: Final = "/v2/wallboxes"
NEWEST: Final = "session."
PROFILE_ZERO: Final = "/v2/profiles/chargepointmaxprofilezero"
DAYS: Final = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
FITTED: Final = (
    Point("rest", source="clients of P40 and P40 Pro", models=P40),
    Point("rest", source="ckorff/wallbox", since="3.10.80", models=WITH_COM_MODULE, assumed="since which version"),
)
"""Who has it."""
PHASES: Final = (
    Point("phase-toggle", source="keba-kecontact-p40", since="1.3.0", models=P40),
    Point("phase-toggle", source="keba-kecontact-p40", models=WITH_COM_MODULE, assumed="on a P30 as well"),
)
_PAGE: Final = "<!doctype html>\n<html lang=en>\n<title>{0} {1}</title>\n<h1>{1}</h1>\n<p>{2}</p>\n"
"""How the web server (Werkzeug) answers what is not there. Source: ckorff/wallbox."""
Act = Callable[[HttpRequest], Outcome | None]


def _page(status: int, name: str, text: str) -> HttpReply:
    return HttpReply(
        status=status, body=_PAGE.format(status, name, text).encode(), content_type="text/html; charset=utf-8"
    )


def not_found(_: HttpRequest) -> HttpReply:
    text = (
        "The requested URL was not found on the server. "
        "If you entered the URL manually please check your spelling and try again."
    )
    return _page(404, "Not Found", text)


def _wrong_method(_: HttpRequest) -> HttpReply:
    return _page(405, "Method Not Allowed", "The method is not allowed for the requested URL.")


def _object(request: HttpRequest) -> dict[str, object]:
    """The body, if it is an object."""
    try:
        found = loads(request.body or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


class RestApi:
    """The web server of one wallbox."""

    def __init__(
        self,
        logic: Logic,
        view: Callable[[], View],
        calendar: Callable[[Instant | None], datetime],
        profile: Callable[[], Profile],
    ) -> None:
        self._logic = logic
        self._settings = logic.settings
        self._profile_of = profile
        self._serial = logic.build.serial
        self._sessions = Sessions(self._serial, view, calendar)
        self._tokens = Tokens(
            self._serial, lambda: self._settings[REST_PASSWORD], lambda: int(calendar(None).timestamp())
        )
        self.told = Told(logic.build, view)

    def read(self, address: str) -> object:
        """A member of the wallbox by dots, or `session.` and one of the newest session. KeyError if there is none."""
        session = address.removeprefix(NEWEST)
        return self._sessions.newest(session) if session != address else self.told.read(address)

    def addresses(self) -> Iterable[str]:
        yield from self.told.wallbox()
        yield from (NEWEST + member for member in MEMBERS)

    def interface(self) -> HttpInterface:
        here, told, guarded = f"{BOX}/{self._serial}", self.told, self._guarded
        post = ("POST",)
        acts: dict[str, tuple[str, Act]] = {
            "start-charging": ("startCharging", self._start),
            "stop-charging": ("stopCharging", self._stop),
            "unlock": ("unlock", lambda _: self._logic.unlock()),
            "change-availability": ("changeAvailability", self._available),
            "permanently-lock": ("permanentlyLock", lambda _: self._lock(True)),
            "phase-toggle": ("phaseToggle", self._phases),
        }
        actions = {(spelling, name): act for name, (other, act) in acts.items() for spelling in (name, other)}
        return HttpInterface(
            port=8443,
            credentials=self._credentials,
            routes=(
                Route(path="/v2/jwt/login", handler=self._login, methods=post),
                Route(path="/v2/jwt/refresh", handler=self._refresh, methods=post),
                Route(path="/serialnumber", handler=self._serial_number),
                Route(path="/version", handler=lambda _: reply(told.version)),
                Route(path=BOX, handler=guarded(lambda _: reply({"wallboxes": [told.wallbox()]}))),
                Route(path=here, handler=guarded(lambda _: reply(told.wallbox()))),
                Route(path=f"{here}/state", handler=guarded(lambda _: reply({"state": told.read("state")}))),
                Route(path=f"{BOX}/dipswitch/{self._serial}", handler=guarded(self._dip_switches)),
                Route(path=SESSIONS, handler=guarded(self._sessions.listed)),
                Route(path=f"{SESSIONS}/count", handler=guarded(self._sessions.counted)),
                Route(path=f"{SESSIONS}/export", handler=guarded(self._sessions.exported)),
                Route(path=f"{SESSIONS}/*", handler=guarded(self._sessions.single)),
                Route(path="/v2/configs/*", handler=guarded(self._configs), methods=("GET", "PUT")),
                Route(path=PROFILE_ZERO, handler=guarded(self._profile), methods=("GET", "POST")),
                *(
                    Route(path=f"{here}/{spelling}", handler=guarded(self._done(name, act)), methods=post)
                    for (spelling, name), act in actions.items()
                ),
                *(
                    Route(path=f"{here}/{spelling}", methods=("DELETE",),
                        handler=guarded(self._done("permanently-lock", lambda _: self._lock(False))))
                    for spelling in ("permanently-lock", "permanentlyLock")
                ),
            ),
            not_found=not_found,
            wrong_method=_wrong_method,
            enabled=lambda: self._served,
        )  # fmt: skip

    @property
    def _served(self) -> bool:
        return self._settings[REST] and self._logic.com_up and any(row.exists(self._profile_of()) for row in FITTED)

    def _credentials(self) -> Credentials:
        """A certificate of its own. ASSUMED: the names in it."""
        number = private_number(lambda what: zlib.crc32(f"{self._serial} {what}".encode()))
        return credentials(number, f"KEBA {self._serial}", "KEBA Energy Automation GmbH", "AT")

    # --- log-in ------------------------------------------------------------------------------------------------------

    def _login(self, request: HttpRequest) -> HttpReply:
        given = _object(request)
        if given.get("username") != "admin" or given.get("password") != self._settings[REST_PASSWORD]:
            return refused(401, "Bad username or password")
        return reply({"accessToken": self._tokens.issue("access"), "refreshToken": self._tokens.issue("refresh")})

    def _refresh(self, request: HttpRequest) -> HttpReply:
        refusal = self._tokens.refusal(request, "refresh")
        return reply({"accessToken": self._tokens.issue("access")}) if refusal is None else refusal

    def _guarded(self, handler: HttpHandler) -> HttpHandler:
        return lambda request: self._tokens.refusal(request, "access") or handler(request)

    # --- what it tells -----------------------------------------------------------------------------------------------

    def _serial_number(self, _: HttpRequest) -> HttpReply:
        return HttpReply(body=self._serial.encode(), content_type="text/plain")

    def _dip_switches(self, request: HttpRequest) -> HttpReply:
        """ASSUMED: a P40, which has none, does not know the path."""
        return not_found(request) if self._logic.build.p40 else reply(self.told.dip_switches())

    def _configs(self, request: HttpRequest) -> HttpReply:
        """A group, whose values are texts, or the bare value of one key. Load management can be written."""
        group, _, key = request.path.removeprefix("/v2/configs/").rstrip("/").partition("/")
        found = self.told.groups().get(group)
        if found is None or (key and key not in found):
            return not_found(request)
        if request.method == "PUT":
            return self._write(group, _object(request).get("configs"), request.origin)
        if key:
            return reply(found[key])
        return reply({"configs": [{"key": name, "value": str(value)} for name, value in found.items()]})

    def _write(self, group: str, entries: object, origin: Origin) -> HttpReply:
        """All entries, or nothing."""
        if group != "lmgmt" or not isinstance(entries, list):
            return refused(400, "Bad Request")
        for entry in entries:
            if not isinstance(entry, dict) or entry.get("key") != LMGMT.setting.name:
                return refused(400, "Bad Request")
            outcome = LMGMT.write(self._logic, _number(entry.get("value")), origin)
            self._logic.record_write(f"rest.{LMGMT.setting.name}", entry.get("value"), outcome, origin)
            if not outcome.ok:
                return refused(400, outcome.message)
        return reply({})

    def _profile(self, request: HttpRequest) -> HttpReply:
        """The limit of the whole charge point."""
        if request.method == "GET":
            stated = self._settings[PROFILE.setting]
            return reply({"profileItems": [] if stated is None else [_item(stated)]})
        match _object(request).get("profileItems"):
            case [{"maxCurrentOffered": int(limit)} as item] if item == _item(limit):
                outcome = PROFILE.write(self._logic, limit, request.origin)
            case _:
                return refused(400, "Bad Request")
        self._logic.record_write("rest.maxCurrentOffered", limit, outcome, request.origin)
        return reply({}) if outcome.ok else refused(400, outcome.message)

    # --- actions -----------------------------------------------------------------------------------------------------

    def _done(self, name: str, act: Act) -> HttpHandler:
        def handler(request: HttpRequest) -> HttpReply:
            outcome = act(request) or DONE
            self._logic.record_write(f"rest.{name}", _object(request) or True, outcome, request.origin)
            self._logic.changed()
            return reply({}) if outcome.ok else refused(409, outcome.message or "Conflict")

        return handler

    def _start(self, request: HttpRequest) -> Outcome | None:
        """With a card's number (`id` of the query, `tokenId` of the body) where cards are needed."""
        self._logic.enable_over_rest(True)
        card = dict(request.query).get("id") or _object(request).get("tokenId")
        return self._logic.cards.present(str(card)) if card and self._logic.cards.authorisation_missing else None

    def _stop(self, _: HttpRequest) -> Outcome | None:
        self._logic.enable_over_rest(False)
        return self._logic.cards.withdraw() if self._logic.cards.card is not None else None

    def _available(self, request: HttpRequest) -> None:
        self._settings.put(OUT_OF_ORDER, _object(request).get("available") is False)

    def _lock(self, locked: bool) -> None:
        self._settings.put(PERMANENTLY_LOCKED, locked)

    def _phases(self, request: HttpRequest) -> Outcome | None:
        """`numberOfPhases` 1 or 3. ASSUMED: where nobody else is entitled to switch phases, this API is."""
        wanted = {"1": 0, "3": 1}.get(dict(request.query).get("numberOfPhases") or "")
        if not any(row.exists(self._profile_of()) for row in PHASES):
            return Outcome(refused=Reason.NOT_FITTED, message="Not supported")
        if self._settings[X2SRC] == 0:
            self._settings.put(X2SRC, REST_SOURCE)
        return REST_PHASES.write(self._logic, wanted, request.origin)


def _item(limit: object) -> dict[str, object]:
    """A profile's item that is for every hour of the week [mA]."""
    return {"maxCurrentOffered": limit, "startTime": "00:00:00", "stopTime": "24:00:00", "daysOfWeek": list(DAYS)}


def _number(value: object) -> object:
    """A number may come as text, as it is shown."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 else value
