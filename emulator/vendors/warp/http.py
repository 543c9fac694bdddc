"""HTTP: how a request finds its path, verbs, suffixes, log-in, and what only HTTP offers.

The one rule: the target is compared as it was sent, query included; API paths are left to the registry.
Source: Tinkerforge esp32-firmware, `modules/http/http.cpp`, `modules/web_server`, `main.cpp`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, cast

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
from .models import PRODUCTS
from .numbers import uid_number
from .registry import Target, censored
from .remote import HTTP_STEPS, NONE
from .rows import UPDATE, Config, State
from .schema import PathError, plain

if TYPE_CHECKING:
    from .meters import Meters
    from .wallbox import Warp

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


class Http:
    """The HTTP side of one box."""

    def __init__(self, box: Warp) -> None:
        self._box = box
        self._challenges = 0
        self.sockets: list[str] = []
        self._exact: dict[str, dict[str, Handler]] = {
            "/": {"GET": self._page},
            "/ws": {"GET": lambda _: text(UPGRADE_NEEDED, 426)},
            "/info/ws": {"GET": self._ws_state},
            "/debug_report": {"GET": self._debug_report},
            "/event_log": {"GET": lambda _: text(box.event_log.text())},
            "/trace_log": {"GET": lambda _: text("")},
            "/force_reboot": {"GET": self._force_reboot},
            "/recovery": {"GET": self._page},
            "/login_state": {"GET": lambda _: text("Logged in")},
            "/credential_check": {"GET": lambda _: text("Credentials okay")},
            "/flash_firmware": {"POST": self._flash},
            "/check_firmware": {"POST": self._flash},
            "/charge_tracker/charge_log": {"GET": lambda _: reports.charge_log(box)},
            "/charge_tracker/pdf": {"PUT": lambda request: reports.pdf(box, request.body)},
            "/charge_tracker/csv": {"PUT": lambda request: reports.csv(box, request.body)},
            "/users/all_usernames": {"GET": lambda _: reports.usernames(box)},
            "/meters/history": {"GET": lambda _: document(_all(box, live=False))},
            "/meters/live": {"GET": lambda _: document(_all(box, live=True))},
            "/meter/history": {"GET": lambda _: document(_one(box, box.meters.linked, live=False))},
            "/meter/live": {"GET": lambda _: document(_one(box, box.meters.linked, live=True))},
            "/wifi/scan_results": {"GET": lambda _: document("[]") if box.scanned else text("scan in progress")},
            "/charge_manager/scan_result": {
                "GET": lambda _: document("[]") if box.manager_scanned else text("In progress or not started")
            },
            "/coredump/coredump.elf": {"GET": lambda _: text("No core dump available", 404)},
            "/coredump/erase": {"GET": lambda _: text("")},
            "/manifest.json": {"GET": self._manifest},
            "/remote_access/reset_registration_state": {"PUT": self._reset_registration},
            **{f"/remote_access/{step}": {"PUT": lambda r: box.remote.asked(r)} for step in HTTP_STEPS},
            **{f"/debug_protocol/{what}": {"GET": lambda _: text("")} for what in ("start", "continue", "stop")},
        }
        for slot in range(box.meters.slots):
            self._exact[f"/meters/{slot}/history"] = {"GET": _history(box, slot, live=False)}
            self._exact[f"/meters/{slot}/live"] = {"GET": _history(box, slot, live=True)}
        route = Route(path="/*", handler=self.answer, methods=("GET", "PUT", "POST"))
        self.interface = HttpInterface(
            routes=(route,),
            before=self.guard,
            wrong_method=self.answer,
            not_found=self.answer,
            websockets={
                "/ws": WebSocketEndpoint(
                    open=lambda origin: Ws(box, origin),
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
        box = self._box
        if cast("dict[str, Any]", box.api.active("network/config"))["transport_mode"] == 1:
            return text(INSECURE, 403)
        if not box.users.guarded:
            return None
        header = request.headers.get("authorization", "")
        if digest.accepted(header, request.method, box.users.digest_hash):
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
        return digest.md5(f"{self._box.random32('nonce')} {self._challenges}")

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
            status, body = self._box.automation.requested(
                request.method, target.removeprefix("/automation_trigger/"), request.body
            )
            return text(body, status)
        if target.startswith("/trace_log/") and request.method == "GET":
            return text("")
        return text(NOT_FOUND, 404)

    def _api(self, request: HttpRequest, path: str) -> HttpReply | None:
        api = self._box.api
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
                return document(api.part(target, self._box.view()))
            except PathError:
                return text(NO_PART, 404)
        if target.path + UPDATE not in api.commands:
            return text(NO_UPDATE, 405)
        return self._command(Target(target.path + UPDATE, suffix), request)

    def _command(self, target: Target, request: HttpRequest) -> HttpReply:
        if len(request.body) > self._box.longest:
            return HttpReply(status=413, content_type=TEXT)
        problem = self._box.api.execute(target, request.body, request.origin)
        return text("") if problem is None else text(problem, 400)

    # --- only over HTTP ----------------------------------------------------------------------------------------------

    def _page(self, _: HttpRequest) -> HttpReply:
        box = self._box
        title = PRODUCTS[box.generation]
        return HttpReply(body=PAGE.format(title=title, name=box.device_name).encode(), content_type="text/html")

    def _manifest(self, _: HttpRequest) -> HttpReply:
        name = str(self._box.api.member("info/display_name", "display_name"))
        return document(plain({"short_name": name, "name": name, "start_url": "/", "display": "standalone"}))

    def _ws_state(self, _: HttpRequest) -> HttpReply:
        peers = [*self.sockets[:5], *["NC"] * (5 - len(self.sockets[:5]))]
        uptime = self._box.view().uptime
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
        return HttpReply(body=debug_report(self._box).encode(), content_type=JSON, chunked=True)

    def _force_reboot(self, _: HttpRequest) -> HttpReply:
        self._box.later(0.0, self._box.reboot)
        return HttpReply(silent=True)

    def _flash(self, _: HttpRequest) -> HttpReply:
        """No firmware is ever taken: with a vehicle because of it, else because it is none of ours."""
        connected = self._box.view().evse.charger_state in (1, 2, 3)
        body = plain({"error": 17 if connected else 20})
        return HttpReply(status=400, body=body.encode(), content_type=JSON)

    def _reset_registration(self, _: HttpRequest) -> HttpReply:
        self._box.remote.registration(NONE)
        return text("")

    def _farewell(self) -> Close | None:
        """A restart says good-bye; a power cut does not."""
        powered = self._box.snapshot().state != "off"
        return Close(1001, "ESP reboot") if powered else None

    def _keep_alive(self) -> str:
        uptime = self._box.uptime(self._box.simulation.at) // MILLISECOND
        return f'{{"topic":"info/keep_alive","payload":{{"uptime":{uptime}}}}}\n'


def _history(box: Warp, slot: int, *, live: bool) -> Handler:
    return lambda _: document(_one(box, slot, live=live))


def _samples(meters: Meters, slot: int, box: Warp, *, live: bool) -> str | None:
    samples = meters.live(slot, box.view()) if live else meters.history(slot, box.view())
    return None if samples is None else plain(samples)


def _head(box: Warp, *, live: bool) -> str:
    now = box.simulation.at
    since = grid(now, 500 * MILLISECOND) if live else grid(now, 240_000 * MILLISECOND, box.booted_at)
    return f'{{"offset":{(now - since) // MILLISECOND}' + (f',"samples_per_second":{2.0:.6f}' if live else "")


def _one(box: Warp, slot: int, *, live: bool) -> str:
    samples = _samples(box.meters, slot, box, live=live) if slot < box.meters.slots else None
    if samples is None:
        return '{"offset":0,"samples_per_second":0.0,"samples":[]}' if live else '{"offset":0,"samples":[]}'
    return f'{_head(box, live=live)},"samples":{samples}}}'


def _all(box: Warp, *, live: bool) -> str:
    each = [_samples(box.meters, slot, box, live=live) or "null" for slot in range(box.meters.slots)]
    return f'{_head(box, live=live)},"samples":[{",".join(each)}]}}'


def debug_report(box: Warp) -> str:
    """One object: the box, then every state and command with its document."""
    view = box.view()
    memory = {"free": 95000, "largest_free_block": 65536, "min_free": 70000}
    version = box.firmware_text.replace(".", "_").replace("+", "_")
    devices: list[object] = [{"UID": box.evse_uid, "DID": 2159 if box.generation == 1 else 2167, "port": "A"}]
    if box.has_reader:
        devices.append({"UID": box.nfc_uid, "DID": 286, "port": "B"})
    counters = [
        {"port": port, "SpiTfpChecksum": 0, "SpiTfpFrame": 0, "TfpFrame": 0, "TfpUnexpected": 0} for port in "ABCDEF"
    ]
    head = {
        "uptime": view.uptime,
        "firmware": f"{box.device_name.partition('-')[0]}_firmware_{version}",
        "build_info": {"git_url": "", "git_branch": "", "git_commit_id": ""},
        "dram": memory,
        "iram": memory,
        "psram": memory,
        "devices": devices,
        "error_counters": counters,
        "modified": [row.name.replace("/", "_") for row in box.api if isinstance(row, Config) and row.saved(box)],
    }
    parts = [plain(head)[1:-1]]
    for row in box.api:
        value = row.read(view) if isinstance(row, State) else censored(row, box.api.document(row.name))
        parts.append(f"{json.dumps(row.name)}:{row.schema.encode(value)}")
    for path, command in box.api.commands.items():
        shown = "null" if path.endswith(UPDATE) else command.schema.encode(command.schema.default())
        parts.append(f"{json.dumps(path)}:{shown}")
    return "{" + ",".join(parts) + "}"


def announce(box: Warp) -> MdnsInterface:
    """What the box says of itself on the local network."""

    def services() -> tuple[MdnsService, ...]:
        host = str(cast("dict[str, Any]", box.api.active("network/config"))["hostname"])
        name = str(box.api.member("info/display_name", "display_name"))
        try:
            number = str(uid_number(box.serial))
        except ValueError:
            number = "0"
        managed = box.controller.memory.slots[7].active
        return (
            MdnsService(
                type="_http._tcp",
                instance=name,
                host=host,
                txt=(
                    ("firmware_version", box.firmware_text),
                    ("txtvers", "1"),
                    ("brand", "Tinkerforge"),
                    ("model", PRODUCTS[box.generation]),
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
        return bool(cast("dict[str, Any]", box.api.active("network/config"))["enable_mdns"])

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
