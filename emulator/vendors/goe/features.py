"""What firmware versions do differently, where it is no property of one key.

The one rule: a version is compared here or on another row, never in logic. `FEATURES` are how a version speaks;
`QUIRKS` are defects, which a user may switch on or off on any wallbox.
"""

from __future__ import annotations

from typing import Final

from ...devices.points import Point
from ...devices.quirks import Quirk
from .models import NOT_V3, PHOENIX, V3
from .sources import CAPTURE

# --- features --------------------------------------------------------------------------------------------------------

HYPHENATED_NAME: Final = Point(
    name="hyphenated_name",
    source=f"mqtt-en, {CAPTURE.tag}",
    since="60",
    about="go-eCharger-<serial> instead of go-eCharger_<serial>, as host name as well",
)
SHORT_VERSION: Final = Point(
    name="short_version", source=CAPTURE.tag, since="56", about="the version is written 56.8 instead of 056.8"
)
TOPIC_WITHOUT_SLASH: Final = Point(
    name="topic_without_slash", source="mqtt-en", since="55", about="topics begin with go-eCharger, not with a slash"
)
ALL_TOPICS: Final = Point(
    name="all_topics",
    source="homeassistant-goecharger-mqtt, a wallbox with 053.1",
    since="55",
    about="every key of the API has a topic",
)
CARD_TRANSACTIONS: Final = Point(
    name="card_transactions", source="go-eCharger-API-v2#117", since="55.2", about="trx may be the number of a card"
)
UNNAMED_CARDS: Final = Point(
    name="unnamed_cards", source=CAPTURE.tag, since="56", about="an unnamed card is called n/a, not User 1 and so on"
)
NEW_NOT_FOUND: Final = Point(
    name="new_not_found", source=CAPTURE.tag, since="60", about="text of the reply to an unknown path"
)
CLOSE_ANNOUNCED: Final = Point(
    name="close_announced",
    source=f"{CAPTURE.tag}; Gesiima/dbus-goecharger for 60.6",
    until="60.6",
    about="replies say Connection: close; later ones close the connection without a word",
)
HASH_NAMED: Final = Point(
    name="hash_named",
    source="ha-goecharger-api2",
    since="59",
    assumed="which version",
    about="web socket: hello has devicefamily and proto, authRequired says which hash is wanted",
)
OCPP_PHASES: Final = Point(
    name="ocpp_phases",
    source="go-eCharger-API-v2#154",
    since="56",
    about="numberPhases of a charging profile switches phases",
)
START_WITH_PROFILE: Final = Point(
    name="start_with_profile",
    source="go-eCharger-API-v2#243",
    since="60.4",
    about="RemoteStartTransaction with a charging profile is not rejected",
)
DATA_TRANSFER: Final = Point(
    name="data_transfer",
    source="go-eCharger-API-v2 ocpp-en",
    models=("pro",),
    about="DataTransfer of a central system is answered otherwise than NotImplemented",
)
API_KEYS_BY_OCPP: Final = Point(
    name="api_keys_by_ocpp",
    source="go-eCharger-API-v2 changelog 60.4",
    since="60.4",
    about="ConnectionTimeOut is txt; osr, mca and amp are configuration keys",
)
INITIALIZING: Final = Point(
    name="initializing",
    source="key list of firmware 60.2",
    since="60",
    assumed="before, a charge controller that starts is one that does not answer",
    about="modelStatus 40 and car 6",
)
UNDERVOLTAGE: Final = Point(name="undervoltage", source="key list of firmware 59.4", since="59", about="modelStatus 38")
NEW_ERROR_CODES: Final = Point(
    name="new_error_codes", source="key list of firmware 59.4", since="59.4", about="numbering of err"
)
MANY_RANGES: Final = Point(
    name="many_ranges",
    source="changelog 60.5",
    since="60.5",
    models=PHOENIX,
    assumed="up to ten; CORE as well",
    about="a schedule may have more than two ranges",
)
EXCLUSIVE_END: Final = Point(
    name="exclusive_end",
    source="changelog 60.4",
    since="60.4",
    about="the minute in which a range of a schedule ends does not belong to it",
)
NINE_DIGITS: Final = Point(
    name="nine_digits",
    source=CAPTURE.tag,
    since="56.2",
    assumed="56.1 prints 6 digits and 56.9 prints 9; the switch lies somewhere between",
    about="floats have up to nine decimals, those of 32 bits show their digits",
)
IDLE_FACTOR: Final = Point(
    name="idle_factor",
    source=CAPTURE.tag,
    since="56",
    until="59",
    models=NOT_V3,
    assumed="from and until which version: 56.x has it, 59.4 has not",
    about="power factor 100 on live lines without current",
)
NEUTRAL_FACTOR: Final = Point(
    name="neutral_factor",
    source="go-eCharger-API-v2#29; openhab-addons#14736",
    until="56",
    models=NOT_V3,
    assumed="until which version: 53.7 and 55.0 have it",
    about="power factor 100 of N while current flows",
)
WHOLE_VOLTS: Final = Point(
    name="whole_volts",
    source=CAPTURE.tag,
    models=V3,
    assumed="power factor 80 of N while current flows: 80 and 9 were seen",
    about="voltages without decimals",
)
COARSE_METER: Final = (
    Point(name="coarse_meter", source=CAPTURE.tag, until="55", models=V3, about="whole volts, 0.1 A, 10 W"),
    Point(name="coarse_meter", source=CAPTURE.tag, until="53.7", models=NOT_V3, about="whole volts, 0.1 A, 10 W"),
)

