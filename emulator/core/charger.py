"""The charger: one IEC 61851 charge point with its supply, its vehicle, its meter and its temperatures.

The one rule: reading is not an event. Between two events everything follows closed forms of one frozen `Segment`;
only an event settles it and starts the next.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from .agenda import Agenda, Priority
from .events import EventName
from .faults import Disturbance
from .flow import Flow, Idle, active_from_rms
from .handlers import handle, refusal
from .hardware import NO_CURRENT, Hardware
from .instant import Instant, earliest, later, seconds
from .messages import DONE, Command, Event, Outcome, Stimulus
from .noise import MeterNoise
from .protection import overcurrent_threshold
from .ramp import Ramp
from .reading import Segment, steady
from .snapshot import Snapshot
from .specs import ChargerSpec, VehicleSpec
from .taper import Taper

MAX_ROUNDS: Final = 200
"""Rules that may fire at one instant; more is an endless loop, and a bug."""
RETAINED: Final = 1000
"""Stretches kept at most for reading the recent past, where somebody does."""
LEAST_RETAINED: Final = 4
"""Stretches kept where nobody does."""

Announce = Callable[[Event], None]
Follower = Callable[[Segment, Instant], None]
"""Gets every stretch of time with the instant at which it ended."""


class Charger:
    """The physical thing: `apply` what is done to it, `snapshot` what can be measured. Time comes from its agenda."""

    def __init__(
        self,
        name: str,
        spec: ChargerSpec,
        *,
        agenda: Agenda,
        announce: Announce,
        seed: int = 0,
        time_of_day: float = 0.0,
        retained: int = RETAINED,
    ) -> None:
        """`time_of_day`: s since midnight at instant 0, for the ambient temperature. `retained`: stretches kept."""
        self.name = name
        self.spec = spec
        self.revision = 0
        """Counts events: two snapshots of the same instant and revision are equal."""
        self.follower: Follower | None = None
        """Who keeps the past: gets every stretch of time once it is over."""
        self._announce = announce
        scale = spec.noise
        self._noise = MeterNoise(seed=seed, voltage=scale, current=scale, frequency=scale) if scale else None
        self._at = agenda.at
        self._hardware = Hardware(spec, agenda.at, time_of_day, self._emit)
        self._timer = agenda.timer(Priority.EVSE, self._due)
        self._flow: Flow = self._hardware.flow()
        self._segments: deque[Segment] = deque(maxlen=retained)
        self._past: Instant | None = None
        """How far back somebody reads; None: as far as there are segments."""
        self._evse_due: Instant | None = None
        """When the charge controller does something next by itself."""
        self._rules_due: Instant | None = None
        """When the segment ends for more than being split."""
        self._cached: Snapshot | None = None
        self._present: Snapshot | None = None
        self._hurried = True
        """Every event is followed by a new segment at once."""
        self._behind = False
        """The present segment has not been made yet."""
        self.happenings = agenda.owner
        """What happens to it and its wallboxes."""
        self._react()

    # --- what the outside may do -------------------------------------------------------------------------------------

    def snapshot(self, at: Instant) -> Snapshot:
        """Everything measurable at `at`: now, or an instant of the recent past.

        ValueError if something was due before `at` (the agenda has not been run up to it).
        """
        cached = self._cached
        if cached is not None and cached.instant == at:
            return cached
        found = self.measured(at, None)
        if at >= self.segment.since:
            self._cached = found
        return found

    def measured(self, at: Instant, meter: MeterNoise | None, *, moving: bool = False) -> Snapshot:
        """As `snapshot`, by a meter of somebody's own. `moving`: as the present, see `Snapshot`."""
        self._catch_up()
        self._check_not_overdue(at)
        segment = self._segments[-1]
        if at < segment.since:
            segment = self._segment_at(at)
            at = max(at, segment.since)
        return Snapshot(segment.steady, segment, at, meter, moving=moving)

    def present(self, at: Instant) -> Snapshot:
        """As `snapshot`, for the present instant: who reads what follows the time is told so (see `freshness`)."""
        found = self._present
        if found is None or found.instant != at:
            found = self._present = self.measured(at, None, moving=True)
        return found

    def remember(self, past: Instant) -> None:
        """Somebody is going to read the past, so far back: keep that much of it from now on."""
        if self._segments.maxlen != RETAINED:
            self._segments = deque(self._segments, maxlen=RETAINED)
        self._past = past if self._past is None else max(self._past, past)

    def apply(self, at: Instant, message: Stimulus | Command) -> Outcome:
        """Do what a stimulus or a command says, now. A refused message changes nothing."""
        if at < self._at:
            raise ValueError(f"{self.name}: {at} us is in the past, it is {self._at} us")
        if at != self._at:
            self._catch_up()
        self._check_not_overdue(at)
        if self._timer.due == at:  # what is due comes first
            self._due(at)
        if refused := refusal(self._hardware, message):
            return refused
        self._settle(at)
        handle(self._hardware, at, message)
        self._react()
        return DONE

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is applied inside happens at one instant: what comes of it is predicted afterwards, or on demand."""
        self._hurried = False
        try:
            yield
        finally:
            self._hurried = True
            self._catch_up()

    @property
    def segment(self) -> Segment:
        """The stretch of time that goes on."""
        self._catch_up()
        return self._segments[-1]

    @property
    def disturbances(self) -> Mapping[str, Disturbance]:
        """Physical faults present now, by name."""
        return dict(self._hardware.disturbances)

    @property
    def vehicle_spec(self) -> VehicleSpec | None:
        """How the plugged vehicle behaves; None: nothing is plugged in."""
        vehicle = self._hardware.vehicle
        return None if vehicle is None else vehicle.spec

    # --- one event ---------------------------------------------------------------------------------------------------

    def _due(self, at: Instant) -> None:
        self._settle(at)
        piece = isinstance(self._flow, Taper) and (self._rules_due is None or at < self._rules_due)
        if piece and not self._hardware.heat.step(self._emit):
            self._begin(self.segment)
        else:
            self._react()

    def _settle(self, at: Instant) -> None:
        """Make the values at `at` the bases of what comes."""
        since, self._at = self._at, at
        if at == since:
            return
        dt, hardware, flow = seconds(at - since), self._hardware, self._flow
        hardware.meter.settle(flow, dt)
        hardware.heat.settle(dt)
        if hardware.vehicle is not None:
            hardware.vehicle.settle(at, since, flow)

    def _react(self) -> None:
        """Run the rules to their fixpoint, and start the next segment."""
        at, hardware = self._at, self._hardware
        hardware.heat.step(self._emit)
        for _ in range(MAX_ROUNDS):
            if not hardware.step(at):
                break
        else:
            raise RuntimeError(f"{self.name}: the rules do not settle at {at} us (state {hardware.evse.state})")
        self._begin(None)

    def _begin(self, goes_on: Segment | None) -> None:
        """Start a segment. `goes_on`: nothing but a piece of that taper was over."""
        at, hardware, vehicle = self._at, self._hardware, self._hardware.vehicle
        meter, heat = hardware.meter, hardware.heat
        if self.follower is not None and self._segments[-1].since < at:
            self.follower(self._segments[-1], at)
        if goes_on is not None and vehicle is not None:
            flow, reactive = vehicle.taper(), goes_on.reactive
        else:
            flow, reactive = hardware.flow(), vehicle.reactive() if vehicle is not None else NO_CURRENT
        self._flow = flow
        heat.begin(at, flow.squares(reactive))
        meter.note_current(vehicle is not None and vehicle.draws and not isinstance(flow, Idle))
        meter.note_marks()
        self.revision += 1
        self.happenings.count += 1
        self._cached = self._present = None
        self._behind = True
        if self._hurried:
            self._catch_up(goes_on)

    def _catch_up(self, goes_on: Segment | None = None) -> None:
        """Make the present segment, if that has not been done, and predict its end."""
        if not self._behind:
            return
        self._behind = False
        at, hardware, vehicle, flow = self._at, self._hardware, self._hardware.vehicle, self._flow
        meter = hardware.meter
        stores = vehicle is not None and vehicle.stores
        if goes_on is not None:
            reactive = goes_on.reactive
        else:
            reactive = vehicle.reactive() if vehicle is not None else NO_CURRENT
        if goes_on is not None and goes_on.flowing is meter.flowing and goes_on.stores is stores:
            still, view, frequency = goes_on.steady, goes_on.vehicle, goes_on.frequency
        else:
            inputs = hardware.inputs(at)
            still = steady(hardware.evse, inputs, has_charged=meter.has_charged, flowing=meter.flowing)
            view = vehicle.view() if vehicle is not None else None
            frequency = inputs.frequency if inputs.powered else 0.0
            self._evse_due = hardware.evse.next_due(inputs)
        if self._segments and self._segments[-1].since == at:
            self._segments.pop()  # it took no time
        self._segments.append(
            Segment(
                since=at,
                flow=flow,
                reactive=reactive,
                register=meter.energy,
                session_base=meter.session_base,
                plugged_at=meter.plugged_at,
                charged_for=meter.charging_for,
                flowing=meter.flowing,
                heat=hardware.heat.temperatures(),
                sources=hardware.terminals,
                vehicle=view,
                stored=vehicle.onboard.battery if vehicle is not None else 0.0,
                stores=stores,
                network=hardware.supply.network,
                supply_phases=hardware.supply.phases,
                frequency=frequency,
                noise=self._noise,
                steady=still,
            )
        )
        if self._past is not None:
            while len(self._segments) > LEAST_RETAINED and self._segments[1].since <= at - self._past:
                self._segments.popleft()
        self._predict(flow)

    def _predict(self, flow: Flow) -> None:
        """When this segment will be over, and whether that is more than the end of a piece of it."""
        at, hardware, vehicle = self._at, self._hardware, self._hardware.vehicle
        due = earliest(
            self._evse_due,
            hardware.meter.next_due(at, flow),
            vehicle.next_due(at, flow) if vehicle is not None else None,
            self._next_overcurrent(),
        )
        split = later(at, flow.lasts) if flow.lasts < math.inf else None
        self._rules_due = due = earliest(due, hardware.heat.next_due(at, earliest(due, split)))
        self._timer.set(earliest(due, split))

    def _next_overcurrent(self) -> Instant | None:
        """When a rising current will pass the over-current threshold."""
        vehicle, flow = self._hardware.vehicle, self._flow
        if vehicle is None or not isinstance(flow, Ramp) or flow.rate <= 0:
            return None
        threshold = overcurrent_threshold(self._hardware.evse.offered)
        target = active_from_rms(threshold, vehicle.spec.reactive_current)
        if target >= vehicle.onboard.target:
            return None
        crossing = flow.reaches_current(target)
        return None if crossing is None else max(self._at, later(self._at, crossing)) + 1

    def _emit(self, name: EventName, /, **detail: object) -> None:
        self._announce(Event(at=self._at, charger=self.name, name=name, detail=detail))
        if name is EventName.RCD_TRIPPED:
            self._hardware.leak_tripped(str(detail["fault"]))

    # --- reading -----------------------------------------------------------------------------------------------------

    def _check_not_overdue(self, at: Instant) -> None:
        due = self._timer.due
        if due is not None and at > due:
            raise ValueError(f"{self.name}: something is due at {due} us, before {at} us")

    def _segment_at(self, at: Instant) -> Segment:
        """The segment that held at `at`; the oldest retained one for anything before it."""
        for segment in reversed(self._segments):
            if segment.since <= at:
                return segment
        return self._segments[0]
