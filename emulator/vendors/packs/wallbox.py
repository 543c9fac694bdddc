"""The wallbox that a pack describes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

from ...core.messages import Event, Outcome, Reason
from ...devices.controls import Control
from ...devices.failsafe import Failsafe
from ...devices.firmware import Model
from ...devices.interfaces import (
    HttpInterface,
    HttpReply,
    HttpRequest,
    Interface,
    ModbusReply,
    ModbusRequest,
    Origin,
    Route,
)
from ...devices.modbus_service import ModbusService
from ...devices.points import Fidelity, Point
from ...devices.realism import Habits, Latency
from ...devices.register_table import RegisterTable
from ...devices.registers import Bank, Layout, Register
from ...devices.settings import Check, Setting, boolean, integer, number, one_of, text
from ...devices.vendor import Vendor
from ...devices.wallbox import Context, Wallbox
from .model import Pack, PackRegister, PackRoute, PackSetting
from .reading import stated_value, values_in, wire_type
from .values import Names, Read, View

WATCHDOG: Final = "watchdog"
"""Owner of what holds while clients are silent."""
LONGEST: Final = 256
"""Bytes of a text that has no bound of its own."""
LARGEST: Final = 1e12
"""Of a number that has no range of its own."""


LATENCY: Final = {
    "http": Latency(0.030, 0.080, 0.400, "ASSUMED: a microcontroller on Wi-Fi"),
    "modbus": Latency(0.020, 0.060, 0.200, "ASSUMED: a controller, or a gateway to a serial bus"),
}
"""How long what a pack describes takes to answer."""


def vendor_of(pack: Pack) -> Vendor:
    """The vendor that a pack describes."""
    settings = tuple(_setting(stated) for stated in pack.settings)
    parts = {"http": pack.http, "modbus": pack.modbus}
    return Vendor(
        id=pack.vendor,
        title=pack.title,
        about=pack.about,
        models=tuple(
            Model(
                id=stated.id,
                title=stated.title,
                firmwares=stated.firmwares,
                default_firmware=stated.firmwares[-1],
                serial=stated.serial,
                rated_current=stated.rated_current,
                phases=stated.phases,
                connector=stated.connector,
            )
            for stated in pack.models
        ),
        default_model=pack.models[0].id,
        ports={name: part.port for name, part in parts.items() if part is not None},
        real_ports={name: part.real_port for name, part in parts.items() if part is not None},
        settings=settings,
        habits=Habits(latency={name: LATENCY[name] for name, part in parts.items() if part is not None}),
        create=partial(PackWallbox, pack),
    )


def _setting(stated: PackSetting) -> Setting[object]:
    """How a setting is stored and checked; what is stated of it applies to clients and to its owner alike."""
    check = _check(stated)
    default = stated.default
    if isinstance(default, int) and not isinstance(default, bool) and isinstance(check(default), float):
        default = float(default)
    return Setting(name=stated.name, default=default, check=check, about=stated.about, persistent=stated.persistent)


def _check(stated: PackSetting) -> Check[object]:
    if stated.values:
        return one_of(*stated.values)
    if stated.lowest is not None and stated.highest is not None:
        if isinstance(stated.default, int) and stated.acts_as != "limit":
            return integer(round(stated.lowest), round(stated.highest))
        return number(stated.lowest, stated.highest)
    if isinstance(stated.default, bool):
        return boolean
    return text(LONGEST) if isinstance(stated.default, str) else number(-LARGEST, LARGEST)


def _of_client(stated: PackSetting, value: object) -> object:
    """What a client means: a whole number for a number, and what the device makes of one outside its range."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return value
    kind = float if isinstance(stated.default, float) or stated.acts_as == "limit" else type(value)
    if stated.clamp and stated.lowest is not None and stated.highest is not None:
        value = min(max(value, stated.lowest), stated.highest)
    if stated.minimum is not None and 0 < value < stated.minimum:
        value = 0
    return kind(value)


