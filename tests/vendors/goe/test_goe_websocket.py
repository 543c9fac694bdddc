"""go-e's web socket, without sockets: log-in, full and changed status, signed writes, nonsense."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import bcrypt
import pytest
from bench import Bench
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_tables import fits

from emulator import vendors
from emulator.devices.interfaces import Conversation, Frame, HttpInterface, Origin
from emulator.vendors.goe import keys, login, messagepack
from emulator.vendors.goe.models import TRAITS

CLIENT = Origin(interface="websocket", client="test:1")
Make = Callable[..., Bench]
PASSWORD = "go-e-test"
TOKEN1, TOKEN2 = "00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"
TOKEN3 = "0123456789abcdef0123456789abcdef"
MODELS = [
    (model.id, firmware)
    for model in vendors.vendor("goe").models
    for firmware in model.firmwares
    if not TRAITS[model.id].old_hardware
]


@pytest.fixture
def box(goe: Make) -> Make:
    def make(model: str | None = None, firmware: str | None = None, **others: object) -> Bench:
        return goe(model, firmware, **{"password": PASSWORD, **others})

    return make


@cache
def hashed(scheme: str, password: str, serial: str) -> bytes:
    """What stands for the password, as the protocol's description has it."""
    if scheme == "bcrypt":
        salt = b64encode(bytes(map(int, serial)).rjust(16, b"\0")).decode().translate(ALPHABET)[:22]
        inner = hashlib.sha256(password.encode()).hexdigest().encode()
        return bcrypt.hashpw(inner, b"$2a$08$" + salt.encode())[29:]
    return b64encode(hashlib.pbkdf2_hmac("sha512", password.encode(), serial.encode(), 100_000, 256))[:32]


class Visitor:
    """A client written from the protocol's description alone."""

    def __init__(self, world: Bench, password: str = PASSWORD) -> None:
        self.world = world
        interface = world.box.interfaces["http"]
        assert isinstance(interface, HttpInterface)
        self.talk: Conversation = interface.websockets["/ws"].open(CLIENT)
        self.hello, self.wanted = decoded(self.talk.opened())
        self.password = password
        self.status: dict[str, Any] = {}
        self.key = b""

    def hash(self) -> bytes:
        return hashed(self.wanted.get("hash", "pbkdf2"), self.password, self.hello["serial"])

    def log_in(self) -> list[dict[str, Any]]:
        self.key = self.hash()
        first = hashlib.sha256(self.wanted["token1"].encode() + self.key).hexdigest()
        proof = hashlib.sha256((TOKEN3 + self.wanted["token2"] + first).encode()).hexdigest()
        replies = self.say({"type": "auth", "token3": TOKEN3, "hash": proof})
        for reply in replies[1:]:
            self.status |= reply["status"]
        return replies

    def say(self, message: object) -> list[dict[str, Any]]:
        return decoded(self.talk.received(json.dumps(message)))

    def set(self, key: str, value: object, number: object = 1) -> dict[str, Any]:
        inner = {"type": "setValue", "key": key, "value": value}
        if number is not None:
            inner["requestId"] = number
        (reply,) = self.say(self.signed(json.dumps(inner)))
        return reply

    def signed(self, data: str) -> dict[str, object]:
        signature = hmac.new(self.key, data.encode(), hashlib.sha256).hexdigest()
        return {"type": "securedMsg", "data": data, "requestId": "1sm", "hmac": signature}

    def news(self) -> dict[str, Any]:
        messages = decoded(self.talk.published(self.world.simulation.at))
        if not messages:
            return {}
        (message,) = messages
        assert message["type"] == "deltaStatus"
        found: dict[str, Any] = message["status"]
        return found


ALPHABET = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
)


def decoded(frames: Iterable[Frame]) -> list[dict[str, Any]]:
    texts = list(frames)
    assert all(isinstance(text, str) for text in texts)
    return [json.loads(str(text)) for text in texts]


# --- log-in ----------------------------------------------------------------------------------------------------------


def test_vectors_of_pbkdf2() -> None:
    hashed = login.hashed("pbkdf2", PASSWORD, "123456")
    assert hashed == "W8x9D+N95v31GGbB8FPny1pjwQue36iZ"
    assert login.proof(hashed, TOKEN1, TOKEN2, TOKEN3) == (
        "0a9c92219dac1ba75c37fe3abee648a4d4a6129d1d5697ad5031eada20becc37"
    )
    assert login.signature(hashed, '{"type": "setValue", "requestId": 1, "key": "frc", "value": 1}') == (
        "cced28db0263dac325e9aeb2aa831ad8ba505a23536f95bcabb6ed715eb9d9fa"
    )


