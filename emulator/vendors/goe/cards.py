"""RFID cards: ten slots with name, energy and tag, and the transaction that books on one of them.

The one rule: the slots are settings (`c0n`, `c0e`, `c0i`, ...); here is only what happens with them.
Source: go-e apikeys, "cards", "trx", "lri", "lrc", "lrr", "lrn", "del"; go-eCharger-API-v2#116, #117.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...core.instant import Instant
from ...core.messages import DONE, Outcome, Reason
from ...devices.settings import Settings
from .features import UNNAMED_CARDS
from .identity import Identity
from .settings import BOOKING, CARD_ENERGIES, CARD_NAMES, CARD_TAGS, SLOTS, TRX, CardEntry


def normal(tag: str) -> str:
    """A tag's id as the reader shows it: hexadecimal digits in lower case, nothing between."""
    return tag.replace(":", "").replace(" ", "").lower()


class Cards:
    """The reader and the slots of one wallbox."""

    def __init__(self, settings: Settings, identity: Identity, total_energy: Callable[[], float]) -> None:
        """`total_energy`: what the meter shows now [Wh]."""
        self._settings = settings
        self._identity = identity
        self._total_energy = total_energy
        self.last_tag: str | None = None
        self.last_slot: int | None = None
        self.last_read: Instant | None = None
        self.started_with: str | None = None
        """The tag that started the transaction (`tsi`)."""
        self._shown: list[Mapping[str, object]] | None = None

    def restart(self) -> None:
        """Memory lost."""
        self._shown = None
        self.last_tag = self.last_slot = self.last_read = self.started_with = None

    # --- slots -------------------------------------------------------------------------------------------------------

    def tag(self, slot: int) -> str:
        return self._settings[CARD_TAGS[slot]]

    def learnt(self, slot: int) -> bool:
        return bool(self.tag(slot))

    def name(self, slot: int) -> str:
        name = self._settings[CARD_NAMES[slot]]
        if name is not None:
            return name
        return "n/a" if self._identity.has(UNNAMED_CARDS) else f"User {slot + 1}"

    def energy(self, slot: int, total: float) -> int:
        """Energy booked on a slot, the running transaction included; `total`: the meter's [Wh]."""
        booked, running = self._settings[CARD_ENERGIES[slot]], self._settings[BOOKING]
        return int(booked + max(0.0, total - running[1]) if running is not None and running[0] == slot else booked)

    def shown(self, total: float) -> list[Mapping[str, object]]:
        """`cards`"""
        if self._shown is None or self._settings[BOOKING] is not None:
            self._shown = [
                {"name": self.name(slot), "energy": self.energy(slot, total), "cardId": self.learnt(slot)}
                for slot in range(SLOTS)
            ]
        return self._shown

    def changed(self) -> None:
        """A slot's setting has a new value."""
        self._shown = None

    def write(self, slot: int, entry: CardEntry) -> None:
        if "name" in entry:
            self._settings.put(CARD_NAMES[slot], entry["name"])
        if "energy" in entry:
            self._settings.put(CARD_ENERGIES[slot], float(entry["energy"]))
        if "rfid" in entry:
            self._settings.put(CARD_TAGS[slot], normal(entry["rfid"]))

    def clear(self, slot: int) -> None:
        self._settings.put(CARD_NAMES[slot], CARD_NAMES[slot].default)
        self._settings.put(CARD_ENERGIES[slot], CARD_ENERGIES[slot].default)
        self._settings.put(CARD_TAGS[slot], CARD_TAGS[slot].default)

    def learn(self, slot: int) -> None:
        """The tag read last goes into `slot`; without one nothing happens (ASSUMED)."""
        if self.last_tag is not None:
            self.write(slot, {"rfid": self.last_tag})

    # --- the reader --------------------------------------------------------------------------------------------------

    def present(self, tag: str, at: Instant) -> Outcome:
        """A card is held to the reader. ASSUMED: a known one starts a transaction and does not end one."""
        tag = normal(tag)
        known = [slot for slot in range(SLOTS) if tag and normal(self.tag(slot)) == tag]
        self.last_tag, self.last_read = tag, at
        self.last_slot = known[0] if known else None
        if not known:
            return Outcome(refused=Reason.UNAUTHORISED, message="the card is in none of the slots")
        if self._settings[TRX] is None:
            self.started_with = tag
            self._settings.put(TRX, known[0] + 1)
        return DONE

    # --- booking -----------------------------------------------------------------------------------------------------

    def transaction_changed(self) -> None:
        """`trx` has a new value, or a start has forgotten it: energy from here on belongs to its card."""
        total, running = self._total_energy(), self._settings[BOOKING]
        if running is not None:
            energy = CARD_ENERGIES[int(running[0])]
            booked = self._settings[energy] + max(0.0, total - running[1])
            self._settings.put(BOOKING, None)
            self._settings.put(energy, booked)
        transaction = self._settings[TRX]
        if transaction is None:
            self.started_with = None
        elif transaction > 0:
            self._settings.put(BOOKING, [transaction - 1, total])
