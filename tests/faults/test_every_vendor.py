"""One line, every vendor: a wallbox acknowledges a current and ignores it, or shows it late."""

from __future__ import annotations

import pytest

from .support import Bench
from .ways import GUARDED, SWITCHING, WAYS, Guarded, Switching, Way, bench

EVERY = pytest.mark.parametrize("way", WAYS, ids=[way.id for way in WAYS])
POLL = 3.0
"""Until a wallbox that asks its controller now and then shows what it was told [s]."""


def shown(bench: Bench, way: Way) -> dict[str, object]:
    """Everything that clients could read now."""
    wallbox = bench.site.wallboxes[f"garage.{way.vendor}"]
    return {point: bench.read(f"garage.{way.vendor}.{point}") for point in wallbox.addresses()}


def differences(one: Bench, other: Bench, way: Way) -> dict[str, tuple[object, object]]:
    """What clients of two wallboxes read differently."""
    here, there = shown(one, way), shown(other, way)
    return {
        point: (value, there[point])
        for point, value in here.items()
        if value != there[point] and point not in way.notices
    }


@EVERY
def test_a_current_is_acknowledged_and_ignored_for_20_s(way: Way) -> None:
    healthy, ill = bench(way.vendor), bench(way.vendor)
    acknowledged = way.write(healthy, 10)
    healthy.wait(POLL)
    assert healthy.read("garage.offered_current") == pytest.approx(10, abs=0.2)

    untouched = bench(way.vendor)
    ill.fault(f"garage.{way.vendor}", "acknowledged_but_ineffective", **{"for": "20 s"})
    answer = way.write(ill, 10)
    if way.answers_with_status:
        assert isinstance(answer, tuple)
        assert answer[0] == 200
    else:
        assert _acknowledgement(answer) == _acknowledgement(acknowledged)
    for each in (ill, untouched):
        each.wait(POLL)
    assert differences(ill, untouched, way) == {}
    assert ill.read("garage.offered_current") == untouched.read("garage.offered_current")

    ill.wait(20)
    way.write(ill, 10)
    ill.wait(POLL)
    assert ill.read(f"garage.{way.vendor}.{way.value}") == healthy.read(f"garage.{way.vendor}.{way.value}")
    assert ill.read("garage.offered_current") == pytest.approx(10, abs=0.2)


def _acknowledgement(answer: object) -> object:
    """The answer itself, without what a wallbox broadcasts after it."""
    return answer[0] if isinstance(answer, list) and answer and isinstance(answer[0][1], float) else answer


@EVERY
def test_a_current_is_in_force_at_once_and_shown_late(way: Way) -> None:
    healthy, untouched, late = bench(way.vendor), bench(way.vendor), bench(way.vendor)
    late.fault(f"garage.{way.vendor}", "settle_delay", settle="20 s")
    assert _acknowledgement(way.write(late, 10)) == _acknowledgement(way.write(healthy, 10))
    assert shown_at(late, way) == shown_at(untouched, way)
    for each in (healthy, untouched, late):
        each.wait(POLL)
    assert late.read("garage.offered_current") == pytest.approx(10, abs=0.2)
    assert shown_at(late, way) == shown_at(untouched, way)
    for each in (healthy, late):
        each.wait(20)
    assert differences(late, healthy, way) == {}


def shown_at(bench: Bench, way: Way) -> object:
    """What is read back as the current that was set, on every interface that shows it."""
    return [bench.read(f"garage.{way.vendor}.{point}") for point in (way.value, *way.elsewhere)]


@pytest.mark.parametrize("guarded", GUARDED, ids=[guarded.vendor for guarded in GUARDED])
def test_authorisation_is_lost_in_all_its_words_and_a_card_starts_again(guarded: Guarded) -> None:
    bench = guarded.bench()
    words = {point: guarded.read(bench, point) for point in guarded.words}
    assert bench.read("garage.contactor") == "open"
    bench.do("present_card", wallbox=guarded.vendor, tag=guarded.card)
    bench.wait(60)
    assert bench.read("garage.contactor") == "closed"
    authorised = {point: guarded.read(bench, point) for point in guarded.words}
    assert all(authorised[point] != words[point] for point in words)

    bench.fault(guarded.vendor, "authorisation_lost")
    bench.wait(60)
    assert bench.read("garage.contactor") == "open"
    assert {point: guarded.read(bench, point) for point in words} == {**words, **guarded.after}
    bench.do("present_card", wallbox=guarded.vendor, tag=guarded.card)
    bench.wait(60)
    assert bench.read("garage.contactor") == "closed"
    assert {point: guarded.read(bench, point) for point in words} == authorised


@pytest.mark.parametrize("switching", SWITCHING, ids=[switching.vendor for switching in SWITCHING])
def test_a_repeated_wish_for_phases_is_a_wish(switching: Switching) -> None:
    bench = switching.bench()
    bench.fault(switching.vendor, "phase_switch_fails", **{"for": "5 min"})
    drawn = []
    for wait in (200, 90):
        switching.wish(bench, switching.value)
        bench.wait(wait)
        drawn.append(phases(bench))
    assert drawn == [3, 3]
    bench.wait(300)
    switching.wish(bench, switching.value)
    bench.wait(240)
    assert phases(bench) == 1


def phases(bench: Bench) -> int:
    """On how many phases the vehicle charges."""
    return sum(current > 1 for current in bench.site.simulation.observe("garage").phase_current)
