"""Steps about the box itself: cards, buttons, settings, reboots, and values a client would write.

The one rule: what a vendor's box makes of it is the wallbox's business; a step only brings it there and records it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

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
from ..settings import check_settings
from .base import Step

if TYPE_CHECKING:
    from ...world.site import Site

_Wallbox = Annotated[str, WALLBOX, About("which one; may be left out if there is one wallbox only")]
_SomeWallbox = Annotated[str | None, SOME_WALLBOX, About("one wallbox; default: all of the charger")]
_SomeCharger = Annotated[str | None, SOME_CHARGER, About("where, if there are several chargers")]


@dataclass(frozen=True, slots=True, kw_only=True)
class _AtTheBox(Step):
    """Base of what a person does at a charger: it reaches one wallbox, or every one of a charger."""

    charger: _SomeCharger = None
    wallbox: _SomeWallbox = None

    def settled(self, node: Node, scope: Scope) -> _AtTheBox:
        if self.charger is None and self.wallbox is None:
            checked(node, scope, scope.names.only_charger)
        return self

    def boxes(self, site: Site) -> list[Wallbox]:
        """The wallboxes it reaches, in the order they were made."""
        if self.wallbox is not None:
            return [site.wallboxes[self.wallbox]]
        return site.wallboxes_of(self.charger or site.names.only_charger())

    def each(self, site: Site, name: str, detail: Mapping[str, object], do: Callable[[Wallbox], Outcome]) -> Outcome:
        """Do it to every wallbox reached; the first refusal is the answer."""
        boxes = self.boxes(site)
        if not boxes:
            raise EmulatorError(f"{name}: there is no wallbox on this charger")
        outcomes = []
        for box in boxes:
            with site.because_of(name, detail, box):
                outcomes.append(do(box))
        return next((outcome for outcome in outcomes if not outcome.ok), outcomes[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentCard(_AtTheBox):
    """A card is held to the reader. What the box thinks of it is an answer, not a failure of the scenario."""

    short: ClassVar[str | None] = "tag"

    tag: Annotated[str, Text(lenient=True, expected="the card's id in hexadecimal, in quotes")]
    """The card's id in hexadecimal."""

    def apply(self, site: Site) -> Outcome:
        outcome = self.each(site, "present_card", {"tag": self.tag}, lambda box: box.present_card(self.tag))
        if outcome.ok:
            return outcome
        answer = {"accepted": False, "reason": str(outcome.refused), "message": outcome.message}
        return Outcome(message=outcome.message, detail=answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class PressButton(_AtTheBox):
    """The button of the box is pressed."""

    duration: Seconds = 0.2
    """How long it is held."""

    def apply(self, site: Site) -> Outcome:
        detail = {"duration": self.duration}
        return self.each(site, "press_button", detail, lambda box: box.press_button(self.duration))


@dataclass(frozen=True, slots=True, kw_only=True)
class Set(Step):
    """The owner changes settings of a wallbox, with the vendor's app or at the box."""

    wallbox: _Wallbox = ""
    settings: Mapping[str, object]
    """Names and values as the vendor calls them."""

    def settled(self, node: Node, scope: Scope) -> Set:
        written = node.get("settings")
        if written is not None:
            box = probe(scope.names, self.wallbox)
            if box is not None:
                check_settings(written, box.vendor.title, box.settings.rows, scope)
        return self

    def apply(self, site: Site) -> Outcome:
        box = site.wallboxes[self.wallbox]
        with site.because_of("set", {"settings": dict(self.settings)}, box):
            box.configure(self.settings)
        return Outcome()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reboot(Step):
    """A wallbox's network processor restarts; or, for a whole charger, all of them and the charge controller."""

    short: ClassVar[str | None] = "wallbox"

    charger: _SomeCharger = None
    wallbox: Annotated[str | None, SOME_WALLBOX, About("one wallbox; default: the whole charger")] = None
    for_: Annotated[Seconds | None, About("how long its interfaces are gone; default: the box's boot time")] = None

    def settled(self, node: Node, scope: Scope) -> Reboot:
        if self.charger is None and self.wallbox is None:
            checked(node, scope, scope.names.only_charger)
        return self

    def apply(self, site: Site) -> Outcome:
        if self.wallbox is not None:
            self._restart(site, site.wallboxes[self.wallbox])
            return Outcome()
        charger = self.charger or site.names.only_charger()
        for box in site.wallboxes_of(charger):
            self._restart(site, box)
        return site.simulation.submit(charger, RebootController(owner="scenario"))

    def _restart(self, site: Site, box: Wallbox) -> None:
        with site.because_of("reboot", {"for": self.for_}, box):
            box.reboot(self.for_)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFirmware(Step):
    """The firmware of a wallbox is replaced, and the box reboots into it."""

    short: ClassVar[str | None] = "firmware"

    wallbox: _Wallbox = ""
    firmware: Annotated[str, Text(lenient=True, expected='a firmware version such as "60.5"')]
    """The new version."""

    def settled(self, node: Node, scope: Scope) -> SetFirmware:
        box = probe(scope.names, self.wallbox)
        if box is not None:
            place = node.get("firmware") or node
            checked(place, scope, lambda: box.vendor.profile(box.profile.model.id, self.firmware))
        return self

    def apply(self, site: Site) -> Outcome:
        box = site.wallboxes[self.wallbox]
        with site.because_of("set_firmware", {"firmware": self.firmware}, box):
            box.set_firmware(self.firmware)
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
    """true: the box is expected to refuse them."""

    def settled(self, node: Node, scope: Scope) -> Command:
        box = probe(scope.names, self.wallbox)
        if box is not None and self.interface is not None and self.interface not in (*box.interfaces, "websocket"):
            place = node.get("interface") or node
            hint = did_you_mean(self.interface, box.interfaces)
            scope.fail(place, f'{box.address} has no interface "{self.interface}"{hint}')
        return self

    def apply(self, site: Site) -> Outcome:
        box = site.wallboxes[self.wallbox]
        chosen = self.interface or ("http" if "http" in box.interfaces else next(iter(box.interfaces), "scenario"))
        outcomes: dict[str, Outcome] = {}
        with site.because_of("command", {"write": dict(self.write), "interface": chosen}, box) as cause:
            origin = Origin(interface=chosen, client="scenario", cause=cause)
            for written, value in self.write.items():
                address = _own_address(box, written)
                interception = box.interceptor.intercept(of_write(address, chosen, box.traffic.get(chosen, "http")))
                interception.lost()  # a write by a step always arrives; what it meets counts all the same
                with interception.handling():
                    outcomes[address] = box.write(address, value, origin)
        return self._answer(outcomes)

    def _answer(self, outcomes: Mapping[str, Outcome]) -> Outcome:
        for address, outcome in outcomes.items():
            if outcome.ok == self.refused:
                if self.refused:
                    return Outcome(refused=Reason.INVALID, message=f"{address}: accepted, expected a refusal")
                text = f"{address}: {outcome.message or outcome.refused}"
                return Outcome(refused=outcome.refused, message=text, detail=outcome.detail)
        return Outcome(detail={"written": list(outcomes)})


def _own_address(box: Wallbox, text: str) -> str:
    """The address without the wallbox's name in front, which may be there as it is in expectations."""
    for prefix in (f"{box.address}.", f"{box.name}."):
        if text.startswith(prefix) and text not in box.addresses():
            return text.removeprefix(prefix)
    return text
