"""The wallboxes of a charger, as a scenario states them.

The one rule: everything a vendor can say about a statement - model, firmware, settings, interfaces - is asked here, at
the place where it was written.
"""

from __future__ import annotations

import ipaddress
import re
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import Final

from .. import vendors
from ..core.values import terse
from ..devices.firmware import Profile
from ..devices.interfaces.ocpp import EMBEDDED
from ..devices.quantities import RESERVED
from ..devices.realism import LEVELS, Realism
from ..devices.vendor import Vendor
from ..errors import EmulatorError, did_you_mean
from ..language.arguments import ArgumentType, Maybe, Schema, Scope, Text, Unreadable, Values, checked
from ..language.names import Names
from ..language.nodes import Node
from ..language.records import Argument, RecordValues, read_record, record_schema
from ..world.plan import WallboxPlan, counted_up
from ..world.vocabulary import interfaces_of
from .settings import check_settings

INTERFACES: Final = ("http", "https", "websocket", "mqtt", "modbus", "udp", "rest", "semp", "cloud", "ship", "mdns")
SHIP: Final = "ship"
"""The interface that `eebus:` switches on."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@terse
class Port(ArgumentType[int | bool]):
    """Where an interface listens, or whether it is there."""

    text = "a port, true (the default port), 0 (any free port), or false (not there)"

    def read(self, node: Node, scope: Scope) -> int | bool:
        value = node.scalar
        if isinstance(value, bool):
            return value
        if not isinstance(value, int) or not 0 <= value <= 65535:
            self.wrong(node, scope)
        return value

    def schema(self) -> Schema:
        return {"anyOf": [{"type": "boolean"}, {"type": "integer", "minimum": 0, "maximum": 65535}]}


@terse
class Address(ArgumentType[str]):
    """An IP address."""

    text = "an IP address such as 127.0.1.7"

    def read(self, node: Node, scope: Scope) -> str:
        try:
            return str(ipaddress.ip_address(node.text))
        except ValueError:
            self.wrong(node, scope)

    def schema(self) -> Schema:
        return {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}


@terse
class CentralSystemUrl(ArgumentType[str]):
    """Where a charge point connects."""

    @property
    def text(self) -> str:
        return "a URL such as ws://192.168.1.5:8887/{serial}, or embedded (the emulator's own central system)"

    def read(self, node: Node, scope: Scope) -> str:
        value = node.scalar
        if not isinstance(value, str) or not (value == EMBEDDED or value.startswith(("ws://", "wss://"))):
            self.wrong(node, scope)
        return value

    def schema(self) -> Schema:
        return {"anyOf": [{"const": EMBEDDED}, {"type": "string", "pattern": "^wss?://"}]}


@terse
class RealismLevel(ArgumentType[Realism]):
    """How realistic a wallbox is in time. YAML takes a bare `off` for false."""

    @property
    def text(self) -> str:
        return f"{', '.join(LEVELS[:-1])} or {LEVELS[-1]}"

    def read(self, node: Node, scope: Scope) -> Realism:
        level = next((level for level in LEVELS if level == node.text), None)
        if level is None:
            self.wrong(node, scope)
        return level

    def schema(self) -> Schema:
        return {"enum": list(LEVELS)}


class AllInterfaces(ArgumentType[bool]):
    """`all`: every interface there is, with open access."""

    @property
    def text(self) -> str:
        return "all"

    def read(self, node: Node, scope: Scope) -> bool:
        if node.scalar != "all":
            self.wrong(node, scope)
        return True

    def schema(self) -> Schema:
        return {"const": "all"}


EVERYTHING: Final = Argument("interfaces", AllInterfaces(), False, stated="all: every interface on, with open access")
VENDOR: Final = Argument("vendor", Text(), stated="the vendor, where neither the name nor the model tells")
MODEL: Final = Argument("model", Text(), stated="the model; default: the vendor's")
FIRMWARE: Final = Argument("firmware", Maybe(Text(lenient=True)), stated="the firmware version; default: the model's")
SERIAL: Final = Argument("serial", Text(lenient=True), stated="the serial number; default: the model's")
ADDRESS: Final = Argument("address", Address(), stated="an IP address of its own, with the vendor's real ports")
SETTINGS: Final = Argument("settings", Values(), stated="what its owner has set, by the vendor's names")
PORTS: Final = tuple(Argument(name, Port(), stated=f"the {name} interface: {Port().text}") for name in INTERFACES)
OCPP: Final = Argument("ocpp", CentralSystemUrl(), stated="the central system of OCPP")
EEBUS: Final = Argument("eebus", Port(), stated=f"EEBUS, the same as `{SHIP}`: {Port().text}")
REALISM: Final = Argument(
    "realism",
    RealismLevel(),
    stated="answers take as long as the device's (latency), and its meter is noisy and refreshes as seldom (full); "
    "default: full in real time, off at any other speed of the clock",
)
WALLBOX: Final = (VENDOR, MODEL, FIRMWARE, SERIAL, ADDRESS, SETTINGS, EVERYTHING, REALISM, OCPP, EEBUS, *PORTS)
_KEYS: Final = [argument.name for argument in WALLBOX if argument.name not in vendors.OWN]
"""What cannot be the name of a wallbox; `eebus`, which is a vendor as well, can."""


@terse
class WallboxesSection(ArgumentType[tuple[WallboxPlan, ...]]):
    """The wallboxes of a charger: a name, a list of names, or a mapping of names."""

    text = "wallboxes such as goe, [goe, warp], or {goe: {model: gemini-22, http: 8101}}"

    def read(self, node: Node, scope: Scope) -> tuple[WallboxPlan, ...]:
        entries = wallbox_entries(node)
        if entries is None:
            self.wrong(node, scope)
        plans: list[WallboxPlan] = []
        for key, value in entries:
            try:
                plans.append(_wallbox(key, value, scope))
            except Unreadable:
                continue
        if len(plans) < len(entries):
            raise Unreadable
        return tuple(plans)

    def schema(self) -> Schema:
        return _schema()


@cache
def _schema() -> Schema:
    """What can be said about wallboxes: made once, because it is long and stands in several places."""
    of_vendor = {name: _schema_of(vendors.vendor(name)) for name in vendors.names()}
    words: Schema = {"enum": [*of_vendor, *vendors.VENDOR_OF_MODEL]}
    some: Schema = {"anyOf": [*of_vendor.values()]}
    word_or_nothing: list[Schema] = [words, {"type": "null"}]
    named: Schema = {
        "type": "object",
        "properties": {
            name: {"anyOf": [of_vendor[vendors.VENDOR_OF_MODEL.get(name, name)], *word_or_nothing]}
            for name in (*of_vendor, *vendors.VENDOR_OF_MODEL)
        },
        "additionalProperties": {"anyOf": [some, *word_or_nothing]},
        "propertyNames": {"not": {"enum": _KEYS}},
    }
    single: list[Schema] = [words, some, named]
    return {"anyOf": [*single, {"type": "array", "items": {"anyOf": single}}]}


def _schema_of(vendor: Vendor) -> Schema:
    """What can be said about a wallbox of one vendor."""
    interfaces = _interfaces(vendor)
    versions = list(dict.fromkeys(version for model in vendor.models for version in model.firmwares))
    return record_schema(
        tuple(
            a
            for a in WALLBOX
            if (a not in PORTS or a.name in interfaces)
            and (a is not OCPP or vendor.ocpp)
            and (a is not EEBUS or SHIP in interfaces)
        ),
        vendor={"const": vendor.id, "description": VENDOR.about},
        model={"enum": [model.id for model in vendor.models], "description": MODEL.about},
        firmware={
            "anyOf": [{"enum": versions}, {"type": "string"}, {"type": "number"}, {"type": "null"}],
            "description": FIRMWARE.about,
        },
        settings={
            "type": "object",
            "properties": {row.name: row.schema for row in vendor.settings},
            "additionalProperties": False,
            "description": SETTINGS.about,
        },
    )


def wallbox_entries(node: Node) -> list[tuple[Node, Node]] | None:
    """Name and description of each wallbox in whatever form they were written; None if it is none of them."""
    if node.items is not None:
        found = [wallbox_entries(item) for item in node.items]
        return None if any(one is None for one in found) else [entry for one in found for entry in one or ()]
    if isinstance(node.scalar, str):
        return [(replace(node, label=""), replace(node, scalar=None, text="", label=node.text))]
    if node.entries is None:
        return None
    written = {key.text for key, _ in node.entries}
    if written & {"vendor", "model"} or (written and written <= {*_KEYS}):  # `wallbox: {model: gemini-22}`
        return [(_named_by(node), node)]
    return list(node.entries)


def _named_by(node: Node) -> Node:
    """What a wallbox without a name is called: like its vendor."""
    stated = node.get("vendor") or node.get("model")
    if stated is None:
        return replace(node, entries=None, scalar="", text="")
    return replace(stated, text=vendors.VENDOR_OF_MODEL.get(stated.text, stated.text), label="")


def salvaged(node: Node | None) -> tuple[WallboxPlan, ...]:
    """The wallboxes of a node in which something is wrong, without that: what is said about them can be checked."""
    plans: list[WallboxPlan] = []
    for key, value in (wallbox_entries(node) or ()) if node is not None else ():
        try:
            plans.append(_wallbox(key, value, Scope(Names())))
        except Unreadable:
            with suppress(Unreadable):
                plans.append(_without_mistakes(key, value))
    return tuple(plans)


def _without_mistakes(key: Node, node: Node) -> WallboxPlan:
    scope, stated = Scope(Names()), _kind(node)
    try:
        vendor = _vendor(key, node, stated, scope)
    except Unreadable:
        vendor = _vendor(key, node, RecordValues(), scope)
    model = stated.of(MODEL)
    if all(known.id != model for known in vendor.models):
        model = None
    try:
        firmware = vendor.profile(model, stated.of(FIRMWARE)).firmware.text
    except EmulatorError:
        firmware = None
    return WallboxPlan(name=proper_name(key, "wallbox", scope), vendor=vendor.id, model=model, firmware=firmware)


def _kind(node: Node) -> RecordValues:
    """What can be read of vendor, model and firmware."""
    scope, stated = Scope(Names()), RecordValues()
    for argument in (VENDOR, MODEL, FIRMWARE):
        value = node.get(argument.name)
        if value is not None:
            with suppress(Unreadable):
                stated[argument.name] = argument.type.read(value, scope)
    return stated


def wallbox_names(node: Node | None) -> list[str]:
    """The names of the wallboxes in a node, readable or not."""
    return [] if node is None else [key.text for key, _ in wallbox_entries(node) or ()]


def proper_name(key: Node, what: str, scope: Scope) -> str:
    """The name of a charger or wallbox."""
    if not _NAME.fullmatch(key.text):
        hint = "expected letters, digits, - and _"
        scope.fail(replace(key, label=""), f'"{key.text}" cannot be the name of a {what}, {hint}')
    if key.text in RESERVED:
        scope.fail(replace(key, label=""), f'"{key.text}" cannot be the name of a {what}: it is a quantity')
    return key.text


def _wallbox(key: Node, node: Node, scope: Scope) -> WallboxPlan:
    if isinstance(node.scalar, str):  # `left: goe`, `left: gemini-22`
        word = "model" if node.scalar in vendors.VENDOR_OF_MODEL else "vendor"
        node = replace(node, scalar=None, entries=((replace(node, label="", text=word), replace(node, label=word)),))
    before = len(scope.problems)
    try:
        values = read_record(node, WALLBOX, scope, given_only=True, what="a wallbox such as {model: gemini-22}")
    except Unreadable:  # what else is wrong is told as well
        values = _kind(node)
    try:
        readable = all(node.get(argument.name) is None or argument.name in values for argument in (VENDOR, MODEL))
        vendor = _vendor(key, node, values, scope if readable else Scope(Names()))
    except Unreadable:
        vendor = _vendor(key, node, RecordValues(), Scope(Names()))
        _check_rest(vendor, RecordValues(), key, node, scope)
        raise
    name = proper_name(key, "wallbox", scope)
    model = _check_rest(vendor, values, key, node, scope)
    if len(scope.problems) > before:
        raise Unreadable
    firmware = values.of(FIRMWARE)
    return WallboxPlan(
        name=name,
        vendor=vendor.id,
        model=model,
        firmware=firmware,
        serial=values.of(SERIAL),
        address=values.of(ADDRESS),
        settings=values.of(SETTINGS, {}),
        ocpp=values.of(OCPP),
        interfaces={
            SHIP if port is EEBUS else port.name: stated
            for port in (EEBUS, *PORTS)
            if (stated := values.of(port)) is not None
        },
        everything=values.of(EVERYTHING, False),
        realism=values.of(REALISM),
        place=key.place,
    )


def _check_rest(vendor: Vendor, values: RecordValues, key: Node, node: Node, scope: Scope) -> str | None:
    """Report what the vendor does not have; the model."""
    model = values.of(MODEL)
    if model is None and "vendor" not in values and key.text in vendors.VENDOR_OF_MODEL:
        model = key.text
    profile: Profile | None = None
    with suppress(Unreadable):
        profile = _profile(vendor, model, values.of(FIRMWARE), node, scope)
    settings = node.get("settings")
    with suppress(Unreadable):
        if settings is not None:
            check_settings(settings, vendor.title, {row.name: row for row in vendor.settings}, scope)
    _check_interfaces(vendor, profile, node, scope)
    return model


def _vendor(key: Node, node: Node, values: RecordValues, scope: Scope) -> Vendor:
    """The vendor a wallbox is from: stated, or told by its model or its name."""
    vendor, model = values.of(VENDOR), values.of(MODEL)
    if vendor is not None:
        return checked(node.get("vendor") or node, scope, lambda: vendors.vendor(vendor))
    if model is not None:
        return checked(node.get("model") or node, scope, lambda: vendors.vendor_for(key.text, model))
    if key.text in vendors.VENDOR_OF_MODEL:
        return checked(key, scope, lambda: vendors.vendor_for(key.text, key.text))
    return checked(replace(key, label=""), scope, lambda: vendors.vendor_for(key.text, None))


def _profile(vendor: Vendor, model: str | None, firmware: str | None, node: Node, scope: Scope) -> Profile:
    checked(node.get("model") or node, scope, lambda: vendor.model(model))
    return checked(node.get("firmware") or node, scope, lambda: vendor.profile(model, firmware))


def _interfaces(vendor: Vendor) -> set[str]:
    """Names of the interfaces its wallboxes may have."""
    return {*vendor.ports, *vendor.real_ports, *vendor.enable, "mdns"}


def _check_interfaces(vendor: Vendor, profile: Profile | None, node: Node, scope: Scope) -> None:
    """Everything listed is there on some model of the vendor, and what is wanted on this one."""
    known = _interfaces(vendor)
    before = len(scope.problems)
    for key, value in node.entries or ():
        interface = SHIP if key.text == EEBUS.name else key.text
        at_key = replace(key, label="")
        if interface in INTERFACES and interface not in known:
            scope.report(at_key, f'{vendor.title} has no interface "{key.text}"{did_you_mean(key.text, known)}')
        elif key.text == OCPP.name and vendor.ocpp is None:
            scope.report(value, f"{vendor.title} has no OCPP")
        elif profile is not None and _wanted(key, value) and not _has(vendor, profile, interface):
            what = "OCPP" if key.text == OCPP.name else f'interface "{key.text}"'
            scope.report(at_key, f"{profile.model.id} with firmware {profile.firmware.text} has no {what}")
    if len(scope.problems) > before:
        raise Unreadable


def _has(vendor: Vendor, profile: Profile, interface: str) -> bool:
    if interface == OCPP.name and not (vendor.ocpp and vendor.ocpp.models(profile.model.id)):
        return False
    return interface in interfaces_of(vendor.id, profile)


def _wanted(key: Node, value: Node) -> bool:
    return key.text == OCPP.name or (key.text in (EEBUS.name, *INTERFACES) and value.scalar is not False)


def numbered(plan: WallboxPlan, index: int, port_step: int) -> WallboxPlan:
    """The wallbox of the charger number `index` of a fleet: serial, address and ports counted up."""
    ports: dict[str, int | bool] = {}
    for interface, port in plan.interfaces.items():
        fixed = isinstance(port, bool) or port == 0 or plan.address is not None
        ports[interface] = port if fixed else port + index * port_step
    address = None if plan.address is None else str(ipaddress.ip_address(plan.address) + index)
    serial = None if plan.serial is None else counted_up(plan.serial, index)
    return replace(plan, serial=serial, address=address, interfaces=ports)
