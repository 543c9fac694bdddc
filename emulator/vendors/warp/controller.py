"""The charge controller: its charging slots, its memory, and what it asks of the charger.

The one rule: it runs on its own. The network processor writes to it and sees its memory at the next poll; a restart of
the network processor does not touch it. Source: Tinkerforge evse-v2-bricklet, `charging_slot.c`, `communication.c`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final, Literal

from ...core.instant import MILLISECOND, SECOND, Instant, later
from ...core.messages import (
    Command,
    Event,
    InterruptPilot,
    RebootController,
    RequestPhases,
    ResetFaults,
    RestorePilot,
    SetAuthorisation,
    SetLimit,
    TunePhases,
)
from ...core.snapshot import EvseState
from .evseview import EvseView, Iec

if TYPE_CHECKING:
    from .wallbox import Warp

LOWEST: Final = 6000
HIGHEST: Final = 32000
DC_PASSWORD: Final = 0xDC42FA23
BOOST: Final = 0.24
"""A that 4 µs more of duty cycle signal."""
LINES_MISSING: Final = 10 * SECOND
"""L2 and L3 without voltage so long: only one phase is connected."""
REMEMBERED: Final = 200
"""States of the memory kept for polls of the recent past."""


class SlotId(IntEnum):
    """Charging slots; the value is the index in `evse/slots`."""

    INCOMING_CABLE = 0
    OUTGOING_CABLE = 1
    SHUTDOWN_INPUT = 2
    INPUT = 3
    AUTOSTART = 4
    GLOBAL = 5
    USER = 6
    CHARGE_MANAGER = 7
    EXTERNAL = 8
    MODBUS_CURRENT = 9
    MODBUS_ENABLE = 10
    OCPP = 11
    CHARGE_LIMITS = 12
    REQUIRE_METER = 13
    AUTOMATION = 14
    EEBUS = 15
    P14A = 16


@dataclass(frozen=True, slots=True)
class Slot:
    """One limit. `clear`: goes to 0 when the vehicle is unplugged."""

    current: int = HIGHEST
    """mA"""
    active: bool = False
    clear: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the controller knows. Instants are simulated time."""

    slots: tuple[Slot, ...]
    started: Instant
    dc_test_at: Instant
    iec: int = 0
    iec_since: Instant = 0
    ready_since: Instant | None = None
    """In state B with something offered since."""
    wakes_with_f: bool = False
    single_phase_vehicle: bool = False
    interrupting: bool = False
    """The pilot is cut on command or to wake the vehicle."""
    disconnected: bool = False
    """On command."""
    pressed: bool = False
    pressed_at: Instant = 0
    released_at: Instant = 0
    indicator: tuple[int, int, int, int] = (-1, 0, 0, 0)
    indicator_ends: Instant = 0
    shutdown_closed: bool = False
    input_closed: bool = False
    shutdown_input: int = 0
    input: int = 0
    output: int = 1
    gp_output: int = 1
    button: int = 2
    boost: bool = False
    auto_start: bool = True
    ev_wakeup: bool = True
    auto_switch: bool = True
    phases_connected: int = 3
    wait_time: int = 0
    external_default: int = HIGHEST
    external_default_clear: bool = False


