"""The house: each package imports only what stands before it, for types too."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent / "emulator"

LAYERS: Final = (
    {"_version"},
    {"errors", "__init__"},
    {"core"},
    {"runtime"},
    {"language"},
    {"devices"},
    {"ocpp", "eebus"},
    {f"vendors.{path.name}" for path in (ROOT / "vendors").iterdir() if path.is_dir()},
    {"vendors"},
    {"faults", "protocols", "captures"},
    {"world"},
    {"verdict"},
    {"scenario"},
    {"reports", "importing", "explaining"},
    {"service", "recording"},
    {"control", "testing"},
    {"explore", "fleet"},
    {"reference"},
    {"commands", "pytest_plugin", "testcontainers"},
    {"cli"},
    {"__main__"},
)
"""From the bottom up; packages of one layer do not import each other."""


def modules() -> dict[str, Path]:
    found = {}
    for file in ROOT.rglob("*.py"):
        parts = file.relative_to(ROOT).with_suffix("").parts
        found[".".join(("emulator", *parts)).removesuffix(".__init__")] = file
    return found


def package(module: str) -> str:
    """The layer's name of a module: `core`, `vendors.goe`, `errors`."""
    parts = module.split(".")[1:] or ["__init__"]
    return (
        ".".join(parts[:2])
        if parts[0] == "vendors" and (ROOT / "vendors" / parts[-1]).is_dir()
        else (".".join(parts[:2]) if parts[0] == "vendors" and len(parts) > 2 else parts[0])
    )


def imported(module: str, file: Path, known: dict[str, Path]) -> set[str]:
    """The modules of ours that a module imports, wherever in it."""
    here = module.split(".") if file.name == "__init__.py" else module.split(".")[:-1]
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            outer = here[: len(here) - node.level + 1] if node.level else []
            base = ".".join([*outer, *([node.module] if node.module else [])])
            within = [f"{base}.{alias.name}" for alias in node.names]
            names = [name if name in known else base for name in within]
        else:
            continue
        found |= {name for name in names if name in known}
    return found


def test_imports_point_downwards() -> None:
    known = modules()
    height = {name: index for index, layer in enumerate(LAYERS) for name in layer}
    upwards = set()
    for module, file in known.items():
        for target in imported(module, file, known):
            below, above = package(target), package(module)
            assert above in height, f"{above} stands in no layer"
            if below != above and height[below] >= height[above]:
                upwards.add(f"{module} imports {target}")
    assert not upwards, "\n".join(sorted(upwards))
