"""The dashboard: the files in `static`, which are built from `dashboard/` at the top of the repository.

The one rule: the page loads nothing but these files; `SECURITY_HEADERS` tell a browser so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from aiohttp import web

TYPES: Final[Mapping[str, str]] = {
    "index.html": "text/html",
    "app.js": "text/javascript",
    "app.css": "text/css",
    "icon.svg": "image/svg+xml",
    "licences.txt": "text/plain",
}
"""Every file there is."""


@cache
def content(name: str) -> tuple[bytes, str]:
    """A file, and what tells its versions apart."""
    found = files(__package__).joinpath("static", name).read_bytes()
    return found, f'"{hashlib.sha256(found).hexdigest()[:20]}"'


def add_to(router: web.UrlDispatcher) -> None:
    """Serve the page at `/` and its files below `/static/`."""
    router.add_get("/", _page)
    router.add_get("/static/{name}", _file)


async def _page(request: web.Request) -> web.Response:
    return _served(request, "index.html")


async def _file(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in TYPES:
        raise web.HTTPNotFound
    return _served(request, name)


def _served(request: web.Request, name: str) -> web.Response:
    found, tag = content(name)
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers=headers)
    return web.Response(body=found, content_type=TYPES[name], charset="utf-8", headers=headers)
