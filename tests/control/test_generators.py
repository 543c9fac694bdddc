"""Generators of client code take the OpenAPI document whole: no warning, nothing left out, and the client works."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Control
from .test_documents import described

PROGRAM = """
import sys
from generated.api.default import advance, charger, steps
from generated.client import Client
from generated.models.advance import Advance
from generated.models.plug_in_arguments import PlugInArguments
from generated.models.timed_step import TimedStep

with Client(base_url=sys.argv[1]) as client:
    outcome = steps.sync(client=client, body=TimedStep(plug_in=PlugInArguments(vehicle="id3", state_of_charge="40 %")))
    assert outcome.ok, outcome
    assert advance.sync(client=client, body=Advance(by="1 min")).at == 60
    print(charger.sync(client=client, name="garage")["pilot"])
"""


@pytest.fixture
def openapi(tmp_path: Path) -> Path:
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(described()), "utf-8")
    return file


def run(*words: str, cwd: Path) -> str:
    """What a program prints; it has to succeed."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        words, cwd=cwd, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def tool(name: str) -> str:
    """Where a generator is; skips where it is not."""
    found = shutil.which(name, path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


async def test_openapi_python_client(openapi: Path, control: Control) -> None:
    said = run(
        tool("openapi-python-client"), "generate", "--path", openapi.name, "--output-path", "generated", "--meta",
        "none", cwd=openapi.parent,
    )  # fmt: skip
    assert "arning" not in said, said
    assert "nable" not in said, said
    (openapi.parent / "program.py").write_text(PROGRAM, "utf-8")
    printed = await asyncio.to_thread(run, sys.executable, "program.py", control.server.url, cwd=openapi.parent)
    assert printed == "C\n"


def test_datamodel_codegen(openapi: Path) -> None:
    run(
        tool("datamodel-codegen"), "--input", openapi.name, "--input-file-type", "openapi", "--output", "models.py",
        "--output-model-type", "pydantic_v2.BaseModel", cwd=openapi.parent,
    )  # fmt: skip
    printed = run(sys.executable, "-c", "import models; print(models.TimedStep.__name__)", cwd=openapi.parent)
    assert printed == "TimedStep\n"


def test_openapi_typescript(openapi: Path) -> None:
    run(tool("openapi-typescript"), openapi.name, "--output", "client.ts", cwd=openapi.parent)
    text = (openapi.parent / "client.ts").read_text("utf-8")
    assert '"/api/steps": {' in text
    assert "plug_in?: " in text


def test_oapi_codegen(openapi: Path) -> None:
    run(
        tool("oapi-codegen"), "-generate", "types,client", "-package", "emulator", "-o", "client.go", openapi.name,
        cwd=openapi.parent,
    )  # fmt: skip
    text = (openapi.parent / "client.go").read_text("utf-8")
    assert "func NewStepsRequest(" in text
    assert re.search(r"\tPlugIn +\*StepPlugIn ", text)
