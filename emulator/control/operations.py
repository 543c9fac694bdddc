"""What an operation of the control API is: the row from which routing, OpenAPI document and reference page are made.

The one rule: nothing is served that is not a row, and nothing is documented by hand elsewhere.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Literal

from aiohttp import web
from pydantic import BaseModel

if TYPE_CHECKING:
    from .api import Api

Handler = Callable[["Api", web.Request], Awaitable[web.StreamResponse]]


Body = type[BaseModel] | dict[str, object]
"""A model, or a JSON Schema."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A path or query parameter."""

    name: str
    about: str
    type: Literal["string", "integer", "number"] = "string"
    minimum: int | None = None
    place: Literal["query", "path"] = "query"
    required: bool = False
    """Those in the path are, anyway."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path."""

    method: str
    path: str
    handler: Handler
    summary: str
    reply: Body | None = None
    """What it answers with; None: see `media`."""
    _: KW_ONLY
    about: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    """What the request carries."""
    example: object = None
    """A body worth showing."""
    media: str = "application/json"
    status: int = 200
    """Of a reply without problems."""
    problems: tuple[int, ...] = ()
    """Statuses of the problem documents it may answer with."""
    open: bool = False
    """Needs no token."""

    @property
    def id(self) -> str:
        """`operationId` in the OpenAPI document."""
        return self.handler.__name__
