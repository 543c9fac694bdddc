"""HTTP: how a request finds its path, verbs, suffixes, log-in, and what only HTTP offers.

The one rule: the target is compared as it was sent, query included; API paths are left to the registry.
Source: Tinkerforge esp32-firmware, `modules/http/http.cpp`, `modules/web_server`, `main.cpp`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Final

from ...core.instant import MILLISECOND, grid
from ...devices.interfaces import (
    Close,
    HttpInterface,
    HttpReply,
    HttpRequest,
    MdnsInterface,
    MdnsService,
    Route,
    WebSocketEndpoint,
)
from ...devices.points import Fidelity
from . import digest, reports
from .feed import Ws
from .meters import Meters
from .models import PRODUCTS
from .numbers import uid_number
from .platform import Platform
from .registry import Target, censored
from .remote import HTTP_STEPS, NONE
from .rows import UPDATE, Config, State
from .schema import PathError, plain

TEXT: Final = "text/plain; charset=utf-8"
JSON: Final = "application/json; charset=utf-8"
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

Handler = Callable[[HttpRequest], HttpReply]


def text(body: str, status: int = 200) -> HttpReply:
    return HttpReply(status=status, body=body.encode(), content_type=TEXT)


def document(body: str) -> HttpReply:
    return HttpReply(body=body.encode(), content_type=JSON)


class Http(Module):
    """The HTTP side of one box."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self._challenges = 0
        self.sockets: list[str] = []
        self._exact: dict[str, dict[str, Handler]] = {
            "/": {"GET": self._page},
            "/ws": {"GET": lambda _: text(UPGRADE_NEEDED, 426)},
            "/info/ws": {"GET": self._ws_state},
            "/debug_report": {"GET": self._debug_report},
            "/event_log": {"GET": lambda _: text(self.platform.event_log.text())},
            "/trace_log": {"GET": lambda _: text("")},
            "/force_reboot": {"GET": self._force_reboot},
            "/recovery": {"GET": self._page},
            "/login_state": {"GET": lambda _: text("Logged in")},
            "/credential_check": {"GET": lambda _: text("Credentials okay")},
            "/flash_firmware": {"POST": self._flash},
            "/check_firmware": {"POST": self._flash},
            "/charge_tracker/charge_log": {"GET": lambda _: reports.charge_log(self)},
            "/charge_tracker/pdf": {"PUT": lambda request: reports.pdf(self, request.body)},
            "/charge_tracker/csv": {"PUT": lambda request: reports.csv(self, request.body)},
            "/users/all_usernames": {"GET": lambda _: reports.usernames(self)},
            "/meters/history": {"GET": lambda _: document(_all(self, live=False))},
            "/meters/live": {"GET": lambda _: document(_all(self, live=True))},
            "/meter/history": {"GET": lambda _: document(_one(self, self.meters.linked, live=False))},
            "/meter/live": {"GET": lambda _: document(_one(self, self.meters.linked, live=True))},
            "/wifi/scan_results": {
                "GET": lambda _: document("[]") if self.platform.scanned else text("scan in progress")
            },
            "/charge_manager/scan_result": {
                "GET": lambda _: document("[]") if self.platform.manager_scanned else text("In progress or not started")
            },
            "/coredump/coredump.elf": {"GET": lambda _: text("No core dump available", 404)},
            "/coredump/erase": {"GET": lambda _: text("")},
            "/manifest.json": {"GET": self._manifest},
            "/remote_access/reset_registration_state": {"PUT": self._reset_registration},
            **{f"/remote_access/{step}": {"PUT": lambda r: self.remote.asked(r)} for step in HTTP_STEPS},
            **{f"/debug_protocol/{what}": {"GET": lambda _: text("")} for what in ("start", "continue", "stop")},
        }
        for slot in range(self.meters.slots):
            self._exact[f"/meters/{slot}/history"] = {"GET": _history(self, slot, live=False)}
            self._exact[f"/meters/{slot}/live"] = {"GET": _history(self, slot, live=True)}
        route = Route(path="/*", handler=self.answer, methods=("GET", "PUT", "POST"))
        self.interface = HttpInterface(
            routes=(route,),
            before=self.guard,
            wrong_method=self.answer,
            not_found=self.answer,
            websockets={
                "/ws": WebSocketEndpoint(
                    open=lambda origin: Ws(self, origin),
                    period=0.25,
                    before=lambda request: None if request.target == "/ws" else text(NOT_FOUND, 404),
                    ping=1.0,
                    pong_timeout=10.0,
                    max_clients=5,
                    when_full="evict_oldest",
                    send_queue=32,
                    farewell=self._farewell,
                    heartbeat=self._keep_alive,
                )
            },
            max_body=BIGGEST_BODY,
            max_connections=10,
            when_full="evict_oldest",
            on_too_large=HttpReply(status=413, content_type=TEXT, close=True),
            on_malformed=HttpReply(status=400, body=b"Bad Request", content_type=TEXT, close=True),
        )

    # --- who may -----------------------------------------------------------------------------------------------------

    def guard(self, request: HttpRequest) -> HttpReply | None:
        """What stands before every request: HTTPS only, log-in."""
        if self.api.active("network/config")["transport_mode"] == 1:
            return text(INSECURE, 403)
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
        found = self._api(request, target[1:])
        if found is not None:
            return found
        if target.startswith("/automation_trigger/"):
            status, body = self.automation.requested(
                request.method, target.removeprefix("/automation_trigger/"), request.body
            )
            return text(body, status)
        if target.startswith("/trace_log/") and request.method == "GET":
            return text("")
        return text(NOT_FOUND, 404)

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
                return document(api.part(target, self.platform.view()))
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
        title = PRODUCTS[self.platform.generation]
        return HttpReply(
            body=PAGE.format(title=title, name=self.platform.device_name).encode(), content_type="text/html"
        )

    def _manifest(self, _: HttpRequest) -> HttpReply:
        name = str(self.api.member("info/display_name", "display_name"))
        return document(plain({"short_name": name, "name": name, "start_url": "/", "display": "standalone"}))

    def _ws_state(self, _: HttpRequest) -> HttpReply:
        peers = [*self.sockets[:5], *["NC"] * (5 - len(self.sockets[:5]))]
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
        return HttpReply(body=debug_report(self).encode(), content_type=JSON, chunked=True)

    def _force_reboot(self, _: HttpRequest) -> HttpReply:
        self.platform.later(0.0, self.platform.reboot)
        return HttpReply(silent=True)

    def _flash(self, _: HttpRequest) -> HttpReply:
        """No firmware is ever taken: with a vehicle because of it, else because it is none of ours."""
        connected = self.platform.view().evse.charger_state in (1, 2, 3)
        body = plain({"error": 17 if connected else 20})
        return HttpReply(status=400, body=body.encode(), content_type=JSON)

    def _reset_registration(self, _: HttpRequest) -> HttpReply:
        self.remote.registration(NONE)
        return text("")

    def _farewell(self) -> Close | None:
        """A restart says good-bye; a power cut does not."""
        powered = self.platform.snapshot().state != "off"
        return Close(1001, "ESP reboot") if powered else None

    def _keep_alive(self) -> str:
        uptime = self.platform.uptime(self.platform.at) // MILLISECOND
        return f'{{"topic":"info/keep_alive","payload":{{"uptime":{uptime}}}}}\n'


