"""Keys of the box itself: identity, system, network, clock, ring of lights.

The one rule: rows only; what a row needs more than once is in `readings` or `writing`.
"""

# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from typing import Final

from . import readings as r
from . import writing as w
from .key import LEGACY_UNTIL, Key, action, config, fixed, shown, status
from .models import PHOENIX, WITH_LOCK
from .sources import (
    CHANGELOG,
    EN,
    L60_4,
    LISTS,
    LOCK_LISTS,
    SINCE_59,
    SINCE_60,
    SINCE_60_3,
    TABLE,
    TABLE_EN,
    TABLE_LISTS,
    TABLE_LOCK_LISTS,
)
from .values import (
    BOOL,
    FLOAT,
    INT,
    INT8,
    INT32,
    INT64,
    OBJECT,
    OBJECTS,
    SIZE,
    STAMP,
    STRING,
    UINT8,
    UINT32,
    UINT64,
    array,
    either,
    optional,
)

NOT_EMULATED: Final = "the function behind it is not emulated"
ROUTER: Final = "AA:BB:CC:DD:EE:FF"
NETWORK: Final = "a home network made up for the emulator"
SECRET: Final = either("string_or_bool", STRING, BOOL)

IDENTITY: Final = (
    fixed("mod", UINT8, 1, source=TABLE, until=LEGACY_UNTIL, about="revision of the board"),
    fixed("sse", STRING, r.identity("serial"), source=TABLE_LISTS, about="serial number, six digits"),
    fixed("oem", STRING, "go-e", source=TABLE_LISTS, about="maker"),
    fixed("typ", STRING, r.trait("typ"), source=TABLE_LISTS, about="kind of device"),
    fixed("var", UINT8, r.trait("var"), source=TABLE_LISTS, about="kW: 11 or 22"),
    fixed("fwv", STRING, r.identity("firmware_text"), source=TABLE_LISTS, about="firmware"),
    fixed("fwc", STRING, "10", source=TABLE_EN, until="58", models=WITH_LOCK, about="firmware of the charge controller"),
    fixed("ccrv", optional(STRING), None, source=EN, until="58", models=WITH_LOCK, about="firmware recommended for the charge controller"),
    fixed("ccu", optional(OBJECT), None, source=TABLE_EN, until=LEGACY_UNTIL, about="progress of its update"),
    fixed("arv", STRING, "1.2.1", source=TABLE, until=LEGACY_UNTIL, about="app version recommended"),
    fixed("dfam", STRING, "goecharger", source=SINCE_59, since="59", about="family of devices"),
    fixed("isgo", BOOL, True, source=SINCE_59, since="59", about="go-e's own brand"),
    fixed("aus", BOOL, False, source=SINCE_59, since="59", about="made for Australia"),
    fixed("rev", STRING, "1", source=L60_4, since="60.4", assumed="value; also on other models than PRO and CORE", about="revision of the hardware"),
    fixed("styp", STRING, r.trait("subtype"), source=SINCE_60_3, since="60.3", models=PHOENIX, about="kind of connector"),
    fixed("sock", BOOL, r.identity("has_socket"), source=SINCE_60_3, since="60.3", models=PHOENIX, about="has a socket"),
    fixed("shut", BOOL, False, source=SINCE_60_3, since="60.3", models=PHOENIX, about="the socket has a shutter"),
    fixed("cert", UINT8, 0, source=SINCE_60_3, since="60.3", models=PHOENIX, about="0 none, 1 MID, 2 MID and calibration law"),
    config("iso2en", UINT8, 0, w.within(0, 2), source=L60_4, since="60.4", models=PHOENIX, about="ISO 15118: 0 off, 1 optional, 2 forced"),
    fixed("ffna", STRING, r.identity("factory_name"), source=TABLE, until=LEGACY_UNTIL, about="friendly name ex works"),
    config("fna", STRING, None, w.short(64), accepts=STRING, read=r.factory("fna", lambda b: b.factory_name), source=TABLE_LISTS, about="friendly name"),
)

