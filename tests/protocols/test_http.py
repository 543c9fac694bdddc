"""The HTTP server: exact replies for honest clients, and an answer or a close for everybody else."""

from __future__ import annotations

import asyncio
import logging

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import Box, advance, box, entries, power_cut, power_up, raw, recorded, serve, url, when

from emulator.core.instant import SECOND
from emulator.devices.interfaces import HttpReply, HttpRequest
from emulator.errors import PortTaken
from emulator.protocols.http import HttpServer
from emulator.protocols.server import Endpoint

GET = b"GET /status HTTP/1.1\r\nHost: box\r\n\r\n"
STATUS = b'{"limit": 16.0, "power": 0}'


def post(body: bytes, extra: bytes = b"") -> bytes:
    return b"POST /echo HTTP/1.1\r\nHost: box\r\n%bContent-Length: %d\r\n\r\n%b" % (extra, len(body), body)


async def ask(made: Box, data: bytes, *, end: bool = False) -> bytes:
    """Everything the box answers to these bytes, until it closes."""
    async with serve(made) as server, raw(server) as client:
        client.send(data, end=end)
        return await client.rest()


# --- replies ---------------------------------------------------------------------------------------------------------


async def test_a_reply_has_the_devices_headers_and_no_others() -> None:
    async with serve(box()) as server, raw(server) as client:
        client.send(GET)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 27\r\n\r\n"
        assert await client.exactly(len(head) + len(STATUS)) == head + STATUS


async def test_a_reply_says_everything_its_own_way() -> None:
    made = box()
    made.like["odd"] = HttpReply(
        status=406,
        reason="Nope",
        content_type=None,
        headers=(("server", "Mongoose/6.18"), ("X-Twice", "1"), ("X-Twice", "2"), ("CONTENT-LENGTH", "2")),
        body=b"no",
        close=True,
    )
    reply = await ask(made, b"GET /like/odd HTTP/1.1\r\nHost: box\r\n\r\n")
    assert reply == (
        b"HTTP/1.1 406 Nope\r\nserver: Mongoose/6.18\r\nX-Twice: 1\r\nX-Twice: 2\r\nCONTENT-LENGTH: 2\r\n"
        b"Connection: close\r\n\r\nno"
    )