def _history(m: Http, slot: int, *, live: bool) -> Handler:
    return lambda _: document(_one(m, slot, live=live))


def _samples(meters: Meters, slot: int, m: Http, *, live: bool) -> str | None:
    samples = meters.live(slot, m.platform.view()) if live else meters.history(slot, m.platform.view())
    return None if samples is None else plain(samples)


def _head(m: Http, *, live: bool) -> str:
    now = m.platform.at
    since = grid(now, 500 * MILLISECOND) if live else grid(now, 240_000 * MILLISECOND, m.platform.booted_at)
    return f'{{"offset":{(now - since) // MILLISECOND}' + (f',"samples_per_second":{2.0:.6f}' if live else "")


def _one(m: Http, slot: int, *, live: bool) -> str:
    samples = _samples(m.meters, slot, m, live=live) if slot < m.meters.slots else None
    if samples is None:
        return '{"offset":0,"samples_per_second":0.0,"samples":[]}' if live else '{"offset":0,"samples":[]}'
    return f'{_head(m, live=live)},"samples":{samples}}}'


def _all(m: Http, *, live: bool) -> str:
    each = [_samples(m.meters, slot, m, live=live) or "null" for slot in range(m.meters.slots)]
    return f'{_head(m, live=live)},"samples":[{",".join(each)}]}}'


