"""The OpenAPI 3.1 document, generated from the operations and their models."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from .. import __version__
from .models import Outcome, Outcomes, Problem
from .operations import Operation, Parameter
from .problems import MEDIA_TYPE

ABOUT = """\
Drives and inspects a running charger emulator. Times are simulated seconds, quantities plain SI numbers (W, Wh, A, V);
requests take quantities with units ("16 A", "1 h"). Every error is a problem document (RFC 9457)."""


def document(operations: Iterable[Operation], *, definitions: dict[str, object], secured: bool) -> dict[str, object]:
    """The document. `definitions` are further schemas (the scenario's steps); `secured`: a token is needed."""
    operations = tuple(operations)
    paths: dict[str, dict[str, object]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, secured)
    components: dict[str, object] = {"schemas": _schemas(operations) | definitions}
    if secured:
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Charger emulator control API", "version": __version__, "description": ABOUT},
        "paths": paths,
        "components": components,
    }


def _schemas(operations: Iterable[Operation]) -> dict[str, object]:
    models: dict[type[BaseModel], None] = dict.fromkeys((Problem, Outcome, Outcomes))
    for operation in operations:
        for found in (operation.body, operation.reply):
            if isinstance(found, type):
                models[found] = None
    _, schema = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    found = schema["$defs"]
    assert isinstance(found, dict)
    return found


def _operation(operation: Operation, secured: bool) -> dict[str, object]:
    described: dict[str, object] = {"operationId": operation.id, "summary": operation.summary}
    if operation.about:
        described["description"] = operation.about
    if operation.parameters:
        described["parameters"] = [_parameter(parameter) for parameter in operation.parameters]
    if operation.body is not None:
        content: dict[str, object] = {"schema": _schema(operation.body)}
        if operation.example is not None:
            content["example"] = operation.example
        described["requestBody"] = {"required": True, "content": {"application/json": content}}
    described["responses"] = _responses(operation, secured)
    if secured and not operation.open:
        described["security"] = [{"token": []}]
    return described


def _responses(operation: Operation, secured: bool) -> dict[str, object]:
    good: dict[str, object] = {"description": HTTPStatus(operation.status).phrase}
    responses: dict[str, object] = {str(operation.status): good}
    if operation.reply is not None:
        good["content"] = {operation.media: {"schema": _schema(operation.reply)}}
    elif operation.media != "application/json":
        good["content"] = {operation.media: {"schema": {"type": "string"}}}
    for status in problem_statuses(operation, secured):
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return responses


def problem_statuses(operation: Operation, secured: bool) -> list[int]:
    """The statuses of the problem documents an operation may answer with."""
    statuses = set(operation.problems)
    if operation.body is not None:
        statuses |= {400, 413, 422}
    if secured and not operation.open:
        statuses.add(401)
    return sorted(statuses)


def _parameter(parameter: Parameter) -> dict[str, object]:
    schema: dict[str, object] = {"type": parameter.type}
    if parameter.minimum is not None:
        schema["minimum"] = parameter.minimum
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required or parameter.place == "path",
        "description": parameter.about,
        "schema": schema,
    }


def _schema(found: type[BaseModel] | dict[str, object]) -> dict[str, object]:
    return found if isinstance(found, dict) else {"$ref": f"#/components/schemas/{found.__name__}"}
