"""What went wrong with a request to the control API, as problem documents (RFC 9457).

The one rule: every error reply of the control port has this shape, also those for unknown paths and malformed bodies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ..errors import EmulatorError, ScenarioError
from ..runtime.bugs import Bugs

MEDIA_TYPE = "application/problem+json"


class Refused(EmulatorError):  # noqa: N818 - an answer
    """A request that is answered with a problem document; `members` are added to it."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        title: str | None = None,
        headers: Mapping[str, str] | None = None,
        **members: object,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.title = title if title is not None else HTTPStatus(status).phrase
        self.headers = dict(headers or {})
        self.members = members

    def reply(self) -> web.Response:
        document = {"type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail}
        return web.json_response(
            document | self.members, status=self.status, headers=self.headers, content_type=MEDIA_TYPE
        )


def problem_documents(bugs: Callable[[], Bugs]) -> Middleware:
    """Turn whatever a handler raises into a problem document."""

    @web.middleware
    async def documented(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except (EmulatorError, web.HTTPException) as error:
            return _mistake(request, error).reply()
        except Exception as error:
            bug = bugs().caught(f"control API, {request.method} {request.path[:200]}", error)
            return Refused(500, f"the emulator has a bug, {bug.id}; its log says more", bug=bug.id).reply()

    return documented


def _mistake(request: web.Request, error: EmulatorError | web.HTTPException) -> Refused:
    """What the client did wrong."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, web.HTTPException):
        return _of_aiohttp(request, error)
    if not isinstance(error, ScenarioError):
        return Refused(422, str(error), title="The request does not make sense")
    problems = [
        {"text": p.text, "place": str(p.place)}
        | ({"line": p.place.line, "column": p.place.column} if p.place.line else {})
        for p in error.problems
    ]
    return Refused(422, str(error), title="The request does not make sense", problems=problems)


def _of_aiohttp(request: web.Request, error: web.HTTPException) -> Refused:
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        detail = f"{request.path} takes {allowed}, not {request.method}"
        return Refused(405, detail, headers={"Allow": allowed}, allowed=sorted(error.allowed_methods))
    if isinstance(error, web.HTTPNotFound):
        return Refused(404, f"there is nothing at {request.path}; /api lists what there is")
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return Refused(413, "the body is larger than this API takes")
    return Refused(error.status, error.text or error.reason)