SYSTEM: Final = (
    status("rbc", UINT32, lambda v: v.settings["rbc"], source=TABLE_LISTS, about="restarts so far"),
    status("rbt", INT64, lambda v: v.stamp(v.at), source=TABLE_LISTS, about="ms since boot"),
    status("rr", UINT8, r.identity("reset_reason"), source=TABLE, until=LEGACY_UNTIL, about="why it restarted: 1 power on, 3 software"),
    status("ehs", SIZE, lambda _: 280_000, source=TABLE, until=LEGACY_UNTIL, assumed=NOT_EMULATED, about="heap, bytes"),
    status("efh", SIZE, lambda v: 125_000 + round(v.sway(1, 900)), source=TABLE, until=LEGACY_UNTIL, about="free heap, bytes"),
    status("efh32", SIZE, lambda v: 125_000 + round(v.sway(1, 900)), source=TABLE, until=LEGACY_UNTIL, about="free heap, 32 bit"),
    status("efh8", SIZE, lambda v: 86_000 + round(v.sway(1, 900)), source=TABLE, until=LEGACY_UNTIL, about="free heap, 8 bit"),
    status("emfh", SIZE, lambda _: 78_000, source=TABLE, until=LEGACY_UNTIL, assumed=NOT_EMULATED, about="least free heap since boot"),
    status("emhb", SIZE, lambda _: 67_000, source=TABLE, until=LEGACY_UNTIL, assumed=NOT_EMULATED, about="largest block of heap"),
    fixed("fem", UINT8, 2, source=TABLE, until=LEGACY_UNTIL, about="flash encryption: 2 release"),
    fixed("sbe", BOOL, True, source=TABLE, until=LEGACY_UNTIL, about="secure boot"),
    fixed("eci", OBJECT, {"model": 1, "features": 50, "cores": 2, "revision": 3}, source=TABLE, until=LEGACY_UNTIL, about="processor"),
    fixed("ecf", OBJECT, {"source": 1, "source_freq_mhz": 320, "div": 2, "freq_mhz": 160}, source=TABLE, until=LEGACY_UNTIL, about="clock of the processor"),
    fixed("efi", optional(OBJECT), None, source=TABLE, until=LEGACY_UNTIL, about="flash memory"),
    fixed("eem", optional(STRING), None, source=TABLE, until=LEGACY_UNTIL, about="processor, as text"),
    fixed("apd", OBJECT, r.identity("build"), source=TABLE, until=LEGACY_UNTIL, assumed="date and hash", about="build of the firmware"),
    fixed("otap", optional(OBJECT), {"type": 0, "subtype": 16, "address": 1_703_936, "size": 4_194_304, "label": "app_0", "encrypted": True}, source=TABLE, until=LEGACY_UNTIL, about="partition in use"),
    fixed("part", OBJECTS, [{"type": 1, "subtype": 2, "address": 65_536, "size": 262_144, "label": "nvs", "encrypted": False}], source=TABLE, until=LEGACY_UNTIL, assumed="one entry only", about="partitions"),
    fixed("pto", UINT32, 61_440, source=TABLE, until=LEGACY_UNTIL, about="offset of the partition table"),
    action("oct", STRING, w.ignore, source=TABLE_LISTS, assumed="accepted, no update follows", about="start an update"),
    fixed("ocu", array(STRING), lambda v: [v.box.firmware_text], source=TABLE_LISTS, assumed="only its own", about="firmwares on offer"),
    fixed("ocuca", BOOL, True, source=TABLE, until=LEGACY_UNTIL, about="update with a client certificate"),
    status("ocs", UINT8, lambda _: 0, source=TABLE, until=LEGACY_UNTIL, assumed=NOT_EMULATED, about="update: 0 idle"),
    status("ocp", INT, lambda _: 0, source=TABLE, until=LEGACY_UNTIL, assumed=NOT_EMULATED, about="update: progress"),
    status("ocm", STRING, lambda _: "", source=TABLE, until=LEGACY_UNTIL, assumed=NOT_EMULATED, about="update: message"),
    status("ocl", optional(INT), lambda _: None, source=TABLE, until=LEGACY_UNTIL, assumed=NOT_EMULATED, about="update: size"),
    status("oca", optional(OBJECT), lambda _: None, source=TABLE, until=LEGACY_UNTIL, assumed=NOT_EMULATED, about="update: description"),
    status("onv", STRING, r.identity("firmware_text"), source=TABLE, until=LEGACY_UNTIL, assumed="its own", about="newest firmware"),
    status("wcch", UINT8, lambda _: 0, source=TABLE, until=LEGACY_UNTIL, assumed=NOT_EMULATED, about="HTTP clients"),
    status("wccw", UINT8, lambda _: 0, source=TABLE, until=LEGACY_UNTIL, assumed=NOT_EMULATED, about="web socket clients"),
    status("qsc", SIZE, lambda _: 0, source=TABLE, until=LEGACY_UNTIL, assumed=NOT_EMULATED, about="queue to the cloud"),
    status("qsw", SIZE, lambda _: 0, source=TABLE, until=LEGACY_UNTIL, assumed=NOT_EMULATED, about="queue of the web server"),
)

