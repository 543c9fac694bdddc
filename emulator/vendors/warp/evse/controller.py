"""The charge controller: what its memory says, and what it asks of the charger.

The one rule: it runs on its own. The network processor writes to it and sees its memory at the next poll; a restart of
the network processor does not touch it. Source: Tinkerforge evse-v2-bricklet, `charging_slot.c`, `communication.c`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal

from ....core.events import EventName
from ....core.instant import MILLISECOND, SECOND, Instant, later
from ....core.messages import (
    Event,
    InterruptPilot,
    RebootController,
    RequestPhases,
    ResetFaults,
    RestorePilot,
    TunePhases,
)
from ....core.states import EvseState
from ....devices.charge_control import IGNORED
from ..platform import Platform
from ..settings import INPUT_CLOSED, SHUTDOWN_CLOSED
from . import flash
from .errorlog import NO_ANSWER
from .evseview import EvseView, Iec
from .flash import SWITCHES, Stored
from .memory import HIGHEST, LOWEST, History, Memory, Slot, SlotId, valid
from .start import STARTS_CLOSED, initial_memory

DC_PASSWORD: Final = 0xDC42FA23
BOOST: Final = 0.24
"""Current that 4 µs more of duty cycle signal [A]."""
LINK_LOST: Final = "controller_link_lost"
LINES_MISSING: Final = 10 * SECOND
"""L2 and L3 without voltage so long: only one phase is connected."""
INPUT_LIMITS: Final = (0, 6000, 8000, 10000, 13000, 16000, 20000, 25000)


class Controller:
    """The controller of one wallbox. Writes act at once; `polled` is what the network processor knows of it."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._flash = platform.flash
        self._control = platform.control
        self._generation = platform.generation
        self._history = History()
        self._limited: set[SlotId] = set()
        """Slots that limit the charger, or did once."""
        self._user_asked = False
        """Whether charging ever depended on a user."""
        self._tuned: TunePhases | None = None
        self._frozen: EvseView | None = None
        self._polled: EvseView | None = None
        """The last poll: what it saw does not change any more."""
        self._release = platform.timer(self._released)
        self._missing = platform.timer(self._lines_missing)
        self.memory = self._initial(0)
        self._history.put(0, self.memory)

    # --- memory ------------------------------------------------------------------------------------------------------

    @property
    def at(self) -> Instant:
        return self._platform.at

    @property
    def rated(self) -> int:
        """Rated current of the installation, as set with the jumpers [A]."""
        spec = self._platform.spec
        return round(min(self._platform.profile.model.rated_current, spec.rated_current))

    @property
    def cable(self) -> int:
        """Rated current of the outgoing cable [A]."""
        return 32 if self._platform.profile.model.rated_current > 16 else 20

    def _initial(self, at: Instant) -> Memory:
        return initial_memory(self._platform, at, rated=self.rated, cable=self.cable)

    def write(self, memory: Memory) -> None:
        """New memory, seen at the next poll."""
        if memory != self.memory:
            self.memory = memory
            self._history.put(self.at, memory)
            self._platform.touch()

    def polled(self, at: Instant) -> EvseView:
        """What the network processor knows: the controller at its poll at `at`; the last answer while it is silent."""
        if self._frozen is not None:
            return self._frozen
        if self._polled is None or self._polled.at != at or at == 0:
            self._polled = self._look(at)
        return self._polled

    def remembered(self, at: Instant) -> tuple[Memory, bool]:
        """The memory of `polled`, and whether polls go on seeing it until something happens."""
        return self._history.before(at) if self._frozen is None else (self._frozen.memory, True)

    def _look(self, at: Instant) -> EvseView:
        """What happens at the very instant of a poll is seen by the next one."""
        snapshot = self._platform.observe(max(0, at - 1))
        return EvseView(at, snapshot, self._history.before(at)[0], self._generation)

    def now(self) -> EvseView:
        """The controller as it is, not yet polled."""
        return EvseView(self.at, self._platform.snapshot(), self.memory, self._generation)

    # --- slots -------------------------------------------------------------------------------------------------------

    def slot(self, index: int) -> Slot:
        return self.memory.slots[index]

    def put(
        self, index: int, *, current: int | None = None, active: bool | None = None, clear: bool | None = None
    ) -> None:
        """Write a slot. A current that is neither 0 nor 6..32 A is dropped without a trace, as the controller does.

        What a fault keeps from the charger is not written either.
        """
        before = self.memory.slots[index]
        if current is not None and not valid(current):
            current = None
        after = Slot(
            before.current if current is None else current,
            before.active if active is None else active,
            before.clear if clear is None else clear,
        )
        if after == before:
            return
        self._put(index, after)
        if self._limit(SlotId(index), after) and (index != SlotId.USER or self._authorise(after)):
            self.apply()
        else:
            self._put(index, before)

    def _put(self, index: int, slot: Slot) -> None:
        slots = list(self.memory.slots)
        slots[index] = slot
        self.write(replace(self.memory, slots=tuple(slots)))

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
        self._flash.put(flash.AUTO_START, auto_start_charging=enabled)
        self.write(replace(self.memory, auto_start=enabled))
        if enabled:
            self.put(SlotId.AUTOSTART, current=HIGHEST, clear=False)
            return
        charging = self.now().iec in (Iec.C, Iec.D)
        self.put(SlotId.AUTOSTART, current=None if charging else 0, clear=True)

    def enable(self, switch: Stored, enabled: bool) -> None:
        """A slot's switch (`evse/user_enabled`, ...), kept in the controller's flash."""
        self._flash.put(switch, enabled=enabled)
        closed = enabled and switch in STARTS_CLOSED
        for index in SWITCHES[switch.path]:
            self.put(index, current=0 if closed else HIGHEST, active=enabled, clear=closed)

    # --- towards the charger -----------------------------------------------------------------------------------------

    def apply(self) -> None:
        """Tell the charger what has changed: one named limit per active slot, and whether a user is authorised."""
        for index, slot in zip(SlotId, self.memory.slots, strict=True):
            self._limit(index, slot)
        self._authorise(self.memory.slots[SlotId.USER])
        if self._generation >= 3:
            self._tune()
        self.follow()

    def _limit(self, index: SlotId, slot: Slot) -> bool:
        """Limit the charger as a slot says. False: a fault kept it from the charger."""
        binds = slot.active and slot.current < self._platform.spec.rated_current * 1000
        if not binds and index not in self._limited:  # what the hardware forbids needs no second limit
            return True
        self._limited.add(index)
        extra = BOOST if self.memory.boost and slot.current else 0.0
        return self._control.limit(index.name.lower(), slot.current / 1000 + extra if binds else None)

    def _authorise(self, user: Slot) -> bool:
        """Release the charger as the slot of the users says. False: a fault kept it from the charger."""
        if not user.active and not self._user_asked:
            return True
        self._user_asked = True
        return self._control.authorise("user", user.current > 0 if user.active else None)

    def _tune(self) -> None:
        auto = self.memory.auto_switch and self._platform.meter_type > 0 and self.memory.phases_connected == 3
        wait = self._platform.timings.wait if self.memory.wait_time == 0 else 10.0 + 5.0 * self.memory.wait_time
        tuned = TunePhases(owner=self._platform.name, wait=wait, single_phase_fallback=None if auto else False)
        if tuned != self._tuned and self._control.submit(tuned) is not IGNORED:
            self._tuned = tuned

    def request_phases(self, phases: Literal[1, 3]) -> bool:
        """Switch over. False: the controller does not do it."""
        if self._generation < 3 or self.memory.phases_connected == 1:
            return False
        self._control.submit(RequestPhases(owner=self._platform.name, phases=phases))
        self.follow()
        return True

    def connect_phases(self, phases: Literal[1, 3]) -> None:
        """`evse/phases_connected`: with one phase there is nothing to switch."""
        self._flash.put(flash.PHASES_CONNECTED, phases=phases)
        if self._generation >= 3:
            self._control.submit(RequestPhases(owner=self._platform.name, phases=phases))
        self.write(replace(self.memory, phases_connected=phases))
        self.apply()

    def disconnect_pilot(self, disconnect: bool) -> None:
        """`evse/control_pilot_disconnect`: only in A and B with the contactor open and no switch-over running."""
        view = self.now()
        if disconnect:
            if view.iec in (Iec.A, Iec.B) and not view.snapshot.contactor and not view.snapshot.phase_switching:
                self.write(replace(self.memory, disconnected=True, interrupting=True))
                self._control.submit(InterruptPilot(owner=self._control.owner("pilot"), duration=None))
        elif self.memory.disconnected:
            self.write(replace(self.memory, disconnected=False, interrupting=False))
            self._control.submit(RestorePilot(owner=self._control.owner("pilot")))
        self.follow()

    def reset_dc_fault(self, password: int) -> None:
        if password == DC_PASSWORD:
            self._control.submit(ResetFaults(owner=self._platform.name))
            self.test_dc_fault()

    def test_dc_fault(self) -> None:
        """The self-test of the residual-current monitor (about 3.25 s); nobody sees more of it than its time."""
        self.write(replace(self.memory, dc_test_at=self.at))

    def restart(self) -> None:
        """A restart of the controller, as `evse/reset` and `bricklet_reboot` ask for."""
        self._control.submit(RebootController(owner=self._platform.name))

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
        self.write(replace(self.memory, pressed=True, pressed_at=self.at))
        self._release.set(later(self.at, duration))

    def _released(self, at: Instant) -> None:
        self.write(replace(self.memory, pressed=False, released_at=at))
        self._platform.changed()

    def indicate(self, indication: int, duration: int, colour: tuple[int, int, int] = (0, 0, 0)) -> None:
        """Show something on the LED for `duration` ms."""
        ends = self.at + duration * MILLISECOND if indication >= 0 else 0
        self.write(replace(self.memory, indicator=(indication, *colour), indicator_ends=ends))

    def inputs_changed(self) -> None:
        """A contact at an input has been opened or closed, or its meaning has changed."""
        settings = self._platform.settings
        self.write(
            replace(
                self.memory,
                shutdown_closed=settings[SHUTDOWN_CLOSED],
                input_closed=settings[INPUT_CLOSED],
            )
        )
        memory = self.memory
        phases = self._platform.snapshot().phases
        closed = memory.shutdown_closed
        meaning = memory.shutdown_input
        hit = (meaning in (1, 3) and not closed) or (meaning in (2, 4) and closed)
        limit = 0 if meaning in (1, 2) else LOWEST if phases == 3 else 18000
        self.put(SlotId.SHUTDOWN_INPUT, current=limit if hit else HIGHEST, active=meaning != 0)
        if self._generation == 1:
            return
        closed = memory.input_closed if self._generation == 2 else True
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
        self._history.put(self.at - 1, self.memory)

    def handle(self, event: Event) -> None:
        """Something happened in the charger; called before anybody else of this wallbox hears of it."""
        match event.name:
            case EventName.REBOOTED | EventName.SUPPLY_RESTORED:
                self._restarted(event.at)
            case EventName.UNPLUGGED:
                self._unplugged(event.at)
            case EventName.PHASES_CHANGED:
                self._phases_changed(event.at)
            case EventName.PHASE_SWITCH_STARTED:
                self.write(replace(self.memory, interrupting=False))
            case EventName.FAULT_RAISED | EventName.FAULT_CLEARED if event.detail.get("fault") == LINK_LOST:
                self._link(event.name is EventName.FAULT_CLEARED, event.at)
        self._watch_lines()
        self.follow()

    def follow(self) -> None:
        """Note when the state changed last."""
        view, memory = self.now(), self.memory
        if view.iec != memory.iec and self.at >= memory.seems_unplugged_until:
            alone = memory.single_phase_vehicle and view.iec is not Iec.A
            memory = replace(memory, iec=int(view.iec), iec_since=self.at, single_phase_vehicle=alone)
        ready = view.charger_state == 2
        if ready != (memory.ready_since is not None):
            memory = replace(memory, ready_since=self.at if ready else None)
        self.write(memory)

    def _restarted(self, at: Instant) -> None:
        watched = self.memory.slots[SlotId.REQUIRE_METER].active
        self.memory = self._initial(at)
        if watched:
            self._put(SlotId.REQUIRE_METER, Slot(0, True))  # until the network processor has seen a meter
        self._history.put(at, self.memory)
        self._control.submit(RestorePilot(owner=self._control.owner("pilot")))
        self.apply()
        self.inputs_changed()
        self._set_phases()
        self._platform.touch()

    def _set_phases(self) -> None:
        """After a start: all that are connected."""
        wanted: Literal[1, 3] = 1 if self.memory.phases_connected == 1 else 3
        if self._generation >= 3 and self._platform.snapshot().phases_requested != wanted:
            self._control.submit(RequestPhases(owner=self._platform.name, phases=wanted))

    def _watch_lines(self) -> None:
        """A meter that sees nothing on L2 and L3 for a while means that they are not connected."""
        first, second, third = self._platform.snapshot().supply_phases
        missing = first and not second and not third and self._platform.meter_type and self._generation >= 3
        if not missing or self.memory.phases_connected == 1:
            self._missing.clear()
        elif self._missing.due is None:
            self._missing.set(self.at + LINES_MISSING)

    def _lines_missing(self, at: Instant) -> None:
        self._control.submit(RequestPhases(owner=self._platform.name, phases=1))
        self.write(replace(self.memory, phases_connected=1))
        self.apply()
        self._platform.changed()

    def _unplugged(self, at: Instant) -> None:
        slots = [Slot(0, slot.active, True) if slot.clear else slot for slot in self.memory.slots]
        released = self.memory.slots[SlotId.AUTOSTART]
        if not released.clear:
            slots[SlotId.AUTOSTART] = Slot(HIGHEST, released.active, False)
        self.write(replace(self.memory, slots=tuple(slots), dc_test_at=at, single_phase_vehicle=False))
        self.apply()

    def _phases_changed(self, at: Instant) -> None:
        snapshot = self._platform.snapshot()
        if snapshot.phases == 1 and not snapshot.phase_switching and snapshot.state is EvseState.CHARGING:
            self.write(replace(self.memory, single_phase_vehicle=True))
        if self.memory.shutdown_input in (3, 4):
            self.inputs_changed()

    def _link(self, answers: bool, at: Instant) -> None:
        if answers:
            self._frozen = None
        elif self._frozen is None:
            self._frozen = self._look(max(self._platform.booted_at, at - 1))
            self._platform.log("evse_v2" if self._generation > 1 else "evse", NO_ANSWER)

    @property
    def answers(self) -> bool:
        return self._frozen is None
