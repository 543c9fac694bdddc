"""Operations for whoever watches a run: plots, vendor values, the timeline.

The one rule: looking changes nothing, and costs no more than what is looked at.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from ..core.instant import SECOND
from ..errors import EmulatorError
from ..world.history import Histories
from ..world.quantities import read
from . import vendor_values
from .problems import Refused
from .requests import answer, number, query_of
from .timeline import timeline as timeline_of

if TYPE_CHECKING:
    from ..devices.wallbox import Wallbox
    from .api import Api


async def history(api: Api, request: web.Request) -> web.Response:
    name = api.known_charger(request.match_info["name"], status=404)
    since = number(query_of(request, "since"), "since", 0.0)
    site = api.emulator.site
    cut = Histories.of(site.simulation).cut(name, site.sensors_of(name), round(since * SECOND))
    return await asyncio.to_thread(lambda: answer(cut.as_json()))  # it may be long: others get their turn meanwhile


async def tables(api: Api, request: web.Request) -> web.Response:
    return answer(vendor_values.tables(_wallbox(api, request)))


async def values(api: Api, request: web.Request) -> web.Response:
    return answer(vendor_values.values(_wallbox(api, request)))


def _wallbox(api: Api, request: web.Request) -> Wallbox:
    try:
        return api.emulator.site.wallboxes[api.emulator.site.names.wallbox(request.match_info["name"])]
    except EmulatorError as error:
        raise Refused(404, str(error)) from None


async def quantities(api: Api, request: web.Request) -> web.Response:
    names = [name.strip() for name in query_of(request, "name").get("name", "").split(",") if name.strip()]
    if not names:
        raise Refused(422, 'expected a "name": power, goe.car, or several with commas between')
    api.emulator.simulation.now()
    return answer({"values": {name: read(api.emulator.site, name) for name in names}})


async def timeline(api: Api, _request: web.Request) -> web.Response:
    return answer(timeline_of(api.emulator))