@pytest.mark.parametrize(
    ("reply", "version", "wire"),
    [
        (HttpReply(body=b"abc", chunked=True), b"1.1", b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
        (HttpReply(body=b"", chunked=True), b"1.1", b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (HttpReply(body=b"abc", chunked=True), b"1.0", b"Content-Length: 3\r\n\r\nabc"),
        (HttpReply(body=b""), b"1.1", b"Content-Length: 0\r\n\r\n"),
        (HttpReply(status=204, body=b"x"), b"1.1", b"Connection: close\r\n\r\n"),
        (HttpReply(status=799), b"1.1", b"Content-Length: 0\r\n\r\n"),
    ],
)
async def test_framing(reply: HttpReply, version: bytes, wire: bytes) -> None:
    made = box()
    made.like["this"] = reply
    got = await ask(made, b"GET /like/this HTTP/%b\r\nHost: box\r\nConnection: close\r\n\r\n" % version)
    assert got.endswith(wire)
    assert b"Connection: close\r\n" in got


async def test_keep_alive_is_only_mentioned_to_a_client_that_mentions_it() -> None:
    async with serve(box()) as server, raw(server) as client:
        client.send(b"GET /status HTTP/1.1\r\nHost: box\r\nConnection: keep-alive\r\n\r\n")
        assert (await client.reply())[1]["Connection"] == "keep-alive"
        client.send(GET)
        assert "Connection" not in (await client.reply())[1]


async def test_a_device_without_keep_alive_closes_after_every_reply() -> None:
    made = box()
    made.shape(keep_alive=False)
    assert (await ask(made, GET + GET)).count(b"HTTP/1.1 200 OK") == 1


async def test_http_1_0_closes_unless_asked_not_to() -> None:
    assert (await ask(box(), b"GET /status HTTP/1.0\r\n\r\n")).endswith(STATUS)
    async with serve(box()) as server, raw(server) as client:
        for _ in range(2):
            client.send(b"GET /status HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert (await client.reply())[2] == STATUS


async def test_head_has_the_headers_of_get_and_no_body() -> None:
    reply = await ask(box(), GET.replace(b"GET", b"HEAD"), end=True)
    assert b"Content-Length: 27\r\n" in reply
    assert reply.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(("method", "status"), [("BREW", 400), ("PROPFIND", 405), ("DELETE", 405), ("OPTIONS", 405)])
async def test_other_methods_are_refused_in_the_devices_way(method: str, status: int) -> None:
    reply = await ask(box(), GET.replace(b"GET", method.encode()), end=True)
    assert reply.startswith(b"HTTP/1.1 %d " % status)


async def test_an_ordinary_client() -> None:
    made = box()
    async with serve(made) as server, aiohttp.ClientSession(url(server)) as http:
        async with http.get("/set", params={"limit": 10}) as reply:
            assert await reply.json() is True
        async with http.get("/status") as reply:
            assert await reply.json() == {"limit": 10, "power": 0}
        async with http.post("/echo", data=b"x" * 60_000) as reply:
            assert await reply.read() == b"x" * 60_000
        async with http.get("/nowhere") as reply:
            assert reply.status == 404


# --- requests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        (b'/status?filter=["a","b"]&x=%20+&y', '/status?filter=["a","b"]&x=%20+&y'),
        (b"http://other:8080/status?q=1", "/status?q=1"),
        (b"HTTP://other/status", "/status"),
        (b"/st%61tus", "/st%61tus"),
    ],
)
async def test_the_target_reaches_the_device_as_it_was_sent(sent: bytes, seen: str) -> None:
    made = box()
    await ask(made, GET.replace(b"/status", sent), end=True)
    assert [request.target for request in made.asked] == [seen]
    assert made.asked[0].path == "/status"


async def test_headers_are_lower_case_and_repeated_ones_joined() -> None:
    made = box()
    await ask(made, b"GET /status HTTP/1.1\r\nHost: box\r\nX-A: 1\r\nx-a: 2\r\nACCEPT: \xc3\xa4\r\n\r\n", end=True)
    assert made.asked[0].headers == {"host": "box", "x-a": "1, 2", "accept": "ä"}


async def test_a_get_may_have_a_body_and_a_body_may_come_in_chunks() -> None:
    made = box()
    chunks = b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    got = await ask(made, b"GET /echo HTTP/1.1\r\nHost: box\r\nContent-Length: 3\r\n\r\nxyz", end=True)
    assert got.endswith(b"xyz")
    assert (await ask(made, b"POST /echo HTTP/1.1\r\nHost: box\r\n" + chunks, end=True)).endswith(b"abcde")


async def test_a_compressed_body_is_left_alone() -> None:
    made = box()
    got = await ask(made, post(b"\x1f\x8bnot really", b"Content-Encoding: gzip\r\n"), end=True)
    assert got.endswith(b"\x1f\x8bnot really")


async def test_expect_100_continue() -> None:
    async with serve(box()) as server, raw(server) as client:
        head, body = post(b"hello", b"Expect: 100-continue\r\n").split(b"\r\n\r\n")
        client.send(head + b"\r\n\r\n")
        assert await client.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(body)
        assert (await client.reply())[2] == b"hello"


async def test_pipelined_requests_are_answered_in_order() -> None:
    data = b"".join(post(str(number).encode()) for number in range(200))
    async with serve(box()) as server, raw(server) as client:
        client.send(data)
        assert [(await client.reply())[2] for _ in range(200)] == [str(number).encode() for number in range(200)]


async def test_a_client_that_has_said_everything_still_gets_its_answers() -> None:
    assert (await ask(box(), GET * 3, end=True)).count(STATUS) == 3


async def test_a_request_in_many_pieces() -> None:
    async with serve(box()) as server, raw(server) as client:
        for byte in post(b"hello"):
            client.send(bytes((byte,)))
            await asyncio.sleep(0)
        assert (await client.reply())[2] == b"hello"


# --- the journal -----------------------------------------------------------------------------------------------------


async def test_a_request_is_one_entry_and_the_cause_of_what_it_does() -> None:
    made = box()
    await ask(made, GET.replace(b"/status", b"/set?limit=10"), end=True)
    [entry] = entries(made, "request")
    assert entry.name == "GET /set"
    assert entry.interface == "http"
    assert entry.client is not None
    assert entry.detail == {"query": "limit=10", "status": 200}
    assert [write.cause for write in entries(made, "write")] == [entry.seq]
    assert [command.cause for command in entries(made, "command", "set_limit")][-1] == entry.seq


async def test_an_entry_says_what_was_sent_and_answered() -> None:
    made = box()
    await ask(made, post(b"\xff" * 1000) + GET, end=True)
    echo, status = entries(made, "request")
    assert echo.detail["body"] == "�" * 200 + "…"
    assert status.detail == {"status": 200, "keys": ["limit", "power"]}
    for entry in made.simulation.journal:
        entry.as_line().encode()


async def test_what_is_not_http_is_recorded() -> None:
    made = box()
    assert (await ask(made, b"\x16\x03\x01\x02\x00")).startswith(b"HTTP/1.1 400 Bad Request")
    [entry] = entries(made, "request")
    assert (entry.name, entry.detail["status"]) == ("malformed", 400)


# --- bad clients -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n\r\n\r\nHELLO\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /status HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnot a size\r\n",
    ],
)
async def test_bytes_that_are_not_http_get_the_devices_answer(data: bytes) -> None:
    made = box()
    made.shape(on_malformed=HttpReply(status=400, body=b"what?", content_type=None, close=True))
    assert await ask(made, data) == b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 5\r\n\r\nwhat?"


