"""Keys of the services around the box: cloud, controller, load balancing, MQTT, Modbus, OCPP.

The one rule: rows only; what a row needs more than once is in `readings` or `writing`.
"""

# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from typing import Final

from . import readings as r
from . import writing as w
from .key import LEGACY_UNTIL, Key, action, config, fixed, shown, status
from .models import WITH_LOCK
from .sources import (
    CLOUD_DOC,
    EN,
    L60_4,
    LISTS,
    MODBUS_DOC,
    MQTT_DOC,
    OCPP_DOC,
    SINCE_59,
    SINCE_60,
    SINCE_60_3,
    TABLE,
    TABLE_LISTS,
)
from .values import BOOL, INT32, INT64, OBJECT, SIZE, STAMP, STRING, UINT8, UINT16, UINT32, array, either, optional

NOT_EMULATED: Final = "the function behind it is not emulated"

CLOUD: Final = (
    config("cwe", BOOL, True, source=TABLE_LISTS, about="cloud on"),
    fixed("cca", BOOL, True, source=TABLE, until=LEGACY_UNTIL, about="cloud with a client certificate"),
    status("cws", BOOL, lambda v: v.settings["cwe"], source=TABLE, until=LEGACY_UNTIL, assumed="follows cwe", about="cloud started"),
    status("cwsc", BOOL, lambda v: v.settings["cwe"] and v.sample.backend_link, source=TABLE, until=LEGACY_UNTIL, about="cloud connected"),
    status("cwsca", STAMP, lambda _: 46_000, source=TABLE, until=LEGACY_UNTIL, assumed=NOT_EMULATED, about="when it connected"),
    status("cle", optional(STRING), lambda _: None, source=LISTS, assumed=NOT_EMULATED, about="last error of the cloud"),
    status("clea", STAMP, lambda _: None, source=LISTS, assumed=NOT_EMULATED, about="when that was"),
    config("cae", BOOL, False, source=CLOUD_DOC, since="52", about="cloud API on"),
    config("cak", STRING, "0123456789abcdef0123456789abcdef", write=w.renew_token, source=CLOUD_DOC, since="52", about="token of the cloud API; writing makes a new one"),
    fixed("data", STRING, "", source=LISTS, assumed=NOT_EMULATED, about="token of the cloud's charts"),
    fixed("dll", STRING, "https://data.v3.go-e.io/export?e=", source=LISTS, assumed="without a token", about="link to the charge log"),
)

CONTROLLER: Final = (
    fixed("cmmr", UINT16, 20, source=LISTS, about="controllers looked for at most"),
    fixed("cmp", STRING, "_tcp", source=LISTS, about="controllers: protocol of mDNS"),
    fixed("cms", STRING, "_go-e_controller", source=LISTS, about="controllers: service of mDNS"),
    shown("cmse", BOOL, True, source=LISTS, about="look for controllers"),
    status("csa", BOOL, lambda _: False, source=LISTS, assumed=NOT_EMULATED, about="looking for controllers"),
    status("ctrls", optional(array(OBJECT)), lambda _: [], source=LISTS, assumed=NOT_EMULATED, about="controllers found"),
    status("ccd", optional(OBJECT), lambda _: None, source=LISTS, assumed=NOT_EMULATED, about="data of the controller"),
    status("lcs", INT64, lambda _: 0, source=LISTS, assumed=NOT_EMULATED, about="when controllers were looked for"),
    config("pco", STRING, "", w.short(64), source=LISTS, since="56.2", about="key of the controller's cloud"),
    config("smd", optional(OBJECT), None, persistent=False, source=LISTS, assumed=NOT_EMULATED, about="smart meter data"),
)

