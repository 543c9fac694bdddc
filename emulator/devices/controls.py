"""Controls: what a client may set, each in one row.

The one rule: where it is stored, which values are taken, what is refused when, and what follows is said here and only
here; a register or key of any protocol writes by its control.

    CURRENT = Control(setting=Setting(name="current_set", default=32.0, check=number(6, 32)))
    Register("current_set", 194, U16, scale=10, read=lambda v: v.settings[CURRENT.setting], write=CURRENT.write)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from ..core.messages import DONE, Outcome, Reason
from .interfaces import Origin
from .registers import Recorder
from .settings import Setting, Settings

T = TypeVar("T")


class Host(Recorder, Protocol):
    """What every wallbox offers to whoever writes: a record of it, and word to the interfaces that push."""

    def changed(self) -> None: ...


class Controlled(Host, Protocol):
    """What controls act on: a wallbox, or a part of one."""

    @property
    def settings(self) -> Settings: ...


C = TypeVar("C", bound=Controlled)


@dataclass(frozen=True, kw_only=True)
class Control(Generic[C, T]):
    """One thing that clients may set."""

    setting: Setting[T]
    """Where it is stored; its check is what is taken from clients as well."""
    refusals: tuple[Callable[[C, T], Outcome | None], ...] = ()
    """Why a value that passes the check is not taken now; the first that gives an outcome."""
    invalid: Callable[[C, str], Outcome] | None = None
    """The refusal of a value that fails the check, by the check's message; None: out of range, with that message."""
    stored: Callable[[T], T] | None = None
    """Of the value that was taken, what is stored (rounding)."""
    effect: Callable[[C, T, T], None] | None = None
    """What follows: (old, new), after it was stored."""

    def accept(self, target: C, value: object) -> T | Outcome:
        """The value to store; or the refusal."""
        try:
            taken = self.setting.check(value)
        except ValueError as error:
            if self.invalid is not None:
                return self.invalid(target, str(error))
            return Outcome(refused=Reason.OUT_OF_RANGE, message=str(error))
        for refusal in self.refusals:
            outcome = refusal(target, taken)
            if outcome is not None:
                return outcome
        return taken if self.stored is None else self.stored(taken)

    def put(self, target: C, value: T) -> None:
        """Store an accepted value."""
        old = target.settings[self.setting]
        target.settings.put(self.setting, value)
        if self.effect is not None:
            self.effect(target, old, value)

    def write(self, target: C, value: object, _: Origin) -> Outcome:
        """Take a value or refuse it. Recording it is up to the caller, as for every `Register.write`."""
        taken = self.accept(target, value)
        if isinstance(taken, Outcome):
            return taken
        self.put(target, taken)
        target.changed()
        return DONE
