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


def page(operations: Iterable[Operation], *, secured: bool) -> str:
    sections = "".join(_section(operation, secured) for operation in operations)
    access = " Requests need the header <code>Authorization: Bearer TOKEN</code>." if secured else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Control API</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="/static/icon.svg"><link rel="stylesheet" href="/api/reference.css">'
        '<script src="/api/reference.js" defer></script></head><body>'
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
    if operation.media == "application/json":
        parts.append(_form(operation))
    if isinstance(operation.reply, type):
        parts.append(_members(operation.reply))
    errors = [f"{status} {HTTPStatus(status).phrase}" for status in problem_statuses(operation, secured)]
    if errors:
        parts.append(f'<p class="dim">Problems: {", ".join(errors)}</p>')
    return "".join(parts)


def _form(operation: Operation) -> str:
    """What sends the request from this page; `reference.js` gives it life."""
    fields = "".join(
        f'<label>{escape(p.name)} <input name="{escape(p.name)}" data-place="{p.place}"'
        f"{' required' if p.place == 'path' else ''}></label>"
        for p in operation.parameters
    )
    if operation.body is not None:
        body = "" if operation.example is None else json.dumps(operation.example, ensure_ascii=False, indent=2)
        fields += f'<label class="body">body <textarea name="body" rows="4">{escape(body)}</textarea></label>'
    return (
        "<details><summary>Try it</summary>"
        f'<form data-method="{operation.method}" data-path="{escape(operation.path)}">{fields}'
        '<button>Send</button><pre class="reply" aria-live="polite" hidden></pre></form></details>'
    )


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
