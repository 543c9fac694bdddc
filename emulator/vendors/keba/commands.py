"""The UDP commands: what each takes, does and answers.

The one rule: `TCH-OK :done` confirms that a command was understood, not that it had an effect; what is out of range or
comes at the wrong time is confirmed and ignored.
Source: UDP guides of P30 (V2.01) and P20 (V3.00); keba-kecontact and ioBroker.kecontact for `x2src`, `x2`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ...core.instant import later
from ...core.messages import DONE, Outcome, Reason
from ...devices.interfaces import Origin
from ...devices.points import Fidelity, Point
from .logic import NOT_NOW, OUT_OF_RANGE, UDP_SOURCE, is_current
from .models import P30, WITH_UDP
from .sessions import DEFAULT_CLASS
from .settings import LOWEST, tag

if TYPE_CHECKING:
    from .wallbox import Keba

GUIDE: Final = "P30 UDP guide V2.01"
CLIENTS: Final = "keba-kecontact, ioBroker.kecontact"
OK: Final = "TCH-OK :done\n"
SILENT: Final = ""
DEFAULT_TIMES: Final = (2, 10)
"""s a text is shown at least and at most."""
LONGEST_TEXT: Final = 23


class MalformedError(Exception):
    """The command cannot be understood."""


def rejected(why: str) -> str:
    """ASSUMED: the text behind `TCH-ERR`; nobody has published one."""
    return f"TCH-ERR :{why}\n"


def number(text: str) -> int:
    """A whole number. Source: Home Assistant sends `10000.0` and `False`, which boxes have obeyed for years."""
    if text in ("True", "False"):
        return int(text == "True")
    whole, _, fraction = text.partition(".")
    digits = whole.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 12 or fraction.strip("0"):
        raise MalformedError("invalid number")
    return int(whole)


def numbers(words: list[str], count: int) -> list[int]:
    if len(words) != count:
        raise MalformedError("wrong number of parameters")
    return [number(word) for word in words]


Run = Callable[["Keba", list[str]], Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Point):
    """One command. `run` gets its words; MalformedError if they cannot be understood."""

    run: Run
    type: str = "uint32"
    parameters: str = ""
    trait: str | None = None
    """Only on boxes with this trait does it have an effect."""
    silent: Callable[[list[str]], bool] = lambda _: False
    """Not answered at all."""


def _enable(box: Keba, words: list[str]) -> Outcome:
    """ASSUMED: other numbers than 0 and 1 are ignored by a P30; a P20 takes them for 0."""
    (value,) = numbers(words, 1)
    if value not in (0, 1) and box.trait("generation") != "P20":
        return OUT_OF_RANGE
    return box.logic.set_enabled(value == 1)


def _current(box: Keba, words: list[str]) -> Outcome:
    """Source: a P20 stores 6000 for what is invalid."""
    (value,) = numbers(words, 1)
    if not is_current(value) and box.trait("generation") == "P20":
        value = LOWEST
    outcome = box.logic.set_current(value)
    if outcome.ok and box.quirk("curr_sets_output"):
        box.settings.put("output", 1)
        box.logic.switch_phases(1, UDP_SOURCE)
    return outcome


def _current_later(box: Keba, words: list[str]) -> Outcome:
    current, delay = numbers(words, 2)
    return box.logic.set_current_later(current, delay)


def _energy(box: Keba, words: list[str]) -> Outcome:
    return box.logic.limit_energy(numbers(words, 1)[0])


def _failsafe(box: Keba, words: list[str]) -> Outcome:
    """Timeout, current, save. ASSUMED: one bad value and all are ignored."""
    timeout, current, save = numbers(words, 3)
    valid = timeout == 0 or 10 <= timeout <= 600
    if not valid or not is_current(current) or save not in (0, 1):
        return OUT_OF_RANGE
    box.logic.set_failsafe_current(current)
    box.logic.set_failsafe_timeout(timeout)
    return box.logic.save_failsafe() if save else DONE


def _odd_output(words: list[str]) -> bool:
    return len(words) == 1 and words[0].isascii() and words[0].isdigit() and 2 <= int(words[0]) <= 9


def _output(box: Keba, words: list[str]) -> Outcome:
    """0 closes, 1 opens, 10..150 are pulses per kWh; a text opens the relay."""
    if len(words) != 1:
        raise MalformedError("wrong number of parameters")
    try:
        value = number(words[0])
    except MalformedError:
        value = 1
    if not box.settings.flag("dsw1_2"):
        return NOT_NOW
    if value not in (0, 1) and not 10 <= value <= 150:
        return OUT_OF_RANGE
    box.settings.put("output", value)
    return DONE


def _start(box: Keba, words: list[str]) -> Outcome:
    """ASSUMED: without a card it has no effect."""
    if len(words) > 2:
        raise MalformedError("wrong number of parameters")
    if not words:
        return NOT_NOW
    return box.logic.authorise(_tag(words[0]), _class(words[1]) if len(words) == 2 else DEFAULT_CLASS)


def _stop(box: Keba, words: list[str]) -> Outcome:
    if len(words) > 1:
        raise MalformedError("wrong number of parameters")
    return box.logic.withdraw(_tag(words[0]) if words else None)


def _tag(word: str) -> str:
    try:
        return tag(word)
    except ValueError:
        raise MalformedError("invalid RFID tag") from None


def _class(word: str) -> str:
    if len(word) > 20 or set(word.lower()) - set("0123456789abcdef"):
        raise MalformedError("invalid RFID class")
    return word.lower().ljust(20, "0")


def _set_time(box: Keba, words: list[str]) -> Outcome:
    (epoch,) = numbers(words, 1)
    if not 0 <= epoch <= 0xFFFFFFFF:
        return OUT_OF_RANGE
    box.clock.set(epoch)
    return DONE


def _display(box: Keba, words: list[str]) -> Outcome:
    """Times, a zero, text: `$` is a blank, `~` a sigma. ASSUMED: a longer text is cut."""
    if len(words) < 5:
        raise MalformedError("wrong number of parameters")
    stated, least, most, zero = (number(word) for word in words[:4])
    if stated not in (0, 1) or zero != 0 or not (0 <= least <= 65535 and 0 <= most <= 65535):
        return OUT_OF_RANGE
    text = " ".join(words[4:])[:LONGEST_TEXT].replace("$", " ").replace("~", "\N{GREEK CAPITAL LETTER SIGMA}")
    longest = most if stated else DEFAULT_TIMES[1]
    box.display = (text, later(box.simulation.at, longest))
    return DONE


def _unlock(box: Keba, words: list[str]) -> Outcome:
    numbers(words, 0)
    return box.logic.unlock()


def _source(box: Keba, words: list[str]) -> Outcome:
    return box.logic.set_phase_source(numbers(words, 1)[0])


def _phases(box: Keba, words: list[str]) -> Outcome:
    return box.logic.switch_phases(numbers(words, 1)[0], UDP_SOURCE)


MALFORMED: Final = "that a malformed one is rejected with TCH-ERR, and its text"
COMMANDS: Final = {
    command.name: command
    for command in (
        Command(name="ena", run=_enable, parameters="0 or 1", models=WITH_UDP, source=GUIDE, assumed=MALFORMED),
        Command(name="curr", run=_current, parameters="mA", models=WITH_UDP, source=GUIDE, assumed="0 is a stop"),
        Command(name="currtime", run=_current_later, parameters="mA, s", models=P30, source=GUIDE),
        Command(name="setenergy", run=_energy, parameters="0.1 Wh", trait="meter", models=WITH_UDP, source=GUIDE),
        Command(
            name="output",
            run=_output,
            parameters="0, 1, 10..150 or a text",
            models=WITH_UDP,
            silent=_odd_output,
            source=GUIDE,
        ),
        Command(name="start", run=_start, parameters="tag, class", trait="rfid", models=P30, source=GUIDE),
        Command(name="stop", run=_stop, parameters="tag", trait="rfid", models=P30, source=GUIDE),
        Command(name="setdatetime", run=_set_time, parameters="Unix time, s", models=P30, source=GUIDE),
        Command(name="display", run=_display, parameters="a, s, s, 0, text", trait="display", models=P30, source=GUIDE),
        Command(name="unlock", run=_unlock, models=WITH_UDP, source=GUIDE),
        Command(name="failsafe", run=_failsafe, parameters="s, mA, 0 or 1", models=WITH_UDP, source=GUIDE),
        Command(name="x2src", run=_source, parameters="0..4", since="3.10.42", models=P30, source=CLIENTS),
        Command(name="x2", run=_phases, parameters="0 or 1", since="3.10.42", models=P30, source=CLIENTS),
    )
}


def execute(box: Keba, name: str, words: list[str], origin: Origin) -> tuple[Outcome, str]:
    """Do a command; what came of it, and the box's answer (empty: none)."""
    command = COMMANDS.get(name)
    lenient = box.trait("generation") == "P20"  # Source: a P20 always confirms
    if command is None or not command.exists(box.profile):
        return _refused(box, name, words, Outcome(refused=Reason.UNKNOWN, message="unknown command"), origin, lenient)
    if command.silent(words):
        return _refused(box, name, words, OUT_OF_RANGE, origin, lenient)[0], SILENT
    try:
        outcome = command.run(box, words) if command.trait is None or box.trait(command.trait) else NOT_NOW
    except MalformedError as error:
        malformed = Outcome(refused=Reason.INVALID, message=str(error))
        return _refused(box, name, words, malformed, origin, lenient)
    box.record_write(name, recorded(words), outcome, origin)
    box.changed()
    return outcome, OK


def _refused(
    box: Keba, name: str, words: list[str], outcome: Outcome, origin: Origin, lenient: bool
) -> tuple[Outcome, str]:
    box.record_write(name, recorded(words), outcome, origin)
    return outcome, OK if lenient else rejected(outcome.message)


def recorded(words: list[str]) -> object:
    """A command's parameters in the journal: a number where there is one, else the text."""
    if not words:
        return None
    try:
        return number(words[0]) if len(words) == 1 else " ".join(words)
    except MalformedError:
        return words[0]


def perform(box: Keba, name: str, value: object, origin: Origin) -> Outcome:
    """A command as a client would send it, with its parameters as one text or number."""
    if isinstance(value, list | tuple):
        words = [str(item) for item in value]
    elif value is None:
        words = []
    else:
        words = str(value).split()
    return execute(box, name, words, origin)[0]


def fidelity(box: Keba) -> Iterator[Fidelity]:
    for command in COMMANDS.values():
        if command.exists(box.profile):
            yield Fidelity(
                table="UDP commands",
                name=command.name,
                type=command.parameters or "none",
                readable=False,
                settable=True,
                live=True,
                source=command.source,
                since=command.since,
                until=command.until,
                models=command.models,
                assumed=command.assumed,
                about=command.about,
            )