NETWORK_KEYS: Final = (
    config("wifis", OBJECTS, [{**w.EMPTY_WIFI, "ssid": "home", "key": True}, *[dict(w.EMPTY_WIFI) for _ in range(9)]], accepts=array(OBJECT, longest=10), rule=w.networks, write=w.wifi, source=TABLE_LISTS, assumed=NETWORK, about="ten networks; key reads as whether there is one"),
    action("delw", UINT8, w.erase_wifi, source=TABLE_LISTS, about="erase this network"),
    status("scas", UINT8, lambda _: 2, source=TABLE, until=LEGACY_UNTIL, assumed=NETWORK, about="scan: 2 finished"),
    fixed("scan", OBJECTS, [{"ssid": "home", "encryptionType": 3, "rssi": -60, "channel": 6, "bssid": ROUTER}], source=TABLE_LISTS, assumed=NETWORK, about="networks found"),
    status("scaa", STAMP, lambda _: None, source=TABLE_LISTS, assumed=NETWORK, about="age of the scan"),
    status("wsms", UINT8, lambda _: 3, source=TABLE_LISTS, assumed=NETWORK, about="WLAN: 3 connected"),
    status("wst", UINT8, lambda _: 3, source=LISTS, assumed=NETWORK, about="WLAN: 3 connected"),
    status("wsc", UINT8, lambda _: 0, source=LISTS, assumed=NETWORK, about="WLAN errors"),
    status("wsm", STRING, lambda _: "", source=EN, until="58", models=WITH_LOCK, assumed=NETWORK, about="WLAN error"),
    status("wsl", array(OBJECT), lambda _: [], source=LISTS, assumed=NETWORK, about="log of WLAN errors"),
    status("lwf", STAMP, lambda _: None, source=LISTS, assumed=NETWORK, about="when connecting failed last"),
    status("lwcf", BOOL, lambda _: False, source=TABLE, until=LEGACY_UNTIL, assumed=NETWORK, about="connecting failed last"),
    status("ccw", optional(OBJECT), r.identity("wlan"), source=TABLE_LISTS, assumed=NETWORK, about="the network in use"),
    status("wcb", STRING, lambda _: ROUTER, source=LOCK_LISTS, models=WITH_LOCK, assumed=NETWORK, about="BSSID in use"),
    status("wfb", optional(array(STRING)), lambda _: None, source=LOCK_LISTS, models=WITH_LOCK, assumed=NETWORK, about="BSSIDs that failed"),
    status("wpb", optional(array(STRING)), lambda _: [], source=LOCK_LISTS, models=WITH_LOCK, assumed=NETWORK, about="BSSIDs planned"),
    status("nif", STRING, lambda _: "st", source=LISTS, assumed=NETWORK, about="default route: st is WLAN"),
    status("dns", OBJECT, lambda _: {"dns": "0.0.0.0"}, source=LISTS, assumed=NETWORK, about="name server"),
    status("host", optional(STRING), r.identity("hostname"), source=TABLE_LISTS, about="host name"),
    status("rssi", optional(INT8), lambda v: -60 + round(v.sway(2, 3)), source=TABLE_LISTS, assumed=NETWORK, about="signal, dBm"),
    status("lssfc", STAMP, lambda _: None, source=TABLE, until=LEGACY_UNTIL, assumed=NETWORK, about="when the WLAN was lost"),
    status("lsstc", STAMP, lambda _: 8000, source=TABLE, until=LEGACY_UNTIL, assumed=NETWORK, about="when the WLAN came"),
    fixed("fwan", STRING, r.identity("factory_name"), source=TABLE, until=LEGACY_UNTIL, about="access point's name ex works"),
    config("wan", STRING, None, w.short(32), accepts=STRING, read=r.factory("wan", lambda b: b.factory_name), source=TABLE, until=LEGACY_UNTIL, about="access point's name"),
    fixed("facwak", SECRET, True, source=TABLE, until=LEGACY_UNTIL, about="access point's key ex works, masked"),
    config("wak", SECRET, "", w.short(64), accepts=STRING, read=lambda _: True, source=TABLE, until=LEGACY_UNTIL, about="access point's key, masked"),
    config("wen", BOOL, True, source=TABLE, until=LEGACY_UNTIL, about="WLAN on"),
    config("wda", BOOL, False, source=LISTS, about="no access point while the cloud is connected"),
    shown("wbw", UINT32, 1, w.within(1, 2), source=LISTS, about="bandwidth: 1 HT20, 2 HT40"),
    shown("wat", UINT32, 0, w.within(0, 2), source="key list of firmware 60.2", since="60.2", models=WITH_LOCK, about="antenna: 0, 1, 2 automatic"),
    action("pass", STRING, w.password, source=TABLE, until=LEGACY_UNTIL, about="password of app and web socket"),
    config("hws", BOOL, True, source=TABLE, until=LEGACY_UNTIL, about="web server reachable"),
    config("hsa", BOOL, True, source=TABLE_LISTS, about="web server asks for the password; the API does not"),
    config("hai", BOOL, False, source=LISTS, about="HTTP API v2 on"),
    config("hla", BOOL, False, source=LOCK_LISTS, models=WITH_LOCK, about="HTTP API v1 on"),
    status("cce", OBJECT, lambda _: {"ip": "0.0.0.0"}, source=SINCE_60_3, since="60.3", models=PHOENIX, assumed="shape", about="Ethernet"),
    fixed("mia", optional(OBJECT), None, source=SINCE_59, since="59", models=PHOENIX, assumed=NOT_EMULATED, about="modem's address"),
    fixed("mfw", STRING, "", source=CHANGELOG, since="60.5", models=PHOENIX, assumed=NOT_EMULATED, about="modem's firmware"),
    fixed("ss", optional(OBJECT), None, source=CHANGELOG, since="60.5", models=WITH_LOCK, assumed="type and value", about="for debugging the network"),
)

