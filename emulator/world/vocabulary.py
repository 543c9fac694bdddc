"""What a wallbox knows: the values, registers, topics and paths that faults, rules and steps may name.

The one rule: it is asked, not written down a second time - a wallbox of the same profile with everything switched on
is built beside the running one, and says what it has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache, cached_property
from typing import TYPE_CHECKING, Final

from .. import vendors
from ..devices.documents import Path, address, ends_with
from ..devices.interfaces import MqttInterface, Origin, RegisterMap, ShipInterface
from ..devices.topics import matches
from ..devices.wallbox import Context, Wallbox, charger_defaults
from ..eebus.functions import FUNCTIONS
from ..errors import did_you_mean, misspelt
from ..language.digits import is_index
from ..runtime.clock import Clock
from ..runtime.simulation import Simulation
from .building import FIXED_EPOCH

if TYPE_CHECKING:
    from ..devices.firmware import Profile

REGISTER: Final = "modbus."
_ASKING: Final = Origin(interface="vocabulary")


@dataclass(frozen=True)
class Vocabulary:
    """The names of one wallbox."""

    title: str
    """How messages call it."""
    values: frozenset[str]
    """Addresses a client can read."""
    writable: frozenset[str]
    """Values and commands a client can write, by their documented names."""
    written: frozenset[str]
    """Names that writes are recorded under."""
    paths: tuple[str, ...]
    """HTTP and WebSocket paths; `/*` at the end takes everything below."""
    topics: tuple[str, ...]
    """MQTT topics without the prefix; what it subscribes to may hold `+` and `#`."""
    tables: tuple[RegisterMap, ...]
    """What its Modbus registers mean."""
    known: Mapping[Path, object]
    """Every place a value can have in a message, with what is there now."""

    numbers: frozenset[Path]
    """Places of values that are single numbers."""

    def is_number(self, name: str) -> bool:
        return address(name) in self.numbers

    def no_key(self, key: str) -> str | None:
        wanted = address(key)
        if wanted in self.known or any(ends_with(path, wanted) for path in self.known) or self._below_unknown(wanted):
            return None
        return f'{self.title} has no value "{key}"{did_you_mean(key, self._names)}'

    def not_read(self, name: str) -> str | None:
        """As `no_key`, of a name that may have `*` in it."""
        if "*" in name and (name.startswith(REGISTER) or any(fnmatchcase(known, name) for known in self.values)):
            return None
        return self.no_key(name)

    def no_register(self, wanted: range) -> str | None:
        if not self.tables or any(_reached(table, wanted) for table in self.tables):
            return None
        shown = str(wanted.start) if len(wanted) == 1 else f"{wanted.start}..{wanted.stop - 1}"
        return f"{self.title} has no register {shown}{_nearest_register(self.tables, wanted.start)}"

    def no_function(self, function: int) -> str | None:
        served = sorted({code for table in self.tables for code in table.served})
        if not served or function in served:
            return None
        return f"{self.title} has no Modbus function {function} (known: {', '.join(map(str, served))})"

    def no_path(self, pattern: str) -> str | None:
        if any(_overlaps(pattern, path) for path in self.paths):
            return None
        return f'{self.title} has no path "{pattern}"{did_you_mean(pattern, self.paths)}'

    def no_topic(self, pattern: str) -> str | None:
        plain = pattern.replace("*", "#" if pattern.endswith("*") else "+")
        if any(_same_topic(plain, topic) for topic in self.topics):
            return None
        return f'{self.title} has no topic "{pattern}"{did_you_mean(pattern, self.topics)}'

    def not_written(self, name: str) -> str | None:
        """Whether writes can be recorded under a name: a value, or a document whose members are written."""
        if name.startswith(REGISTER) and is_index(name.removeprefix(REGISTER)):
            number = int(name.removeprefix(REGISTER))
            return self.no_register(range(number, number + 1))
        if name in self.written or any(known.startswith(f"{name}.") for known in self.written):
            return None
        if any(sign in name for sign in "*?[") and (
            any(fnmatchcase(known, name) for known in (*self.written, *self.values))
            or (self.tables and name.startswith(REGISTER))
        ):
            return None
        if name in self.values:
            return f'nobody can write "{name}" of {self.title}{did_you_mean(name, self.written)}'
        return f'{self.title} has no value "{name}"{did_you_mean(name, self.written)}'

    def not_writable(self, name: str) -> str | None:
        """Whether `write` knows a name; what is below one of them counts as well."""
        plain = name.partition(".")[0]
        if name in self.writable or name in self.values or name in self.written or plain in self.writable:
            return None
        if name.startswith(REGISTER):
            number = name.rpartition(".")[2]
            return self.no_register(range(int(number), int(number) + 1)) if is_index(number) else "not a register"
        return f'{self.title} has no value "{name}"{did_you_mean(name, self.values | self.writable)}'

    @cached_property
    def _names(self) -> frozenset[str]:
        return self.values | self.writable | {path[-1] for path in self.known if not path[-1].isdigit()}

    def _below_unknown(self, wanted: Path) -> bool:
        """Whether a part of it names something whose members are not there now: an empty list, null."""
        return any(
            not self.known[path] and isinstance(self.known[path], list | dict | None)
            for cut in range(1, len(wanted))
            for path in self.known
            if ends_with(path, wanted[:cut])
        )


def nobody_knows(wallboxes: Iterable[Wallbox], question: Callable[[Vocabulary], str | None]) -> str | None:
    """What is wrong with a name that none of several wallboxes knows; None: one of them does, or there is none."""
    wrong: str | None = None
    for wallbox in wallboxes:
        wrong = question(vocabulary(wallbox))
        if wrong is None:
            return None
    return wrong


def misspelt_path(wallboxes: Iterable[Wallbox], pattern: str) -> str | None:
    """What is wrong with a path that none of several wallboxes has, but something much like it."""
    here = tuple(wallboxes)
    if nobody_knows(here, lambda known: known.no_path(pattern)) is None:
        return None
    start = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
    parts = start.split("/")
    for wallbox in here:
        paths = [path.removesuffix("*").split("/")[: len(parts)] for path in vocabulary(wallbox).paths]
        known = ["/".join(path if parts[-1] else [*path[:-1], ""]) for path in paths if len(path) == len(parts)]
        meant = misspelt(start, known)
        if meant is not None and meant != start:
            return f'{wallbox.address} has no path "{pattern}" (did you mean "{meant}"?)'
    return None


def vocabulary(wallbox: Wallbox) -> Vocabulary:
    """What a wallbox knows. It is not touched: one like it is asked."""
    found = _of_profile(wallbox.vendor.id, wallbox.profile)
    own = frozenset(wallbox.addresses())
    extra = {address(name): None for name in own - found.values}
    return replace(found, title=wallbox.address, values=found.values | own, known={**found.known, **extra})


def known_to_vendor(wallbox: Wallbox, name: str) -> bool:
    """Whether any model of the vendor with any firmware has a value."""
    vendor = wallbox.vendor
    profiles = (vendor.profile(model.id, version) for model in vendor.models for version in reversed(model.firmwares))
    return any(_of_profile(vendor.id, profile).no_key(name) is None for profile in profiles)


@cache
def _of_profile(vendor_id: str, profile: Profile) -> Vocabulary:
    wallbox = _like(vendor_id, profile)
    values = frozenset(wallbox.addresses())
    settable = frozenset(row.name for row in wallbox.fidelity() if row.settable and not row.name[:1].isdigit())
    tables = tuple(wallbox.register_tables())
    registers = {row.name.partition(" ")[2] for row in wallbox.fidelity() if row.settable and row.name[:1].isdigit()}
    topics = frozenset(_topics(wallbox))
    rows = (row.name.partition(" ")[2] if row.name[:1].isdigit() else row.name for row in wallbox.fidelity())
    known = dict(_known(wallbox, (*values, *settable, *rows)))
    numbers = frozenset(path for path, found in known.items() if type(found) in (int, float))
    known |= {address(name): None for name in (*topics, *wallbox.request_words())}
    return Vocabulary(
        title=wallbox.address,
        values=values,
        writable=settable,
        written=frozenset(wallbox.written_names()) | registers,
        paths=tuple(dict.fromkeys(wallbox.http_paths())),
        topics=tuple(sorted(topics)),
        tables=tables,
        known=known,
        numbers=numbers,
    )


@cache
def interfaces_of(vendor_id: str, profile: Profile) -> frozenset[str]:
    """The interfaces a model has with a firmware, switched on or not."""
    return frozenset(_like(vendor_id, profile).interfaces)


def _like(vendor_id: str, profile: Profile) -> Wallbox:
    """A wallbox of a profile with every interface on."""
    vendor = vendors.vendor(vendor_id)
    simulation = Simulation(clock=Clock(0.0), epoch=FIXED_EPOCH)
    simulation.add_charger("charger", charger_defaults(profile))
    switches = (vendor.enabling(profile.model, interface) for interface in vendor.enable)
    settings = {**{name: value for on in switches for name, value in on.items()}, **vendor.everything}
    context = Context(
        vendor=vendor,
        profile=profile,
        simulation=simulation,
        charger="charger",
        name=vendor_id,
        serial=profile.model.serial,
        settings=settings,
        broker=("127.0.0.1", 1883),
    )
    wallbox = vendor.create(context)
    wallbox.start()
    simulation.now()
    return wallbox


def _topics(wallbox: Wallbox) -> Iterator[str]:
    """What it publishes and what it subscribes to, without the prefix; of EEBUS, its functions and SHIP messages."""
    for interface in wallbox.interfaces.values():
        if isinstance(interface, MqttInterface):
            prefix = interface.prefix().rstrip("/") + "/"
            sent = [publish.topic for publish in interface.connected(_ASKING)]
            for topic in (*interface.subscriptions(), *sent):
                name = topic.removeprefix(prefix)
                yield from (name,) if name != "#" else wallbox.written_topics()
        elif isinstance(interface, ShipInterface):
            yield from FUNCTIONS


def _known(wallbox: Wallbox, names: Iterable[str]) -> Iterator[tuple[Path, object]]:
    for name in names:
        value: object = None
        with suppress(KeyError):
            value = wallbox.read(name)
        yield from _below(address(name), value)


def _below(path: Path, value: object) -> Iterator[tuple[Path, object]]:
    """A value and everything inside it."""
    if path:
        yield path, value
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _below((*path, str(name)), item)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _below((*path, str(index)), item)


def _reached(table: RegisterMap, wanted: range) -> bool:
    return any(True for code in table.served for _ in table.items(code, wanted.start, len(wanted)))


def _nearest_register(tables: Iterable[RegisterMap], wanted: int) -> str:
    near = (range(wanted + step, wanted + step + 1) for away in range(1, 40) for step in (-away, away))
    found = next((one.start for one in near if one.start >= 0 and any(_reached(table, one) for table in tables)), None)
    return f" (the nearest is {found})" if found is not None else ""


def _overlaps(pattern: str, path: str) -> bool:
    """Whether a pattern with `*` and `?` and a route can mean the same request."""
    if path.endswith("/*"):
        below = path[:-1]
        fixed = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
        return fixed.startswith(below) or (fixed != pattern and below.startswith(fixed))
    return fnmatchcase(path.lower(), pattern.lower())


def _same_topic(pattern: str, topic: str) -> bool:
    """Whether two filters, with or without a prefix in front of the first, can take the same topic."""
    pattern = pattern.lstrip("/")
    if matches(pattern, topic) or matches(topic, pattern):
        return True
    levels = pattern.split("/")
    return any(
        matches("/".join(levels[cut:]), topic) or _specific(levels[cut:], topic) for cut in range(1, len(levels))
    )


def _specific(levels: list[str], topic: str) -> bool:
    return topic != "#" and matches(topic, "/".join(levels))
