"""The button at the wallbox.

The one rule: what a press may do is said by `bac` and `sdp`. ASSUMED: a short press steps to the next preset current,
a long one switches charging off and on.
"""

from __future__ import annotations

from typing import Final

from ...core.messages import DONE, Outcome
from ...devices.settings import Setting
from .device import Device
from .ladder import Force
from .memory import Car
from .models import WITH_LOCK
from .settings import AMP, BAC, CLP, FRC, SDP

LONG: Final = 2.0
"""From here on a press is a long one [s]."""
NEVER, NOT_CONNECTED, NOT_CHARGING, ALWAYS = range(4)
"""`bac` and `sdp`: never, not while connected, not while charging, always."""


def press(device: Device, duration: float) -> Outcome:
    """The button is held for a while [s]."""
    if device.identity.profile.model.id not in WITH_LOCK:
        return Outcome(detail={"ignored": "no button"})
    at = device.processor.now()
    if not device.processor.up:
        return Outcome(detail={"ignored": "no power"})
    settings, memory = device.settings, device.logic.memory
    if duration >= LONG:
        memory.long_button = at
        if _may(device, SDP):
            settings.put(FRC, Force.NEUTRAL.value if settings[FRC] == Force.OFF else Force.OFF.value)
    else:
        memory.button = at
        if _may(device, BAC):
            settings.put(AMP, _next_current(device))
    return DONE


def _may(device: Device, setting: Setting[int]) -> bool:
    permission, car = device.settings[setting], device.logic.memory.car
    if permission == NOT_CONNECTED:
        return car is Car.IDLE
    if permission == NOT_CHARGING:
        return car is not Car.CHARGING
    return permission == ALWAYS


def _next_current(device: Device) -> int:
    """The next preset above the present current, or the first."""
    now, highest = device.settings[AMP], device.identity.installed_limit
    steps = [step for step in device.settings[CLP] if step <= highest]
    return next((step for step in steps if step > now), steps[0] if steps else now)
