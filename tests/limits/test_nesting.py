"""Too deep a document raises RecursionError, which is no ValueError: who reads the JSON of others expects both."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "emulator"
OF_OURS = {"control/client.py"}
"""Reads what the emulator itself said."""


def _reads(body: list[ast.stmt]) -> bool:
    calls = (node for part in body for node in ast.walk(part) if isinstance(node, ast.Call))
    return any(ast.unparse(call.func) == "json.loads" for call in calls)


def _careless(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and _reads(node.body):
            caught = " ".join(ast.unparse(handler.type) for handler in node.handlers if handler.type is not None)
            if "ValueError" in caught and "RecursionError" not in caught:
                yield node.lineno


@pytest.mark.parametrize("package", sorted(path.name for path in ROOT.iterdir() if path.is_dir()))
def test_json_of_others_may_be_nested(package: str) -> None:
    found = {
        f"{file.relative_to(ROOT)}:{line}"
        for file in (ROOT / package).rglob("*.py")
        if file.relative_to(ROOT).as_posix() not in OF_OURS
        for line in _careless(ast.parse(file.read_text()))
    }
    assert not found


def test_it_would_be_found() -> None:
    text = "try:\n    x = json.loads(y)\nexcept (ValueError, KeyError):\n    pass"
    assert list(_careless(ast.parse(text))) == [1]
