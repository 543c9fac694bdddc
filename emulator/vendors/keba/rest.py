"""The REST API of a P40: log-in, the wallbox, its sessions, and what a client may do.

The one rule: it acts through the firmware as the registers do, and tells the same in its own words and units.
Source: clients of P40 and P40 Pro (the KEBA integrations for Home Assistant and openHAB, solaredge2mqtt, the library
keba-kecontact-p40), which name paths, members, units and states. ASSUMED: refusals, lifetime of tokens, what start and
stop do without a card, that the profile of the charge point limits like load management, and that switching phases here
needs no source; members that no client reads are missing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Final
from zlib import crc32

from ...core.messages import Outcome
from ...devices.interfaces import HttpHandler, HttpInterface, HttpReply, HttpRequest, Origin, Route
from ...devices.interfaces.ship import Credentials
from ...eebus.identity import credentials, private_number
from .controls import REST_PHASES
from .entries import NO_TAG, Entry
from .logic import Logic
from .readings import CHARGING, ERROR, INTERRUPTED, READY, View
from .settings import (
    ENA,
    FAILSAFE_CURRENT,
    FAILSAFE_TIMEOUT,
    HIGHEST,
    LMGMT_CURRENT,
    LOWEST,
    OUT_OF_ORDER,
    PERMANENTLY_LOCKED,
    REST,
    REST_PASSWORD,
)

API_VERSION: Final = "2.5.0"
"""`/version`. Source: a P40 Pro."""
ACCESS_LASTS, REFRESH_LASTS = 3600, 86_400
"""Lifetime of the two tokens [s]."""
STATES: Final = {
    READY: "READY_FOR_CHARGING",
    CHARGING: "CHARGING",
    ERROR: "RECOVER_FROM_ERROR",
    INTERRUPTED: "SUSPENDED",
}
"""By the state of register 1000; else IDLE."""
LASTING: Final = frozenset({"rcd_sensor_defect", "rcd_selftest", "contactor_welded", "switch_unconfigured"})
"""Faults that do not go away by themselves: UNRECOVERABLE_ERROR."""
BOX: Final = "/v2/wallboxes"
PROFILE: Final = "/v2/profiles/chargepointmaxprofilezero"


def _json(value: object, status: int = 200) -> HttpReply:
    return HttpReply(status=status, body=json.dumps(value).encode())


def _refused(status: int, text: str) -> HttpReply:
    return _json({"message": text}, status)


def _object(request: HttpRequest) -> dict[str, object]:
    """The body, if it is an object."""
    try:
        found = json.loads(request.body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class RestApi:
    """The web server of one P40."""

    def __init__(self, logic: Logic, view: Callable[[], View], time: Callable[[], int], changed: Callable[[], None]):
        """`time`: unix seconds; `changed`: something may look different."""
        self._logic = logic
        self._settings = logic.settings
        self._view = view
        self._time = time
        self._changed = changed
        self._serial = logic.build.serial

    def interface(self) -> HttpInterface:
        here = f"{BOX}/{self._serial}"
        acts: dict[str, Callable[[HttpRequest], Outcome | None]] = {
            "start-charging": self._start,
            "stop-charging": self._stop,
            "unlock": lambda _: self._logic.unlock(),
            "change-availability": self._available,
            "phase-toggle": self._phases,
            "permanently-lock": self._lock_for_good,
        }
        return HttpInterface(
            port=8443,
            credentials=self._credentials,
            routes=(
                Route(path="/v2/jwt/login", handler=self._login, methods=("POST",)),
                Route(path="/v2/jwt/refresh", handler=self._refresh, methods=("POST",)),
                Route(path="/serialnumber", handler=self._serial_number),
                Route(path="/version", handler=lambda _: _json(API_VERSION)),
                Route(path=BOX, handler=self._guarded(lambda _: _json({"wallboxes": [self.wallbox()]}))),
                Route(path=here, handler=self._guarded(lambda _: _json(self.wallbox()))),
                Route(path=here + "/permanentlyLock", handler=self._guarded(self._lock), methods=("POST", "DELETE")),
                Route(path=PROFILE, handler=self._guarded(self._profile), methods=("POST",)),
                Route(path="/v2/sessions", handler=self._guarded(self._sessions)),
                Route(path="/v2/configs/*", handler=self._guarded(self._configs), methods=("GET", "PUT")),
                *(
                    Route(path=f"{here}/{name}", handler=self._guarded(self._done(name, act)), methods=("POST",))
                    for name, act in acts.items()
                ),
            ),
            enabled=lambda: self._settings[REST],
        )

    def _credentials(self) -> Credentials:
        """The self-signed certificate of this box."""
        number = private_number(lambda what: crc32(f"{self._serial} {what}".encode()))
        return credentials(number, self._serial, "KEBA", "AT")

    # --- log-in ------------------------------------------------------------------------------------------------------

    def _token(self, kind: str, lasts: int) -> str:
        head = _part({"alg": "HS256", "typ": "JWT"})
        body = _part({"sub": "admin", "type": kind, "exp": self._time() + lasts})
        return f"{head}.{body}.{self._signature(f'{head}.{body}')}"

    def _signature(self, text: str) -> str:
        key = f"{self._serial} {self._settings[REST_PASSWORD]}".encode()
        return _part(hmac.new(key, text.encode(), hashlib.sha256).digest())

    def _valid(self, request: HttpRequest, kind: str) -> bool:
        """Whether the request carries a token of that kind that has not expired."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        text, _, signature = token.rpartition(".")
        if scheme != "Bearer" or not hmac.compare_digest(signature.encode(), self._signature(text).encode()):
            return False
        claims = json.loads(base64.urlsafe_b64decode(text.partition(".")[2] + "=="))
        return bool(claims["type"] == kind and claims["exp"] > self._time())

    def _login(self, request: HttpRequest) -> HttpReply:
        given = _object(request)
        if given.get("username") != "admin" or given.get("password") != self._settings[REST_PASSWORD]:
            return _refused(401, "Unauthorized")
        refresh = self._token("refresh", REFRESH_LASTS)
        return _json({"accessToken": self._token("access", ACCESS_LASTS), "refreshToken": refresh})

    def _refresh(self, request: HttpRequest) -> HttpReply:
        if not self._valid(request, "refresh"):
            return _refused(401, "Unauthorized")
        return _json({"accessToken": self._token("access", ACCESS_LASTS)})

    def _guarded(self, handler: HttpHandler) -> HttpHandler:
        return lambda request: handler(request) if self._valid(request, "access") else _refused(401, "Unauthorized")

    # --- what it tells -----------------------------------------------------------------------------------------------

    def _serial_number(self, _: HttpRequest) -> HttpReply:
        return HttpReply(body=self._serial.encode(), content_type="text/plain")

    def _state(self, v: View) -> str:
        if not v.running or self._settings[OUT_OF_ORDER]:
            return "UNAVAILABLE"
        if v.state == ERROR and LASTING & set(v.now.faults):
            return "UNRECOVERABLE_ERROR"
        return STATES.get(v.state, "IDLE")

    def wallbox(self) -> dict[str, object]:
        """One entry of `/v2/wallboxes`."""
        v, settings = self._view(), self._settings
        lines = [
            {"line": f"L{index + 1}", "current": current, "voltage": voltage}
            for index, (current, voltage) in enumerate(zip(v.currents, v.voltages, strict=True))
        ]
        return {
            "number": 1,
            "serialNumber": self._serial,
            "model": str(self._logic.build.traits.code),
            "state": self._state(v),
            "errorCode": f"{v.error:#x}" if v.error else None,
            "vehiclePlugged": v.now.plugged,
            "authorizationEnabled": self._logic.cards.authorisation_on,
            "sessionActive": self._logic.log.running is not None,
            "permanentlyLocked": settings[PERMANENTLY_LOCKED],
            "maxPhases": 3,
            "maxCurrent": v.hardware_current,
            "phaseUsed": "L1" if v.now.phases == 1 else "L1_L2_L3",
            "firmwareVersion": ".".join(map(str, self._logic.build.version)),
            "alias": None,
            "meter": {
                "meterValue": v.total_energy * 100,
                "totalActivePower": v.power,
                "totalPowerFactor": v.power_factor,
                "phasesSupported": 3,
                "currentOffered": v.offered,
                "temperature": round(100 * v.now.temperature["board"]),
                "lines": lines,
            },
        }

    def read(self, address: str) -> object:
        """A member of the wallbox, by dots. KeyError if there is none."""
        found: object = self.wallbox()
        for step in address.split("."):
            if isinstance(found, dict):
                found = found[step]
            elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
                found = found[int(step)]
            else:
                raise KeyError(address)
        return found

    def _sessions(self, request: HttpRequest) -> HttpReply:
        """Newest first; `limit` of the query."""
        limit = next((value for name, value in request.query if name == "limit"), None) or "10"
        count = int(limit) if limit.isdigit() else 10
        log, v = self._logic.log, self._view()
        found = [] if log.running is None else [self._session(log.report(0, v.now), self._status(v))]
        found += [self._session(entry, "CLOSED") for entry in log.history]
        return _json({"sessions": found[:count]})

    def _status(self, v: View) -> str:
        if v.state == CHARGING:
            return "PWM_CHARGING"
        return "BLOCKED" if v.state == INTERRUPTED else "INITIATED"

    def _session(self, entry: Entry, status: str) -> dict[str, object]:
        """Energies in mWh, instants and durations in ms."""
        started, ended = entry["started[s]"], entry["ended[s]"]
        closed = status == "CLOSED"
        return {
            "id": entry["Session ID"],
            "wallboxNumber": 1,
            "wallboxSerialNumber": self._serial,
            "status": status,
            "startingMeterValue": entry["E start"] * 100,
            "startDate": started * 1000,
            "energyConsumed": entry["E pres"] * 100,
            "duration": ((ended if closed else self._time()) - started) * 1000,
            "tokenId": None if entry["RFID tag"] == NO_TAG else entry["RFID tag"],
            "endingMeterValue": (entry["E start"] + entry["E pres"]) * 100 if closed else None,
            "endDate": ended * 1000 if closed else None,
        }

    # --- configuration -----------------------------------------------------------------------------------------------

    def _groups(self) -> dict[str, dict[str, object]]:
        settings, v = self._settings, self._view()
        return {
            "lmgmt": {
                "max_available_current": settings[LMGMT_CURRENT] or v.hardware_current,
                "min_default_current": 6000,
                "nominal_voltage": 230,
                "nominal_frequency": 50,
            },
            "modbus": {
                "modbus_failsafe_current": settings[FAILSAFE_CURRENT],
                "modbus_failsafe_timeout": settings[FAILSAFE_TIMEOUT],
            },
        }

    def _configs(self, request: HttpRequest) -> HttpReply:
        """A group, or one key of it. Only the current of load management can be written."""
        group, _, key = request.path.removeprefix("/v2/configs/").rstrip("/").partition("/")
        found = self._groups().get(group)
        if found is None or (key and key not in found):
            return _refused(404, "Not Found")
        if request.method == "GET":
            return _json({"configs": [{"key": n, "value": x} for n, x in found.items() if key in ("", n)]})
        return self._write(group, _object(request).get("configs"), request.origin)

    def _write(self, group: str, entries: object, origin: Origin) -> HttpReply:
        if group != "lmgmt" or not isinstance(entries, list):
            return _refused(400, "Bad Request")
        for entry in entries:
            if not isinstance(entry, dict) or entry.get("key") != "max_available_current":
                return _refused(400, "Bad Request")
            if not self._limit("max_available_current", entry.get("value"), origin):
                return _refused(400, "Bad Request")
        self._changed()
        return _json({})

    def _limit(self, name: str, value: object, origin: Origin) -> bool:
        """Take a current [mA]; False: it is none."""
        if not isinstance(value, int) or isinstance(value, bool) or not LOWEST <= value <= HIGHEST:
            return False
        self._settings.put(LMGMT_CURRENT, value)
        self._logic.record_write(f"rest.{name}", value, Outcome(), origin)
        return True

    def _profile(self, request: HttpRequest) -> HttpReply:
        """The highest current of the charge point. ASSUMED: the first item counts, at any time of the week."""
        items = _object(request).get("profileItems")
        first = items[0] if isinstance(items, list) and items else None
        current = first.get("maxCurrentOffered") if isinstance(first, dict) else None
        if not self._limit("max_current_offered", current, request.origin):
            return _refused(400, "Bad Request")
        self._changed()
        return _json({})

    # --- actions -----------------------------------------------------------------------------------------------------

    def _done(self, name: str, act: Callable[[HttpRequest], Outcome | None]) -> HttpHandler:
        def handler(request: HttpRequest) -> HttpReply:
            outcome = act(request) or Outcome()
            self._logic.record_write(f"rest.{name}", _object(request) or True, outcome, request.origin)
            self._changed()
            return _json({}) if outcome.ok else _refused(409, outcome.message or "Conflict")

        return handler

    def _start(self, request: HttpRequest) -> Outcome | None:
        """With a card's number where cards are needed."""
        self._settings.put(ENA, True)
        card = _object(request).get("tokenId")
        return self._logic.cards.present(str(card)) if card and self._logic.cards.authorisation_missing else None

    def _stop(self, _: HttpRequest) -> Outcome | None:
        self._settings.put(ENA, False)
        return self._logic.cards.withdraw() if self._logic.cards.card is not None else None

    def _available(self, request: HttpRequest) -> None:
        self._settings.put(OUT_OF_ORDER, _object(request).get("available") is False)

    def _lock_for_good(self, _: HttpRequest) -> None:
        self._settings.put(PERMANENTLY_LOCKED, True)

    def _phases(self, request: HttpRequest) -> Outcome | None:
        found = {"1": 0, "3": 1}.get(dict(request.query).get("numberOfPhases") or "")
        return REST_PHASES.write(self._logic, found, request.origin)

    def _lock(self, request: HttpRequest) -> HttpReply:
        self._settings.put(PERMANENTLY_LOCKED, request.method == "POST")
        self._changed()
        return _json({})
