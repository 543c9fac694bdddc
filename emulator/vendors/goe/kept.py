"""Readings of what the wallbox remembers and plans: cards, switches of phases, pauses, names."""

from __future__ import annotations

from .readings import Read, View
from .settings import RDE


def cards(v: View) -> object:
    return v.device.cards.shown(v.sample.total_energy)


def card_name(slot: int) -> Read:
    return lambda v: v.device.cards.name(slot)


def card_energy(slot: int) -> Read:
    return lambda v: v.device.cards.energy(slot, v.sample.total_energy)


def card_learnt(slot: int) -> Read:
    return lambda v: v.device.cards.learnt(slot)


def installer_limit(v: View) -> int:
    """`ama`"""
    return v.device.identity.installer_limit


def phases_switched_at(v: View) -> object:
    return v.stamp(v.device.logic.phases.toggled_at)


def phases_wished_since(v: View) -> object:
    return v.stamp(v.device.logic.around.surplus.wish_since)


def pause_ends_at(v: View) -> object:
    return v.stamp(v.device.logic.pause.ends_at)


def reconnects_at(v: View) -> object:
    return v.stamp(v.device.logic.around.reconnects_at)


def last_tag(v: View) -> object:
    """Tags are shown with `rde` only."""
    return v.device.cards.last_tag if v.settings[RDE] else None


def started_with(v: View) -> object:
    return v.device.cards.started_with if v.settings[RDE] else None


def firmware(v: View) -> str:
    return v.device.identity.firmware


def prefix(v: View) -> str:
    """`mtp`"""
    return v.device.broker.prefix