async def test_a_device_may_say_nothing_to_nonsense() -> None:
    made = box()
    made.shape(on_malformed=HttpReply(silent=True))
    assert await ask(made, b"nonsense\r\n\r\n") == b""


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_that_is_too_large(chunked: bool) -> None:
    made = box()
    made.shape(max_body=100)
    body = b"x" * 101
    request = post(body)
    if chunked:
        request = b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n%b\r\n0\r\n\r\n" % body
    assert (await ask(made, request)).startswith(b"HTTP/1.1 413 ")
    assert made.asked == []


async def test_a_huge_announced_body_is_refused_before_it_is_sent() -> None:
    async with serve(box()) as server, raw(server) as client:
        client.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 999999999\r\n\r\n")
        assert (await client.reply())[0] == 413


@pytest.mark.parametrize(
    "target",
    [
        b"http://",
        b"http:",
        b"foo:bar",
        b"*",
        b"//",
        b"//[",
        b"///",
        b"?",
        b"/%",
        b"http://a:99999/",
        b"http://a:b/",
        b"a:1",
        b"ftp://x/y",
        b"http://[::1]/status",
        b"http://\xc3\xa4/",
        b"/\xff",
        b"http://a@b:c@d/",
        b"mailto:a@b",
        b"1://2",
    ],
)
@pytest.mark.parametrize("method", [b"GET", b"CONNECT", b"OPTIONS"])
async def test_any_target_gets_an_answer(method: bytes, target: bytes, caplog: pytest.LogCaptureFixture) -> None:
    made = box()
    reply = await ask(made, method + b" " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n", end=True)
    assert reply.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 404 ", b"HTTP/1.1 405 ", b"HTTP/1.1 200 "))
    assert caplog.records == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    chunks=st.lists(
        st.one_of(
            st.binary(max_size=200),
            st.sampled_from(
                [GET, GET[:20], b"\r\n", b"\r\n\r\n", post(b"x"), b"Content-Length: 5\r\n", b"\x00", b"GET "]
            ),
        ),
        max_size=8,
    )
)
def test_no_bytes_disturb_another_client(chunks: list[bytes]) -> None:
    async def play() -> None:
        made = box()
        made.shape(half_sent_timeout=0.05)
        async with serve(made) as server, raw(server) as other, raw(server) as client:
            other.send(GET[:10])
            for chunk in chunks:
                client.send(chunk)
            other.send(GET[10:])
            assert (await other.reply())[2] == STATUS
            client.send(b"", end=True)
            await client.rest()
            other.send(GET)
            assert (await other.reply())[2] == STATUS

    asyncio.run(play())


