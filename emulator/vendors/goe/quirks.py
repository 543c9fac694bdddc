"""Known defects of single firmware versions that are not a property of one key.

The one rule: a name, the versions and models that have it, and the report it is taken from.
"""

from __future__ import annotations

from typing import Final

from ...devices.points import Point
from .models import PHOENIX

QUIRKS: Final = {
    quirk.name: quirk
    for quirk in (
        Point(
            name="nrg_zero_while_charging",
            source="go-eCharger-API-v2#321",
            since="60.4",
            until="60.5",
            models=PHOENIX,
            about="nrg is all zero while the car charges",
        ),
        Point(
            name="modbus_car_0_when_idle",
            source="users' reports on firmware 56.8",
            since="56.8",
            until="57",
            about="CAR_STATE is 0, not 1, while nothing is plugged",
        ),
        Point(
            name="modbus_writes_ignored",
            source="go-eCharger-API-v2#254, #270",
            since="57.1",
            until="59.4",
            about="registers are acknowledged but not written",
        ),
        Point(
            name="modbus_writes_refused",
            source="go-eCharger-API-v2#286, #287",
            since="60",
            until="60.1",
            assumed="with exception 4",
            about="ALLOW, AMPERE_VOLATILE and PHASE_SWITCH_MODE cannot be written",
        ),
        Point(
            name="modbus_bytes_swapped",
            source="go-eCharger-API-v2#295, #306; changelog 60.4",
            since="60.3",
            until="60.4",
            assumed="msb has the opposite meaning",
            about="the bytes of every register are swapped",
        ),
        Point(
            name="frc_without_effect",
            source="go-eCharger-API-v2#88, #306",
            since="60.3",
            until="60.4",
            about="frc written over MQTT or web socket is acknowledged and forgotten",
        ),
        Point(
            name="frc_without_effect_54",
            source="go-eCharger-API-v2#88",
            since="54",
            until="55",
            about="frc written over MQTT is acknowledged and forgotten",
        ),
        Point(
            name="mqtt_stays_away",
            source="go-eCharger-API-v2#162",
            since="55",
            until="56",
            about="once the broker was lost, MQTT stays disconnected until a restart",
        ),
        Point(
            name="ids_lost_with_broker",
            source="go-eCharger-API-v2#315",
            since="60.3",
            until="60.4",
            assumed="which version",
            about="ids over MQTT is ignored once the broker was lost, until a restart",
        ),
        Point(
            name="sua_not_published",
            source="users' reports on firmware 055.7",
            since="55",
            until="56",
            about="sua has no topic",
        ),
        Point(
            name="no_phase_switch_status",
            source="users' reports on firmware 55.8",
            since="55.8",
            until="56",
            about="a phase switch does not show as modelStatus 23",
        ),
        Point(
            name="idle_while_switching_phases",
            source="users' reports on firmware 56.8",
            since="56.8",
            until="57",
            assumed="for the first ten seconds",
            about="the pilot is dropped during a phase switch: car is 1, then 3",
        ),
        Point(
            name="v1_colours_all_write_cid",
            source="go-eCharger-API-v1",
            until="55.8",
            about="API v1: cch and cfi write cid",
        ),
    )
}
