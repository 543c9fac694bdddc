"""The sections of a scenario: vehicles, chargers with their wallboxes, fleets, clock, broker, end.

The one rule: a section is an argument type like any other - it reads a node, and tells an editor what it accepts.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from .. import vendors
from ..core.specs import ChargerSpec, SupplySpec, VehicleSpec
from ..core.values import terse
from ..devices.vendor import Vendor
from ..errors import EmulatorError, Problem, ScenarioError, did_you_mean
from ..language.arguments import ArgumentType, Duration, Flag, Schema, Scope, Several, Text, Unreadable, Whole
from ..language.fields import PartialRecord, arguments_of, construct, merged, optional
from ..language.nodes import Node
from ..language.records import Argument, RecordValues, read_record, record_schema
from ..world.plan import NO_BROKER, BrokerAddress, ChargerPlan, ClientPlan, ControlBoxPlan, Recognition
from ..world.vehicles import VEHICLES
from .plan import End
from .speed import Speed
from .wallboxes import EVERYTHING, WallboxesSection, numbered, proper_name


@terse
class PacksSection(ArgumentType[tuple[Vendor, ...]]):
    """Device packs; reading them makes their vendors and models known."""

    text = "files such as boxes/heidelberg.yaml"

    def read(self, node: Node, scope: Scope) -> tuple[Vendor, ...]:
        found: list[Vendor] = []
        for item in node.items if node.items is not None else (node,):
            if not isinstance(item.scalar, str):
                self.wrong(item, scope)
            try:
                found.append(vendors.state_pack(Path(item.place.file).parent / item.scalar))
            except ScenarioError as error:
                scope.problems.extend(error.problems)
            except EmulatorError as error:
                scope.report(item, str(error))
        return tuple(found)

    def schema(self) -> Schema:
        return Several(Text()).schema()


@terse
class VehiclePreset(ArgumentType[VehicleSpec]):
    """A vehicle that is known without being described."""

    text = 'a vehicle model such as "vw_id3"'

    def read(self, node: Node, scope: Scope) -> VehicleSpec:
        if not isinstance(node.scalar, str):
            self.wrong(node, scope)
        if node.scalar not in VEHICLES:
            scope.fail(node, f'there is no vehicle model "{node.scalar}"{did_you_mean(node.scalar, VEHICLES)}')
        return VEHICLES[node.scalar]

    def schema(self) -> Schema:
        return {"enum": sorted(VEHICLES)}


_PRESET = Argument("model", VehiclePreset(), "generic", stated="the preset it is based on")


@cache
def vehicle_arguments() -> tuple[Argument[object], ...]:
    """The keys of a vehicle."""
    return (_PRESET, *PartialRecord(VehicleSpec, omit=("model",)).arguments)


@terse
class VehiclesSection(ArgumentType[dict[str, VehicleSpec]]):
    """Vehicles by name: a preset, or a preset with changes."""

    text = "vehicles by name, such as {id3: {model: vw_id3, state_of_charge: 35 %}}"

    def read(self, node: Node, scope: Scope) -> dict[str, VehicleSpec]:
        if node.entries is None:
            self.wrong(node, scope)
        found: dict[str, VehicleSpec] = {}
        for key, value in node.entries:
            try:
                found[key.text] = _vehicle(value, scope)
            except Unreadable:
                continue
        if len(found) < len(node.entries):
            raise Unreadable
        return found

    def schema(self) -> Schema:
        one = {"anyOf": [VehiclePreset().schema(), record_schema(vehicle_arguments())]}
        return {"type": "object", "additionalProperties": one}


def _vehicle(node: Node, scope: Scope) -> VehicleSpec:
    if isinstance(node.scalar, str):
        return VehiclePreset().read(node, scope)
    changes = read_record(node, vehicle_arguments(), scope, given_only=True, what="a vehicle")
    base = changes.of(_PRESET, VEHICLES["generic"])
    return merged(base, {name: value for name, value in changes.items() if name != _PRESET.name})


_WALLBOXES = Argument("wallboxes", WallboxesSection(), (), stated="the firmwares that run it, by name")
_WALLBOX = Argument("wallbox", WallboxesSection(), (), stated="the same, for a single one")


@cache
def _hardware() -> tuple[Argument[object], ...]:
    return PartialRecord(ChargerSpec).arguments


@cache
def charger_arguments() -> tuple[Argument[object], ...]:
    """The keys of a charger."""
    return (*_hardware(), _WALLBOXES, _WALLBOX, EVERYTHING)


@terse
class ChargerSection(ArgumentType[ChargerPlan]):
    """One charger; the reader gives it its name."""

    text = "a charger such as {rated_current: 32 A, wallboxes: [goe]}"

    def read(self, node: Node, scope: Scope) -> ChargerPlan:
        if isinstance(node.scalar, str):  # `garage: goe`
            return ChargerPlan(name="", wallboxes=WallboxesSection().read(node, scope), place=node.place)
        return charger_plan(read_record(node, charger_arguments(), scope, given_only=True, what=self.text), node)

    def schema(self) -> Schema:
        return {"anyOf": [record_schema(charger_arguments()), {"type": "string"}]}


def charger_plan(values: RecordValues, node: Node) -> ChargerPlan:
    """A charger without a name from the values of its section."""
    hardware = {argument.name: values[argument.name] for argument in _hardware() if argument.name in values}
    wallboxes = (*values.of(_WALLBOXES, ()), *values.of(_WALLBOX, ()))
    if values.of(EVERYTHING, False):
        wallboxes = tuple(replace(wallbox, everything=True) for wallbox in wallboxes)
    return ChargerPlan(name="", hardware=hardware, wallboxes=wallboxes, place=node.place)


@terse
class ChargersSection(ArgumentType[list[ChargerPlan]]):
    """Chargers by name."""

    text = "chargers by name, such as {garage: {wallboxes: {goe: {model: gemini-22}}}}"

    def read(self, node: Node, scope: Scope) -> list[ChargerPlan]:
        """The ones that can be read; what is wrong with the others is reported."""
        if node.entries is None:
            self.wrong(node, scope)
        plans: list[ChargerPlan] = []
        for key, value in node.entries:
            try:
                name = proper_name(key, "charger", scope)
                plans.append(replace(ChargerSection().read(value, scope), name=name, place=key.place))
            except Unreadable:
                continue
        return plans

    def schema(self) -> Schema:
        return {"type": "object", "additionalProperties": ChargerSection().schema()}


@terse
class ClientsSection(ArgumentType[list[ClientPlan]]):
    """Clients by name, and how each is recognised."""

    @property
    def text(self) -> str:
        return 'clients by name, such as {evcc: {agent: "Go-http-client/*"}, hass: {client_id: "homeassistant*"}}'

    def read(self, node: Node, scope: Scope) -> list[ClientPlan]:
        if node.entries is None:
            self.wrong(node, scope)
        plans: list[ClientPlan] = []
        for key, value in node.entries:
            with suppress(Unreadable):
                plans.append(ClientPlan(name=key.text, how=self._recognised(value, scope), place=key.place))
        if len(plans) < len(node.entries):
            raise Unreadable
        return plans

    def _recognised(self, node: Node, scope: Scope) -> Recognition:
        if isinstance(node.scalar, str):  # `evcc: "Go-http-client/*"`
            return Recognition(agent=node.scalar)
        values = read_record(node, arguments_of(Recognition), scope, given_only=True, what="how a client is recognised")
        if not values:
            scope.fail(node, "says nothing by which the client could be recognised")
        return construct(Recognition, values)

    def schema(self) -> Schema:
        one = {"anyOf": [{"type": "string"}, record_schema(arguments_of(Recognition))]}
        return {"type": "object", "additionalProperties": one}


_COUNT = Argument("count", Whole(1, 10_000), required=True, stated="how many")
_PREFIX = Argument("name", Text(), "box", stated="their names are this and a number")
_FIRST = Argument("first", Whole(0), 1, stated="number of the first")
_PORT_STEP = Argument("port_step", Whole(0), 1, stated="from one charger's ports to the next one's")


def _fleet_arguments() -> tuple[Argument[object], ...]:
    return (_COUNT, _PREFIX, _FIRST, _PORT_STEP, *optional(charger_arguments()))


@terse
class FleetSection(ArgumentType[list[ChargerPlan]]):
    """Many chargers alike, with numbered names, serial numbers and ports."""

    text = "a fleet such as {count: 10, name: box, wallboxes: {goe: {http: 9000}}}"

    def read(self, node: Node, scope: Scope) -> list[ChargerPlan]:
        if node.items is not None:
            return [plan for item in node.items for plan in self.read(item, scope)]
        values = read_record(node, _fleet_arguments(), scope, given_only=True, what=self.text)
        name, first, step = values.of(_PREFIX, "box"), values.of(_FIRST, 1), values.of(_PORT_STEP, 1)
        plan = charger_plan(values, node)
        wallboxes = plan.wallboxes
        return [
            replace(
                plan, name=f"{name}{first + i}", wallboxes=tuple(numbered(wallbox, i, step) for wallbox in wallboxes)
            )
            for i in range(values.of(_COUNT, 0))
        ]

    def schema(self) -> Schema:
        one = record_schema(_fleet_arguments())
        return {"anyOf": [one, {"type": "array", "items": one}]}


_SPEED = Argument("speed", Speed(), required=True)


@terse
class ClockSection(ArgumentType[float]):
    """How fast simulated time runs."""

    text = "realtime, frozen, or {speed: 60}"

    def read(self, node: Node, scope: Scope) -> float:
        if node.entries is None:
            return Speed().read(node, scope)
        return read_record(node, (_SPEED,), scope).of(_SPEED, 1.0)

    def schema(self) -> Schema:
        return {"anyOf": [Speed().schema(), record_schema((_SPEED,))]}


@terse
class BrokerSection(ArgumentType[BrokerAddress]):
    """The MQTT broker."""

    text = "embedded, {port: 1884} (the emulator's own on another port; 0: any), mqtt://host:1883, or none"

    def read(self, node: Node, scope: Scope) -> BrokerAddress:
        if node.entries is not None:
            return BrokerAddress(port=read_record(node, (_BROKER_PORT,), scope).of(_BROKER_PORT, 0))
        found = broker_address(node.scalar) if isinstance(node.scalar, str) else None
        if found is None:
            self.wrong(node, scope)
        return found

    def schema(self) -> Schema:
        return {
            "anyOf": [
                {"enum": ["embedded", "none"]},
                {"type": "string", "pattern": "^mqtt://"},
                record_schema((_BROKER_PORT,)),
            ]
        }


_BROKER_PORT = Argument("port", Whole(0, 65535), required=True, stated="of the emulator's own broker; 0: any free one")


def broker_address(text: str) -> BrokerAddress | None:
    """The broker of `embedded`, `none` or `mqtt://host:1883`; None if it is no such thing."""
    if text in ("embedded", "none"):
        return BrokerAddress() if text == "embedded" else NO_BROKER
    return _mqtt_url(text)


def _mqtt_url(text: str) -> BrokerAddress | None:
    """The broker of `mqtt://host:1883`; None if it is no such thing."""
    try:
        parts = urlsplit(text)
        if parts.scheme != "mqtt" or not parts.hostname or parts.path not in ("", "/"):
            return None
        return BrokerAddress(embedded=False, host=parts.hostname, port=parts.port or 1883)
    except ValueError:
        return None


@terse
class SharedSocketsSection(ArgumentType[bool | None]):
    """Whether wallboxes share listening sockets; None: many do."""

    text = "true, false or auto"

    def read(self, node: Node, scope: Scope) -> bool | None:
        if node.scalar == "auto":
            return None
        if not isinstance(node.scalar, bool):
            self.wrong(node, scope)
        return node.scalar

    def schema(self) -> Schema:
        return {"enum": [True, False, "auto"]}


_GUARDED = Argument("wallboxes", Several(Text()), (), stated="those it limits; default: every one with EEBUS")
_PAIR = Argument("pair", Flag(), True, stated="the owners of the wallboxes trust it from the start")
CONTROL_BOX = (_GUARDED, _PAIR)


@terse
class ControlBoxSection(ArgumentType[ControlBoxPlan]):
    """The grid operator's control box."""

    @property
    def text(self) -> str:
        return "{} (for every wallbox with EEBUS), or {wallboxes: [garage.warp], pair: true}"

    def read(self, node: Node, scope: Scope) -> ControlBoxPlan:
        if node.empty:
            return ControlBoxPlan()
        if node.entries is None:
            self.wrong(node, scope)
        values = read_record(node, CONTROL_BOX, scope, given_only=True)
        return ControlBoxPlan(wallboxes=values.of(_GUARDED, ()), pair=values.of(_PAIR, True))

    def schema(self) -> Schema:
        return {"anyOf": [record_schema(CONTROL_BOX), {"type": "null"}]}


