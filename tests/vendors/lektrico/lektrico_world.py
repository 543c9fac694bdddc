"""A small world with one Lektrico device, and the three ways to ask it."""

from __future__ import annotations

import json
from typing import Any

from bench import Bench

from emulator.devices.interfaces import HttpReply
from emulator.vendors.lektrico.wallbox import Lektrico

SILENT = object()


class LektricoWorld(Bench):
    def __init__(self, model: str | None = None, firmware: str | None = None, **settings: Any) -> None:
        super().__init__("lektrico", model, firmware, settings=settings)

    @property
    def device(self) -> Lektrico:
        assert isinstance(self.wallbox, Lektrico)
        return self.wallbox

    def post(self, target: str, body: str | bytes = b"", headers: dict[str, str] | None = None) -> HttpReply:
        return self.request(target, "POST", body=body, headers=headers)

    def rpc(self, method: str, **params: Any) -> Any:
        """Ask by `GET` without and `POST` with parameters: the bare result, or the bare error object."""
        target = f"/rpc/{method}"
        reply = self.post(target, json.dumps(params)) if params else self.request(target)
        assert reply.body.endswith(b"\r\n")
        return json.loads(reply.body)

    def frame(self, body: str | dict[str, Any]) -> Any:
        """Ask with a frame: the frame of the reply, or SILENT."""
        reply = self.post("/rpc", body if isinstance(body, str) else json.dumps(body))
        if reply.silent:
            return SILENT
        return json.loads(reply.body) if reply.status == 200 else reply

    def code(self, method: str, **params: Any) -> int:
        """The error code of a refusal; 0 if it was done."""
        reply = self.post(f"/rpc/{method}", json.dumps(params))
        if reply.status == 200:
            assert reply.body == b"true\r\n"
            return 0
        return int(json.loads(reply.body)["code"])

    def config(self, key: str, value: Any) -> int:
        return self.code("app_config.set", config_key=key, config_value=value)

    def info(self, key: str = "extended_charger_state") -> Any:
        return self.rpc("charger_info.get")[key]

    @property
    def states(self) -> tuple[str, str, bool]:
        """Letter, extended state, paused."""
        found = self.rpc("charger_info.get")
        return found["charger_state"], found["extended_charger_state"], found["charger_is_paused"]

    def charge(self, **vehicle: Any) -> None:
        """A car is plugged in and charges."""
        self.plug_in(**vehicle)
        self.wait(60)
        assert self.now.contactor
