"""The readable reference of the control API at `/api`: one page, made from the same rows as the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from .. import __version__
from .openapi import ABOUT, problem_statuses
from .operations import Operation

STYLE = """
:root { color-scheme: light dark; --line: #8884; --dim: #7a8792; --accent: #0d9488;
  --mono: ui-monospace, "DejaVu Sans Mono", monospace; }
body { font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.5rem }
h2 { font: 600 1rem var(--mono); margin: 2rem 0 .3rem; padding-top: 1rem; border-top: 1px solid var(--line) }
h2 b { color: var(--accent); display: inline-block; min-width: 4.2rem }
code, pre { font-family: var(--mono) }
p { margin: .3rem 0 }
pre { background: #8881; padding: .7rem 1rem; border-radius: .5rem; overflow-x: auto; font-size: .85rem }
table { border-collapse: collapse; font-size: .9rem }
td, th { text-align: left; padding: .15rem 1rem .15rem 0; vertical-align: top }
th, .dim { color: var(--dim); font-weight: 500 }
"""


def page(operations: Iterable[Operation], *, secured: bool) -> str:
    sections = "".join(_section(operation, secured) for operation in operations)
    access = " Requests need the header <code>Authorization: Bearer TOKEN</code>." if secured else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Control API</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head><body>'
        f"<h1>Charger emulator {__version__}: control API</h1><p>{escape(ABOUT)}{access} "
        'Machine-readable: <a href="/api/openapi.json">/api/openapi.json</a>. Dashboard: <a href="/">/</a>.</p>'
        f"{sections}</body></html>"
    )


def _section(operation: Operation, secured: bool) -> str:
    parts = [f"<h2><b>{operation.method}</b>{escape(operation.path)}</h2><p>{escape(operation.summary)}</p>"]
    if operation.about:
        parts.append(f'<p class="dim">{escape(operation.about)}</p>')
    if operation.parameters:
        rows = "".join(
            f"<tr><td><code>{escape(p.name)}</code></td><td>{p.type}</td><td>{escape(p.about)}</td></tr>"
            for p in operation.parameters
        )
        parts.append(f"<table>{rows}</table>")
    if operation.example is not None:
        parts.append(f"<pre>{escape(_curl(operation))}</pre>")
    if isinstance(operation.reply, type):
        parts.append(_members(operation.reply))
    errors = [f"{status} {HTTPStatus(status).phrase}" for status in problem_statuses(operation, secured)]
    if errors:
        parts.append(f'<p class="dim">Problems: {", ".join(errors)}</p>')
    return "".join(parts)


def _curl(operation: Operation) -> str:
    body = json.dumps(operation.example, ensure_ascii=False)
    return f"curl -X {operation.method} localhost:8000{operation.path} --json '{body}'"


def _members(reply: type[BaseModel]) -> str:
    properties = reply.model_json_schema(ref_template="{model}").get("properties", {})
    rows = "".join(
        f"<tr><td><code>{escape(member)}</code></td><td>{escape(_type(schema))}</td>"
        f"<td>{escape(schema.get('description', ''))}</td></tr>"
        for member, schema in properties.items()
    )
    return f"<table><tr><th>reply</th><th></th><th></th></tr>{rows}</table>"


def _type(schema: dict[str, Any]) -> str:
    """A JSON Schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return " or ".join(_type(option) for option in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return str(schema.get("type", "any"))