LOAD_BALANCING: Final = (
    config("loe", BOOL, False, source=TABLE_LISTS, assumed="without a group: no effect", about="load balancing on"),
    config("log", STRING, "", w.short(64), source=TABLE_LISTS, about="its group"),
    config("lop", UINT16, 50, w.within(1, 99), source=TABLE_LISTS, about="priority"),
    config("lof", UINT8, 0, w.zero_or_within(6, 32), source=TABLE_LISTS, about="fall-back, A"),
    config("lopr", BOOL, False, source=LISTS, about="its settings are protected"),
    status("lot", either("object_or_uint32", OBJECT, UINT32), r.group_current, write=w.total_current, source=TABLE_LISTS, about="current of the group, A"),
    config("loty", UINT8, 0, w.within(0, 1), write=w.as_number("loty", 1), accepts=either("uint8", UINT8, BOOL), source=TABLE_LISTS, about="0 static, 1 dynamic"),
    status("lom", optional(array(OBJECT)), lambda _: None, source=TABLE, until=LEGACY_UNTIL, assumed=NOT_EMULATED, about="members"),
    status("loa", optional(UINT8), lambda _: None, source=TABLE_LISTS, assumed=NOT_EMULATED, about="A granted"),
    status("los", optional(STRING), lambda _: None, source=TABLE, until=LEGACY_UNTIL, assumed=NOT_EMULATED, about="its state"),
)

MQTT: Final = (
    config("mce", BOOL, False, source=LISTS, about="MQTT on"),
    config("mcu", STRING, None, w.short(255), accepts=STRING, read=lambda v: v.box.mqtt.url, source=LISTS, about="broker"),
    config("mtp", STRING, None, w.short(128), accepts=optional(STRING), read=r.factory("mtp", lambda b: b.topic_prefix), write=w.reset_to_factory("mtp"), source=LISTS, about="prefix of the topics, with a slash at its end"),
    config("mcr", BOOL, True, source=LISTS, since="51.5", about="read only"),
    status("mcs", BOOL, lambda v: v.box.mqtt.started, source=LISTS, about="started"),
    status("mcc", BOOL, lambda v: v.box.mqtt.connected, source=LISTS, about="connected"),
    status("mcca", STAMP, lambda v: v.stamp(v.box.mqtt.connected_at), source=LISTS, about="when it connected"),
    status("mlr", optional(STRING), lambda v: v.box.mqtt.error, source=LISTS, about="last error"),
    status("mlra", STAMP, lambda v: v.stamp(v.box.mqtt.error_at), source=LISTS, about="when that was"),
    config("mhe", BOOL, False, source=LISTS, since="56.2", about="announce to Home Assistant"),
    config("mht", STRING, "homeassistant", w.short(64), accepts=optional(STRING), write=w.reset_to_factory("mht"), source=LISTS, since="56.2", about="prefix of these announcements"),
    config("mqg", BOOL, True, source=LISTS, about="TLS: global certificates"),
    config("mqcn", BOOL, False, source=LISTS, about="TLS: do not check the name"),
    config("mqss", BOOL, False, source=LISTS, about="TLS: do not check the server"),
    config("mck", STRING, "", source=MQTT_DOC, since="59", about="TLS: client key"),
    config("mqcc", STRING, "", source=MQTT_DOC, since="59", about="TLS: client certificate"),
    config("msc", STRING, "", source=MQTT_DOC, since="59", about="TLS: server certificate"),
)

MODBUS: Final = (
    config("men", BOOL, False, source=LISTS, about="Modbus TCP on"),
    config("msp", UINT16, 502, source=f"{EN} + key list of firmware 59.4", models=WITH_LOCK, about="its port"),
    config("msb", BOOL, False, source=LISTS, about="swap bytes"),
    config("msr", BOOL, False, source=LISTS, assumed="false: low word first", about="swap registers"),
    status("mro", SIZE, r.identity("modbus_reads"), source=MODBUS_DOC, models=WITH_LOCK, about="reads since boot"),
    status("mwo", SIZE, r.identity("modbus_writes"), source=MODBUS_DOC, models=WITH_LOCK, about="writes since boot"),
    status("mstr", STAMP, lambda v: v.stamp(v.box.modbus_read_at), source=SINCE_60_3, since="60.3", assumed="also on other models than PRO and CORE", about="last read"),
    status("mstw", STAMP, lambda v: v.stamp(v.box.modbus_write_at), source=SINCE_60_3, since="60.3", assumed="also on other models than PRO and CORE", about="last write"),
)

