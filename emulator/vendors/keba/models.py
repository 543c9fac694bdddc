"""The models: P20, P30 in three series, P40, and the same wallboxes under other makers' names.

The one rule: what tells models apart is in their `Traits`; nothing else asks for a model's id.
Source: product strings from captures and clients (keba-kecontact, evcc); ASSUMED where `assumed` in the traits says so:
made up after the scheme of those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from ...core.specs import EvseSpec, PhaseSwitching
from ...devices.firmware import Model

P20_FIRMWARES: Final = ("2.5a3", "3.0")
"""2.5a3 as captured in 2016; 3.0 stands for what the guide V3.00 lists. ASSUMED: its number."""
P30_FIRMWARES: Final = (
    "3.02", "3.08", "3.9.14", "3.9.17", "3.10.16", "3.10.27", "3.10.28", "3.10.42", "3.10.57", "3.10.80",
)  # fmt: skip
"""Two of before 2018, with short reports; two without Modbus, the second shows its DIP switches; with Modbus, last
without failsafe registers, with them, with phase switching, and two newer ones. ASSUMED: 3.02 to 3.08 and 3.10.80
differ from their neighbours in nothing else."""
P40_FIRMWARES: Final = ("1.1.9", "1.2.1", "1.3.0")
"""Energies in Wh, in 0.1 Wh, with phase switching."""

BUILDS: Final = {
    "2.5a3": "160613-061001",
    "3.0": "170912-091500",
    "3.02": "160722-101544",
    "3.08": "170628-082207",
    "3.9.14": "180302-093355",
    "3.9.17": "190410-094112",
    "3.10.16": "200917-070612",
    "3.10.27": "210414-120033",
    "3.10.28": "210520-115347",
    "3.10.42": "220127-084511",
    "3.10.57": "230912-101325",
    "3.10.80": "251002-115400",
}
"""Build stamps in the Firmware text. Source: a capture of 2.5a3, ckorff/wallbox for 3.10.80. ASSUMED: the others."""
UNKNOWN_BUILD: Final = "240115-120000"

EVSE: Final = EvseSpec(
    # ASSUMED: the wallbox needs twice as long to be ready to charge as its network needs, so clients see state 0.
    boot=20.0,
    # ASSUMED: state D is served (state 3), as the state table has it.
    ventilation=True,
    # ASSUMED: 10 s, pilot interrupted so that the vehicle looks at its phases again.
    phase_switching=PhaseSwitching(fitted=True, wait=10.0, pilot="open"),
)

Generation = Literal["P20", "P30", "P40"]
Series = Literal["c", "x", "de", "p40"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What tells the models apart."""

    generation: Generation
    series: Series
    product: str = ""
    """Its name in report 1."""
    code: int = 0
    """Its name as register 1016 has it."""
    meter: bool
    rfid: bool
    display: bool = False
    logger: bool = True
    """Keeps a log of sessions."""
    assumed: bool = False
    """Whether `product` is made up."""

    @property
    def rest(self) -> bool:
        """Its newer firmware has the REST API."""
        return self.series in ("x", "p40")

    @property
    def ocpp(self) -> bool:
        """It is a charge point."""
        return self.series in ("x", "p40")


def _model(
    name: str,
    title: str,
    amperes: int,
    firmwares: tuple[str, ...],
    serial: str,
    connector: str = "tethered",
    default: str | None = None,
    enable: Mapping[str, Mapping[str, object]] | None = None,
) -> Model:
    """`default`: firmware if not the newest."""
    return Model(
        id=name,
        title=title,
        firmwares=firmwares,
        default_firmware=default or firmwares[-1],
        rated_current=float(amperes),
        connector=connector,
        serial=serial,
        evse=EVSE,
        enable=enable or {},
    )


def _p20(name: str, amperes: int, product: str) -> tuple[Model, Traits]:
    model = _model(
        name, f"KEBA KeContact P20 c-series {amperes} A", amperes, P20_FIRMWARES, "15017355", default="2.5a3"
    )
    return model, Traits(
        generation="P20",
        series="c",
        product=product.ljust(31),
        meter=True,
        rfid=product.endswith("R"),
        logger=False,
        assumed=product != "KC-P20-EC240130-000",
    )


def _p30(
    name: str,
    title: str,
    amperes: int,
    product: str,
    *,
    connector: str = "tethered",
    series: Series = "c",
    metering: int = 1,
    rfid: bool = True,
    assumed: bool = False,
) -> tuple[Model, Traits]:
    code = "3" + ("1" if connector == "tethered" else "0") + {13: "1", 16: "2", 20: "3", 32: "4"}[amperes]
    code += {"x": "0", "c": "1", "de": "2"}[series] + str(metering) + str(int(rfid))
    model = _model(name, title, amperes, P30_FIRMWARES, "17619300", connector, default="3.10.57")
    return model, Traits(
        generation="P30",
        series=series,
        product=product,
        code=int(code),
        meter=metering > 0,
        rfid=rfid,
        display=series != "de",
        assumed=assumed,
    )