class Controller:
    """The controller of one box. Writes act at once; `polled` is what the network processor knows of it."""

    def __init__(self, box: Warp) -> None:
        self._box = box
        self._history: deque[tuple[Instant, Memory]] = deque(maxlen=REMEMBERED)
        self._told: dict[tuple[type[Command], str], Command] = {}
        self._frozen: EvseView | None = None
        self._polled: EvseView | None = None
        """The last poll: what it saw does not change any more."""
        self._release = box.timer(self._released)
        self._missing = box.timer(self._lines_missing)
        self.memory = self._initial(0)
        self._history.append((0, self.memory))

    # --- memory ------------------------------------------------------------------------------------------------------

    @property
    def at(self) -> Instant:
        return self._box.simulation.at

    @property
    def rated(self) -> int:
        """A of the installation, as set with the jumpers."""
        spec = self._box.simulation.chargers[self._box.charger].spec
        return round(min(self._box.profile.model.rated_current, spec.rated_current))

    @property
    def cable(self) -> int:
        """A of the outgoing cable."""
        return 32 if self._box.profile.model.rated_current > 16 else 20

    def _initial(self, at: Instant) -> Memory:
        """The memory after a start: what is in the controller's flash, and defaults."""
        stored = self._box.stored
        external = stored("evse/external_defaults", "current"), stored("evse/external_defaults", "clear_on_disconnect")
        assert isinstance(external[0], int)
        auto_start = bool(stored("evse/auto_start_charging"))
        gpio = "evse/gpio_configuration"
        slots = {
            SlotId.INCOMING_CABLE: Slot(self.rated * 1000, True),
            SlotId.OUTGOING_CABLE: Slot(self.cable * 1000, True),
            SlotId.AUTOSTART: Slot(HIGHEST if auto_start else 0, True, not auto_start),
            SlotId.GLOBAL: Slot(_int(stored("evse/global_current")), True),
            SlotId.USER: self._opt_in("evse/user_enabled", 0, clear=True),
            SlotId.CHARGE_MANAGER: self._opt_in("evse/management_enabled", 0, clear=True),
            SlotId.EXTERNAL: Slot(external[0], True, bool(external[1])),
            SlotId.MODBUS_CURRENT: self._opt_in("evse/modbus_tcp_enabled"),
            SlotId.MODBUS_ENABLE: self._opt_in("evse/modbus_tcp_enabled"),
            SlotId.OCPP: self._opt_in("evse/ocpp_enabled"),
            SlotId.CHARGE_LIMITS: Slot(HIGHEST, True),
            SlotId.REQUIRE_METER: Slot(HIGHEST, self._box.has_meter),
            SlotId.EEBUS: self._opt_in("evse/eebus_enabled"),
            SlotId.P14A: self._opt_in("evse/p14a_enwg_enabled"),
        }
        return Memory(
            slots=tuple(slots.get(index, Slot()) for index in SlotId),
            started=at,
            dc_test_at=at,
            iec_since=at,
            shutdown_closed=self._box.settings.flag("shutdown_input_closed"),
            input_closed=self._box.settings.flag("input_closed"),
            shutdown_input=_int(stored(gpio, "shutdown_input")),
            input=_int(stored(gpio, "input")),
            output=_int(stored(gpio, "output")),
            button=_int(stored("evse/button_configuration")),
            boost=bool(stored("evse/boost_mode")),
            auto_start=auto_start,
            ev_wakeup=bool(stored("evse/ev_wakeup")),
            auto_switch=bool(stored("evse/phase_auto_switch")),
            phases_connected=_int(stored("evse/phases_connected")),
            wait_time=_int(stored("evse/phase_switch_wait_time")),
            external_default=external[0],
            external_default_clear=bool(external[1]),
        )

    def _opt_in(self, path: str, current: int = HIGHEST, *, clear: bool = False) -> Slot:
        enabled = bool(self._box.stored(path))
        return Slot(current, enabled, clear if current == 0 else False)

    def change(self, **fields: Any) -> None:
        """New memory, seen at the next poll."""
        changed = replace(self.memory, **fields)
        if changed != self.memory:
            self.memory = changed
            self._history.append((self.at, changed))
            self._box.touch()

    def polled(self, at: Instant) -> EvseView:
        """What the network processor knows: the controller at its poll at `at`; the last answer while it is silent."""
        if self._frozen is not None:
            return self._frozen
        if self._polled is None or self._polled.at != at or at == 0:
            self._polled = self._look(at)
        return self._polled

    def _look(self, at: Instant) -> EvseView:
        """What happens at the very instant of a poll is seen by the next one."""
        memory = next((memory for since, memory in reversed(self._history) if since < at), self._history[0][1])
        snapshot = self._box.simulation.observe_at(self._box.charger, max(0, at - 1))
        return EvseView(at, snapshot, memory, self._box.generation)

    def now(self) -> EvseView:
        """The controller as it is, not yet polled."""
        return EvseView(self.at, self._box.snapshot(), self.memory, self._box.generation)

    # --- slots -------------------------------------------------------------------------------------------------------

    def slot(self, index: int) -> Slot:
        return self.memory.slots[index]

    def put(
        self, index: int, *, current: int | None = None, active: bool | None = None, clear: bool | None = None
    ) -> None:
        """Write a slot. A current that is neither 0 nor 6..32 A is dropped without a trace, as the controller does."""
        before = self.memory.slots[index]
        if current is not None and not valid(current):
            current = None
        after = Slot(
            before.current if current is None else current,
            before.active if active is None else active,
            before.clear if clear is None else clear,
        )
        if after != before:
            slots = list(self.memory.slots)
            slots[index] = after
            self.change(slots=tuple(slots))
            self.apply()

    def start_charging(self) -> None:
        """Slot 4 to 32 A, unless nothing is plugged. Refused while the button that may stop is held."""
        if self.now().iec is not Iec.A and not self._held:
            self.put(SlotId.AUTOSTART, current=HIGHEST)

    def stop_charging(self) -> None:
        if self.now().iec is not Iec.A and not self._held:
            self.put(SlotId.AUTOSTART, current=0)

    @property
    def _held(self) -> bool:
        return self.memory.pressed and self.memory.button in (2, 3)

    def auto_start(self, enabled: bool) -> None:
        self._box.store("evse/auto_start_charging", enabled)
        self.change(auto_start=enabled)
        if enabled:
            self.put(SlotId.AUTOSTART, current=HIGHEST, clear=False)
            return
        charging = self.now().iec in (Iec.C, Iec.D)
        self.put(SlotId.AUTOSTART, current=None if charging else 0, clear=True)

    def enable(self, path: str, enabled: bool) -> None:
        """A slot's switch (`evse/user_enabled`, ...), kept in the controller's flash."""
        self._box.store(path, enabled)
        opens = 0 if path in ("evse/user_enabled", "evse/management_enabled") else HIGHEST
        for index in SWITCHES[path]:
            if enabled:
                self.put(index, current=opens, active=True, clear=opens == 0)
            else:
                self.put(index, current=HIGHEST, active=False, clear=False)

    # --- towards the charger -----------------------------------------------------------------------------------------

    def apply(self) -> None:
        """Tell the charger what has changed: one named limit per active slot, and whether a user is authorised."""
        extra = BOOST if self.memory.boost else 0.0
        most = self._box.simulation.chargers[self._box.charger].spec.rated_current
        for index, slot in zip(SlotId, self.memory.slots, strict=True):
            owner = f"{self._box.name}.{index.name.lower()}"
            binds = slot.active and slot.current < most * 1000  # what the hardware forbids needs no second limit
            limit = slot.current / 1000 + (extra if slot.current else 0.0) if binds else None
            self._tell(SetLimit(owner=owner, current=limit))
        user = self.memory.slots[SlotId.USER]
        granted = user.current > 0 if user.active else None
        self._tell(SetAuthorisation(owner=f"{self._box.name}.user", granted=granted))
        if self._box.generation >= 3:
            auto = self.memory.auto_switch and self._box.has_meter and self.memory.phases_connected == 3
            wait = None if self.memory.wait_time == 0 else 10.0 + 5.0 * self.memory.wait_time
            self._tell(TunePhases(owner=self._box.name, wait=wait, single_phase_fallback=None if auto else False))
        self.follow()

    def _tell(self, command: SetLimit | SetAuthorisation | TunePhases) -> None:
        key = (type(command), command.owner)
        before = self._told.get(key)
        if before == command or (
            before is None and getattr(command, "current", getattr(command, "granted", 0)) is None
        ):
            return
        self._told[key] = command
        self._box.submit(command)

    def request_phases(self, phases: Literal[1, 3]) -> bool:
        """Switch over. False: the controller does not do it."""
        if self._box.generation < 3 or self.memory.phases_connected == 1:
            return False
        self._box.submit(RequestPhases(owner=self._box.name, phases=phases))
        self.follow()
        return True

    def connect_phases(self, phases: Literal[1, 3]) -> None:
        """`evse/phases_connected`: with one phase there is nothing to switch."""
        self._box.store("evse/phases_connected", phases)
        if self._box.generation >= 3:
            self._box.submit(RequestPhases(owner=self._box.name, phases=phases))
        self.change(phases_connected=phases)
        self.apply()

    def disconnect_pilot(self, disconnect: bool) -> None:
        """`evse/control_pilot_disconnect`: only in A and B with the contactor open and no switch-over running."""
        view = self.now()
        if disconnect:
            if view.iec in (Iec.A, Iec.B) and not view.snapshot.contactor and not view.snapshot.phase_switching:
                self.change(disconnected=True, interrupting=True)
                self._box.submit(InterruptPilot(owner=f"{self._box.name}.pilot", duration=None))
        elif self.memory.disconnected:
            self.change(disconnected=False, interrupting=False)
            self._box.submit(RestorePilot(owner=f"{self._box.name}.pilot"))
        self.follow()

    def reset_dc_fault(self, password: int) -> None:
        if password == DC_PASSWORD:
            self._box.submit(ResetFaults(owner=self._box.name))
            self.test_dc_fault()

    def test_dc_fault(self) -> None:
        """The self-test of the residual-current monitor (about 3.25 s); nobody sees more of it than its time."""
        self.change(dc_test_at=self.at)

    def restart(self) -> None:
        """A restart of the controller, as `evse/reset` and `bricklet_reboot` ask for."""
        self._box.submit(RebootController(owner=self._box.name))

    # --- button, LED, inputs -----------------------------------------------------------------------------------------

    def press(self, duration: float) -> None:
        """The front button is pressed for `duration` s."""
        view = self.now()
        slot = self.slot(SlotId.AUTOSTART)
        may_start, may_stop = self.memory.button in (1, 3), self.memory.button in (2, 3)
        if view.iec is not Iec.A:
            if may_start and slot.current == 0:
                self.put(SlotId.AUTOSTART, current=HIGHEST)
            elif may_stop:
                self.put(SlotId.AUTOSTART, current=0)
        self.change(pressed=True, pressed_at=self.at)
        self._release.set(later(self.at, duration))

    def _released(self, at: Instant) -> None:
        self.change(pressed=False, released_at=at)
        self._box.changed()

    def indicate(self, indication: int, duration: int, colour: tuple[int, int, int] = (0, 0, 0)) -> None:
        """Show something on the LED for `duration` ms."""
        ends = self.at + duration * MILLISECOND if indication >= 0 else 0
        self.change(indicator=(indication, *colour), indicator_ends=ends)

    def inputs_changed(self) -> None:
        """A contact at an input has been opened or closed, or its meaning has changed."""
        settings = self._box.settings
        self.change(shutdown_closed=settings.flag("shutdown_input_closed"), input_closed=settings.flag("input_closed"))
        memory = self.memory
        phases = self._box.snapshot().phases
        closed = memory.shutdown_closed
        meaning = memory.shutdown_input
        hit = (meaning in (1, 3) and not closed) or (meaning in (2, 4) and closed)
        limit = 0 if meaning in (1, 2) else LOWEST if phases == 3 else 18000
        self.put(SlotId.SHUTDOWN_INPUT, current=limit if hit else HIGHEST, active=meaning != 0)
        if self._box.generation == 1:
            return
        closed = memory.input_closed if self._box.generation == 2 else True
        meaning = memory.input
        hit = (1 <= meaning <= 8 and closed) or (9 <= meaning <= 16 and not closed)
        limit = INPUT_LIMITS[(meaning - 1) % 8] if meaning else HIGHEST
        self.put(SlotId.INPUT, current=limit if hit else HIGHEST, active=meaning != 0)

    # --- what happens ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """The world begins."""
        self.memory = self._initial(self.at)
        self.apply()
        self.inputs_changed()
        self._set_phases()
        self._watch_lines()
        self.settle()

    def settle(self) -> None:
        """What it does at its start is known to the network processor from the start."""
        self._polled = None
        self._history.clear()
        self._history.append((self.at - 1, self.memory))

    def handle(self, event: Event) -> None:
        """Something happened in the charger; called before anybody else of this box hears of it."""
        match event.name:
            case "rebooted" | "supply_restored":
                self._restarted(event.at)
            case "unplugged":
                self._unplugged(event.at)
            case "phases_changed":
                self._phases_changed(event.at)
            case "phase_switch_started":
                self.change(interrupting=False)
            case "fault_raised" | "fault_cleared" if event.detail.get("fault") == "controller_link_lost":
                self._link(event.name == "fault_cleared", event.at)
        self._watch_lines()
        self.follow()

    def follow(self) -> None:
        """Note when the state changed last."""
        view = self.now()
        fields: dict[str, Any] = {}
        if view.iec != self.memory.iec:
            fields |= {"iec": int(view.iec), "iec_since": self.at}
            if view.iec is Iec.A:
                fields |= {"single_phase_vehicle": False}
        ready = view.charger_state == 2
        if ready != (self.memory.ready_since is not None):
            fields["ready_since"] = self.at if ready else None
        if fields:
            self.change(**fields)

    def _restarted(self, at: Instant) -> None:
        self.memory = self._initial(at)
        self._history.append((at, self.memory))
        self._box.submit(RestorePilot(owner=f"{self._box.name}.pilot"))
        self.apply()
        self.inputs_changed()
        self._set_phases()
        self._box.touch()

    def _set_phases(self) -> None:
        """After a start: all that are connected."""
        wanted: Literal[1, 3] = 1 if self.memory.phases_connected == 1 else 3
        if self._box.generation >= 3 and self._box.snapshot().phases_requested != wanted:
            self._box.submit(RequestPhases(owner=self._box.name, phases=wanted))

    def _watch_lines(self) -> None:
        """A meter that sees nothing on L2 and L3 for a while means that they are not connected."""
        first, second, third = self._box.snapshot().supply_phases
        missing = first and not second and not third and self._box.has_meter and self._box.generation >= 3
        if not missing or self.memory.phases_connected == 1:
            self._missing.clear()
        elif self._missing.due is None:
            self._missing.set(self.at + LINES_MISSING)

    def _lines_missing(self, at: Instant) -> None:
        self._box.submit(RequestPhases(owner=self._box.name, phases=1))
        self.change(phases_connected=1)
        self.apply()
        self._box.changed()

    def _unplugged(self, at: Instant) -> None:
        slots = [Slot(0, slot.active, True) if slot.clear else slot for slot in self.memory.slots]
        released = self.memory.slots[SlotId.AUTOSTART]
        if not released.clear:
            slots[SlotId.AUTOSTART] = Slot(HIGHEST, released.active, False)
        self.change(slots=tuple(slots), dc_test_at=at, single_phase_vehicle=False)
        self.apply()

    def _phases_changed(self, at: Instant) -> None:
        snapshot = self._box.snapshot()
        dropped = snapshot.phases == 1 and not snapshot.phase_switching and snapshot.state is EvseState.CHARGING
        if dropped:
            self.change(single_phase_vehicle=True)
        if self.memory.shutdown_input in (3, 4):
            self.inputs_changed()

    def _link(self, answers: bool, at: Instant) -> None:
        """The network processor and the controller lose and find each other."""
        if answers:
            self._frozen = None
            self._box.log("evse_common", "EVSE answers again")
        elif self._frozen is None:
            self._frozen = self._look(max(self._box.booted_at, at - 1))
            self._box.log("evse_common", "EVSE does not answer. Trying again")

    @property
    def answers(self) -> bool:
        return self._frozen is None


SWITCHES: Final[dict[str, tuple[SlotId, ...]]] = {
    "evse/user_enabled": (SlotId.USER,),
    "evse/management_enabled": (SlotId.CHARGE_MANAGER,),
    "evse/modbus_tcp_enabled": (SlotId.MODBUS_CURRENT, SlotId.MODBUS_ENABLE),
    "evse/ocpp_enabled": (SlotId.OCPP,),
    "evse/eebus_enabled": (SlotId.EEBUS,),
    "evse/p14a_enwg_enabled": (SlotId.P14A,),
}
INPUT_LIMITS: Final = (0, 6000, 8000, 10000, 13000, 16000, 20000, 25000)


def valid(current: int) -> bool:
    """Whether the controller takes this as a slot's current, mA."""
    return current == 0 or LOWEST <= current <= HIGHEST


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
