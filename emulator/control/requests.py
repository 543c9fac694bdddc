"""What requests to the control API carry, checked; and how it answers.

The one rule: what is not as documented is refused with what was found and what was expected.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, Final, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from ..errors import did_you_mean
from ..language.bounds import excess_of_json
from .problems import Refused

Model = TypeVar("Model", bound=BaseModel)


async def json_of(request: web.Request) -> Any:
    """The JSON value in the body."""
    body = await request.read()
    try:
        value = json.loads(body, parse_constant=_no_constant, object_pairs_hook=_members)
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"the body is not JSON: {error}", title="Malformed JSON") from None
    if (excess := excess_of_json(value)) is not None:
        raise Refused(422, f"the body has {excess.text}", title=excess.title)
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, each of whose members is there once: of two, JSON takes the last one without a word."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Refused(422, f'"{twice[:80]}" is here twice, expected it once')
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


async def model_of(request: web.Request, model: type[Model]) -> Model:
    """The body as a model."""
    value = await json_of(request)
    if not isinstance(value, dict):
        raise Refused(422, f"expected an object, found {shown(value)}")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems = [_problem(item, model) for item in error.errors(include_url=False, include_context=False)]
        text = "; ".join(f"{problem['member']}: {problem['text']}".removeprefix(": ") for problem in problems)
        raise Refused(422, text, title="The request does not make sense", problems=problems) from None


def shown(value: object) -> str:
    """A JSON value by its kind, for a message."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    kinds = {int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}
    return kinds[type(value)]


def _problem(item: Any, model: type[BaseModel]) -> dict[str, str]:
    member = ".".join(str(part) for part in item["loc"])
    text = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        text = f"unknown member{did_you_mean(member, model.model_fields)}"
    return {"member": member, "text": text}


async def nothing(request: web.Request) -> None:
    """The body has to be empty, or an empty object."""
    if await request.read() and await json_of(request) not in ({}, None):
        raise Refused(422, "expected no body")


NUMBERS: Final = frozenset(("after", "before", "limit", "newest", "since", "wait"))
"""Parameters that are numbers; of others an empty one is none."""


def check_query(request: web.Request, known: Collection[str]) -> None:
    """`Refused` if there is a parameter that the operation does not know, or one twice."""
    for name in request.query:
        if name not in (*known, "access_token"):
            raise Refused(422, f'unknown parameter "{name[:80]}"{did_you_mean(name, known)}')
        if len(request.query.getall(name)) > 1:
            raise Refused(422, f"{name}: is here twice, expected it once")


def query_of(request: web.Request, *known: str) -> dict[str, str]:
    check_query(request, known)
    for name in request.query:
        if name in NUMBERS and not request.query[name]:
            raise Refused(422, f"{name}: found nothing, expected a number")
    return {name: value for name, value in request.query.items() if value != ""}


MOST: Final = 10**15 - 1
"""The largest number in a query."""


def whole(query: dict[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST))):
        raise Refused(422, f'{name}: found "{text[:80]}", expected a whole number 0..{MOST}')
    return int(text)


def number(query: dict[str, str], name: str, default: float) -> float:
    text = query.get(name, str(default))
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise Refused(422, f'{name}: found "{text}", expected a number of seconds')
    return value


def answer(value: object, status: int = 200) -> web.Response:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return web.Response(
        status=status, body=text.encode("utf-8", "replace"), content_type="application/json", charset="utf-8"
    )


def reached(request: web.Request) -> str | None:
    """The name under which the client reached this machine, for URLs of interfaces bound to all addresses."""
    try:
        return request.url.host
    except ValueError:
        return None
