"""HTTP: how a request finds its path, verbs, suffixes, log-in.

The one rule: the target is compared as it was sent, query included; API paths are left to the registry.
Source: Tinkerforge esp32-firmware, `modules/http/http.cpp`, `modules/web_server`, `main.cpp`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from ....core.instant import MILLISECOND
from ....devices.interfaces import Close, HttpInterface, HttpReply, HttpRequest, Route, WebSocketEndpoint
from ....devices.points import Fidelity, Point
from ....devices.rendering import Carried
from ..api.registry import Target
from ..api.rows import UPDATE
from ..api.schema import PathError
from ..api.shapes import plain
from ..charging.users import Users
from ..meters.slots import Meters
from ..module import Module
from ..network.network import Network
from ..platform import Handlers, Platform
from ..push.feed import Board
from ..push.ws import Broadcast, Ws, topics_in
from ..rules.automation import Automation
from ..system.device_name import DeviceName
from . import digest
from .debug_report import debug_report
from .replies import JSON, TEXT, document, text
from .trace import compressed, trace_log

HTTPS_ONLY: Final = 1
SOCKETS: Final = 5
NOT_FOUND: Final = "Nothing matches the given URI."
NO_UPDATE: Final = "Request method for this URI is not handled by server"
NO_METHOD: Final = "Method not allowed for API path"
NO_PART: Final = "Path not found"
BAD_PATH: Final = "path may not contain // or end on a /"
LONG_PATH: Final = "path too long"
INSECURE: Final = "HTTP disabled; use HTTPS instead"
NO_UPGRADE: Final = "Bad Request: WebSocket not supported"
UPGRADE_NEEDED: Final = "Upgrade Required: WebSockets only"
LEVELS: Final = 10
"""ASSUMED: parts of a suffix that the device has room for."""
BIGGEST_BODY: Final = 1 << 20
PAGE: Final = (
    '<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title></head>'
    "<body><h1>{title}</h1><p>{name}</p></body></html>"
)


class Http(Module):
    """The HTTP side of one wallbox."""

    def __init__(
        self,
        platform: Platform,
        users: Users,
        automation: Automation,
        names: DeviceName,
        meters: Meters,
        network: Network,
        board: Board,
        modules: Iterable[Module],
    ) -> None:
        """`modules`: whose own paths are served as well."""
        super().__init__(platform)
        self.users = users
        self.automation = automation
        self.names = names
        self._challenges = 0
        self._peers: list[str] = []
        self._states: dict[str, Carried[str]] = {}
        """What carries the states that were asked for, by path."""
        self._exact: dict[str, Handlers] = {
            path: handlers for module in (self, *modules) for path, handlers in module.routes().items()
        }
        self.interface = self._served(meters, board)
        self.secure = replace(
            self.interface, port=443, before=self.log_in, credentials=network.credentials, enabled=network.secure
        )
        """HTTPS; WARP1 has none."""

    def _served(self, meters: Meters, board: Board) -> HttpInterface:
        broadcast = Broadcast(board, meters)
        return HttpInterface(
            routes=(Route(path="/*", handler=self.answer, methods=("GET", "PUT", "POST")),),
            before=self.guard,
            wrong_method=self.answer,
            not_found=self.answer,
            websockets={
                "/ws": WebSocketEndpoint(
                    open=lambda origin: Ws(broadcast, self._peers, origin),
                    period=0.25,
                    before=lambda request: None if request.target == "/ws" else text(NOT_FOUND, 404),
                    ping=1.0,
                    pong_timeout=10.0,
                    max_clients=SOCKETS,
                    when_full="evict_oldest",
                    send_queue=32,
                    farewell=self._farewell,
                    heartbeat=self._keep_alive,
                    values_in=topics_in,
                )
            },
            max_body=BIGGEST_BODY,
            max_connections=10,
            when_full="evict_oldest",
            on_too_large=HttpReply(status=413, content_type=TEXT, close=True),
            on_malformed=HttpReply(status=400, body=b"Bad Request", content_type=TEXT, close=True),
        )

    def routes(self) -> Mapping[str, Handlers]:
        empty: Handlers = {"GET": lambda _: text("")}
        return {
            "/": {"GET": self._page},
            "/ws": {"GET": lambda _: text(UPGRADE_NEEDED, 426)},
            "/info/ws": {"GET": self._ws_state},
            "/debug_report": {"GET": self._debug_report},
            "/event_log": {"GET": self._event_log},
            "/trace_log": {"GET": lambda _: trace_log(self.platform)},
            "/force_reboot": {"GET": self._force_reboot},
            "/recovery": {"GET": self._page},
            "/login_state": {"GET": lambda _: text("Logged in")},
            "/credential_check": {"GET": lambda _: text("Credentials okay")},
            "/flash_firmware": {"POST": self._flash},
            "/check_firmware": {"POST": self._flash},
            "/manifest.json": {"GET": self._manifest},
            **{f"/debug_protocol/{what}": empty for what in ("start", "continue", "stop")},
        }

    # --- who may -----------------------------------------------------------------------------------------------------

    def guard(self, request: HttpRequest) -> HttpReply | None:
        """What stands before every request over plain HTTP: HTTPS only, log-in."""
        if self.api.active("network/config")["transport_mode"] == HTTPS_ONLY:
            return text(INSECURE, 403)
        return self.log_in(request)

    def log_in(self, request: HttpRequest) -> HttpReply | None:
        """What stands before every request."""
        if not self.users.guarded:
            return None
        header = request.headers.get("authorization", "")
        if digest.accepted(header, request.method, self.users.digest_hash):
            return None
        if request.method == "GET" and request.target == "/":
            return self._page(request)
        agent = request.headers.get("user-agent", "")
        safari = "Safari/" in agent and "Chrome/" not in agent
        if request.method == "GET" and request.target == "/login_state" and not safari:
            return text("Not logged in")
        return HttpReply(
            status=401,
            content_type=TEXT,
            headers=(("WWW-Authenticate", digest.challenge(self._fresh(), self._fresh())),),
        )

    def _fresh(self) -> str:
        """32 hex digits that nobody has seen before."""
        self._challenges += 1
        return digest.md5(f"{self.platform.random32('nonce')} {self._challenges}")

    # --- which path --------------------------------------------------------------------------------------------------

    def answer(self, request: HttpRequest) -> HttpReply:
        """The reply to an authorised request."""
        target = request.target
        handlers = self._exact.get(target)
        if handlers is not None and (handler := handlers.get(request.method)) is not None:
            if request.headers.get("upgrade", "").lower() == "websocket":
                return text(NO_UPGRADE, 400)
            return handler(request)
        found = self._whole(target[1:]) if request.method == "GET" else None
        if found is None:
            found = self._api(request, target[1:])
        if found is not None:
            return found
        if target.startswith("/automation_trigger/"):
            status, body = self.automation.requested(
                request.method, target.removeprefix("/automation_trigger/"), request.body
            )
            return text(body, status)
        if target.startswith("/trace_log/") and request.method == "GET":
            return compressed(self.platform, target.removeprefix("/trace_log/"))
        return text(NOT_FOUND, 404)

    def _whole(self, path: str) -> HttpReply | None:
        """A state as a whole: what is asked most."""
        api = self.api
        row = api.states.get(path)
        if row is None or path in api.commands:
            return None
        carried = self._states.get(path)
        if carried is None:
            carried = self._states[path] = Carried(lambda text: document(text, path))
        return carried.reply(api.text(row, self.platform.view()))

    def _api(self, request: HttpRequest, path: str) -> HttpReply | None:
        api = self.api
        command = api.find(path, api.commands)
        target = command or api.find(path, api.states)
        if target is None:
            return None
        if request.method not in ("GET", "PUT", "POST"):
            return text(NO_METHOD, 405)
        suffix = target.suffix[:-1] if target.suffix == ("",) else target.suffix
        if "" in suffix:
            return text(BAD_PATH, 404)
        if len(suffix) > LEVELS:
            return text(LONG_PATH, 404)
        target = Target(target.path, suffix)
        if command is not None:
            return self._command(target, request)
        if request.method == "GET":
            try:
                return document(api.part(target, self.platform.view()), ".".join((target.path, *target.suffix)))
            except PathError:
                return text(NO_PART, 404)
        if target.path + UPDATE not in api.commands:
            return text(NO_UPDATE, 405)
        return self._command(Target(target.path + UPDATE, suffix), request)

    def _command(self, target: Target, request: HttpRequest) -> HttpReply:
        if len(request.body) > self.platform.traits.longest:
            return HttpReply(status=413, content_type=TEXT)
        problem = self.api.execute(target, request.body, request.origin)
        return text("") if problem is None else text(problem, 400)

    # --- only over HTTP ----------------------------------------------------------------------------------------------

    def _page(self, _: HttpRequest) -> HttpReply:
        title = self.platform.traits.product
        body = PAGE.format(title=title, name=self.platform.device_name)
        return HttpReply(body=body.encode(), content_type="text/html")

    def _manifest(self, _: HttpRequest) -> HttpReply:
        name = self.names.display
        return document(plain({"short_name": name, "name": name, "start_url": "/", "display": "standalone"}))

    def _ws_state(self, _: HttpRequest) -> HttpReply:
        peers = [*self._peers[:SOCKETS], *["NC"] * (SOCKETS - len(self._peers[:SOCKETS]))]
        uptime = self.platform.view().uptime
        used = [peer != "NC" for peer in peers]
        return document(
            plain(
                {
                    "keep_alive_fds": [54 + k if taken else -1 for k, taken in enumerate(used)],
                    "keep_alive_pongs": [uptime if taken else 0 for taken in used],
                    "keep_alive_peers": [peer.rpartition(":")[0] or peer for peer in peers],
                    "worker_active": 0,
                    "last_worker_run": uptime,
                    "queue_len": 0,
                }
            )
        )

    def _debug_report(self, _: HttpRequest) -> HttpReply:
        return HttpReply(body=debug_report(self.platform).encode(), content_type=JSON, chunked=True)

    def _event_log(self, _: HttpRequest) -> HttpReply:
        return HttpReply(body=self.platform.event_log.text().encode(), content_type=TEXT, chunked=True)

    def _force_reboot(self, _: HttpRequest) -> HttpReply:
        self.platform.later(0.0, self.platform.reboot)
        return HttpReply(silent=True)

    def _flash(self, _: HttpRequest) -> HttpReply:
        """No firmware is ever taken: with a vehicle because of it, else because it is none of ours."""
        connected = self.platform.view().evse.charger_state in (1, 2, 3)
        body = plain({"error": 17 if connected else 20})
        return HttpReply(status=400, body=body.encode(), content_type=JSON)

    def _farewell(self) -> Close | None:
        """A restart says good-bye; a power cut does not."""
        powered = self.platform.snapshot().state != "off"
        return Close(1001, "ESP reboot") if powered else None

    def _keep_alive(self) -> str:
        return f'{{"topic":"info/keep_alive","payload":{{"uptime":{self.platform.uptime // MILLISECOND}}}}}\n'


_PATHS: Final = (
    ("/", "GET", "a page"),
    ("/ws", "GET", "WebSocket"),
    ("/info/ws", "GET", "WebSocket clients"),
    ("/debug_report", "GET", "every state and command"),
    ("/event_log", "GET", "text lines"),
    ("/trace_log", "GET", "empty blocks"),
    ("/trace_log/*", "GET", "the same, compressed"),
    ("/force_reboot", "GET", "immediate restart"),
    ("/login_state", "GET", "Logged in"),
    ("/credential_check", "GET", "Credentials okay"),
    ("/flash_firmware", "POST", "always refused"),
    ("/check_firmware", "POST", "always refused"),
    ("/automation_trigger/*", "any", "automation trigger 18"),
    ("/charge_tracker/charge_log", "GET", "records of 16 bytes"),
    ("/charge_tracker/pdf", "PUT", "charge log as PDF"),
    ("/charge_tracker/csv", "PUT", "charge log as CSV"),
    ("/users/all_usernames", "GET", "256 names of 64 bytes"),
    ("/meters/history", "GET", "two days of power"),
    ("/meters/live", "GET", "six minutes of power"),
    ("/meters/0/history", "GET", "two days of power"),
    ("/meters/0/live", "GET", "six minutes of power"),
    ("/meter/history", "GET", "two days of power"),
    ("/meter/live", "GET", "six minutes of power"),
    ("/wifi/scan_results", "GET", "finds nothing"),
    ("/charge_manager/scan_result", "GET", "finds nobody"),
    ("/manifest.json", "GET", "web app manifest"),
)


def fidelity() -> Iterable[Fidelity]:
    """Paths that only HTTP has."""
    for path, method, about in _PATHS:
        row = Point(name=path, source="fw: modules/http, web_server", about=about)
        yield row.documented("HTTP only", method, readable=method == "GET", settable=method != "GET")
