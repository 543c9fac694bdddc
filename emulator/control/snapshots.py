"""Snapshots over the control API."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from aiohttp import web

from . import models, views
from .problems import Refused
from .requests import answer, model_of, nothing

if TYPE_CHECKING:
    from .api import Api


async def take_snapshot(api: Api, request: web.Request) -> web.Response:
    wanted = await model_of(request, models.SnapshotName)
    return answer((await api.emulator.snapshots.take(wanted.name)).as_json())


async def list_snapshots(api: Api, _: web.Request) -> web.Response:
    return answer({"snapshots": [snapshot.as_json() for snapshot in api.emulator.snapshots.all()]})


async def restore_snapshot(api: Api, request: web.Request) -> web.Response:
    name = _known(api, request)
    await nothing(request)
    began = time.perf_counter()
    await api.emulator.snapshots.restore(name)
    api.feed.wake()
    return answer({"clock": views.clock(api.emulator), "took": round(time.perf_counter() - began, 6)})


async def delete_snapshot(api: Api, request: web.Request) -> web.Response:
    api.emulator.snapshots.drop(_known(api, request))
    return await list_snapshots(api, request)


def _known(api: Api, request: web.Request) -> str:
    name = request.match_info["name"]
    if all(snapshot.name != name for snapshot in api.emulator.snapshots.all()):
        raise Refused(404, f'there is no snapshot "{name[:80]}"')
    return name
