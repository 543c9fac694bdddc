"""Six vendors on a bench, and every way in which a client can set a current on each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from emulator.devices.interfaces import MqttInterface, Origin, Publish
from emulator.devices.traffic import of_publish

from .support import Bench

BENCHES: Final[Mapping[str, str]] = {
    "goe": "{model: gemini-22, http: true, mqtt: true, modbus: true, settings: {hla: true, acs: 0, amp: 16}}",
    "warp": "{http: true, mqtt: true, modbus: true}",
    "keba": "{udp: true, modbus: true, settings: {dsw1_2: true, dsw1_3: true}}",
    "nrgkick": "{http: true, modbus: true}",
    "lektrico": "{http: true}",
    "bender": "{model: cc612, modbus: true, http: true, settings: {free_charging: true}}",
    "icc": "{model: amtron-4you-500, modbus: true, settings: {energy_management: read_write, free_charging: true}}",
    "p40": "{model: keba-p40, modbus: true, settings: {modbus_in_app: true}}",
}
"""A wallbox of each kind; `icc` and `p40` are the other generations of Bender and KEBA."""


def bench(name: str) -> Bench:
    """A wallbox whose car charges with 16 A."""
    found = Bench(f"seed: 5\nchargers: {{garage: {{wallboxes: {{{name}: {BENCHES[name]}}}}}}}\n")
    found.do("plug_in", charger="garage", vehicle="vw_id3")
    if name == "warp":
        found.http("/evse/external_enabled?enabled=true", on="garage.warp", method="PUT", body=b"true")
    found.wait(60)
    return found


@dataclass(frozen=True, slots=True)
class Way:
    """One interface by which a current is set: 10 A, or another one."""

    vendor: str
    interface: str
    write: Callable[[Bench, int], object]
    """Returns the acknowledgement, as a client sees it."""
    value: str
    """Where it is read back."""
    elsewhere: tuple[str, ...] = ()
    """Where else."""
    notices: frozenset[str] = frozenset()
    """What shows that somebody asked, whatever the request was."""
    answers_with_status: bool = False
    """The answer is everything the wallbox has to show, in which the client has to look for its value."""

    @property
    def id(self) -> str:
        return f"{self.vendor}-{self.interface}"


def _get(vendor: str, target: str) -> Callable[[Bench, int], object]:
    def write(bench: Bench, current: int) -> object:
        reply = bench.http(target.format(a=current, ma=1000 * current), on=f"garage.{vendor}")
        return reply.status, reply.body

    return write


def _put(vendor: str, path: str, value: Callable[[int], object]) -> Callable[[Bench, int], object]:
    def write(bench: Bench, current: int) -> object:
        body = json.dumps(value(current)).encode()
        headers = {"content-type": "application/json"}
        reply = bench.http(path, on=f"garage.{vendor}", method="PUT", body=body, headers=headers)
        return reply.status, reply.body

    return write


def _rpc(bench: Bench, current: int) -> object:
    frame = {"id": 7, "method": "dynamic_current.set", "params": {"dynamic_current": current}}
    reply = bench.http("/rpc", on="garage.lektrico", method="POST", body=json.dumps(frame).encode())
    return reply.status, reply.body


def _register(vendor: str, address: int, scale: int = 1, *, unit: int = 1) -> Callable[[Bench, int], object]:
    def write(bench: Bench, current: int) -> object:
        pdu = bytes([6]) + address.to_bytes(2, "big") + (current * scale).to_bytes(2, "big")
        return bench.modbus(pdu, on=f"garage.{vendor}", unit=unit).data

    return write


def _registers(vendor: str, address: int, scale: int = 1, *, count: int = 2) -> Callable[[Bench, int], object]:
    def write(bench: Bench, current: int) -> object:
        head = bytes([16]) + address.to_bytes(2, "big") + bytes([0, count, 2 * count])
        return bench.modbus(head + (current * scale).to_bytes(2 * count, "big"), on=f"garage.{vendor}").data

    return write


def _udp(bench: Bench, current: int) -> object:
    return bench.udp(f"curr {1000 * current}")


def _topic(vendor: str, topic: str, payload: str) -> Callable[[Bench, int], object]:
    def write(bench: Bench, current: int) -> object:
        return publish(bench, vendor, topic, payload.format(a=current, ma=1000 * current))

    return write


def publish(bench: Bench, vendor: str, topic: str, payload: str) -> object:
    """What a wallbox publishes as the answer to a message of a client."""
    wallbox = bench.site.wallboxes[f"garage.{vendor}"]
    interface = wallbox.interfaces["mqtt"]
    assert isinstance(interface, MqttInterface)
    message = Publish(topic=f"{interface.prefix().rstrip('/')}/{topic}", payload=payload.encode())
    interception = wallbox.interceptor.intercept(of_publish(message, "mqtt", "in"))
    if interception.lost():
        return None
    with interception.handling():
        origin = Origin(interface="mqtt", client="broker")
        answers = interface.received(message.topic, message.payload, False, origin)
        return [(answer.topic, answer.payload) for answer in answers]


GOE: Final = ("v1.amp", "v1.amx", "modbus.299", "modbus.300")
KEBA: Final = ("report2.Max curr", "modbus.1100")
NRGKICK: Final = ("modbus.194", "values.powerflow.charging_current")
WAYS: Final = (
    Way("goe", "http", _get("goe", "/api/set?amp={a}"), "amp", elsewhere=GOE),
    Way("goe", "v1", _get("goe", "/mqtt?payload=amx={a}"), "amp", elsewhere=GOE, answers_with_status=True),
    Way("goe", "mqtt", _topic("goe", "amp/set", "{a}"), "amp", elsewhere=GOE),
    Way("goe", "modbus", _registers("goe", 299, count=1), "amp", elsewhere=GOE, notices=frozenset({"mwo", "mstw"})),
    Way("warp", "http", _put("warp", "/evse/external_current", lambda a: 1000 * a), "evse/external_current.current"),
    Way(
        "warp",
        "http-object",
        _put("warp", "/evse/external_current_update", lambda a: {"current": 1000 * a}),
        "evse/external_current.current",
    ),
    Way("warp", "mqtt", _topic("warp", "evse/external_current_update", "{ma}"), "evse/external_current.current"),
    Way(
        "warp",
        "modbus",
        _registers("warp", 1002, 1000),
        "modbus.3.1002",
        notices=frozenset({"modbus.2.4", "modbus.3.3100"}),
    ),
    Way("keba", "udp", _udp, "report2.Curr user", elsewhere=KEBA),
    Way("keba", "modbus", _register("keba", 5004, 1000, unit=255), "report2.Curr user", elsewhere=KEBA),
    Way("p40", "modbus", _register("p40", 5004, 1000, unit=255), "modbus.1100"),
    Way("nrgkick", "http", _get("nrgkick", "/control?current_set={a}"), "control.current_set", elsewhere=NRGKICK),
    Way("nrgkick", "modbus", _register("nrgkick", 194, 10), "control.current_set", elsewhere=NRGKICK),
    Way(
        "lektrico",
        "http",
        _get("lektrico", "/rpc/dynamic_current.set?dynamic_current={a}"),
        "charger_info.dynamic_current",
    ),
    Way("lektrico", "rpc", _rpc, "charger_info.dynamic_current"),
    Way("bender", "modbus", _register("bender", 1000), "modbus.1000"),
    Way("icc", "modbus", _register("icc", 1000), "modbus.1000"),
)


@dataclass(frozen=True, slots=True)
class Guarded:
    """A wallbox where only a card starts."""

    vendor: str
    written: str
    """Its model and settings."""
    words: tuple[str, ...]
    """What tells whether it is authorised."""
    card: str = "04a1b2c3"
    after: Mapping[str, object] = field(default_factory=dict)
    """Which of them read otherwise once it was authorised in this session."""

    def bench(self) -> Bench:
        """With a vehicle that waits."""
        text = f"seed: 5\nchargers: {{garage: {{wallboxes: {{{self.vendor}: {self.written}}}}}}}\n"
        found = Bench(text)
        if self.vendor == "warp":
            for path, body in EVES_CARD:
                found.http(path, on="garage.warp", method="PUT", body=json.dumps(body).encode())
        found.do("plug_in", charger="garage", vehicle="vw_id3")
        found.wait(60)
        return found

    def read(self, bench: Bench, point: str) -> object:
        """A word, as a client reads it."""
        return bench.read(f"garage.{self.vendor}.{point}")


EVE: Final = {
    "id": 1,
    "roles": 1,
    "current": 10000,
    "display_name": "Eve",
    "username": "eve",
    "digest_hash": "",
}
EVES_CARD: Final = (
    ("/users/add", EVE),
    (
        "/nfc/config",
        {"authorized_tags": [{"user_id": 1, "tag_type": 0, "tag_id": "04:A1:B2:C3"}], "deadtime_post_start": 30},
    ),
    ("/evse/user_enabled", {"enabled": True}),
)
GUARDED: Final = (
    Guarded(
        "goe",
        "{model: gemini-22, http: true, settings: {acs: 1, c0i: 04a1b2c3}}",
        words=("trx", "alw", "car"),
        after={"car": 4},
    ),
    Guarded("warp", "{model: warp3-pro-22, http: true}", words=("evse/slots", "charge_tracker/current_charge.user_id")),
    Guarded(
        "keba",
        "{model: keba-p30-x-32, udp: true, settings: {dsw1_3: true, authorisation: true, whitelist: [04a1b2c3000000]}}",
        card="04a1b2c3000000",
        words=("report2.State", "report2.Authreq"),
    ),
    Guarded(
        "lektrico",
        "{http: true, settings: {headless: false, rfid_tags: [04a1]}}",
        card="04a1",
        words=("charger_info.charger_state", "charger_info.extended_charger_state"),
    ),
    Guarded(
        "bender",
        "{model: cc612, http: true, modbus: true, settings: {free_charging: false, whitelist: [04a1b2c3]}}",
        words=("modbus.122", "rest.auth_state"),
        after={"rest.auth_state": "not_authorized_for_charging"},
    ),
)
"""NRGkick has no reader."""


@dataclass(frozen=True, slots=True)
class Switching:
    """A wallbox that is asked for one phase."""

    vendor: str
    written: str
    """Its model and settings."""
    wish: Callable[[Bench, int], object]
    value: int = 1

    def bench(self) -> Bench:
        """With a car that charges on three."""
        charger = f"{{wallboxes: {{{self.vendor}: {self.written}}}}}"
        found = Bench(f"seed: 5\nchargers: {{garage: {charger}}}\n")
        found.do("plug_in", charger="garage", vehicle="vw_id3")
        found.wait(60)
        return found


SWITCHING: Final = (
    Switching("goe", "{model: gemini-22, http: true, settings: {acs: 0}}", _get("goe", "/api/set?psm=1")),
    Switching(
        "warp",
        "{model: warp3-pro-22, http: true}",
        _put("warp", "/power_manager/external_control", lambda _: {"phases_wanted": 1}),
    ),
    Switching(
        "nrgkick",
        "{http: true, settings: {phase_switching: true}}",
        _get("nrgkick", "/control?phase_count=1"),
    ),
    Switching(
        "lektrico",
        "{http: true}",
        _get("lektrico", "/rpc/dynamic_current.set?dynamic_current=16&relay_mode=1"),
    ),
    Switching(
        "icc",
        "{model: amtron-4you-500, modbus: true, "
        "settings: {energy_management: read_write, free_charging: true, phase_switch_mode: 2}}",
        _register("icc", 1002),
        2300,
    ),
    Switching(
        "p40",
        "{model: keba-p40, modbus: true, settings: {modbus_in_app: true, x2src: 3, x2: 1}}",
        _register("p40", 5052, unit=255),
        0,
    ),
)
