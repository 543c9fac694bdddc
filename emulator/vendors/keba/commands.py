"""The UDP commands: what each takes, does and answers.

The one rule: `TCH-OK :done` confirms that a command was understood, not that it had an effect; what is out of range or
comes at the wrong time is confirmed and ignored.
Source: UDP guides of P30 (V2.01) and P20 (V3.00); keba-kecontact and ioBroker.kecontact for `x2src`, `x2`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ...core.messages import DONE, Outcome, Reason
from ...devices.controls import Control
from ...devices.firmware import Profile
from ...devices.interfaces import Origin
from ...devices.points import Fidelity, Point
from ...language.digits import is_index
from . import controls
from .cards import NOT_NOW
from .logic import OUT_OF_RANGE, Logic, is_current
from .models import P30, WITH_UDP, Traits
from .quirks import CURR_SETS_OUTPUT
from .sessions import DEFAULT_CLASS
from .settings import LOWEST, OUTPUT, tag

GUIDE: Final = "P30 UDP guide V2.01"
CLIENTS: Final = "keba-kecontact, ioBroker.kecontact"
OK: Final = "TCH-OK :done\n"
SILENT: Final = ""
DEFAULT_LONGEST: Final = 10
"""How long a text is shown at most unless the command says otherwise [s]."""
LONGEST_TEXT: Final = 23


class MalformedError(Exception):
    """The command cannot be understood."""


def rejected(why: str) -> str:
    """ASSUMED: the text behind `TCH-ERR`; nobody has published one."""
    return f"TCH-ERR :{why}\n"


def number(text: str) -> int:
    """A whole number. Source: Home Assistant sends `10000.0` and `False`, which wallboxes have obeyed for years."""
    if text in ("True", "False"):
        return int(text == "True")
    whole, _, fraction = text.partition(".")
    digits = whole.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 12 or fraction.strip("0"):
        raise MalformedError("invalid number")
    return int(whole)


def at_most(words: list[str], count: int) -> list[str]:
    if len(words) > count:
        raise MalformedError("wrong number of parameters")
    return words


def numbers(words: list[str], count: int) -> list[int]:
    if len(words) != count:
        raise MalformedError("wrong number of parameters")
    return [number(word) for word in words]


Run = Callable[[Logic, list[str], Origin], Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Point):
    """One command. `run` gets its words; MalformedError if they cannot be understood."""

    run: Run
    parameters: str = ""
    needs: Callable[[Traits], bool] = lambda _: True
    """Where it is False, the command has no effect."""
    silent: Callable[[list[str]], bool] = lambda _: False
    """Not answered at all."""


def _set(control: Control[Logic, int]) -> Run:
    return lambda logic, words, origin: control.write(logic, numbers(words, 1)[0], origin)


def _enable(logic: Logic, words: list[str], origin: Origin) -> Outcome:
    """ASSUMED: other numbers than 0 and 1 are ignored by a P30; a P20 takes them for 0."""
    (value,) = numbers(words, 1)
    if value not in (0, 1) and not logic.build.p20:
        return OUT_OF_RANGE
    return controls.ENABLE.write(logic, value == 1, origin)


def _current(logic: Logic, words: list[str], origin: Origin) -> Outcome:
    """Source: a P20 stores 6000 for what is invalid."""
    (value,) = numbers(words, 1)
    if not is_current(value) and logic.build.p20:
        value = LOWEST
    outcome = controls.CURRENT.write(logic, value, origin)
    if outcome.ok and logic.shows(CURR_SETS_OUTPUT):
        logic.settings.put(OUTPUT, 1)
        controls.UDP_PHASES.write(logic, 1, origin)
    return outcome


def _current_later(logic: Logic, words: list[str], _: Origin) -> Outcome:
    current, delay = numbers(words, 2)
    return logic.set_current_later(current, delay)


def _failsafe(logic: Logic, words: list[str], _: Origin) -> Outcome:
    """Timeout, current, save. ASSUMED: one bad value and all are ignored."""
    timeout, current, save = numbers(words, 3)
    longest = controls.SAFE_TIMEOUT.accept(logic, timeout)
    safe = controls.SAFE_CURRENT.accept(logic, current)
    if isinstance(longest, Outcome) or isinstance(safe, Outcome) or save not in (0, 1):
        return OUT_OF_RANGE
    controls.SAFE_CURRENT.put(logic, safe)
    controls.SAFE_TIMEOUT.put(logic, longest)
    logic.changed()
    return logic.save_failsafe() if save else DONE


def _odd_output(words: list[str]) -> bool:
    return len(words) == 1 and is_index(words[0]) and 2 <= int(words[0]) <= 9


def _output(logic: Logic, words: list[str], origin: Origin) -> Outcome:
    """A text opens the relay as well."""
    if len(words) != 1:
        raise MalformedError("wrong number of parameters")
    try:
        value = number(words[0])
    except MalformedError:
        value = 1
    return controls.RELAY.write(logic, value, origin)


def _start(logic: Logic, words: list[str], _: Origin) -> Outcome:
    """ASSUMED: without a card it has no effect."""
    if not at_most(words, 2):
        return NOT_NOW
    return logic.cards.authorise(_tag(words[0]), _class(words[1]) if len(words) == 2 else DEFAULT_CLASS)


def _stop(logic: Logic, words: list[str], _: Origin) -> Outcome:
    return logic.cards.withdraw(_tag(words[0]) if at_most(words, 1) else None)


def _tag(word: str) -> str:
    try:
        return tag(word)
    except ValueError:
        raise MalformedError("invalid RFID tag") from None


def _class(word: str) -> str:
    if len(word) > 20 or set(word.lower()) - set("0123456789abcdef"):
        raise MalformedError("invalid RFID class")
    return word.lower().ljust(20, "0")


def _set_time(logic: Logic, words: list[str], _: Origin) -> Outcome:
    (epoch,) = numbers(words, 1)
    if not 0 <= epoch <= 0xFFFFFFFF:
        return OUT_OF_RANGE
    logic.clock.set(epoch)
    return DONE


def _display(logic: Logic, words: list[str], _: Origin) -> Outcome:
    """Times, a zero, text: `$` is a blank, `~` a sigma. ASSUMED: a longer text is cut."""
    if len(words) < 5:
        raise MalformedError("wrong number of parameters")
    stated, least, most, zero = (number(word) for word in words[:4])
    if stated not in (0, 1) or zero != 0 or not (0 <= least <= 65535 and 0 <= most <= 65535):
        return OUT_OF_RANGE
    text = " ".join(words[4:])[:LONGEST_TEXT].replace("$", " ").replace("~", "\N{GREEK CAPITAL LETTER SIGMA}")
    logic.show(text, most if stated else DEFAULT_LONGEST)
    return DONE


def _unlock(logic: Logic, words: list[str], _: Origin) -> Outcome:
    numbers(words, 0)
    return logic.unlock()


MALFORMED: Final = "that a malformed one is rejected with TCH-ERR, and its text"
COMMANDS: Final = (
    Command("ena", run=_enable, parameters="0 or 1", models=WITH_UDP, source=GUIDE, assumed=MALFORMED),
    Command("curr", run=_current, parameters="mA", models=WITH_UDP, source=GUIDE, assumed="0 is a stop"),
    Command("currtime", run=_current_later, parameters="mA, s", models=P30, source=GUIDE),
    Command("setenergy", run=_set(controls.ENERGY), parameters="0.1 Wh", needs=lambda t: t.meter, models=WITH_UDP,
        source=GUIDE),
    Command("output", run=_output, parameters="0, 1, 10..150 or a text", models=WITH_UDP, silent=_odd_output,
        source=GUIDE),
    Command("start", run=_start, parameters="tag, class", needs=lambda t: t.rfid, models=P30, source=GUIDE),
    Command("stop", run=_stop, parameters="tag", needs=lambda t: t.rfid, models=P30, source=GUIDE),
    Command("setdatetime", run=_set_time, parameters="Unix time, s", models=P30, source=GUIDE),
    Command("display", run=_display, parameters="a, s, s, 0, text", needs=lambda t: t.display, models=P30,
        source=GUIDE),
    Command("unlock", run=_unlock, models=WITH_UDP, source=GUIDE),
    Command("failsafe", run=_failsafe, parameters="s, mA, 0 or 1", models=WITH_UDP, source=GUIDE),
    Command("x2src", run=_set(controls.PHASE_SOURCE), parameters="0..4", since="3.10.42", models=P30, source=CLIENTS),
    Command("x2", run=_set(controls.UDP_PHASES), parameters="0 or 1", since="3.10.42", models=P30, source=CLIENTS),
)  # fmt: skip


class Commands:
    """The commands of one wallbox."""

    def __init__(self, logic: Logic, profile: Profile) -> None:
        self._logic = logic
        self._lenient = logic.build.p20
        """Source: a P20 always confirms."""
        self.compile(profile)

    def compile(self, profile: Profile) -> None:
        """The commands of the profile in force."""
        self._rows = {row.name: row for row in COMMANDS if row.exists(profile)}

    def execute(self, name: str, words: list[str], origin: Origin) -> tuple[Outcome, str]:
        """Do a command; what came of it, and the answer (empty: none)."""
        logic, command = self._logic, self._rows.get(name)
        if command is None:
            return self._refuse(name, words, Outcome(refused=Reason.UNKNOWN, message="unknown command"), origin)
        if command.silent(words):
            return self._refuse(name, words, OUT_OF_RANGE, origin)[0], SILENT
        try:
            outcome = command.run(logic, words, origin) if command.needs(logic.build.traits) else NOT_NOW
        except MalformedError as error:
            return self._refuse(name, words, Outcome(refused=Reason.INVALID, message=str(error)), origin)
        logic.record_write(name, recorded(words), outcome, origin)
        logic.changed()
        return outcome, OK

    def _refuse(self, name: str, words: list[str], outcome: Outcome, origin: Origin) -> tuple[Outcome, str]:
        self._logic.record_write(name, recorded(words), outcome, origin)
        return outcome, OK if self._lenient else rejected(outcome.message)

    def perform(self, name: str, value: object, origin: Origin) -> Outcome:
        """A command as a client would send it, with its parameters as one text or number."""
        if isinstance(value, list | tuple):
            words = [str(item) for item in value]
        else:
            words = [] if value is None else str(value).split()
        return self.execute(name, words, origin)[0]

    def fidelity(self) -> Iterator[Fidelity]:
        for row in self._rows.values():
            yield row.documented("UDP commands", row.parameters or "none", settable=True, readable=False)


def recorded(words: list[str]) -> object:
    """A command's parameters in the journal: a number where there is one, else the text."""
    if not words:
        return None
    try:
        return number(words[0]) if len(words) == 1 else " ".join(words)
    except MalformedError:
        return words[0]