CLOCK: Final = (
    config("tse", BOOL, True, source=TABLE_LOCK_LISTS, models=WITH_LOCK, about="NTP on"),
    fixed("ts", STRING, "europe.pool.ntp.org", source=TABLE, until=LEGACY_UNTIL, about="NTP server"),
    fixed("tssm", UINT8, 0, source=TABLE, until=LEGACY_UNTIL, about="NTP: 0 immediate"),
    fixed("tssi", INT32, 3_600_000, source=TABLE, until=LEGACY_UNTIL, about="NTP: interval, ms"),
    status("tsss", UINT8, lambda _: 1, source=TABLE_LOCK_LISTS, models=WITH_LOCK, assumed="always synchronised", about="NTP: 1 completed"),
    fixed("tsom", UINT8, 0, source=TABLE, until=LEGACY_UNTIL, about="NTP: 0 polls"),
    config("tof", INT32, 60, w.within(-720, 840), source=TABLE_LISTS, about="time zone, minutes"),
    config("tds", UINT8, 1, w.within(0, 2), source=TABLE_LISTS, until="59.4", about="summer time: 0 none, 1 Europe, 2 USA"),
    config("tds", UINT8, 1, w.within(0, 3), source=SINCE_59, since="59.4", about="summer time: 0 none, 1 Europe, 2 USA, 3 Australia"),
    config("tzt", STRING, "Europe/Vienna", w.short(64), source=LISTS, about="name of the time zone, for the app"),
    status("utc", STRING, r.utc, write=w.set_clock, source=TABLE_LISTS, about="UTC"),
    status("loc", STRING, r.local, source=TABLE_LISTS, about="local time and its offset"),
    status("tab", UINT64, r.boot_time, source=SINCE_59, since="59", about="unix ms at boot: tab + rbt is now"),
    status("lto", INT64, r.local_offset, source=SINCE_59, since="59", about="ms from UTC to local time"),
)

