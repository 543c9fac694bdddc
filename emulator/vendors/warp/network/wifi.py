"""The WiFi module: station and access point.

The one rule: configurations are stored, checked and shown; there is no other station, and a scan finds nothing.
Source: Tinkerforge esp32-firmware, `modules/wifi`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ....devices.interfaces import HttpReply, HttpRequest
from ..api.documents import Doc
from ..api.rows import AnyRow, Source
from ..api.schema import BOOL, I8, I52, NULL, U8, U32, Bool, Schema, Str, uint
from ..api.shapes import Union, many, obj
from ..module import Module
from ..platform import Handlers, Platform
from ..view import View
from ..web.replies import document, text
from .addresses import CERT_ID, IP, ZERO, check_addresses
from .interface import ACCESS_POINT, STATION, Interface, hardware_address

FW: Final = Source("fw: modules/wifi")


class Wifi(Module):
    """The WiFi interfaces of one wallbox."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self.station = Interface(platform, STATION)
        self.access_point = Interface(platform, ACCESS_POINT)
        self._scanned = False

    def boot(self) -> None:
        self.stop()

    def stop(self) -> None:
        self.station.stop()
        self.access_point.stop()

    def routes(self) -> Mapping[str, Handlers]:
        return {"/wifi/scan_results": {"GET": self._results}}

    def _results(self, _: HttpRequest) -> HttpReply:
        return document("[]") if self._scanned else text("scan in progress")

    def scan(self, _: Doc) -> None:
        self._scanned = True
        self.platform.push("wifi/scan_results", "[]")

    def check_station(self, doc: Doc) -> str | None:
        if 0 < len(doc.text("passphrase")) < 8:
            return "Passphrase too short. Must be at least 8 characters, or zero if open network."
        problem = check_addresses(doc, "WiFi STA interface")
        kind, eap = doc.variant("wpa_eap_config")
        if problem is None and kind == EAP_TLS:
            certificate, key = eap["client_cert_id"] != -1, eap["client_key_id"] != -1
            if not certificate and not key:
                return "Must provide both, a client certificate and a client key"
            if not certificate or not key:
                return "Must provide a client certificate" if key else "Must provide a client key"
        return problem or self.station.refuse(doc)

    def check_access_point(self, doc: Doc) -> str | None:
        return check_addresses(doc, "WiFi AP", access_point=True) or self.access_point.refuse(doc)

    def state(self, v: View) -> object:
        station, access_point = self.api.doc("wifi/sta_config"), self.api.active("wifi/ap_config")
        connected = station.flag("enable_sta") and station["ssid"] != ""
        return {
            "connection_state": 3 if connected else 0,
            "connection_start": 4000 if connected else 0,
            "connection_end": 0,
            "ap_state": 2 if access_point.flag("enable_ap") and not access_point.flag("ap_fallback_only") else 0,
            "ap_bssid": hardware_address(self.platform, 1),
            "ap_sta_count": 0,
            "sta_mac": hardware_address(self.platform, 0),
            "sta_ip": self.platform.address if connected else ZERO,
            "sta_subnet": "255.255.255.0" if connected else ZERO,
            "sta_rssi": -58 if connected else -127,
            "sta_bssid": ":".join(f"{part:02X}" for part in station.integers("bssid")) if connected else "",
            "sta_disconnect_reason": 0,
            "ap_disable_countdown": self.access_point.left(v),
            "sta_disable_countdown": self.station.left(v),
        }


EAP_TLS: Final = 1
_EAP: Final[dict[int, Schema]] = {
    0: NULL,
    1: obj(ca_cert_id=CERT_ID, identity=Str(0, 64), client_cert_id=CERT_ID, client_key_id=CERT_ID),
    2: obj(
        ca_cert_id=CERT_ID,
        identity=Str(0, 64),
        username=Str(0, 64),
        password=Str(0, 64),
        client_cert_id=CERT_ID,
        client_key_id=CERT_ID,
    ),
}
ROWS: Final[tuple[AnyRow[Wifi], ...]] = (
    FW.config(
        "wifi/sta_config",
        obj(
            enable_sta=BOOL,
            ssid=Str(0, 31),
            bssid=many(U8, 6),
            bssid_lock=BOOL,
            enable_11b=BOOL,
            passphrase=Str(0, 64),
            ip=IP,
            gateway=IP,
            subnet=IP,
            dns=IP,
            dns2=IP,
            wpa_eap_config=Union(_EAP),
        ),
        validate=Wifi.check_station,
        applied=lambda m, _, __: m.station.look(),
        censor=("passphrase",),
        nested_censor=("wpa_eap_config", "password"),
    ),
    FW.config(
        "wifi/ap_config",
        obj(
            enable_ap=Bool(True),
            ap_fallback_only=BOOL,
            ssid=Str(0, 31),
            hide_ssid=BOOL,
            passphrase=Str(8, 64),
            channel=uint(0, 13, width=8),
            ip=IP,
            gateway=IP,
            subnet=IP,
        ),
        initial=lambda m: {
            "enable_ap": True,
            "ap_fallback_only": False,
            "ssid": m.platform.device_name,
            "hide_ssid": False,
            "passphrase": f"{m.platform.random32('passphrase'):08x}",
            "channel": 0,
            "ip": "10.0.0.1",
            "gateway": ZERO,
            "subnet": "255.255.255.0",
        },
        validate=Wifi.check_access_point,
        applied=lambda m, _, __: m.access_point.look(),
        censor=("passphrase",),
    ),
    FW.state(
        "wifi/state",
        obj(
            connection_state=U8,
            connection_start=I52,
            connection_end=I52,
            ap_state=U8,
            ap_bssid=Str(0, 20),
            ap_sta_count=U8,
            sta_mac=Str(0, 20),
            sta_ip=IP,
            sta_subnet=IP,
            sta_rssi=I8,
            sta_bssid=Str(0, 20),
            sta_disconnect_reason=U8,
            ap_disable_countdown=U32,
            sta_disable_countdown=U32,
        ),
        Wifi.state,
        assumed="addresses",
    ),
    FW.command("wifi/scan", Wifi.scan, action=True, about="finds nothing"),
)
