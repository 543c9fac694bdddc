"""Where the rows of this vendor's tables come from. NOTES.md says what each document is."""

from __future__ import annotations

from typing import Final

TABLE: Final = "go-e API keys table"
"""The table of 174 keys this package started from; only there."""
EN: Final = "apikeys-en"
LISTS: Final = "apikeys-en + key lists of firmware 59.4, 60.2, 60.3, 60.4"
TABLE_LISTS: Final = f"{TABLE} + {LISTS}"
LOCK_LISTS: Final = "apikeys-en + key lists of firmware 59.4, 60.2"
TABLE_LOCK_LISTS: Final = f"{TABLE} + {LOCK_LISTS}"
TABLE_EN: Final = f"{TABLE} + {EN}"
SINCE_59: Final = "key lists of firmware 59.4, 60.2, 60.3, 60.4"
SINCE_60: Final = "key lists of firmware 60.2, 60.3, 60.4"
SINCE_60_3: Final = "key lists of firmware 60.3, 60.4"
L60_4: Final = "key list of firmware 60.4"
MQTT_DOC: Final = "go-eCharger-API-v2 mqtt-en"
MODBUS_DOC: Final = "go-eCharger-API-v2 modbus-en"
OCPP_DOC: Final = "go-eCharger-API-v2 ocpp-en"
CLOUD_DOC: Final = "go-eCharger-API-v2 cloudapi-en"
CHANGELOG: Final = "go-eCharger-API-v2 changelog 60.5"
SCREENSHOT: Final = "screenshot of a full status in go-eCharger-API-v2"
CAPTURE: Final = "captured replies of devices"
CLIENTS: Final = "clients (evcc, ha-goecharger-api2) + modbus-en + captured replies"
