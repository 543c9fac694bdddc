"""Made by `python -m emulator.testing.stubs` from the vocabulary: every step as a typed method."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Literal, TypeAlias, overload

from typing_extensions import TypedDict, Unpack

from .wallbox import WallboxFixture

Outcome: TypeAlias = dict[str, object]
Wallbox: TypeAlias = str | WallboxFixture
Current: TypeAlias = str
"""a current: 16 A"""
ChangeOfCurrent: TypeAlias = str
"""a change of current: 2 A/s"""
Voltage: TypeAlias = str
"""a voltage: 230 V"""
Power: TypeAlias = str
"""a power: 11 kW"""
ApparentPower: TypeAlias = str
"""an apparent power: 11 kVA"""
ReactivePower: TypeAlias = str
"""a reactive power: 200 var"""
Energy: TypeAlias = str
"""an energy: 58 kWh"""
Duration: TypeAlias = str | timedelta
"""a duration: 10 min"""
Resistance: TypeAlias = str
"""a resistance: 200 mohm"""
Frequency: TypeAlias = str
"""a frequency: 50 Hz"""
Temperature: TypeAlias = str
"""a temperature: 21 °C"""
TemperatureDifference: TypeAlias = str
"""a temperature difference: 5 K"""
Percentage: TypeAlias = str
"""a percentage: 40 %"""

class _AnyFault(TypedDict, total=False):
    name: str
    match: Mapping[str, object] | None
    when: Mapping[str, object]
    after: Mapping[str, object]
    on_request: int
    every: int
    probability: float
    count: int
    until: Mapping[str, object]

class Steps(ABC):
    @abstractmethod
    def step(self, name: str, argument: object = ..., /, **arguments: object) -> Outcome: ...
    def plug_in(
        self,
        argument: str | None = ...,
        /,
        *,
        charger: str = ...,
        vehicle: str = ...,
        cable: Current | None = ...,
        capacity: Energy = ...,
        state_of_charge: Percentage = ...,
        charge_limit: Percentage = ...,
        phases: int = ...,
        max_current: Current = ...,
        min_current: Current = ...,
        below_minimum: Literal['refuse', 'idle'] = ...,
        two_phases_below: Current = ...,
        current_gain: float = ...,
        current_offset: Current = ...,
        reactive_current: Current = ...,
        loss_power: Power = ...,
        efficiency: Percentage = ...,
        standby_power: Power = ...,
        s2_delay: Duration = ...,
        start_delay: Duration = ...,
        reaction_delay: Duration = ...,
        stop_delay: Duration = ...,
        ramp_up: ChangeOfCurrent = ...,
        ramp_down: ChangeOfCurrent = ...,
        ramp_stop: ChangeOfCurrent = ...,
        taper: Literal['linear', 'exponential', 'none'] = ...,
        taper_start: Percentage = ...,
        taper_power: Power = ...,
        end_power: Power = ...,
        burst_after: Duration | None = ...,
        burst_duration: Duration = ...,
        burst_power: Power = ...,
        sleep_after: Duration | None = ...,
        wake: Literal['pwm', 'pilot_open', 'state_f', 'api'] | Sequence[Literal['pwm', 'pilot_open', 'state_f', 'api']] = ...,
        wake_pilot_open: Duration = ...,
        wake_state_f: Duration = ...,
        wake_delay: Duration = ...,
        toggle_limit: int | None = ...,
        latch_in_ramp: bool = ...,
        sticky_single_phase: bool = ...,
        pilot_break_minimum: Duration = ...,
        phase_stagger: Duration = ...,
        phase_loss: Literal['continue', 'stop'] = ...,
        patience: Duration = ...,
        retry: Duration = ...,
        ventilation: bool = ...,
        simplified: bool = ...,
        ignores_pwm_off: bool = ...,
    ) -> Outcome:
        """A vehicle is plugged in. One of the scenario's own vehicles comes back with the charge it left with."""
    def unplug(
        self,
        argument: str | None = ...,
        /,
        *,
        charger: str = ...,
        at_box: bool = ...,
    ) -> Outcome:
        """The vehicle is unplugged."""
    def swap_vehicle(
        self,
        argument: str | None = ...,
        /,
        *,
        charger: str = ...,
        vehicle: str = ...,
        pause: Duration = ...,
        cable: Current | None = ...,
        capacity: Energy = ...,
        state_of_charge: Percentage = ...,
        charge_limit: Percentage = ...,
        phases: int = ...,
        max_current: Current = ...,
        min_current: Current = ...,
        below_minimum: Literal['refuse', 'idle'] = ...,
        two_phases_below: Current = ...,
        current_gain: float = ...,
        current_offset: Current = ...,
        reactive_current: Current = ...,
        loss_power: Power = ...,
        efficiency: Percentage = ...,
        standby_power: Power = ...,
        s2_delay: Duration = ...,
        start_delay: Duration = ...,
        reaction_delay: Duration = ...,
        stop_delay: Duration = ...,
        ramp_up: ChangeOfCurrent = ...,
        ramp_down: ChangeOfCurrent = ...,
        ramp_stop: ChangeOfCurrent = ...,
        taper: Literal['linear', 'exponential', 'none'] = ...,
        taper_start: Percentage = ...,
        taper_power: Power = ...,
        end_power: Power = ...,
        burst_after: Duration | None = ...,
        burst_duration: Duration = ...,
        burst_power: Power = ...,
        sleep_after: Duration | None = ...,
        wake: Literal['pwm', 'pilot_open', 'state_f', 'api'] | Sequence[Literal['pwm', 'pilot_open', 'state_f', 'api']] = ...,
        wake_pilot_open: Duration = ...,
        wake_state_f: Duration = ...,
        wake_delay: Duration = ...,
        toggle_limit: int | None = ...,
        latch_in_ramp: bool = ...,
        sticky_single_phase: bool = ...,
        pilot_break_minimum: Duration = ...,
        phase_stagger: Duration = ...,
        phase_loss: Literal['continue', 'stop'] = ...,
        patience: Duration = ...,
        retry: Duration = ...,
        ventilation: bool = ...,
        simplified: bool = ...,
        ignores_pwm_off: bool = ...,
    ) -> Outcome:
        """One vehicle is unplugged and another one plugged in a little later."""
    def set_vehicle(
        self,
        *,
        charger: str = ...,
        awake: bool | None = ...,
        capacity: Energy = ...,
        state_of_charge: Percentage = ...,
        charge_limit: Percentage = ...,
        phases: int = ...,
        max_current: Current = ...,
        min_current: Current = ...,
        below_minimum: Literal['refuse', 'idle'] = ...,
        two_phases_below: Current = ...,
        current_gain: float = ...,
        current_offset: Current = ...,
        reactive_current: Current = ...,
        loss_power: Power = ...,
        efficiency: Percentage = ...,
        standby_power: Power = ...,
        s2_delay: Duration = ...,
        start_delay: Duration = ...,
        reaction_delay: Duration = ...,
        stop_delay: Duration = ...,
        ramp_up: ChangeOfCurrent = ...,
        ramp_down: ChangeOfCurrent = ...,
        ramp_stop: ChangeOfCurrent = ...,
        taper: Literal['linear', 'exponential', 'none'] = ...,
        taper_start: Percentage = ...,
        taper_power: Power = ...,
        end_power: Power = ...,
        burst_after: Duration | None = ...,
        burst_duration: Duration = ...,
        burst_power: Power = ...,
        sleep_after: Duration | None = ...,
        wake: Literal['pwm', 'pilot_open', 'state_f', 'api'] | Sequence[Literal['pwm', 'pilot_open', 'state_f', 'api']] = ...,
        wake_pilot_open: Duration = ...,
        wake_state_f: Duration = ...,
        wake_delay: Duration = ...,
        toggle_limit: int | None = ...,
        latch_in_ramp: bool = ...,
        sticky_single_phase: bool = ...,
        pilot_break_minimum: Duration = ...,
        phase_stagger: Duration = ...,
        phase_loss: Literal['continue', 'stop'] = ...,
        patience: Duration = ...,
        retry: Duration = ...,
        ventilation: bool = ...,
        simplified: bool = ...,
        ignores_pwm_off: bool = ...,
    ) -> Outcome:
        """The plugged vehicle changes: another charge limit set by its driver, woken by its maker's app."""
    def present_card(
        self,
        argument: str | float | None = ...,
        /,
        *,
        charger: str = ...,
        wallbox: Wallbox = ...,
        tag: str | float = ...,
    ) -> Outcome:
        """A card is held to the reader. What the wallbox thinks of it is an answer, not a failure of the scenario."""
    def press_button(
        self,
        *,
        charger: str = ...,
        wallbox: Wallbox = ...,
        duration: Duration = ...,
    ) -> Outcome:
        """The button of the wallbox is pressed."""
    def plug_cable(
        self,
        *,
        charger: str = ...,
        plugged: bool = ...,
        cable: Current | None = ...,
    ) -> Outcome:
        """A loose cable is put into the socket, or pulled out of it, with no vehicle at its other end."""
    def set_supply(
        self,
        *,
        charger: str = ...,
        voltage: Voltage | None = ...,
        phase_voltages: Sequence[Voltage] | None = ...,
        phases: int = ...,
        live: Literal['L1', 'L2', 'L3'] | Sequence[Literal['L1', 'L2', 'L3']] = ...,
        frequency: Frequency | None = ...,
        source_resistance: Resistance | None = ...,
    ) -> Outcome:
        """The grid changes; what is not given stays as it is."""
    def set_climate(
        self,
        argument: Temperature | None = ...,
        /,
        *,
        charger: str = ...,
        ambient: Temperature = ...,
    ) -> Outcome:
        """The ambient temperature changes."""
    def power_cut(
        self,
        argument: str | None = ...,
        /,
        *,
        charger: str = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """The charger has no power while it lasts."""
    def power_up(
        self,
        argument: str | None = ...,
        /,
        *,
        charger: str = ...,
    ) -> Outcome:
        """The power supply comes back."""
    def set(
        self,
        *,
        wallbox: Wallbox = ...,
        settings: Mapping[str, object],
    ) -> Outcome:
        """The owner changes settings of a wallbox, with the vendor's app or at the wallbox."""
    def reboot(
        self,
        argument: Wallbox | None = ...,
        /,
        *,
        charger: str = ...,
        wallbox: Wallbox = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """A wallbox's network processor restarts; or, for a whole charger, all of them and the charge controller."""
    def set_firmware(
        self,
        argument: str | float | None = ...,
        /,
        *,
        wallbox: Wallbox = ...,
        firmware: str | float = ...,
    ) -> Outcome:
        """The firmware of a wallbox is replaced, and the wallbox reboots into it."""
    def command(
        self,
        *,
        wallbox: Wallbox = ...,
        write: Mapping[str, object],
        interface: str | None = ...,
        refused: bool = ...,
    ) -> Outcome:
        """Vendor values are written as a client would, through one of the wallbox's interfaces."""
    def trip_rcd(
        self,
        *,
        charger: str = ...,
        residual_current: Current = ...,
        current_type: Literal['ac', 'dc'] = ...,
        persistent: bool = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """residual current, DC (IEC 62955) or AC (IEC 61008)"""
    def rcd_selftest(
        self,
        *,
        charger: str = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """residual-current self-test fails"""
    def rcd_sensor_defect(
        self,
        *,
        charger: str = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """residual-current sensor defect"""
    def pe_loss(
        self,
        *,
        charger: str = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """protective earth lost"""
    def cp_short(
        self,
        *,
        charger: str = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """control pilot shorted to earth (state E)"""
    def cp_open(
        self,
        *,
        charger: str = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """control pilot wire cut (looks unplugged)"""
    def cp_state_f(
        self,
        *,
        charger: str = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """control pilot stuck at -12 V (state F)"""
    def cp_resistance(
        self,
        *,
        charger: str = ...,
        resistance: Resistance,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """odd resistance between control pilot and earth"""
    def diode_shorted(
        self,
        *,
        charger: str = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """vehicle's pilot diode shorted"""
    def ventilation(
        self,
        *,
        charger: str = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """vehicle asks for ventilation (state D)"""
    def contactor_welded(
        self,
        *,
        charger: str = ...,
        phases: Literal['L1', 'L2', 'L3'] | Sequence[Literal['L1', 'L2', 'L3']] = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """contactor poles welded"""
    def contactor_fails_to_close(
        self,
        *,
        charger: str = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """contactor does not close"""
    def switch_unconfigured(
        self,
        *,
        charger: str = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """configuration switch at factory position"""
    def overvoltage(
        self,
        *,
        charger: str = ...,
        voltage: Voltage = ...,
        phases: Literal['L1', 'L2', 'L3'] | Sequence[Literal['L1', 'L2', 'L3']] = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """grid voltage too high"""
    def undervoltage(
        self,
        *,
        charger: str = ...,
        voltage: Voltage = ...,
        phases: Literal['L1', 'L2', 'L3'] | Sequence[Literal['L1', 'L2', 'L3']] = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """grid voltage too low"""
    def phase_loss(
        self,
        *,
        charger: str = ...,
        phases: Literal['L1', 'L2', 'L3'] | Sequence[Literal['L1', 'L2', 'L3']] = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """supply line dead"""
    def frequency(
        self,
        *,
        charger: str = ...,
        frequency: Frequency = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """grid frequency out of band"""
    def overtemp(
        self,
        *,
        charger: str = ...,
        temperature: Temperature = ...,
        sensor: Literal['board', 'housing', 'connector_l1', 'connector_l2', 'connector_l3', 'domestic_pin', 'relay'] = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """sensor held at a temperature: derating or stop"""
    def overcurrent(
        self,
        *,
        charger: str = ...,
        excess: Current = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """vehicle draws more than offered"""
    def lock_stuck(
        self,
        *,
        charger: str = ...,
        stuck: Literal['open', 'closed'] = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """socket lock stuck"""
    def pp_invalid(
        self,
        *,
        charger: str = ...,
        resistance: Resistance = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """proximity pilot out of range"""
    def meter_fault(
        self,
        *,
        charger: str = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """energy meter silent"""
    def controller_link_lost(
        self,
        *,
        charger: str = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """charge controller silent"""
    def backend_lost(
        self,
        *,
        charger: str = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """backend unreachable"""
    def vehicle_refuses(
        self,
        *,
        charger: str = ...,
        name: str = ...,
        for_: Duration | None = ...,
    ) -> Outcome:
        """vehicle refuses to charge"""
    def request(
        self,
        *,
        on: Wallbox,
        get: str = ...,
        method: str = ...,
        body: str = ...,
        headers: Mapping[str, object] = ...,
        register: int = ...,
        count: int = ...,
        function: int = ...,
        unit: int = ...,
        write: int = ...,
        send: str = ...,
        message: str = ...,
        topic: str = ...,
        payload: str = ...,
        in_: Literal['any', 'play'] = ...,
        expect: Mapping[str, object] = ...,
    ) -> Outcome:
        """A client asks a wallbox, and gets what is expected; in every mode, beside the clients that connect themselves."""
    def limit(
        self,
        limit: str | Mapping[str, object],
        /,
    ) -> Outcome:
        """The grid operator limits what the wallboxes may consume (§14a EnWG, EEBUS LPC)."""
    def release(
        self,
        /,
    ) -> Outcome:
        """The grid operator lifts its limit."""
    def fall_silent(
        self,
        /,
    ) -> Outcome:
        """The control box sends no more heartbeats, until it is told to limit or to release."""
    def ocpp_call(
        self,
        argument: str | None = ...,
        /,
        *,
        wallbox: Wallbox = ...,
        action: str = ...,
        payload: Mapping[str, object] = ...,
    ) -> Outcome:
        """The emulator's own central system sends a call to a charge point (OCPP); its answer is in the journal."""
    def central_system(
        self,
        *,
        up: bool = ...,
        restart: bool = ...,
        registration: Literal['Accepted', 'Pending', 'Rejected'] | None = ...,
        heartbeat: Duration | None = ...,
        tags: Mapping[str, object] | None = ...,
        clock: Duration = ...,
        silent: str | Sequence[str] | None = ...,
        refuses: str | Sequence[str] | None = ...,
        same_ids: bool = ...,
    ) -> Outcome:
        """The emulator's own central system behaves differently from now on (OCPP); what is left out stays as it is."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["delay"],
        delay: Duration,
        jitter: Duration = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """Answers come late."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["refuse"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The interface is not there: connections are refused, present ones break."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["reset"],
        handled: bool = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The connection is reset instead of an answer."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["black_hole"],
        handled: bool = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """No answer at all; the connection stays open until the client gives up."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["close"],
        handled: bool = ...,
        length: int = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The connection is closed in good order instead of an answer, or after a part of it."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["throttle"],
        rate: int = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """Answers come slowly, a few bytes at a time."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["truncate"],
        missing: int = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """Answers end too early, and with them the connection."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["corrupt"],
        bytes: int = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """Some bytes of an answer are wrong: the last ones of an HTTP reply's body, any of a datagram's."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["status"],
        status: int = ...,
        body: str = ...,
        content_type: str = ...,
        handled: bool = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """HTTP requests, or WebSocket upgrades, are answered with a status and a body of their own."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["strict_content_type"],
        content_type: str = ...,
        status: int = ...,
        body: str = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """HTTP requests with a body are refused unless they say what it is."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["connection_cap"],
        connections: int = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The interface takes fewer connections than it should."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["silent_socket"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """A connection stays open and nothing comes any more, not even an answer to a ping."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["modbus_exception"],
        code: int = ...,
        handled: bool = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """Requests are answered with an exception."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["wrong_transaction_id"],
        off_by: int = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """Answers carry another transaction identifier than their request."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["no_reply"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """Requests are handled and never answered."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["broker_restart"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The broker restarts: every connection breaks, nothing is retained any more."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["broker_down"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The broker is gone."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["lost_session"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The wallbox's connection breaks and is made again without a last will."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["no_reconnect"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The wallbox loses its broker and does not connect again."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["stale_retained"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """What the wallbox publishes does not arrive: what the broker has retained stays as it was."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["second_publisher"],
        topic: str,
        payload: str,
        retain: bool = ...,
        period: Duration | None = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """Somebody else publishes on the wallbox's topics."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["rewrap"],
        template: str = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """A bridge in front of the broker wraps every payload in an object."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["loss"],
        what: Literal['requests', 'answers'] = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """Datagrams are lost; requests, or (default) answers. MQTT and WebSocket: single messages, pushes by default."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["duplicate"],
        copies: int = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """Answers come more than once."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["reorder"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """An answer is kept back and comes behind the next one."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["stray_datagram"],
        data: str,
        behind: bool = ...,
        apart: Duration = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """A datagram that nobody asked for comes before the answer, or behind it."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["call_error"],
        code: str = ...,
        description: str = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """Calls are answered with CALLERROR; `direction: in` hits answers of the central system."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["duplicate_call_id"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """Every call comes with the same id."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["acknowledged_but_ineffective"],
        sooner_than: Duration | None = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """Writes are answered with success and do nothing."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["adjusted_write"],
        step: float | None = ...,
        lowest: float | None = ...,
        highest: float | None = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """Writes are acknowledged, and what is stored is rounded or cut. `match.key` says which value, as it is stored."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["settle_delay"],
        settle: Duration = ...,
        jitter: Duration = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """A write is acknowledged and in force at once, but what it changes reads as before for a while."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["override"],
        value: object = ...,
        sentinel: Literal['ones', 'nan', 'null', 'zeros'] | None = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """A value is replaced: by another one, or by what devices send in place of one."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["hide"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """A value is not there; a register answers with exception 2."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["add"],
        member: str,
        value: object = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """Objects have one more member. `match.key` says which object; without it, the outermost."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["rescale"],
        factor: float = ...,
        offset: float = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """Numbers are in another unit: new = old x factor + offset."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["frozen_value"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """A value stands still at what it was when it was first seen."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["counter_dip"],
        by: float | None = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """A counter shows less than it should, for a moment."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["counter_reset"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """A counter begins again at zero when it is first seen."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["frozen_reply"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """Whole answers stand still: each request gets what it got the first time, pushes bring nothing new."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["reboot"],
        duration: Duration | None = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The network processor restarts by itself."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["power_cut"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The charger has no power while it lasts."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["late_boot"],
        boot: Duration = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The wallbox is off, and takes long to start: now, and after every loss of power while it lasts."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["hang"],
        handled: bool = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The network processor hangs: connections are taken, nothing is answered."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["dead"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """A service is dead until the wallbox restarts."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["clock_wrong"],
        offset: Duration,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The clock of the wallbox is wrong."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["act"],
        settings: Mapping[str, object] = ...,
        write: Mapping[str, object] = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The wallbox does something by itself: settings change, or values as if a client had written them."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["authorisation_lost"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The authorisation of the present session is gone; a card starts again."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["own_limit"],
        current: Current,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The wallbox limits the current by itself: load management, a fallback current, another user's slot."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["own_stop"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The wallbox does not let the vehicle charge, whatever it is told: suspended, blocked by somebody else."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["own_phases"],
        phases: Literal[1, 2, 3] = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The wallbox charges on fewer phases by itself, whatever it is asked for."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["phase_switch_fails"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The wallbox takes the wish for another number of phases and does not switch."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["vehicle_habit"],
        capacity: Energy = ...,
        state_of_charge: Percentage = ...,
        charge_limit: Percentage = ...,
        phases: int = ...,
        max_current: Current = ...,
        min_current: Current = ...,
        below_minimum: Literal['refuse', 'idle'] = ...,
        two_phases_below: Current = ...,
        current_gain: float = ...,
        current_offset: Current = ...,
        reactive_current: Current = ...,
        loss_power: Power = ...,
        efficiency: Percentage = ...,
        standby_power: Power = ...,
        s2_delay: Duration = ...,
        start_delay: Duration = ...,
        reaction_delay: Duration = ...,
        stop_delay: Duration = ...,
        ramp_up: ChangeOfCurrent = ...,
        ramp_down: ChangeOfCurrent = ...,
        ramp_stop: ChangeOfCurrent = ...,
        taper: Literal['linear', 'exponential', 'none'] = ...,
        taper_start: Percentage = ...,
        taper_power: Power = ...,
        end_power: Power = ...,
        burst_after: Duration | None = ...,
        burst_duration: Duration = ...,
        burst_power: Power = ...,
        sleep_after: Duration | None = ...,
        wake: Literal['pwm', 'pilot_open', 'state_f', 'api'] | Sequence[Literal['pwm', 'pilot_open', 'state_f', 'api']] = ...,
        wake_pilot_open: Duration = ...,
        wake_state_f: Duration = ...,
        wake_delay: Duration = ...,
        toggle_limit: int | None = ...,
        latch_in_ramp: bool = ...,
        sticky_single_phase: bool = ...,
        pilot_break_minimum: Duration = ...,
        phase_stagger: Duration = ...,
        phase_loss: Literal['continue', 'stop'] = ...,
        patience: Duration = ...,
        retry: Duration = ...,
        ventilation: bool = ...,
        simplified: bool = ...,
        ignores_pwm_off: bool = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The vehicle behaves in another way: the plugged one, or those that come while it lasts."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["loose_cable"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """A cable is in the socket and no vehicle at its other end."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["no_heartbeat"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The wallbox sends no EEBUS heartbeats."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["late_heartbeat"],
        delay: Duration,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The EEBUS heartbeats of the wallbox come late."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["wrong_ski"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The wallbox has another certificate than the one its EEBUS peers trust."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["approval_pending"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """Nobody approves EEBUS peers: the wallbox stays pending for ever."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["hello_aborted"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The wallbox rejects every EEBUS peer during the hello."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["heartbeat_refused"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The wallbox answers the EEBUS heartbeats of its peers with error 6; they count all the same."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["limit_refused"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The wallbox refuses every EEBUS limit."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["binding_lost"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The wallbox acknowledges EEBUS bindings and forgets them: writes are answered with error 9."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["entity_vanished"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """The EEBUS entity of the vehicle is gone although the vehicle is there."""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["trip_rcd"],
        residual_current: Current = ...,
        current_type: Literal['ac', 'dc'] = ...,
        persistent: bool = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """residual current, DC (IEC 62955) or AC (IEC 61008)"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["rcd_selftest"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """residual-current self-test fails"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["rcd_sensor_defect"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """residual-current sensor defect"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["pe_loss"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """protective earth lost"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["cp_short"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """control pilot shorted to earth (state E)"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["cp_open"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """control pilot wire cut (looks unplugged)"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["cp_state_f"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """control pilot stuck at -12 V (state F)"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["cp_resistance"],
        resistance: Resistance,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """odd resistance between control pilot and earth"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["diode_shorted"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """vehicle's pilot diode shorted"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["ventilation"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """vehicle asks for ventilation (state D)"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["contactor_welded"],
        phases: Literal['L1', 'L2', 'L3'] | Sequence[Literal['L1', 'L2', 'L3']] = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """contactor poles welded"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["contactor_fails_to_close"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """contactor does not close"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["switch_unconfigured"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """configuration switch at factory position"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["overvoltage"],
        voltage: Voltage = ...,
        phases: Literal['L1', 'L2', 'L3'] | Sequence[Literal['L1', 'L2', 'L3']] = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """grid voltage too high"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["undervoltage"],
        voltage: Voltage = ...,
        phases: Literal['L1', 'L2', 'L3'] | Sequence[Literal['L1', 'L2', 'L3']] = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """grid voltage too low"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["phase_loss"],
        phases: Literal['L1', 'L2', 'L3'] | Sequence[Literal['L1', 'L2', 'L3']] = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """supply line dead"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["frequency"],
        frequency: Frequency = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """grid frequency out of band"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["overtemp"],
        temperature: Temperature = ...,
        sensor: Literal['board', 'housing', 'connector_l1', 'connector_l2', 'connector_l3', 'domestic_pin', 'relay'] = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """sensor held at a temperature: derating or stop"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["overcurrent"],
        excess: Current = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """vehicle draws more than offered"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["lock_stuck"],
        stuck: Literal['open', 'closed'] = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """socket lock stuck"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["pp_invalid"],
        resistance: Resistance = ...,
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """proximity pilot out of range"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["meter_fault"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """energy meter silent"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["controller_link_lost"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """charge controller silent"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["backend_lost"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """backend unreachable"""
    @overload
    def fault(
        self,
        *,
        on: Wallbox,
        kind: Literal["vehicle_refuses"],
        for_: Duration | None = ...,
        **common: Unpack[_AnyFault]
    ) -> Outcome:
        """vehicle refuses to charge"""
    def clear_fault(
        self,
        argument: str | None = ...,
        /,
        *,
        charger: str = ...,
        name: str = ...,
    ) -> Outcome:
        """A fault ends. What it latched stays latched until its own recovery."""
    def clock(
        self,
        argument: Literal['realtime', 'frozen'] | float | None = ...,
        /,
        *,
        speed: Literal['realtime', 'frozen'] | float = ...,
        jump: Duration | None = ...,
    ) -> Outcome:
        """Simulated time runs at another speed, or jumps ahead. Headless, time is as fast as it can be anyway."""
    def note(
        self,
        argument: str | None = ...,
        /,
        *,
        text: str = ...,
        detail: Mapping[str, object] = ...,
    ) -> Outcome:
        """A remark for the journal."""
