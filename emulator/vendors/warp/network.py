"""Network configurations: interfaces, addresses, MQTT, and their validators.

The one rule: the emulator's own sockets stay where they are; these documents are stored, checked and shown as in the
device. Source: Tinkerforge esp32-firmware, `modules/network`, `ethernet`, `wifi`, `mqtt`, `mqtt_auto_discovery`.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, Final, cast

from ...core.agenda import Timer
from ...core.instant import MILLISECOND, SECOND, Instant
from ...devices.interfaces import Origin
from .models import NAMES, WARP2_UP
from .rows import AnyRow, Command, Config, State
from .schema import BOOL, I8, I32, I52, NULL, U8, U32, Bool, Int, Schema, Str, Union, many, obj, uint

if TYPE_CHECKING:
    from .view import View
    from .wallbox import Warp

UNSAFE_PORTS: Final = {
    1,
    7,
    9,
    11,
    13,
    15,
    17,
    19,
    20,
    21,
    22,
    23,
    25,
    37,
    42,
    43,
    53,
    69,
    77,
    79,
    87,
    95,
    101,
    102,
    103,
    104,
    109,
    110,
    111,
    113,
    115,
    117,
    119,
    123,
    135,
    137,
    139,
    143,
    161,
    179,
    389,
    427,
    465,
    512,
    513,
    514,
    515,
    526,
    530,
    531,
    532,
    540,
    548,
    554,
    556,
    563,
    587,
    601,
    636,
    989,
    990,
    993,
    995,
    1719,
    1720,
    1723,
    2049,
    3659,
    4045,
    5060,
    5061,
    6000,
    6566,
    6665,
    6666,
    6667,
    6668,
    6669,
    6697,
    10080,
}
"""Ports that web browsers refuse. Source: Fetch standard."""
_IP: Final = Str(7, 15, "0.0.0.0")
_ZERO: Final = "0.0.0.0"
MAC: Final = "AA:BB:CC"


def parse_ip(text: str) -> int | None:
    """An IPv4 address as a number; None: it is none."""
    parts = text.split(".")
    if len(parts) != 4 or not all(part.isdigit() and len(part) <= 3 and int(part) < 256 for part in parts):
        return None
    return int(ipaddress.IPv4Address(".".join(str(int(part)) for part in parts)))


def check_addresses(config: dict[str, Any], what: str, *, access_point: bool = False) -> str | None:
    """What the firmware says of `ip`, `gateway`, `subnet` and the name servers; None: nothing."""
    for name in ("ip", "gateway", "subnet"):
        example = "255.255.255.0" if name == "subnet" else "10.0.0.1"
        if parse_ip(config[name]) is None:
            return f'Failed to parse "{name}": Expected format is dotted decimal, i.e. {example}'
    ip, gateway, subnet = (parse_ip(config[name]) or 0 for name in ("ip", "gateway", "subnet"))
    inverted = ~subnet & 0xFFFFFFFF
    if inverted & (inverted + 1):
        return "Invalid subnet mask passed: Expected format is 255.255.255.0"
    if access_point and not 24 <= subnet.bit_count() <= 30:
        return "Invalid subnet mask passed: Subnet mask must be at least /30 and not bigger than /24."
    if ip:
        loopback = 0x7F000001
        if ip & subnet == loopback & subnet:
            return (
                f"Invalid IP or subnet mask passed: This configuration would route localhost (127.0.0.1) to the {what}."
            )
        if gateway and ip & subnet != gateway & subnet:
            return (
                "Invalid IP, subnet mask, or gateway passed: IP and gateway are not in the same network according "
                "to the subnet mask."
            )
    if not access_point:
        for name in ("dns", "dns2"):
            if parse_ip(config[name]) is None:
                return f'Failed to parse "{name}": Expected format is dotted decimal, i.e. 10.0.0.1'
    return None


def _on(box: Warp, path: str, member: str) -> bool:
    return path in box.api.states and box.api.flag(path, member)


def _others(box: Warp, but: str) -> str:
    """The rest of the sentence about the last interface."""
    names = {
        "Ethernet": "Enable WiFi STA or WiFi AP first.",
        "WiFi AP": "Enable WiFi STA or Ethernet first.",
        "WiFi STA": "Enable WiFi AP or Ethernet first.",
    }
    rest = names[but]
    return rest.replace(" or Ethernet", "") if box.generation == 1 else rest


def _last_one(box: Warp, what: str) -> str | None:
    interfaces = {
        "Ethernet": ("ethernet/config", "enable_ethernet"),
        "WiFi AP": ("wifi/ap_config", "enable_ap"),
        "WiFi STA": ("wifi/sta_config", "enable_sta"),
    }
    if any(_on(box, *place) for name, place in interfaces.items() if name != what):
        return None
    return f"Cannot disable {what}: No other network interface is enabled. {_others(box, what)}"


def _check_ethernet(box: Warp, value: object) -> str | None:
    config = cast("dict[str, Any]", value)
    problem = check_addresses(config, "ethernet interface")
    if problem is None and not config["enable_ethernet"]:
        problem = _last_one(box, "Ethernet")
    return problem


def _check_station(box: Warp, value: object) -> str | None:
    config = cast("dict[str, Any]", value)
    if 0 < len(config["passphrase"]) < 8:
        return "Passphrase too short. Must be at least 8 characters, or zero if open network."
    problem = check_addresses(config, "WiFi STA interface")
    tag, eap = config["wpa_eap_config"]
    if problem is None and tag == 1:
        certificate, key = eap["client_cert_id"] != -1, eap["client_key_id"] != -1
        if not certificate and not key:
            problem = "Must provide both, a client certificate and a client key"
        elif not certificate or not key:
            problem = "Must provide a client certificate" if key else "Must provide a client key"
    if problem is None and not config["enable_sta"]:
        problem = _last_one(box, "WiFi STA")
    return problem


def _check_access_point(box: Warp, value: object) -> str | None:
    config = cast("dict[str, Any]", value)
    problem = check_addresses(config, "WiFi AP", access_point=True)
    if problem is None and not config["enable_ap"]:
        problem = _last_one(box, "WiFi AP")
    return problem


def _check_network(box: Warp, value: object) -> str | None:
    config = cast("dict[str, Any]", value)
    for kind, name in (("http", "web_server_port"), ("https", "web_server_port_secure")):
        if config[name] in UNSAFE_PORTS:
            return f"Selected {kind} web server port is regarded as unsafe by web browsers. Please select another port."
    if (config["cert_id"] == -1) != (config["key_id"] == -1):
        return "Invalid certificate or key; see event log for details"
    return None


def _network_initial(box: Warp) -> object:
    return {
        "hostname": box.device_name,
        "enable_mdns": True,
        "transport_mode": 0 if box.generation == 1 else 2,
        "web_server_port": 80,
        "web_server_port_secure": 443,
        "cert_id": -1,
        "key_id": -1,
    }


def _hardware_address(box: Warp, last: int) -> str:
    number = box.random32("mac") & 0xFFFFFF
    digits = f"{number:06X}"
    return f"{MAC}:{digits[:2]}:{digits[2:4]}:{(int(digits[4:], 16) & 0xFC) + last:02X}"


def _ethernet_state(v: View) -> object:
    box = v.box
    on = cast("dict[str, Any]", box.api.active("ethernet/config"))["enable_ethernet"]
    return {
        "connection_state": 3 if on else 0,
        "connection_start": 3000 if on else 0,
        "connection_end": 0,
        "mac": _hardware_address(box, 3),
        "ip": box.context.address if on else _ZERO,
        "subnet": "255.255.255.0" if on else _ZERO,
        "full_duplex": True,
        "link_speed": 100,
        "disable_countdown": box.countdowns.left("ethernet/config", v.at),
    }


def _wifi_state(v: View) -> object:
    box = v.box
    station = cast("dict[str, Any]", box.api.document("wifi/sta_config"))
    access_point = cast("dict[str, Any]", box.api.active("wifi/ap_config"))
    connected = station["enable_sta"] and station["ssid"] != ""
    start = 4000 if connected else 0
    return {
        "connection_state": 3 if connected else 0,
        "connection_start": start,
        "connection_end": 0,
        "ap_state": 2 if access_point["enable_ap"] and not access_point["ap_fallback_only"] else 0,
        "ap_bssid": _hardware_address(box, 1),
        "ap_sta_count": 0,
        "sta_mac": _hardware_address(box, 0),
        "sta_ip": box.context.address if connected else _ZERO,
        "sta_subnet": "255.255.255.0" if connected else _ZERO,
        "sta_rssi": -58 if connected else -127,
        "sta_bssid": ":".join(f"{part:02X}" for part in station["bssid"]) if connected else "",
        "sta_disconnect_reason": 0,
        "ap_disable_countdown": box.countdowns.left("wifi/ap_config", v.at),
        "sta_disable_countdown": box.countdowns.left("wifi/sta_config", v.at),
    }


def _scan(box: Warp, _: object, __: Origin) -> str | None:
    box.scanned = True
    box.push("wifi/scan_results", "[]")
    return None


class Countdowns:
    """An interface that was switched off stays on until the next boot; without one it is switched on again."""

    LENGTH: Final = 240 * SECOND

    def __init__(self, box: Warp) -> None:
        self._box = box
        self._timers: dict[str, Timer] = {}

    def left(self, path: str, at: Instant) -> int:
        """s until `path` is enabled again; 0: it is not going to be."""
        timer = self._timers.get(path)
        return 0 if timer is None or timer.due is None else max(0, (timer.due - at) // SECOND)

    def look(self, path: str, member: str) -> None:
        """The configuration of an interface was written."""
        box = self._box

        def due(_: Instant) -> None:
            box.api.update(path, **{member: True})
            box.changed()

        timer = self._timers.setdefault(path, box.timer(due))
        was_on = cast("dict[str, Any]", box.api.active(path))[member]
        is_on = box.api.flag(path, member)
        if is_on or not was_on:
            timer.clear()
        elif timer.due is None:
            timer.set(box.simulation.at + self.LENGTH)

    def stop(self) -> None:
        for timer in self._timers.values():
            timer.clear()


# --- MQTT ------------------------------------------------------------------------------------------------------------


def _check_mqtt(box: Warp, value: object) -> str | None:
    discovery = cast("dict[str, Any]", box.api.document("mqtt/auto_discovery_config"))
    config = cast("dict[str, Any]", value)
    if discovery["auto_discovery_mode"] and config["global_topic_prefix"] == discovery["auto_discovery_prefix"]:
        return "Global topic prefix cannot be the same as the MQTT auto discovery topic prefix."
    return None


def _check_discovery(box: Warp, value: object) -> str | None:
    config = cast("dict[str, Any]", value)
    prefix = cast("dict[str, Any]", box.api.document("mqtt/config"))["global_topic_prefix"]
    if config["auto_discovery_mode"] and config["auto_discovery_prefix"] == prefix:
        return "Auto discovery topic prefix cannot be the same as the MQTT API topic prefix."
    return None


def _mqtt_initial(box: Warp) -> object:
    return {
        "enable_mqtt": False,
        "broker_host": "",
        "broker_port": 1883,
        "broker_username": "",
        "broker_password": "",
        "global_topic_prefix": f"{NAMES[box.generation]}/{box.serial}",
        "client_name": box.device_name,
        "interval": 1,
        "protocol": 0,
        "cert_id": -1,
        "client_cert_id": -1,
        "client_key_id": -1,
        "path": "",
        "read_only": False,
    }


def _mqtt_state(v: View) -> object:
    mqtt = v.box.mqtt
    return {
        "connection_state": mqtt.connection_state,
        "connection_start": max(0, mqtt.connected_at - v.box.booted_at) // MILLISECOND,
        "connection_end": max(0, mqtt.lost_at - v.box.booted_at) // MILLISECOND,
        "last_error": mqtt.last_error,
    }


_ID: Final = Int(8, True, value=-1)
_EAP: Final[dict[int, Schema]] = {
    0: NULL,
    1: obj(ca_cert_id=_ID, identity=Str(0, 64), client_cert_id=_ID, client_key_id=_ID),
    2: obj(
        ca_cert_id=_ID,
        identity=Str(0, 64),
        username=Str(0, 64),
        password=Str(0, 64),
        client_cert_id=_ID,
        client_key_id=_ID,
    ),
}

NETWORK_ROWS: Final[tuple[AnyRow, ...]] = (
    Config(
        name="network/config",
        schema=obj(
            hostname=Str(1, 32),
            enable_mdns=Bool(True),
            transport_mode=uint(0, 2, width=8),
            web_server_port=uint(1, 65535, 80, width=16),
            web_server_port_secure=uint(1, 65535, 443, width=16),
            cert_id=_ID,
            key_id=_ID,
        ),
        initial=_network_initial,
        validate=_check_network,
        source="fw: modules/network",
        about="takes effect at the next boot",
    ),
)
NETWORK_STATE_ROWS: Final[tuple[AnyRow, ...]] = (
    State(
        name="network/state",
        schema=obj(connected=BOOL),
        read=lambda _: {"connected": True},
        live=False,
        source="fw: modules/network",
    ),
)
ETHERNET_ROWS: Final[tuple[AnyRow, ...]] = (
    Config(
        name="ethernet/config",
        schema=obj(enable_ethernet=Bool(True), ip=_IP, gateway=_IP, subnet=_IP, dns=_IP, dns2=_IP),
        validate=_check_ethernet,
        applied=lambda box, _, __: box.countdowns.look("ethernet/config", "enable_ethernet"),
        models=WARP2_UP,
        source="fw: modules/ethernet",
    ),
    State(
        name="ethernet/state",
        schema=obj(
            connection_state=U8,
            connection_start=I52,
            connection_end=I52,
            mac=Str(0, 17),
            ip=_IP,
            subnet=_IP,
            full_duplex=BOOL,
            link_speed=U32,
            disable_countdown=U32,
        ),
        read=_ethernet_state,
        models=WARP2_UP,
        source="fw: modules/ethernet",
        assumed="hardware address",
    ),
)
WIFI_ROWS: Final[tuple[AnyRow, ...]] = (
    Config(
        name="wifi/sta_config",
        schema=obj(
            enable_sta=BOOL,
            ssid=Str(0, 31),
            bssid=many(U8, 6),
            bssid_lock=BOOL,
            enable_11b=BOOL,
            passphrase=Str(0, 64),
            ip=_IP,
            gateway=_IP,
            subnet=_IP,
            dns=_IP,
            dns2=_IP,
            wpa_eap_config=Union(_EAP),
        ),
        validate=_check_station,
        applied=lambda box, _, __: box.countdowns.look("wifi/sta_config", "enable_sta"),
        censor=("passphrase",),
        nested_censor=("wpa_eap_config", "password"),
        source="fw: modules/wifi",
    ),
    Config(
        name="wifi/ap_config",
        schema=obj(
            enable_ap=Bool(True),
            ap_fallback_only=BOOL,
            ssid=Str(0, 31),
            hide_ssid=BOOL,
            passphrase=Str(8, 64),
            channel=uint(0, 13, width=8),
            ip=_IP,
            gateway=_IP,
            subnet=_IP,
        ),
        initial=lambda box: {
            "enable_ap": True,
            "ap_fallback_only": False,
            "ssid": box.device_name,
            "hide_ssid": False,
            "passphrase": f"{box.random32('passphrase'):08x}",
            "channel": 0,
            "ip": "10.0.0.1",
            "gateway": _ZERO,
            "subnet": "255.255.255.0",
        },
        validate=_check_access_point,
        applied=lambda box, _, __: box.countdowns.look("wifi/ap_config", "enable_ap"),
        censor=("passphrase",),
        source="fw: modules/wifi",
    ),
    State(
        name="wifi/state",
        schema=obj(
            connection_state=U8,
            connection_start=I52,
            connection_end=I52,
            ap_state=U8,
            ap_bssid=Str(0, 20),
            ap_sta_count=U8,
            sta_mac=Str(0, 20),
            sta_ip=_IP,
            sta_subnet=_IP,
            sta_rssi=I8,
            sta_bssid=Str(0, 20),
            sta_disconnect_reason=U8,
            ap_disable_countdown=U32,
            sta_disable_countdown=U32,
        ),
        read=_wifi_state,
        source="fw: modules/wifi",
        assumed="addresses",
    ),
    Command(name="wifi/scan", run=_scan, action=True, source="fw: modules/wifi", about="finds nothing"),
)
MQTT_ROWS: Final[tuple[AnyRow, ...]] = (
    Config(
        name="mqtt/config",
        schema=obj(
            enable_mqtt=BOOL,
            broker_host=Str(0, 128),
            broker_port=Int(16, value=1883),
            broker_username=Str(0, 64),
            broker_password=Str(0, 64),
            global_topic_prefix=Str(0, 64),
            client_name=Str(1, 64),
            interval=uint(0, 86400, 1),
            protocol=uint(0, 3, width=8),
            cert_id=_ID,
            client_cert_id=_ID,
            client_key_id=_ID,
            path=Str(0, 64),
            read_only=BOOL,
        ),
        initial=_mqtt_initial,
        validate=_check_mqtt,
        applied=lambda box, _, __: box.mqtt.reconnect(),
        censor=("broker_password",),
        source="fw: modules/mqtt",
    ),
    State(
        name="mqtt/state",
        schema=obj(connection_state=U8, connection_start=I52, connection_end=I52, last_error=I32),
        read=_mqtt_state,
        source="fw: modules/mqtt",
    ),
)
DISCOVERY_ROWS: Final[tuple[AnyRow, ...]] = (
    Config(
        name="mqtt/auto_discovery_config",
        schema=obj(auto_discovery_mode=uint(0, 2, width=8), auto_discovery_prefix=Str(1, 64, "homeassistant")),
        validate=_check_discovery,
        source="fw: modules/mqtt_auto_discovery",
        about="takes effect at the next boot",
    ),
)
MODBUS_ROWS: Final[tuple[AnyRow, ...]] = (
    Config(
        name="modbus_tcp/config",
        schema=obj(
            enable=BOOL,
            port=Int(16, value=502),
            table=uint(0, 2, width=8),
            send_illegal_data_address=Bool(True),
            ignore_writes=BOOL,
        ),
        applied=lambda box, _, __: box.modbus_changed(),
        source="fw: modules/modbus_tcp",
    ),
    State(
        name="modbus_tcp/error_counters",
        schema=obj(illegal_data_address=U32, illegal_function=U32, ignored_write=U32),
        read=lambda v: v.box.modbus_errors,
        source="fw: modules/modbus_tcp",
    ),
)
