"""Steps about the wallbox itself: cards, buttons, settings, reboots, and values a client would write.

The one rule: what a vendor's wallbox makes of it is its own business; a step only brings it there and records it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from ...core.messages import Outcome, Reason, RebootController
from ...core.units import Seconds
from ...devices.interfaces import Origin
from ...devices.traffic import of_write
from ...devices.wallbox import Wallbox
from ...errors import EmulatorError, did_you_mean
from ...language.arguments import Scope, Text, checked
from ...language.fields import About
from ...language.name_arguments import SOME_CHARGER, SOME_WALLBOX, WALLBOX
from ...language.nodes import Node
from ...world.names import probe
from .. import known
from ..settings import check_settings
from .base import Step

if TYPE_CHECKING:
    from ...world.site import Site

_Wallbox = Annotated[str, WALLBOX, About("which one; may be left out if there is one wallbox only")]
_SomeWallbox = Annotated[str | None, SOME_WALLBOX, About("one wallbox; default: all of the charger")]
_SomeCharger = Annotated[str | None, SOME_CHARGER, About("where, if there are several chargers")]


@dataclass(frozen=True, slots=True, kw_only=True)
class _AtTheWallbox(Step):
    """Base of what a person does at a charger: it reaches one wallbox, or every one of a charger."""

    charger: _SomeCharger = None
    wallbox: _SomeWallbox = None

    def settled(self, node: Node, scope: Scope) -> Self:
        if self.charger is None and self.wallbox is None:
            checked(node, scope, scope.names.only_charger)
        return self

    def wallboxes(self, site: Site) -> list[Wallbox]:
        """The wallboxes it reaches, in the order they were made."""
        if self.wallbox is not None:
            return [site.wallbox(self.wallbox)]
        return site.wallboxes_of(self.charger or site.names.only_charger())

    def each(self, site: Site, name: str, detail: Mapping[str, object], do: Callable[[Wallbox], Outcome]) -> Outcome:
        """Do it to every wallbox reached; the first refusal is the answer."""
        wallboxes = self.wallboxes(site)
        if not wallboxes:
            raise EmulatorError(f"{name}: there is no wallbox on this charger")
        outcomes = []
        for wallbox in wallboxes:
            with site.because_of(name, detail, wallbox):
                outcomes.append(do(wallbox))
        return next((outcome for outcome in outcomes if not outcome.ok), outcomes[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentCard(_AtTheWallbox):
    """A card is held to the reader. What the wallbox thinks of it is an answer, not a failure of the scenario."""

    short: ClassVar[str | None] = "tag"

    tag: Annotated[str, Text(lenient=True, expected="the card's id in hexadecimal, in quotes")]
    """The card's id in hexadecimal."""

    def settled(self, node: Node, scope: Scope) -> Self:
        if not self.tag.strip():
            scope.report(node.get("tag") or node, 'found a card without an id, expected one such as "04a1b2c3"')
        return super(PresentCard, self).settled(node, scope)

    def apply(self, site: Site) -> Outcome:
        outcome = self.each(site, "present_card", {"tag": self.tag}, lambda wallbox: wallbox.present_card(self.tag))
        if outcome.ok:
            return outcome
        answer = {"accepted": False, "reason": str(outcome.refused), "message": outcome.message}
        return Outcome(message=outcome.message, detail=answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class PressButton(_AtTheWallbox):
    """The button of the wallbox is pressed."""

    duration: Seconds = 0.2
    """How long it is held."""

    def apply(self, site: Site) -> Outcome:
        detail = {"duration": self.duration}
        return self.each(site, "press_button", detail, lambda wallbox: wallbox.press_button(self.duration))


@dataclass(frozen=True, slots=True, kw_only=True)
class Set(Step):
    """The owner changes settings of a wallbox, with the vendor's app or at the wallbox."""

    wallbox: _Wallbox = ""
    settings: Mapping[str, object]
    """Names and values as the vendor calls them."""

    def settled(self, node: Node, scope: Scope) -> Set:
        written = node.get("settings")
        if not self.settings:
            scope.report(written or node, 'nothing to change, expected for example "amp: 10"')
        if written is not None:
            wallbox = probe(scope.names, self.wallbox)
            if wallbox is not None:
                check_settings(written, wallbox.vendor.title, wallbox.settings.rows, scope)
        return self

    def apply(self, site: Site) -> Outcome:
        wallbox = site.wallbox(self.wallbox)
        with site.because_of("set", {"settings": dict(self.settings)}, wallbox):
            wallbox.configure(self.settings)
        return Outcome()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reboot(Step):
    """A wallbox's network processor restarts; or, for a whole charger, all of them and the charge controller."""

    short: ClassVar[str | None] = "wallbox"

    charger: _SomeCharger = None
    wallbox: Annotated[str | None, SOME_WALLBOX, About("one wallbox; default: the whole charger")] = None
    for_: Annotated[Seconds | None, About("how long its interfaces are gone; default: the wallbox's boot time")] = None

    def settled(self, node: Node, scope: Scope) -> Reboot:
        if self.charger is None and self.wallbox is None:
            checked(node, scope, scope.names.only_charger)
        return self

    def apply(self, site: Site) -> Outcome:
        if self.wallbox is not None:
            self._restart(site, site.wallbox(self.wallbox))
            return Outcome()
        charger = self.charger or site.names.only_charger()
        for wallbox in site.wallboxes_of(charger):
            self._restart(site, wallbox)
        return site.simulation.submit(charger, RebootController(owner="scenario"))

    def _restart(self, site: Site, wallbox: Wallbox) -> None:
        with site.because_of("reboot", {"for": self.for_}, wallbox):
            wallbox.reboot(self.for_)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFirmware(Step):
    """The firmware of a wallbox is replaced, and the wallbox reboots into it."""

    short: ClassVar[str | None] = "firmware"

    wallbox: _Wallbox = ""
    firmware: Annotated[str, Text(lenient=True, expected='a firmware version such as "60.5"')]
    """The new version."""

    def settled(self, node: Node, scope: Scope) -> SetFirmware:
        wallbox = probe(scope.names, self.wallbox)
        if wallbox is not None:
            place = node.get("firmware") or node
            checked(place, scope, lambda: wallbox.vendor.profile(wallbox.profile.model.id, self.firmware))
        return self

    def apply(self, site: Site) -> Outcome:
        wallbox = site.wallbox(self.wallbox)
        with site.because_of("set_firmware", {"firmware": self.firmware}, wallbox):
            wallbox.set_firmware(self.firmware)
        return Outcome()


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Step):
    """Vendor values are written as a client would, through one of the wallbox's interfaces."""

    wallbox: _Wallbox = ""
    write: Mapping[str, object]
    """Values by their vendor's names, written in this order."""
    interface: str | None = None
    """The interface they come through; default: http, or the first there is."""
    refused: bool = False
    """true: the wallbox is expected to refuse them."""

    def settled(self, node: Node, scope: Scope) -> Command:
        wallbox = probe(scope.names, self.wallbox)
        if not self.write:
            scope.report(node.get("write") or node, 'nothing to write, expected for example "amp: 10"')
        if (
            wallbox is not None
            and self.interface is not None
            and self.interface not in (*wallbox.interfaces, "websocket")
        ):
            place = node.get("interface") or node
            hint = did_you_mean(self.interface, wallbox.interfaces)
            scope.fail(place, f'{wallbox.address} has no interface "{self.interface}"{hint}')
        written = node.get("write")
        if wallbox is not None and written is not None and not self.refused:
            known.check_written(written, wallbox, scope)
        return self

    def apply(self, site: Site) -> Outcome:
        wallbox = site.wallbox(self.wallbox)
        chosen = self.interface or (
            "http" if "http" in wallbox.interfaces else next(iter(wallbox.interfaces), "scenario")
        )
        outcomes: dict[str, Outcome] = {}
        with site.because_of("command", {"write": dict(self.write), "interface": chosen}, wallbox) as cause:
            origin = Origin(interface=chosen, client="scenario", cause=cause)
            for written, value in self.write.items():
                address = _own_address(wallbox, written)
                interception = wallbox.interceptor.intercept(
                    of_write(address, chosen, wallbox.traffic.get(chosen, "http"))
                )
                interception.lost()  # a write by a step always arrives; what it meets counts all the same
                with interception.handling():
                    outcomes[address] = wallbox.write(address, value, origin)
        return self._answer(outcomes)

    def _answer(self, outcomes: Mapping[str, Outcome]) -> Outcome:
        """What was written, also where something was not: a client writes one value after the other."""
        written = [address for address, outcome in outcomes.items() if outcome.ok]
        for address, outcome in outcomes.items():
            if outcome.ok == self.refused:
                if self.refused:
                    return Outcome(refused=Reason.INVALID, message=f"{address}: accepted, expected a refusal")
                text = f"{address}: {outcome.message or outcome.refused}"
                text += f" (written: {', '.join(written)})" if written else ""
                return Outcome(refused=outcome.refused, message=text, detail={**outcome.detail, "written": written})
        return Outcome(detail={"written": list(outcomes)})


def _own_address(wallbox: Wallbox, text: str) -> str:
    """The address without the wallbox's name in front, which may be there as it is in expectations."""
    for prefix in (f"{wallbox.address}.", f"{wallbox.name}."):
        if text.startswith(prefix) and text not in wallbox.addresses():
            return text.removeprefix(prefix)
    return text
