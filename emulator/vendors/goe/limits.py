"""The current limits in play: what `cll` lists, `acu` is the least of, and the charge controller is told.

The one rule: one list for all three, so that what is shown is what is offered.
Source: captured `cll` of firmware 60; go-eCharger-API-v2#188 for acu as its minimum. Names of the members for `tcl`,
`loa`, the fail-safe, under-frequency and OCPP are ASSUMED.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...core.snapshot import Snapshot
from ...core.values import value
from ...devices.settings import Settings
from .identity import Identity
from .ladder import Decision, Inputs, Mode, ModelStatus
from .settings import ADI, AMP, FSI, LA1, LA3, MCA, TCL, UFA, UFE, UFM, UFS

UNLIMITED = 32


def temperature_limit(now: Snapshot) -> int:
    """`amt`: 32 for none [A]."""
    return UNLIMITED if now.derated is None else min(UNLIMITED, int(now.derated))


def adapter_limit(settings: Settings, identity: Identity, now: Snapshot) -> int | None:
    """Of the adapter in use: `la1` on one phase, `la3` on three; None: no adapter [A]."""
    if not settings[ADI] or identity.traits.newer_platform:
        return None
    return settings[LA1] if now.phases == 1 else settings[LA3]


def below(limit: int | None, least: int) -> bool:
    """A limit leaves less than the least current."""
    return limit is not None and limit < least


def acu(limits: Mapping[str, int]) -> int:
    return min(limits.values())


def frequency_limit(settings: Settings, identity: Identity, now: Snapshot) -> int | None:
    """What is left while the grid is slow [A]; None: everything.

    From `ufa` down to `ufs` the current falls to nothing, in proportion: of what is installed (`ufm` 0) or of what is
    requested (1). ASSUMED: straight line, both readings of `ufm`.
    """
    begins, stops = settings[UFA], settings[UFS]
    if not settings[UFE] or now.frequency >= begins or begins <= stops:
        return None
    whole = identity.installed_limit
    if settings[UFM] == 1:
        whole = min(whole, settings[AMP])
    return int(whole * max(0.0, (now.frequency - stops) / (begins - stops)) + 1e-6)


@value
class Limits:
    """Per phase, None where not in play [A]."""

    requested: int
    installed: int
    cable: int | None
    temperature: int
    adapter: int | None
    temporary: int | None
    group: int | None
    """Load balancing."""
    surplus: int | None
    minimum: int | None
    """Charging although nothing wants it, at the least current."""
    failsafe: int | None
    frequency: int | None
    """Under-frequency control."""
    ocpp: int | None
    """Charging profiles of the central system."""
    cheap: bool
    """It charges because the price is low."""
    blocked: bool
    """Access control lets nothing through."""

    @classmethod
    def of(
        cls,
        settings: Settings,
        identity: Identity,
        decision: Decision,
        inputs: Inputs,
        now: Snapshot,
        *,
        surplus: Callable[[], int],
        failsafe: bool,
        group: int | None,
        ocpp: int | None,
    ) -> Limits:
        """`surplus`: what the surplus logic would charge with; `group`: what load balancing grants [A]."""
        regulated = decision.inner is ModelStatus.PV_SURPLUS and inputs.mode is not Mode.BASIC
        least = decision.inner in (ModelStatus.PAUSE_NOT_ALLOWED, ModelStatus.KEEP_ALIVE)
        return cls(
            requested=settings[AMP],
            installed=identity.installed_limit,
            cable=int(now.cable_rating) if now.cable_rating else None,
            temperature=temperature_limit(now),
            adapter=adapter_limit(settings, identity, now),
            temporary=settings[TCL],
            group=group,
            surplus=surplus() if regulated else None,
            minimum=settings[MCA] if least else None,
            failsafe=settings[FSI] if failsafe else None,
            frequency=frequency_limit(settings, identity, now),
            ocpp=ocpp if ocpp is not None and ocpp < UNLIMITED else None,
            cheap=decision.inner is ModelStatus.PRICE_LOW,
            blocked=inputs.locked_out,
        )

    @property
    def tariff(self) -> int | None:
        """What a low price allows. ASSUMED: what everything else leaves, as in the one capture of it (56.9)."""
        if not self.cheap:
            return None
        others = (
            self.requested,
            self.installed,
            self.cable,
            self.temperature,
            self.adapter,
            self.temporary,
            self.group,
        )
        return min(limit for limit in others if limit is not None)

    def shown(self) -> Mapping[str, int]:
        """`cll`, by name."""
        members = {
            "accessControl": 0 if self.blocked else None,
            "adapterCurrentLimit": self.adapter,
            "awattar": self.tariff,
            "cableCurrentLimit": self.cable,
            "currentLimitMax": self.installed,
            "failsafeLimit": self.failsafe,
            "loadLimit": self.group,
            "minChargingCurrent": self.minimum,
            "ocppLimit": self.ocpp,
            "pvSurplus": self.surplus,
            "requestedCurrent": self.requested,
            "temperatureCurrentLimit": self.temperature,
            "temporaryCurrentLimit": self.temporary,
            "underFrequencyLimit": self.frequency,
            "unsymetryCurrentLimit": UNLIMITED,
        }
        return {name: value for name, value in members.items() if value is not None}

    def commanded(self) -> Mapping[str, int | None]:
        """What the charge controller does not know by itself, by the key it comes from."""
        return {
            "amp": self.requested,
            "ama": self.installed,
            "adi": self.adapter,
            "tcl": self.temporary,
            "loa": self.group,
            "fup": self.surplus,
            "mca": self.minimum,
            "fsi": self.failsafe,
            "ufe": self.frequency,
            "ocpp": self.ocpp,
        }
