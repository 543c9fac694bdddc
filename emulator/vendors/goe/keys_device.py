"""Keys of the wallbox itself: identity, system, network, clock, ring of lights.

The one rule: rows only; what a row needs more than once is in `readings` or `writing`.
"""

from __future__ import annotations

from typing import Final

from . import kept
from . import readings as r
from . import settings as s
from . import writing as w
from .key import Key, action, config, fixed, keeper, of_identity, shown, status
from .models import PHOENIX, WITH_LOCK
from .rules import at_least, short, within
from .settings import stored
from .sources import (
    CAPTURE_LISTS,
    DEVELOPER,
    DEVELOPER_EN,
    EN_ONLY,
    LISTS,
    LOCK_LISTS,
    NOT_EMULATED,
    TABLE_EN,
    TABLE_LISTS,
    TABLE_LOCK_LISTS,
    V59,
    V60,
    V60_2_ONLY,
    V60_3_PHOENIX,
    V60_4,
    V60_5,
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

ROUTER: Final = "AA:BB:CC:DD:EE:FF"
NETWORK: Final = "a home network made up for the emulator"
SECRET: Final = either("string_or_bool", STRING, BOOL)

NETWORKS: Final = [{"ssid": "home", "encryptionType": 3, "rssi": -60, "channel": 6, "bssid": ROUTER}]
NAME_SERVER: Final = {"dns": "0.0.0.0"}
NAME_SERVERS: Final = {"dns0": "192.168.1.1", "dns1": "0.0.0.0", "dns2": "0.0.0.0"}
PROCESSOR_CLOCK: Final = {"source": 1, "source_freq_mhz": 320, "div": 2, "freq_mhz": 160}
APP_PARTITION: Final = {
    "type": 0,
    "subtype": 16,
    "address": 1_703_936,
    "size": 4_194_304,
    "label": "app_0",
    "encrypted": True,
}
PARTITIONS: Final = [
    {"type": 1, "subtype": 2, "address": 65_536, "size": 262_144, "label": "nvs", "encrypted": False},
]

IDENTITY: Final = (
    fixed("mod", UINT8, 1, DEVELOPER, "revision of the board"),
    of_identity("sse", STRING, lambda v: v.device.identity.serial, TABLE_LISTS, "serial number, six digits"),
    fixed("oem", STRING, "go-e", TABLE_LISTS, "maker"),
    of_identity("typ", STRING, lambda v: v.device.identity.traits.device_type, TABLE_LISTS, "kind of device"),
    of_identity("var", UINT8, lambda v: v.device.identity.traits.power_class, TABLE_LISTS, "kW: 11 or 22"),
    of_identity("fwv", STRING, kept.firmware, TABLE_LISTS, "firmware"),
    fixed("fwc", STRING, "10", TABLE_EN.until("58").only(WITH_LOCK), "firmware of the charge controller"),
    fixed("ccrv", optional(STRING), None, EN_ONLY, "firmware recommended for the charge controller"),
    fixed("ccu", optional(OBJECT), None, DEVELOPER_EN, "progress of its update", assumed=NOT_EMULATED),
    fixed("arv", STRING, "1.2.1", DEVELOPER, "app version recommended"),
    fixed("dfam", STRING, "goecharger", V59, "family of devices"),
    fixed("isgo", BOOL, True, V59, "go-e's own brand"),
    fixed("aus", BOOL, False, V59, "made for Australia"),
    fixed(
        "rev", STRING, "1", V60_4, "revision of the hardware", assumed="value; also on other models than PRO and CORE"
    ),
    of_identity("styp", STRING, lambda v: v.device.identity.traits.subtype, V60_3_PHOENIX, "kind of connector"),
    of_identity("sock", BOOL, lambda v: v.device.identity.has_socket, V60_3_PHOENIX, "has a socket"),
    fixed("shut", BOOL, False, V60_3_PHOENIX, "the socket has a shutter"),
    fixed("cert", UINT8, 0, V60_3_PHOENIX, "0 none, 1 MID, 2 MID and calibration law"),
    config(stored("iso2en", UINT8, 0, within(0, 2)), V60_4.only(PHOENIX), "ISO 15118: 0 off, 1 optional, 2 forced"),
    of_identity("ffna", STRING, lambda v: v.device.identity.factory_name, DEVELOPER, "factory value of fna"),
    config(s.FNA, TABLE_LISTS, "friendly name", read=lambda v: v.device.identity.friendly_name),
)

SWAYS: Final = "moves with the charger's noise only"

SYSTEM: Final = (
    status("rbc", UINT32, lambda v: v.settings[s.RBC], TABLE_LISTS, "restarts so far"),
    status("rbt", INT64, lambda v: v.since_boot, TABLE_LISTS, "ms since boot"),
    status(
        "rr", UINT8, lambda v: v.device.processor.reset_reason, DEVELOPER, "why it restarted: 1 power on, 3 software"
    ),
    status("ehs", SIZE, r.always(280_000), DEVELOPER, "heap, bytes", assumed=NOT_EMULATED),
    status("efh", SIZE, lambda v: 125_000 + round(v.sway(1, 900)), DEVELOPER, "free heap, bytes", assumed=SWAYS),
    status("efh32", SIZE, lambda v: 125_000 + round(v.sway(1, 900)), DEVELOPER, "free heap, 32 bit", assumed=SWAYS),
    status("efh8", SIZE, lambda v: 86_000 + round(v.sway(1, 900)), DEVELOPER, "free heap, 8 bit", assumed=SWAYS),
    status("emfh", SIZE, r.always(78_000), DEVELOPER, "least free heap since boot", assumed=NOT_EMULATED),
    status("emhb", SIZE, r.always(67_000), DEVELOPER, "largest block of heap", assumed=NOT_EMULATED),
    fixed("fem", UINT8, 2, DEVELOPER, "flash encryption: 2 release"),
    fixed("sbe", BOOL, True, DEVELOPER, "secure boot"),
    fixed("eci", OBJECT, {"model": 1, "features": 50, "cores": 2, "revision": 3}, DEVELOPER, "processor"),
    fixed("ecf", OBJECT, PROCESSOR_CLOCK, DEVELOPER, "clock of the processor"),
    fixed("efi", optional(OBJECT), None, DEVELOPER, "flash memory"),
    fixed("eem", optional(STRING), None, DEVELOPER, "processor, as text"),
    of_identity(
        "apd", OBJECT, lambda v: v.device.identity.build, DEVELOPER, "build of the firmware", assumed="date and hash"
    ),
    fixed("otap", optional(OBJECT), APP_PARTITION, DEVELOPER, "partition in use"),
    fixed("part", OBJECTS, PARTITIONS, DEVELOPER, "partitions", assumed="one entry only"),
    fixed("pto", UINT32, 61_440, DEVELOPER, "offset of the partition table"),
    action("oct", w.update, STRING, TABLE_LISTS, "start an update to a firmware on offer", assumed="takes a minute"),
    status(
        "ocu",
        array(STRING),
        lambda v: [kept.firmware(v), *v.settings[s.OFFERED_FIRMWARE]],
        TABLE_LISTS,
        "firmwares on offer",
    ),
    fixed("ocuca", BOOL, True, DEVELOPER, "update with a client certificate"),
    status(
        "ocs", UINT8, lambda v: v.device.update.state, DEVELOPER, "update: 0 idle, 1 running, 2 failed, 3 succeeded"
    ),
    status("ocp", INT, lambda v: v.device.update.loaded(v.at), DEVELOPER, "update: progress, bytes"),
    status("ocm", STRING, lambda v: v.device.update.message, DEVELOPER, "update: message", assumed="texts"),
    status("ocl", optional(INT), lambda v: v.device.update.size, DEVELOPER, "update: size, bytes"),
    status("oca", optional(OBJECT), r.nothing, DEVELOPER, "update: description", assumed=NOT_EMULATED),
    status("onv", STRING, kept.firmware, DEVELOPER, "newest firmware", assumed="its own"),
    status("wcch", UINT8, lambda v: v.http_clients, DEVELOPER, "HTTP clients", assumed="those being answered"),
    status("wccw", UINT8, lambda v: v.device.websocket_clients, DEVELOPER, "web socket clients"),
    status("qsc", SIZE, r.always(0), DEVELOPER, "queue to the cloud", assumed=NOT_EMULATED),
    status("qsw", SIZE, r.always(0), DEVELOPER, "queue of the web server", assumed=NOT_EMULATED),
)

NETWORK_KEYS: Final = (
    config(
        s.WIFIS, TABLE_LISTS, "networks; key reads as whether there is one", kind=OBJECTS, write=w.wifi, assumed=NETWORK
    ),
    action("delw", w.erase_wifi, UINT8, TABLE_LISTS, "erase this network"),
    status("scas", UINT8, r.always(2), DEVELOPER, "scan: 2 finished", assumed=NETWORK),
    fixed("scan", OBJECTS, NETWORKS, TABLE_LISTS, "networks found", assumed=NETWORK),
    status("scaa", STAMP, r.nothing, TABLE_LISTS, "age of the scan", assumed=NETWORK),
    status("wsms", UINT8, r.always(3), TABLE_LISTS, "WLAN: 3 connected", assumed=NETWORK),
    status("wst", UINT8, r.always(3), LISTS, "WLAN: 3 connected", assumed=NETWORK),
    status("wsc", UINT8, r.always(0), LISTS, "WLAN errors", assumed=NETWORK),
    status("wsm", STRING, r.always(""), EN_ONLY, "WLAN error", assumed=NETWORK),
    status("wsl", array(OBJECT), r.always([]), LISTS, "log of WLAN errors", assumed=NETWORK),
    status("lwf", STAMP, r.nothing, LISTS, "when connecting failed last", assumed=NETWORK),
    status("lwcf", BOOL, r.always(False), DEVELOPER, "connecting failed last", assumed=NETWORK),
    status(
        "ccw",
        optional(OBJECT),
        lambda v: {"ssid": v.device.identity.network["ssid"]},
        TABLE_LISTS.until("56.2"),
        "the network in use",
        assumed=NETWORK,
    ),
    status(
        "ccw",
        optional(OBJECT),
        lambda v: v.device.identity.network,
        TABLE_LISTS.since("56.2"),
        "the network in use",
        assumed=NETWORK,
    ),
    status("wcb", STRING, r.always(ROUTER), LOCK_LISTS, "BSSID in use", assumed=NETWORK),
    status("wfb", optional(array(STRING)), r.nothing, LOCK_LISTS, "BSSIDs that failed", assumed=NETWORK),
    status("wpb", optional(array(STRING)), r.always([]), LOCK_LISTS, "BSSIDs planned", assumed=NETWORK),
    status("nif", STRING, r.always("st"), LISTS, "default route: st is WLAN", assumed=NETWORK),
    status("dns", OBJECT, r.always(NAME_SERVER), LISTS.until("56.2"), "name server", assumed=NETWORK),
    status("dns", OBJECT, r.always(NAME_SERVERS), LISTS.since("56.2"), "name servers", assumed=NETWORK),
    status("host", optional(STRING), lambda v: v.device.identity.hostname, TABLE_LISTS, "host name"),
    status("rssi", optional(INT8), lambda v: -60 + round(v.sway(2, 3)), TABLE_LISTS, "signal, dBm", assumed=SWAYS),
    status("lssfc", STAMP, r.nothing, DEVELOPER, "when the WLAN was lost", assumed=NETWORK),
    status("lsstc", STAMP, r.always(8000), DEVELOPER, "when the WLAN came", assumed=NETWORK),
    of_identity("fwan", STRING, lambda v: v.device.identity.factory_name, DEVELOPER, "factory value of wan"),
    config(s.WAN, DEVELOPER, "access point's name", read=lambda v: v.device.identity.access_point),
    fixed("facwak", SECRET, True, DEVELOPER, "factory value of wak, masked"),
    config(s.WAK, DEVELOPER, "access point's key, masked", kind=SECRET, read=r.always(True)),
    config(s.WEN, DEVELOPER, "WLAN on"),
    config(stored("wda", BOOL, False), LISTS, "no access point while the cloud is connected"),
    shown(stored("wbw", UINT32, 1, within(1, 2)), LISTS, "bandwidth: 1 HT20, 2 HT40"),
    shown(stored("wat", UINT32, 0, within(0, 2)), V60_2_ONLY, "antenna: 0, 1, 2 automatic"),
    action("pass", w.password, STRING, DEVELOPER, "password of app and web socket"),
    config(stored("hws", BOOL, True), DEVELOPER, "web server reachable"),
    config(stored("hsa", BOOL, True), TABLE_LISTS, "web server asks for the password; the API does not"),
    config(s.HAI, LISTS, "HTTP API v2 on"),
    config(s.HLA, LOCK_LISTS, "HTTP API v1 on"),
    status("cce", OBJECT, r.always({"ip": "0.0.0.0"}), V60_3_PHOENIX, "Ethernet", assumed="shape"),
    fixed("mia", optional(OBJECT), None, V59.only(PHOENIX), "modem's address", assumed=NOT_EMULATED),
    fixed("mfw", STRING, "", V60_5.only(PHOENIX), "modem's firmware", assumed=NOT_EMULATED),
    fixed("ss", optional(OBJECT), None, V60_5.only(WITH_LOCK), "for debugging the network", assumed="type and value"),
)

CLOCK: Final = (
    config(s.TSE, TABLE_LOCK_LISTS, "NTP on"),
    fixed("ts", STRING, "europe.pool.ntp.org", DEVELOPER, "NTP server"),
    fixed("tssm", UINT8, 0, DEVELOPER, "NTP: 0 immediate"),
    fixed("tssi", INT32, 3_600_000, DEVELOPER, "NTP: interval, ms"),
    status(
        "tsss",
        UINT8,
        r.time_server_state,
        TABLE_LOCK_LISTS,
        "NTP: 0 reset, 1 completed, 2 in progress",
        assumed="takes 3 s",
    ),
    fixed("tsom", UINT8, 0, DEVELOPER, "NTP: 0 polls"),
    config(s.TOF, TABLE_LISTS, "time zone, minutes"),
    config(s.TDS, TABLE_LISTS.until("59.4"), "summer time: 0 none, 1 Europe, 2 USA", write=keeper(s.TDS, within(0, 2))),
    config(s.TDS, V59.since("59.4"), "summer time: 0 none, 1 Europe, 2 USA, 3 Australia"),
    config(stored("tzt", STRING, "Europe/Vienna", short(64)), LISTS, "name of the time zone, for the app"),
    status("utc", STRING, r.utc(microseconds=True), TABLE_LISTS.until("54"), "UTC", write=w.set_clock),
    status("utc", STRING, r.utc(), TABLE_LISTS.since("54"), "UTC", write=w.set_clock),
    status("loc", STRING, r.local(microseconds=True), TABLE_LISTS.until("54"), "local time and its offset"),
    status("loc", STRING, r.local(), TABLE_LISTS.since("54"), "local time and its offset"),
    status("tab", UINT64, r.boot_time, CAPTURE_LISTS.since("56.2"), "unix ms at boot: tab + rbt is now"),
    status("lto", INT64, r.local_offset, CAPTURE_LISTS.since("56.2"), "ms from UTC to local time"),
)

RING: Final = (
    status("led", OBJECT, r.ring, TABLE_LISTS, "what the ring shows", assumed="names and numbers but one"),
    config(s.LBR, TABLE_LISTS, "brightness"),
    config(s.LSE, TABLE_LISTS, "lights off after 10 s"),
    config(s.CID, TABLE_LISTS, "colour: idle"),
    config(s.CWC, TABLE_LISTS, "colour: waiting for the car"),
    config(s.CCH, TABLE_LISTS, "colour: charging"),
    config(s.CFI, TABLE_LISTS, "colour: finished"),
    fixed("nld", UINT8, 32, V60, "number of lights"),
    *(config(stored(name, UINT32, 0), EN_ONLY, "timing of the light strip") for name in ("t0h", "t0l", "t1h", "t1l")),
)

PROTECTION: Final = (
    config(stored("pdi", BOOL, False), LISTS, "protect settings of the digital input"),
    config(stored("pgr", BOOL, False), LISTS, "protect grid settings"),
    config(s.UFE, LISTS, "under-frequency control on"),
    config(s.UFA, LISTS, "under-frequency begins, Hz"),
    config(s.UFS, LISTS, "under-frequency stops, Hz"),
    config(s.UFM, LISTS, "under-frequency: 0 from nominal, 1 from actual"),
    config(s.UVE, V59, "under-voltage control on"),
    config(s.UVT, V59, "under-voltage below, V"),
    config(s.UVS, V59, "under-voltage for, ms"),
    config(stored("gmtr", INT32, 120, at_least(0)), LISTS.since("56.2"), "grid monitoring: s until reconnection"),
    config(
        stored("gsa", STAMP, None, persistent=False), LISTS.since("56.2"), "last grid failure", assumed=NOT_EMULATED
    ),
    config(stored("rmaf", FLOAT, 50.1), LISTS.since("56.2"), "reconnection below, Hz"),
    config(stored("rmif", FLOAT, 47.5), LISTS.since("56.2"), "reconnection above, Hz"),
    config(stored("rmav", FLOAT, 253.0), LISTS.since("56.2"), "reconnection below, V"),
    config(stored("rmiv", FLOAT, 195.5), LISTS.since("56.2"), "reconnection above, V"),
    config(stored("rsa", STAMP, None, persistent=False), LISTS.since("56.2"), "ramp began", assumed=NOT_EMULATED),
    config(stored("rsre", BOOL, False), LISTS.since("56.2"), "ramp up after start", assumed=NOT_EMULATED),
    config(stored("rsrr", FLOAT, 0.17), LISTS.since("56.2"), "ramp, %/s", assumed=NOT_EMULATED),
    *(
        row
        for name, when in (
            ("rdbf", "tariff starts"),
            ("rdbs", "schedule starts"),
            ("rdef", "tariff ends"),
            ("rdes", "schedule ends"),
            ("rdpl", "plug-in"),
        )
        for row in (
            config(
                stored(name, INT32, 0, at_least(0)), LISTS.since("57"), f"s of delay when {when}", assumed=NOT_EMULATED
            ),
            config(stored(f"{name}e", STAMP, None, persistent=False), V59, f"end of {name}", assumed=NOT_EMULATED),
        )
    ),
    config(s.RDRE, LISTS.since("57"), "s of delay when power returns, at most", assumed="any share of it"),
    status("rdree", STAMP, kept.reconnects_at, V59, "end of rdre; null ends it", write=w.end_reconnection),
)

KEYS: Final[tuple[Key, ...]] = (*IDENTITY, *SYSTEM, *NETWORK_KEYS, *CLOCK, *RING, *PROTECTION)
