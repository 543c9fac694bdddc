"""The keys of the legacy REST interface, in the order of `full_state`.

The one rule: one row per key; a whole number is printed in decimal digits, everything else is text as sent.
Source: names and values from the seed document; order, number forms and what is missing in 5.22 from two captures.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Final, Literal

from ...devices.points import Fidelity, Point
from .models import CC
from .readings import Read, View, attribute, setting

SEED: Final = "seed document (Bender documentation 5.33, legacy REST API)"
CAPTURE: Final = "seed document; full_state captured from firmware 5.22 and 5.33"
NEW_SINCE: Final = "5.33"


@dataclass(frozen=True)
class RestKey(Point):
    """One key."""

    name: str
    read: Read
    _: KW_ONLY
    kind: Literal["uint64", "string"] = "string"
    aliases: tuple[str, ...] = ()
    """Other spellings that `/rest/<KEY>` takes."""
    hidden: bool = False
    """Not part of `full_state` by default."""

    def value(self, view: View) -> object:
        """A number or a text."""
        return self.read(view)

    def text(self, view: View) -> str:
        """As sent."""
        return str(self.read(view))

    def fidelity(self) -> Fidelity:
        return Fidelity(
            table="Legacy REST keys",
            name=f"rest.{self.name}",
            type=self.kind,
            readable=True,
            settable=False,
            live=self.live,
            source=self.source,
            since=self.since,
            until=self.until,
            models=self.models,
            assumed=self.assumed,
            about=self.about,
        )


def _on(name: str) -> Read:
    return lambda v: "on" if v.settings.flag(name) else "off"


def _enabled(trait: str) -> Read:
    return lambda v: "enable" if v.box.trait(trait) else "disable"


def _monitor(monitoring: str, error: str) -> Read:
    """`disable` without a wired contact."""

    def read(v: View) -> str:
        if not v.settings.flag(monitoring):
            return "disable"
        return "triggered" if v.has_error(error) else "okay"

    return read


def _uid(v: View) -> str:
    return v.uid if v.settings.text("rest") == "with_uid" else ""


def _errors(v: View) -> str:
    if v.errors.identifiers:
        return ";;".join(v.errors.identifiers)
    return "keine_fehler" if v.settings.text("language") == "de" else "no_errors"


def _pair(name: str) -> Read:
    """mA, with the devices' blank in front."""
    return lambda v: " {:.1f}, {:.1f}".format(*getattr(v, name))


def _list(name: str, form: str) -> Read:
    return lambda v: ",".join(format(value or 0, form) for value in getattr(v, name))


def _while_active(name: str) -> Read:
    return lambda v: getattr(v, name) if v.logic.active else 0


def _or_zero(name: str) -> Read:
    return lambda v: getattr(v, name) or 0


def _row(
    name: str,
    read: Read,
    kind: Literal["uint64", "string"] = "string",
    *,
    since: str | None = None,
    assumed: str | None = None,
    live: bool = True,
    source: str = CAPTURE,
    aliases: tuple[str, ...] = (),
    hidden: bool = False,
    about: str = "",
) -> RestKey:
    return RestKey(
        name,
        read,
        kind=kind,
        source=source,
        since=since,
        assumed=assumed,
        live=live,
        models=CC,
        aliases=aliases,
        hidden=hidden,
        about=about,
    )


KEYS: Final = (
    _row("conn_state", attribute("connection"), assumed="any fault with a plug is a connector error"),
    _row("auth_state", attribute("authorisation")),
    _row("auth_uid", _uid, about="empty unless the interface is enabled with UID"),
    _row("time_since_charging_start", _while_active("session_duration"), "uint64", about="s"),
    _row("meter_wh", _or_zero("energy"), "uint64", assumed="0 without a meter", about="Wh"),
    _row("power_w", _or_zero("power"), "uint64", assumed="0 without a meter", about="W"),
    _row("voltage_v", _list("voltages", "d"), since=NEW_SINCE, assumed="first firmware", about="V"),
    _row("transaction_wh", _while_active("session_energy"), "uint64", about="Wh"),
    _row("cp_id", setting("cp_id")),
    _row("ocpp_state", attribute("status")),
    _row("type2_state", attribute("letter")),
    _row("type2_proximity", attribute("proximity"), about="A"),
    _row("sig_current", attribute("signalled"), "uint64", about="A"),
    _row("schuko_state", attribute("schuko"), assumed="powered whenever charging is allowed"),
    _row("backend_conn_state", attribute("backend")),
    _row("free_charging", _on("free_charging")),
    _row("slave_state", setting("slave_state")),
    _row("ocpp_meter_cfg", setting("ocpp_meter_cfg")),
    _row("ocpp_meter_serial", setting("ocpp_meter_serial")),
    _row("current_a", _list("currents", ".2f"), about="A"),
    _row("energy_man_current", attribute("energy_manager"), "uint64", about="A; 0: no limit, or paused"),
    _row("ambient_temp", lambda v: f"{v.now.temperature['housing']:+.2f}", assumed="sensor in the housing", about="°C"),
    _row("firmware_ver", lambda v: v.box.firmware_text),
    _row("cc_serial_n", lambda v: f"{v.box.serial}/{v.settings['board_id']}"),
    _row("manuf_serial_n", lambda v: v.box.serial, source=SEED, hidden=True),
    _row("con_cycles_schuko", setting("con_cycles_schuko"), "uint64"),
    _row(
        "con_cycles_type2",
        lambda v: v.settings.integer("con_cycles_type2") + v.now.contactor_cycles,
        "uint64",
    ),
    _row("max_current", attribute("operator"), "uint64", about="A"),
    _row("rcmb_state", lambda v: "triggered" if v.has_error("residual_current_detected") else "okay"),
    _row("rcmb_max_values", _pair("residual_peak"), aliases=("rcmb_max",), about="mA RMS, mA DC"),
    _row("rcmb_current_values", _pair("residual"), aliases=("rcmb_values",), about="mA RMS, mA DC"),
    _row("cable_attached", lambda v: "off" if v.box.socket else "on"),
    _row("schuko_cfg", _enabled("schuko")),
    _row("rcd_state", _monitor("rcd_monitoring", "rcd_triggered")),
    _row("mcb_type2_state", _monitor("mcb_type2_monitoring", "mcb_of_type_2_socket_triggered")),
    _row("mcb_schuko_state", _monitor("mcb_schuko_monitoring", "mcb_of_domestic_socket_triggered")),
    _row("cp_vendor", lambda v: v.box.trait("maker")),
    _row("errors", _errors, assumed="identifiers but the seed document's two"),
    _row("cp_model", lambda v: v.box.trait("code")),
    _row("display_text", setting("display_text")),
    _row("wlan_state", lambda v: f"wlan_{'' if v.settings.flag('wlan') else 'dis'}connected", since=NEW_SINCE),
)