async def test_half_sent_requests_time_out() -> None:
    made = box()
    made.shape(half_sent_timeout=0.02)
    async with serve(made) as server, raw(server) as head, raw(server) as body:
        timeout = recorded(made, "timeout")
        head.send(GET[:-3])
        body.send(post(b"hello")[:-2])
        assert await head.rest() == b""
        assert await body.rest() == b""
        assert (await timeout).detail == {"why": "request half sent"}


async def test_dripping_bytes_do_not_buy_time() -> None:
    made = box()
    made.shape(half_sent_timeout=0.02)
    async with serve(made) as server, raw(server) as client:
        client.send(post(b"x" * 60_000).partition(b"x")[0])
        gone = asyncio.ensure_future(client.rest())
        while not gone.done():
            client.send(b"x")
            await asyncio.sleep(0)
        assert await gone == b""


async def test_idle_connections_are_closed() -> None:
    made = box()
    made.shape(idle_timeout=1.0)  # it has to ask before
    async with serve(made) as server, raw(server) as client:
        client.send(GET)
        assert (await client.rest()).endswith(STATUS)


async def test_a_client_that_does_not_read_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.protocols.http.SLOW_READER", 0.02)
    made = box()
    made.like["big"] = HttpReply(body=b"x" * 20_000_000)
    async with serve(made) as server, raw(server) as client:
        client.send(b"GET /like/big HTTP/1.1\r\nHost: a\r\n\r\n")
        await when(lambda: made.simulation.journal.seq > 0 and len(server.connections) == 1)
        await when(lambda: not server.connections)
        assert len(await client.rest()) < 20_000_000


async def test_a_mistake_of_ours_is_logged_and_answered(caplog: pytest.LogCaptureFixture) -> None:
    made = box()
    with caplog.at_level(logging.ERROR):
        reply = await ask(made, GET.replace(b"/status", b"/broken"))
    assert reply.startswith(b"HTTP/1.1 500 ")
    assert "a mistake of ours" in caplog.text
    assert entries(made, "request")[0].detail["status"] == 500


# --- delay, silence --------------------------------------------------------------------------------------------------


async def test_a_late_reply_keeps_its_place() -> None:
    made = box()
    made.like["late"] = HttpReply(body=b"late", delay=0.01)
    async with serve(made) as server, raw(server) as client:
        client.send(b"GET /like/late HTTP/1.1\r\nHost: a\r\n\r\n" + GET)
        assert [(await client.reply())[2] for _ in range(2)] == [b"late", STATUS]


async def test_no_reply_at_all_until_the_client_gives_up() -> None:
    made = box()
    made.like["never"] = HttpReply(silent=True)
    async with serve(made) as server:
        async with raw(server) as client:
            asked = recorded(made, "GET /like/never")
            client.send(b"GET /like/never HTTP/1.1\r\nHost: a\r\n\r\n" + GET)
            await asked
            assert len(server.connections) == 1
        await when(lambda: not server.connections)


@pytest.mark.parametrize("reply", [HttpReply(silent=True), HttpReply(delay=1000.0)])
async def test_closing_does_not_wait_for_replies(reply: HttpReply) -> None:
    made = box()
    made.like["never"] = reply
    async with serve(made) as server:
        client = raw(server)
        connected = await client.__aenter__()
        asked = recorded(made, "GET /like/never")
        connected.send(b"GET /like/never HTTP/1.1\r\nHost: a\r\n\r\n")
        await asked
    assert await connected.rest() == b""
    await client.__aexit__(None, None, None)


