"""Typed reading of a document: one node of JSON that fits its schema.

The one rule: whoever reads a member says what it is; what is something else is a mistake of the program (TypeError).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class Doc:
    """A node of a document, secrets included."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    @property
    def members(self) -> Mapping[str, object]:
        """An object's members; none where the value is null."""
        if self.value is None:
            return {}
        if not isinstance(self.value, Mapping):
            raise TypeError(f"{self.value!r} is no object")
        return self.value

    def __getitem__(self, name: str) -> object:
        return self.members[name]

    def __contains__(self, name: object) -> bool:
        return name in self.members

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Doc) and self.value == other.value

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean member; `default` where the document has none of that name."""
        return bool(self.members.get(name, default))

    def integer(self, name: str, default: int | None = None) -> int:
        """A whole number; `default` where the document has none of that name."""
        found = self.members.get(name, default)
        if not isinstance(found, int):
            raise TypeError(f"{name} holds {found!r}, not a whole number")
        return found

    def number(self, name: str) -> float:
        found = self.known(name)
        if found is None:
            raise TypeError(f"{name} holds no number")
        return found

    def known(self, name: str) -> float | None:
        """A number, or None where there is none."""
        found = self.members.get(name)
        if found is not None and not isinstance(found, int | float):
            raise TypeError(f"{name} holds {found!r}, not a number")
        return found

    def text(self, name: str) -> str:
        found = self.members[name]
        if not isinstance(found, str):
            raise TypeError(f"{name} holds {found!r}, not a text")
        return found

    def doc(self, name: str) -> Doc:
        return Doc(self.members[name])

    def docs(self, name: str) -> list[Doc]:
        """An array's elements."""
        return Doc(self.members[name]).elements

    def integers(self, name: str) -> list[int]:
        return [whole(item) for item in _listed(self.members[name])]

    def variant(self, name: str) -> tuple[int, Doc]:
        """Tag and value of a union."""
        return Doc(self.members[name]).tagged

    @property
    def elements(self) -> list[Doc]:
        return [Doc(item) for item in _listed(self.value)]

    @property
    def numbers(self) -> list[float | None]:
        """An array's numbers; None where it has none."""
        return [float(item) if isinstance(item, int | float) else None for item in _listed(self.value)]

    @property
    def tagged(self) -> tuple[int, Doc]:
        tag, value = _listed(self.value)
        return whole(tag), Doc(value)

    def rewrite(self, name: str, value: object) -> None:
        """Replace a member of the document itself: a check that also spells things its own way."""
        assert isinstance(self.value, dict)
        self.value[name] = value

    def changed(self, **members: object) -> dict[str, object]:
        """The object with other values for some of its members."""
        return {**self.members, **members}


def whole(value: object) -> int:
    """TypeError if it is no whole number."""
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is not a whole number")
    return value


def plain_docs(docs: Iterable[Doc]) -> list[object]:
    """The values of some nodes."""
    return [doc.value for doc in docs]


def _listed(value: object) -> list[object]:
    if not isinstance(value, list | tuple):
        raise TypeError(f"{value!r} is no array")
    return list(value)