def test_vectors_of_bcrypt() -> None:
    assert login.bcrypt_salt("123456") == b"$2a$08$..............CA.uOD/e"
    hashed = login.hashed("bcrypt", PASSWORD, "123456")
    assert hashed == "VrzMMXTMf3FxZKu0Xz0Lum4j/oVjJDu"
    assert login.proof(hashed, TOKEN1, TOKEN2, TOKEN3) == (
        "8d6e06acaec492ff8a8de90d115877bd9659b26037c10098f63008249000e12a"
    )
    assert login.signature(hashed, '{"type": "setValue", "requestId": 1, "key": "frc", "value": 1}') == (
        "b0941dc8e3fa1a99084e07360189e31e1879d56aa5f4ced4ab8d2f88c375714e"
    )


def test_a_password_is_hashed_once() -> None:
    first = login.prepare("pbkdf2", "once", "123456")
    assert login.prepare("pbkdf2", "once", "123456") is first


def test_hello(box: Make) -> None:
    assert Visitor(box()).hello == {
        "type": "hello", "serial": "123456", "hostname": "go-eCharger-123456", "friendly_name": "go-eCharger-123456",
        "manufacturer": "go-e", "devicefamily": "goecharger", "devicetype": "go-eCharger_V4", "version": "60.5",
        "protocol": 2, "proto": 4, "secured": True,
    }  # fmt: skip
    assert Visitor(box("core")).hello["devicesubtype"] == "core_cable"
    old = Visitor(box(firmware="53.1"))
    assert not {"devicefamily", "proto", "devicesubtype"} & set(old.hello)
    assert set(old.wanted) == {"type", "token1", "token2"}


def test_tokens_differ_but_not_between_runs(box: Make) -> None:
    world = box()
    one, two = Visitor(world), Visitor(world)
    tokens = [visitor.wanted[name] for visitor in (one, two) for name in ("token1", "token2")]
    assert len(set(tokens)) == 4
    assert all(len(token) == 32 and int(token, 16) for token in tokens)
    assert Visitor(box()).wanted == one.wanted


@pytest.mark.parametrize(("model", "scheme"), [("gemini-22", "pbkdf2"), ("core", "bcrypt"), ("pro", "bcrypt")])
def test_log_in(box: Make, model: str, scheme: str) -> None:
    visitor = Visitor(box(model))
    assert visitor.wanted["hash"] == scheme
    success, *parts = visitor.log_in()
    assert success["type"] == "authSuccess"
    assert success["token3"] == TOKEN3
    assert [part["type"] for part in parts] == ["fullStatus"] * len(parts)
    assert [part["partial"] for part in parts] == [True] * (len(parts) - 1) + [False]
    assert len(parts) > 2


@pytest.mark.parametrize("scheme", ["pbkdf2", "bcrypt"])
def test_the_owner_chooses_the_hash(box: Make, scheme: str) -> None:
    assert Visitor(box(websocket_hash=scheme)).log_in()[0]["type"] == "authSuccess"


def test_a_wrong_password(box: Make) -> None:
    world = box()
    visitor = Visitor(world, "wrong")
    (error,) = visitor.log_in()
    assert error.keys() == {"type", "token3", "hash", "message"}
    assert (error["type"], error["message"]) == ("authError", "Wrong password")
    world.wait(2)
    assert visitor.news() == {}
    visitor.password = PASSWORD
    assert visitor.log_in()[0]["type"] == "authSuccess"


@pytest.mark.parametrize(
    "auth",
    [
        {},
        {"token3": 1, "hash": 2},
        {"token3": TOKEN3},
        {"token3": [], "hash": None},
        {"hash": "é" * 64, "token3": ""},
    ],
)
def test_a_log_in_without_sense(box: Make, auth: dict[str, object]) -> None:
    (error,) = Visitor(box()).say({"type": "auth", **auth})
    assert error["type"] == "authError"


def test_a_new_password_counts_from_the_next_client_on(box: Make) -> None:
    world = box()
    visitor = Visitor(world)
    visitor.log_in()
    assert visitor.set("pass", "new")["success"]
    assert visitor.set("amp", 8)["success"]
    assert Visitor(world).log_in()[0]["type"] == "authError"
    assert Visitor(world, "new").log_in()[0]["type"] == "authSuccess"