# --- many connections ------------------------------------------------------------------------------------------------


async def test_one_connection_too_many_is_dropped() -> None:
    made = box()
    made.shape(max_connections=2)
    async with serve(made) as server, raw(server) as first, raw(server) as second:
        for client in (first, second):
            client.send(GET)
            await client.reply()
        async with raw(server) as third:
            assert await third.rest() == b""
        first.send(GET)
        assert (await first.reply())[2] == STATUS
    assert [entry.name for entry in entries(made, "connection")] == ["refused"]


async def test_or_the_one_that_was_quiet_for_longest_is() -> None:
    made = box()
    made.shape(max_connections=2, when_full="evict_oldest")
    async with serve(made) as server, raw(server) as first, raw(server) as second:
        for client in (second, first, second):
            client.send(GET)
            await client.reply()
        async with raw(server) as third:
            third.send(GET)
            assert (await third.reply())[2] == STATUS
            assert await first.rest() == b""
            second.send(GET)
            assert (await second.reply())[2] == STATUS


# --- the box's life --------------------------------------------------------------------------------------------------


async def test_a_box_without_power_refuses_connections_and_comes_back_on_the_same_port() -> None:
    made = box()
    async with serve(made) as server:
        port = server.endpoint.port
        async with raw(server) as client:
            client.send(GET)
            await client.reply()
            power_cut(made)
            assert await client.rest() == b""
        await when(lambda: not server.listening)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        power_up(made)
        advance(made, 60)
        await when(lambda: server.listening)
        async with raw(server) as client:
            client.send(GET)
            assert (await client.reply())[2] == STATUS
        assert server.endpoint.port == port


async def test_connections_do_not_survive_a_reboot_however_fast_it_passes() -> None:
    made = box()
    async with serve(made) as server, raw(server) as client:
        client.send(GET)
        await client.reply()
        made.reboot(1.0)
        advance(made, 3600)
        assert made.up
        assert await client.rest() == b""


async def test_a_reboot_by_request_still_answers_it() -> None:
    made = box()
    reply = await ask(made, GET.replace(b"/status", b"/reboot"))
    assert reply.endswith(b"rebooting")
    assert b"Connection: close" in reply


async def test_an_interface_that_is_switched_off_is_gone() -> None:
    made = box()
    async with serve(made) as server:
        made.configure({"http": False})
        await when(lambda: not server.listening)
        made.configure({"http": True})
        await when(lambda: server.listening)
        async with raw(server) as client:
            client.send(GET)
            assert (await client.reply())[0] == 200


async def test_a_new_world_is_served_on_the_same_port_and_old_connections_end() -> None:
    old, new = box(), box()
    new.write("limit", 9.0, HttpRequest(method="", target="").origin)
    async with serve(old) as server:
        async with raw(server) as client:
            client.send(GET)
            await client.reply()
            server.attach(new)
            assert await client.rest() == b""
        async with raw(server) as client:
            client.send(GET)
            assert b'"limit": 9.0' in (await client.reply())[2]
    assert len(entries(old, "request")) == len(entries(new, "request")) == 1


async def test_a_taken_port_is_a_clear_error() -> None:
    async with serve(box()) as server:
        with pytest.raises(PortTaken, match=r"wallbox garage\.box, interface http: port \d+ .* another program"):
            await HttpServer(Endpoint(box(), "http", port=server.endpoint.port)).__aenter__()


async def test_entries_stand_at_the_present_instant() -> None:
    made = box()
    async with serve(made) as server, raw(server) as client:
        made.simulation.clock.jump(5 * SECOND)
        client.send(GET)
        await client.reply()
    assert entries(made, "request")[0].at == 5 * SECOND
