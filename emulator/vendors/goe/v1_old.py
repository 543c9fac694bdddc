"""What only V1 and V2 of the hardware have in API v1: a current that a restart forgets, and a broker in parts.

The one rule: as in `v1_rows`, whose rows these functions read and write.
Source: go-eCharger-API-v1 (`amx`, `mce` to `mcc`), captured status messages of V2.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from ...core.messages import Reason
from ...devices.interfaces import Origin
from ...devices.settings import Settings
from .broker_link import BrokerUrl, broker_url, written
from .readings import Read, View
from .refusals import Refusal
from .settings import AMP, LOE, MCU, V1_AMP
from .writer import Writer

MASK: Final = "********"
_PORT: Final = re.compile(r"[0-9]{1,5}", re.ASCII)


def set_current(writer: Writer, value: int, origin: Origin) -> Refusal | None:
    """`amp`: for good."""
    refusal = writer.put(AMP, value, origin)
    if refusal is None:
        writer.device.settings.put(V1_AMP, None)
    return refusal


def set_volatile(writer: Writer, value: int, origin: Origin) -> Refusal | None:
    """`amx`: as `amp`, until the next restart."""
    settings = writer.device.settings
    before = settings[AMP]
    refusal = writer.put(AMP, value, origin)
    if refusal is None and settings[V1_AMP] is None:
        settings.put(V1_AMP, before)
    return refusal


def restarted(settings: Settings) -> None:
    """A current written by `amx` is gone."""
    kept = settings[V1_AMP]
    if kept is not None:
        settings.put(V1_AMP, None)
        settings.put(AMP, kept)


def temperatures(v: View) -> object:
    """`tma`, six of them."""
    used = ("connector_l1", "connector_l2", "connector_l3", "housing", "board", "relay")
    return [round(v.sample.temperature[name] * 8) / 8 for name in used]


def in_group(read: Read) -> Read:
    """0 while load balancing is off. Source: captured status messages."""
    return lambda v: read(v) if v.settings[LOE] else 0


class BrokerPart(NamedTuple):
    """One key of the broker's address."""

    read: Callable[[BrokerUrl], str]
    replace: Callable[[BrokerUrl, str], BrokerUrl]

    def shown(self, v: View) -> object:
        return self.read(broker_url(v.device.broker.url) or NOWHERE)

    def write(self, writer: Writer, raw: str, origin: Origin) -> Refusal | None:
        new = written(self.replace(broker_url(writer.device.broker.url) or NOWHERE, raw))
        if broker_url(new) is None:
            return Refusal(Reason.OUT_OF_RANGE, "no address of a broker")
        return writer.put(MCU, new, origin)


NOWHERE: Final = BrokerUrl("", 1883, None, None, False, None)
BROKER_PARTS: Final = {
    "mcs": BrokerPart(lambda url: url.host, lambda url, raw: url._replace(host=raw)),
    "mcp": BrokerPart(
        lambda url: str(url.port), lambda url, raw: url._replace(port=int(raw) if _PORT.fullmatch(raw) else 0)
    ),
    "mcu": BrokerPart(lambda url: url.username or "", lambda url, raw: url._replace(username=raw)),
    "mck": BrokerPart(lambda url: MASK if url.password else "", lambda url, raw: url._replace(password=raw)),
}
"""Host, port, user name and password, which is masked as `wke` is."""