FILTER_OF_NAMES: Final = Point(
    name="filter_of_names",
    source="go-eCharger-API-v2 http-en",
    since="51.4",
    about="a filter may be names with commas; before, it is a JSON list",
)
SET_BY_KEY: Final = Point(
    name="set_by_key",
    source=CAPTURE.tag,
    since="51",
    assumed="from which version: 050 counts",
    about="the answer to set names each key; before, it counts them in a sentence",
)
LAST_WILL: Final = Point(
    name="last_will",
    source="go-eCharger-API-v2 mqtt-en",
    since="60.6",
    assumed="since which version: the document does not say",
    about="MQTT: mcc is false on the broker once the wallbox is gone",
)
RESULT_TOPIC: Final = Point(
    name="result_topic", source="mqtt-en", since="51.5", about="/set is answered on /result, and mcr can forbid it"
)

# --- quirks ----------------------------------------------------------------------------------------------------------

NRG_ZERO_WHILE_CHARGING: Final = Quirk(
    name="nrg_zero_while_charging",
    source="go-eCharger-API-v2#321",
    since="60.4",
    until="60.5",
    models=PHOENIX,
    about="nrg is all zero while the car charges",
)
MODBUS_CAR_0_WHEN_IDLE: Final = Quirk(
    name="modbus_car_0_when_idle",
    source="go-eCharger-API-v2#229, withdrawn by its reporter",
    models=(),
    about="CAR_STATE is 0, not 1, while nothing is plugged; on no wallbox by itself",
)
MODBUS_WRITES_IGNORED: Final = Quirk(
    name="modbus_writes_ignored",
    source="go-eCharger-API-v2#254, #270",
    since="57.1",
    until="59.4",
    about="registers are acknowledged but not written",
)
MODBUS_WRITES_REFUSED: Final = Quirk(
    name="modbus_writes_refused",
    source="go-eCharger-API-v2#286, #287",
    since="60",
    until="60.1",
    assumed="with exception 4",
    about="ALLOW, AMPERE_VOLATILE and PHASE_SWITCH_MODE cannot be written",
)
MODBUS_BYTES_SWAPPED: Final = Quirk(
    name="modbus_bytes_swapped",
    source="go-eCharger-API-v2#295, #306; changelog 60.4",
    since="60.3",
    until="60.4",
    assumed="msb has the opposite meaning",
    about="the bytes of every register are swapped",
)
FRC_WITHOUT_EFFECT: Final = Quirk(
    name="frc_without_effect",
    source="go-eCharger-API-v2#88, #306",
    since="60.3",
    until="60.4",
    about="frc written over MQTT or web socket is acknowledged and forgotten",
)
FRC_WITHOUT_EFFECT_54: Final = Quirk(
    name="frc_without_effect_54",
    source="go-eCharger-API-v2#88",
    since="54",
    until="55",
    about="frc written over MQTT is acknowledged and forgotten",
)
MQTT_STAYS_AWAY: Final = Quirk(
    name="mqtt_stays_away",
    source="go-eCharger-API-v2#162",
    since="55",
    until="56",
    about="once the broker was lost, MQTT stays disconnected until a restart",
)
IDS_LOST_WITH_BROKER: Final = Quirk(
    name="ids_lost_with_broker",
    source="go-eCharger-API-v2#315",
    since="60.3",
    until="60.4",
    assumed="which version",
    about="ids over MQTT is ignored once the broker was lost, until a restart",
)
SUA_NOT_PUBLISHED: Final = Quirk(
    name="sua_not_published",
    source="users' reports on firmware 055.7",
    since="55",
    until="56",
    about="sua has no topic",
)
NO_PHASE_SWITCH_STATUS: Final = Quirk(
    name="no_phase_switch_status",
    source="users' reports on firmware 55.8",
    since="55.8",
    until="56",
    about="a phase switch does not show as modelStatus 23",
)
IDLE_WHILE_SWITCHING_PHASES: Final = Quirk(
    name="idle_while_switching_phases",
    source="users' reports on firmware 56.8",
    since="56.8",
    until="57",
    assumed="for the first ten seconds",
    about="the pilot is dropped during a phase switch: car is 1, then 3",
)
WAIT_WITHOUT_CAR: Final = Quirk(
    name="wait_without_car",
    source="a capture of a CORE with 60.5 (n = 1)",
    since="60.5",
    models=("core",),
    assumed="always while access control waits",
    about="car is 3 with nothing plugged while acs is 1 and nobody is authorised",
)
SLOW_SURPLUS: Final = Quirk(
    name="slow_surplus",
    source="Gesiima/dbus-goecharger, measured on a V4 with 60.6 (n = 1)",
    since="60.6",
    assumed="on other models; earlier firmware acts at once",
    about="surplus charging starts after 30 s, stops after 120 s, takes 1 A more in 15 s; 6 s without data stop it",
)
V1_UNITS_OF_050: Final = Quirk(
    name="v1_units_of_050",
    source="go-eCharger-API-v1#56, confirmed by a developer",
    since="50",
    until="51",
    models=V3,
    assumed="power of the phases as before",
    about="API v1: dws is 10 Wh, nrg has A and, in total, W",
)
V1_UNITS_OF_052: Final = Quirk(
    name="v1_units_of_052",
    source="go-eCharger-API-v1#100",
    since="52.2",
    until="53",
    models=V3,
    assumed="until which version",
    about="API v1: nrg has A and W",
)
V1_COLOURS_ALL_WRITE_CID: Final = Quirk(
    name="v1_colours_all_write_cid",
    source="go-eCharger-API-v1",
    until="55.8",
    about="API v1: cch and cfi write cid",
)

QUIRKS: Final = (
    NRG_ZERO_WHILE_CHARGING,
    MODBUS_CAR_0_WHEN_IDLE,
    MODBUS_WRITES_IGNORED,
    MODBUS_WRITES_REFUSED,
    MODBUS_BYTES_SWAPPED,
    FRC_WITHOUT_EFFECT,
    FRC_WITHOUT_EFFECT_54,
    MQTT_STAYS_AWAY,
    IDS_LOST_WITH_BROKER,
    SUA_NOT_PUBLISHED,
    NO_PHASE_SWITCH_STATUS,
    IDLE_WHILE_SWITCHING_PHASES,
    WAIT_WITHOUT_CAR,
    SLOW_SURPLUS,
    V1_UNITS_OF_050,
    V1_UNITS_OF_052,
    V1_COLOURS_ALL_WRITE_CID,
)
