"""The API does what its OpenAPI document says: schemathesis makes requests from it, right and wrong ones, in a program
of its own.

The one rule: a fixed seed and a bounded number of requests; `--api-examples N` makes it N per operation.
Needs `pip install .[conformance]`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path
from typing import Final

import pytest

from .conftest import Control

CONFIG: Final = Path(__file__).with_name("schemathesis.toml")
EXAMPLES: Final = 10
PATIENCE: Final = 600.0
"""Wall seconds after which something hangs, unless more examples are asked for."""
LARGE: Final = ("/api/steps", "/api/rules", "/api/verify")
"""Paths whose bodies are a language: what is random in all of it takes long to make, and more says little more."""

SOCKETS: Final = ("/api/events",)
"""Which are WebSockets."""


@pytest.fixture
def program() -> str:
    """Where schemathesis is; skips where it is not."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    found = shutil.which("st", path=path)
    if found is None:
        pytest.skip("schemathesis is not installed")
    return found


@pytest.mark.parametrize("large", [False, True])
async def test_every_operation(
    control: Control, request: pytest.FixtureRequest, program: str, tmp_path: Path, large: bool
) -> None:
    wanted = request.config.getoption("--api-examples")
    paths = [f"--{'include' if large else 'exclude'}-path={path}" for path in LARGE]
    paths += [f"--exclude-path={path}" for path in SOCKETS]
    phases = "fuzzing" if large else "examples,coverage,fuzzing"
    options = [f"--max-examples={wanted or EXAMPLES}", "--seed=1", f"--phases={phases}", "--continue-on-failure"]
    process = await asyncio.create_subprocess_exec(
        program,
        f"--config-file={CONFIG}",
        "run",
        f"{control.server.url}/api/openapi.json",
        *options,
        *paths,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": "", "COLUMNS": "120"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(None if wanted else PATIENCE):
        output, _ = await process.communicate()
    if wanted:
        print(output.decode())
    assert process.returncode == 0, output.decode()
    assert not control.emulator.bugs.count
