"""What a client asked a box to do: a write, as the arguments of the scenario's step `request`.

The one rule: a request that only reads is nobody's business here; one that writes keeps the words it was written in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from ..captures.formats.warp import is_path
from .talk import Datagram, Http, Known, Shown, Topic

_GOE: Final = re.compile(r"^/?(?P<peer>go-eCharger/[^/]+)/(?P<tail>.+)$")
_WARP: Final = re.compile(r"^/?(?P<peer>w(?:arp\d?|em2?)/[^/]+)/(?P<tail>.+)$")


@dataclass(frozen=True, slots=True)
class Ask:
    """One write."""

    at: float | None
    line: int
    interface: str
    """Empty: not told; `values` is written as an owner of the interface would."""
    arguments: Mapping[str, object] = field(default_factory=dict)
    """Of the step `request`."""
    values: Mapping[str, object] = field(default_factory=dict)
    """Vendor values, by name, where no request was seen."""


def split_topic(topic: str) -> tuple[str, str, str]:
    """Vendor, prefix, and the topic as the vendor documents it; what is not told is empty."""
    if found := _GOE.match(topic):
        return "goe", found["peer"], found["tail"]
    if found := _WARP.match(topic):
        return "warp", found["peer"], found["tail"]
    parts = topic.strip("/").split("/")
    for begin in range(len(parts) - 1):
        tail = "/".join(parts[begin:])
        if is_path(tail.removesuffix("_update")):
            return "warp", "/".join(parts[:begin]), tail
    return "", "", topic.strip("/")


def on_topic(vendor: str, tail: str, said: Topic) -> Ask | None:
    """A write on MQTT; None: it is none."""
    if vendor == "goe" and tail.endswith("/set"):
        return Ask(said.at, said.line, "mqtt", {"topic": tail, "payload": said.payload})
    if vendor == "warp" and (tail.endswith("_update") or said.sent or _is_command(tail)):
        return Ask(said.at, said.line, said.over, {"topic": tail, "payload": _compact(said.payload)})
    return None


def is_write(vendor: str, tail: str) -> bool:
    """Whether a topic is one that clients write."""
    if vendor == "goe":
        return tail.endswith("/set")
    return vendor == "warp" and (tail.endswith("_update") or _is_command(tail))


def _is_command(tail: str) -> bool:
    return tail in ("evse/start_charging", "evse/stop_charging", "evse/reset_dc_fault_current_state", "info/reboot")


def _compact(text: str) -> str:
    try:
        return json.dumps(json.loads(text), separators=(", ", ": "))
    except (ValueError, RecursionError):
        return text


def by_datagram(said: Datagram) -> Ask | None:
    """A command of KEBA's; None: it only asks for a report."""
    word = said.text.partition(" ")[0].lower()
    if word in ("report", "i", "") or not re.fullmatch(r"[a-z0-9]+( [\w.:-]+)*", said.text.strip()):
        return None
    return Ask(said.at, said.line, "udp", {"send": said.text.strip()})


def by_http(said: Http) -> Ask | None:
    """A write over HTTP; None: it only reads."""
    path, query = _parts(said.path)
    if path == "/api/set" or (path == "/mqtt" and "payload" in query):
        return Ask(said.at, said.line, "http", {"get": said.path})
    if path.startswith("/control") and query and "raw" not in query:
        return Ask(said.at, said.line, "http", {"get": said.path})
    if path.startswith("/rpc"):
        return _by_rpc(said, path, query)
    if said.method in ("PUT", "POST", "PATCH") and vendor_of_path(said.path) in ("warp", "nrgkick"):
        arguments: dict[str, object] = {"method": said.method, "get": said.path}
        if said.body:
            arguments["body"] = said.body
        return Ask(said.at, said.line, "http", arguments)
    return None


def _by_rpc(said: Http, path: str, query: Mapping[str, str]) -> Ask | None:
    """A method of Lektrico's that changes something."""
    method = path.removeprefix("/rpc").strip("/")
    if said.body:
        try:
            call = json.loads(said.body)
        except (ValueError, RecursionError):
            return None
        method = str(call.get("method", "")) if isinstance(call, dict) else ""
    if not method or method.lower().endswith((".get", "getlist", "getlast")):
        return None
    if said.body:
        return Ask(said.at, said.line, "http", {"method": "POST", "get": "/rpc", "body": said.body})
    return Ask(said.at, said.line, "http", {"get": said.path})


def _parts(path: str) -> tuple[str, dict[str, str]]:
    try:
        parts = urlsplit(path)
        return parts.path, dict(parse_qsl(parts.query, keep_blank_values=True))
    except ValueError:
        return path, {}


def vendor_of_path(path: str) -> str | None:
    """Whose a path is, where no other vendor has it."""
    bare = path.partition("?")[0]
    if bare in ("/api/status", "/api/set", "/mqtt", "/status"):
        return "goe"
    if bare.startswith("/rpc"):
        return "lektrico"
    if bare.startswith(("/api/settings", "/api/measurements", "/control", "/values", "/info?", "/info/")):
        return "nrgkick"
    if is_path(bare.strip("/").removesuffix("_update")):
        return "warp"
    return None


def label_of(said: Http) -> str:
    """What stands before a reply so that it is known whose it is."""
    bare = said.path.partition("?")[0].strip("/")
    return bare if vendor_of_path(said.path) == "warp" else ""


def by_name(said: Known, name: str, value: object) -> Ask:
    """A write of which only the decoded value is known."""
    return Ask(said.at, said.line, said.interface, values={name: value})


def printed(said: Shown, name: str, value: object) -> Ask:
    """What a client printed that it asks for: `current` in A, `enable`."""
    return Ask(said.at, said.line, "", values={name: value})


def unframed(text: str) -> str | None:
    """What go-e's WebSocket says without its frame; None: nothing that a box tells of itself."""
    if not text.lstrip().startswith('{"type"'):
        return text
    try:
        frame = json.loads(text)
        if "data" in frame and isinstance(frame["data"], str):  # securedMsg
            frame = json.loads(frame["data"])
    except (ValueError, RecursionError):
        return text
    if not isinstance(frame, dict):
        return text
    match frame.get("type"):
        case "fullStatus" | "deltaStatus":
            return json.dumps(frame.get("status"))
        case "hello":
            told = {"fwv": frame.get("version"), "typ": frame.get("devicetype"), "sse": frame.get("serial")}
            return json.dumps({name: value for name, value in told.items() if value is not None})
        case "response" | "authRequired" | "authSuccess" | "auth" | "setValue":
            return None
    return text


def unbridged(payload: str) -> str:
    """A payload without what ioBroker puts around it."""
    if not payload.startswith("{") or '"val"' not in payload or '"ts"' not in payload:
        return payload
    try:
        inner = json.loads(payload)["val"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return payload
    return inner if isinstance(inner, str) else json.dumps(inner)
