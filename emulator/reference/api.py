"""The control API, from the rows that serve it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ..control.openapi import ABOUT, problem_statuses
from ..control.operations import Operation
from ..control.table import OPERATIONS
from .markdown import code, table


def page() -> Iterator[str]:
    """Every operation."""
    yield "# Control API\n"
    yield f"{' '.join(ABOUT.split())}\n"
    yield "A running emulator has this page at `/api`, where requests can be tried, and `/api/openapi.json` for"
    yield "generators of clients: openapi-typescript, openapi-python-client, datamodel-codegen and oapi-codegen."
    yield ""
    for operation in OPERATIONS:
        yield from _operation(operation)


def _operation(operation: Operation) -> Iterator[str]:
    yield f"## {operation.method} {operation.path}\n"
    yield f"{operation.summary}. {operation.about}\n"
    yield from table(("parameter", "", "meaning"), ((code(p.name), p.type, p.about) for p in operation.parameters))
    if operation.example is not None:
        body = json.dumps(operation.example, ensure_ascii=False)
        yield f"```sh\ncurl -X {operation.method} localhost:8000{operation.path} --json '{body}'\n```\n"
    if isinstance(operation.reply, type):
        yield from table(
            ("reply", "meaning"),
            ((code(name), field.description or "") for name, field in operation.reply.model_fields.items()),
        )
    statuses = problem_statuses(operation, secured=False)
    if statuses:
        yield f"Problems: {', '.join(map(str, statuses))}.\n"
