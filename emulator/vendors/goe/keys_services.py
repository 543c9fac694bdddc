"""Keys of the services around the wallbox: cloud, controller, load balancing, MQTT, Modbus.

The one rule: rows only; what a row needs more than once is in `readings` or `writing`.
"""

from __future__ import annotations

from typing import Final

from . import kept
from . import readings as r
from . import settings as s
from . import writing as w
from .key import Key, config, fixed, shown, status
from .models import WITH_LOCK
from .rules import short
from .settings import stored
from .sources import (
    CLOUD_DOC,
    DEVELOPER,
    EN_59,
    LISTS,
    MODBUS_DOC,
    MQTT_DOC,
    NOT_EMULATED,
    OTHER_MODELS,
    TABLE_LISTS,
    V60_3,
)
from .values import BOOL, INT64, OBJECT, SIZE, STAMP, STRING, UINT8, UINT16, UINT32, array, optional

CLOUD: Final = (
    config(s.CWE, TABLE_LISTS, "cloud on"),
    fixed("cca", BOOL, True, DEVELOPER, "cloud with a client certificate"),
    status("cws", BOOL, lambda v: v.settings[s.CWE], DEVELOPER, "cloud started", assumed="follows cwe"),
    status("cwsc", BOOL, lambda v: v.settings[s.CWE] and v.sample.backend_link, DEVELOPER, "cloud connected"),
    status("cwsca", STAMP, r.always(46_000), DEVELOPER, "when it connected", assumed=NOT_EMULATED),
    status("cle", optional(STRING), r.nothing, LISTS, "last error of the cloud", assumed=NOT_EMULATED),
    status("clea", STAMP, r.nothing, LISTS, "when that was", assumed=NOT_EMULATED),
    config(s.CAE, CLOUD_DOC.since("52"), "cloud API on"),
    config(s.CAK, CLOUD_DOC.since("52"), "token of the cloud API; writing makes a new one", write=w.renew_token),
    fixed("data", STRING, "", LISTS, "token of the cloud's charts", assumed=NOT_EMULATED),
    fixed(
        "dll", STRING, "https://data.v3.go-e.io/export?e=", LISTS, "link to the charge log", assumed="without a token"
    ),
)

CONTROLLER: Final = (
    fixed("cmmr", UINT16, 20, LISTS, "controllers looked for at most"),
    fixed("cmp", STRING, "_tcp", LISTS, "controllers: protocol of mDNS"),
    fixed("cms", STRING, "_go-e_controller", LISTS, "controllers: service of mDNS"),
    shown(stored("cmse", BOOL, True), LISTS, "look for controllers"),
    status("csa", BOOL, r.always(False), LISTS, "looking for controllers", assumed=NOT_EMULATED),
    status("ctrls", optional(array(OBJECT)), r.nothing, LISTS, "controllers found", assumed=NOT_EMULATED),
    status("ccd", optional(OBJECT), r.nothing, LISTS, "data of the controller", assumed=NOT_EMULATED),
    status("lcs", INT64, r.always(0), LISTS, "when controllers were looked for", assumed=NOT_EMULATED),
    config(stored("pco", STRING, "", short(64)), LISTS.since("56.2"), "key of the controller's cloud"),
    config(stored("smd", optional(OBJECT), None, persistent=False), LISTS, "smart meter data", assumed=NOT_EMULATED),
)

LOAD_BALANCING: Final = (
    config(s.LOE, TABLE_LISTS, "load balancing on"),
    config(s.LOG, TABLE_LISTS, "its group"),
    config(s.LOP, TABLE_LISTS, "priority"),
    config(s.LOF, TABLE_LISTS, "fall-back, A"),
    config(stored("lopr", BOOL, False), LISTS, "its settings are protected"),
    status("lot", UINT32, r.group_current_53, TABLE_LISTS.until("54"), "current of the group, A", w.total_current),
    status(
        "lot", OBJECT, r.stored(s.LOT), TABLE_LISTS.since("54").until("59"), "current of the group, A", w.total_current
    ),
    status("lot", OBJECT, r.group_current, TABLE_LISTS.since("59"), "current of the group, A", w.total_current),
    config(s.LOTY, TABLE_LISTS, "0 static, 1 dynamic", write=w.as_number(s.LOTY, 1)),
    status("lom", optional(array(OBJECT)), r.nothing, DEVELOPER, "members", assumed=NOT_EMULATED),
    status(
        "loa",
        optional(UINT8),
        r.group_granted,
        TABLE_LISTS,
        "A granted",
        assumed="how a group shares; setting loa states it",
    ),
    status("los", optional(STRING), r.nothing, DEVELOPER, "its state", assumed=NOT_EMULATED),
)

MQTT: Final = (
    config(s.MCE, LISTS, "MQTT on"),
    config(s.MCU, LISTS, "broker", read=lambda v: v.device.broker.url),
    config(
        s.MTP,
        LISTS,
        "prefix of topics, ends in a slash",
        kind=STRING,
        read=kept.prefix,
        write=w.or_factory(s.MTP),
    ),
    config(s.MCR, LISTS.since("51.5"), "read only"),
    status("mcs", BOOL, lambda v: v.device.processor.up and v.device.broker.access() is not None, LISTS, "started"),
    status("mcc", BOOL, lambda v: v.device.broker.connected, LISTS, "connected"),
    status("mcca", STAMP, lambda v: v.stamp(v.device.broker.connected_at), LISTS, "when it connected"),
    status("mlr", optional(STRING), lambda v: v.device.broker.error, LISTS, "last error"),
    status("mlra", STAMP, lambda v: v.stamp(v.device.broker.error_at), LISTS, "when that was"),
    config(s.MHE, LISTS.since("56.2"), "announce to Home Assistant"),
    config(s.MHT, LISTS.since("56.2"), "its prefix there", kind=STRING, write=w.or_factory(s.MHT)),
    config(stored("mqg", BOOL, True), LISTS, "TLS: global certificates"),
    config(stored("mqcn", BOOL, False), LISTS, "TLS: do not check the name"),
    config(stored("mqss", BOOL, False), LISTS, "TLS: do not check the server"),
    config(stored("mck", STRING, ""), MQTT_DOC.since("59"), "TLS: client key"),
    config(stored("mqcc", STRING, ""), MQTT_DOC.since("59"), "TLS: client certificate"),
    config(stored("msc", STRING, ""), MQTT_DOC.since("59"), "TLS: server certificate"),
)

MODBUS: Final = (
    config(s.MEN, LISTS, "Modbus TCP on"),
    config(stored("msp", UINT16, 502), EN_59.only(WITH_LOCK), "its port"),
    config(s.MSB, LISTS, "swap bytes"),
    config(s.MSR, LISTS, "swap registers", assumed="false: low word first"),
    status("mro", SIZE, lambda v: v.modbus.reads, MODBUS_DOC.only(WITH_LOCK), "reads since boot"),
    status("mwo", SIZE, lambda v: v.modbus.writes, MODBUS_DOC.only(WITH_LOCK), "writes since boot"),
    status("mstr", STAMP, lambda v: v.stamp(v.modbus.read_at), V60_3, "last read", assumed=OTHER_MODELS),
    status("mstw", STAMP, lambda v: v.stamp(v.modbus.write_at), V60_3, "last write", assumed=OTHER_MODELS),
)

KEYS: Final[tuple[Key, ...]] = (*CLOUD, *CONTROLLER, *LOAD_BALANCING, *MQTT, *MODBUS)
