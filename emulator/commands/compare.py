"""`charger-emulator compare`: a capture of a real device against the emulated one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import FiniteRange

if TYPE_CHECKING:
    from ..captures.comparison import Comparison


@click.command(name="compare")
@click.argument("capture", type=click.Path(path_type=Path))
@click.option("--model", metavar="MODEL", help="The model it is from, if the capture does not say so.")
@click.option("--firmware", metavar="VERSION", help="The firmware it is from, if the capture does not say so.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option(
    "--at-least",
    type=FiniteRange(0, 100),
    default=0.0,
    metavar="PERCENT",
    help="Exit code 1 if the agreement is below.",
)
def command(capture: Path, model: str | None, firmware: str | None, as_json: bool, at_least: float) -> int:
    """Compare CAPTURE, a dump of a real device, with the emulated wallbox of that model and firmware.

    CAPTURE: go-e status JSON or MQTT listing, WARP dump or debug report, NRGkick JSON, Lektrico JSON, Bender
    full_state, KEBA reports, or a listing of Modbus registers. What an owner sets and what is measured may differ;
    presence, type, shape, order, number format, magnitude and known values count.
    """
    from ..captures.choosing import compare, vendor_of
    from ..captures.reading import read

    found = compare(read(capture, vendor=vendor_of(model)), model=model, firmware=firmware)
    shown = _tenths(found)
    if as_json:
        click.echo(json.dumps(_as_json(found), indent=1, ensure_ascii=False))
    else:
        for line in _lines(found):
            click.echo(line)
        click.echo(f"agreement {shown:.1f} %")
    return 0 if shown >= at_least else 1


def _tenths(found: Comparison) -> float:
    """The agreement as it is shown; 100.0 only without any difference."""
    rounded = round(found.agreement, 1)
    return 99.9 if rounded == 100 and found.differences else rounded


def _lines(found: Comparison) -> Iterator[str]:
    from ..captures.checks import KINDS

    capture, profile = found.capture, found.profile
    yield f"{capture.name}: {capture.interface} of {profile.model.title}, firmware {profile.firmware}"
    yield from found.notes
    agreeing = found.fields - len(found.differences)
    yield f"{found.fields} fields, {agreeing} agree, {len(found.differences)} differ"
    for kind, meaning in KINDS.items():
        differences = [one for one in found.differences if one.kind == kind]
        if differences:
            yield ""
            yield f"{kind}: {meaning} ({len(differences)})"
            width = max(len(one.name) for one in differences)
            for one in differences:
                place = f"line {one.line}" if one.line else "-"
                yield f"  {place:<9} {one.name:<{width}}  {one.text}"
    if found.capture.remarks:
        yield ""
        yield f"not understood ({len(capture.remarks)}):"
        yield from (f"  {remark}" for remark in capture.remarks)
    if found.not_captured:
        yield ""
        yield f"not in the capture, and not counted: {len(found.not_captured)} that the emulated wallbox has"
    yield ""


def _as_json(found: Comparison) -> dict[str, object]:
    capture, profile = found.capture, found.profile
    return {
        "capture": capture.name,
        "vendor": capture.vendor,
        "interface": capture.interface,
        "model": profile.model.id,
        "firmware": str(profile.firmware),
        "notes": list(found.notes),
        "fields": found.fields,
        "agreement": _tenths(found),
        "differences": [
            {"kind": one.kind, "name": one.name, "line": one.line or None, "text": one.text}
            for one in found.differences
        ],
        "not_understood": [{"line": remark.line, "text": remark.text} for remark in capture.remarks],
        "not_captured": list(found.not_captured),
    }