class PackWallbox(Wallbox):
    """One wallbox of a pack."""

    def __init__(self, pack: Pack, context: Context) -> None:
        super().__init__(context)
        self.pack = pack
        self.boot_time = pack.boot
        self._names = Names(setting.name for setting in pack.settings)
        self._controls: Mapping[str, Control[PackWallbox, object]] = {
            stated.name: Control(setting=self.settings.rows[stated.name]) for stated in pack.settings
        }
        self._stated = {stated.name: stated for stated in pack.settings}
        self._watchdog: Failsafe | None = None
        if pack.watchdog is not None:
            self._watchdog = Failsafe(
                self.simulation, self._silence, lambda: (WATCHDOG,), on_trip=self.act, on_end=self.act
            )
        self.modbus: ModbusService[View, PackWallbox] | None = None
        interfaces: dict[str, Interface] = {}
        if pack.http is not None:
            routes = tuple(
                Route(path=stated.path, methods=(stated.method,), handler=partial(self._answer, stated))
                for stated in pack.http.routes
            )
            interfaces["http"] = HttpInterface(routes=routes)
        if pack.modbus is not None:
            self.modbus = HeardModbus(lambda: RegisterTable(self._layout(), self.profile), self.view, self)
            interfaces["modbus"] = self.modbus.interface()
        self.interfaces = interfaces

    def view(self) -> View:
        """What rows read, now."""
        return View(self.measured(), self.settings, self.serial, str(self.profile.firmware), self.profile.model.id)

    # --- what it does ------------------------------------------------------------------------------------------------

    def power_on(self) -> None:
        self.act()
        if self._watchdog is not None:
            self._watchdog.restart()

    def handle(self, event: Event) -> None:
        pass

    def setting_changed(self, name: str) -> None:
        self.act()

    def shut_down(self) -> None:
        if self._watchdog is not None:
            self._watchdog.stop()

    def boot(self) -> None:
        self.control.restart()
        self.power_on()

    def act(self) -> None:
        """Put what the settings say on the charger."""
        silent = self._watchdog is not None and self._watchdog.tripped
        for stated in self.pack.settings:
            value = self.settings[stated.name]
            match stated.acts_as:
                case "limit":
                    self._limit(stated.name, None if silent else value)
                case "permission":
                    self.control.permit(stated.name, bool(value))
                case "stop":
                    self.control.permit(stated.name, not value)
                case "phases" if value in (1, 3):
                    self.control.phases(stated.name, 1 if value == 1 else 3)
                case _:
                    pass
        if self.pack.watchdog is not None:
            self._limit(WATCHDOG, self.settings[self.pack.watchdog.current] if silent else None)

    def _limit(self, name: str, current: object) -> None:
        """A current of 0 stops."""
        amperes = float(current) if isinstance(current, int | float) else None
        self.control.limit(name, amperes or None)
        self.control.permit(name, None if amperes is None else amperes > 0)

    def _silence(self) -> float | None:
        watchdog = self.pack.watchdog
        assert watchdog is not None
        value = self.settings[watchdog.timeout]
        return float(value) * watchdog.unit if isinstance(value, int | float) and self.up else 0.0

    def heard(self) -> None:
        """A client said something."""
        if self._watchdog is not None:
            self._watchdog.heard(WATCHDOG)

    def change(self, setting: str, value: object, origin: Origin) -> Outcome:
        """A client changes a setting."""
        return self._controls[setting].write(self, _of_client(self._stated[setting], value), origin)

    def _accepted(self, setting: str, value: object) -> object:
        """What would be stored, or the refusal."""
        return self._controls[setting].accept(self, _of_client(self._stated[setting], value))

    # --- Modbus ------------------------------------------------------------------------------------------------------

    def _layout(self) -> Layout[View, PackWallbox]:
        stated = self.pack.modbus
        assert stated is not None
        holding = self._bank("Modbus holding registers", stated.holding, stated.fill)
        read = self._bank("Modbus input registers", stated.input, stated.fill)
        inputs = holding if stated.input_is_holding else read
        functions = {4: (inputs,), 3: (holding,), 6: (holding,), 16: (holding,)}
        units = None if stated.unit is None else (stated.unit,)
        return Layout({number: banks for number, banks in functions.items() if banks[0].rows}, units=units)

    def _bank(self, name: str, rows: Iterable[PackRegister], fill: int | None) -> Bank[View, PackWallbox]:
        return Bank(name, tuple(self._register(row) for row in rows), fill=fill)

    def _register(self, stated: PackRegister) -> Register[View, PackWallbox]:
        readable = stated.reads is not None or stated.constant is not None or bool(stated.cases)
        setting = stated.writes
        read: Read | None = self._names.value(stated) if readable else None
        if setting is not None and not readable:
            read = None
        return Register(
            stated.name,
            stated.register,
            wire_type(stated.type),
            scale=stated.scale,
            read=read,
            write=None if setting is None else partial(_write, setting),
            sets=setting,
            source=stated.source,
            assumed=stated.assumed,
            about=stated.about,
            live=stated.constant is None,
        )

    # --- HTTP --------------------------------------------------------------------------------------------------------

    def _answer(self, route: PackRoute, request: HttpRequest) -> HttpReply:
        self.heard()
        if route.sets:
            given = _parameters(request)
            wanted = {name: given[name] for name in route.sets if name in given}
            accepted = {name: self._accepted(route.sets[name], value) for name, value in wanted.items()}
            refusals = [outcome for outcome in accepted.values() if isinstance(outcome, Outcome)]
            if refusals or not wanted:
                for name, value in wanted.items():
                    outcome = refusals[0] if isinstance(accepted[name], Outcome) else Outcome(refused=Reason.INVALID)
                    self.record_write(route.sets[name], value, outcome, request.origin)
                return _reply(route.refused, self._document(route.refused_json))
            for name, value in wanted.items():
                outcome = self.change(route.sets[name], value, request.origin)
                self.record_write(route.sets[name], value, outcome, request.origin)
        if route.text is not None:
            return HttpReply(status=route.status, body=route.text.encode(), content_type="text/plain")
        return _reply(route.status, self._document(route.json))

    def _document(self, template: object) -> object:
        if isinstance(template, dict):
            stated = stated_value(template)
            if stated is not None:
                return self._names.value(stated)(self.view())
            return {name: self._document(inner) for name, inner in template.items()}
        if isinstance(template, list):
            return [self._document(inner) for inner in template]
        return template

    # --- what it tells -----------------------------------------------------------------------------------------------

    def _members(self) -> dict[str, tuple[PackRoute, Read]]:
        """Every value in a JSON document, by its path."""
        found: dict[str, tuple[PackRoute, Read]] = {}
        for route in self.pack.http.routes if self.pack.http is not None else ():
            for path, stated in values_in(route.json):
                found.setdefault(path, (route, self._names.value(stated)))
        return found

    def read(self, address: str) -> object:
        if address.startswith("modbus.") and self.modbus is not None:
            return self.modbus.read(address)
        members = self._members()
        if address in members:
            return members[address][1](self.view())
        return self.settings[address]

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        if address.startswith("modbus.") and self.modbus is not None:
            return self.modbus.write(address, value, origin)
        if address not in self._controls:
            raise KeyError(address)
        outcome = self.change(address, value, origin)
        self.record_write(address, value, outcome, origin)
        return outcome

    def addresses(self) -> Iterable[str]:
        registers = self.modbus.table.readable() if self.modbus is not None else ()
        return [*dict.fromkeys([*self._members(), *self._controls]), *registers]

    def written_names(self) -> Iterable[str]:
        return [*super().written_names(), *(self.modbus.addresses() if self.modbus is not None else ())]

    def fidelity(self) -> Iterable[Fidelity]:
        if self.modbus is not None:
            yield from self.modbus.fidelity()
        for path, (route, _) in self._members().items():
            row = Point(path, source=route.source, assumed=route.assumed)
            yield row.documented(f"{route.method} {route.path}", "JSON", settable=path in self._controls)


class HeardModbus(ModbusService[View, PackWallbox]):
    """Its registers; each request is a sign of life."""

    def handle(self, request: ModbusRequest) -> ModbusReply | None:
        reply = self.serve(request)
        if reply is not None:
            self.target.heard()
        return reply


def _write(setting: str, wallbox: PackWallbox, value: object, origin: Origin) -> Outcome:
    return wallbox.change(setting, value, origin)


def _parameters(request: HttpRequest) -> Mapping[str, object]:
    """What a request gives: its query, and the members of a JSON body."""
    given: dict[str, object] = {name: _plain(value) for name, value in request.query}
    if request.body:
        try:
            body = json.loads(request.body)
        except (ValueError, RecursionError):
            return {}
        if isinstance(body, dict):
            given |= body
    return given


def _plain(value: str | None) -> object:
    """A parameter of a query as JSON would have it."""
    if value is None:
        return None
    try:
        found: object = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return found if isinstance(found, int | float | bool) else value


def _reply(status: int, document: object) -> HttpReply:
    if document is None:
        return HttpReply(status=status)
    return HttpReply(status=status, body=json.dumps(document).encode(), content_type="application/json")
