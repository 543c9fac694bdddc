"""The OpenAPI document, the pages, and whether the replies are as documented."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from emulator.control.openapi import document
from emulator.control.table import OPERATIONS, definitions

from .conftest import Control


def described(secured: bool = False) -> dict[str, Any]:
    return document(OPERATIONS, definitions=definitions(), secured=secured)


@pytest.mark.parametrize("secured", [False, True])
def test_the_document_is_valid_openapi(secured: bool) -> None:
    OpenAPIV31SpecValidator(described(secured)).validate()


async def test_it_is_served(control: Control) -> None:
    assert await control.call("GET", "/api/openapi.json") == described()


async def test_replies_are_as_documented(control: Control) -> None:
    await control.step({"plug_in": "id3"})
    calls: list[tuple[str, str, object, int]] = [
        ("get", "/api/state", None, 200),
        ("get", "/api/chargers/garage", None, 200),
        ("get", "/api/chargers/x", None, 404),
        ("get", "/api/chargers/garage/history", None, 200),
        ("get", "/api/chargers/x/history", None, 404),
        ("get", "/api/wallboxes", None, 200),
        ("get", "/api/wallboxes/garage.goe/tables", None, 200),
        ("get", "/api/wallboxes/garage.goe/values", None, 200),
        ("get", "/api/wallboxes/x/values", None, 404),
        ("get", "/api/clients", None, 200),
        ("get", "/api/timeline", None, 200),
        ("get", "/api/behaviour", None, 200),
        ("get", "/api/central_system", None, 200),
        ("get", "/api/clock", None, 200),
        ("put", "/api/clock", {"speed": 0}, 200),
        ("put", "/api/clock", {"speed": "0"}, 422),
        ("post", "/api/clock/advance", {"by": "10 s"}, 200),
        ("post", "/api/clock/advance", {"until": {"power": "> 1 kW"}}, 200),
        ("post", "/api/steps", {"phase_loss": {}}, 200),
        ("post", "/api/steps", [{"note": "a"}, "power_cut"], 200),
        ("post", "/api/steps", {"x": 1}, 422),
        ("get", "/api/faults", None, 200),
        ("delete", "/api/faults/phase_loss", None, 200),
        ("delete", "/api/faults/phase_loss", None, 404),
        ("get", "/api/journal", None, 200),
        ("get", "/api/journal/1", None, 200),
        ("get", "/api/journal/999999", None, 404),
        ("post", "/api/expect", {"power": "changed"}, 200),
        ("post", "/api/reset", None, 200),
        ("get", "/api/catalogue", None, 200),
        ("get", "/healthz", None, 200),
    ]
    spec = described()
    for method, path, body, status in calls:
        reply = await control.call(method, path, body, status)
        template = re.sub(r"(chargers|faults|wallboxes)/[^/]+", r"\1/{name}", path)
        template = re.sub(r"(journal)/.+", r"\1/{seq}", template)
        (content,) = spec["paths"][template][method]["responses"][str(status)]["content"].values()
        schema = {**content["schema"], "components": spec["components"]}
        jsonschema.validate(reply, schema, jsonschema.Draft202012Validator)


async def test_the_steps_of_the_document_are_those_that_are_taken(control: Control) -> None:
    schema = {"$ref": "#/components/schemas/Step", "components": described()["components"]}
    validator = jsonschema.Draft202012Validator(schema)
    good: list[dict[str, object]] = [
        {"plug_in": {"vehicle": "id3"}},
        {"trip_rcd": {"residual_current": "35 mA"}},
        {"at": "2 h", "note": "x"},
    ]
    bad: list[dict[str, object]] = [{"plug_inn": {}}, {"trip_rcd": {"residual_current": []}}, {"note": {}}]
    for step in good:
        assert validator.is_valid(step)
        await control.step(step)
    for wrong in bad:
        assert not validator.is_valid(wrong)
        await control.call("POST", "/api/steps", wrong, status=422)


class Assets(HTMLParser):
    """Collects everything a page would load from somewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        wanted = {"link": "href", "script": "src", "img": "src", "iframe": "src"}.get(tag)
        self.found += [value or "" for name, value in attrs if name == wanted]


@pytest.mark.parametrize("path", ["/", "/api"])
async def test_pages_load_nothing_from_elsewhere(control: Control, path: str) -> None:
    async with control.http.get(path) as reply:
        assert reply.content_type == "text/html"
        assert "default-src '" in reply.headers["Content-Security-Policy"]
        assert "unsafe" not in reply.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in reply.headers["Content-Security-Policy"]
        assert reply.headers["X-Frame-Options"] == "DENY"
        text = await reply.text()
    assets = Assets()
    assets.feed(text)
    for found in assets.found:
        if not found.startswith("data:"):
            assert re.match(r"/?\w", found), found
            async with control.http.get("/" + found.removeprefix("/")) as reply:
                assert reply.status == 200
    assert not re.search(r"(?:src|href|url\()\W*https?://", text.replace("http://www.w3.org", ""))


async def test_the_files_of_the_page_are_asked_for_once(control: Control) -> None:
    async with control.http.get("/static/app.js") as reply:
        assert "unsafe" not in reply.headers["Content-Security-Policy"]
        tag = reply.headers["ETag"]
    async with control.http.get("/static/app.js", headers={"If-None-Match": tag}) as reply:
        assert reply.status == 304
    await control.call("GET", "/static/..%2Fserver.py", status=404)
    await control.call("GET", "/static/x", status=404)


async def test_the_reference_page_has_every_operation(control: Control) -> None:
    async with control.http.get("/api") as reply:
        text = await reply.text()
    for operation in OPERATIONS:
        assert f"<b>{operation.method}</b>{operation.path}" in text
