"""Whatever one sends to the control port is answered with a problem document."""

from __future__ import annotations

import asyncio
import io
import itertools

import aiohttp
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.control.connections import Connections
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


FOREIGN = [
    {"Origin": "http://evil.example"},
    {"Origin": "http://[::1"},
    {"Origin": "null"},
    {"Host": "evil.example"},
    {"Host": "evil.example:8000", "Origin": "http://evil.example:8000"},
    {"Host": "localhost.evil.example", "Origin": "http://localhost.evil.example"},
]


@pytest.mark.parametrize("token", [None, "secret"])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
async def test_a_foreign_page_is_not_answered(control: Control, token: str | None, host: str) -> None:
    paths = ["/", "/healthz", "/metrics", "/api", "/api/state", "/api/nothing"]
    async with (
        ControlServer(control.emulator, host=host, port=0, token=token, opened=True) as server,
        aiohttp.ClientSession(server.url, headers={"Authorization": "Bearer secret"}) as http,
    ):
        for headers, path, method in itertools.product(FOREIGN, paths, ("GET", "POST")):
            async with http.request(method, path, headers=headers) as reply:
                assert reply.status == 403, (headers, path)
                assert reply.content_type == "application/problem+json"


async def test_known_hosts_are_answered(control: Control) -> None:
    hosts = ["ci.example", "Charger.Example:8000"]
    async with ControlServer(control.emulator, host="0.0.0.0", port=0, opened=True, allowed_hosts=hosts) as server:
        for host in ("localhost", "127.0.0.1:1", "[::1]:8000", "192.168.1.5:8000", "ci.example:80", "charger.example."):
            async with control.http.get(f"{server.url}/healthz", headers={"Host": host}) as reply:
                assert reply.status == 200, host
    with pytest.raises(EmulatorError, match="--allowed-host"):
        ControlServer(control.emulator, allowed_hosts=["http://ci.example/"])


HOSTILE_HEADERS = [
    b"Host: [::1\r\n",
    b"Host: a b\r\n",
    b"Host: localhost:99999999\r\n",
    b"Host: user@localhost\r\n",
    b"Host: localhost\r\nOrigin: http://[::1\r\n",
    b"Host: localhost\r\nOrigin: \xff\r\n",
    b"Host: localhost\r\nAuthorization: Bearer \xff\r\n",
    b"Host: localhost\r\nAuthorization: Bearer\r\n",
    b"Host: localhost\r\n" + b"X: y\r\n" * 100,
    b"Host: localhost\r\nX: " + b"y" * 10_000 + b"\r\n",
    b"Host: localhost\r\nContent-Length: -1\r\n",
    b"Host: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n",
]


async def test_hostile_headers_are_a_mistake_of_the_client(control: Control) -> None:
    async with ControlServer(control.emulator, port=0, token="secret") as server:
        for headers in HOSTILE_HEADERS:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"GET /api/state HTTP/1.1\r\nConnection: close\r\n" + headers + b"\r\n")
            reply = await reader.read()
            writer.close()
            await writer.wait_closed()
            assert reply[9:10] == b"4", (headers, reply[:100])
            assert b"application/problem+json" in reply


HOSTILE_BODIES = {
    "nesting": "[" * 700 + "]" * 700,
    "nested objects": '{"plug_in":' * 700 + "1" + "}" * 700,
    "half of a surrogate pair": '{"note": "\\ud800"}',
    "half of a surrogate pair as a key": '{"\\udfff": 1}',
    "a long number": '{"note": ' + "9" * 4000 + "}",
    "a long topic": '{"fault": {"kind": "second_publisher", "on": "goe", "payload": "x", "topic": "'
    + "x" * 70_000
    + '"}}',
    "many values": "[" + "1," * 300_000 + "1]",
}


@pytest.mark.parametrize("what", HOSTILE_BODIES)
async def test_hostile_bodies_are_a_mistake_of_the_client(control: Control, what: str) -> None:
    for path in ("/api/steps", "/api/expect", "/api/clock/advance", "/api/rules", "/api/verify"):
        async with control.http.post(path, data=HOSTILE_BODIES[what].encode()) as reply:
            assert reply.status == 422, path
            assert reply.content_type == "application/problem+json"
            assert len(await reply.text()) < 20_000


async def test_an_open_bind_needs_a_token_or_a_word(control: Control) -> None:
    with pytest.raises(EmulatorError, match="--open-control"):
        ControlServer(control.emulator, host="0.0.0.0", port=0)
    async with ControlServer(control.emulator, host="0.0.0.0", port=0, opened=True) as server:
        assert server.url.startswith("http://127.0.0.1:")


async def test_silent_connections_are_bounded_and_let_go_of(control: Control) -> None:
    runner = web.ServerRunner(web.Server(_hello))
    await runner.setup()
    assert runner.server is not None
    connections = Connections(runner.server, head_time=0.05, most=3)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(connections, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
    silent[0][1].write(b"GET / HTTP/1.1\r\nHost:")
    assert [await reader.read() for reader, _ in silent] == [b""] * 4
    async with control.http.get(f"http://127.0.0.1:{port}/") as reply:
        assert await reply.text() == "hello"
    for _, writer in silent:
        writer.close()
    server.close()
    await runner.cleanup()
    assert not connections.open


async def _hello(_: web.BaseRequest) -> web.Response:
    return web.Response(text="hello")


async def test_a_taken_port_is_said(control: Control) -> None:
    with pytest.raises(PortTaken, match=f"control API: port {control.server.port} .*--control-port"):
        async with ControlServer(control.emulator, port=control.server.port):
            pass


@pytest.mark.parametrize(
    "path",
    ["/api/journal?before=", "/api/journal?after=", "/api/journal?wait=", "/api/chargers/garage/history?since="],
)
async def test_no_number_is_no_number(control: Control, path: str) -> None:
    async with control.http.get(path) as reply:
        assert reply.status == 422
        assert "expected a number" in (await reply.json(content_type=None))["detail"]
