"""Documents made of fragments, of which only those are made again that may have changed.

The one rule: nobody states how often a value changes. While a row is read, whatever follows the time says so
(`core.freshness`), and everything that happens to the charger or its wallbox is counted; so a row is read again when
something has happened, or when what it read has run out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

from ..core.freshness import FOREVER, HOLDS, NOW, ONCE, Happenings
from ..core.instant import Instant
from ..runtime.simulation import Simulation
from .interfaces import HttpReply

V = TypeVar("V")
T = TypeVar("T", str, bytes)
Path = tuple[str, ...]

_CHANGEABLE: Final = frozenset((list, dict))
"""What may have changed although it is the same object."""


class Moment(NamedTuple):
    """When something is looked at: what has happened so far, and the instant."""

    revision: int
    at: Instant


class Moments:
    """The moments of one wallbox."""

    def __init__(self, simulation: Simulation, charger: str) -> None:
        self._simulation = simulation
        self._own: Happenings = simulation.chargers[charger].happenings
        self._world: Happenings = simulation.agenda.world

    def pass_on(self) -> None:
        """Something has happened that nobody else says."""
        self._own.count += 1

    @property
    def revision(self) -> int:
        """What has happened so far."""
        return self._own.count + self._world.count + self._simulation.clock.changes

    def now(self) -> Moment:
        at = self._simulation.present()
        return Moment(self._own.count + self._world.count + self._simulation.clock.changes, at)


class Kept:
    """Something that was read, and until when it holds if nothing happens."""

    __slots__ = ("moment", "until")

    def __init__(self) -> None:
        self.moment: Moment | None = None
        """When it was read."""
        self.until: Instant = NOW

    def holds(self, moment: Moment) -> bool:
        """Whether it is what reading it again would give."""
        before = self.moment
        if before is None or before[0] != moment[0]:
            return False
        return moment[1] < self.until or (moment[1] == before[1] and self.until != ONCE)


class KeptText(Kept):
    """A text that was written at a moment, which need not be the present."""

    __slots__ = ("text",)

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def at(self, moment: Moment, write: Callable[[], str]) -> str:
        """The text of a moment; `write` is called if it may be another one."""
        before = self.moment
        earlier = before is not None and moment.at < before.at and self.until != FOREVER
        outer = HOLDS.until
        if earlier or not self.holds(moment):
            HOLDS.until = FOREVER
            self.text = write()
            self.until, self.moment = HOLDS.until, moment
        HOLDS.until = min(outer, self.until)
        return self.text


class Fragment(Kept, Generic[V]):
    """What one row adds to documents, as it was made last."""

    __slots__ = ("_fixed", "_kind", "_read", "_render", "_value", "text")

    def __init__(self, read: Callable[[V], object], render: Callable[[object], bytes], *, fixed: bool = False) -> None:
        """`fixed`: it never changes once it was made."""
        super().__init__()
        self._read = read
        self._render = render
        self._fixed = fixed
        self._kind: type | None = None
        self._value: object = None
        self.text = b""

    def renew(self, view: V, moment: Moment) -> bytes:
        """Make it again if it may have changed; its text."""
        before = self.moment
        if before is not None:
            if self._fixed:
                return self.text
            if before[0] == moment[0] and (moment[1] < self.until or (moment[1] == before[1] and self.until != ONCE)):
                return self.text
        holds = HOLDS
        holds.until = FOREVER
        value = self._read(view)
        self.until, self.moment = holds.until, moment
        kind = value.__class__
        if kind is not self._kind or value != self._value or kind in _CHANGEABLE or (kind is float and value == 0):
            self.text = self._render(value)
            self._value = value
            self._kind = kind
        return self.text


class Joined(Protocol):
    """What the fragments of one document make together."""

    def renew(self, texts: Sequence[bytes], changed: Sequence[int]) -> bytes:
        """The document, in which the fragments of some places are new (the first time: all)."""
        ...


Join = Callable[[int], Joined]
"""Makes documents of so many fragments."""


class _Listed:
    """Fragments one after the other, in blocks, of which only those are joined again in which something is new."""

    def __init__(self, begin: bytes, between: bytes, end: bytes, count: int) -> None:
        self._begin, self._between, self._end = begin, between, end
        self._size = max(1, math.isqrt(count))
        self._blocks = [b""] * -(-count // self._size)

    def renew(self, texts: Sequence[bytes], changed: Sequence[int]) -> bytes:
        size, between = self._size, self._between
        for block in {index // size for index in changed}:
            self._blocks[block] = between.join(filter(None, texts[block * size : (block + 1) * size]))
        return b"%b%b%b" % (self._begin, between.join(filter(None, self._blocks)), self._end)


def listed(begin: bytes, between: bytes, end: bytes) -> Join:
    """Fragments one after the other. One that is empty is left out."""
    return partial(_Listed, begin, between, end)


class Document(Kept, Generic[V]):
    """Fragments that are shown together. What has not changed is the very same bytes."""

    __slots__ = ("_all", "_calm", "_calm_until", "_joined", "_moments", "_restless", "_texts", "data")

    def __init__(self, moments: Moments, fragments: Sequence[Fragment[V]], join: Join) -> None:
        super().__init__()
        self._moments = moments
        self._all: Sequence[tuple[int, Fragment[V]]] = tuple(enumerate(fragments))
        self._joined = join(len(self._all))
        self._texts: list[bytes] = [b""] * len(self._all)
        self._restless: Sequence[tuple[int, Fragment[V]]] = ()
        """Of the fragments those that may be different at any instant."""
        self._calm: Sequence[tuple[int, Fragment[V]]] = ()
        """Those that hold for a while."""
        self._calm_until: Instant = NOW
        """All of these hold so long."""
        self.data = b""

    def bytes(self, view: Callable[[], V]) -> bytes:
        """As it is now. `view` is asked only if something may have changed."""
        moment = self._moments.now()
        before = HOLDS.until
        if not self.holds(moment):
            self._renew(view(), moment)
        until = self.until
        HOLDS.until = before if before < until else until
        return self.data

    def _renew(self, view: V, moment: Moment) -> None:
        before, self.moment = self.moment, None
        looked = self._all
        calm: list[tuple[int, Fragment[V]]] = []
        calm_until = FOREVER
        if before is not None and before[0] == moment[0]:
            if moment[1] < self._calm_until:
                looked, calm, calm_until = self._restless, [*self._calm], self._calm_until
            else:
                looked = [*self._restless, *self._calm]
        restless: list[tuple[int, Fragment[V]]] = []
        until = FOREVER
        texts = self._texts
        changed: list[int] = []
        for pair in looked:
            index, fragment = pair
            text = fragment.renew(view, moment)
            if text is not texts[index]:
                texts[index] = text
                changed.append(index)
            holds = fragment.until
            if holds <= NOW:
                restless.append(pair)
                if holds < until:
                    until = holds
            elif holds != FOREVER:
                calm.append(pair)
                if holds < calm_until:
                    calm_until = holds
        if changed or before is None:
            data = self._joined.renew(texts, range(len(texts)) if before is None else changed)
            if data != self.data:
                self.data = data
        self._restless, self._calm, self._calm_until = restless, calm, calm_until
        self.until, self.moment = min(until, calm_until), moment


class Carried(Generic[T]):
    """The reply that carries a text: the same reply as long as it is the same text."""

    __slots__ = ("_make", "_reply", "_text")

    def __init__(self, make: Callable[[T], HttpReply]) -> None:
        self._make: Callable[[T], HttpReply] = make
        self._text: T | None = None
        self._reply = HttpReply()

    def reply(self, text: T) -> HttpReply:
        """`text`: the very same object if it says the same."""
        if text is not self._text:
            self._reply = self._make(text)
            self._text = text
        return self._reply


class Served(Generic[V]):
    """A document and the reply that carries it."""

    __slots__ = ("_carried", "document")

    def __init__(self, document: Document[V], make: Callable[[bytes], HttpReply]) -> None:
        self.document = document
        self._carried: Carried[bytes] = Carried(make)

    def reply(self, view: Callable[[], V]) -> HttpReply:
        return self._carried.reply(self.document.bytes(view))


def nested(paths: Sequence[Path]) -> Join:
    """Fragments as the values of one JSON object with objects in it, members in the order in which they come first.

    One that is empty is left out, and so is an object without any.
    """
    return lambda _count: _Nested(paths)


class _Nested:
    """The values of a nested object, and what stands between them."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._templates: dict[tuple[bool, ...], _Template] = {}
        """By which of the values are there."""
        self._present: tuple[bool, ...] | None = None
        self._pieces: list[bytes] = []
        self._places: Sequence[int] = ()
        """Of each value, among the pieces; 0: it is not there."""

    def renew(self, texts: Sequence[bytes], changed: Sequence[int]) -> bytes:
        pieces, places = self._pieces, self._places
        if self._present is None or any((not texts[index]) is (places[index] > 0) for index in changed):
            self._arrange(texts)
            return b"".join(self._pieces)
        for index in changed:
            if place := places[index]:
                pieces[place] = texts[index]
        return b"".join(pieces)

    def _arrange(self, texts: Sequence[bytes]) -> None:
        present = self._present = tuple(map(bool, texts))
        template = self._templates.get(present)
        if template is None:
            shown = [index for index, there in enumerate(present) if there]
            template = self._templates[present] = _Template([(self._paths[index], index) for index in shown])
        self._pieces = template.filled(texts)
        self._places = template.places(len(texts))


