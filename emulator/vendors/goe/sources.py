"""Where the rows of this vendor's tables come from. NOTES.md says what each document is.

The one rule: a source that lists a key for some firmwares or models only says so itself; a row can say it again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ...core.values import terse
from .models import PHOENIX, WITH_LOCK


@terse
class Source:
    """A document, and the wallboxes whose keys it describes."""

    tag: str
    first: str | None = None
    """First firmware it is about."""
    end: str | None = None
    """First firmware it is no longer about."""
    models: tuple[str, ...] | None = None
    developer: bool = False
    """Keys for developers, which the API hides from 55 on."""

    def since(self, firmware: str) -> Source:
        return replace(self, first=firmware)

    def until(self, firmware: str) -> Source:
        return replace(self, end=firmware)

    def only(self, models: tuple[str, ...]) -> Source:
        return replace(self, models=models)


_TABLE: Final = "go-e API keys table"
"""The table of 174 keys this package started from."""
_EN: Final = "apikeys-en"
_LISTS: Final = "apikeys-en + key lists of firmware 59.4, 60.2, 60.3, 60.4"
_LOCK_LISTS: Final = "apikeys-en + key lists of firmware 59.4, 60.2"


def developer(tag: str) -> Source:
    """Up to 054 the full status contained the developer keys. Source: captured full status replies."""
    return Source(tag, end="55", developer=True)


DEVELOPER: Final = developer(_TABLE)
DEVELOPER_EN: Final = developer(f"{_TABLE} + {_EN}")
TABLE_LISTS: Final = Source(f"{_TABLE} + {_LISTS}")
TABLE_EN: Final = Source(f"{_TABLE} + {_EN}")
TABLE_LOCK_LISTS: Final = Source(f"{_TABLE} + {_LOCK_LISTS}", models=WITH_LOCK)
LISTS: Final = Source(_LISTS)
LOCK_LISTS: Final = Source(_LOCK_LISTS, models=WITH_LOCK)
EN_59: Final = Source("apikeys-en + key list of firmware 59.4")
EN_ONLY: Final = Source(_EN, end="58", models=WITH_LOCK)
V59: Final = Source("key lists of firmware 59.4, 60.2, 60.3, 60.4", "59")
V60: Final = Source("key lists of firmware 60.2, 60.3, 60.4", "60")
V60_2_ONLY: Final = Source("key list of firmware 60.2", "60.2", models=WITH_LOCK)
V60_3: Final = Source("key lists of firmware 60.3, 60.4", "60.3")
V60_3_PHOENIX: Final = V60_3.only(PHOENIX)
V60_4: Final = Source("key list of firmware 60.4", "60.4")
V60_5: Final = Source("go-eCharger-API-v2 changelog 60.5", "60.5")
MQTT_DOC: Final = Source("go-eCharger-API-v2 mqtt-en")
MODBUS_DOC: Final = Source("go-eCharger-API-v2 modbus-en")
OCPP_DOC: Final = Source("go-eCharger-API-v2 ocpp-en")
CLOUD_DOC: Final = Source("go-eCharger-API-v2 cloudapi-en")
SCREENSHOT: Final = Source("screenshot of a full status in go-eCharger-API-v2")
USER_REPORT: Final = Source("one user's report on firmware 60.3")
CAPTURE: Final = Source("captured replies of devices")
CAPTURE_LISTS: Final = Source(f"captured replies + {_LISTS}")
CLIENTS: Final = Source("clients (evcc, ha-goecharger-api2) + modbus-en + captured replies")

NOT_EMULATED: Final = "the function behind it is not emulated"
"""What a constant stands for where the device has a live value."""
OTHER_MODELS: Final = "also on other models than PRO and CORE"
"""What is taken for granted where a list of PRO and CORE alone names a key."""
