"""Announcements as a real browser sees them, on loopback."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count

import pytest
from support_modbus import PATIENCE, Box, advance, box, entries, power_cut, power_up
from zeroconf import ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from emulator.protocols.mdns import Announcer, MdnsServer, addresses, own_addresses
from emulator.protocols.server import Endpoint

KIND = "_emutest._tcp.local."
numbers = count()


@pytest.fixture(scope="module", autouse=True)
def multicast() -> None:
    """Skips, with the reason, where loopback has no multicast."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            member = socket.inet_aton("224.0.0.251") + socket.inet_aton("127.0.0.1")
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
            sock.sendto(b"", ("224.0.0.251", 5353))
        except OSError as error:
            pytest.skip(f"no multicast on loopback here: {error}")


@pytest.fixture
def name() -> str:
    """A name no other test on this machine uses at the same time."""
    return f"Emulated {os.getpid()} {next(numbers)}"


class Browser:
    """A client that looks for the box's services and remembers what came and went."""

    def __init__(self, finder: AsyncZeroconf) -> None:
        self.finder = finder
        self.seen: list[tuple[str, str]] = []
        self._news = asyncio.Event()
        self._browser = AsyncServiceBrowser(finder.zeroconf, [KIND, "_emumodbus._tcp.local."], handlers=[self._changed])

    def _changed(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        self.seen.append((state_change.name, name))
        self._news.set()

    async def sees(self, what: str, name: str, times: int = 1) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.seen.count((what, name)) < times:
                self._news.clear()
                await self._news.wait()

    async def resolve(self, kind: str, name: str) -> AsyncServiceInfo:
        info = AsyncServiceInfo(kind, name)
        assert await info.async_request(self.finder.zeroconf, PATIENCE * 1000)
        return info

    async def close(self) -> None:
        await self._browser.async_cancel()


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    finder = AsyncZeroconf(interfaces=["127.0.0.1"])
    looking = Browser(finder)
    try:
        yield looking
    finally:
        await looking.close()
        await finder.async_close()


@asynccontextmanager
async def announce(*boxes: Box, host: str = "127.0.0.1") -> AsyncIterator[list[MdnsServer]]:
    """The boxes' announcements, with ports 8000, 8001, ... for HTTP and Modbus not served."""
    async with Announcer() as announcer, AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                MdnsServer(Endpoint(made, "mdns"), {"http": (host, 8000 + number)}.get, announcer)
            )
            for number, made in enumerate(boxes)
        ]


def named(name: str) -> tuple[Box, str]:
    """A box with this name, and the name of its service."""
    made = box()
    made.configure({"name": name})
    return made, f"{name}.{KIND}"


async def test_a_box_is_found_where_it_listens(name: str) -> None:
    made, full = named(name)
    async with browser() as client:
        async with announce(made, host="127.0.1.7"):
            await client.sees("Added", full)
            info = await client.resolve(KIND, full)
            assert info.parsed_addresses() == ["127.0.1.7"]
            assert info.port == 8000
            assert info.server == "emutest.local."
            assert info.decoded_properties == {"serial": "123456"}
            assert not any("modbus" in seen for _, seen in client.seen)
        await client.sees("Removed", full)


async def test_a_new_name_and_a_switch_are_followed(name: str) -> None:
    made, full = named(name)
    async with browser() as client, announce(made) as (server,):
        await client.sees("Added", full)
        made.configure({"name": "Renamed " + name})
        await client.sees("Added", "Renamed " + full)
        await client.sees("Removed", full)
        made.configure({"mdns": False})
        await client.sees("Removed", "Renamed " + full)
        await server.settle()
        assert server.announced == ()


async def test_changed_contents_are_an_update(name: str) -> None:
    made, full = named(name)
    async with browser() as client, announce(made):
        await client.sees("Added", full)
        made.serial = "654321"
        made.changed()
        await client.sees("Updated", full)
        assert (await client.resolve(KIND, full)).decoded_properties == {"serial": "654321"}


async def test_a_box_without_power_is_gone_and_comes_back(name: str) -> None:
    made, full = named(name)
    async with browser() as client, announce(made):
        await client.sees("Added", full)
        power_cut(made)
        await client.sees("Removed", full)
        power_up(made)
        advance(made, 60)
        await client.sees("Added", full, times=2)


async def test_two_boxes_of_one_name_are_told_apart(name: str) -> None:
    one, full = named(name)
    two = box()
    two.configure({"name": name})
    other = full.replace(".", "-2.", 1)
    async with browser() as client, announce(one, two):
        await client.sees("Added", full)
        await client.sees("Added", other)
        first, second = await client.resolve(KIND, full), await client.resolve(KIND, other)
        assert (first.server, first.port) == ("emutest.local.", 8000)
        assert (second.server, second.port) == ("emutest-2.local.", 8001)


async def test_another_box_takes_over(name: str) -> None:
    old, full = named(name)
    new = box(serial="777777")
    new.configure({"name": name})
    async with browser() as client, announce(old) as (server,):
        await client.sees("Added", full)
        server.attach(new)
        await server.settle()
        (announced,) = server.announced
        assert announced.service.txt == (("serial", "777777"),)


async def test_without_multicast_the_box_is_merely_not_announced(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def nowhere(self: Announcer, host: str) -> AsyncZeroconf:
        raise OSError("no multicast")

    monkeypatch.setattr(Announcer, "responder", nowhere)
    made, _ = named(name)
    async with announce(made) as (server,):
        assert server.announced == ()
        made.changed()
        await server.settle()
    assert len(entries(made, "connection", "not announced")) == 1


def test_a_wildcard_stands_for_this_machine() -> None:
    assert addresses("127.0.1.7") == ("127.0.1.7",)
    assert addresses("0.0.0.0") == (own_addresses() or ("127.0.0.1",))
