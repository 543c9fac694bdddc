"""go-e: the enumerations of API v1, on a box that has nothing newer."""

from __future__ import annotations

from .table import CHARGING, PLUG_IN, Enumeration, Made, Never, Value

HELD = "command: {write: {goe.v1.alw: '0'}}"


def _enumeration(key: str, words: dict[Value, str], members: dict[Value, Made | Never]) -> Enumeration:
    return Enumeration(
        vendor="goe", name=f"{key} (API v1)", read=f"v1.{key}", model="v2-22", words=words, members=members
    )


def _fault(step: str) -> Made:
    return Made((*CHARGING, step))


def _each(key: str, words: dict[Value, str]) -> Enumeration:
    """A stored enumeration: what a client writes is read back."""
    return _enumeration(
        key,
        words,
        {value: Made((f"command: {{write: {{goe.v1.{key}: '{value}'}}}}",), shows=str(value)) for value in words},
    )


def _shown(members: dict[Value, Made]) -> dict[Value, Made | Never]:
    """Numbers are texts there."""
    return {
        value: Made(
            made.steps, made.settings, firmware=made.firmware, car=made.car, hardware=made.hardware, shows=str(value)
        )
        for value, made in members.items()
    }


ENUMERATIONS = (
    _enumeration(
        "car",
        {
            1: "ready, no vehicle", 2: "vehicle charges", 3: "waiting for the vehicle",
            4: "charged, vehicle still connected",
        },
        _shown({1: Made(), 2: Made(CHARGING), 3: Made((HELD, PLUG_IN)), 4: _fault(HELD)}),
    ),
    _enumeration(
        "err",
        {0: "none", 1: "residual current", 3: "phase", 8: "no earth", 10: "internal, or anything else"},
        _shown({
            0: Made(),
            1: _fault("trip_rcd: {residual_current: 35 mA}"),
            3: _fault("phase_loss: {phases: [L2]}"),
            8: _fault("pe_loss: {}"),
            10: _fault("diode_shorted: {}"),
        }),
    ),
    _enumeration(
        "cbl",
        {0: "no cable", 13: "13 A", 20: "20 A", 32: "32 A"},
        _shown({
            0: Made(),
            **{
                rating: Made((PLUG_IN,), hardware={"cable": f"{rating} A"}) for rating in (13, 20, 32)
            },
        }),
    ),
    _enumeration(
        "pha",
        {0: "nothing", 56: "all lines in front of the contactor", 63: "and behind it", 8: "L1 alone in front"},
        _shown({
            0: _fault("controller_link_lost: {}"),
            56: Made(),
            63: Made(CHARGING),
            8: Made(hardware={"supply": {"phases": 1}}),
        }),
    ),
    _each("ast", {0: "open", 1: "card or app", 2: "prices"}),
    _each("stp", {0: "off", 2: "after `dwo`"}),
    _each("ust", {0: "while a vehicle is there", 1: "while it charges", 2: "always"}),
    _enumeration(
        "adi",
        {0: "no adapter", 1: "16 A adapter"},
        _shown({0: Made(), 1: Made(settings={"adi": True})}),
    ),
    _each("azo", {0: "Austria", 1: "Germany"}),
    _each("tds", {0: "none", 1: "European", 2: "of the USA"}),
    _enumeration(
        "wst",
        {3: "connected", 0: "not connected"},
        {3: Made(shows="3"), 0: Never("the wallbox is always connected here")},
    ),
    _enumeration(
        "r1x",
        {2: "end-to-end encryption", 3: "and API v1 over HTTP"},
        _shown({2: Made(), 3: Made(settings={"hla": True})}),
    ),
)  # fmt: skip
