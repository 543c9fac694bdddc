"""Writing keys: the one way of every interface.

The one rule: whatever a client writes, by whatever protocol, is checked, acted on and recorded in `value`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ...core.messages import DONE
from ...devices.interfaces import Origin
from ...devices.registers import RecordWrite
from ...devices.settings import Setting
from . import refusals
from .arduino import JsonError, parse
from .device import Device
from .features import FRC_WITHOUT_EFFECT, FRC_WITHOUT_EFFECT_54
from .key import Key
from .refusals import Refusal
from .settings import FRC, OCPPU
from .status import Tables


class Writer:
    """The way into one wallbox's keys."""

    def __init__(self, device: Device, tables: Tables, record: RecordWrite, changed: Callable[[], None]) -> None:
        """`changed`: called when something may look different."""
        self.device = device
        self.record_write = record
        self.changed = changed
        self._tables = tables

    def text(self, name: str, raw: str, origin: Origin) -> Refusal | None:
        """Write a value that came as JSON text; None: done."""
        refusal = self._closed(name, self._tables.keys)
        if refusal is not None:
            return self._refused(name, raw, refusal, origin)
        try:
            value = parse(raw)
        except JsonError as error:
            if name == OCPPU.name and raw.startswith(("ws://", "wss://")):  # as ocpp-en writes it, without quotes
                return self.value(name, raw, origin)
            return self._refused(name, raw, refusals.invalid_json(error.name), origin)
        return self.value(name, value, origin)

    def value(self, name: str, value: object, origin: Origin, *, app: bool = False) -> Refusal | None:
        """Write a decoded value; None: done.

        `app`: the way of the vendor's app, which knows the developer keys and may write what the API may not.
        """
        if self._forgets(name, origin):
            self.record_write(name, value, DONE, origin)
            return None
        keys = self._tables.app_keys if app else self._tables.keys
        refusal = self._closed(name, keys, app=app) or self._accept(keys[name], value)
        if refusal is not None:
            return self._refused(name, value, refusal, origin)
        self.device.logic.around.last_write = self.device.processor.now()
        self.record_write(name, value, DONE, origin)
        self.changed()
        return None

    def put(self, setting: Setting[object], value: object, origin: Origin, *, app: bool = False) -> Refusal | None:
        """Write the key of a setting."""
        return self.value(setting.name, value, origin, app=app)

    def many(self, values: Iterable[tuple[Setting[object], object]], origin: Origin) -> Refusal | None:
        """Write several keys; the first refusal ends it."""
        for setting, value in values:
            if (refusal := self.put(setting, value, origin)) is not None:
                return refusal
        return None

    def _forgets(self, name: str, origin: Origin) -> bool:
        """A defect: whether a write of this key by this way is acknowledged and forgotten."""
        if name != FRC.name or origin.interface not in ("mqtt", "websocket"):
            return False
        shows = self.device.shows
        return shows(FRC_WITHOUT_EFFECT) or (origin.interface == "mqtt" and shows(FRC_WITHOUT_EFFECT_54))

    def _closed(self, name: str, keys: Mapping[str, Key], *, app: bool = False) -> Refusal | None:
        """Why nothing can be written there, whatever it is."""
        key = keys.get(name)
        if key is None:
            return refusals.UNKNOWN_KEY
        if key.write is None:
            return key.refusal
        return None if app or key.writable(self.device.identity.profile) else refusals.NOT_FROM_API

    def _accept(self, key: Key, value: object) -> Refusal | None:
        if key.write is None:
            return key.refusal
        self.device.processor.now()
        return key.write(self.device, value)

    def _refused(self, name: str, value: object, refusal: Refusal, origin: Origin) -> Refusal:
        text = value if isinstance(value, str) else self.device.identity.print_json(value)
        self.record_write(name, value, refusal.outcome(name, shown(text)), origin)
        return refusal


def shown(raw: str) -> str:
    """A written value as refusals repeat it: texts without their quotes. Source: captured refusal of `ct`."""
    try:
        value = parse(raw)
    except JsonError:
        return raw
    return value if isinstance(value, str) else raw