def _p40(
    name: str, title: str, amperes: int, *, connector: str = "tethered", metering: int = 1, rfid: bool = True
) -> tuple[Model, Traits]:
    """Product code: 4, current, connector, phases (3: switching), metering, RFID, button. Source: OpenEMS."""
    code = f"4{1 if amperes == 16 else 2}{1 if connector == 'tethered' else 2}3{metering}{int(rfid)}1"
    in_app = {"modbus": {"modbus_in_app": True}}
    model = _model(name, title, amperes, P40_FIRMWARES, "26000042", connector, enable=in_app)
    return model, Traits(generation="P40", series="p40", code=int(code), meter=metering > 0, rfid=rfid, assumed=True)


_P30: Final = "KEBA KeContact P30"

_UNITS: Final = (
    _p30("keba-p30-c-32", f"{_P30} c-series, cable, 32 A", 32, "KC-P30-EC240422-E0R"),
    _p30("keba-p30-c-32-socket", f"{_P30} c-series, socket, 32 A", 32, "KC-P30-ES240022-E0R", connector="socket"),
    _p30("keba-p30-c-16", f"{_P30} c-series, cable, 16 A", 16, "KC-P30-EC220422-E0R", assumed=True),
    _p30(
        "keba-p30-c-16-socket",
        f"{_P30} c-series, socket, 16 A",
        16,
        "KC-P30-ES220022-E0R",
        connector="socket",
        assumed=True,
    ),
    _p30("keba-p30-x-32", f"{_P30} x-series, cable, 32 A", 32, "KC-P30-EC2404B2-M0R", series="x", metering=2),
    _p30(
        "keba-p30-x-32-socket",
        f"{_P30} x-series, socket, 32 A",
        32,
        "KC-P30-ES2400B2-M0R",
        connector="socket",
        series="x",
        metering=2,
        assumed=True,
    ),
    _p30("keba-p30-x-16", f"{_P30} x-series, cable, 16 A", 16, "KC-P30-EC2204B2-E0R", series="x", assumed=True),
    _p30("keba-p30-de", f"{_P30} DE edition", 16, "KC-P30-EC220112-000-DE", series="de", metering=0, rfid=False),
    _p40("keba-p40", "KEBA KeContact P40, cable, 32 A", 32),
    _p40("keba-p40-16", "KEBA KeContact P40, cable, 16 A", 16),
    _p40("keba-p40-socket", "KEBA KeContact P40, socket, 32 A", 32, connector="socket"),
    _p40("keba-p40-pro", "KEBA KeContact P40 Pro, cable, 32 A", 32, metering=2),
    _p40("keba-p40-pro-socket", "KEBA KeContact P40 Pro, socket, 32 A", 32, connector="socket", metering=3),
    _p20("keba-p20", 32, "KC-P20-EC240130-000"),
    _p20("keba-p20-rfid", 16, "KC-P20-EC220130-00R"),
    _p30("bmw-wallbox-connect", "BMW i Wallbox Connect", 32, "BMW-10-EC2405B2-E1R", series="x"),
    _p30("bmw-wallbox-plus", "BMW i Wallbox Plus", 32, "BMW-10-EC240522-E1R"),
    _p30("bmw-wallbox-plus-socket", "BMW i Wallbox Plus, socket", 32, "BMW-10-ESS40022-E1R", connector="socket"),
    # ASSUMED: these two name themselves as KEBA's own does.
    _p30("solaredge-home-ev", "SolarEdge Home EV Charger", 32, "KC-P30-EC240422-E00", rfid=False, assumed=True),
    _p30("eaton-xchargein", "Eaton xChargeIn", 32, "KC-P30-EC2404B2-E0R", series="x", assumed=True),
)


MODELS: Final = tuple(model for model, _ in _UNITS)
TRAITS: Final = {model.id: traits for model, traits in _UNITS}
"""By model."""


def _of(generation: Generation) -> tuple[str, ...]:
    return tuple(name for name, traits in TRAITS.items() if traits.generation == generation)


P20, P30, P40 = _of("P20"), _of("P30"), _of("P40")
WITH_UDP: Final = (*P20, *P30)
WITH_COM_MODULE: Final = tuple(name for name, traits in TRAITS.items() if traits.series == "x")
"""P30 x-series."""
