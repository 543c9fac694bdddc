"""Logs that are known to the last step: the emulator played them, a client would have written them."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.importing.importer import import_text
from emulator.importing.writing import to_yaml
from emulator.scenario.loader import loads
from emulator.scenario.playing import play

from .logs import CLIENTS, Story, log_of


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """A car comes, is limited, and perhaps leaves, somewhere between the polls."""
    period = draw(st.sampled_from([30, 60]))
    plug_in = draw(st.one_of(st.none(), st.integers(5, 3 * period)))
    unplug = draw(st.one_of(st.none(), st.integers(6 * period, 7 * period))) if plug_in is not None else None
    change = draw(st.integers(4 * period, 5 * period))
    limits = draw(st.dictionaries(st.just(change), st.sampled_from([6, 8, 10, 13]), max_size=1))
    phases = draw(st.sampled_from([1, 2, 3]))
    vehicle = {"phases": phases, "max_current": f"{draw(st.sampled_from([10, 16, 32]))} A"}
    return Story(period, plug_in, unplug, limits, vehicle, draw(st.sampled_from([225.0, 230.0, 238.0])))


@pytest.mark.parametrize("vendor", CLIENTS)
@settings(max_examples=1, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(story=stories())
def test_a_story_comes_back(vendor: str, story: Story) -> None:
    imported = import_text(log_of(vendor, story))

    assert imported.agreement.share >= 0.9, imported.agreement.misses
    assert imported.without_overrides.share >= 0.85, imported.without_overrides.misses
    names = [deed.name for deed in imported.sketch.deeds()]
    assert ("plug_in" in names) is (story.plug_in is not None)
    assert ("unplug" in names) is (story.unplug is not None)
    assert play(loads(to_yaml(imported))).ok
