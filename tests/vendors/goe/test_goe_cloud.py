"""go-e's cloud API: token, age, filters, and writes that nobody confirms."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from bench import Bench

from emulator.core.faults import BackendLost
from emulator.devices.interfaces import HttpInterface

Make = Callable[..., Bench]
TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def box(goe: Make) -> Make:
    def make(model: str | None = None, firmware: str | None = None, **settings: object) -> Bench:
        return goe(model, firmware, cae=True, **settings)

    return make


def ask(world: Bench, target: str, token: str | None = TOKEN) -> tuple[int, object]:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    reply = world.request(target, headers=headers, interface="cloud")
    return reply.status, json.loads(reply.body)


def test_who_has_the_token_reads(box: Make) -> None:
    world = box()
    assert ask(world, "/api/status?filter=amp,car,nothing") == (200, {"car": 1, "amp": 16})
    assert ask(world, f"/api/status?token={TOKEN}&age=5&filter=amp", None) == (200, {"amp": 16})
    assert ask(world, "/api/status?filter=amp", None)[0] == 403
    assert ask(world, "/api/status?filter=amp", "wrong")[0] == 403
    everything = ask(world, "/api/status")[1]
    assert isinstance(everything, dict)
    assert len(everything) > 200
    reply = world.request(f"/api/status?token={TOKEN}", interface="cloud")
    assert reply.headers == (("Last-Modified", "Mon, 05 Jan 2026 08:00:00 GMT"),)


def test_a_write_is_passed_on(box: Make) -> None:
    world = box()
    assert ask(world, "/api/set?amp=10&fna=%22my%20box%22") == (
        202,
        {"succeeded": [{"amp": 10}, {"fna": "my box"}], "failed": []},
    )
    assert world.read("amp", "fna") == [10, "my box"]
    assert ask(world, f"/api/set?token={TOKEN}&eto=0&amp=99", None) == (
        202,
        {"succeeded": [{"eto": 0}, {"amp": 99}], "failed": []},
    )
    assert world.read("amp", "eto") == [10, 0]
    assert ask(world, "/api/set?nothing=1&fna=plain") == (
        202,
        {"succeeded": [{"fna": "plain"}], "failed": [{"nothing": 1}]},
    )
    assert ask(world, "/api/set?nothing=1") == (422, {"succeeded": [], "failed": [{"nothing": 1}]})
    assert ("amp", 10, True) in world.writes()


def test_a_new_token_makes_the_old_one_invalid(box: Make) -> None:
    world = box()
    world.get("/api/set?cak=%22x%22")
    fresh = world.wallbox.read("cak")
    assert ask(world, "/api/status?filter=amp")[0] == 403
    assert ask(world, "/api/status?filter=amp", str(fresh))[0] == 200


def test_without_the_cloud(box: Make) -> None:
    """A wallbox that the cloud cannot reach is offline: 403, as for one that is not to be reached."""
    world = box()
    world.begin("lost", BackendLost())
    world.wait(2)
    assert ask(world, "/api/status")[0] == 403
    assert ask(world, "/api/set?amp=8")[0] == 403
    world.end("lost")
    world.wait(2)
    assert ask(world, "/api/status?filter=amp")[0] == 200
    world.get("/api/set?cwe=false")
    assert ask(world, "/api/status")[0] == 403


def test_it_has_to_be_switched_on(goe: Make, box: Make) -> None:
    for world, on in ((goe(), False), (box(), True), (box("v3-22", "51.4"), False), (box("v3-22", "52.2"), True)):
        found = world.wallbox.interfaces["cloud"]
        assert isinstance(found, HttpInterface)
        assert found.enabled() is on
        assert found.credentials is not None
        assert b"BEGIN CERTIFICATE" in found.credentials().certificate
    assert "cloud" not in goe("v2-22").wallbox.interfaces
