"""What the package imports is among what it is installed with."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = {"explore": "emulator/explore/", "testcontainers": "emulator/testcontainers.py"}
"""Extra to the modules that are for those who asked for it."""
PLUGIN = "emulator/pytest_plugin.py"
"""What pytest itself loads."""


def distributions(requirements: list[str]) -> set[str]:
    return {normal(re.split(r"[^\w.-]", requirement, maxsplit=1)[0]) for requirement in requirements}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(file: Path) -> Iterator[str]:
    """The modules of others that a file imports, wherever it does."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
            names = [node.module]
        yield from (top for name in names if (top := name.split(".")[0]) not in sys.stdlib_module_names)


def allowed(file: str) -> set[str]:
    found = distributions(PROJECT["dependencies"])
    for extra, place in EXTRAS.items():
        if file.startswith(place):
            found |= distributions(PROJECT["optional-dependencies"][extra])
    return found | {"pytest"} if file == PLUGIN else found


def test_everything_that_is_imported_is_installed_with_the_package() -> None:
    owners = packages_distributions()
    missing = set()
    for file in (ROOT / "emulator").rglob("*.py"):
        shown = file.relative_to(ROOT).as_posix()
        for name in imported(file):
            if not {normal(owner) for owner in owners.get(name, [name])} & allowed(shown):
                missing.add(f"{shown}: {name}")
    assert missing == set()
