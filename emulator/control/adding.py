"""Wallboxes that come and go, over the control API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aiohttp import web

from .. import vendors
from ..errors import EmulatorError
from ..scenario.adding import AddedWallbox
from . import models, views
from .problems import Refused
from .requests import answer, model_of, reached

if TYPE_CHECKING:
    from .api import Api


async def add_wallbox(api: Api, request: web.Request) -> web.Response:
    wanted = await model_of(request, models.NewWallbox)
    stated: Mapping[str, object] = wanted.wallbox if isinstance(wanted.wallbox, dict) else _word(wanted.wallbox)
    names = api.emulator.site.names
    charger = wanted.charger if wanted.charger is not None else names.only_charger()
    name = wanted.name if wanted.name is not None else _named(stated)
    added = AddedWallbox(name=name, stated=stated)
    address = await api.emulator.growth.add(charger, added, wanted.hardware)
    api.feed.wake()
    return answer(_shown(api, request, address), status=201)


async def remove_wallbox(api: Api, request: web.Request) -> web.Response:
    try:
        address = api.emulator.site.names.wallbox(request.match_info["name"])
    except EmulatorError as error:
        raise Refused(404, str(error)) from None
    await api.emulator.growth.remove(address)
    api.feed.wake()
    return answer({"wallboxes": views.wallboxes(api.emulator, reached(request))})


def _word(word: str) -> dict[str, object]:
    """What a bare word says: the vendor or the model."""
    return {"model": word} if word in vendors.VENDOR_OF_MODEL else {"vendor": word}


def _named(stated: Mapping[str, object]) -> str:
    """What a wallbox is called that was given no name: as its vendor."""
    vendor = stated.get("vendor", vendors.VENDOR_OF_MODEL.get(str(stated.get("model"))))
    if not isinstance(vendor, str):
        raise Refused(422, "name: expected a name, because neither a known vendor nor a known model is stated")
    return vendor


def _shown(api: Api, request: web.Request, address: str) -> dict[str, object]:
    every = views.wallboxes(api.emulator, reached(request))
    return next(view for view in every if view["name"] == address)
