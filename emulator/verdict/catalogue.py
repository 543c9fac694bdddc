"""Ready-made rules: what vendors ask of clients in their documents, and what is good for the hardware.

The one rule: a rule stands here with the document it is taken from; `{w}` is the wallbox, `{c}` the charger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ..core.values import value
from ..errors import EmulatorError, did_you_mean
from ..language.outside import Extensible
from ..world.names import probe

if TYPE_CHECKING:
    from ..language.names import Names

Stated = Mapping[str, object]


@value
class ReadyRule:
    """One rule of a set."""

    name: str
    rule: Stated
    """As in a scenario, without its name."""
    source: str
    needs: str = ""
    """Interface, or value, without which the wallbox has no use for it."""
    at_end: bool = False
    """It is about what a client leaves behind when it ends; one that goes on running has not come to that."""


@value
class RuleSet:
    """Rules that are included together."""

    name: str
    vendor: str
    """Whose wallboxes it is about; empty: it is about chargers."""
    about: str
    rules: tuple[ReadyRule, ...]


KEBA_UDP: Final = "KEBA KeContact UDP Programmer's Guide, timing of commands"
KEBA_MODBUS: Final = "KEBA KeContact Modbus TCP Programmer's Guide, as OpenEMS cites it"
GOE: Final = "go-eCharger API v2, http-en.md and apikeys-en.md"
NRGKICK: Final = "NRGkick Gen2 local API documentation (device-hosted page), control"
WARP: Final = "WARP Charger API documentation, evse; charge controller polled every 250 ms"
WARP_MODBUS: Final = "WARP Charger Modbus TCP documentation: there is no communication time-out"
BENDER: Final = "Bender/Mennekes charge controllers, Modbus TCP server for energy management, registers 131 and 132"
LEKTRICO: Final = "Lektrico local API as used by the maker's own client lektricowifi"
IEC: Final = "IEC 61851-1: a vehicle has 5 s to follow a lower offer; contactors are not made to break load routinely"

RECOMMENDED: Final = "recommended"
OF_EACH_VENDOR: Final = f"vendor/{RECOMMENDED}"
OF_EACH_VENDOR_RUNNING: Final = "vendor/running"


def _refused(point: str = "{w}") -> ReadyRule:
    rule: Stated = {"never": {"client": {"writes": point, "failed": True}}}
    return ReadyRule(name="nothing is refused", rule=rule, source="every refusal is a mistake of the client")


SETS: Final[tuple[RuleSet, ...]] = (
    RuleSet(
        name="keba/recommended",
        vendor="keba",
        about="The pauses and time-outs of KEBA's guides.",
        rules=(
            ReadyRule(
                name="100 ms between two commands over UDP",
                rule={"client": {"requests": "{w}.udp"}, "apart": "100 ms"},
                source=KEBA_UDP,
                needs="udp",
            ),
            ReadyRule(
                name="5 s between repetitions of a command over UDP",
                rule={"client": {"requests": "{w}.udp"}, "apart": "5 s", "alike": True},
                source=KEBA_UDP,
                needs="udp",
            ),
            ReadyRule(
                name="at most one request a second over UDP",
                rule={"always": {"client": {"requests": "{w}.udp", "rate": "<= 1 /s"}, "over": "30 s"}},
                source="what Home Assistant's client does at most, averaged over 30 s; the guide asks for 100 ms",
                needs="udp",
            ),
            ReadyRule(
                name="2 s of silence after ena 0",
                rule={
                    "never": {"client": {"requests": "{w}.udp"}},
                    "after": {"client": {"writes": "{w}.ena", "value": 0}},
                    "within": "2 s",
                },
                source=KEBA_UDP,
                needs="udp",
            ),
            ReadyRule(
                name="0.5 s between two readings of a register",
                rule={
                    "client": {"requests": "{w}.modbus", "matching": "read *"},
                    "apart": "500 ms",
                    "alike": True,
                },
                source=KEBA_MODBUS,
                needs="modbus",
            ),
            ReadyRule(
                name="5 s between two writes of a register",
                rule={"client": {"writes": "{w}.modbus.*"}, "apart": "5 s", "alike": True},
                source=KEBA_MODBUS,
                needs="modbus",
            ),
            _refused(),
        ),
    ),
    RuleSet(
        name="goe/recommended",
        vendor="goe",
        about="What go-e's documents and developers say about polling and writing.",
        rules=(
            ReadyRule(
                name="polls at most once a second",
                rule={"always": {"client": {"requests": "{w}.http", "matching": "GET /api/status", "rate": "<= 1 /s"}}},
                source=f"{GOE}: the charging logic runs once a second, faster polling shows nothing new",
                needs="http",
            ),
            ReadyRule(
                name="does not write the same current again within a minute",
                rule={"client": {"writes": "{w}.amp"}, "same_value_apart": "1 min"},
                source=f"{GOE}: amp is stored in flash and has no volatile twin (go-eCharger-API-v2#112)",
                needs="amp",
            ),
            ReadyRule(
                name="at most 6 writes of the current a minute",
                rule={"client": {"writes": "{w}.amp"}, "count": "<= 6", "per": "1 min"},
                source=f"{GOE}: amp is stored in flash (go-eCharger-API-v2#112)",
                needs="amp",
            ),
            ReadyRule(
                name="releases the forced state",
                rule={"releases": {"client": {"writes": "{w}.frc"}}, "to": 0},
                source=f"{GOE}: frc 1 and 2 override schedule and logic until it is 0 again",
                needs="frc",
                at_end=True,
            ),
            _refused(),
        ),
    ),
    RuleSet(
        name="nrgkick/recommended",
        vendor="nrgkick",
        about="What NRGkick's local API asks for.",
        rules=(
            ReadyRule(
                name="polls at most once a second",
                rule={"always": {"client": {"requests": "{w}.http", "rate": "<= 1 /s"}, "over": "30 s"}},
                source=f"{NRGKICK}; the vendor's own pages poll every 2 to 5 s",
                needs="http",
            ),
            ReadyRule(
                name="reads back what it set",
                rule={"client": {"writes": "{w}.control.*"}, "reads_back": "1 min"},
                source=f"{NRGKICK}: /control follows a write after a moment",
                needs="http",
            ),
            ReadyRule(
                name="ends its pause",
                rule={"releases": {"client": {"writes": "{w}.control.charge_pause"}}, "to": 0},
                source=f"{NRGKICK}: charge_pause stays until it is written back",
                needs="http",
                at_end=True,
            ),
            _refused(),
        ),
    ),
    RuleSet(
        name="warp/recommended",
        vendor="warp",
        about="What Tinkerforge's API documentation asks for.",
        rules=(
            ReadyRule(
                name="polls a state at most four times a second",
                rule={"client": {"requests": "{w}.http", "matching": "GET *"}, "apart": "250 ms", "alike": True},
                source=WARP,
                needs="http",
            ),
            ReadyRule(
                name="does not wear out the flash with evse/global_current",
                rule={"client": {"writes": "{w}.evse/global_current*"}, "count": "<= 1", "per": "1 min"},
                source=f"{WARP}: global_current is persistent, use it sparingly",
            ),
            ReadyRule(
                name="gives back the external current",
                rule={"releases": {"client": {"writes": "{w}.evse/external_current*"}}, "to": "> 31999"},
                source=f"{WARP}: a limit in the external slot stays in force until it is written again",
                at_end=True,
            ),
            ReadyRule(
                name="gives back the current of Modbus",
                rule={"releases": {"client": {"writes": "{w}.charging_current"}}, "to": "> 31999"},
                source=WARP_MODBUS,
                needs="modbus",
                at_end=True,
            ),
            _refused(),
        ),
    ),
    RuleSet(
        name="bender/recommended",
        vendor="bender",
        about="What Bender's Modbus documentation asks for.",
        rules=(
            ReadyRule(
                name="talks before the communication time-out",
                rule={
                    "refreshes": {"client": {"requests": "{w}.modbus"}},
                    "every": "60 s",
                    "after": {"client": {"writes": "{w}.modbus.1000"}},
                },
                source=f"{BENDER}. ASSUMED: a time-out of 60 s; state the rule yourself for another one",
                needs="modbus",
            ),
            _refused(),
        ),
    ),
    RuleSet(
        name="lektrico/recommended",
        vendor="lektrico",
        about="What the maker's own client does.",
        rules=(
            ReadyRule(
                name="polls at most once a second",
                rule={"always": {"client": {"requests": "{w}.http", "rate": "<= 1 /s"}, "over": "30 s"}},
                source=f"{LEKTRICO}: every 10 s with three to four requests",
                needs="http",
            ),
            _refused(),
        ),
    ),
    RuleSet(
        name=OF_EACH_VENDOR,
        vendor="",
        about="The recommended set of each wallbox's own vendor, as far as there is one.",
        rules=(),
    ),
    RuleSet(
        name=OF_EACH_VENDOR_RUNNING,
        vendor="",
        about="The same for a client that goes on running when the scenario ends, and gives nothing back.",
        rules=(),
    ),
    RuleSet(
        name="hardware/careful",
        vendor="",
        about="What spares contactors and vehicles.",
        rules=(
            ReadyRule(
                name="contacts open without load",
                rule={
                    "never": {"event": "contactor_opened", "charger": "{c}", "while": {"{c}.phase_current": "> 1 A"}}
                },
                source=IEC,
            ),
            ReadyRule(
                name="10 min between two phase switches",
                rule={"event": "phase_switch_started", "charger": "{c}", "apart": "10 min"},
                source="ASSUMED: usual set-up of energy managers; every switch interrupts the vehicle",
            ),
            ReadyRule(
                name="offers at least what the vehicle needs, or nothing",
                rule={"never": {"{c}.vehicle.below_minimum": True}, "for": "30 s"},
                source="IEC 61851-1: below its minimum a vehicle does not charge",
            ),
            ReadyRule(
                name="at most 6 closings of the contactor an hour",
                rule={"event": "contactor_closed", "charger": "{c}", "count": "<= 6", "per": "1 h"},
                source="ASSUMED: contactors wear with every closing, vehicles give up after some stops",
            ),
        ),
    ),
)


def _rule_set(_: str, found: object) -> RuleSet | None:
    return found if isinstance(found, RuleSet) else None


BY_NAME: Final = Extensible({found.name: found for found in SETS}, "rules", _rule_set, "a RuleSet")


def expand(name: str, names: Names, on: str | None = None) -> list[Stated]:
    """The rules of a set as a scenario has them, for every wallbox it is about or for one of them (or one charger).

    EmulatorError if there is no such set, or nothing it could be about.
    """
    if name in (OF_EACH_VENDOR, OF_EACH_VENDOR_RUNNING):
        return _of_each_vendor(names, on, running=name == OF_EACH_VENDOR_RUNNING)
    rules = BY_NAME.get(name)
    if rules is None:
        raise EmulatorError(f'there is no rule set "{name}"{did_you_mean(name, BY_NAME)}')
    places = _chargers(names, on) if not rules.vendor else _wallboxes(rules.vendor, names, on)
    if not places:
        raise EmulatorError(f'"{name}" is about wallboxes of {rules.vendor}, and there is none')
    return _placed(rules, places, names)


def _placed(rules: RuleSet, places: list[str], names: Names) -> list[Stated]:
    many = len(places) > 1
    found: list[Stated] = []
    for place in places:
        wallbox = probe(names, place) if rules.vendor else None
        for ready in rules.rules:
            known = {*wallbox.interfaces, *wallbox.addresses()} if wallbox is not None and ready.needs else set()
            if ready.needs and wallbox is not None and ready.needs not in known:
                continue
            title = f"{rules.name}: {ready.name}" + (f" ({place})" if many else "")
            filled = _filled(ready.rule, {"{w}": place, "{c}": place.partition(".")[0]})
            assert isinstance(filled, dict)
            found.append({"name": title, **filled})
    return found


def _of_each_vendor(names: Names, on: str | None, *, running: bool) -> list[Stated]:
    """The recommended sets that are about the wallboxes, or about one of them; a vendor need not have one."""
    places = names.wallboxes if on is None else [names.wallbox(on)]
    found: list[Stated] = []
    for rules in BY_NAME.values():
        its_own = [place for place in places if _is_from(rules.vendor, place, names)] if rules.vendor else []
        if its_own and rules.name == f"{rules.vendor}/{RECOMMENDED}":
            kept = tuple(ready for ready in rules.rules if not (running and ready.at_end))
            found += _placed(replace(rules, rules=kept), its_own, names)
    return found


def _chargers(names: Names, on: str | None) -> list[str]:
    return list(names.chargers) if on is None else [names.charger(on)]


def _wallboxes(vendor: str, names: Names, on: str | None) -> list[str]:
    if on is not None:
        return [names.wallbox(on)]
    return [address for address in names.wallboxes if _is_from(vendor, address, names)]


def _is_from(vendor: str, address: str, names: Names) -> bool:
    """Whose a wallbox is; of one of which only the name is known, what its name begins with."""
    wallbox = probe(names, address)
    return wallbox.vendor.id == vendor if wallbox is not None else address.partition(".")[2].startswith(vendor)


def _filled(value: object, places: Mapping[str, str]) -> object:
    """A rule with the names of the place in it."""
    if isinstance(value, str):
        for mark, place in places.items():
            value = value.replace(mark, place)
        return value
    if isinstance(value, Mapping):
        return {str(_filled(key, places)): _filled(item, places) for key, item in value.items()}
    return value


def document() -> str:
    """The catalogue as Markdown."""
    lines = [
        "# Ready-made rules",
        "",
        "`rules: [include: keba/recommended]` puts a set into force for every wallbox of its vendor,",
        "`{include: keba/recommended, on: garage.keba}` for one. `charger-emulator list rules` shows the same.",
        "This page is made from the sets.",
    ]
    for rules in SETS:
        lines += ["", f"## {rules.name}", "", rules.about]
        lines += ["", "| rule | source |", "| --- | --- |"] if rules.rules else []
        lines += [f"| {ready.name} | {ready.source} |" for ready in rules.rules]
    return "\n".join(lines) + "\n"
