"""Captures of go-e V2 over MQTT and of a Connect: each is compared with what that very interface says."""

from __future__ import annotations

import pytest

from emulator.captures.choosing import compare
from emulator.captures.emulated import asked
from emulator.captures.reading import read
from emulator.core.instant import SECOND
from emulator.core.messages import SetSupply
from emulator.vendors import vendor
from emulator.vendors.specimen import specimen


@pytest.mark.parametrize(
    ("maker", "model", "firmware", "sources"),
    [
        ("goe", "v2-11", "41.0", ("status",)),
        ("goe", "v2-22", "42.0", ("/status",)),
        ("nrgkick", "nrgkick-connect-32", "1", ("/measurements", "/settings")),
        ("nrgkick", "nrgkick-connect-16", "1", ("/measurements", "/settings")),
    ],
)
def test_it_agrees_with_itself(maker: str, model: str, firmware: str, sources: tuple[str, ...]) -> None:
    found = vendor(maker)
    wallbox = specimen(found, found.profile(model, firmware))
    wallbox.start()
    wallbox.simulation.apply("charger", SetSupply(voltage=231.3, frequency=50.013))
    wallbox.simulation.jump(60 * SECOND)
    capture = read(asked(wallbox, sources))
    assert {document.source for document in capture.documents} == set(sources)
    result = compare(capture)
    assert (result.profile.model.id, result.differences) == (model, ())
