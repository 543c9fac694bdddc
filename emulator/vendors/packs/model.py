"""What a pack says, as dataclasses: their fields are the keys of the YAML file.

The one rule: what is written here is checked when the pack is read; what runs it need not ask again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from ...core.units import Amperes
from ...language.arguments import ArgumentType, Schema, Scope
from ...language.nodes import Node
from .numbers import HEXADECIMAL, number_in

Choice = Literal["socket", "tethered"]


@dataclass(frozen=True, slots=True)
class RegisterAddress(ArgumentType[int]):
    """The address of a register, decimal or hexadecimal."""

    text = "an address such as 257 or 0x4000"

    def read(self, node: Node, scope: Scope) -> int:
        value = number_in(node.scalar)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 0xFFFF:
            self.wrong(node, scope)
        return value

    def schema(self) -> Schema:
        return {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": HEXADECIMAL.pattern}]}


@dataclass(frozen=True, kw_only=True)
class PackModel:
    """One model."""

    id: str
    """Name in scenarios, unique over all vendors."""
    title: str
    firmwares: tuple[str, ...]
    """Versions, oldest first; the last is the default."""
    serial: str = ""
    rated_current: Amperes = 32.0
    phases: int = 3
    connector: Choice = "tethered"


@dataclass(frozen=True, kw_only=True)
class PackSetting:
    """Something the box stores, for its owner or for clients."""

    name: str
    default: object
    lowest: float | None = None
    highest: float | None = None
    values: tuple[object, ...] = ()
    """The only ones it takes, in place of a range."""
    minimum: float | None = None
    """Something between 0 and this is stored as 0."""
    clamp: bool = False
    """What is outside the range is stored as its end instead of being refused."""
    acts_as: Literal["limit", "permission", "stop", "phases"] | None = None
    """A current per phase [A] that limits (0 stops), what permits (or stops) if it is not 0, a number of phases."""
    persistent: bool = True
    """Survives a reboot."""
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class PackCase:
    """A value that holds when quantities and settings are as stated; the first that does is taken."""

    value: object
    when: Mapping[str, object] = field(default_factory=dict)
    """Names to a value, a list of values, or a comparison such as "> 0"; nothing: always."""


@dataclass(frozen=True, kw_only=True)
class PackValue:
    """Where a value comes from: exactly one of `reads`, `constant` and `cases`."""

    reads: str | None = None
    """A quantity of the charger, `setting.<name>`, `serial`, `firmware` or `model`."""
    constant: object = None
    cases: tuple[PackCase, ...] = ()
    map: Mapping[str, object] = field(default_factory=dict)
    """What stands for each of its values; `otherwise` for the rest."""


@dataclass(frozen=True, kw_only=True)
class PackRegister(PackValue):
    """A register, or several that hold one value."""

    register: Annotated[int, RegisterAddress()]
    """Zero-based address, as on the wire: 16384, or 0x4000."""
    name: str
    type: str
    """u16, s16, u32, s32, f32, u64, s64, f64; `low_first`: the low word first; text(N): N registers of characters."""
    scale: float = 1.0
    """Value on the wire = value x scale."""
    writes: str | None = None
    """The setting that a client changes with it."""
    source: str
    about: str = ""
    assumed: str | None = None


@dataclass(frozen=True, kw_only=True)
class PackModbus:
    """A Modbus TCP server."""

    port: int
    real_port: int = 502
    unit: int | None = None
    """The only unit id that is answered; none: all."""
    input: tuple[PackRegister, ...] = ()
    """Function 4."""
    holding: tuple[PackRegister, ...] = ()
    """Functions 3, 6 and 16."""
    fill: int | None = None
    """What an address without a value gives inside a read; none: exception 2."""
    input_is_holding: bool = False
    """Functions 3 and 4 read the same."""


@dataclass(frozen=True, kw_only=True)
class PackRoute:
    """A path of an HTTP server."""

    path: str
    method: str = "GET"
    json: Mapping[str, object] | None = None
    """The reply: members by name; {reads: ...}, {cases: ...} and {constant: ...} are values, mappings are objects."""
    text: str | None = None
    """The reply, as it is."""
    status: int = 200
    sets: Mapping[str, str] = field(default_factory=dict)
    """Parameters of the query, or members of a JSON body, to the settings they change."""
    refused: int = 400
    """Status when a value is not taken."""
    refused_json: Mapping[str, object] | None = None
    source: str
    assumed: str | None = None


@dataclass(frozen=True, kw_only=True)
class PackHttp:
    """An HTTP server."""

    port: int
    real_port: int = 80
    routes: tuple[PackRoute, ...]


@dataclass(frozen=True, kw_only=True)
class PackWatchdog:
    """What happens when clients fall silent."""

    timeout: str
    """The setting that says how long; 0: never."""
    unit: float = 1.0
    """Seconds that one of it is."""
    current: str
    """The setting with the current per phase [A] that is offered meanwhile; 0: none."""


@dataclass(frozen=True, kw_only=True)
class Pack:
    """A vendor."""

    vendor: str
    """`heidelberg`"""
    title: str
    about: str = ""
    """What is reproduced from where, as Markdown."""
    boot: float = 15.0
    """Seconds from power to an answer."""
    models: tuple[PackModel, ...]
    settings: tuple[PackSetting, ...] = ()
    modbus: PackModbus | None = None
    http: PackHttp | None = None
    watchdog: PackWatchdog | None = None
