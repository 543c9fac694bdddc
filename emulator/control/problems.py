"""What went wrong with a request to the control API, as problem documents (RFC 9457).

The one rule: every error reply of the control port has this shape, also those for unknown paths and malformed bodies.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from ..errors import EmulatorError, ScenarioError

MEDIA_TYPE = "application/problem+json"
log = logging.getLogger(__name__)


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


@web.middleware
async def problem_documents(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever a handler raises into a problem document."""
    try:
        return await handler(request)
    except Refused as refused:
        return refused.reply()
    except ScenarioError as error:
        problems = [
            {"text": p.text, "place": str(p.place)}
            | ({"line": p.place.line, "column": p.place.column} if p.place.line else {})
            for p in error.problems
        ]
        return Refused(422, str(error), title="The request does not make sense", problems=problems).reply()
    except EmulatorError as error:
        return Refused(422, str(error), title="The request does not make sense").reply()
    except web.HTTPException as error:
        return _of_aiohttp(request, error).reply()
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        return Refused(500, "the emulator has a bug; its log says more").reply()


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
