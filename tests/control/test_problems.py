"""Whatever one sends to the control port is answered with a problem document."""

from __future__ import annotations

import asyncio
import io

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.control.server import ControlServer
from emulator.errors import EmulatorError, PortTaken

from .conftest import Control


async def test_unknown_paths_and_methods(control: Control) -> None:
    problem = await control.call("GET", "/api/nothing", status=404)
    assert "/api/nothing" in problem["detail"]
    problem = await control.call("POST", "/api/state", status=405)
    assert problem["allowed"] == ["GET"]
    problem = await control.call("GET", "/api/chargers/garag", status=404)
    assert 'did you mean "garage"?' in problem["detail"]
    await control.call("GET", "/api/events", status=426)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"NaN", b'{"by": Infinity}', b"[" * 100_000])
@pytest.mark.parametrize("path", ["/api/steps", "/api/expect", "/api/clock/advance"])
async def test_bodies_that_are_not_json(control: Control, path: str, body: bytes) -> None:
    async with control.http.post(path, data=body) as reply:
        assert reply.status == 400
        assert reply.content_type == "application/problem+json"
        assert (await reply.json(content_type=None))["title"] == "Malformed JSON"


async def test_a_body_that_is_too_large(control: Control) -> None:
    async with control.http.post("/api/steps", data=io.BytesIO(b" " * 2_000_000)) as reply:
        assert reply.status == 413
        assert reply.content_type == "application/problem+json"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["plug_in", "expect", "at", "by", "until", "speed", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(body=JSON, path=st.sampled_from(["/api/steps", "/api/expect", "/api/clock/advance", "/api/reset"]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_json_is_answered(control: Control, body: object, path: str) -> None:
    async with control.http.post(path, json=body) as reply:
        assert reply.status in (200, 400, 422), await reply.text()


async def test_raw_bytes_do_not_disturb(control: Control) -> None:
    for raw in (b"\x00\x01\x02\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", control.server.port)
        writer.write(raw)
        writer.write_eof()
        await reader.read()
        writer.close()
        await writer.wait_closed()
    await control.call("GET", "/healthz")


async def test_a_token_is_needed_where_one_is_set(control: Control) -> None:
    async with (
        ControlServer(control.emulator, port=0, token="secret") as server,
        aiohttp.ClientSession(server.url) as http,
    ):
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic secret"}):
            async with http.get("/api/state", headers=headers) as reply:
                assert reply.status == 401
                assert reply.content_type == "application/problem+json"
                assert reply.headers["WWW-Authenticate"] == "Bearer"
        async with http.get("/api/state", headers={"Authorization": "Bearer secret"}) as reply:
            assert reply.status == 200
        for path in ("/healthz", "/", "/static/app.js"):
            async with http.get(path) as reply:
                assert reply.status == 200
        async with http.ws_connect("/api/events?access_token=secret") as socket:
            assert (await socket.receive_json())["type"] == "state"
        async with http.get("/api/openapi.json", headers={"Authorization": "Bearer secret"}) as reply:
            assert (await reply.json())["components"]["securitySchemes"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Host": "evil.example"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
    ],
)
async def test_a_foreign_page_cannot_steer(control: Control, headers: dict[str, str]) -> None:
    async with control.http.post("/api/reset", headers=headers) as reply:
        assert reply.status == 403
        assert reply.content_type == "application/problem+json"


async def test_an_open_bind_needs_a_token_or_a_word(control: Control) -> None:
    with pytest.raises(EmulatorError, match="--open-control"):
        ControlServer(control.emulator, host="0.0.0.0", port=0)
    async with ControlServer(control.emulator, host="0.0.0.0", port=0, opened=True) as server:
        assert server.url.startswith("http://127.0.0.1:")


async def test_a_taken_port_is_said(control: Control) -> None:
    with pytest.raises(PortTaken, match=f"control API: port {control.server.port} .*--control-port"):
        async with ControlServer(control.emulator, port=control.server.port):
            pass
