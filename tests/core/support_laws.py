"""Laws that hold at every instant of every program; `Laws.watch` plays a program and checks them after each event."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from support_charger import Bench
from support_programs import Message

from emulator.core.instant import later
from emulator.core.messages import Disturb, PlugIn, SetSupply, SetVehicle
from emulator.core.snapshot import Snapshot
from emulator.core.specs import ChargerSpec
from emulator.core.states import EvseState as S

RUNNING = frozenset(S) - {S.OFF, S.BOOT}
RESTING = {S.A, S.B_AUTH, S.B_WAIT}
BEFORE_CHARGING = (S.A, S.B_AUTH, S.B_WAIT, S.B_READY, S.C_CLOSING)
SWITCHABLE = (S.B_AUTH, S.B_WAIT, S.B_READY, S.C_CLOSING, S.CHARGING, S.C_STOPPING)

LEGAL = {
    *((state, S.OFF) for state in S if state is not S.OFF),  # 2
    (S.OFF, S.BOOT),  # 2a
    *((state, S.BOOT) for state in RUNNING),  # 2b
    *((S.BOOT, state) for state in RESTING),  # 3
    *((state, S.FAULT) for state in RUNNING - {S.FAULT}),  # 1
    *((state, S.A) for state in RUNNING),  # 4, 21, 22a
    *((S.A, state) for state in (S.B_AUTH, S.B_WAIT)),  # 5
    *((S.FAULT, state) for state in RESTING),  # 21
    *((state, S.DISABLED) for state in BEFORE_CHARGING),  # 22
    *((S.DISABLED, state) for state in RESTING),  # 22a
    (S.B_AUTH, S.B_WAIT),  # 6
    (S.B_WAIT, S.B_AUTH),  # 6a
    *((state, S.PHASE_SWITCH) for state in SWITCHABLE),  # 19
    (S.PHASE_SWITCH, S.B_READY),  # 19a
    (S.PHASE_SWITCH, S.B_WAIT),
    (S.B_WAIT, S.B_READY),  # 7
    (S.B_READY, S.B_WAIT),  # 8
    (S.B_READY, S.C_CLOSING),  # 9
    (S.C_CLOSING, S.CHARGING),  # 11
    (S.C_CLOSING, S.B_READY),  # 11a
    (S.C_CLOSING, S.B_WAIT),  # 11b
    (S.CHARGING, S.C_STOPPING),  # 13
    (S.C_STOPPING, S.B_WAIT),  # 14, 15
    (S.C_STOPPING, S.CHARGING),  # 16
    (S.C_STOPPING, S.B_READY),  # 16a
    (S.CHARGING, S.B_READY),  # 17
    (S.B_READY, S.WAKEUP),  # 20
    (S.WAKEUP, S.B_READY),  # 20a
}
"""(from, to): every way the state machine may go."""

CLOSED = (S.CHARGING, S.C_STOPPING, S.PHASE_SWITCH)
OPENING = 75_000
"""µs the contacts take."""
GRACE = 6_000_000

# Abscissae and weights of Gauss-Legendre quadrature: exact for the cubic of a ramp.
GAUSS = (
    (0.0, 0.5688888888888889),
    (0.5384693101056831, 0.47862867049936647),
    (-0.5384693101056831, 0.47862867049936647),
    (0.9061798459386640, 0.23692688505618908),
    (-0.9061798459386640, 0.23692688505618908),
)


class Laws:
    """One charger under observation."""

    def __init__(self, spec: ChargerSpec) -> None:
        self.spec = spec
        self.bench = Bench(spec)
        self.before = self.bench.look()
        self.resistance = spec.supply.source_resistance
        self.welded = False
        self.source = 300.0
        self.commanded_off = -OPENING
        self.entered = 0
        self.offer_changed = 0
        self.efficiency = 1.0
        self.refilled = True
        self._seen = 0

    def play(self, program: Iterable[tuple[float, Message]], *, after: float = 1800.0) -> None:
        for delay, message in program:
            self.advance(delay)
            self._expect(message)
            self.bench.ask(message)
            self.check()
        self.advance(after)

    def _expect(self, message: Message) -> None:
        """What the message makes possible."""
        if isinstance(message, Disturb) and hasattr(message.fault, "phases"):
            self.welded = self.welded or type(message.fault).__name__ == "ContactorWelded"
        self.refilled = self.refilled or isinstance(message, PlugIn | SetVehicle)
        if isinstance(message, SetSupply) and message.source_resistance is not None:
            self.resistance = message.source_resistance

    def advance(self, delay: float) -> None:
        agenda = self.bench.agenda
        end = later(agenda.at, delay)
        fired = agenda.fired
        while (due := agenda.next_due) is not None and due <= end:
            self._integrate(due)
            agenda.step(end)
            self.check()
            assert agenda.fired - fired < 1000 + delay, "Zeno"
        self._integrate(end)
        agenda.run_until(end)
        self.check()

    def _integrate(self, end: int) -> None:
        """I1: what flows until `end` is what the register counts."""
        charger, start = self.bench.charger, self.bench.at
        if end <= start:
            return
        first, half = charger.snapshot(start), (end - start) / 2
        joules = sum(
            weight * charger.snapshot(start + round(half * (1 + x))).power * half * 1e-6 for x, weight in GAUSS
        )
        last = charger.snapshot(end)
        counted = (last.total_energy - first.total_energy) * 3600.0
        # Sampled at whole microseconds, hence the power of one; and a taper is not quite a polynomial.
        peak = max(charger.snapshot(start).power, charger.snapshot(end - 1).power, joules / half * 1e6)
        assert abs(counted - joules) <= 1e-6 * joules + 1e-6 * peak + 1e-6, (counted, joules)

    # --- one instant -------------------------------------------------------------------------------------------------

    def check(self) -> None:
        now = self.bench.look()
        self._check_events()
        self._check_contactor(now)
        self._check_currents(now)
        self._check_energy(now)
        self._check_offer(now)
        assert all(-100 < value < 2000 for value in now.temperature.values())
        self.before = now

    def _check_events(self) -> None:
        """I11, T6: every change of state is one of the table."""
        fresh = self.bench.events[self._seen :]
        self._seen = len(self.bench.events)
        for event in fresh:
            if event.name == "state_changed":
                step = (S(str(event.detail["from"])), S(str(event.detail["to"])))
                assert step in LEGAL, step
                assert step[0] is not S.C_STOPPING or event.at - self.entered <= GRACE
                self.entered = event.at
            elif event.name == "contactor_opened":
                self.commanded_off = event.at
            elif event.name == "offer_changed":
                self.offer_changed = event.at
        assert all(a.at <= b.at for a, b in itertools.pairwise(fresh))

    def _check_contactor(self, now: Snapshot) -> None:
        """I3."""
        assert not now.contactor or now.state in CLOSED
        if not now.contactor and any(now.contactor_poles):
            assert self.welded or now.at < self.commanded_off + OPENING
        assert not now.contactor or now.plugged
        assert now.state in (S.A, S.OFF, S.BOOT, S.FAULT, S.DISABLED) or now.plugged
        assert now.plugged is False or now.state not in (S.A, S.OFF, S.BOOT)

    def _check_currents(self, now: Snapshot) -> None:
        """I4, I7, I16, I17."""
        for current, active, power, live in zip(
            now.phase_current, now.active_current, now.active_power, now.energised, strict=True
        ):
            assert live or (current == 0 and power == 0)
            assert 0 <= active <= current + 1e-12
            assert power >= 0
        assert now.power == sum(now.active_power)
        assert all(0 <= voltage <= self.source for voltage in now.phase_voltage)
        if self.spec.supply.network == "TN":
            assert now.neutral_current <= max(now.phase_current) + 0.05  # standby power turns one phase a little
        assert now.vehicle is not None or now.power == 0

    def _check_energy(self, now: Snapshot) -> None:
        """I2, I10, I20."""
        before, was_on = self.before, self.before.state is not S.OFF
        lost = before.total_energy - now.total_energy
        assert lost <= (1.0 if was_on and now.state is S.OFF else 0.0)
        assert now.contactor_cycles >= before.contactor_cycles
        assert now.session >= before.session
        assert now.boots >= before.boots
        if now.session == before.session and now.state is not S.OFF:
            assert now.session_energy >= before.session_energy
            assert now.charging_for >= before.charging_for
        if now.vehicle is not None:
            assert -1e-9 <= now.vehicle.state_of_charge <= 1 + 1e-9
            if not self.refilled and before.vehicle is not None:
                gained = now.vehicle.battery_energy - before.vehicle.battery_energy
                assert gained >= 0
                if now.state is not S.OFF:
                    assert gained <= now.total_energy - before.total_energy + 1e-9
        self.refilled = False

    def _check_offer(self, now: Snapshot) -> None:
        """I5, I12."""
        offered, duty = now.offered_current, now.duty_cycle
        passes = self.spec.evse.below_minimum == "pass"
        assert offered == 0 or 6 <= offered <= self.spec.rated_current or (passes and 0 < offered < 6)
        assert offered <= now.effective_limit or offered == 6.0
        assert now.effective_limit == min(now.limits.values()) == now.limits[now.binding_limit]
        assert offered == 0 or now.state in (S.B_READY, S.C_CLOSING, S.CHARGING, S.WAKEUP, S.PHASE_SWITCH)
        if offered and duty:
            decoded = 0.6 * duty if duty <= 85 else 2.5 * (duty - 64)
            assert abs(decoded - max(offered, 4.8)) < 0.3 or 51 < offered < 52.5
