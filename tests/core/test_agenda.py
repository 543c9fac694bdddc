"""The agenda against the plainest one there could be: a list that is sorted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from emulator.core.agenda import Agenda, Priority, Timer
from emulator.core.instant import Instant

PRIORITIES = (Priority.FAULT, Priority.FIRMWARE, Priority.METER)
TIMERS = 5


class Plain:
    """What is due, in a list."""

    def __init__(self) -> None:
        self.due: dict[int, tuple[Instant, int, int]] = {}
        self.count = 0

    def set(self, number: int, at: Instant | None) -> None:
        if at is None:
            self.due.pop(number, None)
        elif number not in self.due or self.due[number][0] != at:
            self.count += 1
            self.due[number] = at, PRIORITIES[number % 3], self.count

    def next(self) -> Instant | None:
        return min(self.due.values())[0] if self.due else None

    def run(self, until: Instant) -> list[tuple[int, Instant]]:
        fired = []
        while self.due and min(self.due.values())[0] <= until:
            number = min(self.due, key=lambda each: self.due[each])
            fired.append((number, self.due.pop(number)[0]))
        return fired


MOVES = st.lists(
    st.tuples(st.integers(0, TIMERS - 1), st.none() | st.integers(0, 30))
    | st.tuples(st.just("run"), st.integers(0, 10))
    | st.tuples(st.just("look"), st.just(0)),
    max_size=60,
)


@given(MOVES)
def test_what_is_put_off_and_brought_forward_happens_when_it_is_due(moves: list[tuple[object, int | None]]) -> None:
    agenda, plain = Agenda(), Plain()
    fired: list[tuple[int, Instant]] = []
    calls: list[Instant | None] = []
    agenda.sooner = lambda: calls.append(agenda.next_due)

    def timer(number: int) -> Timer:
        return agenda.timer(PRIORITIES[number % 3], lambda at: fired.append((number, at)))

    timers = [timer(number) for number in range(TIMERS)]
    for what, value in moves:
        if what == "look":
            assert agenda.next_due == plain.next()
        elif what == "run":
            assert value is not None
            until = agenda.at + value
            before = len(fired)
            agenda.run_until(until)
            assert fired[before:] == plain.run(until)
        else:
            assert isinstance(what, int)
            at = None if value is None else agenda.at + value
            first = plain.next()
            timers[what].set(at)
            plain.set(what, at)
            assert timers[what].due == at
            if at is not None and (first is None or at < first):
                assert agenda.next_due == at
            assert agenda.quiet_until(agenda.at - 1)
    assert agenda.next_due == plain.next()
    agenda.drop_due()
    assert all(each.due is None or each.due > agenda.at for each in timers)


def test_a_watchdog_takes_no_room() -> None:
    agenda = Agenda()
    fired: list[Instant] = []
    watchdog = agenda.timer(Priority.FIRMWARE, fired.append)
    for at in range(1000):
        agenda.run_until(at)
        watchdog.set(at + 500)
    assert len(agenda._heap) == 1
    agenda.run_until(5000)
    assert fired == [1499]
