"""The meters a controller can be set up with, and what each can tell.

The one rule: what a meter cannot tell is "no value" on Modbus and zero in the REST interface, never an estimate.
Source: list of the seed document, one more from a capture; totals in the first phase's register: MENNEKES' document.
"""

from __future__ import annotations

from typing import Final, Literal

Tells = Literal["nothing", "totals", "no_phase_power", "phases"]
"""No meter; energy and power only; currents and voltages but one power for all; everything but energy per phase."""

NO_METER: Final = "no_meter"
DEFAULT: Final = "modbus_meter_eastron_sdm630"

_SERIAL: Final = "ehz_meter_rs232 s0_meter_opto_1 s0_meter_opto_2 s0_meter_dedicated_input ehz_meter_usb"
_OTHERS: Final = """
internal_meter modbus_meter_abb modbus_meter_eastron_sdm630 modbus_meter_eastron_sdm120_220 modbus_meter_garo_gnm3d
modbus_meter_garo_gnm1d modbus_meter_garo_gm3t modbus_meter_garo_EM270 modbus_meter_finder modbus_meter_saia_ale3
modbus_meter_inepro_pro1_2 modbus_meter_inepro_pro380 modbus_meter_optec modbus_meter_nzr modbus_meter_tq_em300lr
modbus_meter_carlo_gavazzi_em200 modbus_meter_carlo_gavazzi_em340 modbus_meter_garo_gnm3t modbus_meter_ime_ce4dmid31
modbus_meter_siemens7kt1666 modbus_meter_tq_em300lr_tcp modbus_meter_siemens7km2200_tcp modbus_meter_hager_ecr380d
modbus_meter_garo_gnm3td modbus_meter_carlo_gavazzi_em210 modbus_meter_phoenixcontact_eem_mb371_tcp
modbus_meter_schneider_iem3555 modbus_meter_ecs_m3pro modbus_meter_janitza_umg_512_pro
modbus_meter_janitza_umg_512_pro_tcp modbus_meter_janitza_umg_605_pro modbus_meter_janitza_umg_605_pro_tcp
modbus_meter_dzg_dvh4013 modbus_meter_eastron_sdm72d modbus_meter_iskra_wm3m6 modbus_meter_tq_em410420
modbus_meter_tq_em410420_tcp modbus_berg_bme_461 modbus_berg_b23 modbus_meter_phoenixcontact_eem_em357
modbus_meter_nzr_ecocount_q4 modbus_meter_nzr_ecocount_s85_or_sl85 modbus_meter_abb_ev3 dc_dzg_gsh01
modbus_meter_ytl_dts353f internal_ac_meter internal_dc_meter modbus_eichrecht
"""

METERS: Final[dict[str, Tells]] = {
    NO_METER: "nothing",
    **dict.fromkeys(_SERIAL.split(), "totals"),  # ASSUMED: pulses and eHZ telegrams
    "modbus_meter_gossen_metrawatt_em2289": "no_phase_power",
    **dict.fromkeys(_OTHERS.split(), "phases"),
}
"""By the word in `ocpp_meter_cfg`. The set is open: other words are taken for meters that tell everything."""


def tells(name: str) -> Tells:
    return METERS.get(name, "phases")
