"""WARP: the enumerations of evse/state and its neighbours."""

from __future__ import annotations

from .table import CHARGING, PLUG_IN, Enumeration, Made, Never, Value

WARP3, WARP2 = "warp3-pro-11", "warp2-pro-11"


def _enumeration(
    name: str, read: str, words: dict[Value, str], members: dict[Value, Made | Never], model: str = WARP3
) -> Enumeration:
    return Enumeration(vendor="warp", name=name, read=read, model=model, words=words, members=members)


def _fault(step: str, *more: str) -> Made:
    return Made((*CHARGING, step, *more))


ENUMERATIONS = (
    _enumeration(
        "charger_state",
        "evse/state.charger_state",
        {0: "not connected", 1: "waiting for release", 2: "ready", 3: "charging", 4: "error"},
        {
            0: Made(),
            1: _fault("command: {write: {warp.evse/stop_charging: null}}"),
            2: Made(("vehicle_refuses: {}", PLUG_IN)),
            3: Made(CHARGING),
            4: _fault("diode_shorted: {}"),
        },
    ),
    _enumeration(
        "iec61851_state",
        "evse/state.iec61851_state",
        {0: "A", 1: "B", 2: "C", 3: "D", 4: "E or F"},
        {
            0: Made(),
            1: Made(("vehicle_refuses: {}", PLUG_IN)),
            2: Made(CHARGING),
            3: Made((PLUG_IN,), car={"ventilation": True}),
            4: _fault("cp_short: {}"),
        },
    ),
    _enumeration(
        "error_state",
        "evse/state.error_state",
        {0: "ok", 1: "unused", 2: "switch", 3: "DC fault", 4: "contactor or earth", 5: "communication"},
        {
            0: Made(),
            1: Never("unused"),
            2: Made(("switch_unconfigured: {}",)),
            3: _fault("trip_rcd: {residual_current: 8 mA, current_type: dc}"),
            4: _fault("pe_loss: {}"),
            5: _fault("diode_shorted: {}"),
        },
    ),
    _enumeration(
        "dc_fault_current_state",
        "evse/state.dc_fault_current_state",
        {0: "normal", 1: "6 mA DC", 2: "system", 3: "unknown", 4: "calibration", 5: "20 mA AC", 6: "DC and AC"},
        {
            0: Made(),
            1: _fault("trip_rcd: {residual_current: 8 mA, current_type: dc}"),
            2: _fault("rcd_sensor_defect: {}"),
            3: Never("no document says when"),
            4: Made(("rcd_selftest: {}", PLUG_IN)),
            5: _fault("trip_rcd: {residual_current: 35 mA}"),
            6: Never("the contactor opens at the first of the two, and nothing leaks behind an open one"),
        },
    ),
    _enumeration(
        "lock_state",
        "evse/state.lock_state",
        {0: "init", 1: "open", 2: "closing", 3: "closed", 4: "opening", 5: "error"},
        {0: Made(), **{state: Never("chargers with a cable have no lock") for state in range(1, 6)}},
    ),
    _enumeration(
        "contactor_state (WARP2)",
        "evse/state.contactor_state",
        {0: "dead", 1: "live in front", 2: "live behind only", 3: "live on both sides"},
        {
            0: Made(("phase_loss: {phases: [L1]}",)),
            1: Made(),
            2: Never("nothing feeds the contactor from behind"),
            3: Made(CHARGING),
        },
        WARP2,
    ),
    _enumeration(
        "external_control",
        "power_manager/state.external_control",
        {0: "available", 1: "disabled", 2: "unavailable", 3: "switching"},
        {
            0: Made(),
            1: Made(model=WARP2),
            2: _fault("diode_shorted: {}"),
            3: _fault("command: {write: {warp.power_manager/external_control: {phases_wanted: 1}}}"),
        },
    ),
)  # fmt: skip