RING: Final = (
    status("led", OBJECT, r.ring, source=TABLE_LISTS, assumed="names and numbers but one", about="what the ring shows"),
    config("lbr", UINT8, 255, source=TABLE_LISTS, about="brightness"),
    config("lse", BOOL, False, source=TABLE_LISTS, about="lights off after 10 s"),
    config("cid", STRING, "#0000FF", w.colour, source=TABLE_LISTS, about="colour: idle"),
    config("cwc", STRING, "#FFFF00", w.colour, source=TABLE_LISTS, about="colour: waiting for the car"),
    config("cch", STRING, "#00FFFF", w.colour, source=TABLE_LISTS, about="colour: charging"),
    config("cfi", STRING, "#00FF00", w.colour, source=TABLE_LISTS, about="colour: finished"),
    fixed("nld", UINT8, 32, source=SINCE_60, since="60", about="number of lights"),
    *(
        config(name, UINT32, 0, source=EN, until="58", models=WITH_LOCK, about="timing of the light strip")
        for name in ("t0h", "t0l", "t1h", "t1l")
    ),
)

PROTECTION: Final = (
    config("pdi", BOOL, False, source=LISTS, about="protect settings of the digital input"),
    config("pgr", BOOL, False, source=LISTS, about="protect grid settings"),
    config("ufe", BOOL, False, source=LISTS, about="under-frequency control on"),
    config("ufa", FLOAT, 49.8, source=LISTS, about="under-frequency begins, Hz"),
    config("ufs", FLOAT, 49.0, source=LISTS, about="under-frequency stops, Hz"),
    config("ufm", UINT8, 0, w.within(0, 1), source=LISTS, about="under-frequency: 0 from nominal, 1 from actual"),
    config("uve", BOOL, False, source=SINCE_59, since="59", about="under-voltage control on"),
    config("uvt", FLOAT, 0.0, source=SINCE_59, since="59", about="under-voltage below, V"),
    config("uvs", INT32, 0, w.at_least(0), source=SINCE_59, since="59", about="under-voltage for, ms"),
    config("gmtr", INT32, 120, w.at_least(0), source=LISTS, since="56.2", about="grid monitoring: s until reconnection"),
    config("gsa", STAMP, None, persistent=False, source=LISTS, since="56.2", assumed=NOT_EMULATED, about="grid monitoring: last failure"),
    config("rmaf", FLOAT, 50.1, source=LISTS, since="56.2", about="reconnection below, Hz"),
    config("rmif", FLOAT, 47.5, source=LISTS, since="56.2", about="reconnection above, Hz"),
    config("rmav", FLOAT, 253.0, source=LISTS, since="56.2", about="reconnection below, V"),
    config("rmiv", FLOAT, 195.5, source=LISTS, since="56.2", about="reconnection above, V"),
    config("rsa", STAMP, None, persistent=False, source=LISTS, since="56.2", assumed=NOT_EMULATED, about="ramp began"),
    config("rsre", BOOL, False, source=LISTS, since="56.2", assumed=NOT_EMULATED, about="ramp up after start"),
    config("rsrr", FLOAT, 0.17, source=LISTS, since="56.2", assumed=NOT_EMULATED, about="ramp, %/s"),
    *(
        row
        for name, when in (("rdbf", "tariff starts"), ("rdbs", "schedule starts"), ("rdef", "tariff ends"), ("rdes", "schedule ends"), ("rdpl", "plug-in"), ("rdre", "power returns"))
        for row in (
            config(name, INT32, 0, w.at_least(0), source=LISTS, since="57", assumed=NOT_EMULATED, about=f"random delay when {when}, s"),
            config(f"{name}e", STAMP, None, persistent=False, source=SINCE_59, since="59", assumed=NOT_EMULATED, about=f"end of {name}"),
        )
    ),
)

KEYS: Final[tuple[Key, ...]] = (*IDENTITY, *SYSTEM, *NETWORK_KEYS, *CLOCK, *RING, *PROTECTION)
