"""The vocabulary of a walk where nobody wrote one: made of every step and every kind of fault there is.

The one rule: what is registered is proposed, with arguments by name or by type, as far as it makes sense for this
scenario. A step that is never proposed stands in `samples.LEFT_OUT` with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from ..core.faults import CATALOGUE
from ..devices.settings import Setting
from ..devices.wallbox import Wallbox
from ..faults.catalogue import FAULT_TYPES, FaultType
from ..language.arguments import ArgumentType, Choice, Flag, Maybe, NumberWithUnit
from ..language.nodes import from_object
from ..language.records import Argument
from ..language.units import DIMENSIONS
from ..scenario.steps.base import StepType
from ..scenario.steps.vocabulary import VOCABULARY
from ..verdict.entries import includes
from ..world.site import Site
from ..world.vocabulary import vocabulary
from .observed import Observed
from .samples import EVERYWHERE, FLEETING, HABITS, LEFT_OUT, MANY, NUMBERS, OFTEN, ONLY_ON, SAMPLES, SELDOM, WHOLE
from .words import ONE_OF, WEIGHT, Word, Words, readable, variants

Options = Mapping[str, Sequence[object]]
"""What each argument of a step may be; None: left out."""


_PHYSICAL: Final = frozenset(fault.step() for fault in CATALOGUE)


def proposed(site: Site, seen: Observed, *, commands: bool) -> Words:
    """The vocabulary for a site. `commands`: nobody but the walk itself is a client."""
    found: list[Word] = []
    for name, options in _all(site, seen, commands=commands):
        kind = str(options["kind"][0]) if "kind" in options else name
        weight = OFTEN.get(kind, SELDOM if kind in _PHYSICAL else 2)
        word = _word(site, name, options, weight)
        if word is not None:
            found.append(word)
    found.sort(key=lambda word: -word.weight)
    return Words(words=tuple(found))


def _word(site: Site, name: str, options: Options, weight: int) -> Word | None:
    """A word of the options that can be read; None if it makes no sense here."""
    if not all(options.values()):
        return None
    if WHOLE in options:
        node = from_object({name: {ONE_OF: list(options[WHOLE])}})
        return Word(weight, node) if all(readable(variant, site.names) for variant in variants(node)) else None
    first = {argument: values[0] for argument, values in options.items()}
    if not _makes_sense(site, name, first):
        return None
    kept: dict[str, object] = {}
    for argument, values in options.items():
        good = list(values)
        if len(values) <= MANY and argument not in EVERYWHERE:
            good = [v for v in values if v is first[argument] or _makes_sense(site, name, {**first, argument: v})]
        if good != [None]:
            kept[argument] = good[0] if len(good) == 1 else {ONE_OF: good}
    return Word(weight, from_object({name: kept or None}))


def _makes_sense(site: Site, name: str, arguments: Mapping[str, object]) -> bool:
    given = {argument: value for argument, value in arguments.items() if value is not None}
    return readable(from_object({name: given or None}), site.names)


def _all(site: Site, seen: Observed, *, commands: bool) -> Iterator[tuple[str, Options]]:
    for charger in site.wallbox_names:
        for kind in VOCABULARY:
            if kind.name not in LEFT_OUT:
                yield from _step(kind, charger, site, seen, commands=commands)
        for fault in FAULT_TYPES.values():
            yield from _faults(fault, charger, site, seen)


# --- steps -----------------------------------------------------------------------------------------------------------


def _step(kind: StepType, charger: str, site: Site, seen: Observed, *, commands: bool) -> Iterator[tuple[str, Options]]:
    several = len(site.wallbox_names) > 1
    wallboxes = site.wallboxes_of(charger)
    names = {argument.name for argument in kind.arguments}
    match kind.name:
        case "set":
            for wallbox in wallboxes:
                yield kind.name, {"wallbox": [wallbox.address], "settings": _settings(wallbox)}
        case "set_firmware":
            for wallbox in wallboxes:
                yield kind.name, {"wallbox": [wallbox.address], "firmware": _firmwares(wallbox)}
        case "command":
            for wallbox in wallboxes if commands else ():
                yield kind.name, {"wallbox": [wallbox.address], "write": _writes(wallbox, seen)}
        case "set_vehicle":
            where = {"charger": charger} if several else {}
            yield kind.name, {WHOLE: [{**where, **habit} for habit in ({"awake": True}, *HABITS)]}
        case "central_system":
            if site.plan.wants_central_system:
                yield kind.name, {WHOLE: [{"up": False}, {"up": True}, {"restart": True}]}
        case "limit" | "release" | "fall_silent" if site.control_box is None:
            pass
        case _ if kind.whole is not None:
            yield kind.name, {WHOLE: SAMPLES.get(kind.name, ())}
        case _:
            own = _arguments(kind.name, kind.arguments, omit=("charger", "wallbox", "name"))
            yield kind.name, (_of(charger, several) if "charger" in names else {}) | own


def _of(charger: str, several: bool) -> dict[str, Sequence[object]]:
    return {"charger": [charger]} if several else {}


def _arguments(
    word: str, arguments: Iterable[Argument[object]], omit: Sequence[str] = ()
) -> dict[str, Sequence[object]]:
    """What arguments may be: by name, or by type where they are required or have few values."""
    found: dict[str, Sequence[object]] = {}
    for argument in arguments:
        if argument.name in omit or (argument.collected and argument.name not in SAMPLES):
            continue
        samples = SAMPLES.get(f"{word}.{argument.name}", SAMPLES.get(argument.name))
        if samples is not None:
            found[argument.name] = samples
        elif argument.required or isinstance(argument.type, Choice | Flag):
            found[argument.name] = _by_type(argument.type) if argument.required else (None, *_by_type(argument.type))
    return found


def _by_type(kind: ArgumentType[object]) -> Sequence[object]:
    match kind:
        case Choice():
            return kind.values
        case Flag():
            return (True, False)
        case NumberWithUnit():
            return (DIMENSIONS[kind.symbol].example,)
        case Maybe():
            return _by_type(kind.item)
    return ("1",)


def _settings(wallbox: Wallbox) -> list[object]:
    """Settings one by one, each with another value than now."""
    found: list[object] = []
    for name, row in sorted(wallbox.settings.rows.items()):
        values = (not row.default,) if isinstance(row.default, bool) else (0, 1, 2, 6, 16)
        if isinstance(row.default, bool | int | float):
            found += [{name: value} for value in values if value != row.default and _accepted(row, value)]
    return found


def _accepted(row: Setting[object], value: object) -> bool:
    try:
        row.check(value)
    except ValueError:
        return False
    return True


def _firmwares(wallbox: Wallbox) -> list[object]:
    known = wallbox.profile.model.firmwares
    return [version for version in reversed(known) if version != str(wallbox.profile.firmware)]


def _writes(wallbox: Wallbox, seen: Observed) -> list[object]:
    """Values that somebody may write: those the client writes, otherwise everything that can be written."""
    written = seen.written.get(wallbox.address, {})
    plain = {name: values for name, values in written.items() if not name.startswith("modbus.")} or written
    points = plain or {name: [] for name in sorted(vocabulary(wallbox).writable)}
    return [
        {name: value}
        for name, values in points.items()
        for value in dict.fromkeys((*map(_hashable, values), 0, 1, 2, 6, 16))
    ]


def _hashable(value: object) -> object:
    return value if isinstance(value, str | int | float | bool) else str(value)


# --- faults ----------------------------------------------------------------------------------------------------------


def _faults(kind: FaultType, charger: str, site: Site, seen: Observed) -> Iterator[tuple[str, Options]]:
    """A kind of fault at every place that it can be at and that the client has to do with."""
    step = "charger" in kind.levels and kind.name in {word.name for word in VOCABULARY}
    if step:  # a word of its own
        return
    for place, wallbox, interface in _places(kind, charger, site, seen):
        common: dict[str, Sequence[object]] = {"on": [place], "kind": [kind.name]}
        if kind.protocols:
            common |= FLEETING
        common |= {"for": SAMPLES["for"]}
        if kind.name == "act":
            assert wallbox is not None
            yield "fault", common | {"write": _writes(wallbox, seen)}
        elif kind.name == "vehicle_habit":
            yield "fault", {WHOLE: [{"on": place, "kind": kind.name, **habit} for habit in HABITS]}
        elif kind.needs_key:
            assert wallbox is not None
            assert interface is not None
            yield from _about_values(kind, common, wallbox, interface, seen)
        else:
            own = _arguments(kind.name, kind.arguments)
            if "topic" in {argument.name for argument in kind.arguments} and wallbox is not None:
                own["topic"] = [topic for topic in vocabulary(wallbox).topics if not {"+", "#"} & set(topic)]
            yield "fault", {**common, **_narrowed(kind, place, seen), **own}


def _places(
    kind: FaultType, charger: str, site: Site, seen: Observed
) -> Iterator[tuple[str, Wallbox | None, str | None]]:
    if "interface" in kind.levels:
        for wallbox in site.wallboxes_of(charger):
            on = [name for name in wallbox.traffic if wallbox.serves(name)]
            used = seen.interfaces.get(wallbox.address) or on or wallbox.traffic
            for interface, protocol in wallbox.traffic.items():
                fits = protocol == ONLY_ON[kind.name] if kind.name in ONLY_ON else not kind.protocols
                if interface in used and (fits or protocol in kind.protocols):
                    yield f"{wallbox.address}.{interface}", wallbox, interface
    elif "wallbox" in kind.levels:
        yield from ((wallbox.address, wallbox, None) for wallbox in site.wallboxes_of(charger))
    else:
        yield charger, None, None


def _narrowed(kind: FaultType, place: str, seen: Observed) -> Options:
    """All of the traffic, some paths of it, or what writes."""
    if not kind.protocols:
        return {}
    paths = sorted(seen.paths.get(place, ()))
    own = [{"path": path} for path in paths] if len(paths) > 1 else []
    return {"match": (None, *own, {"write": True}, {"write": False})}


def _about_values(
    kind: FaultType, common: Options, wallbox: Wallbox, interface: str, seen: Observed
) -> Iterator[tuple[str, Options]]:
    """A kind that changes values: on numbers with numbers, and on everything where it does not matter."""
    keys = _keys(wallbox, interface, seen)
    numbers = [match for match, value in keys if value is None or type(value) in (int, float)]
    every = [match for match, _ in keys]
    names = {argument.name for argument in kind.arguments}
    own = _arguments(kind.name, kind.arguments)
    if not every:
        return
    if "value" in names:
        own.pop("sentinel", None)
        if numbers:
            yield "fault", {**common, "match": numbers, "value": NUMBERS}
    if "sentinel" in names:
        yield "fault", {**common, "match": every, "sentinel": SAMPLES["sentinel"]}
    elif numbers and ("factor" in names or "by" in names or "highest" in names):
        yield "fault", {**common, "match": numbers, **own}
    else:
        yield "fault", {**common, "match": every, **own}


def _keys(wallbox: Wallbox, interface: str, seen: Observed) -> list[tuple[dict[str, object], object]]:
    """What a client was told through an interface, with what is there now; if it was told nothing, all there is."""
    modbus = wallbox.traffic[interface] == "modbus"
    known = {".".join(path): value for path, value in vocabulary(wallbox).known.items()}
    leaves = {name: value for name, value in sorted(known.items()) if not isinstance(value, dict | list | tuple)}
    plain = {name: value for name, value in leaves.items() if not {"+", "#"} & set(name)}
    here = {name: value for name, value in plain.items() if name.startswith("modbus.") is modbus}
    told = seen.told.get(wallbox.address, set())
    used = {name: value for name, value in here.items() if any(includes(one, name) for one in told)}
    return [(_match(name, modbus=modbus), value) for name, value in (used or here).items()]


def _match(name: str, *, modbus: bool) -> dict[str, object]:
    number = name.removeprefix("modbus.")
    return {"register": int(number)} if modbus and number.isdigit() else {"key": name}


def described(words: Words) -> str:
    """The vocabulary as a file, for whoever wants to change it."""
    head = f"# How often each happens is its {WEIGHT}; of {ONE_OF} one is taken, null leaves an argument out.\n"
    return head + words.as_yaml()