# --- status ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "firmware"), MODELS)
def test_every_key_has_its_type(box: Make, model: str, firmware: str) -> None:
    world = box(model, firmware)
    visitor = Visitor(world)
    visitor.log_in()
    rows = {name: key for name, key in keys.developer(world.box.profile).items() if key.read is not None}
    assert list(visitor.status) == list(rows)
    for name, value in visitor.status.items():
        assert fits(rows[name].type.name, value), f"{name}: {value!r} is no {rows[name].type.name}"
    assert {"ehs", "part", "rfb"} <= set(visitor.status), "developer keys"
    for name in set(world.box.addresses()) & set(visitor.status):
        assert visitor.status[name] == world.box.read(name), name


def test_changes_once_a_second(box: Make) -> None:
    world = box()
    visitor = Visitor(world)
    visitor.log_in()
    assert visitor.news() == {}
    world.wait(0.3)
    world.request("/api/set?amp=9")
    assert visitor.news() == {}
    world.wait(1)
    found = visitor.news()
    assert found["amp"] == 9
    assert found["acu"] == 9
    assert "ama" not in found
    assert visitor.news() == {}


def test_all_of_the_instant_in_which_a_second_begins(box: Make) -> None:
    world = box()
    visitor = Visitor(world)
    visitor.log_in()
    for amp in (8, 9):
        world.request(f"/api/set?amp={amp}")
        assert visitor.news() == {"amp": amp}


def test_clients_are_told_alike(box: Make) -> None:
    world = box()
    one, two = Visitor(world), Visitor(world)
    one.log_in()
    world.wait(1)
    two.log_in()
    one.news()
    one.set("amp", 7)
    world.wait(1)
    assert one.news() == two.news()


@pytest.mark.parametrize("form", ["msgpack", "msgpack_after_zero"])
def test_binary_frames(box: Make, form: str) -> None:
    world = box(websocket_format=form)
    interface = world.box.interfaces["http"]
    assert isinstance(interface, HttpInterface)
    hello, wanted = interface.websockets["/ws"].open(CLIENT).opened()
    assert isinstance(hello, bytes)
    assert isinstance(wanted, bytes)
    skip = 1 if form == "msgpack_after_zero" else 0
    assert hello[:skip] == b"\0" * skip
    assert unpack(hello[skip:]) == Visitor(box()).hello


# --- writes ----------------------------------------------------------------------------------------------------------


def test_a_write(box: Make) -> None:
    world = box()
    visitor = Visitor(world)
    visitor.log_in()
    assert visitor.set("frc", 1) == {"type": "response", "requestId": "1", "success": True, "status": {"frc": 1}}
    assert world.box.read("frc") == 1
    assert visitor.set("amp", 8, "x7")["requestId"] == "x7"
    assert "requestId" not in visitor.set("amp", 9, None)
    assert visitor.set("rst", False) == {
        "type": "response", "requestId": "1", "success": True, "status": {"rst": False},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("mce", 1, "value must be bool"),
        ("fna", 0, "value must be string"),
        ("amp", 5, "Value 5 exceeds range 6 to 32"),
        ("alw", True, "tried to set api key without setter"),
        ("xyz", 1, "unknown api key"),
    ],
)
def test_refusals(box: Make, key: str, value: object, text: str) -> None:
    visitor = Visitor(box())
    visitor.log_in()
    assert visitor.set(key, value) == {"type": "response", "requestId": "1", "success": False, "message": text}


def test_the_app_may_write_what_the_api_may_not(box: Make) -> None:
    world = box(firmware="54.0")
    visitor = Visitor(world)
    visitor.log_in()
    assert world.request("/api/set?ct=%22x%22").status == 500
    assert visitor.set("ct", "x")["success"]
    assert visitor.set("wen", False)["status"] == {"wen": False}


def test_60_3_forgets_frc(box: Make) -> None:
    world = box(firmware="60.3")
    visitor = Visitor(world)
    visitor.log_in()
    assert visitor.set("frc", 1)["status"] == {"frc": 0}


# --- nonsense --------------------------------------------------------------------------------------------------------


def test_nothing_without_a_log_in(box: Make) -> None:
    world = box()
    visitor = Visitor(world)
    visitor.key = visitor.hash()
    reply = visitor.set("amp", 8)
    assert (reply["success"], reply["message"]) == (False, "not authenticated")
    assert world.box.read("amp") == 16


def test_writes_have_to_be_signed(box: Make) -> None:
    world = box()
    visitor = Visitor(world)
    visitor.log_in()
    (reply,) = visitor.say({"type": "setValue", "requestId": 4, "key": "amp", "value": 8})
    assert reply == {"type": "response", "requestId": "4", "success": False, "message": "message must be secured"}
    message = visitor.signed('{"type":"setValue","requestId":5,"key":"amp","value":8}')
    for wrong in ("0" * 64, "", None, 7, "é", str(message["hmac"]).upper()):
        (reply,) = visitor.say({**message, "hmac": wrong})
        assert reply == {"type": "response", "requestId": "5", "success": False, "message": "invalid hmac"}
    assert world.box.read("amp") == 16


