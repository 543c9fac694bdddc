"""A stored value that clients may set, in one row: what is taken, where it is kept, and what it is by default."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from ...devices.points import Point
from ...devices.settings import Checked, Setting, schema_of
from .conversions import Convert
from .refusals import Refusal

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, kw_only=True)
class Stored(Point, Generic[T_co]):
    """One value."""

    type: str
    """`bool`, `int`, `double`, `string`, `array`"""
    default: T_co
    """After a factory reset."""
    convert: Convert[T_co]
    persistent: bool = True

    @cached_property
    def setting(self) -> Setting[T_co]:
        """Where it is kept."""
        schema = schema_of(self.convert)
        if isinstance(self.convert(self.default), Refusal):
            schema = {"anyOf": [schema, {"const": self.default}]}
        return Setting(self.name, self.default, Checked(self._check, schema), self.about, persistent=self.persistent)

    def _check(self, value: object) -> T_co:
        """The same rule for what a user states; the default counts as stated."""
        if value == self.default and type(value) is type(self.default):
            return self.default
        found = self.convert(value)
        if isinstance(found, Refusal):
            raise ValueError(f"expected {self.about or self.type} ({found.message} {found.code})")
        return found