def debug_report(m: Http) -> str:
    """One object: the m, then every state and command with its document."""
    view = m.platform.view()
    memory = {"free": 95000, "largest_free_block": 65536, "min_free": 70000}
    version = m.platform.firmware_text.replace(".", "_").replace("+", "_")
    devices: list[object] = [
        {"UID": m.platform.evse_uid, "DID": 2159 if m.platform.generation == 1 else 2167, "port": "A"}
    ]
    if m.platform.has_reader:
        devices.append({"UID": m.platform.nfc_uid, "DID": 286, "port": "B"})
    counters = [
        {"port": port, "SpiTfpChecksum": 0, "SpiTfpFrame": 0, "TfpFrame": 0, "TfpUnexpected": 0} for port in "ABCDEF"
    ]
    head = {
        "uptime": view.uptime,
        "firmware": f"{m.platform.device_name.partition('-')[0]}_firmware_{version}",
        "build_info": {"git_url": "", "git_branch": "", "git_commit_id": ""},
        "dram": memory,
        "iram": memory,
        "psram": memory,
        "devices": devices,
        "error_counters": counters,
        "modified": [row.name.replace("/", "_") for row in m.api if isinstance(row, Config) and row.saved(m)],
    }
    parts = [plain(head)[1:-1]]
    for row in m.api:
        value = row.read(view) if isinstance(row, State) else censored(row, m.api.document(row.name))
        parts.append(f"{json.dumps(row.name)}:{row.schema.encode(value)}")
    for path, command in m.api.commands.items():
        shown = "null" if path.endswith(UPDATE) else command.schema.encode(command.schema.default())
        parts.append(f"{json.dumps(path)}:{shown}")
    return "{" + ",".join(parts) + "}"


def announce(m: Http) -> MdnsInterface:
    """What the box says of itself on the local network."""

    def services() -> tuple[MdnsService, ...]:
        host = str(m.api.active("network/config")["hostname"])
        name = str(m.api.member("info/display_name", "display_name"))
        try:
            number = str(uid_number(m.platform.serial))
        except ValueError:
            number = "0"
        managed = m.controller.memory.slots[7].active
        return (
            MdnsService(
                type="_http._tcp",
                instance=name,
                host=host,
                txt=(
                    ("firmware_version", m.platform.firmware_text),
                    ("txtvers", "1"),
                    ("brand", "Tinkerforge"),
                    ("model", PRODUCTS[m.platform.generation]),
                    ("uid", number),
                ),
            ),
            MdnsService(
                type="_tf-warp-cm._udp",
                instance=name,
                host=host,
                txt=(("version", "34127.5"), ("enabled", "true" if managed else "false"), ("display_name", name)),
            ),
        )

    def enabled() -> bool:
        return bool(m.api.active("network/config")["enable_mdns"])

    return MdnsInterface(services=services, enabled=enabled)


_PATHS: Final = (
    ("/", "GET", "a page"),
    ("/ws", "GET", "WebSocket"),
    ("/info/ws", "GET", "WebSocket clients"),
    ("/debug_report", "GET", "every state and command"),
    ("/event_log", "GET", "text lines"),
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
        yield Fidelity(
            table="HTTP only",
            name=path,
            type=method,
            readable=method == "GET",
            settable=method != "GET",
            live=True,
            source="fw: modules/http, web_server",
            since=None,
            until=None,
            models=None,
            assumed=None,
            about=about,
        )