OCPP: Final = (
    config("ocppe", BOOL, False, source=LISTS, assumed=NOT_EMULATED, about="OCPP on"),
    config("ocppu", STRING, "ws://echo.websocket.org/", w.short(255), source=LISTS, about="backend"),
    status("ocpps", BOOL, lambda _: False, source=LISTS, assumed=NOT_EMULATED, about="started"),
    status("ocppc", BOOL, lambda _: False, source=LISTS, assumed=NOT_EMULATED, about="connected"),
    status("ocppca", STAMP, lambda _: None, source=LISTS, assumed=NOT_EMULATED, about="when it connected"),
    status("ocppa", BOOL, lambda _: False, source=LISTS, assumed=NOT_EMULATED, about="accepted"),
    status("ocppaa", STAMP, lambda _: None, source=LISTS, assumed=NOT_EMULATED, about="when it was accepted"),
    status("ocppcs", UINT8, lambda _: 0, source=LISTS, assumed=NOT_EMULATED, about="state of the connector: 0 available"),
    status("ocpple", optional(STRING), lambda _: None, source=LISTS, assumed=NOT_EMULATED, about="last error"),
    status("ocpplea", STAMP, lambda _: None, source=LISTS, assumed=NOT_EMULATED, about="when that was"),
    config("ocppai", INT32, 0, w.at_least(0), source=LISTS, about="clock aligned interval, s"),
    config("ocppao", BOOL, False, source=LISTS, about="transactions of unknown ids while offline"),
    config("ocppcc", STRING, "", source=EN, until="58", models=WITH_LOCK, about="client certificate"),
    config("ocppck", STRING, "", source=EN, until="58", models=WITH_LOCK, about="client key"),
    config("ocppsc", STRING, "", source=EN, until="58", models=WITH_LOCK, about="server certificate"),
    config("ocppcm", UINT8, 0, w.within(0, 1), source=LISTS, about="meter values: 0 in a transaction, 1 while charging"),
    config("ocppcn", BOOL, False, source=LISTS, about="TLS: do not check the name"),
    config("ocppd", STRING, "freevend", w.short(64), source=LISTS, about="id used without a card"),
    config("ocppf", optional(UINT8), None, source=LISTS, about="fall-back, A"),
    shown("ocppff", optional(UINT8), None, source=SINCE_60, since="60", about="factory value of ocppf"),
    action("ocppfai", INT32, w.ignore, source=SINCE_60, since="60", assumed="no effect", about="factory value of ocppai"),
    config("ocppg", BOOL, True, source=LISTS, about="TLS: global certificates"),
    config("ocpph", INT32, 3600, w.at_least(0), source=LISTS, about="heartbeat, s"),
    config("ocppi", INT32, 0, w.at_least(0), source=LISTS, about="sample interval, s"),
    config("ocppla", BOOL, False, source=LISTS, about="local list"),
    config("ocpplo", BOOL, False, source=LISTS, about="local authorisation while offline"),
    config("ocppr", BOOL, False, source=LISTS, about="rotate phases"),
    config("ocpprl", BOOL, False, source=LISTS, about="remote log"),
    config("ocppss", BOOL, False, source=LISTS, about="TLS: do not check the server"),
    config("ocppt", STAMP, None, persistent=False, source=OCPP_DOC, since="59", assumed=NOT_EMULATED, about="time the backend told"),
    status("ocppte", STAMP, lambda _: None, source=SINCE_59, since="59", assumed=NOT_EMULATED, about="end of the transaction"),
    config("ocppti", optional(INT32), None, persistent=False, source=LISTS, assumed=NOT_EMULATED, about="transaction"),
    config("ocpptt", STRING, "", w.short(255), source=SINCE_60_3, since="60.3", assumed="also on other models than PRO and CORE", about="text of the tariff"),
    status("ocppdp", array(OBJECT), lambda _: [], source=SINCE_59, since="59", assumed=NOT_EMULATED, about="default profiles"),
    status("ocppmp", array(OBJECT), lambda _: [], source=SINCE_59, since="59", assumed=NOT_EMULATED, about="maximum profiles"),
    status("ocpptp", array(OBJECT), lambda _: [], source=SINCE_59, since="59", assumed=NOT_EMULATED, about="transaction profiles"),
    config("orsch", BOOL, False, source=SINCE_59, since="59", about="the same card has to stop"),
    config("osr", BOOL, False, source=L60_4, since="60.4", assumed="also on other models than PRO and CORE", about="stop charging at a restart"),
)

KEYS: Final[tuple[Key, ...]] = (*CLOUD, *CONTROLLER, *LOAD_BALANCING, *MQTT, *MODBUS, *OCPP)