@pytest.mark.parametrize(
    "frame",
    ["", "{", "null", "7", "[]", '"text"', "{}", '{"type":"x"}', '{"type":7}', '{"type":"securedMsg"}', "\0", "{{{{",
     b"", b"\xff\xff", b"{", "[" * 4000, '{"type":"securedMsg","data":7,"hmac":"x"}', '{"type":"auth"'],
)  # fmt: skip
def test_anything_gets_one_answer(box: Make, frame: str | bytes) -> None:
    world = box()
    visitor = Visitor(world)
    for known in (False, True):
        if known:
            visitor.log_in()
        (reply,) = decoded(visitor.talk.received(frame))
        assert reply["type"] == "response"
        assert reply["success"] is False
    world.wait(1)
    assert visitor.news()


@pytest.mark.parametrize(
    "data", ["", "7", "{}", '{"type":"setValue"}', '{"type":"setValue","key":7}', '{"key":"amp"}', "x" * 5000]
)
def test_signed_nonsense(box: Make, data: str) -> None:
    visitor = Visitor(box())
    visitor.log_in()
    (reply,) = visitor.say(visitor.signed(data))
    assert (reply["success"], reply["message"]) == (False, "invalid message")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(frames=st.lists(st.text(max_size=60) | st.binary(max_size=30) | JSON.map(json.dumps), max_size=6))
def test_no_frame_disturbs_the_box(box: Make, frames: list[str | bytes]) -> None:
    visitor = Visitor(box())
    for frame in frames:
        assert list(visitor.talk.received(frame))
    assert visitor.log_in()[0]["type"] == "authSuccess"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=st.sampled_from(sorted(keys.developer(vendors.vendor("goe").profile()))), value=JSON)
def test_no_value_disturbs_the_box(box: Make, name: str, value: object) -> None:
    world = box()
    visitor = Visitor(world)
    visitor.log_in()
    assert visitor.set(name, value)["type"] == "response"
    world.wait(3)
    assert list(world.get("/api/status?filter=car") if name != "hai" else {"car": 1}) == ["car"]


# --- MessagePack -----------------------------------------------------------------------------------------------------


def unpack(data: bytes) -> object:
    value, rest = _unpack(data)
    assert rest == b""
    return value


def _unpack(data: bytes) -> tuple[Any, bytes]:
    """Written from the specification, for what JSON can hold."""
    first, rest = data[0], data[1:]
    if first < 0x80 or first >= 0xE0:
        return (first if first < 0x80 else first - 256), rest
    if first < 0xC0:
        kind, size = (
            ("map", first & 15) if first < 0x90 else ("list", first & 15) if first < 0xA0 else ("str", first & 31)
        )
        return _sized(kind, size, rest)
    if first in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[first], rest
    if first == 0xCB:
        import struct

        return struct.unpack(">d", rest[:8])[0], rest[8:]
    if 0xCC <= first <= 0xD3:
        size = 1 << (first - (0xCC if first < 0xD0 else 0xD0))
        return int.from_bytes(rest[:size], "big", signed=first >= 0xD0), rest[size:]
    kind, size = {
        0xD9: ("str", 1),
        0xDA: ("str", 2),
        0xDB: ("str", 4),
        0xDC: ("list", 2),
        0xDD: ("list", 4),
        0xDE: ("map", 2),
        0xDF: ("map", 4),
    }[first]
    return _sized(kind, int.from_bytes(rest[:size], "big"), rest[size:])


def _sized(kind: str, size: int, rest: bytes) -> tuple[Any, bytes]:
    if kind == "str":
        return rest[:size].decode(), rest[size:]
    items = []
    for _ in range(size * (2 if kind == "map" else 1)):
        item, rest = _unpack(rest)
        items.append(item)
    return (dict(zip(items[::2], items[1::2], strict=True)) if kind == "map" else items), rest


NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=4), inner, max_size=20),
    max_leaves=60,
)


@given(value=VALUES)
def test_messagepack_holds_every_json_value(value: object) -> None:
    assert unpack(messagepack.pack(value)) == value


def test_long_values() -> None:
    assert unpack(messagepack.pack("x" * 70_000)) == "x" * 70_000
    assert messagepack.pack([1] * 70_000) == b"\xdd\x00\x01\x11\x70" + b"\x01" * 70_000
    assert messagepack.pack({str(n): n for n in range(70_000)})[:6] == b"\xdf\x00\x01\x11\x70\xa1"
    with pytest.raises(TypeError):
        messagepack.pack(b"")
