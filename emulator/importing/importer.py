"""From a text to a scenario: read, sketched, played, and improved until it agrees with the log.

The one rule: every share that is told was measured by playing the scenario that is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from .. import vendors
from ..captures.journal import entries_in
from ..errors import EmulatorError
from ..language.counting import counted
from . import calibrating, guessing, overriding, repairing, settling
from .agreement import Agreement, together
from .boxes import Box, Boxes, Reading
from .content import messages_of
from .drafting import deeds_of, lead_of, rating_of, sketch_of
from .identity import Device, device_of
from .journals import messages_in
from .lines import lines_of
from .personal import Redactor, is_personal
from .records import records_of
from .registers import decode
from .remarks import Remarks
from .requesting import accepted, never_answers, requests_of
from .sketch import Sketch
from .story import moments_of, situations_of
from .thinning import IMPROVED_BY, MEASURED_BY, thinned
from .timing import timed, together_in_time
from .working import Part, Work

MOST_BOXES: Final = 8
"""Boxes of one log."""


@dataclass(frozen=True)
class Imported:
    """What came of a log."""

    sketch: Sketch
    agreement: Agreement
    without_overrides: Agreement
    remarks: Remarks
    redactor: Redactor
    begins: float
    """s of the scenario at which the log begins."""
    plays: int

    def as_json(self) -> dict[str, object]:
        """What is told about it."""
        told: dict[str, list[object]] = {"understood": [], "guessed": [], "left out": []}
        for word, remark in self.remarks.every():
            told[word].append({**remark.as_json(), "text": self.redactor.clean(remark.text)})
        return {
            "agreement": round(100 * self.agreement.share, 1),
            "readings": len(self.agreement.matches),
            "without_overrides": round(100 * self.without_overrides.share, 1),
            "replaced": self.redactor.count,
            "understood": told["understood"],
            "guessed": told["guessed"],
            "left_out": told["left out"],
        }


def import_text(text: str, *, model: str | None = None, firmware: str | None = None) -> Imported:
    """The scenario of a log. EmulatorError if nothing in it is a box, or a stated model does not exist."""
    remarks, redactor = Remarks(), Redactor()
    vendor = _vendor_of(model)
    unread: list[int] = []
    journal = entries_in(text)
    messages = messages_in(journal) if journal is not None else messages_of(records_of(lines_of(text)), unread)
    boxes = Boxes(vendor)
    found = [box for box in boxes.take(messages) if box.vendor != "eebus"][:MOST_BOXES]
    if not found:
        raise EmulatorError(
            "nothing in it is what a wallbox or its client says; expected a log of evcc, Home Assistant, ioBroker, a "
            "listing of mosquitto_sub, a dump, or a journal"
        )
    if strange := sorted({*unread, *boxes.unclaimed}):
        remarks.left_out("nothing of a box", strange)
    if boxes.shown and not any(box.shown for box in found):
        remarks.left_out("what the client makes of it", sorted({said.line for said in boxes.shown}))
    for line, why in boxes.damaged:
        remarks.left_out(why, [line])
    work = _work(found, None if model == vendor else model, firmware, remarks, redactor)
    _improve(work)
    overriding.override(work)
    work.measure()
    _, agreements = work.play()
    _, bare = work.play(overrides=False)
    return Imported(work.sketch, together(agreements), together(bare), remarks, redactor, work.lead, work.plays)


def _vendor_of(model: str | None) -> str | None:
    if model is None:
        return None
    if model in vendors.names():
        return model
    return vendors.vendor_for(model, model).id


def _work(found: Sequence[Box], model: str | None, firmware: str | None, remarks: Remarks, redactor: Redactor) -> Work:
    parts: list[Part] = []
    devices = []
    for number, box in enumerate(found):
        device = device_of(box, model if number == 0 else None, firmware if number == 0 else None, remarks)
        decode(box, device)
        timed(box)
        devices.append(device)
    begin = together_in_time(found)
    for box, device in zip(found, devices, strict=True):
        moments = moments_of(box.vendor, thinned(box.vendor, box.readings, IMPROVED_BY))
        situations = situations_of(moments)
        charger = "charger" if len(found) == 1 else _name(box.vendor, [part.sketch.charger for part in parts])
        sketch = sketch_of(box, device, charger, moments, situations, remarks)
        _tell(box, device, remarks)
        readings = _compared(box, remarks, redactor)
        few = thinned(box.vendor, readings, IMPROVED_BY)
        every = thinned(box.vendor, readings, MEASURED_BY)
        if len(every) < len(readings):
            remarks.left_out(f"of {len(readings)} readings an even share of {len(every)} was compared")
        parts.append(Part(box, sketch, few, every, moments, situations))
    leads = [lead_of(part.moments, part.situations) for part in parts]
    lead = max(leads)
    work = Work(Sketch([part.sketch for part in parts], epoch=_epoch(begin, lead)), parts, begin, lead, remarks)
    for part, own in zip(parts, leads, strict=True):
        part.sketch.deeds = deeds_of(part.sketch, part.situations, rating_of(part.moments), begin, lead, own)
        part.sketch.deeds += requests_of(work, part, redactor)
        if part.box.asked > 2 and part.box.answers == 0:
            part.sketch.deeds.append(never_answers(part))
    work.prepare()
    accepted(work)
    return work


def _tell(box: Box, device: Device, remarks: Remarks) -> None:
    """What was read of a box."""
    lines = sorted({reading.line for reading in box.readings} | {ask.line for ask in box.asks})
    if not lines:
        remarks.understood(f"{device.vendor.title}: asked {box.asked} times, and never answers")
        return
    over = " and ".join(dict.fromkeys(reading.interface for reading in box.readings)) or "nothing"
    asks = f", {counted(len(box.asks), 'write')}" if box.asks else ""
    whose = f"{device.vendor.title}: {counted(len(box.readings), 'reading')} over {over}{asks}"
    remarks.understood(whose, range(lines[0], lines[-1] + 1))


def _name(vendor: str, known: Sequence[str]) -> str:
    """A charger among several: the vendor's, counted."""
    wanted = f"charger_{vendor}"
    count = sum(name.startswith(wanted) for name in known)
    return wanted if count == 0 else f"{wanted}_{count + 1}"


def _epoch(begin: float, lead: float) -> str | None:
    """Calendar time at the start of the scenario; None: the log has none."""
    if begin < 86_400 * 365:
        return None
    at = datetime.fromtimestamp(int(begin - lead), UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _compared(box: Box, remarks: Remarks, redactor: Redactor) -> list[Reading]:
    """What the replay is measured by: everything but what is personal."""
    kept, personal = [], []
    for reading in box.readings:
        if is_personal(reading.known_as):
            personal.append(reading.line)
            if isinstance(reading.value, str) or "erial" in reading.known_as:
                redactor.learn(reading.value, "serial" if "erial" in reading.known_as else "name")
        else:
            kept.append(reading)
    if personal:
        remarks.left_out("personal: replaced or not written", sorted(set(personal)))
    return kept


def _improve(work: Work) -> None:
    settling.settle(work)
    repairing.repair(work)
    calibrating.calibrate(work)
    repairing.currents(work)
    guessing.writes(work)
    calibrating.calibrate(work)
    repairing.repair(work)
    guessing.oddities(work)
