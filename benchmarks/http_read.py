"""CPU time per HTTP request: our server, with journal and wallbox, against bare aiohttp serving constant bytes.

Run it from the repository: `python benchmarks/http_read.py [requests]`. Both servers run in processes of their own,
in turns; the figures are medians of the rounds.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "protocols")]

BODY: Final = b'{"car":2,"amp":16,"alw":true,"nrg":[230,230,230,0,16,16,16,3680,3680,3680,0,11040]}' * 2
CONNECTIONS: Final = 8
ROUNDS: Final = 5
VARIANTS: Final = ("bare", "ours")


async def serve_bare() -> None:
    """aiohttp's low-level server and one constant reply."""
    from aiohttp import web

    async def answer(request: web.BaseRequest) -> web.Response:
        body = str(time.process_time()).encode() if request.path == "/cpu" else BODY
        return web.Response(body=body, content_type="application/json")

    server = await asyncio.get_running_loop().create_server(
        web.Server(answer, access_log=None), "127.0.0.1", 0, backlog=2048
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def serve_ours() -> None:
    """The emulator's server on a small wallbox."""
    from support import box, serve

    from emulator.devices.interfaces import HttpReply, HttpRequest, Route

    def constant(_: HttpRequest) -> HttpReply:
        return HttpReply(body=BODY)

    def cpu(_: HttpRequest) -> HttpReply:
        return HttpReply(body=str(time.process_time()).encode())

    made = box(speed=1.0)
    made.shape(routes=(Route(path="/status", handler=constant), Route(path="/cpu", handler=cpu)))
    async with serve(made) as server:
        print(server.endpoint.port, flush=True)
        await asyncio.Event().wait()


async def load(port: int, path: str, count: int) -> bytes:
    """`count` requests one after the other on one connection; the last body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    body = b""
    for _ in range(count):
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        size = int(head.partition(b"content-length: ")[2].partition(b"\r")[0])
        body = await reader.readexactly(size)
    writer.close()
    await writer.wait_closed()
    return body


async def round_of(port: int, count: int) -> float:
    """µs of the server's CPU time per request."""
    before = float(await load(port, "/cpu", 1))
    await asyncio.gather(*(load(port, "/status", count // CONNECTIONS) for _ in range(CONNECTIONS)))
    after = float(await load(port, "/cpu", 1))
    return (after - before) / (count // CONNECTIONS * CONNECTIONS) * 1e6


def measure(count: int) -> dict[str, float]:
    """Medians over interleaved rounds."""
    servers = {
        name: subprocess.Popen([sys.executable, __file__, name], stdout=subprocess.PIPE, text=True) for name in VARIANTS
    }
    figures: dict[str, list[float]] = {name: [] for name in VARIANTS}
    try:
        ports = {name: int(server.stdout.readline()) for name, server in servers.items() if server.stdout is not None}
        for number in range(ROUNDS + 1):  # the first one warms up
            for name in VARIANTS:
                cost = asyncio.run(round_of(ports[name], count))
                if number:
                    figures[name].append(cost)
    finally:
        for server in servers.values():
            server.kill()
            server.communicate()
    return {name: statistics.median(costs) for name, costs in figures.items()}


def main() -> None:
    argument = sys.argv[1] if len(sys.argv) > 1 else "8000"
    if argument in VARIANTS:
        asyncio.run(serve_ours() if argument == "ours" else serve_bare())
        return
    costs = measure(int(argument))
    for name, cost in costs.items():
        print(f"{name:5} {cost:6.1f} us CPU per request")
    print(f"ratio {costs['ours'] / costs['bare']:6.2f}")


if __name__ == "__main__":
    main()
