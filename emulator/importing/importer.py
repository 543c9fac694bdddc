"""From a text to a scenario: read, sketched, played, and improved until it agrees with the log.

The one rule: every share that is told was measured by playing the scenario that is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ..captures.journal import entries_in
from ..errors import EmulatorError
from . import calibrating, guessing, overriding, repairing, settling
from .agreement import Agreement, together
from .boxes import Box, Boxes, Reading
from .content import messages_of
from .drafting import deeds_of, lead_of, rating_of, sketch_of
from .identity import device_of
from .journals import messages_in
from .lines import lines_of
from .personal import Redactor, is_personal
from .records import records_of
from .registers import decode
from .remarks import Remarks
from .requesting import never_answers, requests_of
from .sketch import Sketch
from .story import moments_of, situations_of
from .timing import timed
from .working import Part, Work

MOST_BOXES = 8
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
    journal = entries_in(text)
    messages = messages_in(journal) if journal is not None else messages_of(records_of(lines_of(text)))
    boxes = Boxes(vendor)
    found = [box for box in boxes.take(messages) if box.vendor != "eebus"][:MOST_BOXES]
    if not found:
        raise EmulatorError(
            "nothing in it is what a wallbox or its client says; expected a log of evcc, Home Assistant, ioBroker, a "
            "listing of mosquitto_sub, a dump, or a journal"
        )
    remarks.left_out("nothing in them is a box's", boxes.unclaimed) if boxes.unclaimed else None
    for line, why in boxes.damaged:
        remarks.left_out(why, [line])
    work = _work(found, model, firmware, remarks, redactor)
    _improve(work)
    overriding.override(work)
    _, agreements = work.play()
    _, bare = work.play(overrides=False)
    return Imported(work.sketch, together(agreements), together(bare), remarks, redactor, work.lead, work.plays)


def _vendor_of(model: str | None) -> str | None:
    from .. import vendors

    if model is None:
        return None
    if model in vendors.names():
        return model
    return vendors.vendor_for(model, model).id


def _work(found: Sequence[Box], model: str | None, firmware: str | None, remarks: Remarks, redactor: Redactor) -> Work:
    parts: list[Part] = []
    for number, box in enumerate(found):
        device = device_of(box, model if number == 0 else None, firmware if number == 0 else None, remarks)
        decode(box, device)
        timed(box)
        moments = moments_of(box.vendor, box.readings)
        situations = situations_of(moments)
        charger = "charger" if len(found) == 1 else _name(box.vendor, [part.sketch.charger for part in parts])
        sketch = sketch_of(box, device, charger, moments, situations, remarks)
        parts.append(Part(box, sketch, _compared(box, remarks, redactor), moments, situations))
    begins = [part.box.first for part in parts if part.box.first is not None]
    begin = min(begins, default=0.0)
    leads = [lead_of(part.moments, part.situations) for part in parts]
    lead = max(leads)
    work = Work(Sketch([part.sketch for part in parts], epoch=_epoch(begin, lead)), parts, begin, lead, remarks)
    for part, own in zip(parts, leads, strict=True):
        part.sketch.deeds = deeds_of(part.sketch, part.situations, rating_of(part.moments), begin, lead, own)
        part.sketch.deeds += requests_of(work, part, redactor)
        if part.box.asked > 2 and part.box.answers == 0:
            part.sketch.deeds.append(never_answers(part))
    work.prepare()
    return work


def _name(vendor: str, known: Sequence[str]) -> str:
    """A charger among several: `left`... the vendor's, counted."""
    wanted = f"with_{vendor}"
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