class _Template:
    """What stands between the values of a nested object."""

    def __init__(self, slots: Sequence[tuple[Path, int]]) -> None:
        self._pieces: list[bytes] = []
        self._order: list[int] = []
        self._open = b""
        self._write(slots)
        self._pieces.append(self._open)

    def _write(self, slots: Sequence[tuple[Path, int]]) -> None:
        members: dict[str, list[tuple[Path, int]]] = {}
        for path, index in slots:
            members.setdefault(path[0], []).append((path[1:], index))
        self._open += b"{"
        for number, (name, inner) in enumerate(members.items()):
            self._open += (b"," if number else b"") + json.dumps(name, ensure_ascii=False).encode() + b":"
            if inner[-1][0]:
                self._write([slot for slot in inner if slot[0]])
            else:
                self._pieces += [self._open, b""]
                self._order.append(inner[-1][1])
                self._open = b""
        self._open += b"}"

    def filled(self, texts: Sequence[bytes]) -> list[bytes]:
        """All pieces, with the values at odd places."""
        pieces = [*self._pieces]
        pieces[1::2] = [texts[index] for index in self._order]
        return pieces

    def places(self, count: int) -> Sequence[int]:
        """Where each of the values is among the pieces; 0: nowhere."""
        places = [0] * count
        for number, index in enumerate(self._order):
            places[index] = 2 * number + 1
        return places
