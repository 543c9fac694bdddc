"""Writes `steps.pyi`: the steps as typed methods, so that editors complete them and mypy catches a misspelt one.

The one rule: types come from the JSON Schema of the arguments, the same that editors of scenarios use.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from ..faults.catalogue import FAULT_TYPES
from ..language.arguments import Schema
from ..language.records import Argument
from ..language.units import DIMENSIONS
from ..scenario.steps.base import StepType
from ..scenario.steps.fault import common
from ..scenario.steps.vocabulary import STEPS

FILE: Final = Path(__file__).with_name("steps.pyi")
WRITTEN_OUT: Final = ("expect", "wait_until")
"""Steps that `EmulatorFixture` has methods of its own for."""
PLACES: Final = ("wallbox", "on")
"""Arguments that take a wallbox under test as well as its name."""
QUANTITIES: Final = {dimension.word: dimension.word.title().replace("_", "") for dimension in DIMENSIONS.values()}
"""Schema of a number with a unit to the alias it gets."""
HEAD: Final = '''\
"""Made by `python -m emulator.testing.stubs` from the vocabulary: every step as a typed method."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Literal, TypeAlias, overload

from typing_extensions import TypedDict, Unpack

from .wallbox import WallboxFixture

Outcome: TypeAlias = dict[str, object]
Wallbox: TypeAlias = str | WallboxFixture
'''


def stub() -> str:
    """The text of `steps.pyi`."""
    lines = [HEAD.rstrip()]
    for dimension in DIMENSIONS.values():
        also = " | timedelta" if dimension.word == "duration" else ""
        lines += [
            f"{QUANTITIES[dimension.word]}: TypeAlias = str{also}",
            f'"""{dimension.noun}: {dimension.example}"""',
        ]
    lines += ["", "class _AnyFault(TypedDict, total=False):"]
    lines += [f"    {a.name}: {_type(a)}" for a in common() if a.name not in ("on", "kind") and not _reserved(a)]
    lines += [
        "",
        "class Steps(ABC):",
        "    @abstractmethod",
        "    def step(self, name: str, argument: object = ..., /, **arguments: object) -> Outcome: ...",
    ]
    for name, kind in STEPS.items():
        if name not in WRITTEN_OUT:
            lines += _faults() if name == "fault" else _method(name, kind)
    return "\n".join(lines) + "\n"


def _method(name: str, kind: StepType) -> Iterator[str]:
    if kind.whole is not None:
        yield from _signature(name, [f"{_name(kind.whole)}: {_type(kind.whole)}", "/"], kind.about)
        return
    arguments = list(kind.arguments)
    short = next((argument for argument in arguments if argument.name == kind.short), None)
    words = [f"argument: {_type(short)} | None = ...", "/"] if short is not None else []
    words += ["*"] if arguments else []
    words += [_keyword(argument, optional=argument is short) for argument in arguments]
    yield from _signature(name, words, kind.about)


def _faults() -> Iterator[str]:
    on = next(argument for argument in common() if argument.name == "on")
    reserved = [_keyword(argument) for argument in common() if _reserved(argument)]
    for kind in FAULT_TYPES.values():
        words = ["*", f"{on.name}: {_type(on)}", f'kind: Literal["{kind.name}"]']
        words += [_keyword(argument) for argument in kind.arguments]
        words += [*reserved, "**common: Unpack[_AnyFault]"]
        yield "    @overload"
        yield from _signature("fault", words, kind.about)


def _signature(name: str, words: Sequence[str], about: str) -> Iterator[str]:
    yield f"    def {name}("
    yield from (f"        {word}," for word in ("self", *words[:-1]))
    yield f"        {words[-1]}{'' if words[-1].startswith('**') else ','}" if words else "        /,"
    yield "    ) -> Outcome:"
    yield f'        """{about}"""'


def _keyword(argument: Argument[object], *, optional: bool = False) -> str:
    given = "" if argument.required and not optional else " = ..."
    return f"{_name(argument)}: {_type(argument)}{given}"


def _reserved(argument: Argument[object]) -> bool:
    """Whether its name is a word of Python: it gets a `_`."""
    return keyword.iskeyword(argument.name)


def _name(argument: Argument[object]) -> str:
    return f"{argument.name}_" if _reserved(argument) else argument.name


def _type(argument: Argument[object]) -> str:
    if argument.name in PLACES:
        return "Wallbox"
    options = dict.fromkeys(_options(argument.type.schema()))
    return "object" if "object" in options else " | ".join(options)


def _options(schema: Schema) -> Iterator[str]:
    """The Python types of what a schema accepts."""
    title, several = schema.get("title"), schema.get("anyOf")
    if isinstance(title, str) and title in QUANTITIES:
        yield QUANTITIES[title]
    elif isinstance(several, list):
        for option in several:
            yield from _options(option)
    elif "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        assert isinstance(values, list)
        yield f"Literal[{', '.join(map(repr, values))}]"
    elif schema.get("type") == "array":
        items = schema.get("items", {})
        assert isinstance(items, Mapping)
        inner = dict.fromkeys(_options(dict(items)))
        yield f"Sequence[{'object' if 'object' in inner else ' | '.join(inner)}]"
    else:
        yield _PLAIN.get(str(schema.get("type")), "object")


_PLAIN: Final = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
    "object": "Mapping[str, object]",
}

if __name__ == "__main__":
    FILE.write_text(stub(), "utf-8")
