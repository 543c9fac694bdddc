"""What the WARP tests share: one wallbox on a bench, asked over HTTP without a socket."""

from __future__ import annotations

import json
from typing import Any, cast

from bench import Bench

from emulator.devices.interfaces import HttpReply
from emulator.vendors.warp.wallbox import Warp

POLL = 0.25
"""s after which a write is read back."""


class WarpWorld(Bench):
    """A WARP Charger, by default a WARP3 Pro with 11 kW."""

    def __init__(
        self, model: str = "warp3-pro-11", firmware: str | None = None, settings: dict[str, object] | None = None,
        **more: Any,
    ) -> None:  # fmt: skip
        super().__init__("warp", model, firmware, settings=settings, **more)

    @property
    def warp(self) -> Warp:
        return cast("Warp", self.wallbox)

    def ask(self, method: str, target: str, body: object = b"", **headers: str) -> HttpReply:
        """A request; anything but bytes is sent as JSON."""
        payload = body if isinstance(body, bytes) else json.dumps(body)
        return self.request(target, method, body=payload, headers=headers)

    def json(self, path: str) -> Any:
        reply = self.ask("GET", f"/{path}")
        assert reply.status == 200, reply
        return json.loads(reply.body)

    def put(self, path: str, body: object = b"") -> tuple[int, str]:
        reply = self.ask("PUT", f"/{path}", body)
        return reply.status, reply.body.decode()

    def done(self, path: str, body: object = b"") -> None:
        """A write that has to succeed, read back."""
        assert self.put(path, body) == (200, "")
        self.wait(POLL)

    @property
    def state(self) -> dict[str, int]:
        return cast("dict[str, int]", self.json("evse/state"))

    @property
    def charger_state(self) -> int:
        return self.state["charger_state"]

    @property
    def log(self) -> str:
        return self.ask("GET", "/event_log").body.decode()

    def slot(self, index: int) -> tuple[int, bool, bool]:
        slot = self.json("evse/slots")[index]
        return slot["max_current"], slot["active"], slot["clear_on_disconnect"]
