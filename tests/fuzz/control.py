"""Valid requests to the control API: every operation of its own OpenAPI document, and every step of the scenarios."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import aiohttp
import yaml

from .corpus import overheard
from .field import Where
from .wires import HTTP

SCENARIOS: Final = Path(__file__).parents[2] / "scenarios"
LEFT_OUT: Final = ("/api/clock/advance", "/api/events")
"""Which may rightly take as long as they are told to, and which is a WebSocket."""
COSTLY: Final = (b"POST /api/snapshots?", b"POST /api/snapshots ", b"POST /api/reset")
"""Which take the time of hundreds of others."""
OFTEN: Final = 40
"""For each of them, so many of each other."""
NAMES: Final = {"{name}": "target", "{seq}": "1"}
MEMBERS: Final[Mapping[str, object]] = {"string": "x", "integer": 1, "number": 1.5}


async def of_control(where: Where) -> list[bytes]:
    """As a client sends them."""
    async with overheard(where) as (port, heard):
        async with aiohttp.ClientSession(
            f"http://{where[0]}:{port}", headers={"Host": f"{where[0]}:{where[1]}"}
        ) as http:
            async with http.get("/api/openapi.json") as reply:
                document = await reply.json()
            for method, target, body in (*_operations(document), *_steps()):
                async with http.request(method, target, json=body) as reply:
                    assert reply.status < 500, await reply.text()
        found = [message for each in heard for message in HTTP.messages(bytes(each.asked))]
    return [message for message in found for _ in range(1 if message.startswith(COSTLY) else OFTEN)]


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, object]]:
    for path, methods in document["paths"].items():
        if path in LEFT_OUT:
            continue
        for method, operation in methods.items():
            query = "&".join(
                f"{each['name']}={MEMBERS.get(each['schema'].get('type'), 1)}"
                for each in operation.get("parameters", ())
                if each["in"] == "query" and each["name"] != "wait"
            )
            target = path
            for name, value in NAMES.items():
                target = target.replace(name, f"{value}.goe" if "/wallboxes/" in path else value)
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            yield method.upper(), f"{target}?{query}", content.get("example", {} if content else None)


def _steps() -> Iterator[tuple[str, str, object]]:
    for file in sorted(SCENARIOS.glob("*.yaml")):
        steps = yaml.safe_load(file.read_text()).get("steps", ())
        for step in json.loads(json.dumps(steps, default=str)):
            if not step.keys() & {"at", "after", "within", "wait_until", "repeat", "every"}:
                yield "POST", "/api/steps", step
