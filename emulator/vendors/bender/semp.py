"""SEMP: the energy manager protocol of SMA, here for switching phases.

The one rule: one document out, one message in; what a recommendation does is the logic's business.
Source: evcc, charger/semp and the discussion of its pull request 24377 (powers reported, when phases are switched).
ASSUMED: everything of the document that evcc does not read, and 400 for what is no message.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from ...core.messages import Outcome, Reason
from ...devices.interfaces import HttpInterface, HttpReply, HttpRequest, Route
from .build import Build
from .logic import Logic
from .readings import View, whole
from .settings import SEMP

NAMESPACE: Final = "http://www.sma.de/communication/schema/SEMP/v1"
PATH: Final = "/SimpleEnergyManagementProtocol"
LEAST, MOST = 1380, 11_040
"""Power reported, whatever the controller is rated for [W]."""
HIGHEST: Final = 10**6
_NUMBER: Final = re.compile(r"[0-9]{1,9}")

_DOCUMENT: Final = """<?xml version="1.0" encoding="UTF-8"?>
<Device2EM xmlns="{namespace}">
<DeviceInfo>
<Identification><DeviceId>{device}</DeviceId><DeviceName>{name}</DeviceName><DeviceType>EVCharger</DeviceType>\
<DeviceSerial>{serial}</DeviceSerial><DeviceVendor>{vendor}</DeviceVendor></Identification>
<Characteristics><MinPowerConsumption>{least}</MinPowerConsumption><MaxPowerConsumption>{most}</MaxPowerConsumption>\
</Characteristics>
<Capabilities><CurrentPower><Method>Measurement</Method></CurrentPower><Timestamps><AbsoluteTimestamps>false\
</AbsoluteTimestamps></Timestamps><Interruptions><InterruptionsAllowed>true</InterruptionsAllowed></Interruptions>\
<Requests><OptionalEnergy>true</OptionalEnergy></Requests></Capabilities>
</DeviceInfo>
<DeviceStatus><DeviceId>{device}</DeviceId><EMSignalsAccepted>true</EMSignalsAccepted><Status>{status}</Status>\
<PowerConsumption><PowerInfo><AveragePower>{power}</AveragePower><Timestamp>0</Timestamp><AveragingInterval>60\
</AveragingInterval></PowerInfo></PowerConsumption></DeviceStatus>
</Device2EM>
"""


def device_id(serial: str) -> str:
    """`F-<vendor>-<serial>-00`"""
    digits = "".join(character for character in serial if character in "0123456789ABCDEFabcdef").upper()
    return f"F-00000042-{digits[-12:].zfill(12)}-00"


@dataclass(frozen=True, slots=True)
class SempApi:
    """The SEMP server of one controller."""

    build: Build
    logic: Logic
    view: Callable[[], View]

    def interface(self) -> HttpInterface:
        routes = tuple(
            Route(path=path, handler=handler, methods=methods)
            for path in (PATH, PATH + "/")
            for handler, methods in ((self._describe, ("GET", "HEAD")), (self._control, ("POST",)))
        )
        return HttpInterface(port=8888, routes=routes, enabled=self._enabled)

    def _enabled(self) -> bool:
        return self.logic.settings[SEMP] and self.build.release.semp

    def _describe(self, _: HttpRequest) -> HttpReply:
        build, view = self.build, self.view()
        document = _DOCUMENT.format(
            namespace=NAMESPACE,
            device=device_id(build.serial),
            name=escape(build.traits.code),
            serial=escape(build.serial),
            vendor=escape(build.traits.maker),
            least=LEAST,
            most=MOST,
            status="On" if view.charging else "Off",
            power=whole(view.now.power),
        )
        return HttpReply(body=document.encode(), content_type="application/xml")

    def _control(self, request: HttpRequest) -> HttpReply:
        watts = self._wanted(request.body)
        if watts is None:
            outcome = Outcome(refused=Reason.INVALID, message="no message to this device")
            self.logic.record_write(
                "semp.recommended_power", request.body.decode("utf-8", "replace"), outcome, request.origin
            )
            return HttpReply(status=400, body=b"Bad Request", content_type="text/plain")
        outcome = self.logic.recommend(watts)
        self.logic.record_write("semp.recommended_power", watts, outcome, request.origin)
        return HttpReply(content_type=None)

    def _wanted(self, body: bytes) -> int | None:
        """Power in the message [W]; 0: off; None: none to this device."""
        if b"<!" in body:  # no entities, no doctype
            return None
        try:
            root = ElementTree.fromstring(body)
        except (ElementTree.ParseError, ValueError, LookupError):
            return None
        space = f"{{{NAMESPACE}}}"
        for control in root.iter(f"{space}DeviceControl"):
            found = {child.tag.removeprefix(space): (child.text or "").strip() for child in control}
            if found.get("DeviceId") != device_id(self.build.serial):
                continue
            if found.get("On", "").lower() not in ("true", "1"):
                return 0
            power = found.get("RecommendedPowerConsumption", "65535").partition(".")[0]
            return min(int(power), HIGHEST) if _NUMBER.fullmatch(power) else None
        return None
