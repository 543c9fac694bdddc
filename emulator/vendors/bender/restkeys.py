"""The keys of the legacy REST interface, in the order of `full_state`.

The one rule: one row per key; a whole number is printed in decimal digits, everything else is text as sent.
Source: names and values from the seed document; order, number forms and what is missing in 5.22 from two captures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass
from typing import Final, Literal, Unpack

from ...devices.points import Facts, Fidelity, Point
from ...devices.settings import Setting
from .models import CC
from .readings import Read, View, stored
from .settings import (
    BOARD_ID,
    CP_ID,
    DISPLAY_TEXT,
    FREE_CHARGING,
    LANGUAGE,
    MCB_SCHUKO_MONITORING,
    MCB_TYPE2_MONITORING,
    METER,
    METER_SERIAL,
    RCD_MONITORING,
    REST,
    SCHUKO_CYCLES,
    TYPE2_CYCLES,
    WLAN,
)

SEED: Final = "seed document (Bender documentation 5.33, legacy REST API)"
CAPTURE: Final = "seed document; full_state captured from firmware 5.22 and 5.33"
NEW_SINCE: Final = "5.33"


@dataclass(frozen=True)
class RestKey(Point):
    """One key."""

    read: Read
    _: KW_ONLY
    kind: Literal["uint64", "string"] = "string"
    aliases: tuple[str, ...] = ()
    """Other spellings that `/rest/<KEY>` takes."""
    hidden: bool = False
    """Not part of `full_state` by default."""

    def text(self, view: View) -> str:
        """As sent."""
        return str(self.read(view))

    def fidelity(self) -> Fidelity:
        return self.documented("Legacy REST keys", self.kind, settable=False, name=f"rest.{self.name}")


def _word(yes: str, no: str, read: Callable[[View], bool]) -> Read:
    return lambda v: yes if read(v) else no


def _monitor(monitoring: Setting[bool], error: str) -> Read:
    """`disable` without a wired contact."""

    def read(v: View) -> str:
        if not v.settings[monitoring]:
            return "disable"
        return "triggered" if v.has_error(error) else "okay"

    return read


def _errors(v: View) -> str:
    if v.errors.identifiers:
        return ";;".join(v.errors.identifiers)
    return "keine_fehler" if v.settings[LANGUAGE] == "de" else "no_errors"


def _pair(values: tuple[float, float]) -> str:
    """RMS and DC [mA], with the devices' blank in front."""
    return " {:.1f}, {:.1f}".format(*values)


def _list(values: Iterable[float | None], form: str) -> str:
    return ",".join(format(value or 0, form) for value in values)


def _row(
    name: str,
    read: Read,
    kind: Literal["uint64", "string"] = "string",
    *,
    source: str = CAPTURE,
    aliases: tuple[str, ...] = (),
    hidden: bool = False,
    **facts: Unpack[Facts],
) -> RestKey:
    facts["models"] = CC
    return RestKey(name, read, kind=kind, aliases=aliases, hidden=hidden, source=source, **facts)


KEYS: Final = (
    _row("conn_state", lambda v: v.connection, assumed="any fault with a plug is a connector error"),
    _row("auth_state", lambda v: v.authorisation),
    _row("auth_uid", lambda v: v.uid if v.settings[REST] == "with_uid" else "",
        about="empty unless the interface is enabled with UID"),
    _row("time_since_charging_start", lambda v: v.session_duration if v.counts else 0, "uint64",
        about="s"),
    _row("meter_wh", lambda v: v.energy or 0, "uint64", assumed="0 without a meter", about="Wh"),
    _row("power_w", lambda v: v.power or 0, "uint64", assumed="0 without a meter", about="W"),
    _row("voltage_v", lambda v: _list(v.voltages, "d"), since=NEW_SINCE, assumed="first firmware", about="V"),
    _row("transaction_wh", lambda v: v.session_energy if v.counts else 0, "uint64", about="Wh"),
    _row("cp_id", stored(CP_ID)),
    _row("ocpp_state", lambda v: v.status),
    _row("type2_state", lambda v: v.letter),
    _row("type2_proximity", lambda v: v.proximity, about="A"),
    _row("sig_current", lambda v: v.signalled, "uint64", about="A"),
    _row("schuko_state", lambda v: v.schuko, assumed="powered whenever charging is allowed"),
    _row("backend_conn_state", lambda v: v.backend),
    _row("free_charging", _word("on", "off", lambda v: v.settings[FREE_CHARGING])),
    _row("slave_state", lambda v: v.second),
    _row("ocpp_meter_cfg", stored(METER)),
    _row("ocpp_meter_serial", stored(METER_SERIAL)),
    _row("current_a", lambda v: _list(v.currents, ".2f"), about="A"),
    _row("energy_man_current", lambda v: v.energy_manager, "uint64", about="A; 0: no limit, or paused"),
    _row("ambient_temp", lambda v: f"{v.now.temperature['housing']:+.2f}", assumed="sensor in the housing", about="°C"),
    _row("firmware_ver", lambda v: v.build.firmware),
    _row("cc_serial_n", lambda v: f"{v.build.serial}/{v.settings[BOARD_ID]}"),
    _row("manuf_serial_n", lambda v: v.build.serial, source=SEED, hidden=True),
    _row("con_cycles_schuko", stored(SCHUKO_CYCLES), "uint64"),
    _row("con_cycles_type2", lambda v: v.settings[TYPE2_CYCLES] + v.now.contactor_cycles, "uint64"),
    _row("max_current", lambda v: v.operator, "uint64", about="A"),
    _row("rcmb_state", _word("triggered", "okay", lambda v: v.has_error("residual_current_detected"))),
    _row("rcmb_max_values", lambda v: _pair(v.residual_peak), aliases=("rcmb_max",), about="mA RMS, mA DC"),
    _row("rcmb_current_values", lambda v: _pair(v.residual), aliases=("rcmb_values",), about="mA RMS, mA DC"),
    _row("cable_attached", _word("off", "on", lambda v: v.build.socket)),
    _row("schuko_cfg", _word("enable", "disable", lambda v: v.build.traits.schuko)),
    _row("rcd_state", _monitor(RCD_MONITORING, "rcd_triggered")),
    _row("mcb_type2_state", _monitor(MCB_TYPE2_MONITORING, "mcb_of_type_2_socket_triggered")),
    _row("mcb_schuko_state", _monitor(MCB_SCHUKO_MONITORING, "mcb_of_domestic_socket_triggered")),
    _row("cp_vendor", lambda v: v.build.traits.maker),
    _row("errors", _errors, assumed="identifiers but the seed document's two"),
    _row("cp_model", lambda v: v.build.traits.code),
    _row("display_text", stored(DISPLAY_TEXT)),
    _row("wlan_state", _word("wlan_connected", "wlan_disconnected", lambda v: v.settings[WLAN]), since=NEW_SINCE),
)  # fmt: skip
