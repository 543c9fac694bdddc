"""The hardware of one charge point and what it is connected to: grid, vehicle, charge controller, meter, heat.

The one rule: the parts meet here and nowhere else. There is no time in it but the instants it is given.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from . import evse_rules, network, vehicle_rules
from .events import Emit
from .evse import Evse, EvseInputs
from .faults import Disturbance, TripRcd, conditions
from .flow import Flow, Idle
from .heat import Heat
from .instant import Instant
from .messages import SetSupply
from .meter import Meter
from .snapshot import PhaseMask, Phases
from .specs import ChargerSpec, SupplySpec
from .states import EvseState
from .terminals import Mains
from .vehicle import Vehicle

NO_CURRENT: Final[Phases] = (0.0, 0.0, 0.0)
NO_PHASES: Final[PhaseMask] = (False, False, False)


class Hardware:
    """The parts, and how they see each other."""

    def __init__(self, spec: ChargerSpec, at: Instant, time_of_day: float, emit: Emit) -> None:
        self.spec = spec
        self.emit = emit
        self.evse = Evse(spec, emit)
        self.meter = Meter(spec.total_energy, spec.session_energy, emit)
        self.heat = Heat(spec, at, time_of_day)
        self.vehicle: Vehicle | None = None
        self.supply: SupplySpec = spec.supply
        self.disturbances: dict[str, Disturbance] = {}
        self.conditions = conditions(())
        self.cut = False
        """The supply is switched off."""
        self._live = network.ALL
        self._phase_voltages = network.UNCHANGED
        self.terminals: Phases = NO_CURRENT
        """Source voltage at each terminal, without load [V]."""
        self.wired: PhaseMask = NO_PHASES
        """Terminals of this charger that are connected."""
        self._rewire()

    def set_supply(self, change: SetSupply) -> None:
        """Change the grid."""
        now = self.supply
        self.supply = replace(
            now,
            voltage=now.voltage if change.voltage is None else change.voltage,
            phases=now.phases if change.phases is None else change.phases,
            frequency=now.frequency if change.frequency is None else change.frequency,
            source_resistance=now.source_resistance if change.source_resistance is None else change.source_resistance,
        )
        if change.phase_voltages is not None:
            self._phase_voltages = change.phase_voltages
        elif change.voltage is not None:
            self._phase_voltages = network.UNCHANGED
        if change.live is not None:
            self._live = change.live
        self._rewire()

    def set_cut(self, cut: bool) -> None:
        """Switch the supply off or on."""
        self.cut = cut
        self._rewire()

    def disturbed(self) -> None:
        """Take over other disturbances, or another vehicle."""
        self.conditions = conditions(tuple(self.disturbances.values()))
        vehicle, now = self.vehicle, self.conditions
        self.heat.hold(now.heat)
        if vehicle is not None:
            vehicle.refuses = now.vehicle_refuses
            vehicle.overdraw = now.overdraw
            vehicle.ventilation = vehicle.spec.ventilation or now.ventilation_required
        self._rewire()

    def leak_tripped(self, kind: str) -> None:
        """A leak that has tripped the monitor ends with the trip, unless it was said to persist."""
        for name, fault in tuple(self.disturbances.items()):
            if isinstance(fault, TripRcd) and not fault.persistent and f"rcd_{fault.current_type}" == kind:
                del self.disturbances[name]
        self.disturbed()

    def _rewire(self) -> None:
        fed, phases = network.connected(self.supply), self.spec.phases
        self.wired = (fed[0], fed[1] and phases >= 2, fed[2] and phases >= 3)
        now = self.conditions
        if self.cut:
            self.terminals = NO_CURRENT
            return
        faulty, stated = now.voltages, self._phase_voltages
        first, second, third = (a if a is not None else b for a, b in zip(faulty, stated, strict=True))
        live = (self._live[0] and now.live[0], self._live[1] and now.live[1], self._live[2] and now.live[2])
        a, b, c = network.voltages(self.supply, (first, second, third), live)
        # A single-phase charger has no terminals for the other lines.
        self.terminals = (a, b if phases >= 2 else 0.0, c if phases >= 3 else 0.0)

    def inputs(self, at: Instant) -> EvseInputs:
        """What the charge controller sees."""
        frequency = self.conditions.frequency
        return EvseInputs(
            at=at,
            resistance=self._pilot_resistance(),
            conditions=self.conditions,
            voltages=self.terminals,
            wired=self.wired,
            nominal=self.spec.supply.voltage,
            nominal_frequency=60.0 if self.spec.supply.frequency > 55.0 else 50.0,
            frequency=self.supply.frequency if frequency is None else frequency,
            currents=self.vehicle.currents() if self.vehicle is not None else NO_CURRENT,
            derated=self.heat.derated,
        )

    def _pilot_resistance(self) -> float | None:
        now = self.conditions
        if now.pilot_short:
            return 0.0
        if now.pilot_broken or self.vehicle is None:
            return None
        return self.vehicle.resistance if now.pilot_resistance is None else now.pilot_resistance

    def mains(self, at: Instant) -> Mains:
        """What the vehicle sees behind the contactor."""
        poles = self.evse.conducting(at, self.conditions)
        (a, b, c), wired = self.terminals, self.wired
        behind = (
            a if poles[0] and wired[0] else 0.0,
            b if poles[1] and wired[1] else 0.0,
            c if poles[2] and wired[2] else 0.0,
        )
        return Mains(behind, self.supply.source_resistance, self.evse.phases.set_for)

    def flow(self) -> Flow:
        """The law of the segment that begins now."""
        if self.vehicle is not None:
            return self.vehicle.flow()
        return Idle(voltages=self.terminals, resistance=0.0, mask=NO_PHASES)

    def step(self, at: Instant) -> bool:
        """Fire at most one rule of the charge controller and one reaction of the vehicle; whether one fired."""
        evse, meter = self.evse, self.meter
        session, plugged, powered = evse.session, evse.plugged, evse.state is not EvseState.OFF
        changed = evse_rules.step(evse, self.inputs(at))
        if plugged and not evse.plugged:
            meter.end_session()
        if evse.session != session:
            meter.begin_session(at)
        if powered and evse.state is EvseState.OFF:
            meter.lose_power()
        vehicle = self.vehicle
        if vehicle is not None:
            vehicle.sense(at, evse.signal(self.conditions), self.mains(at))
            changed = vehicle_rules.step(vehicle, at) or changed
        return changed