@terse
class EndSection(ArgumentType[End]):
    """When the scenario is over."""

    text = "{at: 4 h}, or {after: 5 min} (after the last step)"

    def read(self, node: Node, scope: Scope) -> End:
        if isinstance(node.scalar, str):
            return End(at=Duration().read(node, scope))
        if node.entries is None:
            self.wrong(node, scope)
        values = read_record(node, _END, scope, given_only=True)
        if len(values) != 1:
            scope.fail(node, f"expected {self.text}")
        return End(at=values.of(_AT), after=values.of(_AFTER))

    def schema(self) -> Schema:
        return {"anyOf": [record_schema(_END), Duration().schema()]}


_AT = Argument("at", Duration(), stated="simulated time")
_AFTER = Argument("after", Duration(), stated="after the last step")
_END = (_AT, _AFTER)


def supply_type() -> PartialRecord:
    """The grid of every charger; what is not given has its default."""
    return PartialRecord(SupplySpec)


def check_ports(plans: list[ChargerPlan], scope: Scope) -> None:
    """Report every port that two interfaces are to listen on."""
    owners: dict[tuple[str, int], str] = {}
    for plan in plans:
        for wallbox in plan.wallboxes:
            for interface, port in wallbox.interfaces.items():
                if isinstance(port, bool) or port == 0:
                    continue
                kind = "udp" if interface == "udp" else "tcp"
                where = (f"{kind} {wallbox.address or ''}", port)
                owner = f"{plan.name}.{wallbox.name}.{interface}"
                if where in owners:
                    text = f"{owner}: port {port} is that of {owners[where]} already"
                    scope.problems.append(Problem(wallbox.place, text))
                owners.setdefault(where, owner)
